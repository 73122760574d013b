//! Quotes into ticks: checked, told apart from what was already published, numbered. Pure.
//!
//! 1. `seq` rises by one with each tick of a symbol and continues from the last one published.
//! 2. Each rule has a name, under which it is counted. What is dropped uses no number; what is
//!    suspect is published, so that people see it, and is believed by nobody (`Tick::suspect`).
//! 3. The first good price at a level that others have borne out carries `gap`: what came before
//!    cannot be compared with it. A gap that a source reports is kept until a good tick carries it.
//!
//! | rule               | looks for                                            | on               | then          |
//! |--------------------|------------------------------------------------------|------------------|---------------|
//! | `non_positive`     | a price that is no finite number above zero          | all              | dropped       |
//! | `time`             | an event outside 2000 to 2100, or ahead of our clock | all; live        | dropped       |
//! | `symbol`           | a symbol that is not configured                      | all              | dropped       |
//! | `out_of_order`     | an event older than the symbol's last                | live             | dropped       |
//! | `duplicate`        | what was published is said again                     | live             | dropped       |
//! | `crossed`          | a bid above the ask                                  | live, tape       | both left out |
//! | `absurd`           | a bid or an ask as far from the price as a jump      | live, tape       | it is left out|
//! | `outlier`          | a price far from the last good one of its session    | live, tape (opt.)| suspect       |
//! | `corporate_action` | a jump the size of a split, in a session or across   | live, tape (opt.)| suspect       |
//!
//! Live is polled and streamed. By choice a late trade's volume is lost with it: the source's own
//! minute bars, where there are any, put it right. Every row of a tape is one tick whatever the
//! rules say, and its trust is a function of its rows alone. Simulated prices are right by
//! construction. A previous close (`PriceField::PrevDay`) is neither judged nor a level to judge by.
//!
//! After a restart the last tick published is all that is known: a suspect one is no level, then the
//! source's previous close is, where it gives one.

mod quality;
mod rules;
mod trust;

pub use quality::Quality;
pub use trust::Turn;

use crate::source::{Handling, Quote};
use market::SessionClock;
use proto::{PriceField, Session, Source as Origin, Suspect, Symbol, Tick};
use rules::Before;
use std::collections::BTreeMap;
use trust::{Sample, Trust};

/// Why a quote is not a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfit {
    /// The price is zero, negative or no number.
    Price,
    /// The event time lies outside 2000 to 2100, or ahead of our clock.
    Time,
    /// The symbol is not configured.
    Symbol,
    /// The same has been published.
    Repeated,
    /// Something newer has been published.
    Older,
}

impl Unfit {
    /// Its name in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Price => "non_positive",
            Self::Time => "time",
            Self::Symbol => "symbol",
            Self::Repeated => "duplicate",
            Self::Older => "out_of_order",
        }
    }
}

/// What a rule found in a quote that is a tick all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The bid was above the ask.
    Crossed,
    /// The bid or the ask was far from the price.
    Absurd,
    /// The price is not to be believed yet.
    Price(Suspect),
}

impl Doubt {
    /// Its name in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Crossed => "crossed",
            Self::Absurd => "absurd",
            Self::Price(Suspect::Outlier) => "outlier",
            Self::Price(Suspect::CorporateAction) => "corporate_action",
        }
    }
}

/// A quote that became a tick.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// The tick.
    pub tick: Tick,
    /// What was found in it.
    pub doubts: Vec<Doubt>,
    /// What became of a suspicion.
    pub turn: Option<Turn>,
}

/// Turns quotes into numbered ticks.
#[derive(Debug)]
pub struct Normalizer {
    origin: Origin,
    handling: Handling,
    sessions: SessionClock,
    quality: Quality,
    lines: BTreeMap<Symbol, Line>,
}

/// How far a symbol has come.
#[derive(Debug, Clone, Default)]
struct Line {
    seq: u64,
    /// The last tick of this source.
    before: Option<Before>,
    trust: Trust,
    /// Prices are missing since the last good tick.
    gap: bool,
}

impl Line {
    /// The line of `tick`, the last one published before, as far as it tells of `origin`.
    fn after(tick: &Tick, origin: Origin, handling: Handling) -> Self {
        let line = Self { seq: tick.seq, ..Self::default() };
        // Another source's prices say nothing about this one's, and another run's not of a tape's.
        if tick.source != origin || !handling.is_live() {
            return line;
        }
        let Tick { price, size, time_ns, session, prev_close, .. } = *tick;
        let trust = if tick.field == PriceField::PrevDay {
            Trust::default()
        } else {
            Trust::after(Sample { price, time_ns, session, prev_close }, tick.suspect.is_some())
        };
        Self { before: Some(Before { time_ns, price, size }), trust, ..line }
    }
}

impl Normalizer {
    /// Numbers `symbols` on from their last published ticks.
    pub fn new(
        origin: Origin,
        handling: Handling,
        sessions: SessionClock,
        quality: Quality,
        last: &BTreeMap<Symbol, Option<Tick>>,
    ) -> Self {
        let line = |tick: &Tick| Line::after(tick, origin, handling);
        let lines = last
            .iter()
            .map(|(symbol, tick)| (symbol.clone(), tick.as_ref().map(line).unwrap_or_default()))
            .collect();
        Self { origin, handling, sessions, quality, lines }
    }

    /// Treats what comes from here on as `handling` says: a live source may change between polling
    /// and streaming.
    pub fn set_handling(&mut self, handling: Handling) {
        self.handling = handling;
    }

    /// The tick that `quote`, had at `received_ns`, becomes.
    ///
    /// # Errors
    /// Why it becomes none; no number is used up then.
    pub fn tick(&mut self, quote: Quote, received_ns: i64) -> Result<Passed, Unfit> {
        let mut passed = self.pass(quote, received_ns)?;
        if let Some(line) = self.lines.get_mut(&passed.tick.symbol) {
            line.seq += 1;
            passed.tick.seq = line.seq;
        }
        Ok(passed)
    }

    /// Learns from a quote that an earlier process has published: its tick, without a number of its
    /// own. `None` when it was none.
    pub fn pass_over(&mut self, quote: Quote) -> Option<Tick> {
        self.pass(quote, 0).ok().map(|passed| passed.tick)
    }

    fn pass(&mut self, mut quote: Quote, received_ns: i64) -> Result<Passed, Unfit> {
        if rules::is_no_price(&quote) {
            return Err(Unfit::Price);
        }
        let latest_ns = rules::latest_ns(self.handling, received_ns, &self.quality);
        if rules::is_no_time(&quote, latest_ns) {
            return Err(Unfit::Time);
        }
        let line = self.lines.get_mut(&quote.symbol).ok_or(Unfit::Symbol)?;
        if let Some(before) = line.before {
            if rules::is_repeated(self.handling, &quote, before) {
                return Err(Unfit::Repeated);
            }
            if rules::is_late(self.handling, &quote, before) {
                line.gap |= quote.gap;
                return Err(Unfit::Older);
            }
        }
        let Quote { time_ns, price, size, .. } = quote;
        line.before = Some(Before { time_ns, price, size });
        let session = self.sessions.session_at(time_ns.div_euclid(1_000_000));
        let mut doubts = Vec::new();
        if self.handling != Handling::Simulated {
            clean_sides(&mut quote, &self.quality, &mut doubts);
        }
        let judged = match self.handling {
            Handling::Simulated => false,
            Handling::Tape => self.quality.on_tapes,
            Handling::Polled | Handling::Streamed => true,
        };
        let mut judgement = trust::Judgement::default();
        if judged && quote.field != PriceField::PrevDay {
            let prev_close = known(quote.prev_close);
            let price = Sample { price, time_ns, session, prev_close };
            judgement = line.trust.judge(price, &self.quality);
        }
        doubts.extend(judgement.suspect.map(Doubt::Price));
        let gap = quote.gap || line.gap || judgement.broken;
        // A suspect tick joins nothing: the gap is still there for the first good one.
        line.gap = gap && judgement.suspect.is_some();
        let suspect = judgement.suspect;
        let bare = bare_tick(quote, self.origin, line.seq);
        let tick = Tick { received_ns, session, gap, suspect, ..bare };
        Ok(Passed { tick, doubts, turn: judgement.turn })
    }
}

/// Leaves out a bid and an ask that cannot be meant.
fn clean_sides(quote: &mut Quote, quality: &Quality, doubts: &mut Vec<Doubt>) {
    (quote.bid, quote.ask) = (known(quote.bid), known(quote.ask));
    if rules::is_crossed(quote) {
        (quote.bid, quote.ask) = (None, None);
        doubts.push(Doubt::Crossed);
    }
    for side in [&mut quote.bid, &mut quote.ask] {
        if rules::is_absurd(*side, quote.price, quality) {
            *side = None;
            doubts.push(Doubt::Absurd);
        }
    }
}

/// A price that is one.
fn known(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite() && *value > 0.0)
}

/// `quote` as a tick with its values made sense of; session and receive time are left open.
pub fn bare_tick(quote: Quote, origin: Origin, seq: u64) -> Tick {
    let size = if quote.size.is_finite() { quote.size.max(0.0) } else { 0.0 };
    Tick {
        v: proto::VERSION,
        seq,
        price: quote.price,
        size,
        time_ns: quote.time_ns,
        received_ns: 0,
        source: origin,
        field: quote.field,
        session: Session::Regular,
        delayed: quote.delayed,
        bid: known(quote.bid),
        ask: known(quote.ask),
        prev_close: known(quote.prev_close),
        gap: quote.gap,
        suspect: None,
        symbol: quote.symbol,
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
