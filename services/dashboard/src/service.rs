//! The loop of a served slot: what happens goes into the hub, and frames come out at the slot's pace.

use crate::{
    desk::Desk,
    history,
    hub::{Event, Load, Loads},
    pace::{Haste, Pace},
    sources::Sources,
};
use anyhow::Context as _;
use runtime::{bus::Bus, clock, health::Health};
use std::time::Duration;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// Events that may wait for the loop; a source that would exceed it waits, and what it misses then is
/// loaded as a hole.
const EVENTS: usize = 4_096;
/// Events taken at one wake-up.
const AT_ONCE: usize = 512;
/// A page hears from us at least this often.
const BEAT: Duration = Duration::from_secs(1);
/// How often the bus and the calendar are looked at while nothing happens.
const LOOK: Duration = Duration::from_millis(250);

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
    let (loads_in, loads) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    Sources::open(&bus, &desk.slot.symbols).await?.run(&events_in, &mut tasks);
    tasks.spawn(history::run(bus.clone(), loads, events_in));
    let mut pulse = Pulse::new(bus, desk, health, loads_in);
    let mut batch = Vec::with_capacity(AT_ONCE);
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return Ok(()),
            () = sleep_until(pulse.next()) => pulse.beat(),
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
    /// Loads for which the loader has no time yet.
    waiting: Loads,
    pace: Pace,
    /// The moment from which times are counted.
    begun: Instant,
    /// When pages last heard from us.
    spoken: Duration,
    /// When it was last looked whether anything has to be done.
    looked: Duration,
}

impl Pulse {
    fn new(bus: Bus, desk: Desk, health: Health, loads: mpsc::Sender<Load>) -> Self {
        let pace = Pace::new(desk.slot.update_interval);
        let (begun, never) = (Instant::now(), Duration::ZERO);
        let waiting = Loads::default();
        Self { bus, desk, health, loads, waiting, pace, begun, spoken: never, looked: never }
    }

    fn apply(&mut self, events: impl Iterator<Item = Event>) {
        let now = self.begun.elapsed();
        let mut hub = self.desk.hub_mut();
        for event in events {
            self.pace.want(event.haste(), now);
            for load in hub.apply(event) {
                metrics::counter!("dashboard_loads_total").increment(1);
                self.waiting.add(load);
            }
        }
        drop(hub);
        self.ask();
    }

    /// Gives the loader what it has room for; each of its answers brings us here again.
    fn ask(&mut self) {
        while let Ok(room) = self.loads.try_reserve() {
            let Some(load) = self.waiting.take() else { return };
            room.send(load);
        }
    }

    /// When the next beat is.
    fn next(&self) -> Instant {
        let look = self.looked + LOOK;
        self.begun + self.pace.due().map_or(look, |due| due.min(look))
    }

    /// Sends a frame, if one is due, or a sign of life.
    fn beat(&mut self) {
        let (now, now_ms) = (self.begun.elapsed(), clock::now_ms());
        self.looked = now;
        self.look_around(now, now_ms);
        if self.pace.due().is_some_and(|due| due <= now) {
            self.pace.sent(now);
            self.spoken = now;
            let from_seq = self.desk.hub().seq();
            if self.desk.hub_mut().advance() {
                self.desk.publish(from_seq, now_ms);
            }
        } else if now.saturating_sub(self.spoken) >= BEAT {
            self.spoken = now;
            self.desk.beat(now_ms);
        }
        self.ask();
        self.report();
    }

    /// What nobody tells: the bus went or came, a session began or ended.
    fn look_around(&mut self, now: Duration, now_ms: i64) {
        let mut hub = self.desk.hub_mut();
        if hub.bus(self.bus.connected()) | hub.clock(now_ms) {
            self.pace.want(Haste::Prompt, now);
        }
    }

    fn report(&self) {
        metrics::counter!("dashboard_passed_over_total", "why" => "old")
            .absolute(self.desk.hub().repeated());
        let connected = self.bus.connected();
        self.health.set("bus", connected, if connected { "connected" } else { "lost" });
    }
}
