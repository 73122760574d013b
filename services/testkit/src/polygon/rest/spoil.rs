//! What faults do to an answer. Pure.

use super::{Answer, Delivery};
use crate::polygon::{fault::Fault, json::Json};

/// Where the rows of an answer stand.
const ROWS: [&str; 2] = ["tickers", "results"];
/// What is of today in a snapshot.
const OF_TODAY: [&str; 10] = [
    "day",
    "min",
    "lastTrade",
    "lastQuote",
    "todaysChange",
    "todaysChangePerc",
    "updated",
    "session",
    "last_trade",
    "last_quote",
];

/// Faults of what is said.
pub(super) fn content(json: &mut Json, faults: &[Fault], address: &str) {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are no faults of content")]
    for fault in faults {
        match fault {
            Fault::ResultsNull => ROWS.iter().for_each(|name| {
                if let Some(rows) = json.field_mut(name) {
                    *rows = Json::Null;
                }
            }),
            Fault::ResultsAbsent => ROWS.iter().for_each(|name| json.remove(name)),
            Fault::NullConditions => each_row(json, |row| {
                if let Some(trade) = row.field_mut("lastTrade") {
                    trade.put("c", Json::Null);
                }
            }),
            Fault::NoConditions => each_row(json, |row| {
                if let Some(trade) = row.field_mut("lastTrade") {
                    trade.remove("c");
                }
            }),
            Fault::BadRow => bad_row(json),
            Fault::Zeroed => each_row(json, |row| {
                for name in OF_TODAY {
                    if let Some(field) = row.field_mut(name) {
                        field.zero();
                    }
                }
            }),
            Fault::ForeignNextUrl(origin) => {
                let path = address.splitn(4, '/').nth(3).unwrap_or_default();
                json.put("next_url", Json::text(format!("{origin}/{path}")));
            }
            Fault::NextUrlLoop => json.put("next_url", Json::text(address)),
            _ => {}
        }
    }
}

/// Faults of how it gets there.
pub(super) fn delivery(answer: &mut Answer, faults: &[Fault], gzip: bool) {
    let has = |fault: &Fault| faults.contains(fault);
    if has(&Fault::TruncatedJson) {
        answer.halve();
    }
    if gzip || has(&Fault::TruncatedGzip) {
        answer.gzip();
    }
    if has(&Fault::TruncatedGzip) {
        answer.halve();
    }
    for fault in faults {
        if let Fault::Slow(ms) = fault {
            answer.wait_ms = *ms;
        }
    }
    for (fault, delivery) in [
        (Fault::ResetMidBody, Delivery::CutOff),
        (Fault::Drop, Delivery::Dropped),
        (Fault::Hang, Delivery::Never),
    ] {
        if has(&fault) {
            answer.delivery = delivery;
        }
    }
}

fn each_row(json: &mut Json, change: impl Fn(&mut Json)) {
    if let Some(row) = json.field_mut("ticker").filter(|row| matches!(row, Json::Object(_))) {
        change(row);
    }
    for name in ROWS {
        if let Some(Json::List(rows)) = json.field_mut(name) {
            rows.iter_mut().for_each(&change);
        }
    }
}

/// The second row has an object where numbers belong.
fn bad_row(json: &mut Json) {
    let bad = Json::Object(vec![("wrong", Json::text("type"))]);
    for name in ROWS {
        let Some(Json::List(rows)) = json.field_mut(name) else { continue };
        let which = rows.len().min(2).saturating_sub(1);
        let Some(row) = rows.get_mut(which) else { continue };
        for field in ["todaysChange", "updated", "session", "o", "c", "t"] {
            if let Some(value) = row.field_mut(field) {
                *value = bad.clone();
            }
        }
        for (outer, inner) in [
            ("lastTrade", "p"),
            ("min", "c"),
            ("day", "c"),
            ("prevDay", "c"),
            ("last_trade", "price"),
        ] {
            if let Some(value) = row.field_mut(outer).and_then(|part| part.field_mut(inner)) {
                *value = bad.clone();
            }
        }
    }
}
