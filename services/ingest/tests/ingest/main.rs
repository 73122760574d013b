//! Ingest against a real nats-server with the desk's real configuration.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "this is a test: whatever is not as expected fails it"
)]

mod desk;
mod outage;
mod polygon;
mod real_tape;
mod record;
mod refusal;
mod replay;
mod replay_files;
mod replay_orders;
mod sim;
mod warnings;
