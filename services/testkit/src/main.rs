//! `fake-trading212`: a Trading212 on this machine, to try the desk against without an account.
//!
//! It fills at the desk's own prices where it is told the bus (`--nats`), which is what makes profit
//! and loss on the pages plausible. Else prices walk, by a seed, within 3 % of the base prices of the
//! simulation's configuration; any price can be set by `POST /_fake/price` and then stands still.

mod program;
mod ticks;

use anyhow::Context as _;
use clap::Parser as _;
use program::Cli;
use runtime::{lifecycle::Lifecycle, telemetry};
use std::{process::ExitCode, time::Duration};
use testkit::trading212::{Fake, RandomFaults};

fn main() -> ExitCode {
    telemetry::init("fake-trading212");
    runtime::block_on(run(Cli::parse()))
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::new(Duration::from_secs(2))?;
    let fake =
        Fake::start(cli.config()).await.with_context(|| format!("listen on {}", cli.listen))?;
    fake.random_faults(cli.faults.map(RandomFaults::seeded));
    if cli.nats {
        lifecycle.spawn("ticks", ticks::follow(fake.control(), lifecycle.stopping()));
    }
    program::say(&fake);
    lifecycle.run().await
}
