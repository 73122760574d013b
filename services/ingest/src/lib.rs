//! Consumes Polygon, a tape, or the clock (the simulation); KV `progress`; `desk.ingest.replay`.
//! Publishes `ticks.<SYMBOL>`, `bars.<SYMBOL>` and KV `feed`.
//!
//! A [`source`] says what it sees, [`normalize`] makes numbered ticks of it, `market::BarFold` makes
//! bars of those, [`publish`] gets both onto the bus. [`service`] is the only place that waits. Beside
//! it stands [`record`], a process of its own, which writes what was published to files.

mod cli;
mod config;
pub mod normalize;
pub mod publish;
pub mod record;
pub mod resume;
pub mod run;
mod service;
pub mod source;

pub use cli::{Cli, Command};
pub use config::{Config, FILE, Feed, RecordConfig};
pub use service::{Desk, serve};
