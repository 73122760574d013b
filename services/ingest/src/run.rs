//! The processes that the program can be: the feed, and the recorder.

use crate::{
    Config, Desk, Feed, RecordConfig, record, serve,
    source::{
        Source,
        polygon::Polygon,
        replay::{Replay, remote},
        sim::Sim,
    },
};
use runtime::{bus::Bus, clock::Clock, health::Health, lifecycle::Lifecycle};
use std::time::Duration;

/// How long the tasks of a process may take to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Publishes prices until a signal.
///
/// # Errors
/// When there is no bus, or a task has failed.
pub async fn feed(config: Config) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::new(GRACE)?;
    let health = Health::new("ingest");
    let bus = Bus::connect(&config.bus).await?;
    let stopping = || lifecycle.stopping();
    lifecycle.spawn("health", health.clone().serve(config.health, stopping()));
    let (name, what) = ("ingest".to_owned(), "prices in: simulation, tape or Polygon");
    let announce = bus.clone().announce(name, what, health.clone(), stopping());
    lifecycle.spawn("announce", announce);
    let Config { symbols, calendar, quality, feed, .. } = config;
    let clock = Clock::wall();
    let desk = Desk { bus: bus.clone(), health, symbols, calendar, quality, clock };
    match feed {
        Feed::Sim(settings) => {
            let sim = Sim::new(settings, &desk.symbols);
            start(&lifecycle, "sim", sim, desk);
        }
        Feed::Polygon(settings) => {
            let polygon = Polygon::new(*settings, &desk.symbols, &desk.calendar, &desk.clock)?;
            start(&lifecycle, "polygon", polygon, desk);
        }
        Feed::Replay(settings) => {
            let replay = Replay::new(settings, &desk.symbols);
            start(&lifecycle, "replay", replay, desk);
        }
    }
    let outcome = lifecycle.run().await;
    bus.drain().await;
    outcome
}

/// The source's loop, and who answers a person's orders to it.
fn start<S: Source + 'static>(lifecycle: &Lifecycle, name: &'static str, source: S, desk: Desk) {
    let orders = remote::serve(desk.bus.clone(), source.gate(), name, lifecycle.stopping());
    lifecycle.spawn("orders", orders);
    lifecycle.spawn("feed", serve(source, desk, lifecycle.stopping()));
}

/// Writes what is published to files until a signal.
///
/// # Errors
/// When there is no bus, the folder cannot be written, or a task has failed.
pub async fn recorder(config: RecordConfig) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::new(GRACE)?;
    let health = Health::new("recorder");
    let bus = Bus::connect(&config.bus).await?;
    let stopping = || lifecycle.stopping();
    lifecycle.spawn("health", health.clone().serve(config.health, stopping()));
    let (name, what) = ("recorder".to_owned(), "ticks to flat files");
    lifecycle.spawn("announce", bus.clone().announce(name, what, health.clone(), stopping()));
    let record = record::record(config.settings, bus.clone(), health, Clock::wall(), stopping());
    lifecycle.spawn("record", record);
    let outcome = lifecycle.run().await;
    bus.drain().await;
    outcome
}
