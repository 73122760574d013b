//! Whether the market is open, and which days it will not be. Always live. Pure.

use crate::polygon::{
    cycle::{Cycle, after, is_weekend},
    json::Json,
};
use jiff::{Timestamp, civil::Date};
use proto::Session;

/// How far ahead holidays are told, days.
const AHEAD: usize = 365;

pub(super) fn now(cycle: &Cycle, now_ns: i64) -> Json {
    let session = cycle.session(now_ns);
    let word = match session {
        Session::Regular => "open",
        Session::Pre | Session::Post => "extended-hours",
        Session::Closed => "closed",
    };
    let same = |names: &[&'static str], word: &str| {
        Json::Object(names.iter().map(|name| (*name, Json::text(word))).collect())
    };
    let indices = if session == Session::Regular { "open" } else { "closed" };
    Json::Object(vec![
        ("market", Json::text(word)),
        ("earlyHours", Json::Bool(session == Session::Pre)),
        ("afterHours", Json::Bool(session == Session::Post)),
        ("serverTime", Json::text(cycle.rfc3339(now_ns))),
        ("exchanges", same(&["nyse", "nasdaq", "otc"], word)),
        ("currencies", same(&["fx", "crypto"], "open")),
        ("indicesGroups", same(&["s_and_p", "dow_jones"], indices)),
    ])
}

/// A bare list, one row per exchange.
pub(super) fn upcoming(cycle: &Cycle, now_ns: i64) -> Json {
    let dates = std::iter::successors(Some(after(cycle.date(now_ns))), |date| Some(after(*date)));
    let mut rows = Vec::new();
    for date in dates.take(AHEAD).filter(|date| !is_weekend(*date)) {
        for exchange in ["NASDAQ", "NYSE", "OTC"] {
            rows.extend(row(cycle, exchange, date));
        }
    }
    Json::List(rows)
}

fn row(cycle: &Cycle, exchange: &str, date: Date) -> Option<Json> {
    let name = cycle.name(date)?;
    let mut fields = vec![
        ("exchange", Json::text(exchange)),
        ("name", Json::text(name)),
        ("date", Json::text(date.to_string())),
    ];
    match cycle.trading_day(date) {
        Some(day) => fields.extend([
            ("status", Json::text("early-close")),
            ("open", Json::text(utc(day.open_ms))),
            ("close", Json::text(utc(day.close_ms))),
        ]),
        None => fields.push(("status", Json::text("closed"))),
    }
    Some(Json::Object(fields))
}

fn utc(time_ms: i64) -> String {
    let time = Timestamp::from_millisecond(time_ms).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
