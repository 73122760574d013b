//! Which clock says that the market is open: the exchange's, or none.
//!
//! A simulated feed never closes; a tape and a live feed follow the exchanges' calendar.

use crate::calendar::{Calendar, new_york_date};
use proto::{Session, Source};

/// Tells the part of the trading day for a source.
#[derive(Debug, Clone)]
pub enum SessionClock {
    /// Always in regular session: the simulated feed.
    AlwaysOpen,
    /// By the exchanges' calendar.
    Exchange(Calendar),
}

impl SessionClock {
    /// The clock of `source`.
    pub fn for_source(source: Source, calendar: &Calendar) -> Self {
        match source {
            Source::Sim => Self::AlwaysOpen,
            Source::Replay | Source::Polygon => Self::Exchange(calendar.clone()),
        }
    }

    /// The part of the trading day at `time_ms`, milliseconds since 1970 UTC.
    pub fn session_at(&self, time_ms: i64) -> Session {
        match self {
            Self::AlwaysOpen => Session::Regular,
            Self::Exchange(calendar) => calendar.session_at(time_ms),
        }
    }

    /// Whether `time_ms` lies in a regular session.
    pub fn is_regular(&self, time_ms: i64) -> bool {
        self.session_at(time_ms) == Session::Regular
    }

    /// Close of the regular session running at `time_ms`; `None` outside one, and where the market
    /// never closes.
    pub fn regular_close_ms(&self, time_ms: i64) -> Option<i64> {
        match self {
            Self::AlwaysOpen => None,
            Self::Exchange(calendar) => calendar.regular_close_ms(time_ms),
        }
    }

    /// The New York date of `time_ms` as `YYYY-MM-DD`.
    pub fn trading_day(&self, time_ms: i64) -> String {
        match self {
            Self::AlwaysOpen => new_york_date(time_ms),
            Self::Exchange(calendar) => {
                calendar.date(time_ms).map_or_else(|| new_york_date(time_ms), |d| d.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = include_str!("../../../config/market_calendar.toml");
    /// Saturday 2026-11-21 04:30 UTC: still Friday in New York.
    const FRIDAY_NIGHT_MS: i64 = 1_795_235_400_000;

    #[test]
    fn the_simulated_market_never_closes() {
        let clock = SessionClock::for_source(Source::Sim, &Calendar::parse(CALENDAR).unwrap());
        assert_eq!(clock.session_at(FRIDAY_NIGHT_MS), Session::Regular);
        assert_eq!(clock.regular_close_ms(FRIDAY_NIGHT_MS), None);
        assert_eq!(clock.trading_day(FRIDAY_NIGHT_MS), "2026-11-20");
    }

    #[test]
    fn a_tape_and_a_live_feed_follow_the_exchange() {
        let calendar = Calendar::parse(CALENDAR).unwrap();
        for source in [Source::Replay, Source::Polygon] {
            let clock = SessionClock::for_source(source, &calendar);
            assert!(!clock.is_regular(FRIDAY_NIGHT_MS));
            assert!(clock.is_regular(FRIDAY_NIGHT_MS - 12 * 3_600_000));
            assert_eq!(clock.trading_day(FRIDAY_NIGHT_MS), "2026-11-20");
        }
    }
}
