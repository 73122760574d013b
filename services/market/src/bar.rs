//! Ticks into 1-minute bars, for one symbol.
//!
//! The one fold of the desk: ingest publishes what it closes, strategy and dashboards fold their own.
//! It never invents a bar for a minute without ticks, and it never loses volume:
//! 1. a tick is counted once, however often it is pushed (`seq` decides);
//! 2. a late tick gives its volume to the bar then open, but not its price;
//! 3. a tick that is not to be believed yet (`suspect`) is not counted at all, and neither is a
//!    previous close (`PriceField::PrevDay`), which nobody paid in any of these minutes;
//! 4. so the volumes of all bars, the forming one included, are the volumes of all other ticks.

use proto::{Bar, PriceField, Symbol, Tick};

/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60_000;

/// The start of the minute `time_ms` falls into, both in milliseconds since 1970 UTC.
pub fn minute_start(time_ms: i64) -> i64 {
    time_ms - time_ms.rem_euclid(MINUTE_MS)
}

/// Folds the ticks of one symbol into bars.
#[derive(Debug, Clone)]
pub struct BarFold {
    symbol: Symbol,
    forming: Option<Forming>,
    /// `seq` of the last tick counted.
    seen: u64,
    /// Minutes that start before this are closed.
    closed_before_ms: i64,
    /// Volume of ticks that came while no bar was open to take it.
    carried: f64,
    late: u64,
}

/// The open bar, with the sums its `vwap` is made of.
#[derive(Debug, Clone)]
struct Forming {
    bar: Bar,
    /// Sum of price times size, ticks in time only.
    traded: f64,
    /// Sum of size, ticks in time only.
    weight: f64,
    /// Sum of prices, ticks in time only.
    prices: f64,
    /// Number of ticks in time.
    priced: u64,
}

impl BarFold {
    /// An empty fold.
    pub fn new(symbol: Symbol) -> Self {
        Self { symbol, forming: None, seen: 0, closed_before_ms: i64::MIN, carried: 0.0, late: 0 }
    }

    /// Counts `tick` in; returns the bar it closed, when it is the first of a later minute.
    ///
    /// A tick of another symbol, or one whose `seq` is not above the last one's, changes nothing.
    pub fn push(&mut self, tick: &Tick) -> Option<Bar> {
        if tick.symbol != self.symbol || tick.seq <= self.seen {
            return None;
        }
        self.seen = tick.seq;
        if tick.suspect.is_some() || tick.field == PriceField::PrevDay {
            return None;
        }
        let start_ms = minute_start(tick.time_ms());
        let forming_ms = self.forming.as_ref().map(|forming| forming.bar.start_ms);
        if start_ms < self.closed_before_ms || forming_ms.is_some_and(|open| start_ms < open) {
            self.count_late(tick);
            return None;
        }
        let closed = if forming_ms == Some(start_ms) { None } else { self.close() };
        match &mut self.forming {
            Some(forming) => forming.add(tick),
            None => self.forming = Some(Forming::open(tick, start_ms, self.take_carried())),
        }
        closed
    }

    /// The forming bar.
    pub fn current(&self) -> Option<Bar> {
        self.forming.as_ref().map(Forming::bar)
    }

    /// Closes the forming bar by the clock: returns it when its minute ended at or before `now_ms`.
    pub fn close_if_over(&mut self, now_ms: i64) -> Option<Bar> {
        let end_ms = self.forming.as_ref()?.bar.start_ms + MINUTE_MS;
        if end_ms <= now_ms { self.close() } else { None }
    }

    /// Continues `bar`, as [`current`](Self::current) gave it before a restart. Its `vwap` goes on
    /// from the rounded value; everything else as if nothing had happened.
    pub fn resume(&mut self, bar: Bar) {
        if bar.symbol != self.symbol {
            return;
        }
        self.seen = self.seen.max(bar.seq);
        self.closed_before_ms = bar.start_ms;
        self.forming = Some(Forming {
            traded: bar.vwap * bar.volume,
            weight: bar.volume,
            prices: bar.vwap * bar.count as f64,
            priced: bar.count,
            bar,
        });
    }

    /// Takes ticks up to `seq` as counted: they are in bars closed elsewhere.
    pub fn skip_to(&mut self, seq: u64) {
        self.seen = self.seen.max(seq);
    }

    /// `seq` of the last tick counted, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.seen
    }

    /// How many ticks came after their minute had closed.
    pub fn late(&self) -> u64 {
        self.late
    }

    fn close(&mut self) -> Option<Bar> {
        let forming = self.forming.take()?;
        self.closed_before_ms = forming.bar.start_ms + MINUTE_MS;
        Some(forming.bar())
    }

    fn count_late(&mut self, tick: &Tick) {
        self.late += 1;
        match &mut self.forming {
            Some(forming) => {
                forming.bar.volume += tick.size;
                forming.bar.count += 1;
                forming.bar.seq = tick.seq;
            }
            None => self.carried += tick.size,
        }
    }

    fn take_carried(&mut self) -> f64 {
        std::mem::take(&mut self.carried)
    }
}

impl Forming {
    fn open(tick: &Tick, start_ms: i64, carried: f64) -> Self {
        let price = tick.price;
        Self {
            traded: price * tick.size,
            weight: tick.size,
            prices: price,
            priced: 1,
            bar: Bar {
                v: proto::VERSION,
                symbol: tick.symbol.clone(),
                start_ms,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: carried + tick.size,
                vwap: price,
                count: 1,
                seq: tick.seq,
                source: tick.source,
            },
        }
    }

    fn add(&mut self, tick: &Tick) {
        self.traded += tick.price * tick.size;
        self.weight += tick.size;
        self.prices += tick.price;
        self.priced += 1;
        let bar = &mut self.bar;
        bar.high = bar.high.max(tick.price);
        bar.low = bar.low.min(tick.price);
        bar.close = tick.price;
        bar.volume += tick.size;
        bar.count += 1;
        bar.seq = tick.seq;
    }

    /// The bar with its `vwap` worked out; rounding cannot push it outside high and low.
    fn bar(&self) -> Bar {
        let vwap = if self.weight > 0.0 {
            self.traded / self.weight
        } else {
            self.prices / self.priced.max(1) as f64
        };
        Bar { vwap: vwap.max(self.bar.low).min(self.bar.high), ..self.bar.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{PriceField, Session, Source};

    pub(super) fn tick(seq: u64, time_ms: i64, price: f64, size: f64) -> Tick {
        Tick {
            v: proto::VERSION,
            symbol: Symbol::parse("AAPL").unwrap(),
            seq,
            price,
            size,
            time_ns: time_ms * 1_000_000,
            received_ns: 0,
            source: Source::Sim,
            field: PriceField::Trade,
            session: Session::Regular,
            delayed: false,
            bid: None,
            ask: None,
            prev_close: None,
            gap: false,
            suspect: None,
        }
    }

    pub(super) fn fold() -> BarFold {
        BarFold::new(Symbol::parse("AAPL").unwrap())
    }

    #[test]
    fn the_first_tick_of_a_later_minute_closes_the_bar() {
        let mut fold = fold();
        assert_eq!(fold.push(&tick(1, 60_000, 10.0, 100.0)), None);
        assert_eq!(fold.push(&tick(2, 90_000, 12.0, 300.0)), None);
        assert_eq!(fold.push(&tick(3, 119_999, 11.0, 0.0)), None);
        let bar = fold.push(&tick(4, 180_000, 9.0, 50.0)).unwrap();
        assert_eq!((bar.open, bar.high, bar.low, bar.close), (10.0, 12.0, 10.0, 11.0));
        assert_eq!((bar.start_ms, bar.volume, bar.vwap), (60_000, 400.0, 11.5));
        assert_eq!((bar.count, bar.seq), (3, 3));
        let forming = fold.current().unwrap();
        assert_eq!((forming.start_ms, forming.open, forming.seq), (180_000, 9.0, 4));
    }

    #[test]
    fn without_volume_the_average_is_the_plain_mean() {
        let mut fold = fold();
        fold.push(&tick(1, 0, 10.0, 0.0));
        fold.push(&tick(2, 1, 13.0, 0.0));
        assert_eq!(fold.current().unwrap().vwap, 11.5);
    }

    #[test]
    fn a_late_tick_gives_its_volume_and_not_its_price() {
        let mut fold = fold();
        fold.push(&tick(1, 0, 10.0, 5.0));
        fold.push(&tick(2, 60_000, 11.0, 5.0));
        assert_eq!(fold.push(&tick(3, 59_999, 99.0, 7.0)), None);
        let bar = fold.current().unwrap();
        assert_eq!((bar.high, bar.close, bar.vwap, bar.volume), (11.0, 11.0, 11.0, 12.0));
        assert_eq!((bar.seq, bar.count, fold.late()), (3, 2, 1));
    }

    #[test]
    fn a_tick_late_for_a_bar_closed_by_the_clock_gives_its_volume_to_the_next_bar() {
        let mut fold = fold();
        fold.push(&tick(1, 0, 10.0, 5.0));
        assert_eq!(fold.close_if_over(59_999), None);
        assert_eq!(fold.close_if_over(60_000).unwrap().volume, 5.0);
        assert_eq!(fold.push(&tick(2, 59_000, 99.0, 7.0)), None);
        assert_eq!(fold.current(), None);
        fold.push(&tick(3, 61_000, 11.0, 1.0));
        assert_eq!(fold.current().unwrap().volume, 8.0);
    }

    #[test]
    fn a_suspect_price_and_a_previous_close_are_passed_over_and_make_no_bar() {
        let mut fold = fold();
        let suspect = Some(proto::Suspect::Outlier);
        assert_eq!(fold.push(&Tick { suspect, ..tick(1, 0, 99.0, 5.0) }), None);
        let close = Tick { field: PriceField::PrevDay, ..tick(2, 0, 98.0, 5.0) };
        assert_eq!((fold.push(&close), fold.current(), fold.last_seq()), (None, None, 2));
        fold.push(&tick(3, 0, 10.0, 5.0));
        let close = Tick { field: PriceField::PrevDay, ..tick(4, 60_000, 98.0, 5.0) };
        assert_eq!(fold.push(&close), None, "it does not end the minute either");
        let day = Tick { field: PriceField::Day, ..tick(5, 1_000, 11.0, 0.0) };
        assert_eq!(fold.push(&day), None);
        let bar = fold.current().unwrap();
        assert_eq!((bar.high, bar.close, bar.volume, bar.count), (11.0, 11.0, 5.0, 2));
    }

    #[test]
    fn another_symbol_changes_nothing() {
        let mut fold = fold();
        let other = Tick { symbol: Symbol::parse("MSFT").unwrap(), ..tick(1, 0, 10.0, 5.0) };
        assert_eq!(fold.push(&other), None);
        assert_eq!((fold.current(), fold.last_seq()), (None, 0));
    }

    #[test]
    fn minutes_before_1970_start_where_they_should() {
        assert_eq!(minute_start(-1), -60_000);
        assert_eq!(minute_start(0), 0);
    }
}

#[cfg(test)]
mod property_tests {
    use super::tests::{fold, tick};
    use super::*;
    use proptest::prelude::*;

    fn tape() -> impl Strategy<Value = Vec<Tick>> {
        let step = (-30_000i64..90_000, 1u32..100_000, 0u32..10_000);
        prop::collection::vec(step, 1..200).prop_map(|steps| {
            let mut time_ms = 1_000_000_000;
            let mut ticks = Vec::new();
            for (index, (step_ms, cents, size)) in steps.into_iter().enumerate() {
                time_ms += step_ms;
                let price = f64::from(cents) / 100.0;
                ticks.push(tick(index as u64 + 1, time_ms, price, f64::from(size)));
            }
            ticks
        })
    }

    fn bars(ticks: &[Tick]) -> Vec<Bar> {
        let mut fold = fold();
        let mut bars: Vec<Bar> = ticks.iter().filter_map(|tick| fold.push(tick)).collect();
        bars.extend(fold.current());
        bars
    }

    proptest! {
        #[test]
        fn volumes_and_counts_of_bars_are_those_of_the_ticks(ticks in tape()) {
            let bars = bars(&ticks);
            let volume: f64 = bars.iter().map(|bar| bar.volume).sum();
            prop_assert_eq!(volume, ticks.iter().map(|tick| tick.size).sum::<f64>());
            prop_assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), ticks.len() as u64);
        }

        #[test]
        fn every_bar_is_a_sound_message_and_starts_later_than_the_one_before(ticks in tape()) {
            let bars = bars(&ticks);
            for bar in &bars {
                prop_assert_eq!(proto::Message::check(bar), Ok(()));
                prop_assert!(bar.low <= bar.vwap && bar.vwap <= bar.high);
            }
            for pair in bars.windows(2) {
                prop_assert!(pair[0].start_ms < pair[1].start_ms);
                prop_assert!(pair[0].seq < pair[1].seq);
            }
        }

        #[test]
        fn a_repeated_tick_changes_nothing(ticks in tape()) {
            let twice: Vec<Tick> =
                ticks.iter().flat_map(|tick| [tick.clone(), tick.clone()]).collect();
            let then_again: Vec<Tick> = ticks.iter().chain(&ticks).cloned().collect();
            prop_assert_eq!(bars(&twice), bars(&ticks));
            prop_assert_eq!(bars(&then_again), bars(&ticks));
        }

        #[test]
        fn a_fold_resumed_after_a_restart_goes_on_the_same_way(ticks in tape(), cut in 0usize..200) {
            let cut = cut.min(ticks.len());
            let mut before = fold();
            let mut resumed: Vec<Bar> =
                ticks[..cut].iter().filter_map(|tick| before.push(tick)).collect();
            let mut after = fold();
            if let Some(bar) = before.current() {
                after.resume(bar);
            }
            resumed.extend(ticks[cut..].iter().filter_map(|tick| after.push(tick)));
            resumed.extend(after.current());
            let whole = bars(&ticks);
            prop_assert_eq!(resumed.len(), whole.len());
            for (resumed, whole) in resumed.into_iter().zip(whole) {
                prop_assert!(resumed.low <= resumed.vwap && resumed.vwap <= resumed.high);
                prop_assert_eq!(Bar { vwap: whole.vwap, ..resumed }, whole);
            }
        }
    }
}
