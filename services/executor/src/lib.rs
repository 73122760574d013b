//! Consumes `intents.<SYMBOL>` (durable pull), ticks (stream `TICKS`), KV `control`, `feed`,
//! `progress`, and its own journal.
//! Publishes `orders.<SYMBOL>.<ID>` (the journal), KV `positions`, `account`, `progress`, and trips
//! KV `control`.
//!
//! An intent becomes an order in these steps; a crash between any two is repaired at the next start:
//! 1. hold the lease, be sure of it right before the broker is called;
//! 2. hold the intent against every rule ([`risk`]); a refusal is journaled by its name;
//! 3. claim: journal `submitting`, expecting that the order does not exist;
//! 4. call the broker once, never again ([`broker`]);
//! 5. journal what it said; what it did not say is `unknown` and freezes the symbol until
//!    [`reconcile`] settles it;
//! 6. fold every event into positions and cash ([`ledger`]).

pub mod broker;
mod config;
pub mod desk;
pub mod ledger;
pub mod orders;
pub mod reconcile;
pub mod risk;
mod service;
pub mod valuation;

#[cfg(test)]
mod test_support;

pub use config::{BrokerChoice, Config};
pub use service::Service;

use rust_decimal::{Decimal, prelude::FromPrimitive as _};

/// A price as money: dollars to four decimals. A price that is no number is worth nothing; the wire
/// refuses such ticks before they get here.
pub fn money(price: f64) -> Decimal {
    Decimal::from_f64(price).unwrap_or(Decimal::ZERO).round_dp(4)
}
