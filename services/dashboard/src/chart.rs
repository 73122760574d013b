//! The bars of one symbol: history, live ticks and closed minutes joined into one line without holes
//! and without repeats. Pure: it never reads a clock or the bus.
//!
//! 1. Live ticks are drawn at once, history or not: prices never wait for `JetStream`.
//! 2. Ticks that come while history is being loaded are also kept; when it is there, the line is
//!    folded again from where it was whole: history first, then the kept ones, `seq` decides. Where
//!    ticks went missing after that load was asked for, another follows; what was missing before and
//!    is not in it is in no stream, and stays missing.
//! 3. A closed minute from the bus replaces our own fold of it; ours never replaces one of the bus.
//! 4. A tape that starts again, or another source, begins a new line ([`Chart::reset_at`]).

mod gaps;
mod line;

pub use gaps::{MAX_GAPS, Span};

use crate::stamp::Stamped;
use gaps::Gaps;
use line::Line;
use market::MINUTE_MS;
use proto::{Bar, Source, Symbol, Tick};
use std::collections::{BTreeMap, VecDeque};

/// The most closed bars kept of a symbol: what a chart can repaint several times a second.
pub const MAX_BARS: usize = 2_000;
/// The most ticks kept while history is being loaded. Beyond it the oldest go: `JetStream` has then been
/// away for so long that its own streams have the hole too.
const MAX_KEPT: usize = 50_000;

/// A closed bar.
#[derive(Debug, Clone, PartialEq)]
struct Closed {
    bar: Bar,
    /// It came from the bus; our own fold made it otherwise.
    published: bool,
}

/// The line of one symbol.
#[derive(Debug)]
pub struct Chart {
    symbol: Symbol,
    line: Line,
    closed: BTreeMap<i64, Stamped<Closed>>,
    gaps: Gaps,
    joining: Option<Joining>,
    source: Option<Source>,
    /// When closed bars last changed.
    closed_at: u64,
    /// When the forming bar last changed.
    forming_at: u64,
    /// When the line last began anew: bars sent before are void.
    reset_at: u64,
}

/// A hole that is being loaded.
#[derive(Debug)]
struct Joining {
    /// The line as it was before the hole.
    before: Line,
    /// Live ticks since.
    kept: VecDeque<Tick>,
}

impl Joining {
    fn after(before: Line) -> Self {
        Self { before, kept: VecDeque::new() }
    }
}

impl Chart {
    /// An empty line, waiting for its history.
    pub fn new(symbol: Symbol) -> Self {
        let line = Line::new(symbol.clone());
        Self {
            symbol,
            joining: Some(Joining::after(line.clone())),
            line,
            closed: BTreeMap::new(),
            gaps: Gaps::default(),
            source: None,
            closed_at: 0,
            forming_at: 0,
            reset_at: 0,
        }
    }

    /// Counts a live tick in. `true` when ticks are missing before it.
    pub fn tick(&mut self, tick: &Tick, stamp: u64) -> bool {
        self.begin_anew_if(tick.source, minute_of(tick), tick.seq, stamp);
        let newly = self.line.lacks_before(tick) && self.joining.is_none();
        if newly {
            self.joining = Some(Joining::after(self.line.clone()));
        }
        if let Some(joining) = &mut self.joining {
            if joining.kept.len() == MAX_KEPT {
                joining.kept.pop_front();
            }
            joining.kept.push_back(tick.clone());
        }
        // A hole may yet be loaded; what the source itself has missed is in no stream.
        self.fold_in(tick, tick.gap, stamp);
        newly
    }

    /// Takes a closed minute from the bus: the truth about it.
    pub fn bar(&mut self, bar: Bar, stamp: u64) {
        self.begin_anew_if(bar.source, bar.start_ms, bar.seq, stamp);
        let start_ms = bar.start_ms;
        if self.line.fold.current().is_some_and(|forming| forming.start_ms == start_ms) {
            // The bus has closed the minute by the clock; ours is the same one.
            self.line.fold.close_if_over(start_ms + MINUTE_MS);
        }
        self.put(Closed { bar, published: true }, stamp);
        self.settle_gaps(stamp);
    }

    /// Fills the hole: `bars` and `ticks` as the streams keep them, oldest first, read after the tick
    /// `heard` was heard live. Where ticks went missing after that one they must be read once more:
    /// gives since when, milliseconds since 1970 UTC by the clock of whoever received them, and
    /// `Some(None)` for all there are.
    pub fn join(
        &mut self,
        bars: Vec<Bar>,
        ticks: &[Tick],
        heard: u64,
        stamp: u64,
    ) -> Option<Option<i64>> {
        let joining = self.joining.take();
        let mut joining = joining.unwrap_or_else(|| Joining::after(self.line.clone()));
        let newest = bars.iter().map(|bar| bar.seq).max().unwrap_or(0);
        for bar in bars {
            self.begin_anew_if(bar.source, bar.start_ms, bar.seq, stamp);
            self.put(Closed { bar, published: true }, stamp);
        }
        if joining.before.fold.current().is_none() {
            let last = self.closed.last_key_value();
            joining.before.go_on_after(newest, last.map(|(start_ms, _)| *start_ms));
        }
        self.line = joining.before;
        // One that was heard need not be stored, and the other way round.
        let all = joining.kept.iter().chain(ticks).map(|tick| (tick.seq, tick));
        let all: BTreeMap<u64, &Tick> = all.collect();
        let read_to = ticks.iter().map(|tick| tick.seq).max().unwrap_or(0).max(heard);
        for (_, tick) in all.range(..=read_to) {
            self.take_up(tick, true, stamp);
        }
        let mut again = Joining::after(self.line.clone());
        let mut torn = false;
        for (_, tick) in all.range(read_to.saturating_add(1)..) {
            torn |= self.take_up(tick, false, stamp);
        }
        self.forming_at = stamp;
        self.settle_gaps(stamp);
        if !torn {
            return None;
        }
        again.kept = joining.kept;
        again.kept.retain(|tick| tick.seq > again.before.last_seq());
        let since_ms = again.before.received_ms();
        self.joining = Some(again);
        Some(since_ms)
    }

    /// `true` when ticks are missing before `tick` that may be in a stream; none are once `read`, which
    /// says that the stream was asked for them.
    fn take_up(&mut self, tick: &Tick, read: bool, stamp: u64) -> bool {
        self.begin_anew_if(tick.source, minute_of(tick), tick.seq, stamp);
        let lacking = self.line.lacks_before(tick);
        self.fold_in(tick, tick.gap || (lacking && read), stamp);
        lacking && !read
    }

    /// A load is under way or wanted.
    pub fn is_joining(&self) -> bool {
        self.joining.is_some()
    }

    /// Declares that something may be missing, so that the next [`Chart::join`] fills it. Gives since
    /// when it must be read, milliseconds since 1970 UTC; `None` for all there is.
    pub fn doubt(&mut self) -> Option<i64> {
        let before = &self.line;
        let joining = self.joining.get_or_insert_with(|| Joining::after(before.clone()));
        joining.before.received_ms()
    }

    /// `seq` of the last tick counted, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.line.last_seq()
    }

    /// Forgets the numbering: the source counts from the beginning again.
    pub fn renumber(&mut self) {
        self.line = Line::new(self.symbol.clone());
        self.joining = None;
    }

    /// The bar being formed; `None` when the bus has closed its minute already.
    pub fn forming(&self) -> Option<Bar> {
        let forming = self.line.fold.current()?;
        let last = self.closed.last_key_value();
        last.is_none_or(|(start_ms, _)| *start_ms < forming.start_ms).then_some(forming)
    }

    /// Closed bars that changed after `from`, oldest first; all of them when the line began anew.
    pub fn closed_since(&self, from: u64) -> Vec<&Bar> {
        let all = self.reset_at > from;
        if !all && self.closed_at <= from {
            return Vec::new();
        }
        let changed = self.closed.values().filter(|closed| all || closed.at > from);
        changed.map(|closed| &closed.value.bar).collect()
    }

    /// Stretches in which prices are known to be missing, oldest first.
    pub fn gaps(&self) -> Vec<Span> {
        self.gaps.spans()
    }

    /// When these last changed.
    pub fn gaps_at(&self) -> u64 {
        self.gaps.at()
    }

    /// When the forming bar last changed.
    pub fn forming_at(&self) -> u64 {
        self.forming_at
    }

    /// When the line last began anew.
    pub fn reset_at(&self) -> u64 {
        self.reset_at
    }

    /// Starts of the closed minutes, milliseconds since 1970 UTC.
    pub fn starts(&self) -> impl Iterator<Item = i64> + '_ {
        self.closed.keys().copied()
    }

    /// `missing`: prices between the tick before and this one are, for good.
    fn fold_in(&mut self, tick: &Tick, missing: bool, stamp: u64) {
        if missing && let Some(span) = self.line.up_to(tick) {
            self.gaps.note(span, stamp);
        }
        if let Some(bar) = self.line.push(tick) {
            self.put(Closed { bar, published: false }, stamp);
        }
        self.forming_at = stamp;
    }

    fn put(&mut self, closed: Closed, stamp: u64) {
        let start_ms = closed.bar.start_ms;
        if let Some(present) = self.closed.get(&start_ms) {
            let keep = present.value.published && !closed.published;
            if keep || present.value == closed {
                return;
            }
        }
        self.closed.insert(start_ms, Stamped { value: closed, at: stamp });
        // It may stand where, or after, the forming bar does, which is then not shown any more.
        (self.closed_at, self.forming_at) = (stamp, stamp);
        if self.closed.len() > MAX_BARS {
            self.closed.pop_first();
        }
    }

    /// Drops gaps that the bus has filled, and those older than all that is shown.
    fn settle_gaps(&mut self, stamp: u64) {
        let closed = &self.closed;
        let oldest_ms = closed.first_key_value().map(|(start_ms, _)| *start_ms);
        let filled = |minutes: std::ops::Range<i64>| {
            let wanted = (minutes.end - minutes.start).div_euclid(MINUTE_MS);
            let there = closed.range(minutes).filter(|(_, closed)| closed.value.published).count();
            i64::try_from(there).is_ok_and(|there| there >= wanted)
        };
        self.gaps.settle(filled, oldest_ms, stamp);
    }

    /// Begins a new line when the source is another one, or when a tape is back at an earlier minute.
    fn begin_anew_if(&mut self, source: Source, start_ms: i64, seq: u64, stamp: u64) {
        let other = self.source.is_some_and(|present| present != source);
        // A late print is a minute or two old; a tape that starts again is further back, and goes on
        // counting. What is loaded of a fast tape is further back too, and numbered lower.
        let back = source == Source::Replay
            && self.closed.last_key_value().is_some_and(|(newest_ms, newest)| {
                start_ms < newest_ms - 5 * MINUTE_MS && seq > newest.value.bar.seq
            });
        self.source = Some(source);
        if other || back {
            self.closed.clear();
            self.gaps.clear(stamp);
            let mut line = Line::new(self.symbol.clone());
            line.fold.skip_to(self.line.last_seq());
            self.line = line;
            (self.closed_at, self.forming_at, self.reset_at) = (stamp, stamp, stamp);
        }
    }
}

fn minute_of(tick: &Tick) -> i64 {
    market::minute_start(tick.time_ms())
}

#[cfg(test)]
mod tests;
