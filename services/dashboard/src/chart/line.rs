//! The fold of one symbol's ticks, with what it takes to name what is missing between two of them.
//! Pure.

use super::gaps::Span;
use market::{BarFold, MINUTE_MS};
use proto::{Bar, PriceField, Symbol, Tick};

/// A fold and its last tick.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) fold: BarFold,
    /// The time of the newest tick counted, milliseconds since 1970 UTC by its source.
    time_ms: Option<i64>,
    /// When the last tick counted was received, nanoseconds since 1970 UTC.
    received_ns: Option<i64>,
}

impl Line {
    /// An empty one.
    pub(super) fn new(symbol: Symbol) -> Self {
        Self { fold: BarFold::new(symbol), time_ms: None, received_ns: None }
    }

    /// `seq` of the last tick counted, 0 before the first.
    pub(super) fn last_seq(&self) -> u64 {
        self.fold.last_seq()
    }

    /// When the last tick counted was received, milliseconds since 1970 UTC.
    pub(super) fn received_ms(&self) -> Option<i64> {
        self.received_ns.map(|received_ns| received_ns.div_euclid(1_000_000))
    }

    /// Ticks are missing between the last one counted and `tick`.
    pub(super) fn lacks_before(&self, tick: &Tick) -> bool {
        self.last_seq() > 0 && tick.seq > self.last_seq() + 1
    }

    /// From the last tick counted to `tick`; `None` when `tick` is not later than it, or none was.
    pub(super) fn up_to(&self, tick: &Tick) -> Option<Span> {
        let (from_ms, to_ms) = (self.time_ms?, tick.time_ms());
        let next = tick.seq > self.last_seq() && from_ms < to_ms;
        next.then_some((from_ms, to_ms))
    }

    /// Counts `tick` in; gives the bar that it closed.
    pub(super) fn push(&mut self, tick: &Tick) -> Option<Bar> {
        if tick.seq > self.last_seq() {
            self.received_ns = Some(tick.received_ns);
            // The close of the day before is nobody's last price: it happened long ago.
            if tick.field != PriceField::PrevDay {
                self.time_ms = self.time_ms.max(Some(tick.time_ms()));
            }
        }
        self.fold.push(tick)
    }

    /// Goes on after closed minutes: the last tick in them was `seq`, the last minute began at
    /// `start_ms`.
    pub(super) fn go_on_after(&mut self, seq: u64, start_ms: Option<i64>) {
        self.fold.skip_to(seq);
        self.time_ms = self.time_ms.max(start_ms.map(|start_ms| start_ms + MINUTE_MS - 1));
    }
}
