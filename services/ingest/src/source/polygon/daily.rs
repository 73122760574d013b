//! The free plan: the closes of the last session the plan has, all of them in one call.
//!
//! Each price carries the bar's own time, 16:00 New York, and is marked as delayed and as a previous
//! close: no reason to trade.

use super::{
    aggregates::{Page, Row},
    client::Rest,
    error::PollError,
    number::known,
};
use crate::source::Quote;
use jiff::civil::Date;
use market::Calendar;
use proto::{PriceField, Symbol};
use std::collections::BTreeMap;

const DAY_MS: i64 = 86_400_000;
/// Symbols asked for one by one at most, at five calls a minute.
const MOST_SINGLE: usize = 25;
/// Sessions tried, newest first: what the calendar calls over need not be there yet.
const SESSIONS: usize = 3;

/// Closes as the service has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Closes {
    /// The session, where one was asked for.
    pub date: Option<Date>,
    /// One close per symbol that has one.
    pub quotes: Vec<Quote>,
    /// Symbols without.
    pub missing: Vec<Symbol>,
    /// Rows that could not be read.
    pub malformed: u64,
}

/// The sessions to try at `now_ms`, newest first: those before today's New York date, which is as far
/// as the plan goes.
pub fn sessions_before(calendar: &Calendar, now_ms: i64) -> Vec<Date> {
    let Some(today) = calendar.date(now_ms) else { return Vec::new() };
    let day = |days_ago: i64| calendar.day(now_ms - days_ago * DAY_MS).ok().flatten();
    let dates = (0..21).filter_map(day).map(|day| day.date).filter(|date| *date < today);
    let mut dates: Vec<Date> = dates.collect();
    dates.dedup();
    dates.truncate(SESSIONS);
    dates
}

/// The closes of `symbols` in the newest of `dates` that the service has.
///
/// # Errors
/// [`PollError`]; that of the last date when it has none of them.
pub async fn closes(rest: &Rest, symbols: &[Symbol], dates: &[Date]) -> Result<Closes, PollError> {
    let none = "the market calendar knows no session before this day: mend its file".to_owned();
    let mut last = PollError::Malformed { words: none };
    for date in dates {
        match rest.grouped(&date.to_string()).await {
            Ok(page) if page.results.as_ref().is_some_and(|rows| !rows.is_empty()) => {
                return Ok(Closes { date: Some(*date), ..read(symbols, &page) });
            }
            Ok(_empty) => last = PollError::Malformed { words: format!("no session on {date}") },
            Err(error @ PollError::Timeframe { .. }) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// The last close of each of `symbols`, one call each.
///
/// # Errors
/// [`PollError`] of the first call that fails, but for symbols that the service does not know.
pub async fn previous(rest: &Rest, symbols: &[Symbol]) -> Result<Closes, PollError> {
    let mut found = Closes::default();
    for symbol in symbols.iter().take(MOST_SINGLE) {
        match rest.previous(symbol).await {
            Ok(page) => {
                let closes = read(std::slice::from_ref(symbol), &page);
                found.quotes.extend(closes.quotes);
                found.missing.extend(closes.missing);
                found.malformed += closes.malformed;
            }
            Err(PollError::NotFound { .. }) => found.missing.push(symbol.clone()),
            Err(error) => return Err(error),
        }
    }
    found.missing.extend(symbols.iter().skip(MOST_SINGLE).cloned());
    Ok(found)
}

fn read(symbols: &[Symbol], page: &Page) -> Closes {
    let (rows, malformed) = page.rows();
    let of = |row: &Row| Some((row.ticker.clone()?, row.clone()));
    let rows: BTreeMap<String, Row> = rows.iter().filter_map(of).collect();
    let mut closes = Closes { malformed, ..Closes::default() };
    for symbol in symbols {
        match rows.get(symbol.as_str()).and_then(|row| close(symbol, row)) {
            Some(quote) => closes.quotes.push(quote),
            None => closes.missing.push(symbol.clone()),
        }
    }
    closes
}

fn close(symbol: &Symbol, row: &Row) -> Option<Quote> {
    Some(Quote {
        symbol: symbol.clone(),
        price: known(row.c)?,
        size: 0.0,
        time_ns: row.time_ms()?.checked_mul(1_000_000)?,
        field: PriceField::PrevDay,
        delayed: true,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        received_ns: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = include_str!("../../../../../config/market_calendar.toml");

    #[test]
    fn the_plan_ends_with_the_session_before_today() {
        let calendar = Calendar::parse(CALENDAR).unwrap();
        let dates = |now_ms| {
            let dates = sessions_before(&calendar, now_ms);
            dates.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        // Friday 2026-11-27 18:00 in New York: its own half day is not over for the plan.
        assert_eq!(dates(1_795_820_400_000), ["2026-11-25", "2026-11-24", "2026-11-23"]);
        // Saturday noon, across Thanksgiving.
        assert_eq!(dates(1_795_885_200_000), ["2026-11-27", "2026-11-25", "2026-11-24"]);
        assert!(dates(0).is_empty());
    }

    #[test]
    fn a_close_carries_its_own_time_and_is_marked() {
        let page = r#"{"results":[{"T":"XLRE","v":3863635.4,"c":44.98,"t":1786132800000},{"T":"A","c":0}]}"#;
        let symbols = ["XLRE", "A", "B"].map(|name| Symbol::parse(name).unwrap());
        let closes = read(&symbols, &serde_json::from_str(page).unwrap());
        let quote = &closes.quotes[0];
        assert_eq!((quote.price, quote.time_ns), (44.98, 1_786_132_800_000_000_000));
        assert_eq!((quote.field, quote.delayed), (PriceField::PrevDay, true));
        assert_eq!(closes.missing, symbols[1..]);
    }
}
