//! Calls a minute of the free plan: a rolling window by the fake's clock. Pure.

use std::collections::{BTreeMap, VecDeque};

const WINDOW_NS: i64 = 60_000_000_000;

/// The calls of every key within the last minute.
#[derive(Debug, Default)]
pub(super) struct Limiter(BTreeMap<String, VecDeque<i64>>);

impl Limiter {
    /// Whether one more call passes. A refused one counts where `refused_count`.
    pub(super) fn passes(
        &mut self,
        key: &str,
        most: u32,
        refused_count: bool,
        now_ns: i64,
    ) -> bool {
        let calls = self.0.entry(key.to_owned()).or_default();
        while calls.front().is_some_and(|call| *call <= now_ns - WINDOW_NS) {
            calls.pop_front();
        }
        let passes = calls.len() < usize::try_from(most).unwrap_or(usize::MAX);
        if passes || refused_count {
            calls.push_back(now_ns);
        }
        passes
    }
}
