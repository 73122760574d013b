//! What ingest says about itself, and how far the readers of its ticks have come.

use crate::{codec::Message, market::Source, symbol::Symbol};
use serde::{Deserialize, Serialize};

/// Whose time decisions are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// The wall clock: a live source.
    Wall,
    /// The ticks' own time: `sim` and `replay`. Readers work through the stream in its order, so
    /// that the outcome does not depend on the speed.
    Tape,
}

/// What the feed is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    /// Loading history, probing the source.
    Starting,
    /// Publishing.
    Live,
    /// The source does not answer or refuses; `detail` says why.
    Failing,
    /// A tape has come to its end.
    Done,
}

/// What a key of the live service may do, by the plan it belongs to. Asked of the service at the
/// start, never configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entitlement {
    /// End-of-day prices only, five requests a minute.
    Free,
    /// Bars, 15 minutes behind.
    Starter,
    /// Trades and bars, 15 minutes behind.
    Developer,
    /// Quotes, trades and bars, in real time.
    Advanced,
    /// The same with a fair market value.
    Business,
}

/// How live prices are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// All symbols are asked for at an interval.
    Poll,
    /// The service sends what happens.
    Stream,
}

/// How far a tape has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TapeProgress {
    /// Rows replayed.
    pub rows: u64,
    /// Rows in all.
    pub of: u64,
    /// Time of the last row, nanoseconds since 1970 UTC; 0 before the first.
    pub time_ns: i64,
    /// It stands still until a person says otherwise.
    pub paused: bool,
}

/// The running feed. KV `feed`, key `status`; written by ingest, read by everyone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedStatus {
    /// Message version.
    pub v: u8,
    /// Identity of this run of ingest; changes when ingest restarts.
    pub run: String,
    /// The source.
    pub source: Source,
    /// Whose time decisions are taken in.
    pub clock: ClockKind,
    /// What the feed is doing.
    pub state: FeedState,
    /// One sentence for people: the file replayed, the plan of the key, the last failure.
    pub detail: String,
    /// The symbols served, in configuration order.
    pub symbols: Vec<Symbol>,
    /// Symbols asked for that the source does not know.
    #[serde(default)]
    pub missing: Vec<Symbol>,
    /// Sequence in stream `TICKS` before the first tick of this run.
    pub start_position: u64,
    /// Expected time between two ticks of a symbol, milliseconds; 0 when it is irregular.
    pub interval_ms: u64,
    /// Tape seconds per wall second; 0 means as fast as the readers take it.
    pub speed: f64,
    /// How far the source is behind the market by its plan, milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
    /// What the key of a live source may do, once that is known.
    #[serde(default)]
    pub entitlement: Option<Entitlement>,
    /// How a live source's prices are had.
    #[serde(default)]
    pub transport: Option<Transport>,
    /// How far a tape has come.
    #[serde(default)]
    pub tape: Option<TapeProgress>,
    /// When this record was written, milliseconds since 1970 UTC. Wall clock.
    pub at_ms: i64,
}

impl Message for FeedStatus {
    const NAME: &'static str = "feed status";
    fn version(&self) -> u8 {
        self.v
    }
}

/// How far a reader of `TICKS` has come. KV `progress`, key = service name.
///
/// On a tape clock the executor never advances past the strategy, and a replay never outruns either.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Message version.
    pub v: u8,
    /// The run of ingest it refers to.
    pub run: String,
    /// The last sequence in stream `TICKS` that has been taken and settled.
    pub position: u64,
    /// Time of that tick, nanoseconds since 1970 UTC.
    pub time_ns: i64,
}

impl Message for Progress {
    const NAME: &'static str = "progress";
    fn version(&self) -> u8 {
        self.v
    }
}
