//! The exchanges' calendar, read from a data file: sessions of NYSE and Nasdaq in New York time.
//!
//! Every day of the file is worked out when it is read, so that a question is an index and a few
//! comparisons: it is asked for every tick. It never guesses a year that is not in the file.

mod file;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use proto::Session;
use std::sync::{Arc, LazyLock};

/// The zone of both exchanges.
static NEW_YORK: LazyLock<TimeZone> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the zone database is compiled into the program")]
    TimeZone::get("America/New_York").expect("the compiled-in zone database has New York")
});

const DAY_MS: i64 = 86_400_000;

/// Why a calendar file is refused: every fault, one a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", faults.join("\n"))]
pub struct CalendarError {
    /// One sentence each.
    pub faults: Vec<String>,
}

/// A moment in a year the calendar file does not cover. Treat it as closed, and say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the market calendar covers {first} to {last}, not {year}: add the year to its file")]
pub struct OutsideCalendar {
    /// The year asked for, New York time.
    pub year: i16,
    /// First year of the file.
    pub first: i16,
    /// Last year of the file.
    pub last: i16,
}

/// A day with a regular session. Times are milliseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradingDay {
    /// The New York date.
    pub date: Date,
    /// Start of the pre-market session, 04:00.
    pub pre_open_ms: i64,
    /// Start of the regular session, 09:30.
    pub open_ms: i64,
    /// End of the regular session, 16:00 or 13:00.
    pub close_ms: i64,
    /// End of the post-market session, 20:00 or 17:00.
    pub post_close_ms: i64,
    /// The regular session ends at 13:00.
    pub early: bool,
}

/// The sessions of NYSE and Nasdaq. Cheap to clone. The default one covers no year: always closed.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// Every date of the file's years, in order; midnight of the first is `days[0].midnight_ms`.
    days: Arc<[Day]>,
    end_ms: i64,
    first: i16,
    last: i16,
}

#[derive(Debug, Clone, Copy)]
struct Day {
    date: Date,
    midnight_ms: i64,
    trading: Option<TradingDay>,
}

impl Calendar {
    /// Reads the calendar file.
    ///
    /// # Errors
    /// [`CalendarError`] with every fault: a date that does not exist, stands in another year's
    /// table, is on a weekend or on another weekday than it says, is both closed and early; an
    /// unknown key; a missing year.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let years = file::read(text).map_err(|faults| CalendarError { faults })?;
        let unusable = || CalendarError { faults: vec!["the calendar names no year".to_owned()] };
        let first = years.first().ok_or_else(unusable)?.number;
        let last = years.last().ok_or_else(unusable)?.number;
        let mut days = Vec::new();
        for year in &years {
            let dates = jiff::civil::date(year.number, 1, 1).series(jiff::Span::new().days(1));
            days.extend(
                dates.take_while(|date| date.year() == year.number).map(|date| day(date, year)),
            );
        }
        let end_ms = days.last().map_or(0, |day| {
            day.date.tomorrow().map_or(day.midnight_ms, |next| at(next.at(0, 0, 0, 0)))
        });
        Ok(Self { days: days.into(), end_ms, first, last })
    }

    /// The part of the trading day at `time_ms`, milliseconds since 1970 UTC. `Closed` in a year the
    /// file does not cover: see [`covers`](Self::covers).
    pub fn session_at(&self, time_ms: i64) -> Session {
        let Some(day) = self.find(time_ms).and_then(|day| day.trading) else {
            return Session::Closed;
        };
        match time_ms {
            t if t < day.pre_open_ms => Session::Closed,
            t if t < day.open_ms => Session::Pre,
            t if t < day.close_ms => Session::Regular,
            t if t < day.post_close_ms => Session::Post,
            _ => Session::Closed,
        }
    }

    /// The trading day `time_ms` falls on by its New York date; `None` when that date has no session.
    ///
    /// # Errors
    /// [`OutsideCalendar`] names the year that is missing.
    pub fn day(&self, time_ms: i64) -> Result<Option<TradingDay>, OutsideCalendar> {
        self.covers(time_ms)?;
        Ok(self.find(time_ms).and_then(|day| day.trading))
    }

    /// Whether the file covers `time_ms`.
    ///
    /// # Errors
    /// [`OutsideCalendar`] names the year that is missing.
    pub fn covers(&self, time_ms: i64) -> Result<(), OutsideCalendar> {
        match self.find(time_ms) {
            Some(_) => Ok(()),
            None => Err(self.outside(new_york(time_ms).year())),
        }
    }

    /// Close of the regular session running at `time_ms`; `None` outside one.
    pub fn regular_close_ms(&self, time_ms: i64) -> Option<i64> {
        let day = self.find(time_ms)?.trading?;
        (day.open_ms <= time_ms && time_ms < day.close_ms).then_some(day.close_ms)
    }

    /// Start of the first regular session that opens after `time_ms`.
    ///
    /// # Errors
    /// [`OutsideCalendar`] when `time_ms`, or that session, lies in a year that is missing.
    pub fn next_open_ms(&self, time_ms: i64) -> Result<i64, OutsideCalendar> {
        self.covers(time_ms)?;
        let today = self.index(time_ms).unwrap_or(self.days.len());
        let later = self.days.iter().skip(today).filter_map(|day| day.trading);
        later
            .map(|day| day.open_ms)
            .find(|open_ms| *open_ms > time_ms)
            .ok_or_else(|| self.outside(self.last.saturating_add(1)))
    }

    /// The New York date of `time_ms`, where the file covers it.
    pub fn date(&self, time_ms: i64) -> Option<Date> {
        self.find(time_ms).map(|day| day.date)
    }

    fn find(&self, time_ms: i64) -> Option<&Day> {
        self.index(time_ms).and_then(|index| self.days.get(index))
    }

    /// Days last 23 to 25 hours, but their midnights never drift more than an hour: dividing hits
    /// the day itself or the one after it.
    fn index(&self, time_ms: i64) -> Option<usize> {
        let start_ms = self.days.first()?.midnight_ms;
        if time_ms < start_ms || time_ms >= self.end_ms {
            return None;
        }
        let guess = usize::try_from((time_ms - start_ms) / DAY_MS).ok()?;
        let starts = |index: usize| self.days.get(index).is_some_and(|d| d.midnight_ms <= time_ms);
        if starts(guess + 1) {
            return Some(guess + 1);
        }
        if starts(guess) { Some(guess) } else { guess.checked_sub(1) }
    }

    fn outside(&self, year: i16) -> OutsideCalendar {
        OutsideCalendar { year, first: self.first, last: self.last }
    }
}

/// The New York date of `time_ms` as `YYYY-MM-DD`.
pub(crate) fn new_york_date(time_ms: i64) -> String {
    new_york(time_ms).to_string()
}

fn new_york(time_ms: i64) -> Date {
    let clamped = if time_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let time = Timestamp::from_millisecond(time_ms).unwrap_or(clamped);
    NEW_YORK.to_datetime(time).date()
}

fn day(date: Date, year: &file::Year) -> Day {
    let midnight_ms = at(date.at(0, 0, 0, 0));
    let weekend =
        matches!(date.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
    if weekend || year.closed.contains(&date) {
        return Day { date, midnight_ms, trading: None };
    }
    let early = year.early.contains(&date);
    let (close, post_close) = if early { (13, 17) } else { (16, 20) };
    let trading = TradingDay {
        date,
        pre_open_ms: at(date.at(4, 0, 0, 0)),
        open_ms: at(date.at(9, 30, 0, 0)),
        close_ms: at(date.at(close, 0, 0, 0)),
        post_close_ms: at(date.at(post_close, 0, 0, 0)),
        early,
    };
    Day { date, midnight_ms, trading: Some(trading) }
}

/// The moment of a New York wall time, milliseconds since 1970 UTC.
fn at(time: DateTime) -> i64 {
    // Years are 1900 to 2200 (the file reader sees to it): far inside what a timestamp can hold.
    NEW_YORK.to_timestamp(time).map_or(0, Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests;
