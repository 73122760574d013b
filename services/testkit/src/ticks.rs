//! The desk's own prices for the fake: every tick on the bus sets the price of its symbol.

use anyhow::Context as _;
use futures_util::StreamExt as _;
use proto::Tick;
use runtime::{
    bus::{Bus, BusConfig},
    config::Faults,
};
use rust_decimal::{Decimal, prelude::FromPrimitive as _};
use std::time::Duration;
use testkit::trading212::Control;
use tokio_util::sync::CancellationToken;

const RETRY: Duration = Duration::from_secs(1);

/// Follows the ticks until told to stop. A symbol without an American share is passed over.
pub(crate) async fn follow(fake: Control, stopping: CancellationToken) -> anyhow::Result<()> {
    let faults = Faults::default();
    let config = BusConfig::from_env("operator", &faults);
    let config = faults.into_result(config).context("read the bus configuration")?;
    let Some(bus) = connected(&config, &stopping).await else { return Ok(()) };
    let mut ticks = bus.subscribe(proto::subject::TICKS.to_owned()).await?;
    loop {
        let message = tokio::select! {
            () = stopping.cancelled() => break,
            message = ticks.next() => message.context("follow the ticks")?,
        };
        let Ok(tick) = proto::decode::<Tick>(&message.payload) else { continue };
        let ticker = fake.us_ticker(tick.symbol.as_str());
        if let (Some(ticker), Some(price)) = (ticker, Decimal::from_f64(tick.price)) {
            fake.set_price(&ticker, price);
        }
    }
    bus.drain().await;
    Ok(())
}

/// The bus, waited for: the fake may well be started before the desk is.
async fn connected(config: &BusConfig, stopping: &CancellationToken) -> Option<Bus> {
    loop {
        let attempt = tokio::select! {
            () = stopping.cancelled() => return None,
            attempt = Bus::connect(config) => attempt,
        };
        match attempt {
            Ok(bus) => return Some(bus),
            Err(error) => tracing::info!("no bus yet, trying again: {error:#}"),
        }
        tokio::select! {
            () = stopping.cancelled() => return None,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}
