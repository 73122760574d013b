//! Consumes ticks (stream `TICKS`, in its order), bars (stream `BARS`, to warm up), KV `positions`,
//! `control` and `feed`.
//! Publishes intents on `intents.<SYMBOL>`, its levels in KV `levels` and its progress in KV
//! `progress`.
//!
//! The core is pure: [`engine`] decides, [`gate`] makes ticks wait for what is in flight. The shell
//! around it is [`service`].

pub mod config;
pub mod params;

pub mod indicator;
mod signals;

mod exits;
mod trader;

pub mod engine;
pub mod gate;

pub mod service;

pub use config::Config;
pub use engine::{MicroTradingStrategy, Strategy};
pub use service::Service;
