//! When a quote of a tape is due. Pure: moments are arguments, given as the time since the replay
//! began.
//!
//! Tape time runs `speed` times as fast as the wall clock. A gap of more than an hour (a night, a
//! weekend) is jumped: nobody watches an empty market at any speed.

use std::time::Duration;

/// The longest silence that is waited for, nanoseconds of tape time.
const LONGEST_GAP_NS: i64 = 3_600_000_000_000;

/// The pace of a replay.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Tape seconds per wall second; `None` does not wait.
    speed: Option<f64>,
    /// A moment of the wall clock and of the tape that belong together.
    anchor: Option<(Duration, i64)>,
    last_ns: i64,
    /// Quotes that are not waited for.
    skip: u64,
}

impl Pace {
    /// A pace of `speed` tape seconds per wall second.
    pub fn new(speed: Option<f64>) -> Self {
        Self { speed, anchor: None, last_ns: i64::MIN, skip: 0 }
    }

    /// Does not wait for the first `quotes` quotes.
    pub fn skip(&mut self, quotes: u64) {
        self.skip = quotes;
    }

    /// Goes on from the next quote at `speed`: what was waited for before counts no more.
    pub fn turn(&mut self, speed: Option<f64>) {
        (self.speed, self.anchor) = (speed, None);
    }

    /// Quotes that are still not waited for.
    pub fn skipping(&self) -> u64 {
        self.skip
    }

    /// When the quote at `time_ns` is due; `None` when it need not be waited for.
    pub fn due(&mut self, time_ns: i64, now: Duration) -> Option<Duration> {
        let speed = self.speed.filter(|_| self.skip == 0)?;
        let gap_ns = time_ns.saturating_sub(self.last_ns);
        let jumped = self.last_ns != i64::MIN && gap_ns > LONGEST_GAP_NS;
        let (moment, anchor_ns) = match self.anchor {
            Some(anchor) if !jumped => anchor,
            Some(_) | None => {
                self.last_ns = time_ns;
                *self.anchor.insert((now, time_ns))
            }
        };
        let ahead_ns = time_ns.saturating_sub(anchor_ns).max(0) as f64 / speed;
        Some(moment + Duration::from_nanos(ahead_ns as u64))
    }

    /// The quote at `time_ns` has been given out.
    pub fn passed(&mut self, time_ns: i64) {
        self.skip = self.skip.saturating_sub(1);
        self.last_ns = self.last_ns.max(time_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn tape_time_runs_at_its_speed_and_full_speed_never_waits() {
        let now = Duration::from_secs(100);
        let mut pace = Pace::new(Some(60.0));
        assert_eq!(pace.due(7 * SECOND, now), Some(now));
        pace.passed(7 * SECOND);
        assert_eq!(pace.due(67 * SECOND, now), Some(now + Duration::from_secs(1)));
        assert_eq!(pace.due(SECOND, now), Some(now), "a late report is due at once");
        assert_eq!(Pace::new(None).due(67 * SECOND, now), None);
    }

    #[test]
    fn after_a_turn_the_next_quote_is_due_at_once_and_the_rest_at_the_new_speed() {
        let (now, later) = (Duration::from_secs(100), Duration::from_secs(500));
        let mut pace = Pace::new(Some(1.0));
        assert_eq!(pace.due(SECOND, now), Some(now));
        pace.passed(SECOND);
        pace.turn(Some(2.0));
        assert_eq!(pace.due(9 * SECOND, later), Some(later));
        pace.passed(9 * SECOND);
        assert_eq!(pace.due(11 * SECOND, later), Some(later + Duration::from_secs(1)));
    }

    #[test]
    fn a_night_is_jumped() {
        let (now, night) = (Duration::from_secs(100), 17 * 3_600 * SECOND);
        let mut pace = Pace::new(Some(1.0));
        pace.due(0, now);
        pace.passed(0);
        let morning = now + Duration::from_secs(5);
        assert_eq!(pace.due(night, morning), Some(morning));
        pace.passed(night);
        assert_eq!(pace.due(night + SECOND, morning), Some(morning + Duration::from_secs(1)));
    }

    #[test]
    fn what_an_earlier_process_has_published_is_not_waited_for() {
        let now = Duration::from_secs(100);
        let mut pace = Pace::new(Some(1.0));
        pace.skip(2);
        for time_ns in [0, 9 * SECOND] {
            assert_eq!(pace.due(time_ns, now), None);
            pace.passed(time_ns);
        }
        assert_eq!(pace.due(10 * SECOND, now), Some(now), "the pace begins with the first new one");
    }
}
