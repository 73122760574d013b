//! How often somebody may try to set the trading state. Pure.

/// Tries at once.
const BURST: f64 = 8.0;
/// One more every so many milliseconds.
const EVERY_MS: f64 = 3_000.0;

/// A bucket of tries that fills again with time.
#[derive(Debug)]
pub(crate) struct Tries {
    left: f64,
    at_ms: i64,
}

impl Default for Tries {
    fn default() -> Self {
        Self { left: BURST, at_ms: 0 }
    }
}

impl Tries {
    /// Takes one at `now_ms`, if there is one.
    pub(crate) fn take(&mut self, now_ms: i64) -> bool {
        // A clock that was set back fills nothing.
        let passed = now_ms.saturating_sub(self.at_ms).max(0) as f64;
        self.left = (self.left + passed / EVERY_MS).min(BURST);
        self.at_ms = now_ms;
        let granted = self.left >= 1.0;
        self.left -= f64::from(u8::from(granted));
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_granted_and_then_one_at_a_time() {
        let mut tries = Tries::default();
        let granted = (0..20).filter(|_| tries.take(1_000_000)).count();
        assert_eq!(granted, 8);
        assert!(!tries.take(1_002_000));
        assert!(tries.take(1_003_500));
        assert!(!tries.take(1_003_600));
    }

    #[test]
    fn a_clock_that_is_set_back_grants_nothing() {
        let mut tries = Tries::default();
        while tries.take(1_000_000) {}
        assert!(!tries.take(0));
        assert!(!tries.take(1_000));
    }
}
