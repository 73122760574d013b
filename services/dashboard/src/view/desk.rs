//! What a page is told of the desk as a whole: account, trading state, feed, sessions. Pure.

use super::round;
use crate::{journal::number, sessions::SessionsView};
use proto::{
    Account, BrokerMode, ClockKind, Control, Entitlement, FeedState, FeedStatus, OrderId, Rule,
    Source, Symbol, TapeProgress, TradingState, Transport,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The account in a few numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountView {
    mode: BrokerMode,
    currency: String,
    cash: f64,
    exposure: f64,
    realised: f64,
    unrealised: f64,
    equity: f64,
    day_profit: f64,
    open_orders: u64,
    unresolved: Vec<OrderId>,
    refusals: BTreeMap<Rule, u64>,
    warnings: Vec<String>,
    /// When the executor last wrote it, milliseconds since 1970 UTC: an old one is of a dead executor.
    at_ms: i64,
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
    entitlement: Option<Entitlement>,
    transport: Option<Transport>,
    tape: Option<TapeView>,
    missing: Vec<Symbol>,
    late_ms: u64,
    stale_ms: u64,
    /// The same for the newest price of all symbols.
    page_late_ms: u64,
    page_stale_ms: u64,
}

/// How far a tape has come.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TapeView {
    /// Rows replayed, of how many, in percent.
    percent: f64,
    rows: u64,
    of: u64,
    time_ms: i64,
    paused: bool,
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
    /// The sessions around what is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<SessionsView>,
}

/// The account.
pub fn account(account: &Account) -> AccountView {
    let money = |value| round(number(value), 2);
    AccountView {
        mode: account.mode,
        currency: account.currency.clone(),
        cash: money(account.cash),
        exposure: money(account.exposure),
        realised: money(account.realised),
        unrealised: money(account.unrealised),
        equity: money(account.equity),
        day_profit: money(account.day_profit),
        open_orders: account.open_orders,
        unresolved: account.unresolved.clone(),
        refusals: account.refusals.clone(),
        warnings: account.warnings.clone(),
        at_ms: account.at_ms,
    }
}

/// The trading state.
pub fn control(control: &Control) -> ControlView {
    let (by, why) = (control.by.clone(), control.why.clone());
    ControlView { state: control.state, by, why, at_ms: control.at_ms }
}

/// A price is late and stale no sooner than after this, milliseconds.
const SOONEST_MS: (u64, u64) = (3_000, 10_000);

/// The feed. A price is late after two missed ticks, stale after four, but no sooner than
/// [`SOONEST_MS`]. A stream sends every trade of every symbol: one symbol may be quiet for as long as a
/// poll would take, but not all of them.
pub fn feed(feed: &FeedStatus) -> FeedView {
    let late_ms = feed.interval_ms.saturating_mul(2).max(SOONEST_MS.0);
    let stale_ms = feed.interval_ms.saturating_mul(4).max(SOONEST_MS.1);
    let streamed = feed.transport == Some(Transport::Stream);
    let (page_late_ms, page_stale_ms) = if streamed { SOONEST_MS } else { (late_ms, stale_ms) };
    FeedView {
        source: feed.source,
        clock: feed.clock,
        state: feed.state,
        detail: feed.detail.clone(),
        speed: feed.speed,
        delay_ms: feed.delay_ms,
        entitlement: feed.entitlement,
        transport: feed.transport,
        tape: feed.tape.as_ref().map(tape),
        missing: feed.missing.clone(),
        late_ms,
        stale_ms,
        page_late_ms,
        page_stale_ms,
    }
}

fn tape(tape: &TapeProgress) -> TapeView {
    let (rows, of) = (tape.rows, tape.of);
    let percent = if of > 0 { round(rows as f64 * 100.0 / of as f64, 1) } else { 0.0 };
    TapeView { percent, rows, of, time_ms: tape.time_ns.div_euclid(1_000_000), paused: tape.paused }
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
