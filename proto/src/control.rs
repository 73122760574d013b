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
