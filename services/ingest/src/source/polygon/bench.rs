//! A feed that nobody answers, for tests of what it makes of answers.

use super::{
    Pace, Polygon, Settings, Wish,
    models::Envelope,
    poll::{Asking, Question},
};
use crate::source::{Event, Quote};
use market::Calendar;
use proto::{PriceField, Symbol};
use reqwest::Url;
use runtime::clock::Clock;
use std::time::Duration;

const CALENDAR: &str = include_str!("../../../../../config/market_calendar.toml");
/// Friday 2026-11-20, 10:00:00 in New York.
pub(super) const NOW_NS: i64 = 1_795_186_800_000_000_000;

pub(super) fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::parse(name).unwrap()).collect()
}

/// A feed that polls every 30 seconds, where there is no server.
pub(super) fn feed(names: &[&str], clock: &Clock) -> Polygon {
    let settings = Settings {
        key: "k".into(),
        base_url: Url::parse("http://127.0.0.1:9").unwrap(),
        ws_url: None,
        interval: Duration::from_secs(30),
        transport: Wish::Poll,
        backfill_days: 0,
        pace: Pace::default(),
    };
    let calendar = Calendar::parse(CALENDAR).unwrap();
    Polygon::new(settings, &symbols(names), &calendar, clock).unwrap()
}

pub(super) fn quote(name: &str, time_ns: i64) -> Quote {
    Quote {
        symbol: Symbol::parse(name).unwrap(),
        price: 9.0,
        size: 1.0,
        time_ns,
        field: PriceField::Trade,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        received_ns: None,
    }
}

/// A page about these symbols with a trade of each, of the Advanced plan.
pub(super) fn page(names: &[&str], time_ns: i64) -> (Vec<Symbol>, Envelope) {
    let row = |name: &&str| {
        format!(
            r#"{{"ticker":"{name}","lastTrade":{{"p":9,"s":1,"t":{time_ns}}},"lastQuote":{{}}}}"#
        )
    };
    let rows: Vec<String> = names.iter().map(row).collect();
    let text = format!(r#"{{"status":"OK","tickers":[{}]}}"#, rows.join(","));
    (symbols(names), serde_json::from_str(&text).unwrap())
}

/// A question for snapshots, asked now.
pub(super) fn asked(feed: &Polygon) -> Asking {
    Asking::begin(&feed.rest, &feed.symbols, Question::Snapshots { probe: false })
}

/// What the feed has given out: symbols of prices, and which of them say that some are missing.
pub(super) fn given(feed: &mut Polygon) -> Vec<(String, bool)> {
    let events = std::mem::take(&mut feed.events);
    let quotes = events.into_iter().filter_map(|event| match event {
        Event::Quotes(quotes) => Some(quotes),
        Event::Bars(_) | Event::Condition(_) => None,
    });
    quotes.flatten().map(|quote| (quote.symbol.to_string(), quote.gap)).collect()
}
