//! What a person watches on a panel: the account and the age of the prices, as gauges.

use proto::{Account, ClockKind, FeedStatus, TradingState};
use rust_decimal::prelude::ToPrimitive as _;

/// Shows the account and what the desk may do: 0 halted, 1 reducing, 2 active.
pub(super) fn show(account: &Account, trading: TradingState) {
    let trading = match trading {
        TradingState::Halted => 0.0,
        TradingState::Reducing => 1.0,
        TradingState::Active => 2.0,
    };
    metrics::gauge!("executor_trading_state").set(trading);
    metrics::gauge!("executor_open_orders").set(account.open_orders as f64);
    metrics::gauge!("executor_unresolved_orders").set(account.unresolved.len() as f64);
    metrics::gauge!("executor_warnings").set(account.warnings.len() as f64);
    for (name, value) in [
        ("executor_equity", account.equity),
        ("executor_exposure", account.exposure),
        ("executor_day_profit", account.day_profit),
    ] {
        metrics::gauge!(name).set(value.to_f64().unwrap_or(f64::NAN));
    }
}

/// Shows how old the last price is that orders are judged by; nothing on a tape, whose time is its
/// own.
pub(super) fn show_tape(feed: &FeedStatus, tape_ns: i64, now_ms: i64) {
    if feed.clock == ClockKind::Wall && tape_ns > 0 {
        let age_ms = now_ms - tape_ns.div_euclid(1_000_000);
        metrics::gauge!("executor_tick_age_seconds").set(age_ms as f64 / 1_000.0);
    }
}
