//! Which number the last tick of a published minute had. Pure.
//!
//! A bar of the source's own replaces ours and must carry the same number, because history and live
//! are joined by it.

use proto::{Bar, Symbol};
use std::collections::{BTreeMap, VecDeque};

/// Minutes remembered per symbol: a source corrects a minute for a quarter of an hour.
const REMEMBERED: usize = 32;

/// The last minutes of each symbol.
#[derive(Debug, Default)]
pub struct Joints(BTreeMap<Symbol, VecDeque<(i64, u64)>>);

impl Joints {
    /// Remembers `bar`, which is about to be published.
    pub fn note(&mut self, bar: &Bar) {
        let minutes = self.0.entry(bar.symbol.clone()).or_default();
        minutes.retain(|(start_ms, _)| *start_ms != bar.start_ms);
        if minutes.len() == REMEMBERED {
            minutes.pop_front();
        }
        minutes.push_back((bar.start_ms, bar.seq));
    }

    /// Number of the last tick in the minute that starts at `start_ms`; 0 when it had none here.
    pub fn seq_of(&self, symbol: &Symbol, start_ms: i64) -> u64 {
        let minutes = self.0.get(symbol).into_iter().flatten();
        minutes.filter(|(start, _)| *start == start_ms).map(|(_, seq)| *seq).next().unwrap_or(0)
    }
}
