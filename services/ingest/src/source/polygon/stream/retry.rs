//! How long to wait before the next connection.
//!
//! 1. Waits double from a second to a minute, shortened by chance; a connection that held for a while
//!    begins them anew.
//! 2. Where the server counts too many connections, somebody else uses the key, and every connection
//!    of ours costs him his: the wait is long, lengthened by chance, and doubles each time, so that
//!    two programs come to rest rather than evict each other for ever.

use super::{Timing, session::Pause};
use runtime::backoff::{Backoff, random_fraction};
use std::time::Duration;

/// A connection that outlasts this many of the longest cool-downs has the key to itself.
const UNDISPUTED: u32 = 2;

/// The waits of one stream.
#[derive(Debug)]
pub(super) struct Retry {
    usual: Backoff,
    stable: Duration,
    cool_down: Duration,
    cool_down_most: Duration,
    evictions: u32,
}

impl Retry {
    pub(super) fn new(timing: &Timing) -> Self {
        Self {
            usual: Backoff::new(timing.retry_first, timing.retry_most),
            stable: timing.stable,
            cool_down: timing.cool_down,
            cool_down_most: timing.cool_down_most,
            evictions: 0,
        }
    }

    /// The wait after a connection that was up for `up` and ended like this.
    pub(super) fn after(&mut self, up: Duration, pause: Pause) -> Duration {
        if up >= self.stable {
            self.usual.reset();
        }
        if up >= self.cool_down_most * UNDISPUTED {
            self.evictions = 0;
        }
        match pause {
            Pause::Usual => self.usual.next_delay(),
            Pause::CoolDown => {
                let doubled = self.cool_down.saturating_mul(1 << self.evictions.min(16));
                self.evictions = self.evictions.saturating_add(1);
                doubled.min(self.cool_down_most).mul_f64(1.0 + random_fraction())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_to_a_minute_and_begin_anew_only_after_a_stable_connection() {
        let mut retry = Retry::new(&Timing::default());
        let mut waits: Vec<_> = (0..12).map(|_| retry.after(SECOND * 9, Pause::Usual)).collect();
        assert!(waits[0] <= SECOND && waits[0] >= SECOND / 2, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= SECOND * 60), "{waits:?}");
        assert!(waits.pop().unwrap() >= SECOND * 30, "{waits:?}");
        assert!(retry.after(SECOND * 10, Pause::Usual) <= SECOND);
    }

    #[test]
    fn too_many_connections_cool_down_for_a_minute_and_longer_each_time() {
        let mut retry = Retry::new(&Timing::default());
        let mut most = Duration::ZERO;
        for (attempt, least) in [60, 120, 240, 480, 900, 900].into_iter().enumerate() {
            let wait = retry.after(SECOND * 100, Pause::CoolDown);
            assert!(wait >= SECOND * least && wait <= SECOND * least * 2, "{attempt}: {wait:?}");
            most = most.max(wait);
        }
        assert!(most >= SECOND * 900);
        let undisputed = retry.after(SECOND * 1800, Pause::CoolDown);
        assert!(undisputed <= SECOND * 120, "{undisputed:?}");
    }

    #[test]
    fn two_programs_with_one_key_do_not_wait_in_step() {
        let wait = || Retry::new(&Timing::default()).after(SECOND, Pause::CoolDown);
        let waits: std::collections::BTreeSet<_> = (0..20).map(|_| wait()).collect();
        assert!(waits.len() > 10, "{waits:?}");
    }
}
