//! Stretches of one symbol in which prices are known to be missing. Pure.
//!
//! A minute without a trade is no gap: only a source that says it was away, and numbers that no
//! stream has, make one. A gap is over when the bus has brought a bar for each of its minutes.

use market::{MINUTE_MS, minute_start};
use std::{collections::BTreeMap, ops::Range};

/// The most gaps told of a symbol; the oldest go first.
pub const MAX_GAPS: usize = 50;

/// From the last price before to the first one after, milliseconds since 1970 UTC.
pub type Span = (i64, i64);

/// The gaps of one symbol.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Where each begins, by where it ends: a line that is folded again finds the same ends.
    begins: BTreeMap<i64, i64>,
    /// When they last changed.
    at: u64,
}

impl Gaps {
    /// Notes a gap. One within a minute or two cannot be seen: both have a bar.
    pub(super) fn note(&mut self, (from_ms, to_ms): Span, stamp: u64) {
        if minutes((from_ms, to_ms)).is_empty() {
            return;
        }
        if self.begins.insert(to_ms, from_ms) != Some(from_ms) {
            self.at = stamp;
        }
        if self.begins.len() > MAX_GAPS {
            self.begins.pop_first();
        }
    }

    /// Drops those whose minutes are all `filled`, and those before the oldest bar.
    pub(super) fn settle(
        &mut self,
        filled: impl Fn(Range<i64>) -> bool,
        oldest_ms: Option<i64>,
        stamp: u64,
    ) {
        let before = self.begins.len();
        self.begins.retain(|to_ms, from_ms| {
            oldest_ms.is_none_or(|oldest_ms| *to_ms > oldest_ms)
                && !filled(minutes((*from_ms, *to_ms)))
        });
        if self.begins.len() < before {
            self.at = stamp;
        }
    }

    /// Forgets all: the line they were in is void.
    pub(super) fn clear(&mut self, stamp: u64) {
        if !self.begins.is_empty() {
            self.begins.clear();
            self.at = stamp;
        }
    }

    /// All, oldest first.
    pub(super) fn spans(&self) -> Vec<Span> {
        self.begins.iter().map(|(to_ms, from_ms)| (*from_ms, *to_ms)).collect()
    }

    /// When they last changed.
    pub(super) fn at(&self) -> u64 {
        self.at
    }
}

/// Starts of the minutes in which no price at all is there.
fn minutes((from_ms, to_ms): Span) -> Range<i64> {
    minute_start(from_ms) + MINUTE_MS..minute_start(to_ms)
}
