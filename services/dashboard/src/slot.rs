//! Which dashboard this process is: the one it was told to be, or the first that nobody serves.
//!
//! A slot is served by whoever holds its lease, so two processes never serve one; a process that
//! holds none waits as a spare and takes over the first slot whose lease runs out. Losing the lease to
//! another closes the port. A bus that is away does not: the page stays and says that prices are old.

use crate::{
    config::Config, control::Control, desk::Desk, hosts::Hosts, hub::Hub, routes, service,
};
use anyhow::Context as _;
use proto::subject::key;
use runtime::{
    backoff::random_fraction,
    bus::{Bus, HeldLease, LeaseEvent, identity},
    health::Health,
    wall::Slot,
};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How often a spare looks for a free slot.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The former holder of a slot may need a moment to let go of its port.
const BIND_PATIENCE: Duration = Duration::from_secs(5);
/// Pages and the bus are told that the slot is given up; it is not held for longer than this.
const GOODBYE: Duration = Duration::from_secs(2);

/// Claims and serves slots until `stopping`.
///
/// # Errors
/// When a port cannot be had, or the bus is gone for good.
pub async fn run(
    config: Config,
    bus: Bus,
    health: Health,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let holder = identity("dashboard");
    let control = Control::open(config.control.as_ref()).await?;
    loop {
        let claimed = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            claimed = claim(&config, &bus, &holder) => claimed,
        };
        let claimed = match claimed {
            Some(claimed) => Some(claimed),
            None => wait_as_spare(&config, &bus, &holder, &health, &stopping).await,
        };
        let Some((slot, mut lease)) = claimed else { return Ok(()) };
        let served = serve(&config, &bus, &health, &control, &slot, &mut lease, &stopping).await;
        lease.release().await;
        served?;
    }
}

/// The slot asked for, or the first free one, with its lease; `None` when all are taken.
async fn claim(config: &Config, bus: &Bus, holder: &str) -> Option<(Slot, HeldLease)> {
    let wanted = |slot: &&Slot| config.dashboard_id.is_none_or(|id| slot.id == id);
    for slot in config.wall.slots.iter().filter(wanted) {
        match bus.try_lease(&key::lease_dashboard(slot.id), holder).await {
            Ok(Some(lease)) => return Some((slot.clone(), lease)),
            Ok(None) => {}
            Err(error) => tracing::debug!("cannot claim a slot yet: {error:#}"),
        }
    }
    None
}

/// Waits until a slot is free; `None` when the process should stop.
async fn wait_as_spare(
    config: &Config,
    bus: &Bus,
    holder: &str,
    health: &Health,
    stopping: &CancellationToken,
) -> Option<(Slot, HeldLease)> {
    tracing::info!(slot = config.dashboard_id, "served by another process, waiting as a spare");
    health.set("slot", true, "waiting for a free slot");
    let stop = stopping.child_token();
    let mut tasks = JoinSet::new();
    tasks.spawn(announce(bus, "dashboard-spare".to_owned(), health, &stop));
    let claimed = loop {
        tokio::select! {
            () = stopping.cancelled() => break None,
            () = tokio::time::sleep(LOOK_EVERY.mul_f64(0.75 + random_fraction() / 2.0)) => {}
        }
        if let Some(claimed) = claim(config, bus, holder).await {
            break Some(claimed);
        }
    };
    goodbye(stop, tasks).await;
    claimed
}

/// Serves `slot` on its own port until `stopping`, or until another process holds its lease.
async fn serve(
    config: &Config,
    bus: &Bus,
    health: &Health,
    control: &Control,
    slot: &Slot,
    lease: &mut HeldLease,
    stopping: &CancellationToken,
) -> anyhow::Result<()> {
    let listener = bind(SocketAddr::new(config.host, slot.port)).await?;
    let symbols: Vec<_> = slot.symbols.iter().map(proto::Symbol::as_str).collect();
    let words = format!("dashboard {} on port {}: {}", slot.id, slot.port, symbols.join(" "));
    tracing::info!("serving {words}");
    health.set("slot", true, words);

    let stop = stopping.child_token();
    let hub = Hub::new(session(), &slot.symbols, config.calendar.clone());
    let desk = Desk::new(hub, slot.clone(), config.wall.clone());
    let served = routes::Served {
        desk: desk.clone(),
        control: control.clone(),
        hosts: Arc::new(Hosts::new(&config.wall.public_hosts)),
        health: health.clone(),
        stopping: stop.clone(),
    };
    let web = axum::serve(listener, routes::router(served))
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { web.await.context("serve the page") });
    tasks.spawn(announce(bus, format!("dashboard-{}", slot.id), health, &stop));
    tasks.spawn(service::run(bus.clone(), desk, health.clone(), stop.clone()));
    let outcome = tokio::select! {
        ended = tasks.join_next() => ended.context("no task is left")?.context("a task panicked")?,
        () = lost(lease) => Ok(()),
    };
    goodbye(stop, tasks).await;
    outcome
}

/// Asks `tasks` to stop and waits for them, but not for ever.
async fn goodbye(stop: CancellationToken, mut tasks: JoinSet<anyhow::Result<()>>) {
    stop.cancel();
    let ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(GOODBYE, ended).await.is_err() {
        tracing::debug!("a page did not say goodbye in time");
    }
}

fn announce(
    bus: &Bus,
    name: String,
    health: &Health,
    stop: &CancellationToken,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    bus.clone().announce(name, "serves one page of the wall", health.clone(), stop.clone())
}

/// The port of a slot. It may be taken for a moment after the lease is free.
async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let begun = Instant::now();
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(_) if begun.elapsed() < BIND_PATIENCE => tokio::time::sleep(LOOK_EVERY / 5).await,
            Err(error) => return Err(error).with_context(|| format!("listen on {address}")),
        }
    }
}

/// Waits until somebody else holds the lease. One that ran out and was taken anew is still ours.
async fn lost(lease: &mut HeldLease) {
    while lease.changed().await != LeaseEvent::Lost {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Tells the frames of this hub from those of another.
fn session() -> String {
    format!("{:x}-{:08x}", runtime::clock::now_ms(), (random_fraction() * 4e9) as u32)
}
