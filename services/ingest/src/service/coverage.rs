//! The end of the calendar file, told before it comes: after it every moment counts as closed. Pure.

use market::Calendar;

/// How long before its end the calendar is spoken of.
const AHEAD_MS: i64 = 30 * 86_400_000;

/// How the calendar's file stands to the present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coverage {
    /// It covers this and the next 30 days.
    Good,
    /// It ends soon: the year that will be missing.
    Ending(String),
    /// It has ended, or has not begun.
    Missing(String),
}

impl Coverage {
    /// How `calendar` stands to `now_ms`.
    pub(super) fn of(calendar: &Calendar, now_ms: i64) -> Self {
        if let Err(outside) = calendar.covers(now_ms) {
            return Self::Missing(format!("{outside}; every price counts as outside the session"));
        }
        match calendar.covers(now_ms.saturating_add(AHEAD_MS)) {
            Err(outside) => Self::Ending(format!("within 30 days: {outside}")),
            Ok(()) => Self::Good,
        }
    }

    /// Whether sessions are known now, and the words for it.
    pub(super) fn told(&self) -> (bool, &str) {
        match self {
            Self::Good => (true, "the next 30 days are covered"),
            Self::Ending(words) => (true, words),
            Self::Missing(words) => (false, words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = include_str!("../../../../config/market_calendar.toml");
    /// 2029-01-01 00:00 New York.
    const END_MS: i64 = 1_861_938_000_000;

    #[test]
    fn the_calendars_end_is_told_30_days_before_and_from_then_on() {
        let calendar = Calendar::parse(CALENDAR).unwrap();
        let at = |now_ms| Coverage::of(&calendar, now_ms);
        assert_eq!(at(END_MS - AHEAD_MS - 1), Coverage::Good);
        let ending = at(END_MS - AHEAD_MS);
        assert_eq!(
            ending.told(),
            (
                true,
                "within 30 days: the market calendar covers 2013 to 2028, not 2029: add the year to \
                 its file"
            )
        );
        assert_eq!(at(END_MS - 1), ending);
        let missing = at(END_MS);
        assert!(!missing.told().0 && missing.told().1.contains("not 2029"), "{missing:?}");
    }
}
