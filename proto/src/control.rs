//! What a person says to the desk (KV `control`), and who holds what (KV `leases`).

use crate::codec::Message;
use serde::{Deserialize, Serialize};

/// What the desk may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// Entries and exits.
    Active,
    /// Exits only.
    Reducing,
    /// Nothing is sent.
    Halted,
}

/// The desk's trading state, with who set it and why. KV `control`, key `trading`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Message version.
    pub v: u8,
    /// What the desk may do.
    pub state: TradingState,
    /// Who said so.
    pub by: String,
    /// Why.
    pub why: String,
    /// When, milliseconds since 1970 UTC. Wall clock.
    pub at_ms: i64,
}

impl Message for Control {
    const NAME: &'static str = "control";
    fn version(&self) -> u8 {
        self.v
    }
}

/// How a person settles an order whose fate the desk cannot find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The broker has it, under this name.
    Placed {
        /// The broker's name for it.
        broker_order_id: String,
    },
    /// It never reached the broker.
    Absent,
}

/// A person's word on an unresolved order. KV `control`, key `settle.<ORDER_ID>`; the executor
/// journals it and erases the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Message version.
    pub v: u8,
    /// What became of the order.
    pub verdict: Verdict,
    /// Who says so.
    pub by: String,
    /// How they know.
    pub why: String,
    /// When, milliseconds since 1970 UTC. Wall clock.
    pub at_ms: i64,
}

impl Message for Settlement {
    const NAME: &'static str = "settlement";
    fn version(&self) -> u8 {
        self.v
    }
}

/// A person's order to sell everything. KV `control`, key `flatten`; the executor journals a sale of
/// every holding and erases the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flatten {
    /// Message version.
    pub v: u8,
    /// [`Flatten::PHRASE`], so that nothing else is ever taken for it.
    pub phrase: String,
    /// Who says so.
    pub by: String,
    /// Why.
    pub why: String,
    /// When, milliseconds since 1970 UTC. Wall clock.
    pub at_ms: i64,
}

impl Flatten {
    /// What a person types to have everything sold.
    pub const PHRASE: &'static str = "sell everything";
}

impl Message for Flatten {
    const NAME: &'static str = "flatten";
    fn version(&self) -> u8 {
        self.v
    }
    fn check(&self) -> Result<(), String> {
        let right = self.phrase == Self::PHRASE;
        if right { Ok(()) } else { Err(format!("phrase must be {:?}", Self::PHRASE)) }
    }
}

/// A person's leave to trade one account with real money. KV `control`, key `live`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveArm {
    /// Message version.
    pub v: u8,
    /// The account at the broker that may be traded.
    pub account_id: String,
    /// Who says so.
    pub by: String,
    /// Why.
    pub why: String,
    /// When, milliseconds since 1970 UTC. Wall clock.
    pub at_ms: i64,
}

impl Message for LiveArm {
    const NAME: &'static str = "live arm";
    fn version(&self) -> u8 {
        self.v
    }
}

/// A claim on something only one process may do at a time. KV `leases`, gone 10 s after the last
/// renewal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Message version.
    pub v: u8,
    /// The process that holds it: service, host, process id and a random part.
    pub holder: String,
    /// Since when, milliseconds since 1970 UTC. Wall clock.
    pub since_ms: i64,
}

impl Message for Lease {
    const NAME: &'static str = "lease";
    fn version(&self) -> u8 {
        self.v
    }
}
