//! Times as the vendor writes them.

use jiff::{
    Timestamp,
    tz::{self, TimeZone},
};

/// `2026-08-10T13:30:01.000Z`
pub(crate) fn utc(time_ms: i64) -> String {
    write(time_ms, 0, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

/// `2026-08-10T16:30:01.000+03:00`, the clock of the vendor's servers.
pub(crate) fn server(time_ms: i64) -> String {
    write(time_ms, 3, "%Y-%m-%dT%H:%M:%S%.3f+03:00")
}

fn write(time_ms: i64, hours: i8, format: &str) -> String {
    let zone = TimeZone::fixed(tz::offset(hours));
    let time = Timestamp::from_millisecond(time_ms).unwrap_or_default();
    time.to_zoned(zone).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_both_ways() {
        let ms = 1_786_369_801_005;
        assert_eq!(utc(ms), "2026-08-10T13:50:01.005Z");
        assert_eq!(server(ms), "2026-08-10T16:50:01.005+03:00");
    }
}
