//! What is listed and when it trades, as Trading212 sends it. Pure.

use super::{super::number, time_ns};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A row of `GET /equity/metadata/instruments`.
///
/// ```json
/// {"ticker":"FB_US_EQ","type":"STOCK","workingScheduleId":71,"isin":"US30303M1027","currencyCode":"USD",
///  "name":"Meta Platforms","shortName":"META","maxOpenQuantity":23682.0,"extendedHours":true,"addedOn":"2018-07-12T07:10:07.000+03:00"}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instrument {
    /// Trading212's name: the symbol at listing time, never renamed.
    pub ticker: String,
    /// `STOCK`, `ETF`, `WARRANT` and others.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The security.
    #[serde(default)]
    pub isin: Option<String>,
    /// Currency of its prices; `GBX` is pence.
    #[serde(default)]
    pub currency_code: Option<String>,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// The symbol as its exchange has it, with a dot or a slash; not unique across venues.
    #[serde(default)]
    pub short_name: Option<String>,
    /// Shares that may be held at most.
    #[serde(default, deserialize_with = "number::amount", serialize_with = "number::maybe_plain")]
    pub max_open_quantity: Option<Decimal>,
    /// When its venue is open.
    #[serde(default)]
    pub working_schedule_id: Option<i64>,
    /// It may trade before and after the regular session.
    #[serde(default)]
    pub extended_hours: Option<bool>,
}

/// A row of `GET /equity/metadata/exchanges`.
///
/// ```json
/// {"id":43,"name":"NYSE","workingSchedules":[{"id":108,"timeEvents":[{"date":"2025-05-27T13:30:00.000Z","type":"OPEN"}]}]}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// Its number.
    #[serde(deserialize_with = "number::id")]
    pub id: i64,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// When it is open, one per group of instruments.
    #[serde(default)]
    pub working_schedules: Vec<Schedule>,
}

/// A schedule of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// What an instrument's `workingScheduleId` names.
    #[serde(deserialize_with = "number::id")]
    pub id: i64,
    /// Changes of state, in order of time.
    #[serde(default)]
    pub time_events: Vec<TimeEvent>,
}

/// A change of an exchange's state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TimeEvent {
    /// When, RFC 3339.
    pub date: String,
    /// `OPEN`, `AFTER_HOURS_OPEN` and others.
    #[serde(rename = "type")]
    pub kind: String,
}

impl Schedule {
    /// Whether the regular session is on at `now_ms`; `None` when no event has come yet. US
    /// schedules have no `CLOSE`: whatever follows `OPEN` ends it.
    pub fn is_regular(&self, now_ms: i64) -> Option<bool> {
        let past =
            |event: &&TimeEvent| time_ns(&event.date).is_some_and(|ns| ns / 1_000_000 <= now_ms);
        self.time_events.iter().rev().find(past).map(|last| last.kind == "OPEN")
    }
}
