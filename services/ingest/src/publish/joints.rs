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
    /// Remembers `bar`, which is about to be published or has been. One that was never ticks has
    /// nothing to remember.
    pub fn note(&mut self, bar: &Bar) {
        if bar.seq == 0 {
            return;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(start_ms: i64, seq: u64) -> Bar {
        Bar {
            v: proto::VERSION,
            symbol: Symbol::parse("A").unwrap(),
            start_ms,
            open: 1.0,
            high: 1.0,
            low: 1.0,
            close: 1.0,
            volume: 0.0,
            vwap: 1.0,
            count: 1,
            seq,
            source: proto::Source::Polygon,
        }
    }

    #[test]
    fn the_last_minutes_are_remembered_and_history_pushes_none_of_them_out() {
        let mut joints = Joints::default();
        let symbol = Symbol::parse("A").unwrap();
        joints.note(&bar(60_000, 7));
        for minute in 2..2_000 {
            joints.note(&bar(minute * 60_000, 0));
        }
        assert_eq!(joints.seq_of(&symbol, 60_000), 7);
        joints.note(&bar(60_000, 9));
        assert_eq!(joints.seq_of(&symbol, 60_000), 9);
        assert_eq!(joints.seq_of(&symbol, 120_000), 0);
        for minute in 2..=33 {
            joints.note(&bar(minute * 60_000, 10));
        }
        assert_eq!(joints.seq_of(&symbol, 60_000), 0, "no more than so many");
    }
}
