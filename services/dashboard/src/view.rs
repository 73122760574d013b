//! What goes to the page: the shapes of the JSON frames, with numbers rounded for the eye. Pure.
//!
//! Names are the wire's. A bar is a row `[time_s, open, high, low, close, volume]`, because a
//! snapshot has thousands of them; everything else is named.

use crate::journal::{Marker, OpenOrder, number};
use proto::{
    Account, Bar, BrokerMode, ClockKind, Control, FeedState, FeedStatus, OrderId, Position,
    Session, Source, Tick, TradingState,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the frames; a page of another version reloads.
pub const FRAMES: u8 = 1;

/// `[time_s, open, high, low, close, volume]`.
pub type Row = (i64, f64, f64, f64, f64, f64);

/// The last price of a symbol.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quote {
    price: f64,
    bid: Option<f64>,
    ask: Option<f64>,
    size: f64,
    seq: u64,
    time_ms: i64,
    received_ms: i64,
    change: Option<f64>,
    change_percent: Option<f64>,
    session: Session,
    delayed: bool,
    digits: u8,
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
    /// New and completed markers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub markers: Vec<Marker>,
    /// Holding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionView>,
    /// Unfinished orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<Vec<OpenOrder>>,
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

/// The account in a few numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountView {
    mode: BrokerMode,
    currency: String,
    cash: f64,
    exposure: f64,
    equity: f64,
    day_profit: f64,
    open_orders: u64,
    unresolved: Vec<OrderId>,
    refusals: u64,
    warnings: Vec<String>,
}

/// The trading state, with who set it and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlView {
    state: TradingState,
    by: String,
    why: String,
    at_ms: i64,
}

/// The feed, and from when on its prices count as late and stale.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedView {
    source: Source,
    clock: ClockKind,
    state: FeedState,
    detail: String,
    speed: f64,
    delay_ms: u64,
    late_ms: u64,
    stale_ms: u64,
}

/// What the dashboard itself has to say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeskView {
    /// The bus is connected.
    pub bus: bool,
    /// The history of every symbol is joined.
    pub history: bool,
    /// Whose money and whose prices, in one word.
    pub mode: &'static str,
}

/// Everything of the desk that is not of one symbol; what is absent has not changed.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct DeskChange {
    /// The dashboard itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desk: Option<DeskView>,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountView>,
    /// The trading state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlView>,
    /// The feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedView>,
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
pub fn quote(tick: &Tick, prev_close: Option<f64>, digits: u8) -> Quote {
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
        received_ms: tick.received_ns.div_euclid(1_000_000),
        change: change.map(price),
        change_percent: percent.map(|percent| round(percent, 2)),
        session: tick.session,
        delayed: tick.delayed,
        digits,
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

/// The account.
pub fn account(account: &Account) -> AccountView {
    let money = |value| round(number(value), 2);
    AccountView {
        mode: account.mode,
        currency: account.currency.clone(),
        cash: money(account.cash),
        exposure: money(account.exposure),
        equity: money(account.equity),
        day_profit: money(account.day_profit),
        open_orders: account.open_orders,
        unresolved: account.unresolved.clone(),
        refusals: account.refusals.values().sum(),
        warnings: account.warnings.clone(),
    }
}

/// The trading state.
pub fn control(control: &Control) -> ControlView {
    let (by, why) = (control.by.clone(), control.why.clone());
    ControlView { state: control.state, by, why, at_ms: control.at_ms }
}

/// The feed. A price is late after two missed ticks, stale after four, but never sooner than after
/// 3 and 10 seconds.
pub fn feed(feed: &FeedStatus) -> FeedView {
    FeedView {
        source: feed.source,
        clock: feed.clock,
        state: feed.state,
        detail: feed.detail.clone(),
        speed: feed.speed,
        delay_ms: feed.delay_ms,
        late_ms: feed.interval_ms.saturating_mul(2).max(3_000),
        stale_ms: feed.interval_ms.saturating_mul(4).max(10_000),
    }
}

/// Whose money and whose prices, in one word: real money and practice money first, then the feed.
pub fn mode(feed: Option<&FeedStatus>, account: Option<&Account>) -> &'static str {
    match (account.map(|account| account.mode), feed.map(|feed| feed.source)) {
        (Some(BrokerMode::Live), _) => "live",
        (Some(BrokerMode::Demo), _) => "demo",
        (_, Some(Source::Sim)) => "sim",
        (_, Some(Source::Replay)) => "replay",
        (Some(BrokerMode::Paper), Some(Source::Polygon)) => "paper",
        (_, Some(Source::Polygon) | None) => "unknown",
    }
}
