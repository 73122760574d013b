//! The one place that asks the wall clock for the time.
//!
//! Pure code takes `now` as an argument; durations inside a process use `tokio::time::Instant`.

use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock: nanoseconds since 1970 UTC.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
pub fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// The wall clock: milliseconds since 1970 UTC.
pub fn now_ms() -> i64 {
    now_ns() / 1_000_000
}
