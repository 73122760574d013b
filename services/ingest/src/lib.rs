//! Consumes Polygon's snapshots, a tape, or the clock (the simulation); KV `progress`.
//! Publishes `ticks.<SYMBOL>`, `bars.<SYMBOL>` and KV `feed`.
//!
//! A [`source`] says what it sees, [`normalize`] makes numbered ticks of it, `market::BarFold` makes
//! bars of those, [`publish`] gets both onto the bus. [`service`] is the only place that waits.

mod config;
pub mod normalize;
pub mod publish;
pub mod resume;
mod service;
pub mod source;

pub use config::{Config, FILE, Feed};
pub use service::{Desk, serve};
