//! Provision: creates or updates every stream, bucket and consumer, then ends.
//!
//! Consumes nothing. Publishes the first trading state, once, into KV `control`.
//! The only program with an admin's rights; all others just verify what they find.

mod control;
mod replicas;

use anyhow::Context as _;
use proto::stream;
use replicas::replicas;
use runtime::{
    bus::{self, Bus, BusConfig},
    config::{self, Faults},
    telemetry,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    telemetry::init("provision");
    let faults = Faults::default();
    let bus = BusConfig::from_env("provision", &faults);
    let replicas = replicas(&faults);
    match faults.into_result((bus, replicas)) {
        Ok((bus, replicas)) => runtime::block_on(run(bus, replicas)),
        Err(refused) => config::refuse(&refused),
    }
}

async fn run(config: BusConfig, replicas: usize) -> anyhow::Result<()> {
    let bus = Bus::connect(&config).await?;
    bus::provision(&bus, replicas).await?;
    bus.verify(&stream::STREAMS, &stream::BUCKETS).await?;
    control::enable_trading_once(&bus).await.context("set the first trading state")?;
    tracing::info!(
        replicas,
        streams = stream::STREAMS.len(),
        buckets = stream::BUCKETS.len(),
        "streams and buckets are as they should be"
    );
    bus.drain().await;
    Ok(())
}
