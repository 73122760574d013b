//! How long to wait before trying again: doubling, capped, with jitter. Used by every retry.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

/// Waiting times that double from `first` to `most`, each shortened by up to half at random so that
/// many clients of one server do not come back in step.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    attempt: u32,
}

impl Backoff {
    /// Starts at `first`, never waits longer than `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, attempt: 0 }
    }

    /// The next waiting time.
    pub fn next_delay(&mut self) -> Duration {
        let delay = delay(self.attempt, self.first, self.most);
        self.attempt = self.attempt.saturating_add(1);
        delay
    }

    /// Begins anew after a success.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }

    /// Waits for the next waiting time.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_delay()).await;
    }
}

/// The waiting time before attempt number `attempt` (from 0).
pub fn delay(attempt: u32, first: Duration, most: Duration) -> Duration {
    let whole = first.saturating_mul(1_u32.checked_shl(attempt.min(20)).unwrap_or(1)).min(most);
    whole.mul_f64(0.5 + random_fraction() / 2.0)
}

/// A random number in 0..1; `RandomState` is seeded by the operating system.
pub fn random_fraction() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_cap_and_never_pass_it() {
        let (first, most) = (Duration::from_millis(10), Duration::from_secs(1));
        for attempt in 0..40 {
            let waited = delay(attempt, first, most);
            assert!(waited >= first / 2 && waited <= most, "{attempt}: {waited:?}");
        }
        assert!(delay(30, first, most) >= most / 2);
    }
}
