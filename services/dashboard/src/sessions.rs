//! Which parts of the trading day the page shades and counts down to. Pure: `now` is an argument.
//!
//! The page is sent the trading days that its charts reach back to and the next ones, by the
//! exchanges' calendar; a simulated market never closes and has none.

use market::{Calendar, TradingDay};
use proto::{FeedStatus, Source};
use serde::Serialize;

const DAY_MS: i64 = 86_400_000;
/// Trading days sent at most, the newest.
const MAX_DAYS: usize = 30;
/// Days looked back for them: weekends and holidays take less than half.
const LOOK_BACK: i64 = 60;
/// Trading days sent from the present one on: a countdown over a long weekend needs the second.
const AHEAD: usize = 2;
/// Days looked ahead for them: no exchange stays closed for so long.
const LOOK_AHEAD: i64 = 14;

/// `[pre_open_s, open_s, close_s, post_close_s, early]`, seconds since 1970 UTC.
pub type SessionDay = (i64, i64, i64, i64, bool);

/// The sessions around what a page shows.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SessionsView {
    /// The market never closes: there are no days.
    pub always_open: bool,
    /// The calendar's file knows the present year.
    pub covered: bool,
    /// Trading days, oldest first.
    pub days: Vec<SessionDay>,
}

/// The calendar, and what was last worked out from it.
#[derive(Debug, Default)]
pub struct Sessions {
    calendar: Calendar,
    last: Option<(i64, i64, bool)>,
}

impl Sessions {
    /// By this calendar.
    pub fn new(calendar: Calendar) -> Self {
        Self { calendar, last: None }
    }

    /// The sessions of `from_ms` to some days after `to_ms`, milliseconds since 1970 UTC; `None`
    /// when they are what they were when last asked.
    pub fn around(
        &mut self,
        feed: Option<&FeedStatus>,
        from_ms: i64,
        to_ms: i64,
    ) -> Option<SessionsView> {
        let always_open = feed.is_none_or(|feed| feed.source == Source::Sim);
        let asked = (from_ms.div_euclid(DAY_MS), to_ms.div_euclid(DAY_MS / 24), always_open);
        if self.last.replace(asked) == Some(asked) {
            return None;
        }
        if always_open {
            return Some(SessionsView { always_open: true, covered: true, days: Vec::new() });
        }
        let covered = self.calendar.covers(to_ms).is_ok();
        Some(SessionsView { always_open, covered, days: self.days(from_ms, to_ms) })
    }

    fn days(&self, from_ms: i64, to_ms: i64) -> Vec<SessionDay> {
        let oldest_ms = to_ms - LOOK_BACK * DAY_MS;
        let mut days: Vec<TradingDay> = Vec::new();
        let mut ahead = 0;
        let mut at_ms = from_ms.max(oldest_ms).min(to_ms);
        while at_ms <= to_ms + LOOK_AHEAD * DAY_MS && ahead < AHEAD {
            let day = self.calendar.day(at_ms).ok().flatten();
            // Steps of a day may meet one of 25 hours twice.
            if let Some(day) = day.filter(|day| days.last() != Some(day)) {
                ahead += usize::from(day.post_close_ms > to_ms);
                days.push(day);
            }
            at_ms += DAY_MS / 2;
        }
        let surplus = days.len().saturating_sub(MAX_DAYS);
        days.into_iter().skip(surplus).map(row).collect()
    }
}

fn row(day: TradingDay) -> SessionDay {
    let seconds = |ms: i64| ms.div_euclid(1_000);
    (
        seconds(day.pre_open_ms),
        seconds(day.open_ms),
        seconds(day.close_ms),
        seconds(day.post_close_ms),
        day.early,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::feed;

    const CALENDAR: &str = include_str!("../../../config/market_calendar.toml");
    /// Wednesday 2026-11-25 15:00 UTC, 10:00 in New York; Thursday is Thanksgiving, Friday short.
    const WEDNESDAY_MS: i64 = 1_795_618_800_000;

    fn sessions() -> Sessions {
        Sessions::new(Calendar::parse(CALENDAR).unwrap())
    }

    #[test]
    fn the_days_shown_and_the_next_ones_are_sent_without_holidays() {
        let feed = FeedStatus { source: Source::Polygon, ..feed(Vec::new()) };
        let view = sessions().around(Some(&feed), WEDNESDAY_MS - 7 * DAY_MS, WEDNESDAY_MS).unwrap();
        let early: Vec<_> = view.days.iter().map(|day| day.4).collect();
        assert_eq!(early, [false, false, false, false, false, false, true]);
        let wednesday = view.days.get(5).unwrap();
        assert_eq!(wednesday.1, WEDNESDAY_MS / 1_000 - 1_800, "it opened half an hour ago");
        assert_eq!(wednesday.2 - wednesday.1, 23_400);
        assert!(view.covered && !view.always_open);
    }

    #[test]
    fn they_are_worked_out_again_only_when_time_has_passed() {
        let mut sessions = sessions();
        let feed = FeedStatus { source: Source::Polygon, ..feed(Vec::new()) };
        assert!(sessions.around(Some(&feed), WEDNESDAY_MS, WEDNESDAY_MS).is_some());
        assert_eq!(sessions.around(Some(&feed), WEDNESDAY_MS, WEDNESDAY_MS + 1), None);
        assert!(sessions.around(Some(&feed), WEDNESDAY_MS, WEDNESDAY_MS + DAY_MS).is_some());
    }

    #[test]
    fn a_simulated_market_never_closes() {
        let view = sessions().around(Some(&feed(Vec::new())), 0, WEDNESDAY_MS).unwrap();
        assert!(view.always_open && view.days.is_empty());
    }

    #[test]
    fn a_year_that_is_not_in_the_file_is_named_as_such() {
        let feed = FeedStatus { source: Source::Replay, ..feed(Vec::new()) };
        let view = sessions().around(Some(&feed), 0, 1_000).unwrap();
        assert!(!view.covered && view.days.is_empty());
    }
}
