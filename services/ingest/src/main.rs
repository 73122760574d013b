//! Ingest: prices in, from the simulation, a tape or Polygon.

use ingest::{
    Config, Desk, Feed, serve,
    source::{polygon::Polygon, replay::Replay, sim::Sim},
};
use runtime::{bus::Bus, config::refuse, health::Health, lifecycle::Lifecycle, telemetry};
use std::{process::ExitCode, time::Duration};

fn main() -> ExitCode {
    telemetry::init("ingest");
    match Config::load() {
        Ok(config) => runtime::block_on(run(config)),
        Err(refused) => refuse(&refused),
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::new(Duration::from_secs(5))?;
    let health = Health::new("ingest");
    let bus = Bus::connect(&config.bus).await?;
    let stopping = || lifecycle.stopping();
    lifecycle.spawn("health", health.clone().serve(config.health, stopping()));
    let (name, what) = ("ingest".to_owned(), "prices in: simulation, tape or Polygon");
    let announce = bus.clone().announce(name, what, health.clone(), stopping());
    lifecycle.spawn("announce", announce);
    let Config { symbols, calendar, feed, .. } = config;
    let desk = Desk { bus: bus.clone(), health, symbols, calendar };
    match feed {
        Feed::Sim(settings) => {
            let sim = Sim::new(settings, &desk.symbols);
            lifecycle.spawn("feed", serve(sim, desk, stopping()));
        }
        Feed::Polygon(settings) => {
            let polygon = Polygon::new(&settings, &desk.symbols, &desk.calendar)?;
            lifecycle.spawn("feed", serve(polygon, desk, stopping()));
        }
        Feed::Replay(settings) => {
            let replay = Replay::new(settings, &desk.symbols);
            lifecycle.spawn("feed", serve(replay, desk, stopping()));
        }
    }
    let outcome = lifecycle.run().await;
    bus.drain().await;
    outcome
}
