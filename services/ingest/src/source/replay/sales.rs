//! Which rows of a trades file are prices, where a tape is to be read as a live feed is. Pure.
//!
//! The shares of rows that are no price are counted with the symbol's next one, as the stream does.

use super::flatfile::{Row, fields};
use crate::source::conditions::{self, Sale};
use market::Calendar;
use proto::Symbol;

/// What is wanted of a tape.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The symbols, by their numbers.
    pub symbols: Vec<Symbol>,
    /// Only sales that are a last price, whose session this tells; `None`: every row.
    pub last_sales: Option<Calendar>,
}

impl Wanted {
    /// Every row of `symbols`.
    pub fn every(symbols: &[Symbol]) -> Self {
        Self { symbols: symbols.to_vec(), last_sales: None }
    }
}

/// Tells rows apart by the columns `conditions` and `correction`; a file without them has prices
/// only.
#[derive(Debug)]
pub struct Sales {
    calendar: Calendar,
    conditions: Option<usize>,
    correction: Option<usize>,
    /// By the symbols' numbers: shares that go with the next price.
    carried: Vec<f64>,
}

impl Sales {
    /// Rows of a file with this header.
    pub fn new(header: &[u8], calendar: Calendar, symbols: usize) -> Self {
        let place = |name: &str| fields(header).position(|f| f.trim_ascii() == name.as_bytes());
        Self {
            calendar,
            conditions: place("conditions"),
            correction: place("correction"),
            carried: vec![0.0; symbols],
        }
    }

    /// The row that `row`, read of `line`, is to whoever wants prices; `None` where it is none.
    pub fn take(&mut self, line: &[u8], symbol: usize, row: Row) -> Option<Row> {
        let Row::Trade { time_ns, price, size, more } = row else { return Some(row) };
        if codes(line, self.correction).any(conditions::is_void) {
            return None;
        }
        let codes: Vec<i64> = codes(line, self.conditions).collect();
        let session = || self.calendar.session_at(time_ns.div_euclid(1_000_000));
        let sale = conditions::sale(&codes, session);
        let carried = self.carried.get_mut(symbol)?;
        match sale {
            Sale::Price => {
                let size = size + std::mem::take(carried);
                Some(Row::Trade { time_ns, price, size, more })
            }
            Sale::Shares => {
                *carried += size;
                None
            }
            Sale::Nothing => None,
        }
    }
}

/// The numbers in a field, between commas; what is no number says nothing.
fn codes(line: &[u8], place: Option<usize>) -> impl Iterator<Item = i64> {
    let field = place.and_then(|place| fields(line).nth(place)).unwrap_or_default();
    let codes = field.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    codes.filter_map(|code| std::str::from_utf8(code).ok()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::replay::flatfile::Layout;

    const HEADER: &[u8] = b"ticker,conditions,correction,price,size,sip_timestamp";
    const CALENDAR: &str = include_str!("../../../../../config/market_calendar.toml");
    /// 2013-10-07 09:30 New York, and an hour before.
    const OPEN: i64 = 1_381_152_600_000_000_000;
    const EARLY: i64 = OPEN - 3_600_000_000_000;

    /// Prices and shares of what is left of rows of conditions, correction, price and time.
    fn left(header: &[u8], rows: &[(&str, &str, f64, i64)]) -> Vec<(f64, f64)> {
        let layout = Layout::read(header).unwrap();
        let mut sales = Sales::new(header, Calendar::parse(CALENDAR).unwrap(), 1);
        let take = |(conditions, correction, price, time_ns): &(&str, &str, f64, i64)| {
            let line = format!("A,{conditions},{correction},{price},100,{time_ns}");
            let row = sales.take(line.as_bytes(), 0, layout.row(line.as_bytes()).unwrap());
            let Some(Row::Trade { price, size, .. }) = row else { return None };
            Some((price, size))
        };
        rows.iter().filter_map(take).collect()
    }

    #[test]
    fn shares_of_what_is_no_price_go_with_the_next_one() {
        let rows = [
            ("\"14,41\"", "0", 10.0, OPEN),
            ("\"12,37\"", "0", 90.0, OPEN + 1),
            ("2", "0", 80.0, OPEN + 2),
            ("15", "0", 70.0, OPEN + 3),
            ("", "0", 11.0, OPEN + 4),
            ("", "", 12.0, OPEN + 5),
        ];
        assert_eq!(left(HEADER, &rows), [(10.0, 100.0), (11.0, 300.0), (12.0, 100.0)]);
    }

    #[test]
    fn a_trade_that_was_cancelled_is_none_and_its_shares_are_gone() {
        let rows = [("", "8", 10.0, OPEN), ("", "10", 10.0, OPEN), ("", "1", 11.0, OPEN)];
        assert_eq!(left(HEADER, &rows), [(11.0, 100.0)]);
    }

    #[test]
    fn form_t_is_a_price_before_the_market_opens() {
        let rows = [("12", "0", 10.0, EARLY), ("12", "0", 9.0, OPEN), ("", "0", 11.0, OPEN)];
        assert_eq!(left(HEADER, &rows), [(10.0, 100.0), (11.0, 200.0)]);
    }

    #[test]
    fn a_file_that_says_nothing_of_its_sales_has_prices_only() {
        let bare = b"ticker,x,y,price,size,sip_timestamp";
        assert_eq!(left(bare, &[("2", "8", 10.0, OPEN)]), [(10.0, 100.0)]);
    }
}
