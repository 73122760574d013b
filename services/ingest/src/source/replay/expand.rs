//! Rows into quotes: a trade is one, a minute is four. Pure.
//!
//! A minute gives its open, then low and high in the order its direction suggests, then its close,
//! spread over the minute; the whole volume stands on the last, so that the bar folded from the four
//! is the row. Minutes of several symbols interleave: quotes leave in time order, rows of one moment
//! in the order of the file.

use super::{flatfile::Row, recorded::More};
use crate::source::Quote;
use proto::{PriceField, Symbol};

/// Where the four prices of a minute stand in it.
const STEP_NS: i64 = 15_000_000_000;

/// Collects the rows of the running minute.
#[derive(Debug, Default)]
pub struct Expander {
    start_ns: i64,
    minute: Vec<(Symbol, [f64; 4], f64)>,
}

impl Expander {
    /// Takes a row and appends to `quotes` what is due before it or by it.
    pub fn take(&mut self, symbol: &Symbol, row: Row, quotes: &mut Vec<Quote>) {
        match row {
            Row::Trade { time_ns, price, size, more } => {
                self.flush(quotes);
                quotes.push(quote(symbol, more, time_ns, (price, size)));
            }
            Row::Minute { time_ns, prices, volume } => {
                if time_ns != self.start_ns {
                    self.flush(quotes);
                    self.start_ns = time_ns;
                }
                self.minute.push((symbol.clone(), path(prices), volume));
            }
        }
    }

    /// Appends what is left of the running minute.
    pub fn flush(&mut self, quotes: &mut Vec<Quote>) {
        let steps = [0, 1, 2, 3].into_iter().zip((0..).map(|step| self.start_ns + step * STEP_NS));
        for (step, time_ns) in steps {
            for (symbol, prices, volume) in &self.minute {
                let size = if step == 3 { *volume } else { 0.0 };
                let price = prices.get(step).copied().unwrap_or_default();
                let more = More { field: PriceField::Minute, ..More::default() };
                quotes.push(quote(symbol, more, time_ns, (price, size)));
            }
        }
        self.minute.clear();
    }
}

/// Open, high, low and close in the order they are played.
fn path([open, high, low, close]: [f64; 4]) -> [f64; 4] {
    if close >= open { [open, low, high, close] } else { [open, high, low, close] }
}

fn quote(symbol: &Symbol, more: More, time_ns: i64, (price, size): (f64, f64)) -> Quote {
    let More { field, delayed, bid, ask, prev_close, gap } = more;
    let symbol = symbol.clone();
    let received_ns = None;
    Quote { symbol, price, size, time_ns, field, delayed, bid, ask, prev_close, gap, received_ns }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_380_873_960_000_000_000;

    fn minute(prices: [f64; 4], time_ns: i64) -> Row {
        Row::Minute { time_ns, prices, volume: 700.0 }
    }

    #[test]
    fn minutes_of_one_moment_interleave_in_time_order() {
        let [spy, ibm] = ["SPY", "IBM"].map(|text| Symbol::parse(text).unwrap());
        let (mut expander, mut quotes) = (Expander::default(), Vec::new());
        expander.take(&spy, minute([2.0, 4.0, 1.0, 3.0], T), &mut quotes);
        expander.take(&ibm, minute([3.0, 4.0, 1.0, 2.0], T), &mut quotes);
        assert!(quotes.is_empty(), "another row of the minute may follow");
        expander.take(&spy, minute([5.0, 5.0, 5.0, 5.0], T + 60_000_000_000), &mut quotes);
        let seen: Vec<_> = quotes
            .iter()
            .map(|q| (q.symbol.as_str(), (q.time_ns - T) / 1_000_000_000, q.price, q.size))
            .collect();
        let expected = [
            ("SPY", 0, 2.0, 0.0),
            ("IBM", 0, 3.0, 0.0),
            ("SPY", 15, 1.0, 0.0),
            ("IBM", 15, 4.0, 0.0),
            ("SPY", 30, 4.0, 0.0),
            ("IBM", 30, 1.0, 0.0),
            ("SPY", 45, 3.0, 700.0),
            ("IBM", 45, 2.0, 700.0),
        ];
        assert_eq!(seen, expected);
        expander.flush(&mut quotes);
        assert_eq!(quotes.len(), 12);
    }

    #[test]
    fn a_trade_is_one_quote_at_once() {
        let spy = Symbol::parse("SPY").unwrap();
        let (mut expander, mut quotes) = (Expander::default(), Vec::new());
        let row = Row::Trade { time_ns: T, price: 167.41, size: 0.0, more: More::default() };
        expander.take(&spy, row, &mut quotes);
        expander.take(&spy, row, &mut quotes);
        assert_eq!(quotes.len(), 2);
    }
}
#[cfg(test)]
mod property_tests {
    use super::*;
    use market::BarFold;
    use proptest::prelude::*;
    use proto::Source as Origin;

    proptest! {
        #[test]
        fn the_bar_folded_from_a_minute_is_the_row(
            mut prices in prop::array::uniform4(0.01_f64..1e5), volume in 0.0_f64..1e9,
        ) {
            prices.sort_by(f64::total_cmp);
            let [low, open, close, high] = prices;
            for (open, close) in [(open, close), (close, open)] {
                let symbol = Symbol::parse("A").unwrap();
                let (mut expander, mut quotes) = (Expander::default(), Vec::new());
                let row = Row::Minute { time_ns: T, prices: [open, high, low, close], volume };
                expander.take(&symbol, row, &mut quotes);
                expander.flush(&mut quotes);
                let mut fold = BarFold::new(symbol);
                for (seq, quote) in (1..).zip(quotes) {
                    fold.push(&crate::normalize::bare_tick(quote, Origin::Replay, seq));
                }
                let bar = fold.current().unwrap();
                prop_assert_eq!([bar.open, bar.high, bar.low, bar.close], [open, high, low, close]);
                prop_assert_eq!((bar.volume, bar.start_ms), (volume, T / 1_000_000));
            }
        }
    }

    const T: i64 = 1_380_873_960_000_000_000;
}
