//! What goes to the page: the shapes of the JSON frames, with numbers rounded for the eye. Pure.
//!
//! Names are the wire's. A bar is a [`Row`] without names, because a snapshot has thousands of them;
//! everything else is named.

mod desk;

pub use desk::{
    AccountView, ControlView, DeskChange, DeskView, FeedView, TapeView, account, control, feed,
    mode,
};

use crate::{
    chart::Span,
    journal::{Marker, OrderView, number},
};
use proto::{Bar, Levels, OrderId, Position, Session, Suspect, Tick};
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the frames; a page of another version reloads.
pub const FRAMES: u8 = 2;

/// `[time_s, open, high, low, close, volume, vwap]`.
pub type Row = (i64, f64, f64, f64, f64, f64, f64);

/// The last price of a symbol.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quote {
    price: f64,
    bid: Option<f64>,
    ask: Option<f64>,
    size: f64,
    seq: u64,
    time_ms: i64,
    /// With a decimal: latencies are told by it.
    received_ms: f64,
    prev_close: Option<f64>,
    change: Option<f64>,
    change_percent: Option<f64>,
    session: Session,
    delayed: bool,
    /// The last time prices before a tick were missing, milliseconds since 1970 UTC.
    gap_ms: Option<i64>,
    digits: u8,
}

/// A price that is not to be believed yet: shown as held back, and never as the last one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldView {
    price: f64,
    reason: Suspect,
    time_ms: i64,
}

/// The prices at which the strategy means to act.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelsView {
    ema_fast: u32,
    ema_slow: u32,
    entry: Option<f64>,
    stop: Option<f64>,
    trailing: bool,
    take_profit: Option<f64>,
    leave_by_ms: Option<i64>,
}

/// A symbol's holding at the last price.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PositionView {
    quantity: f64,
    average_price: f64,
    realised: f64,
    unrealised: f64,
    total: f64,
    fees: f64,
    open_order: Option<OrderId>,
    unresolved: Option<OrderId>,
}

/// What changed of one symbol; what is absent has not.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct PaneView {
    /// Last price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// Forming bar; `null` when the minute is closed and the next has not begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forming: Option<Option<Row>>,
    /// Bars and markers sent before are void.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reset: bool,
    /// New and replaced closed bars.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bars: Vec<Row>,
    /// All stretches in which prices are known to be missing, `[from_ms, to_ms]`, oldest first: from
    /// the last price before to the first one after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gaps: Option<Vec<Span>>,
    /// New and completed markers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub markers: Vec<Marker>,
    /// Holding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionView>,
    /// A price held back; `null` when there is none any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Option<HeldView>>,
    /// The strategy's levels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<LevelsView>,
    /// New and changed orders, with their histories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<OrderView>,
    /// Refusals and rejections on the chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusals: Option<usize>,
}

impl PaneView {
    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One frame to the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame<'s> {
    /// The first on every socket.
    Hello {
        /// Version of the frames.
        frames: u8,
        /// Identity of this hub: numbers of another one mean nothing.
        session: &'s str,
        /// Fingerprint of the page that is served now.
        build: &'s str,
        /// The dashboard's number.
        dashboard: u32,
        /// The hub's time, milliseconds since 1970 UTC.
        now_ms: i64,
        /// The trading state can be set from this page.
        control: bool,
    },
    /// Everything, as of frame `seq`.
    Snapshot {
        /// Identity of the hub.
        session: &'s str,
        /// The frame it is as of.
        seq: u64,
        /// The hub's time.
        now_ms: i64,
        /// The symbols.
        symbols: BTreeMap<&'s str, PaneView>,
        /// The rest.
        #[serde(flatten)]
        desk: DeskChange,
    },
    /// What changed after frame `from_seq` up to `to_seq`.
    Delta {
        /// Identity of the hub.
        session: &'s str,
        /// The page must have at least this.
        from_seq: u64,
        /// The page has this afterwards.
        to_seq: u64,
        /// The hub's time.
        now_ms: i64,
        /// Symbols that changed.
        symbols: BTreeMap<&'s str, PaneView>,
        /// The rest that changed.
        #[serde(flatten)]
        desk: DeskChange,
    },
    /// The answer to a page's ping: the page learns how its clock stands to ours.
    Pong {
        /// The page's time when it asked, given back.
        sent_ms: f64,
        /// The hub's time, milliseconds since 1970 UTC.
        now_ms: f64,
    },
    /// Nothing changed for a second.
    Heartbeat {
        /// Identity of the hub.
        session: &'s str,
        /// The newest frame.
        seq: u64,
        /// The hub's time.
        now_ms: i64,
    },
}

/// Decimals of a price: cents, or finer for penny stocks.
pub fn digits(price: f64) -> u8 {
    if price < 1.0 { 4 } else { 2 }
}

/// Rounds for the screen.
pub fn round(value: f64, digits: u8) -> f64 {
    let scale = 10_f64.powi(i32::from(digits));
    (value * scale).round() / scale
}

/// The last price with its change from the previous close.
pub fn quote(tick: &Tick, prev_close: Option<f64>, gap_ms: Option<i64>, digits: u8) -> Quote {
    let price = |value: f64| round(value, digits);
    let change = prev_close.map(|close| tick.price - close);
    let percent = prev_close.map(|close| (tick.price - close) / close * 100.0);
    Quote {
        price: price(tick.price),
        bid: tick.bid.map(price),
        ask: tick.ask.map(price),
        size: round(tick.size, 2),
        seq: tick.seq,
        time_ms: tick.time_ms(),
        received_ms: tenths(tick.received_ns),
        prev_close: prev_close.map(price),
        change: change.map(price),
        change_percent: percent.map(|percent| round(percent, 2)),
        session: tick.session,
        delayed: tick.delayed,
        gap_ms,
        digits,
    }
}

/// Nanoseconds as milliseconds with one decimal.
pub fn tenths(ns: i64) -> f64 {
    ns.div_euclid(100_000) as f64 / 10.0
}

/// A price held back; `None` when the tick gives no reason to.
pub fn held(tick: &Tick, digits: u8) -> Option<HeldView> {
    let reason = tick.suspect?;
    Some(HeldView { price: round(tick.price, digits), reason, time_ms: tick.time_ms() })
}

/// The strategy's levels.
pub fn levels(levels: &Levels, digits: u8) -> LevelsView {
    // One decimal more than a price: a stop is worked out, not quoted.
    let price = |value: Option<f64>| value.map(|value| round(value, digits + 1));
    LevelsView {
        ema_fast: levels.ema_fast,
        ema_slow: levels.ema_slow,
        entry: price(levels.entry),
        stop: price(levels.stop),
        trailing: levels.trailing,
        take_profit: price(levels.take_profit),
        leave_by_ms: levels.leave_by_ms,
    }
}

/// A bar as a row.
pub fn row(bar: &Bar, digits: u8) -> Row {
    let price = |value: f64| round(value, digits);
    let time_s = bar.start_ms.div_euclid(1_000);
    (
        time_s,
        price(bar.open),
        price(bar.high),
        price(bar.low),
        price(bar.close),
        round(bar.volume, 2),
        round(bar.vwap, 4),
    )
}

/// A holding at `price`.
pub fn position(position: &Position, price: f64) -> PositionView {
    let quantity = number(position.quantity);
    let average_price = number(position.average_price);
    let realised = number(position.realised);
    let unrealised = quantity * (price - average_price);
    PositionView {
        quantity,
        average_price: round(average_price, 4),
        realised: round(realised, 2),
        unrealised: round(unrealised, 2),
        total: round(realised + unrealised, 2),
        fees: round(number(position.fees), 2),
        open_order: position.open_order.clone(),
        unresolved: position.unresolved.clone(),
    }
}
