//! Where schedules come from.

use super::{DAY_MS, Event, Exchange, Schedule, is_american};
use crate::trading212::market::instruments::Instruments;
use jiff::Timestamp;
use market::{Calendar, TradingDay};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The desk's own calendar of NYSE and Nasdaq.
const CALENDAR: &str = include_str!("../../../../../../config/market_calendar.toml");

const HOUR_MS: i64 = 3_600_000;

pub(super) fn always_open(instruments: &Instruments, now_ms: i64) -> Schedule {
    let midnight = now_ms - now_ms.rem_euclid(DAY_MS);
    let days: Vec<_> = (-7..400).map(|day| (midnight + day * DAY_MS, Event::Open)).collect();
    let exchanges = exchanges(instruments);
    let ids = exchanges.iter().flat_map(|e| e.schedules.iter().copied());
    let events = ids.map(|id| (id, days.clone())).collect();
    Schedule { always: true, whole: false, exchanges, events }
}

pub(super) fn by_calendar(instruments: &Instruments, now_ms: i64) -> Schedule {
    let (american, european) = (american(now_ms), european(now_ms));
    let exchanges = exchanges(instruments);
    let mut events = BTreeMap::new();
    for exchange in &exchanges {
        let days = if is_american(exchange.id) { &american } else { &european };
        events.extend(exchange.schedules.iter().map(|id| (*id, days.clone())));
    }
    Schedule { always: false, whole: false, exchanges, events }
}

/// A text that is no such list gives no hours at all: everything is closed.
pub(super) fn from_document(text: &str) -> Schedule {
    let rows: Vec<ExchangeRow> = serde_json::from_str(text).unwrap_or_default();
    let mut events = BTreeMap::new();
    let mut exchanges = Vec::new();
    for row in rows {
        let schedules = row.working_schedules.iter().map(|s| s.id).collect();
        exchanges.push(Exchange { id: row.id, name: row.name, schedules });
        for schedule in row.working_schedules {
            let all = schedule.time_events.iter();
            let mut list: Vec<_> = all.filter_map(EventRow::read).collect();
            list.sort_by_key(|(at, _)| *at);
            events.insert(schedule.id, list);
        }
    }
    Schedule { always: false, whole: true, exchanges, events }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeRow {
    id: i64,
    name: String,
    working_schedules: Vec<ScheduleRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScheduleRow {
    id: i64,
    time_events: Vec<EventRow>,
}

#[derive(Deserialize)]
struct EventRow {
    date: String,
    #[serde(rename = "type")]
    kind: Event,
}

impl EventRow {
    fn read(&self) -> Option<(i64, Event)> {
        let date: Timestamp = self.date.parse().ok()?;
        Some((date.as_millisecond(), self.kind))
    }
}

/// The exchanges of the instruments' schedules. Those whose home is not known stand under London.
fn exchanges(instruments: &Instruments) -> Vec<Exchange> {
    let home = |id: i64| match id {
        56 | 107 | 108 => (43, "NYSE"),
        71 | 109 | 110 => (53, "NASDAQ"),
        85 => (60, "OTC Markets"),
        54 => (41, "Deutsche Börse Xetra"),
        _ => (42, "London Stock Exchange"),
    };
    let mut found: BTreeMap<(i64, &str), BTreeSet<i64>> = BTreeMap::new();
    for row in instruments.iter() {
        found.entry(home(row.schedule_id)).or_default().insert(row.schedule_id);
    }
    let all = found.into_iter();
    all.map(|((id, name), schedules)| Exchange { id, name: name.to_owned(), schedules }).collect()
}

/// The night session opens at 20:00 New York time for the day that follows; after-hours trading is
/// closed only where no night session follows it.
fn american(now_ms: i64) -> Vec<(i64, Event)> {
    let calendar = Calendar::parse(CALENDAR).unwrap_or_default();
    let dates = (-7..400).map(|day| now_ms + day * DAY_MS);
    let days: Vec<TradingDay> = dates.filter_map(|ms| calendar.day(ms).ok().flatten()).collect();
    let mut events = Vec::new();
    for (index, day) in days.iter().enumerate() {
        events.extend([
            (night_ms(day), Event::OvernightOpen),
            (day.pre_open_ms, Event::PreMarketOpen),
            (day.open_ms, Event::Open),
            (day.close_ms, Event::AfterHoursOpen),
        ]);
        if days.get(index + 1).is_none_or(|next| night_ms(next) > day.post_close_ms) {
            events.push((day.post_close_ms, Event::AfterHoursClose));
        }
    }
    events
}

fn night_ms(day: &TradingDay) -> i64 {
    day.pre_open_ms - 8 * HOUR_MS
}

/// Eight to half past four by London's winter clock, weekdays.
fn european(now_ms: i64) -> Vec<(i64, Event)> {
    let midnight = now_ms - now_ms.rem_euclid(DAY_MS);
    let days = (-7..400).map(|day| midnight + day * DAY_MS);
    // 1970 began on a Thursday.
    let weekdays = days.filter(|ms| (ms / DAY_MS + 3).rem_euclid(7) < 5);
    weekdays
        .flat_map(|ms| {
            [(ms + 8 * HOUR_MS, Event::Open), (ms + 16 * HOUR_MS + HOUR_MS / 2, Event::Close)]
        })
        .collect()
}
