//! Provision: creates or updates every stream, bucket and consumer, then ends.
//!
//! Consumes nothing. Publishes the first trading state, once, into KV `control`.
//! The only program with an admin's rights; all others just verify what they find.

mod control;

use anyhow::Context as _;
use proto::stream;
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
    match faults.into_result(bus) {
        Ok(bus) => runtime::block_on(run(bus)),
        Err(refused) => config::refuse(&refused),
    }
}

async fn run(config: BusConfig) -> anyhow::Result<()> {
    let bus = Bus::connect(&config).await?;
    bus::provision(&bus).await?;
    bus.verify(&stream::STREAMS, &stream::BUCKETS).await?;
    control::enable_trading_once(&bus).await.context("set the first trading state")?;
    tracing::info!(
        streams = stream::STREAMS.len(),
        buckets = stream::BUCKETS.len(),
        "streams and buckets are as they should be"
    );
    bus.drain().await;
    Ok(())
}
