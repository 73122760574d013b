//! Executor: turns intents into orders and reports every change.

use executor::{
    BrokerChoice, Config, Service,
    broker::{paper::Paper, trading212::Trading212},
};
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
    let (choice, rules, currency) =
        (config.broker.clone(), config.paper.clone(), config.currency.clone());
    let service = Service::new(config, bus.clone(), health);
    match choice {
        BrokerChoice::Paper => {
            let paper = Paper::new(bus.clone(), rules, &currency);
            lifecycle.spawn("service", service.run(paper, lifecycle.stopping()));
        }
        BrokerChoice::Trading212(settings) => {
            let account = Trading212::open(*settings).await?;
            lifecycle.spawn("service", service.run(account, lifecycle.stopping()));
        }
    }

    let outcome = lifecycle.run().await;
    bus.drain().await;
    outcome
}
