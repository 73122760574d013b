//! When silence is an alarm. Pure.
//!
//! 1. A closed market is silent: nights, weekends and holidays count for nothing. A feed that is
//!    behind the market opens and closes that much later.
//! 2. Ten symbols or more are never silent for long in the regular session. Fewer have the more
//!    patience the fewer they are, and outside the regular session everybody has five times as much.
//! 3. An alarm after which nothing comes doubles the patience, up to sixteen times: where the
//!    calendar is wrong, new connections would be of no use.

use market::Calendar;
use proto::Session;
use std::time::Duration;

/// How far a delayed feed is behind the market.
const DELAY_MS: i64 = 900_000;
/// Symbols that need no patience for being few.
const MANY: u32 = 10;
/// Before and after the regular session prices are rare.
const OFF_HOURS: u32 = 5;
/// Most doublings of a patience that was in vain.
const MOST_DOUBLINGS: u32 = 4;

/// Counts the silence of a feed.
#[derive(Debug)]
pub struct Watchdog {
    calendar: Calendar,
    patience: Duration,
    /// Silent for this long while the market was open.
    silent: Duration,
    looked: Option<Duration>,
    in_vain: u32,
}

impl Watchdog {
    /// Watches a feed of so many symbols; `silence` is the patience with many of them in the regular
    /// session.
    pub fn new(calendar: Calendar, symbols: usize, silence: Duration) -> Self {
        let symbols = u32::try_from(symbols).unwrap_or(MANY).clamp(1, MANY);
        let patience = silence * MANY / symbols;
        Self { calendar, patience, silent: Duration::ZERO, looked: None, in_vain: 0 }
    }

    /// A price came.
    pub fn fed(&mut self) {
        self.silent = Duration::ZERO;
        self.in_vain = 0;
    }

    /// A new connection begins: its silence is its own.
    pub fn begin(&mut self, now: Duration) {
        self.silent = Duration::ZERO;
        self.looked = Some(now);
    }

    /// Looks at the clock: `now` rises by itself, `wall_ms` is the time of day (milliseconds since
    /// 1970 UTC). Gives the length of a silence that is an alarm.
    pub fn look(&mut self, now: Duration, wall_ms: i64, delayed: bool) -> Option<Duration> {
        let passed = now.saturating_sub(self.looked.replace(now).unwrap_or(now));
        let market_ms = if delayed { wall_ms - DELAY_MS } else { wall_ms };
        let most = match self.calendar.session_at(market_ms) {
            Session::Regular => self.patience,
            Session::Pre | Session::Post => self.patience * OFF_HOURS,
            Session::Closed => {
                self.silent = Duration::ZERO;
                return None;
            }
        };
        self.silent += passed;
        if self.silent < most * (1 << self.in_vain.min(MOST_DOUBLINGS)) {
            return None;
        }
        self.in_vain += 1;
        Some(std::mem::take(&mut self.silent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = include_str!("../../../../../../config/market_calendar.toml");
    /// Friday 2026-11-20 00:00 in New York.
    const FRIDAY_MS: i64 = 1_795_150_800_000;
    const HOUR_MS: i64 = 3_600_000;
    const MINUTE: Duration = Duration::from_mins(1);

    /// Seconds of silence from `wall_ms` on until the alarm, within three hours.
    fn alarm_after(symbols: usize, wall_ms: i64, delayed: bool) -> Option<u64> {
        let mut watchdog = Watchdog::new(Calendar::parse(CALENDAR).unwrap(), symbols, MINUTE);
        watchdog.begin(Duration::ZERO);
        (1..=10_800).find(|second| {
            let wall_ms = wall_ms + i64::try_from(*second).unwrap() * 1000;
            watchdog.look(Duration::from_secs(*second), wall_ms, delayed).is_some()
        })
    }

    #[test]
    fn a_silent_socket_is_an_alarm_in_the_regular_session() {
        assert_eq!(alarm_after(20, FRIDAY_MS + 10 * HOUR_MS, false), Some(60));
    }

    #[test]
    fn few_symbols_and_quiet_hours_have_more_patience() {
        assert_eq!(alarm_after(2, FRIDAY_MS + 10 * HOUR_MS, false), Some(300));
        assert_eq!(alarm_after(1, FRIDAY_MS + 10 * HOUR_MS, false), Some(600));
        assert_eq!(alarm_after(20, FRIDAY_MS + 5 * HOUR_MS, false), Some(300));
        assert_eq!(alarm_after(20, FRIDAY_MS + 17 * HOUR_MS, false), Some(300));
    }

    #[test]
    fn a_closed_market_is_silent_and_no_alarm() {
        let saturday_ms = FRIDAY_MS + 34 * HOUR_MS;
        // Thursday 2026-11-26 is Thanksgiving, the Friday after it closes at 13:00 and at 17:00.
        let thanksgiving_ms = FRIDAY_MS + 6 * 24 * HOUR_MS + 10 * HOUR_MS;
        let half_day_night_ms = FRIDAY_MS + 7 * 24 * HOUR_MS + 17 * HOUR_MS;
        for wall_ms in [FRIDAY_MS, saturday_ms, thanksgiving_ms, half_day_night_ms] {
            assert_eq!(alarm_after(20, wall_ms, false), None, "{wall_ms}");
        }
        assert_eq!(alarm_after(20, half_day_night_ms - 2 * HOUR_MS, false), Some(300));
    }

    #[test]
    fn the_silence_of_the_night_is_not_held_against_the_morning() {
        let before_ms = FRIDAY_MS + 4 * HOUR_MS - HOUR_MS;
        assert_eq!(alarm_after(20, before_ms, false), Some(3_600 + 300 - 1));
    }

    #[test]
    fn a_delayed_feed_opens_and_closes_a_quarter_of_an_hour_later() {
        let evening_ms = FRIDAY_MS + 20 * HOUR_MS;
        assert_eq!(alarm_after(20, evening_ms, false), None);
        assert_eq!(alarm_after(20, evening_ms, true), Some(300));
        let open_ms = FRIDAY_MS + 9 * HOUR_MS + HOUR_MS / 2;
        assert_eq!(alarm_after(20, open_ms, false), Some(60));
        assert_eq!(alarm_after(20, open_ms + 300_000, true), Some(300));
    }

    #[test]
    fn the_clocks_change_and_the_market_opens_at_half_past_nine_of_the_new_time() {
        // Monday 2026-03-09, the day after the change: 09:30 is 13:30 UTC, not 14:30.
        let open_ms = 1_773_063_000_000;
        assert_eq!(alarm_after(20, open_ms, false), Some(60));
        assert_eq!(alarm_after(20, open_ms - 120_000, false), Some(120));
    }

    #[test]
    fn prices_end_a_silence_and_alarms_in_vain_grow_rare() {
        let mut watchdog = Watchdog::new(Calendar::parse(CALENDAR).unwrap(), 20, MINUTE);
        watchdog.begin(Duration::ZERO);
        let wall_ms = FRIDAY_MS + 10 * HOUR_MS;
        let mut alarms = Vec::new();
        for second in 1..=900_u64 {
            if second == 50 || second == 640 {
                watchdog.fed();
            }
            if watchdog.look(Duration::from_secs(second), wall_ms, false).is_some() {
                alarms.push(second);
            }
        }
        assert_eq!(alarms, [109, 229, 469, 699, 819]);
    }
}
