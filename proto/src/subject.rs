//! Every subject and key, with who publishes it and who listens. Written nowhere else.

use crate::{intent::OrderId, symbol::Symbol};

/// All ticks. Published by ingest; strategy and executor read the stream, `nats sub` looks on.
pub const TICKS: &str = "ticks.*";
/// All bars. Published by ingest.
pub const BARS: &str = "bars.*";
/// All intents. Published by strategy, taken by the executor.
pub const INTENTS: &str = "intents.*";
/// All order events. Published by the executor; dashboards and audits listen.
pub const ORDERS: &str = "orders.*.*";

/// A person's word to a running tape, as text: `pause`, `resume`, `step 10`, `speed 60`, `speed max`.
/// A request: ingest answers in one line.
pub const REPLAY: &str = "desk.ingest.replay";
/// What an answer to [`REPLAY`] begins with when the word was not heeded; the reason follows.
pub const REPLAY_REFUSED: &str = "refused: ";

/// Ticks of one symbol: ingest -> the dashboard that shows it.
pub fn tick(symbol: &Symbol) -> String {
    format!("ticks.{}", symbol.token())
}

/// Bars of one symbol: ingest -> strategy (warm-up) and the dashboard that shows it.
pub fn bar(symbol: &Symbol) -> String {
    format!("bars.{}", symbol.token())
}

/// Intents of one symbol: strategy -> executor.
pub fn intent(symbol: &Symbol) -> String {
    format!("intents.{}", symbol.token())
}

/// Events of one order: executor -> the dashboard that shows the symbol.
pub fn order(symbol: &Symbol, id: &OrderId) -> String {
    format!("orders.{}.{}", symbol.token(), id.as_str())
}

/// Events of all orders of one symbol.
pub fn orders_of(symbol: &Symbol) -> String {
    format!("orders.{}.*", symbol.token())
}

/// Keys of the KV buckets.
pub mod key {
    use crate::{intent::OrderId, symbol::Symbol};

    /// KV `feed`: the running feed. ingest -> everyone.
    pub const FEED_STATUS: &str = "status";
    /// KV `account`: the whole account. executor -> dashboards, `desk status`.
    pub const ACCOUNT_SUMMARY: &str = "summary";
    /// KV `control`: the trading state. A person -> strategy, executor.
    pub const CONTROL_TRADING: &str = "trading";
    /// KV `control`: sell everything. A person -> executor, which erases it when done.
    pub const CONTROL_FLATTEN: &str = "flatten";
    /// KV `control`: the account that may be traded with real money. A person -> executor.
    pub const CONTROL_LIVE: &str = "live";
    /// KV `control`: all words on unresolved orders.
    pub const CONTROL_SETTLEMENTS: &str = "settle.*";
    /// KV `leases`: the one executor that may trade.
    pub const LEASE_EXECUTOR: &str = "executor";

    /// KV `positions`: one symbol's holding. executor -> strategy, dashboards.
    pub fn position(symbol: &Symbol) -> String {
        symbol.token()
    }

    /// KV `levels`: the strategy's levels for one symbol. strategy -> dashboards.
    pub fn levels(symbol: &Symbol) -> String {
        symbol.token()
    }

    /// KV `control`: a person's word on an unresolved order -> executor, which erases it when done.
    pub fn settlement(id: &OrderId) -> String {
        format!("settle.{}", id.as_str())
    }

    /// The order that a settlement's key names.
    ///
    /// # Errors
    /// A sentence, when the key names none.
    pub fn settled_order(key: &str) -> Result<OrderId, String> {
        OrderId::parse(key.strip_prefix("settle.").unwrap_or_default())
    }

    /// KV `progress`: how far a reader of ticks has come. strategy, executor -> ingest, executor.
    pub fn progress(service: &str) -> String {
        service.to_owned()
    }

    /// KV `leases`: a dashboard's slot.
    pub fn lease_dashboard(id: u32) -> String {
        format!("dashboard.{id}")
    }
}
