//! The fake's time: the wall's or one that stands still, either of them moved on by hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// The fake's time. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct FakeClock {
    wall: bool,
    offset_ms: Arc<AtomicI64>,
}

impl FakeClock {
    /// The wall clock.
    pub fn wall() -> Self {
        Self { wall: true, offset_ms: Arc::default() }
    }

    /// A clock that stands at `now_ms`, milliseconds since 1970 UTC, until it is moved.
    pub fn manual(now_ms: i64) -> Self {
        Self { wall: false, offset_ms: Arc::new(AtomicI64::new(now_ms)) }
    }

    /// Its time, milliseconds since 1970 UTC.
    pub fn now_ms(&self) -> i64 {
        let base = if self.wall { runtime::clock::now_ms() } else { 0 };
        base + self.offset_ms.load(Ordering::SeqCst)
    }

    /// Moves it on; a wall clock then runs ahead of the wall by that much.
    pub fn advance(&self, by: Duration) {
        self.offset_ms.fetch_add(millis(by), Ordering::SeqCst);
    }

    pub(in crate::trading212) fn is_wall(&self) -> bool {
        self.wall
    }
}

/// A duration in milliseconds, as times are kept.
pub(in crate::trading212) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}
