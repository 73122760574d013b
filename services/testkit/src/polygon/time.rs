//! New York's times as people write them. Pure.

use jiff::{Timestamp, civil::DateTime};

/// `2026-11-20T10:00` in New York, or a time with its offset, as nanoseconds since 1970 UTC.
pub fn new_york(text: &str) -> Option<i64> {
    let local = || text.parse::<DateTime>().ok()?.in_tz("America/New_York").ok();
    let time = text.parse::<Timestamp>().ok().or_else(|| local().map(|zoned| zoned.timestamp()))?;
    i64::try_from(time.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_new_yorks_unless_it_says_otherwise() {
        let ten = Some(1_795_186_800_000_000_000);
        assert_eq!(new_york("2026-11-20T10:00"), ten);
        assert_eq!(new_york("2026-11-20T15:00:00Z"), ten);
        assert_eq!(new_york("2026-11-20T16:00:00+01:00"), ten);
        assert_eq!(new_york("yesterday"), None);
    }
}
