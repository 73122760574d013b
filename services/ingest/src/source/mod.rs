//! Where prices come from: one trait, three sources.
//!
//! A source says what it has seen in its own order and nothing more: it never numbers, never
//! de-duplicates, never touches the bus.

pub mod conditions;
pub mod polygon;
pub mod replay;
pub mod sim;

use proto::{
    Bar, ClockKind, Entitlement, FeedState, PriceField, Source as Origin, Symbol, TapeProgress,
    Transport,
};
use replay::gate::Gate;

/// One price as a source gives it, before it is numbered.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    /// The symbol.
    pub symbol: Symbol,
    /// Dollars.
    pub price: f64,
    /// Shares; 0 when the source does not say.
    pub size: f64,
    /// When it happened, by the source: nanoseconds since 1970 UTC.
    pub time_ns: i64,
    /// Which field supplied the price.
    pub field: PriceField,
    /// The source is known to be behind the market.
    pub delayed: bool,
    /// Best bid, dollars.
    pub bid: Option<f64>,
    /// Best ask, dollars.
    pub ask: Option<f64>,
    /// Close of the previous session, dollars.
    pub prev_close: Option<f64>,
    /// Prices before this one are missing: the source was away.
    pub gap: bool,
    /// When the answer or the frame with it was had, nanoseconds since 1970 UTC, where it may have
    /// waited since; `None`: now.
    pub received_ns: Option<i64>,
}

/// What does not change while a source runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Its name on the wire.
    pub origin: Origin,
    /// Whose time decisions are taken in.
    pub clock: ClockKind,
    /// Expected time between two ticks of a symbol, milliseconds; 0 when it is irregular.
    pub interval_ms: u64,
    /// Tape seconds per wall second; 0 means as fast as the readers take it.
    pub speed: f64,
    /// How ticks are numbered, filtered and sent.
    pub handling: Handling,
    /// What makes two runs the same tape; `None` where a run cannot be resumed.
    pub tape: Option<String>,
}

/// How the ticks of a source are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// Simulated: always in session; stale when the bus is down, so dropped then.
    Simulated,
    /// Polled: the same price is seen again and again and counts once; dropped when the bus is down.
    Polled,
    /// Streamed: every trade is told once and like ones are different ones; dropped when the bus is
    /// down. A source that closes a gap with a snapshot marks its quotes (`Quote::gap`): the last
    /// trade may be among them, told again.
    Streamed,
    /// A tape: every row is one tick, none may be lost, the bus is waited for.
    Tape,
}

impl Handling {
    /// Prices of this very moment: what is late is worthless.
    pub fn is_live(self) -> bool {
        match self {
            Self::Polled | Self::Streamed => true,
            Self::Simulated | Self::Tape => false,
        }
    }
}

/// How a source is doing, in the words of the feed status.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Publishing, failing or done.
    pub state: FeedState,
    /// One sentence for people.
    pub detail: String,
    /// Symbols the source does not know.
    pub missing: Vec<Symbol>,
    /// How far the source is behind the market, milliseconds.
    pub delay_ms: u64,
    /// What the key of a live source may do, once that is known.
    pub entitlement: Option<Entitlement>,
    /// How a live source's prices are had.
    pub transport: Option<Transport>,
    /// How far a tape has come.
    pub tape: Option<TapeProgress>,
}

impl Condition {
    /// A condition with nothing missing and no delay.
    pub fn new(state: FeedState, detail: impl Into<String>) -> Self {
        Self {
            state,
            detail: detail.into(),
            missing: Vec::new(),
            delay_ms: 0,
            entitlement: None,
            transport: None,
            tape: None,
        }
    }
}

/// What a source has to say next.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Prices, in the order they are to be published.
    Quotes(Vec<Quote>),
    /// Closed minutes as the source itself adds them up: each replaces the one published before.
    Bars(Vec<Bar>),
    /// Its condition has changed. After `FeedState::Done` nothing follows.
    Condition(Condition),
}

/// What a source brings from before its first price.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Backfill {
    /// Closed bars, oldest first, symbol by symbol within a minute.
    pub bars: Vec<Bar>,
    /// Prices of the minute that is still forming: counted into its bar, not published again.
    pub forming: Vec<Quote>,
}

/// What earlier processes have published of the same source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The newest event time, nanoseconds since 1970 UTC.
    pub last_ns: Option<i64>,
    /// Ticks of the very run that is being resumed: a tape gives them again, at full speed.
    pub published: u64,
}

/// Where prices come from.
pub trait Source: Send {
    /// What does not change while it runs.
    fn describe(&self) -> Description;

    /// Where a person holds it up and lets it go; a tape has one.
    fn gate(&self) -> Option<Gate> {
        None
    }

    /// What it brings from before its first price, and the condition it starts in.
    ///
    /// # Errors
    /// One sentence for people: the source cannot be used as it is, and trying again is no use.
    fn prepare(
        &mut self,
        earlier: Earlier,
    ) -> impl Future<Output = Result<(Condition, Backfill), String>> + Send;

    /// Waits for what comes next. Safe to cancel: nothing is lost when the future is dropped.
    fn next(&mut self) -> impl Future<Output = Event> + Send;
}
