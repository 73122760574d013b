//! Before the first tick: who feeds us, what is held, what is in flight, where to go on.

use super::{
    HOUSEKEEPING_MS, Inputs, Running, Service, levels::LevelsWriter, progress::ProgressWriter,
};
use crate::{
    engine::{MicroTradingStrategy, Strategy as _},
    gate::{Gate, is_ended},
};
use anyhow::Context as _;
use market::SessionClock;
use proto::{
    ClockKind, Control, FeedStatus, Intent, Position, Symbol, TradingState, decode, stream, subject,
};
use runtime::{
    bus::{KvWatch, Start},
    clock::now_ms,
};
use std::{collections::BTreeMap, time::Duration};

/// How often to say what is being waited for.
const REMIND: Duration = Duration::from_secs(10);
const ALL: &str = ">";

pub(super) async fn start(service: Service) -> anyhow::Result<(Running, Inputs)> {
    let Service { config, bus, health, clock } = service;
    health.set("feed", false, "waiting for the feed's status");
    bus.verify(
        &[stream::TICKS, stream::BARS, stream::INTENTS],
        &[stream::FEED, stream::PROGRESS, stream::POSITIONS, stream::LEVELS, stream::CONTROL],
    )
    .await
    .context("verify streams")?;

    let mut feed_watch = bus.kv(&stream::FEED).watch(&[subject::key::FEED_STATUS.to_owned()]);
    let feed = wait_feed(&mut feed_watch).await;
    health.set("feed", true, format!("{:?}: {}", feed.state, feed.detail));
    let kv = bus.kv(&stream::PROGRESS);
    let progress = ProgressWriter::resume(kv, &feed).await.context("read the progress")?;
    let taken = progress.taken();
    tracing::info!(
        feed.source = ?feed.source, feed.clock = ?feed.clock, feed.run, position = taken,
        "starting after this position"
    );

    let sessions = SessionClock::for_source(feed.source, &config.calendar);
    let capacity = config.waiting_ticks as usize;
    let mut inputs = Inputs {
        ticks: bus.read(stream::TICKS.name, vec![subject::TICKS.to_owned()], Start::At(taken + 1)),
        feed: feed_watch,
        positions: bus.kv(&stream::POSITIONS).watch(&[ALL.to_owned()]),
        control: bus.kv(&stream::CONTROL).watch(&[subject::key::CONTROL_TRADING.to_owned()]),
    };
    let levels = LevelsWriter::start(&bus);
    let mut running = Running {
        engine: MicroTradingStrategy::new(config.book, sessions),
        gate: Gate::new(feed.clock, capacity),
        bus,
        health,
        progress,
        levels,
        clock,
        control: None,
        feed,
        seqs: BTreeMap::new(),
        warm: false,
        held: BTreeMap::new(),
        stopped: Vec::new(),
        housekeeping_ms: now_ms() + HOUSEKEEPING_MS,
    };
    running.load_state(&mut inputs).await?;
    running.restore_flights().await?;
    Ok((running, inputs))
}

async fn wait_feed(watch: &mut KvWatch<FeedStatus>) -> FeedStatus {
    loop {
        let entry = tokio::time::timeout(REMIND, watch.next()).await;
        if entry.is_err() {
            tracing::warn!("waiting for the feed's status: is ingest running?");
        }
        if let Some(feed) = entry.ok().and_then(|entry| entry.value) {
            return feed;
        }
    }
}

impl Running {
    /// Learns every position and the trading state. On a tape none may be missing before the first
    /// tick: when it is learnt would otherwise decide what is traded.
    async fn load_state(&mut self, inputs: &mut Inputs) -> anyhow::Result<()> {
        let control = self.bus.kv::<Control>(&stream::CONTROL);
        let control = control.get(subject::key::CONTROL_TRADING).await;
        self.control = control.context("read the trading state")?;
        let kv = self.bus.kv::<Position>(&stream::POSITIONS);
        for symbol in self.feed.symbols.clone() {
            let position = kv.get(&subject::key::position(&symbol)).await;
            if let Some(position) = position.context("read the positions")? {
                self.meet_position(&position);
            }
        }
        while self.feed.clock == ClockKind::Tape && self.is_waiting() {
            tokio::select! {
                entry = inputs.positions.next() => {
                    if let Some(position) = &entry.value {
                        self.meet_position(position);
                    }
                }
                entry = inputs.control.next() => {
                    self.control = entry.value;
                }
                entry = inputs.feed.next() => self.on_feed(entry)?,
                () = tokio::time::sleep(REMIND) => {
                    let missing = self.missing_positions();
                    let trading = self.trading();
                    tracing::warn!(
                        ?trading, ?missing,
                        "waiting for the trading state and positions: is the executor running?"
                    );
                }
            }
        }
        let trading = self.trading().unwrap_or(TradingState::Halted);
        self.engine.on_trading(trading);
        tracing::info!(?trading, positions = self.held.len(), "trading state");
        Ok(())
    }

    fn meet_position(&mut self, position: &Position) {
        self.learn_position(position);
        self.gate.on_position(position);
    }

    fn trading(&self) -> Option<TradingState> {
        self.control.as_ref().map(|control| control.state)
    }

    fn is_waiting(&self) -> bool {
        self.control.is_none() || !self.missing_positions().is_empty()
    }

    fn missing_positions(&self) -> Vec<&Symbol> {
        self.feed.symbols.iter().filter(|symbol| !self.held.contains_key(symbol)).collect()
    }

    /// Puts back in flight what our predecessor published and nobody has settled.
    async fn restore_flights(&mut self) -> anyhow::Result<()> {
        for symbol in self.feed.symbols.clone() {
            let last = self.bus.last(stream::INTENTS.name, &subject::intent(&symbol)).await;
            let Some(stored) = last.context("read the last intents")? else { continue };
            let intent: Intent = match decode(&stored.payload) {
                Ok(intent) => intent,
                Err(error) => {
                    tracing::warn!(subject = stored.subject, "skipped: {error}");
                    continue;
                }
            };
            let position = self.held.get(&symbol);
            if !position.is_some_and(|position| is_over(&intent, position)) {
                tracing::info!(intent.id = %intent.id, "still in flight from before the restart");
                self.gate.restore(intent, now_ms());
            }
        }
        Ok(())
    }
}

/// Whether the intent of an earlier process has come to its end. Beyond what a running process goes
/// by, an order settled after the intent had expired says that the executor is past it.
fn is_over(intent: &Intent, position: &Position) -> bool {
    let valid_until_ns = intent.valid_until_ms.saturating_mul(1_000_000);
    let passed = |settled: &proto::Settled| settled.time_ns > valid_until_ns;
    is_ended(intent, position) || position.settled.as_ref().is_some_and(passed)
}
