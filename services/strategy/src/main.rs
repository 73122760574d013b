//! Strategy: turns ticks into intents.

use runtime::{bus::Bus, config, health::Health, lifecycle::Lifecycle, telemetry};
use std::{process::ExitCode, time::Duration};
use strategy::{Config, Service};

/// How long tasks get to stop.
const GRACE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    telemetry::init("strategy");
    match Config::load() {
        Ok(config) => runtime::block_on(run(config)),
        Err(refused) => config::refuse(&refused),
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::new(GRACE)?;
    let health = Health::new("strategy");
    let listen = config.health_listen;
    lifecycle.spawn("health", health.clone().serve(listen, lifecycle.stopping()));

    let bus = Bus::connect(&config.bus).await?;
    let announced = bus.clone().announce(
        "strategy".to_owned(),
        "ticks to intents",
        health.clone(),
        lifecycle.stopping(),
    );
    lifecycle.spawn("announce", announced);
    let service = Service::new(config, bus.clone(), health);
    lifecycle.spawn("service", service.run(lifecycle.stopping()));

    let outcome = lifecycle.run().await;
    bus.drain().await;
    outcome
}
