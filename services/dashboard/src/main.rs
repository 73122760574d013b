//! Dashboard: one page of the wall, live, on its own port.

use anyhow::Context as _;
use clap::Parser as _;
use dashboard::{Args, Config, slot};
use runtime::{bus::Bus, config, health::Health, lifecycle::Lifecycle, telemetry};
use std::{process::ExitCode, time::Duration};

/// Long enough to say goodbye to every page and give the lease back.
const GRACE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    telemetry::init("dashboard");
    let config = match Config::load(&Args::parse()) {
        Ok(config) => config,
        Err(refused) => return config::refuse(&refused),
    };
    runtime::block_on(run(config))
}

async fn run(config: Config) -> anyhow::Result<()> {
    if config.list {
        return config.print_list();
    }
    let lifecycle = Lifecycle::new(GRACE)?;
    let bus = Bus::connect(&config.bus).await.context("connect to the bus")?;
    let health = Health::new("dashboard");
    if let Some(listen) = config.health_listen {
        lifecycle.spawn("health", health.clone().serve(listen, lifecycle.stopping()));
    }
    lifecycle.spawn("slot", slot::run(config, bus.clone(), health, lifecycle.stopping()));
    let outcome = lifecycle.run().await;
    bus.drain().await;
    outcome
}
