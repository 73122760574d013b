//! The daily cycle by New York time: which session's values show at a moment. Pure.
//!
//! Reset at 03:30, zeros through a holiday, and over a weekend what the configuration says.

use super::config::Weekend;
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime, Weekday, time},
    tz::TimeZone,
};
use market::{Calendar, TradingDay};
use proto::Session;
use std::collections::BTreeMap;

/// The text of the exchanges' calendar, as the desk has it.
const CALENDAR: &str = include_str!("../../../../config/market_calendar.toml");
const RESET: jiff::civil::Time = time(3, 30, 0, 0);

/// The exchanges' days.
#[derive(Debug, Clone)]
pub(super) struct Cycle {
    calendar: Calendar,
    zone: TimeZone,
    weekend: Weekend,
    names: BTreeMap<Date, String>,
}

impl Cycle {
    pub(super) fn new(weekend: Weekend) -> Self {
        Self {
            calendar: Calendar::parse(CALENDAR).unwrap_or_default(),
            zone: TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC),
            weekend,
            names: names(),
        }
    }

    /// New York's wall time.
    pub(super) fn local(&self, time_ns: i64) -> DateTime {
        let time = Timestamp::from_nanosecond(time_ns.into()).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(time)
    }

    /// New York's time with its offset, as RFC 3339 has it.
    pub(super) fn rfc3339(&self, time_ns: i64) -> String {
        let time = Timestamp::from_second(time_ns.div_euclid(1_000_000_000)).unwrap_or_default();
        let offset = self.zone.to_offset(time);
        time.display_with_offset(offset).to_string()
    }

    /// The New York date.
    pub(super) fn date(&self, time_ns: i64) -> Date {
        self.local(time_ns).date()
    }

    /// The date whose values are made at a moment: the day begins at 03:30.
    pub(super) fn day_of(&self, time_ns: i64) -> Date {
        let local = self.local(time_ns);
        if local.time() < RESET { before(local.date()) } else { local.date() }
    }

    /// The session whose values show; none where zeros do.
    pub(super) fn shown(&self, time_ns: i64) -> Option<Date> {
        let mut date = self.day_of(time_ns);
        if is_weekend(date) {
            if self.weekend == Weekend::Zeros {
                return None;
            }
            while is_weekend(date) {
                date = before(date);
            }
        }
        self.trading_day(date).map(|day| day.date)
    }

    pub(super) fn session(&self, time_ns: i64) -> Session {
        self.calendar.session_at(time_ns.div_euclid(1_000_000))
    }

    pub(super) fn trading_day(&self, date: Date) -> Option<TradingDay> {
        let noon_ms = self.at(date.at(12, 0, 0, 0));
        self.calendar.day(noon_ms).ok().flatten()
    }

    /// The last `count` days with a session before `date`, the latest first.
    pub(super) fn trading_days_before(&self, date: Date, count: usize) -> Vec<TradingDay> {
        let mut days = Vec::new();
        let mut date = date;
        // The longest pause of the exchanges since 1933 was four days; the calendar ends in 2013.
        for _ in 0..count.saturating_mul(2).saturating_add(10) {
            date = before(date);
            if days.len() < count {
                days.extend(self.trading_day(date));
            }
        }
        days
    }

    /// Start of a New York date, milliseconds.
    pub(super) fn midnight_ms(&self, date: Date) -> i64 {
        self.at(date.at(0, 0, 0, 0))
    }

    /// End of the regular session of a date, milliseconds: 16:00, or when it closes early.
    pub(super) fn close_ms(&self, date: Date) -> i64 {
        self.trading_day(date).map_or_else(|| self.at(date.at(16, 0, 0, 0)), |day| day.close_ms)
    }

    /// What the calendar calls a holiday or an early close.
    pub(super) fn name(&self, date: Date) -> Option<&str> {
        self.names.get(&date).map(String::as_str)
    }

    fn at(&self, time: DateTime) -> i64 {
        self.zone.to_timestamp(time).map_or(0, Timestamp::as_millisecond)
    }
}

fn before(date: Date) -> Date {
    date.checked_sub(1.day()).unwrap_or(date)
}

pub(super) fn after(date: Date) -> Date {
    date.checked_add(1.day()).unwrap_or(date)
}

pub(super) fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The names of the calendar file: `2026-11-26 = "Thu Thanksgiving Day"`.
fn names() -> BTreeMap<Date, String> {
    let years: toml::Table = toml::from_str(CALENDAR).unwrap_or_default();
    let tables = years.values().filter_map(toml::Value::as_table).flat_map(toml::Table::values);
    let rows = tables.filter_map(toml::Value::as_table).flatten();
    let named = rows.filter_map(|(date, name)| {
        let name = name.as_str()?;
        let name = name.split_once(' ').map_or(name, |(_, name)| name);
        Some((date.parse().ok()?, name.to_owned()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn ns(cycle: &Cycle, time: DateTime) -> i64 {
        cycle.at(time) * 1_000_000
    }

    #[test]
    fn the_day_begins_at_half_past_three_in_new_york_in_winter_and_in_summer() {
        let cycle = Cycle::new(Weekend::Kept);
        for day in [date(2026, 3, 6), date(2026, 3, 9), date(2026, 10, 30), date(2026, 11, 2)] {
            let until = ns(&cycle, day.at(3, 29, 59, 0));
            assert_ne!(cycle.shown(until), Some(day));
            assert_eq!(cycle.shown(until + 1_000_000_000), Some(day));
        }
        assert_eq!(cycle.midnight_ms(date(2026, 3, 6)) % 86_400_000, 5 * 3_600_000);
        assert_eq!(cycle.midnight_ms(date(2026, 3, 9)) % 86_400_000, 4 * 3_600_000);
    }

    #[test]
    fn a_holiday_shows_zeros_and_a_weekend_what_it_is_told_to() {
        let (kept, zeros) = (Cycle::new(Weekend::Kept), Cycle::new(Weekend::Zeros));
        let thanksgiving = ns(&kept, date(2026, 11, 26).at(12, 0, 0, 0));
        assert_eq!(kept.shown(thanksgiving), None);
        let saturday = ns(&kept, date(2026, 11, 21).at(12, 0, 0, 0));
        assert_eq!(kept.shown(saturday), Some(date(2026, 11, 20)));
        assert_eq!(zeros.shown(saturday), None);
        assert_eq!(kept.name(date(2026, 11, 26)), Some("Thanksgiving Day"));
        assert_eq!(kept.close_ms(date(2026, 11, 27)) % 86_400_000, 18 * 3_600_000);
    }
}
