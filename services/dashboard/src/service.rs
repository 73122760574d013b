//! The loop of a served slot: what happens goes into the hub, and once per interval a frame comes out.

use crate::{
    desk::Desk,
    history,
    hub::{Event, Load},
    sources::Sources,
};
use anyhow::Context as _;
use runtime::{bus::Bus, clock, health::Health};
use std::time::Duration;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// Events that may wait for the loop; a source that would exceed it waits, and what it misses then is
/// loaded as a hole.
const EVENTS: usize = 4_096;
/// Events taken at one wake-up.
const AT_ONCE: usize = 512;
/// A page hears from us at least this often.
const BEAT: Duration = Duration::from_secs(1);

/// Runs until `stopping`.
///
/// # Errors
/// When a source has ended: the connection to the bus is gone for good.
pub(crate) async fn run(
    bus: Bus,
    desk: Desk,
    health: Health,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let (events_in, mut events) = mpsc::channel(EVENTS);
    let (loads_in, loads) = mpsc::channel(desk.slot.symbols.len() * 4);
    let mut tasks = JoinSet::new();
    Sources::open(&bus, &desk.slot.symbols).await?.run(&events_in, &mut tasks);
    tasks.spawn(history::run(bus.clone(), loads, events_in));
    let mut pulse = Pulse { bus, desk, health, loads: loads_in, spoken: Instant::now() };
    let mut ticker = interval(pulse.desk.slot.update_interval);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut batch = Vec::with_capacity(AT_ONCE);
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return Ok(()),
            _ = ticker.tick() => pulse.tick(),
            _ = events.recv_many(&mut batch, AT_ONCE) => pulse.apply(batch.drain(..)),
            ended = tasks.join_next() => {
                return ended.context("no source is left")?.context("a source panicked")?;
            }
        }
    }
}

/// What the loop does.
struct Pulse {
    bus: Bus,
    desk: Desk,
    health: Health,
    loads: mpsc::Sender<Load>,
    /// When pages last heard from us.
    spoken: Instant,
}

impl Pulse {
    fn apply(&self, events: impl Iterator<Item = Event>) {
        let mut hub = self.desk.hub_mut();
        for event in events {
            for load in hub.apply(event) {
                metrics::counter!("dashboard_loads_total").increment(1);
                // A full queue has a load of the same few symbols waiting already.
                drop(self.loads.try_send(load));
            }
        }
    }

    fn tick(&mut self) {
        let now_ms = clock::now_ms();
        let (from_seq, changed) = {
            let mut hub = self.desk.hub_mut();
            hub.bus(self.bus.connected());
            hub.clock(now_ms);
            (hub.seq(), hub.advance())
        };
        if changed {
            self.desk.publish(from_seq, now_ms);
            self.spoken = Instant::now();
        } else if self.spoken.elapsed() >= BEAT {
            self.desk.beat(now_ms);
            self.spoken = Instant::now();
        }
        self.report();
    }

    fn report(&self) {
        metrics::counter!("dashboard_passed_over_total", "why" => "old")
            .absolute(self.desk.hub().repeated());
        let connected = self.bus.connected();
        self.health.set("bus", connected, if connected { "connected" } else { "lost" });
    }
}
