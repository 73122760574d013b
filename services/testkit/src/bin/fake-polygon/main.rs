//! `fake-polygon`: a Polygon (Massive) on this machine, to try the desk against without an account.

mod program;
mod switches;

use anyhow::Context as _;
use clap::Parser as _;
use program::Cli;
use runtime::{lifecycle::Lifecycle, telemetry};
use std::{process::ExitCode, time::Duration};
use testkit::polygon::Polygon;

fn main() -> ExitCode {
    telemetry::init("fake-polygon");
    runtime::block_on(run(Cli::parse()))
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::new(Duration::from_secs(2))?;
    let polygon = Polygon::start(cli.config()).await.context("listen")?;
    cli.begin(&polygon);
    cli.say(&polygon);
    lifecycle.run().await
}
