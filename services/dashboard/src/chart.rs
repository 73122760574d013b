//! The bars of one symbol: history, live ticks and closed minutes joined into one line without holes
//! and without repeats. Pure: it never reads a clock or the bus.
//!
//! 1. Live ticks are drawn at once, history or not: prices never wait for `JetStream`.
//! 2. Ticks that come while history is being loaded are also kept; when it is there, the line is
//!    folded again from where it was whole: history first, then the kept ones, `seq` decides. Where
//!    ticks were missing again meanwhile, another load follows.
//! 3. A closed minute from the bus replaces our own fold of it; ours never replaces one of the bus.
//! 4. A tape that starts again, or another source, begins a new line ([`Chart::reset_at`]).

use crate::stamp::Stamped;
use market::{BarFold, MINUTE_MS};
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
    fold: BarFold,
    closed: BTreeMap<i64, Stamped<Closed>>,
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
    /// The fold as it was before the hole.
    before: BarFold,
    /// Live ticks since.
    kept: VecDeque<Tick>,
    /// Ticks are missing among those kept: what is being loaded may have been read before them.
    torn: bool,
}

impl Joining {
    fn after(before: BarFold) -> Self {
        Self { before, kept: VecDeque::new(), torn: false }
    }
}

impl Chart {
    /// An empty line, waiting for its history.
    pub fn new(symbol: Symbol) -> Self {
        let fold = BarFold::new(symbol.clone());
        let joining = Some(Joining::after(fold.clone()));
        let (closed_at, forming_at, reset_at) = (0, 0, 0);
        let closed = BTreeMap::new();
        Self { symbol, fold, closed, joining, source: None, closed_at, forming_at, reset_at }
    }

    /// Counts a live tick in. `true` when ticks are missing before it.
    pub fn tick(&mut self, tick: &Tick, stamp: u64) -> bool {
        self.begin_anew_if(tick.source, minute_of(tick), tick.seq, stamp);
        let missed = self.fold.last_seq() > 0 && tick.seq > self.fold.last_seq() + 1;
        let newly = missed && self.joining.is_none();
        if newly {
            self.joining = Some(Joining::after(self.fold.clone()));
        }
        if let Some(joining) = &mut self.joining {
            joining.torn |= missed && !newly;
            if joining.kept.len() == MAX_KEPT {
                joining.kept.pop_front();
            }
            joining.kept.push_back(tick.clone());
        }
        self.fold_in(tick, stamp);
        newly
    }

    /// Takes a closed minute from the bus: the truth about it.
    pub fn bar(&mut self, bar: Bar, stamp: u64) {
        self.begin_anew_if(bar.source, bar.start_ms, bar.seq, stamp);
        let start_ms = bar.start_ms;
        if self.fold.current().is_some_and(|forming| forming.start_ms == start_ms) {
            // The bus has closed the minute by the clock; ours is the same one.
            self.fold.close_if_over(start_ms + MINUTE_MS);
        }
        self.put(Closed { bar, published: true }, stamp);
    }

    /// Fills the hole: `bars` and `ticks` as the streams keep them, oldest first. Where ticks went
    /// missing while these were being read, gives since when they must be read once more,
    /// milliseconds since 1970 UTC by the clock of whoever received them.
    pub fn join(&mut self, bars: Vec<Bar>, ticks: &[Tick], stamp: u64) -> Option<i64> {
        let joining = self.joining.take();
        let mut joining = joining.unwrap_or_else(|| Joining::after(self.fold.clone()));
        let newest = bars.iter().map(|bar| bar.seq).max().unwrap_or(0);
        for bar in bars {
            self.begin_anew_if(bar.source, bar.start_ms, bar.seq, stamp);
            self.put(Closed { bar, published: true }, stamp);
        }
        if joining.before.current().is_none() {
            joining.before.skip_to(newest);
        }
        self.fold = joining.before;
        for tick in ticks {
            self.take_up(tick, stamp);
        }
        let again = joining.torn.then(|| Joining::after(self.fold.clone()));
        for tick in &joining.kept {
            self.take_up(tick, stamp);
        }
        self.forming_at = stamp;
        let since_ns = joining.kept.front()?.received_ns;
        self.joining = Some(Joining { kept: joining.kept, ..again? });
        Some(since_ns.div_euclid(1_000_000))
    }

    fn take_up(&mut self, tick: &Tick, stamp: u64) {
        self.begin_anew_if(tick.source, minute_of(tick), tick.seq, stamp);
        self.fold_in(tick, stamp);
    }

    /// A load is under way or wanted.
    pub fn is_joining(&self) -> bool {
        self.joining.is_some()
    }

    /// Declares that something may be missing, so that the next [`Chart::join`] fills it.
    pub fn doubt(&mut self) {
        let before = &self.fold;
        self.joining.get_or_insert_with(|| Joining::after(before.clone()));
    }

    /// `seq` of the last tick counted, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.fold.last_seq()
    }

    /// Forgets the numbering: the source counts from the beginning again.
    pub fn renumber(&mut self) {
        self.fold = BarFold::new(self.symbol.clone());
        self.joining = None;
    }

    /// The bar being formed; `None` when the bus has closed its minute already.
    pub fn forming(&self) -> Option<Bar> {
        let forming = self.fold.current()?;
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

    fn fold_in(&mut self, tick: &Tick, stamp: u64) {
        if let Some(bar) = self.fold.push(tick) {
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
            let mut fold = BarFold::new(self.symbol.clone());
            fold.skip_to(self.fold.last_seq());
            self.fold = fold;
            (self.closed_at, self.forming_at, self.reset_at) = (stamp, stamp, stamp);
        }
    }
}

fn minute_of(tick: &Tick) -> i64 {
    market::minute_start(tick.time_ms())
}

#[cfg(test)]
mod tests;
