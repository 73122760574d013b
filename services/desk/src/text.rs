//! Numbers, times and words as a person reads them. Pure.

use jiff::{Timestamp, tz::TimeZone};
use proto::Decimal;
use serde::Serialize;

/// A count, `1,234,567`.
pub(crate) fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// Money, `-1,234.50`.
pub(crate) fn money(value: Decimal) -> String {
    grouped(&format!("{:.2}", value.round_dp(2)))
}

/// A gain or a loss, `+1,234.50`.
pub(crate) fn gain(value: Decimal) -> String {
    let rounded = value.round_dp(2);
    let sign = if rounded.is_sign_positive() && !rounded.is_zero() { "+" } else { "" };
    format!("{sign}{}", money(value))
}

/// A price with its own places, but two at least, `261.0125`.
pub(crate) fn price(value: Decimal) -> String {
    let value = value.round_dp(4).normalize();
    let places = usize::try_from(value.scale()).unwrap_or(4).max(2);
    grouped(&format!("{value:.places$}"))
}

/// A comma before every third digit left of the point.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    let digits = whole.trim_start_matches('-');
    let mut text = if whole.starts_with('-') { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if rest.is_empty() { text } else { format!("{text}.{rest}") }
}

/// The time between two moments in the unit that says enough, `12 min`.
pub(crate) fn span(from_ms: i64, to_ms: i64) -> String {
    let seconds = to_ms.saturating_sub(from_ms).max(0) / 1_000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A moment in New York, with its date unless that is also `now`'s: `10:30:00 ET`.
pub(crate) fn moment(at_ms: i64, now_ms: i64) -> String {
    let new_york = |ms| {
        let zone = TimeZone::get("America/New_York").ok()?;
        Some(Timestamp::from_millisecond(ms).ok()?.to_zoned(zone))
    };
    let Some(at) = new_york(at_ms) else {
        return format!("{at_ms} ms");
    };
    let today = new_york(now_ms).is_some_and(|now| now.date() == at.date());
    let format = if today { "%H:%M:%S ET" } else { "%Y-%m-%d %H:%M:%S ET" };
    at.strftime(format).to_string()
}

/// What an enum is on the wire.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    let word = serde_json::to_value(value).ok();
    word.as_ref().and_then(serde_json::Value::as_str).unwrap_or("?").to_owned()
}

/// Somebody else's words, on one line: nothing in them can move the terminal's cursor.
pub(crate) fn words(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_grouped_by_thousands_and_keep_their_sign() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_400_000), "1,400,000");
        assert_eq!(money(decimal("-1234.5")), "-1,234.50");
        assert_eq!(money(decimal("-123.456")), "-123.46");
        assert_eq!(price(decimal("261.0125")), "261.0125");
        assert_eq!(price(decimal("1000")), "1,000.00");
    }

    #[test]
    fn a_gain_has_a_plus_and_nothing_has_no_sign() {
        assert_eq!(gain(decimal("2.94")), "+2.94");
        assert_eq!(gain(decimal("-2.94")), "-2.94");
        assert_eq!(gain(decimal("0.00")), "0.00");
        assert_eq!(gain(decimal("0.001")), "0.00");
    }

    #[test]
    fn a_span_is_told_in_the_unit_that_says_enough() {
        let spans =
            [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 days")];
        for (seconds, text) in spans {
            assert_eq!(span(0, seconds * 1_000), text);
        }
        assert_eq!(span(5_000, 0), "0 s");
    }

    #[test]
    fn a_moment_is_new_york_time_and_has_its_date_on_another_day() {
        let at = 1_772_811_000_000;
        assert_eq!(moment(at, at), "10:30:00 ET");
        assert_eq!(moment(at, at + 86_400_000), "2026-03-06 10:30:00 ET");
    }

    #[test]
    fn foreign_words_cannot_move_the_cursor() {
        assert_eq!(words("a\u{1b}[2Jb\nc"), "a [2Jb c");
    }
}
