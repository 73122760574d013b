//! Quotes into ticks: checked, told apart from what was already published, numbered. Pure.
//!
//! 1. A price that is not a finite number above zero never becomes a tick.
//! 2. `seq` rises by one with each tick of a symbol and continues from the last one published.
//! 3. A polled source repeats itself: only a newer time or another price is news. A tape does not:
//!    every row is one tick.

use crate::source::{Handling, Quote};
use market::SessionClock;
use proto::{Session, Source as Origin, Symbol, Tick};
use std::collections::BTreeMap;

/// The first nanosecond of 2000 and of 2100: an event time outside is a wrong unit, not a time.
const YEAR_2000_NS: i64 = 946_684_800_000_000_000;
const YEAR_2100_NS: i64 = 4_102_444_800_000_000_000;

/// Why a quote is not a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfit {
    /// The price is zero, negative or no number.
    Price,
    /// The event time lies outside 2000 to 2100.
    Time,
    /// The symbol is not configured.
    Symbol,
    /// The same price of the same time has been published.
    Repeated,
    /// Something newer has been published.
    Older,
}

impl Unfit {
    /// Its name in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Time => "time",
            Self::Symbol => "symbol",
            Self::Repeated => "repeated",
            Self::Older => "older",
        }
    }
}

/// Turns quotes into numbered ticks.
#[derive(Debug)]
pub struct Normalizer {
    origin: Origin,
    handling: Handling,
    sessions: SessionClock,
    lines: BTreeMap<Symbol, Line>,
}

/// How far a symbol has come.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    seq: u64,
    /// Time and price of the last tick of this source.
    last: Option<(i64, f64)>,
}

impl Normalizer {
    /// Numbers `symbols` on from their last published ticks.
    pub fn new(
        origin: Origin,
        handling: Handling,
        sessions: SessionClock,
        last: &BTreeMap<Symbol, Option<Tick>>,
    ) -> Self {
        let line = |tick: &Tick| Line {
            seq: tick.seq,
            // Another source's time and price say nothing about this one's.
            last: (tick.source == origin).then_some((tick.time_ns, tick.price)),
        };
        let lines = last
            .iter()
            .map(|(symbol, tick)| (symbol.clone(), tick.as_ref().map(line).unwrap_or_default()))
            .collect();
        Self { origin, handling, sessions, lines }
    }

    /// The tick that `quote`, had at `received_ns`, becomes.
    ///
    /// # Errors
    /// Why it becomes none; no number is used up then.
    pub fn tick(&mut self, quote: Quote, received_ns: i64) -> Result<Tick, Unfit> {
        if !(quote.price.is_finite() && quote.price > 0.0) {
            return Err(Unfit::Price);
        }
        if !(YEAR_2000_NS..YEAR_2100_NS).contains(&quote.time_ns) {
            return Err(Unfit::Time);
        }
        let line = self.lines.get_mut(&quote.symbol).ok_or(Unfit::Symbol)?;
        if let (Handling::Polled, Some((time_ns, price))) = (self.handling, line.last) {
            if quote.time_ns < time_ns {
                return Err(Unfit::Older);
            }
            if quote.time_ns == time_ns && quote.price == price {
                return Err(Unfit::Repeated);
            }
        }
        line.seq += 1;
        line.last = Some((quote.time_ns, quote.price));
        let seq = line.seq;
        let session = self.sessions.session_at(quote.time_ns.div_euclid(1_000_000));
        Ok(Tick { received_ns, session, ..bare_tick(quote, self.origin, seq) })
    }
}

/// `quote` as a tick with its values made sense of; session and receive time are left open.
pub fn bare_tick(quote: Quote, origin: Origin, seq: u64) -> Tick {
    let known = |value: Option<f64>| value.filter(|value| value.is_finite() && *value > 0.0);
    let size = if quote.size.is_finite() { quote.size.max(0.0) } else { 0.0 };
    Tick {
        v: proto::VERSION,
        seq,
        price: quote.price,
        size,
        time_ns: quote.time_ns,
        received_ns: 0,
        source: origin,
        field: quote.field,
        session: Session::Regular,
        delayed: quote.delayed,
        bid: known(quote.bid),
        ask: known(quote.ask),
        prev_close: known(quote.prev_close),
        gap: quote.gap,
        suspect: None,
        symbol: quote.symbol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::PriceField;

    const NOON_NS: i64 = 1_700_049_600_000_000_000;

    fn symbol() -> Symbol {
        Symbol::parse("BRK.B").unwrap()
    }

    fn quote(time_ns: i64, price: f64) -> Quote {
        Quote {
            symbol: symbol(),
            price,
            size: 5.0,
            time_ns,
            field: PriceField::Trade,
            delayed: false,
            bid: Some(0.0),
            ask: Some(101.0),
            prev_close: None,
            gap: false,
        }
    }

    fn normalizer(handling: Handling, last: Option<Tick>) -> Normalizer {
        let last = BTreeMap::from([(symbol(), last)]);
        Normalizer::new(Origin::Polygon, handling, SessionClock::AlwaysOpen, &last)
    }

    #[test]
    fn numbers_continue_from_the_last_tick_published() {
        let last = Tick { seq: 41, ..bare_tick(quote(NOON_NS, 9.0), Origin::Sim, 41) };
        let mut normalizer = normalizer(Handling::Polled, Some(last));
        let tick = normalizer.tick(quote(NOON_NS - 5, 9.0), 7).unwrap();
        assert_eq!((tick.seq, tick.received_ns), (42, 7), "another source's time does not count");
        assert_eq!((tick.bid, tick.ask), (None, Some(101.0)));
    }

    #[test]
    fn a_polled_price_counts_once_also_across_a_restart() {
        let mut first = normalizer(Handling::Polled, None);
        let tick = first.tick(quote(NOON_NS, 9.0), 0).unwrap();
        assert_eq!(first.tick(quote(NOON_NS, 9.0), 0), Err(Unfit::Repeated));
        let mut second = normalizer(Handling::Polled, Some(tick));
        assert_eq!(second.tick(quote(NOON_NS, 9.0), 0), Err(Unfit::Repeated));
        assert_eq!(second.tick(quote(NOON_NS - 1, 9.5), 0), Err(Unfit::Older));
        assert_eq!(second.tick(quote(NOON_NS, 9.5), 0).unwrap().seq, 2);
    }

    #[test]
    fn every_row_of_a_tape_is_one_tick() {
        let mut normalizer = normalizer(Handling::Tape, None);
        for seq in 1..=3 {
            assert_eq!(normalizer.tick(quote(NOON_NS, 9.0), 0).unwrap().seq, seq);
        }
        assert_eq!(normalizer.tick(quote(NOON_NS - 9, 9.0), 0).unwrap().seq, 4);
    }

    #[test]
    fn what_is_no_price_is_refused_by_name_and_uses_no_number() {
        let mut normalizer = normalizer(Handling::Tape, None);
        for price in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(normalizer.tick(quote(NOON_NS, price), 0), Err(Unfit::Price));
        }
        assert_eq!(normalizer.tick(quote(NOON_NS / 1_000_000, 9.0), 0), Err(Unfit::Time));
        let other = Quote { symbol: Symbol::parse("SPY").unwrap(), ..quote(NOON_NS, 9.0) };
        assert_eq!(normalizer.tick(other, 0), Err(Unfit::Symbol));
        assert_eq!(normalizer.tick(quote(NOON_NS, 9.0), 0).unwrap().seq, 1);
    }
}

#[cfg(test)]
mod property_tests {
    use super::*;
    use proptest::prelude::*;
    use proto::{Message as _, PriceField};

    proptest! {
        #[test]
        fn whatever_passes_is_a_sound_message_numbered_without_a_gap(
            quotes in prop::collection::vec(
                (any::<f64>(), any::<f64>(), any::<f64>(), YEAR_2000_NS - 9..YEAR_2000_NS + 9), 0..60,
            ),
            polled: bool,
        ) {
            let symbol = Symbol::parse("A").unwrap();
            let handling = if polled { Handling::Polled } else { Handling::Tape };
            let last = BTreeMap::from([(symbol.clone(), None)]);
            let sessions = SessionClock::AlwaysOpen;
            let mut normalizer = Normalizer::new(Origin::Replay, handling, sessions, &last);
            let mut seq = 0;
            for (price, size, bid, time_ns) in quotes {
                let quote = Quote {
                    symbol: symbol.clone(), price, size, time_ns, field: PriceField::Trade,
                    delayed: false, bid: Some(bid), ask: None, prev_close: Some(size), gap: false,
                };
                if let Ok(tick) = normalizer.tick(quote, 0) {
                    seq += 1;
                    prop_assert_eq!(tick.seq, seq);
                    prop_assert_eq!(tick.check(), Ok(()));
                }
            }
        }
    }
}
