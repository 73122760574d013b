//! A fake Trading212: the public API of 2026 over real HTTP, with its traps, and faults on demand.
//!
//! Invariants:
//! 1. Money, orders and fills change in [`account`] only, and only as of a `now` it is given.
//! 2. A refused request changes nothing.
//! 3. Nothing happens by itself: what fell due is worked out when somebody asks, so that a manual
//!    clock makes every run the same. With a wall clock a heartbeat asks ten times a second.
//! 4. Numbers leave exactly as they are kept; no float is involved.
//!
//! It never calls anything and knows nothing of the desk.

mod config;
mod endpoint;
mod fault;
mod order;

mod server;
mod wire;

mod account;
mod market;
mod world;

mod admin;
mod control;

pub use account::{CashView, Position};
pub use admin::AdminError;
pub use config::{
    AccountConfig, ApiKey, Environment, FakeConfig, Limits, OrderTypes, Paging, Precision, Scope,
    Signs, Timing,
};
pub use control::{AppOrder, Control, FaultBuilder};
pub use endpoint::{Endpoint, Limit};
pub use fault::{Fault, Fired, RandomFaults};
pub use market::{
    clock::FakeClock,
    instruments::{Instrument, Tradable},
    prices::{PriceFeed, PriceSource},
    schedule::{Hours, MarketState},
};
pub use order::{Fill, Order, OrderKind, Origin, Status, TimeInForce};
pub use server::Fake;
pub use world::LoggedRequest;
