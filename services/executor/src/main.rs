//! Executor: turns intents into orders and reports every change.

use executor::{Config, Service, broker::paper::Paper};
use runtime::{bus::Bus, config, health::Health, lifecycle::Lifecycle, telemetry};
use std::{process::ExitCode, time::Duration};

/// How long tasks get to stop.
const GRACE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    telemetry::init("executor");
    match Config::load() {
        Ok(config) => runtime::block_on(run(config)),
        Err(refused) => config::refuse(&refused),
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::new(GRACE)?;
    let health = Health::new("executor");
    let listen = config.health_listen;
    lifecycle.spawn("health", health.clone().serve(listen, lifecycle.stopping()));

    let bus = Bus::connect(&config.bus).await?;
    let name = "executor".to_owned();
    let announced =
        bus.clone().announce(name, "intents to orders", health.clone(), lifecycle.stopping());
    lifecycle.spawn("announce", announced);
    let broker = Paper::new(bus.clone(), config.paper.clone());
    let service = Service::new(config, bus.clone(), health);
    lifecycle.spawn("service", service.run(broker, lifecycle.stopping()));

    let outcome = lifecycle.run().await;
    bus.drain().await;
    outcome
}
