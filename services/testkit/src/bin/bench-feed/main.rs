//! `bench-feed`: how much the feed bears on this machine: the real ingest and nats-server, release
//! builds, before a fake Polygon. Prints tables and judges nothing.

mod cli;
mod desk;
mod fake;
mod http;
mod poll;
mod print;
mod replay;
mod storm;
mod stream;
mod tally;
mod usage;

use clap::Parser as _;
use runtime::telemetry;
use std::process::ExitCode;

fn main() -> ExitCode {
    telemetry::init("bench-feed");
    runtime::block_on(cli::Cli::parse().run())
}
