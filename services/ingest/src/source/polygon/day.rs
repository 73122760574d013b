//! Which close a price is that has no time of its own. The service's day begins at 03:30 in New York:
//! then `prevDay` becomes the session that has just finished. Pure.

use market::Calendar;

const DAY_MS: i64 = 86_400_000;
/// From midnight to the beginning of the service's day.
const RESET_MS: i64 = 3 * 3_600_000 + 1_800_000;
/// Days looked back: among so many there has been a session.
const MOST_DAYS: i64 = 14;

/// The last regular close at or before `now_ns`, nanoseconds since 1970 UTC. A calendar that does
/// not reach back far enough gives the moment a day ago: old, and no worse than that.
pub(super) fn last_close_ns(calendar: &Calendar, now_ns: i64) -> i64 {
    let moment_ms = now_ns.div_euclid(1_000_000);
    let close = |days_ago: i64| {
        let day = calendar.day(moment_ms - days_ago * DAY_MS).ok().flatten()?;
        Some(day.close_ms).filter(|close_ms| *close_ms <= moment_ms)
    };
    (0..MOST_DAYS).find_map(close).unwrap_or(moment_ms - DAY_MS) * 1_000_000
}

/// The close of the session before the service's running day, as [`last_close_ns`].
pub(super) fn previous_close_ns(calendar: &Calendar, now_ns: i64) -> i64 {
    let moment_ms = now_ns.div_euclid(1_000_000);
    // Clocks change on Sundays only, when it makes no difference.
    let running = calendar.date(moment_ms - RESET_MS);
    let close = |days_ago: i64| {
        let day = calendar.day(moment_ms - days_ago * DAY_MS).ok().flatten()?;
        running.is_some_and(|running| day.date < running).then_some(day.close_ms)
    };
    (0..MOST_DAYS).find_map(close).unwrap_or(moment_ms - DAY_MS) * 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = include_str!("../../../../../config/market_calendar.toml");
    const HOUR_MS: i64 = 3_600_000;
    /// Thursday 2026-11-19 16:00 in New York.
    const THURSDAY_MS: i64 = 1_795_122_000_000;
    const FRIDAY_MS: i64 = THURSDAY_MS + DAY_MS;

    #[test]
    fn the_last_close_is_the_one_before_a_weekend_and_on_a_half_day_at_one() {
        let calendar = Calendar::parse(CALENDAR).unwrap();
        let close = |now_ms: i64| last_close_ns(&calendar, now_ms * 1_000_000) / 1_000_000;
        // Sunday 2026-11-22 noon in New York: Friday 16:00.
        assert_eq!(close(1_795_366_800_000), FRIDAY_MS);
        // Friday 2026-11-27 14:00 in New York, the day after Thanksgiving: that day 13:00.
        assert_eq!(close(1_795_806_000_000), 1_795_802_400_000);
    }

    #[test]
    fn the_previous_close_stays_the_session_befores_until_half_past_three() {
        let calendar = Calendar::parse(CALENDAR).unwrap();
        let previous = |now_ms: i64| previous_close_ns(&calendar, now_ms * 1_000_000) / 1_000_000;
        // Friday 10:00, 16:00, 21:00, and Saturday 03:29 and 03:30.
        assert_eq!(previous(FRIDAY_MS - 6 * HOUR_MS), THURSDAY_MS);
        assert_eq!(previous(FRIDAY_MS), THURSDAY_MS);
        assert_eq!(previous(FRIDAY_MS + 5 * HOUR_MS), THURSDAY_MS);
        let reset_ms = FRIDAY_MS + 11 * HOUR_MS + HOUR_MS / 2;
        assert_eq!(previous(reset_ms - 1), THURSDAY_MS);
        assert_eq!(previous(reset_ms), FRIDAY_MS);
        // Sunday, and Monday 15:00.
        assert_eq!(previous(FRIDAY_MS + 2 * DAY_MS), FRIDAY_MS);
        assert_eq!(previous(FRIDAY_MS + 3 * DAY_MS - HOUR_MS), FRIDAY_MS);
        assert_eq!(previous(1), 1 - DAY_MS, "where the calendar does not reach");
    }
}
