//! Hours: a list of events per schedule, as the vendor publishes it; the state is that of the last
//! event. US schedules have no CLOSE, their regular session ends with `AFTER_HOURS_OPEN`.

mod generate;

use super::instruments::Instruments;
use crate::trading212::wire::{json::Json, time};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const DAY_MS: i64 = 86_400_000;

/// When markets are open.
#[derive(Debug, Clone)]
pub enum Hours {
    /// Always in the regular session, as the simulated feed is.
    AlwaysOpen,
    /// By the exchanges' calendar, from a week before the start to a year after it.
    Exchange,
    /// The text of a list as `GET /equity/metadata/exchanges` answers it, for what it covers.
    Document(String),
}

/// The state of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketState {
    /// Nothing trades.
    Closed,
    /// Before the regular session.
    Pre,
    /// The regular session.
    Regular,
    /// After the regular session.
    After,
    /// The night session.
    Overnight,
}

impl MarketState {
    fn trades(self, extended: bool) -> bool {
        self == Self::Regular || (extended && self != Self::Closed)
    }
}

/// One change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Event {
    Open,
    Close,
    BreakStart,
    BreakEnd,
    PreMarketOpen,
    AfterHoursOpen,
    AfterHoursClose,
    OvernightOpen,
}

impl Event {
    fn state(self) -> MarketState {
        match self {
            Self::Open | Self::BreakEnd => MarketState::Regular,
            Self::Close | Self::BreakStart | Self::AfterHoursClose => MarketState::Closed,
            Self::PreMarketOpen => MarketState::Pre,
            Self::AfterHoursOpen => MarketState::After,
            Self::OvernightOpen => MarketState::Overnight,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Close => "CLOSE",
            Self::BreakStart => "BREAK_START",
            Self::BreakEnd => "BREAK_END",
            Self::PreMarketOpen => "PRE_MARKET_OPEN",
            Self::AfterHoursOpen => "AFTER_HOURS_OPEN",
            Self::AfterHoursClose => "AFTER_HOURS_CLOSE",
            Self::OvernightOpen => "OVERNIGHT_OPEN",
        }
    }
}

/// An exchange as the list shows it.
#[derive(Debug, Clone)]
struct Exchange {
    id: i64,
    name: String,
    schedules: BTreeSet<i64>,
}

/// The hours of every schedule.
#[derive(Debug)]
pub(in crate::trading212) struct Schedule {
    always: bool,
    /// Shown as it is, however old.
    whole: bool,
    exchanges: Vec<Exchange>,
    /// In time order.
    events: BTreeMap<i64, Vec<(i64, Event)>>,
}

impl Schedule {
    pub(super) fn new(hours: &Hours, instruments: &Instruments, now_ms: i64) -> Self {
        match hours {
            Hours::AlwaysOpen => generate::always_open(instruments, now_ms),
            Hours::Exchange => generate::by_calendar(instruments, now_ms),
            Hours::Document(text) => generate::from_document(text),
        }
    }

    /// The state of a schedule at a time. One that is not known is closed.
    pub(in crate::trading212) fn state_at(&self, id: i64, time_ms: i64) -> MarketState {
        if self.always {
            return MarketState::Regular;
        }
        let events = self.events.get(&id).map_or(&[][..], Vec::as_slice);
        let past = events.partition_point(|(at, _)| *at <= time_ms);
        let last = past.checked_sub(1).and_then(|index| events.get(index));
        last.map_or(MarketState::Closed, |(_, event)| event.state())
    }

    /// The first time from `time_ms` on at which an order trades.
    pub(in crate::trading212) fn next_trade_ms(
        &self,
        id: i64,
        time_ms: i64,
        extended: bool,
    ) -> Option<i64> {
        if self.state_at(id, time_ms).trades(extended) {
            return Some(time_ms);
        }
        let events = self.events.get(&id)?.iter();
        let mut later = events.filter(|(at, _)| *at > time_ms);
        later.find(|(_, event)| event.state().trades(extended)).map(|(at, _)| *at)
    }

    /// The midnight, by the exchange's clock, that follows a time.
    pub(in crate::trading212) fn next_midnight_ms(&self, id: i64, time_ms: i64) -> i64 {
        let american =
            self.exchanges.iter().any(|e| is_american(e.id) && e.schedules.contains(&id));
        let zone = if american { "America/New_York" } else { "Europe/London" };
        let next = || {
            let here = Timestamp::from_millisecond(time_ms).ok()?;
            let today = here.to_zoned(TimeZone::get(zone).ok()?);
            Some(today.tomorrow().ok()?.start_of_day().ok()?.timestamp().as_millisecond())
        };
        next().unwrap_or(time_ms + DAY_MS)
    }

    /// The list as the vendor answers it: from yesterday to six weeks ahead.
    pub(in crate::trading212) fn document(&self, now_ms: i64) -> Json {
        let seen = now_ms - DAY_MS..now_ms + 42 * DAY_MS;
        let schedule = |id: &i64| {
            let events = self.events.get(id).map_or(&[][..], Vec::as_slice).iter();
            let shown = events.filter(|(at, _)| self.whole || seen.contains(at));
            let shown = shown.map(|(at, event)| {
                Json::object([("date", time::utc(*at).into()), ("type", event.name().into())])
            });
            Json::object([("id", (*id).into()), ("timeEvents", Json::List(shown.collect()))])
        };
        let exchange = |e: &Exchange| {
            Json::object([
                ("id", e.id.into()),
                ("name", e.name.as_str().into()),
                ("workingSchedules", Json::List(e.schedules.iter().map(schedule).collect())),
            ])
        };
        Json::List(self.exchanges.iter().map(exchange).collect())
    }
}

/// New York's exchanges and the counter market.
fn is_american(exchange: i64) -> bool {
    matches!(exchange, 43 | 53 | 60)
}
