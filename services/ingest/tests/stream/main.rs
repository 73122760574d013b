//! The stream against sockets: a small scripted server, and the fake Polygon.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is a test: whatever is not as expected fails it"
)]

mod data;
mod fake;
mod handshake;
mod loss;
mod server;
mod storm;
mod taker;
