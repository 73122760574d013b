//! The shell around the core: one event in, one call into the core, then the effects.
//!
//! 1. Ticks come from stream `TICKS` in its order, lossless; what decides their pace is the gate.
//! 2. An intent is stored in `INTENTS` before the next tick is looked at.
//! 3. Progress is written at most every 200 ms, and before the tape waits for an outcome.
//! 4. A changed kind of feed ends the process: its successor starts clean on the new one.
//! 5. Levels are a view: they are published when they change, and nothing ever waits for them.

mod gaps;
mod levels;
mod progress;
mod start;
mod warm;

use crate::{
    config::Config,
    engine::{MicroTradingStrategy, Strategy},
    gate::{Admitted, Flight, Gate},
};
use anyhow::bail;
use levels::LevelsWriter;
use progress::ProgressWriter;
use proto::{
    ClockKind, Control, FeedState, FeedStatus, Intent, Position, Reason, Symbol, Tick,
    TradingState, decode, encode, subject,
};
use runtime::{
    bus::{Bus, Expect, KvEntry, KvWatch, Reader, Stored},
    clock::{Clock, now_ms},
    health::Health,
};
use std::{collections::BTreeMap, time::Duration};
use tokio_util::sync::CancellationToken;

/// How often to look after health and gauges when nothing else happens.
const HOUSEKEEPING_MS: i64 = 1_000;

/// The strategy as a process.
pub struct Service {
    config: Config,
    bus: Bus,
    health: Health,
    clock: Clock,
}

/// What the loop listens to.
struct Inputs {
    ticks: Reader,
    feed: KvWatch<FeedStatus>,
    positions: KvWatch<Position>,
    control: KvWatch<Control>,
}

/// One thing that happened.
enum Event {
    Stop,
    Feed(KvEntry<FeedStatus>),
    Position(KvEntry<Position>),
    Control(KvEntry<Control>),
    Timer,
    Tick(Stored),
}

/// What the loop works on.
struct Running {
    bus: Bus,
    health: Health,
    engine: MicroTradingStrategy,
    gate: Gate,
    progress: ProgressWriter,
    levels: LevelsWriter,
    /// What live decisions take for now; waits and retries go by the wall's time all the same.
    clock: Clock,
    /// The last word on trading.
    control: Option<Control>,
    /// The feed the process started on; its run changes with ingest's.
    feed: FeedStatus,
    /// The last `seq` of each symbol.
    seqs: BTreeMap<Symbol, u64>,
    /// Bars were counted in; until the first tick nobody knows up to when.
    warm: bool,
    held: BTreeMap<Symbol, Position>,
    /// Symbols whose positions are left to a person, as last told.
    stopped: Vec<Symbol>,
    housekeeping_ms: i64,
}

impl Service {
    /// Nothing is read before [`run`](Self::run).
    pub fn new(config: Config, bus: Bus, health: Health) -> Self {
        Self { config, bus, health, clock: Clock::wall() }
    }

    /// Decides on a live feed as if it were the time that `clock` shows.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Runs until `stopping`.
    ///
    /// # Errors
    /// When streams are not as they must be, or the feed changes its source or clock.
    pub async fn run(self, stopping: CancellationToken) -> anyhow::Result<()> {
        let started = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            started = Box::pin(start::start(self)) => started,
        };
        let (mut running, mut inputs) = started?;
        loop {
            let event = running.next_event(&mut inputs, &stopping).await;
            if matches!(event, Event::Stop) {
                running.progress.write_now(&running.gate).await;
                return Ok(());
            }
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                handled = running.handle(event) => handled?,
            }
        }
    }
}

impl Running {
    async fn next_event(&self, inputs: &mut Inputs, stopping: &CancellationToken) -> Event {
        let due_ms =
            [self.gate.next_due_ms(), self.progress.due_ms(&self.gate), Some(self.housekeeping_ms)];
        let due_ms = due_ms.into_iter().flatten().min().unwrap_or(0);
        let wait = Duration::from_millis(u64::try_from(due_ms - now_ms()).unwrap_or(0));
        tokio::select! {
            biased;
            () = stopping.cancelled() => Event::Stop,
            entry = inputs.feed.next() => Event::Feed(entry),
            entry = inputs.positions.next() => Event::Position(entry),
            entry = inputs.control.next() => Event::Control(entry),
            () = tokio::time::sleep(wait) => Event::Timer,
            stored = inputs.ticks.next(), if self.gate.is_open() => Event::Tick(stored),
        }
    }

    async fn handle(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Stop => {}
            Event::Feed(entry) => self.on_feed(entry)?,
            Event::Position(entry) => self.on_position(&entry).await,
            Event::Control(entry) => self.on_control(&entry),
            Event::Timer => self.on_timer().await,
            Event::Tick(stored) => self.on_stored(stored).await,
        }
        Ok(())
    }

    async fn on_stored(&mut self, stored: Stored) {
        let tick: Tick = match decode(&stored.payload) {
            Ok(tick) => tick,
            Err(error) => {
                metrics::counter!("bus_undecodable_total", "message" => "tick").increment(1);
                tracing::warn!(subject = stored.subject, "skipped: {error}");
                return;
            }
        };
        if self.seqs.get(&tick.symbol).is_some_and(|before| *before >= tick.seq) {
            // Whoever may read the stream can have an old tick delivered to it once more.
            metrics::counter!("strategy_ticks_repeated_total").increment(1);
            return;
        }
        if !self.warm {
            Box::pin(warm::warm_up(self, stored.position, &tick)).await;
            self.warm = true;
        }
        self.count(&tick);
        let (position, time_ns) = (stored.position, tick.time_ns);
        match self.gate.admit(position, tick) {
            Admitted::Now(position, tick) => self.on_tick(position, &tick).await,
            Admitted::Waits => {}
            Admitted::Displaced(oldest) => {
                metrics::counter!("strategy_ticks_displaced_total").increment(1);
                self.engine.observe(&oldest);
                self.after_tick(&oldest).await;
            }
        }
        self.progress.advance(position, time_ns);
        if !self.gate.is_open() {
            self.progress.write_now(&self.gate).await;
        }
    }

    async fn on_tick(&mut self, position: u64, tick: &Tick) {
        if tick.source != self.feed.source {
            self.engine.observe(tick);
            return;
        }
        let now_ms = match self.feed.clock {
            ClockKind::Tape => tick.time_ms(),
            ClockKind::Wall => self.clock.now_ms(),
        };
        let intent = self.engine.on_tick(position, tick, now_ms);
        self.after_tick(tick).await;
        let Some(intent) = intent else { return };
        metrics::counter!("strategy_intents_total", "reason" => label(intent.reason)).increment(1);
        tracing::info!(
            intent.id = %intent.id, intent.reason = ?intent.reason,
            intent.quantity = %intent.quantity, intent.price, "intent"
        );
        self.gate.depart(intent.clone(), runtime::clock::now_ms());
        self.publish(&intent).await;
    }

    async fn publish(&mut self, intent: &Intent) {
        if !self.bus.connected() {
            // Tried again in a second: waiting for the server here would hold up everything else.
            self.gate.on_published(&intent.symbol, false, now_ms());
            return;
        }
        let subject = subject::intent(&intent.symbol);
        let expect = Expect::NewId(intent.id.to_string());
        let stored = match encode(intent) {
            Ok(payload) => match Box::pin(self.bus.publish_stored(&subject, payload, expect)).await
            {
                Ok(_sequence) => true,
                Err(error) => {
                    tracing::warn!(intent.id = %intent.id, "intent not stored, trying on: {error}");
                    false
                }
            },
            Err(error) => {
                tracing::error!(intent.id = %intent.id, "intent cannot be written: {error}");
                false
            }
        };
        self.gate.on_published(&intent.symbol, stored, now_ms());
    }

    async fn on_position(&mut self, entry: &KvEntry<Position>) {
        let Some(position) = &entry.value else {
            if let Ok(symbol) = Symbol::parse(&entry.key) {
                tracing::warn!(position.symbol = %symbol, "the position is gone: not trading it");
                self.held.remove(&symbol);
                self.engine.on_position_unknown(&symbol);
                self.levels.show(self.engine.levels(&symbol));
            }
            return;
        };
        self.learn_position(position);
        if let Some(flight) = self.gate.on_position(position) {
            note_outcome(&flight, position);
        }
        while let Some((position, tick)) = self.gate.release(&position.symbol) {
            self.on_tick(position, &tick).await;
        }
    }

    fn learn_position(&mut self, position: &Position) {
        self.engine.on_position(position);
        self.held.insert(position.symbol.clone(), position.clone());
        self.levels.show(self.engine.levels(&position.symbol));
        self.note_stopped();
    }

    fn on_control(&mut self, entry: &KvEntry<Control>) {
        // The first word of a watch is the one that was read before the first tick.
        if entry.key != subject::key::CONTROL_TRADING || entry.value == self.control {
            return;
        }
        self.control.clone_from(&entry.value);
        let trading = entry.value.as_ref().map_or(TradingState::Halted, |control| control.state);
        self.engine.on_trading(trading);
        tracing::info!(?trading, "trading state");
        self.note_stopped();
        for symbol in self.held.keys() {
            self.levels.show(self.engine.levels(symbol));
        }
    }

    fn on_feed(&mut self, entry: KvEntry<FeedStatus>) -> anyhow::Result<()> {
        let Some(feed) = entry.value.filter(|_| entry.key == subject::key::FEED_STATUS) else {
            return Ok(());
        };
        if feed.source != self.feed.source || feed.clock != self.feed.clock {
            bail!(
                "the feed changed from {:?} on the {:?} clock to {:?} on the {:?} clock: \
                 a restart begins on the new one",
                self.feed.source,
                self.feed.clock,
                feed.source,
                feed.clock,
            );
        }
        if feed.run != self.feed.run {
            tracing::info!(feed.run, "the feed began a new run");
            self.progress.set_run(feed.run.clone());
        }
        let words = format!("{:?}: {}", feed.state, feed.detail);
        self.health.set("feed", feed.state != FeedState::Failing, words);
        self.feed = feed;
        Ok(())
    }

    async fn on_timer(&mut self) {
        let now = now_ms();
        for flight in self.gate.due(now) {
            if flight.stored && self.bus.connected() {
                tracing::warn!(
                    intent.id = %flight.intent.id,
                    waited_s = (now - flight.since_ms) / 1_000,
                    "no outcome yet: saying the intent again under the same id"
                );
            }
            self.publish(&flight.intent).await;
        }
        if self.progress.due_ms(&self.gate).is_some_and(|due_ms| due_ms <= now) {
            self.progress.write_now(&self.gate).await;
        }
        if self.housekeeping_ms <= now {
            self.housekeeping_ms = now + HOUSEKEEPING_MS;
            let connected = self.bus.connected();
            self.health.set("bus", connected, if connected { "connected" } else { "reconnecting" });
            metrics::gauge!("strategy_in_flight").set(self.gate.in_flight() as f64);
            metrics::gauge!("strategy_ticks_waiting").set(self.gate.waiting() as f64);
        }
    }

    fn count(&mut self, tick: &Tick) {
        metrics::counter!("strategy_ticks_total").increment(1);
        let before = self.seqs.insert(tick.symbol.clone(), tick.seq);
        let missing = before.map_or(0, |before| tick.seq.saturating_sub(before + 1));
        if missing > 0 {
            metrics::counter!("strategy_ticks_missing_total").increment(missing);
            tracing::warn!(tick.symbol = %tick.symbol, tick.seq, missing, "gap in the ticks");
        }
    }
}

/// The reason as it reads on the wire.
fn label(reason: Reason) -> &'static str {
    match reason {
        Reason::CrossUp => "cross_up",
        Reason::CrossDown => "cross_down",
        Reason::TakeProfit => "take_profit",
        Reason::StopLoss => "stop_loss",
        Reason::TrailingStop => "trailing_stop",
        Reason::MaxHolding => "max_holding",
        Reason::FlatBeforeClose => "flat_before_close",
        Reason::Manual => "manual",
    }
}

fn note_outcome(flight: &Flight, position: &Position) {
    let settled = position.settled.as_ref();
    tracing::info!(
        intent.id = %flight.intent.id,
        order.state = ?settled.map(|settled| settled.state),
        order.rule = ?settled.and_then(|settled| settled.rule),
        position.quantity = %position.quantity,
        "outcome"
    );
}
