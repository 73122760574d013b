//! When the next frame goes out. Pure.
//!
//! After a rest a price goes out at once; the frame after it, an interval later and no sooner. What is
//! not urgent waits for a frame that goes out anyway, so that it does not stand in a price's way.

use std::time::Duration;

/// What is published together comes one by one: the first waits for the rest, for this part of an
/// interval.
const GATHERED: u32 = 32;
/// What is not urgent goes out after this time at the latest.
const PATIENCE: Duration = Duration::from_secs(1);

/// How soon something should be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Haste {
    /// With the next frame that can be sent.
    Prompt,
    /// With the next frame that is sent anyway.
    Idle,
}

/// The pace of one slot's frames. Times are counted from any one moment.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    /// No frame goes out before.
    open: Duration,
    /// By when there should be one; `None` while nothing has changed.
    wanted: Option<Duration>,
}

impl Pace {
    /// At most one frame per `interval`.
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, open: Duration::ZERO, wanted: None }
    }

    /// Something changed at `now`.
    pub(crate) fn want(&mut self, haste: Haste, now: Duration) {
        let by = now
            + match haste {
                Haste::Prompt => self.interval / GATHERED,
                Haste::Idle => PATIENCE,
            };
        self.wanted = Some(self.wanted.map_or(by, |wanted| wanted.min(by)));
    }

    /// When the next frame goes out; `None` while nothing has changed.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.wanted.map(|wanted| wanted.max(self.open))
    }

    /// A frame with everything in it went out at `now`.
    pub(crate) fn sent(&mut self, now: Duration) {
        self.open = now + self.interval;
        self.wanted = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(250);
    const GATHER: Duration = Duration::from_micros(7_812);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_price_after_a_rest_goes_out_with_those_that_come_with_it() {
        let mut pace = Pace::new(INTERVAL);
        assert_eq!(pace.due(), None, "nothing has changed");
        pace.want(Haste::Prompt, ms(1_000));
        pace.want(Haste::Prompt, ms(1_004));
        let due = pace.due().unwrap();
        assert!(ms(1_004) < due && due <= ms(1_000) + GATHER + ms(1), "{due:?}");
    }

    #[test]
    fn no_frame_goes_out_within_an_interval_of_the_one_before() {
        let mut pace = Pace::new(INTERVAL);
        let mut sent = Vec::new();
        for now in (0..4_000).map(ms) {
            pace.want(Haste::Prompt, now);
            if pace.due().is_some_and(|due| due <= now) {
                pace.sent(now);
                sent.push(now);
            }
        }
        assert!(sent.windows(2).all(|pair| matches!(pair, [a, b] if *a + INTERVAL <= *b)));
        assert_eq!(sent.len(), 16, "and none is left out");
    }

    #[test]
    fn what_is_not_urgent_stands_in_no_prices_way() {
        let mut pace = Pace::new(INTERVAL);
        pace.want(Haste::Idle, ms(800));
        assert_eq!(pace.due(), Some(ms(1_800)), "it goes out, if nothing else does");
        pace.want(Haste::Prompt, ms(1_000));
        assert!(pace.due().unwrap() < ms(1_010), "and with a price it goes out at once");
        pace.sent(ms(1_008));
        assert_eq!(pace.due(), None, "once");
    }
}
