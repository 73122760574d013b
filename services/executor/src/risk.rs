//! Risk: what stands between an intent and the broker. Pure.
//!
//! [`check`] is the only maker of [`Approved`], and [`Approved`] the only thing a broker takes: an
//! unchecked order has the wrong type to be sent. Rules that bound what may be opened do not bind
//! exits: getting out must stay possible when a limit is reached.

mod rules;

use crate::valuation::{LastPrice, Worth};
use proto::{Intent, IntentKind, Position, Refusal, TradingState};
use rust_decimal::Decimal;
use std::time::Duration;

/// The limits, from `executor.toml`. None has a default: who trades must have chosen them.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Value of one order, dollars.
    pub max_order_value: Decimal,
    /// Value of one symbol's holding, dollars.
    pub max_position_value: Decimal,
    /// Value of all holdings and open buy orders, dollars.
    pub max_total_exposure: Decimal,
    /// Orders claimed within a minute.
    pub max_orders_per_minute: u32,
    /// Distance of the last price from the intent's, percent.
    pub price_collar_percent: f64,
    /// Age of the last tick.
    pub max_tick_age: Duration,
    /// Cash kept above an order's value for slippage and fees, percent of the value.
    pub cash_buffer_percent: Decimal,
    /// Loss since the trading day began, dollars.
    pub max_daily_loss: Decimal,
    /// Fall of equity from its peak, percent.
    pub max_drawdown_percent: Decimal,
    /// A limit is warned about when this much of it is used, percent.
    pub warn_at_percent: Decimal,
}

/// The desk at the moment of the decision.
#[derive(Debug, Clone)]
pub struct View {
    /// Now on the feed's clock, milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// What the desk may do.
    pub trading: TradingState,
    /// The regular session is open.
    pub session_open: bool,
    /// The symbol is on the wall.
    pub known: bool,
    /// The symbol's holding.
    pub position: Position,
    /// The symbol's last price.
    pub last: Option<LastPrice>,
    /// What everything is worth.
    pub worth: Worth,
    /// Cash not needed by open orders.
    pub free_cash: Decimal,
    /// What open buy orders will cost.
    pub reserved: Decimal,
    /// What others than this desk hold and have ordered in the account.
    pub foreign: Decimal,
    /// Account currency per dollar.
    pub rate: Decimal,
    /// Orders claimed within the last minute.
    pub recent_orders: usize,
}

/// An intent that passed every rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Approved(Intent);

impl Approved {
    /// The intent.
    pub fn intent(&self) -> &Intent {
        &self.0
    }
}

/// Holds an intent against every rule, the gravest first.
///
/// # Errors
/// The first rule that refuses, with the value and the limit in words.
pub fn check(intent: &Intent, view: &View, limits: &Limits) -> Result<Approved, Refusal> {
    let case = rules::Case { intent, view, limits };
    let binding = match intent.kind {
        IntentKind::Entry => rules::ALWAYS.iter().chain(&rules::ENTRIES),
        IntentKind::Exit => rules::ALWAYS.iter().chain(&rules::EXITS),
    };
    for (rule, broken) in binding {
        if let Some(message) = broken(&case) {
            return Err(Refusal { rule: *rule, message });
        }
    }
    Ok(Approved(intent.clone()))
}

/// Sentences on the limits that are nearly used up, or used up.
pub fn warnings(worth: &Worth, recent_orders: usize, limits: &Limits) -> Vec<String> {
    let loss = (-worth.day_profit).max(Decimal::ZERO);
    let orders = Decimal::from(recent_orders);
    let most_orders = Decimal::from(limits.max_orders_per_minute);
    let measured = [
        ("daily loss", loss, limits.max_daily_loss),
        ("drawdown percent", worth.drawdown_percent, limits.max_drawdown_percent),
        ("total exposure", worth.exposure, limits.max_total_exposure),
        ("orders per minute", orders, most_orders),
    ];
    let near = |(_, value, limit): &(&str, Decimal, Decimal)| {
        *value * Decimal::ONE_HUNDRED >= *limit * limits.warn_at_percent
    };
    let words = |(name, value, limit): (&str, Decimal, Decimal)| {
        format!("{name} is {} of {limit}", value.round_dp(2))
    };
    measured.into_iter().filter(near).map(words).collect()
}

/// Why the desk must stop opening positions by itself; `None` while losses are within limits.
pub fn tripped(worth: &Worth, limits: &Limits) -> Option<String> {
    rules::daily_loss(worth, limits).or_else(|| rules::drawdown(worth, limits))
}

#[cfg(test)]
mod tests;
