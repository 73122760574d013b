//! A fake Polygon (Massive): its stock feed by REST and WebSocket, with plans, the daily cycle,
//! Go's way of writing numbers, and faults on demand.
//!
//! Invariants:
//! 1. What has not happened by the clock is not seen; a delayed plan sees it 15 minutes later.
//! 2. REST and sockets tell the same market: both are the fold of the same events.
//! 3. Nothing is invented between events: the same pushes and the same clock, the same answers.
//! 4. A refused request changes nothing but the count of requests.
//!
//! It never calls anything and knows nothing of the desk.

mod config;
mod cycle;
mod event;
mod json;
mod numbers;
mod plan;

mod book;
mod history;
mod market;

mod fault;
mod limiter;
mod rest;
mod socket;
mod world;

mod admin;
mod control;
mod generate;
mod server;
mod time;

pub use config::{Acks, Config, Listing, Surplus, Weekend};
pub use control::{Control, FaultBuilder};
pub use event::{Bar, Cluster, Quote, Trade};
pub use fault::{Fault, Page};
pub use generate::{Load, Walk};
pub use numbers::Numbers;
pub use plan::Plan;
pub use server::Polygon;
pub use socket::Received;
pub use time::new_york;
pub use world::{Auth, Seen};
