//! The moments polls stand on: no drift, and not in step with other clients of the service.

use runtime::backoff::random_fraction;
use std::time::Duration;
use tokio::time::Instant;

/// A grid of moments, one interval apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    first: Instant,
    interval: Duration,
}

impl Grid {
    /// A grid whose first moment comes half an interval to a whole one after `now`, by chance: the
    /// first poll of all goes out at once.
    pub(super) fn begin(interval: Duration, now: Instant) -> Self {
        let interval = interval.max(Duration::from_millis(1));
        Self { first: now + interval.mul_f64(0.5 + random_fraction() / 2.0), interval }
    }

    /// The first moment after `now`.
    pub(super) fn after(&self, now: Instant) -> Instant {
        if now < self.first {
            return self.first;
        }
        let passed =
            now.saturating_duration_since(self.first).as_nanos() / self.interval.as_nanos();
        let next = self.interval.as_nanos().saturating_mul(passed + 1);
        self.first + Duration::from_nanos(u64::try_from(next).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_stand_an_interval_apart_however_long_an_answer_takes() {
        let first = Instant::now();
        let second = Duration::from_secs(1);
        let grid = Grid { first, interval: 30 * second };
        let after = |ms| grid.after(first + Duration::from_millis(ms));
        assert_eq!(after(0), first + 30 * second);
        assert_eq!(after(29_999), first + 30 * second);
        assert_eq!(after(30_000), first + 60 * second);
        assert_eq!(after(95_000), first + 120 * second);
    }

    #[test]
    fn the_second_poll_comes_within_one_interval_but_not_at_once() {
        let (now, interval) = (Instant::now(), Duration::from_secs(30));
        for _ in 0..50 {
            let wait = Grid::begin(interval, now).after(now) - now;
            assert!(wait >= interval / 2 && wait <= interval, "{wait:?}");
        }
    }
}
