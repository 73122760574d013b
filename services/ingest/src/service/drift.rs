//! A clock that is behind the feed, known by live prices from its future. Pure.
//!
//! Such prices are dropped by the rule `time`; where nothing else comes, people must be told why.

/// Prices from the future in a row, without one that passes, from which on the clock is blamed.
const DROPS: usize = 20;
const SECOND_NS: i64 = 1_000_000_000;

/// Watches the prices of a live source.
#[derive(Debug, Default)]
pub(super) struct Drift {
    /// How far the dropped ones were ahead, nanoseconds.
    ahead_ns: Vec<i64>,
    /// What is said of it.
    words: Option<String>,
}

impl Drift {
    /// A price of `time_ns`, had at `received_ns`, was dropped for its time. True when that says, for
    /// the first time, that our clock is behind.
    pub(super) fn dropped(&mut self, time_ns: i64, received_ns: i64) -> bool {
        let ahead_ns = time_ns.saturating_sub(received_ns);
        // One in a wrong unit lies in the past.
        if ahead_ns <= 0 || self.words.is_some() {
            return false;
        }
        self.ahead_ns.push(ahead_ns);
        if self.ahead_ns.len() < DROPS {
            return false;
        }
        // The middle one: a single wild time tells nothing of the clock.
        self.ahead_ns.sort_unstable();
        let middle = self.ahead_ns.get(DROPS / 2).copied().unwrap_or_default();
        let seconds = middle / SECOND_NS;
        self.words = Some(format!(
            "this machine's clock is {seconds} s behind the feed: set it (NTP); until then no price \
             is taken"
        ));
        true
    }

    /// A price has passed. True when the clock was blamed until now.
    pub(super) fn passed(&mut self) -> bool {
        self.ahead_ns.clear();
        self.words.take().is_some()
    }

    /// What is said of the clock while it is behind.
    pub(super) fn words(&self) -> Option<&str> {
        self.words.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_618_800_000_000_000;

    #[test]
    fn twenty_prices_from_the_future_in_a_row_blame_the_clock_once_until_one_passes() {
        let mut drift = Drift::default();
        let ahead = |drift: &mut Drift| drift.dropped(NOW + 42 * SECOND_NS, NOW);
        for round in 0..2 {
            assert!(!drift.dropped(NOW / 1_000_000, NOW), "a wrong unit says nothing");
            assert!((1..DROPS).all(|_| !ahead(&mut drift)), "{round}");
            assert_eq!(drift.words(), None);
            assert!(ahead(&mut drift) && !ahead(&mut drift));
            let words = drift.words().unwrap();
            assert!(words.starts_with("this machine's clock is 42 s behind the feed"), "{words}");
            assert!(drift.passed() && !drift.passed());
            assert_eq!(drift.words(), None);
        }
    }

    #[test]
    fn a_price_that_passes_between_begins_the_count_anew() {
        let mut drift = Drift::default();
        for _ in 0..3 {
            assert!((1..DROPS).all(|_| !drift.dropped(NOW + 6 * SECOND_NS, NOW)));
            assert!(!drift.passed());
        }
    }

    #[test]
    fn one_wild_time_does_not_say_how_far_the_clock_is_behind() {
        let mut drift = Drift::default();
        drift.dropped(i64::MAX, NOW);
        assert!((1..DROPS).any(|_| drift.dropped(NOW + 9 * SECOND_NS, NOW)));
        assert!(drift.words().unwrap().contains("is 9 s behind"));
    }
}
