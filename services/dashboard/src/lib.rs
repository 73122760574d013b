//! Consumes `ticks.<SYMBOL>`, `bars.<SYMBOL>` and `orders.<SYMBOL>.*` of its own symbols, the streams
//! behind them for history, and KV `positions`, `levels`, `account`, `control`, `feed`.
//! Publishes frames to its pages over WebSocket, and on the bus nothing but its own lease; where it is
//! enabled, KV `control` as a person at a page has said, over a connection of its own.
//!
//! In the order a price travels: `sources` and `history` bring it from the bus, `service` gives
//! it to the `hub`, which keeps a `pane` per symbol (`chart`, `journal`) and the `sessions` around them; at the slot's `pace`
//! `desk` encodes one frame (`view`) for all pages, and each `socket` sends it as far as the
//! page's `credit` goes. `control` takes a person's word from a page to the bus. `slot` decides which dashboard this process is, `routes` serves its port.

pub mod config;
pub mod slot;

mod history;
mod service;
mod sources;

pub mod chart;
pub mod hub;
pub mod journal;
pub mod pane;
pub mod sessions;
pub mod stamp;
pub mod view;

mod credit;
mod csp;
mod desk;
mod pace;
mod socket;

mod control;
mod hosts;

mod assets;
mod pages;
mod routes;

pub use config::{Args, Config};

#[cfg(test)]
#[path = "../tests/fake/mod.rs"]
mod fake;
