//! What the journal adds up to: KV `positions` and `account`, written by the executor only.
//!
//! A derived view. It can always be rebuilt from the journal and is, at every start of the executor.

use crate::{
    codec::Message,
    intent::OrderId,
    order::{BrokerMode, OrderState, Rule},
    symbol::Symbol,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the last order of a symbol ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The order.
    pub order_id: OrderId,
    /// Its final state.
    pub state: OrderState,
    /// `seq` of the tick at which it took effect, where a tick decided it.
    pub tick_seq: Option<u64>,
    /// When it took effect on the feed's clock, nanoseconds since 1970 UTC.
    pub time_ns: i64,
    /// The rule that refused it.
    #[serde(default)]
    pub rule: Option<Rule>,
}

/// One symbol's holding. KV `positions`, key = symbol token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Message version.
    pub v: u8,
    /// The symbol.
    pub symbol: Symbol,
    /// Shares held; 0 when flat.
    pub quantity: Decimal,
    /// Average price paid per held share, dollars; 0 when flat.
    pub average_price: Decimal,
    /// What the held shares cost before fees, account currency.
    #[serde(default)]
    pub cost: Decimal,
    /// Profit and loss of closed shares after fees, account currency.
    pub realised: Decimal,
    /// Fees paid, account currency.
    pub fees: Decimal,
    /// When the holding was opened on the feed's clock, nanoseconds since 1970 UTC; 0 when flat.
    pub opened_ns: i64,
    /// The order now open, if any.
    pub open_order: Option<OrderId>,
    /// The order that froze the symbol, if one is unresolved.
    #[serde(default)]
    pub unresolved: Option<OrderId>,
    /// How the last order ended.
    pub settled: Option<Settled>,
    /// The last sequence of stream `ORDERS` that is counted in.
    pub journal_seq: u64,
}

impl Position {
    /// No shares, no history.
    pub fn flat(symbol: Symbol) -> Self {
        Self {
            v: crate::VERSION,
            symbol,
            quantity: Decimal::ZERO,
            average_price: Decimal::ZERO,
            cost: Decimal::ZERO,
            realised: Decimal::ZERO,
            fees: Decimal::ZERO,
            opened_ns: 0,
            open_order: None,
            unresolved: None,
            settled: None,
            journal_seq: 0,
        }
    }
}

impl Message for Position {
    const NAME: &'static str = "position";
    fn version(&self) -> u8 {
        self.v
    }
}

/// The whole account. KV `account`, key `summary`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Message version.
    pub v: u8,
    /// Whose money it is.
    pub mode: BrokerMode,
    /// ISO code of the account's currency.
    pub currency: String,
    /// Free cash.
    pub cash: Decimal,
    /// Value of all positions at the last prices.
    pub exposure: Decimal,
    /// Cash plus exposure.
    pub equity: Decimal,
    /// Profit and loss of closed shares after fees, since the journal began.
    pub realised: Decimal,
    /// Profit and loss of held shares at the last prices.
    pub unrealised: Decimal,
    /// Change of equity since the trading day began.
    pub day_profit: Decimal,
    /// Equity when the trading day began.
    pub day_start_equity: Decimal,
    /// The trading day, New York date as `YYYY-MM-DD`.
    pub day: String,
    /// Highest equity so far.
    pub peak_equity: Decimal,
    /// The account at the broker; empty on paper.
    #[serde(default)]
    pub account_id: String,
    /// Value of what was bought and ordered there by others than this desk, account currency.
    #[serde(default)]
    pub foreign: Decimal,
    /// Orders the broker has and has not finished.
    pub open_orders: u64,
    /// Orders whose fate is not known, oldest first.
    pub unresolved: Vec<OrderId>,
    /// Refusals so far, by rule.
    pub refusals: BTreeMap<Rule, u64>,
    /// Sentences for people: a limit that is 60 % used, a broker that does not answer.
    pub warnings: Vec<String>,
    /// The last sequence of stream `ORDERS` that is counted in.
    pub journal_seq: u64,
    /// The executor that wrote it.
    pub writer: String,
    /// When it was written, milliseconds since 1970 UTC. Wall clock.
    pub at_ms: i64,
}

impl Message for Account {
    const NAME: &'static str = "account";
    fn version(&self) -> u8 {
        self.v
    }
}
