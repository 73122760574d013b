//! Everything ingest says: ticks, bars and the feed status.
//!
//! 1. The feed status stands before the first tick of a run.
//! 2. Live ticks are dropped and counted while the bus is down: a stale price is worse than none.
//! 3. A tape's ticks are never dropped: see [`tape`].
//! 4. Bars are never lost in an outage of hours: see [`bars`].

pub mod bars;
pub mod joints;
pub mod status;
pub mod stored;
pub mod tape;

use metrics::{Counter, Gauge};
use proto::{Symbol, Tick, encode, subject};
use runtime::bus::Bus;
use std::collections::BTreeMap;
pub use tape::TapeWriter;

/// Where ticks go.
pub enum Ticks {
    /// At once or not at all.
    Live(LiveWriter),
    /// Stored, in order, none lost.
    Tape(TapeWriter),
}

/// Publishes ticks to whoever listens; the stream keeps what it hears.
pub struct LiveWriter {
    bus: Bus,
    lines: BTreeMap<Symbol, Line>,
    published: Counter,
    dropped: Counter,
}

/// What is looked up once for a symbol and not for each of its ticks.
struct Line {
    subject: String,
    last: Gauge,
}

impl Line {
    fn of(symbol: &Symbol) -> Self {
        let last = metrics::gauge!("ingest_last_tick_seconds", "symbol" => symbol.token());
        Self { subject: subject::tick(symbol), last }
    }
}

impl LiveWriter {
    /// A writer on `bus`.
    pub fn new(bus: Bus) -> Self {
        let published = metrics::counter!("ingest_ticks_total");
        let dropped = metrics::counter!("ingest_dropped_total", "reason" => "bus");
        Self { bus, lines: BTreeMap::new(), published, dropped }
    }

    async fn write(&mut self, tick: &Tick) {
        // A tick that cannot be written has been checked away before.
        let Ok(payload) = encode(tick) else { return };
        if !self.lines.contains_key(&tick.symbol) {
            self.lines.insert(tick.symbol.clone(), Line::of(&tick.symbol));
        }
        let Some(line) = self.lines.get(&tick.symbol) else { return };
        if self.bus.publish_now(line.subject.clone(), payload).await {
            self.published.increment(1);
            line.last.set(tick.received_ns as f64 / 1e9);
        } else {
            self.dropped.increment(1);
        }
    }
}

impl Ticks {
    /// Publishes `tick`. A tape waits for the bus and for the readers.
    pub async fn write(&mut self, tick: &Tick) {
        match self {
            Self::Live(live) => live.write(tick).await,
            Self::Tape(tape) => tape.write(tick).await,
        }
    }

    /// Waits until what was written is stored, where it is stored at all.
    pub async fn settle(&mut self) {
        match self {
            Self::Live(_) => {}
            Self::Tape(tape) => tape.settle().await,
        }
    }
}
