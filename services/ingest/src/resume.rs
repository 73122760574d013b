//! Taking a tape up again where a killed process left it. Pure.
//!
//! The order of a tape depends on its file alone, and the stream holds exactly the ticks that were
//! published of it. So the tape is read again from its beginning and the first ticks, as many as the
//! stream holds, are judged, counted and folded but not published. Bars closed shortly before the end may
//! not have been stored: the last of each symbol are published again, which replaces them.

use crate::source::Quote;
use market::BarFold;
use proto::{Bar, Symbol, Tick};
use std::collections::BTreeMap;

/// Closed bars of each symbol that are published again.
const AGAIN: usize = 3;

/// Ticks of this run that the stream already holds.
#[derive(Debug)]
pub struct CatchUp {
    remaining: u64,
    lines: BTreeMap<Symbol, Line>,
}

/// One symbol's part of it, counted from 1.
#[derive(Debug)]
struct Line {
    count: u64,
    fold: BarFold,
    closed: Vec<Bar>,
}

/// Where one symbol stands when the stream's ticks have been passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumed {
    /// Bars to publish again, oldest first.
    pub closed: Vec<Bar>,
    /// The bar that is forming.
    pub forming: Option<Bar>,
}

impl CatchUp {
    /// The first `published` ticks are to be passed over.
    pub fn new(published: u64, symbols: &[Symbol]) -> Self {
        let line = |symbol: &Symbol| {
            let fold = BarFold::new(symbol.clone());
            (symbol.clone(), Line { count: 0, fold, closed: Vec::new() })
        };
        Self { remaining: published, lines: symbols.iter().map(line).collect() }
    }

    /// All of them have been passed.
    pub fn is_over(&self) -> bool {
        self.remaining == 0
    }

    /// Counts what has been published and gives back what has not. `judge` makes a tick of a quote,
    /// if it is one: what is none was never published.
    pub fn pass(
        &mut self,
        quotes: Vec<Quote>,
        mut judge: impl FnMut(Quote) -> Option<Tick>,
    ) -> Vec<Quote> {
        let mut quotes = quotes.into_iter();
        while self.remaining > 0 {
            let Some(quote) = quotes.next() else { break };
            let Some(tick) = judge(quote) else { continue };
            self.remaining -= 1;
            if let Some(line) = self.lines.get_mut(&tick.symbol) {
                line.take(tick);
            }
        }
        quotes.collect()
    }

    /// Where each symbol stands, with the numbers its ticks were published under: `last` are the
    /// last ticks published.
    pub fn finish(self, last: &BTreeMap<Symbol, Option<Tick>>) -> BTreeMap<Symbol, Resumed> {
        let resumed = |(symbol, line): (Symbol, Line)| {
            let seq = last.get(&symbol).and_then(Option::as_ref).map_or(0, |tick| tick.seq);
            let before = seq.saturating_sub(line.count);
            let numbered = |bar: Bar| Bar { seq: bar.seq + before, ..bar };
            let forming = line.fold.current().map(numbered);
            (symbol, Resumed { closed: line.closed.into_iter().map(numbered).collect(), forming })
        };
        self.lines.into_iter().map(resumed).collect()
    }
}

impl Line {
    fn take(&mut self, tick: Tick) {
        self.count += 1;
        let closed = self.fold.push(&Tick { seq: self.count, ..tick });
        if let Some(bar) = closed {
            if self.closed.len() == AGAIN {
                self.closed.remove(0);
            }
            self.closed.push(bar);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::bare_tick;
    use proto::{PriceField, Source as Origin, Suspect};

    const T: i64 = 1_381_152_600_000_000_000;

    fn quote(symbol: &str, second: i64) -> Quote {
        Quote {
            symbol: Symbol::parse(symbol).unwrap(),
            price: 10.0 + second as f64,
            size: 2.0,
            time_ns: T + second * 1_000_000_000,
            field: PriceField::Trade,
            delayed: false,
            bid: None,
            ask: None,
            prev_close: None,
            gap: false,
            received_ns: None,
        }
    }

    /// Makes a tick of every quote but those that are no price.
    fn judge(quote: Quote) -> Option<Tick> {
        let tick = bare_tick(quote, Origin::Replay, 0);
        (tick.price > 0.0).then_some(tick)
    }

    #[test]
    fn the_bar_goes_on_as_if_nothing_had_happened() {
        let [a, b] = ["A", "B"].map(|text| Symbol::parse(text).unwrap());
        let mut catch_up = CatchUp::new(4, &[a.clone(), b.clone()]);
        assert_eq!(catch_up.pass(vec![quote("A", 0), quote("B", 1), quote("A", 60)], judge), []);
        assert!(!catch_up.is_over());
        let rest = catch_up.pass(vec![quote("A", 61), quote("A", 62)], judge);
        assert_eq!(rest, [quote("A", 62)]);
        assert!(catch_up.is_over());
        // Symbol A had 7 ticks before this run: its three of this run are numbers 8 to 10.
        let tick = bare_tick(quote("A", 61), Origin::Replay, 10);
        let last = BTreeMap::from([(a.clone(), Some(tick)), (b.clone(), None)]);
        let resumed = catch_up.finish(&last);
        let bars = &resumed[&a];
        assert_eq!((bars.closed[0].seq, bars.closed[0].volume), (8, 2.0));
        let forming = bars.forming.clone().unwrap();
        assert_eq!(
            (forming.seq, forming.volume, forming.open, forming.close),
            (10, 4.0, 70.0, 71.0)
        );
        assert_eq!(resumed[&b].forming.clone().unwrap().count, 1);
    }

    #[test]
    fn what_was_never_a_tick_is_not_counted_and_what_was_suspect_is_in_no_bar() {
        let a = Symbol::parse("A").unwrap();
        let mut catch_up = CatchUp::new(2, std::slice::from_ref(&a));
        let unfit = Quote { price: 0.0, ..quote("A", 0) };
        let judged = |quote: Quote| {
            let suspect = (quote.time_ns > T).then_some(Suspect::Outlier);
            judge(quote).map(|tick| Tick { suspect, ..tick })
        };
        let rest = catch_up.pass(vec![unfit, quote("A", 0), quote("A", 1), quote("A", 2)], judged);
        assert_eq!(rest, [quote("A", 2)]);
        let bar = catch_up.finish(&BTreeMap::new())[&a].forming.clone().unwrap();
        assert_eq!((bar.count, bar.high), (1, 10.0));
    }
}
