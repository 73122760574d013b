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

/// Shows how long ago ingest had the last price that orders are judged by; nothing on a tape, whose
/// time is its own.
pub(super) fn show_tape(feed: &FeedStatus, received_ns: i64, now_ms: i64) {
    if let Some(age) = tick_age_s(feed.clock, received_ns, now_ms) {
        metrics::gauge!("executor_tick_age_seconds").set(age);
    }
}

/// Seconds since ingest had a price. Not since it happened: on a delayed plan every price is a
/// quarter of an hour old by design, which wakes nobody.
fn tick_age_s(clock: ClockKind, received_ns: i64, now_ms: i64) -> Option<f64> {
    let wall = clock == ClockKind::Wall && received_ns > 0;
    wall.then(|| (now_ms - received_ns.div_euclid(1_000_000)) as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::tick;

    #[test]
    fn the_age_of_a_price_counts_from_when_it_came_not_from_when_it_happened() {
        let mut delayed = tick("AAPL", 1, 100.0);
        delayed.delayed = true;
        delayed.received_ns = delayed.time_ns + 15 * 60 * 1_000_000_000;
        let now_ms = delayed.received_ns / 1_000_000 + 1_500;
        let age = |clock, received_ns| tick_age_s(clock, received_ns, now_ms);
        assert_eq!(age(ClockKind::Wall, delayed.received_ns), Some(1.5));
        assert_eq!(age(ClockKind::Tape, delayed.received_ns), None);
        assert_eq!(age(ClockKind::Wall, 0), None, "no price yet");
    }
}
