//! The one place that asks the wall clock for the time.
//!
//! Pure code takes `now` as an argument; durations inside a process use `tokio::time::Instant`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

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

/// A clock that is handed to whoever must also work at another time than now: the wall's, or one
/// that its owner sets.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The wall clock.
    pub fn wall() -> Self {
        Self(None)
    }

    /// A clock that stands at `now_ns`, nanoseconds since 1970 UTC, until it is [`set`](Self::set).
    /// Its clones show the same time.
    pub fn standing_at(now_ns: i64) -> Self {
        Self(Some(Arc::new(AtomicI64::new(now_ns))))
    }

    /// Nanoseconds since 1970 UTC.
    pub fn now_ns(&self) -> i64 {
        self.0.as_ref().map_or_else(now_ns, |standing| standing.load(Ordering::SeqCst))
    }

    /// Milliseconds since 1970 UTC.
    pub fn now_ms(&self) -> i64 {
        self.now_ns().div_euclid(1_000_000)
    }

    /// Puts a standing clock to `now_ns`; the wall clock stays what it is.
    pub fn set(&self, now_ns: i64) {
        if let Some(standing) = &self.0 {
            standing.store(now_ns, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_shows_what_it_was_set_to_in_all_its_clones() {
        let clock = Clock::standing_at(5_000_000);
        let clone = clock.clone();
        clock.set(7_000_000);
        assert_eq!((clone.now_ns(), clone.now_ms()), (7_000_000, 7));
        let wall = Clock::wall();
        wall.set(1);
        assert!(wall.now_ns() > 1_000_000_000_000_000_000);
    }
}
