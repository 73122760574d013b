//! The fake Polygon against the vendor's ways, as they are documented or were recorded.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is wrong"
)]

mod bars;
mod client;
mod cycle;
mod daily;
mod faults;
mod handshake;
mod limits;
mod load;
mod plans;
mod program;
mod refusals;
mod snapshots;
mod status;
mod stream;
mod unified;
