//! A tape's ticks to their stream: stored, in order, none lost, none twice, never far ahead.
//!
//! 1. Every tick says which stream sequence it must get (`Nats-Expected-Last-Sequence`). Ingest is
//!    the only writer, so a tick that was lost on the way makes all after it be refused: there can be
//!    no hole. One that is sent again after its acknowledgement was lost is refused as well: there
//!    can be no double. Message ids would do the second only, and only within a time window.
//! 2. A window of ticks is under way at any time. After any doubt nothing more is sent until the
//!    stream has been read back: what it holds is done, the rest is sent again in order.
//! 3. A tick waits while it would be too far ahead of the slowest reader that has reported in this
//!    run; who has never reported is not waited for.
//! 4. A tick waits while a person has paused the tape.

use crate::source::replay::gate::Gate;
use async_nats::jetstream::{context::PublishAckFuture, message::PublishMessage};
use proto::{Progress, Symbol, Tick, encode, stream, subject};
use runtime::{backoff::Backoff, bus::Bus};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// Ticks under way without an acknowledgement.
const WINDOW: usize = 4_096;
/// Ticks a reader may be behind, unless told otherwise.
pub const LEAD: u64 = 200_000;

/// Writes a tape's ticks.
pub struct TapeWriter {
    bus: Bus,
    subjects: BTreeMap<Symbol, String>,
    /// Sequence of the last tick sent.
    position: u64,
    window: VecDeque<Sent>,
    readers: Readers,
    /// Ticks a reader may be behind.
    lead: u64,
    gate: Option<Gate>,
}

/// A tick under way.
struct Sent {
    position: u64,
    subject: String,
    payload: Vec<u8>,
    acknowledged: Option<PublishAckFuture>,
}

impl TapeWriter {
    /// A writer of run `run`; the stream's last sequence is `position`.
    pub fn new(bus: Bus, run: &str, position: u64, symbols: &[Symbol]) -> Self {
        let subjects = symbols.iter().map(|s| (s.clone(), subject::tick(s))).collect();
        let readers = Readers::watch(&bus, run.to_owned());
        let window = VecDeque::with_capacity(WINDOW);
        Self { bus, subjects, position, window, readers, lead: LEAD, gate: None }
    }

    /// Lets ticks go as `gate` says.
    #[must_use]
    pub fn behind(self, gate: Option<Gate>) -> Self {
        Self { gate, ..self }
    }

    /// Keeps no more than `lead` ticks ahead of the slowest reader.
    #[must_use]
    pub fn with_lead(self, lead: u64) -> Self {
        Self { lead, ..self }
    }

    /// Position of the slowest reader that has reported in this run.
    pub fn slowest(&self) -> Option<u64> {
        *self.readers.slowest.borrow()
    }

    /// Writes `tick` when the readers are near enough and the window has room.
    pub async fn write(&mut self, tick: &Tick) {
        // A tick that cannot be written has been checked away before.
        let Ok(payload) = encode(tick) else { return };
        let Some(subject) = self.subjects.get(&tick.symbol).cloned() else { return };
        self.readers.near(self.position + 1, self.lead).await;
        while self.window.len() >= WINDOW {
            self.settle_oldest().await;
        }
        if let Some(gate) = &self.gate {
            gate.pass(tick.time_ns).await;
        }
        self.position += 1;
        let position = self.position;
        let mut sent = Sent { position, subject, payload, acknowledged: None };
        sent.send(&self.bus).await;
        self.window.push_back(sent);
        metrics::counter!("ingest_ticks_total").increment(1);
    }

    /// Waits until everything written is stored.
    pub async fn settle(&mut self) {
        while !self.window.is_empty() {
            self.settle_oldest().await;
        }
    }

    async fn settle_oldest(&mut self) {
        let Some(oldest) = self.window.front_mut() else { return };
        let stored = match oldest.acknowledged.take() {
            Some(acknowledged) => acknowledged.await.ok().map(|stored| stored.sequence),
            None => None,
        };
        if stored == Some(oldest.position) {
            self.window.pop_front();
        } else {
            self.recover().await;
        }
    }

    /// Reads back what the stream holds of the window and sends the rest again.
    async fn recover(&mut self) {
        tracing::warn!(
            waiting = self.window.len(),
            "ticks are not acknowledged, reading the stream back"
        );
        metrics::counter!("ingest_tape_recoveries_total").increment(1);
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));
        for sent in &mut self.window {
            sent.acknowledged = None;
        }
        loop {
            match self.read_back().await {
                Ok(last) => {
                    self.send_again(last).await;
                    return;
                }
                Err(error) => {
                    tracing::debug!("the stream cannot be read back yet: {error:#}");
                    backoff.wait().await;
                }
            }
        }
    }

    /// Drops what is stored from the window; gives the stream's last sequence.
    async fn read_back(&mut self) -> anyhow::Result<u64> {
        // Whatever of ours is still under way has reached the server before this is answered.
        self.bus.barrier().await?;
        let mut ticks = self.bus.jetstream().get_stream(stream::TICKS.name).await?;
        let last = ticks.info().await?.state.last_sequence;
        while let Some(oldest) = self.window.front() {
            if oldest.position > last {
                break;
            }
            let held = ticks.get_raw_message(oldest.position).await?;
            if held.payload != oldest.payload {
                tracing::error!(position = oldest.position, "another process writes to the ticks");
                break;
            }
            self.window.pop_front();
        }
        Ok(last)
    }

    /// Sends the window again, to follow the stream's last sequence.
    async fn send_again(&mut self, last: u64) {
        self.position = last;
        for sent in &mut self.window {
            self.position += 1;
            sent.position = self.position;
            sent.send(&self.bus).await;
        }
    }
}

impl Sent {
    /// Sends it; a failure shows as a missing acknowledgement.
    async fn send(&mut self, bus: &Bus) {
        let message = PublishMessage::build()
            .payload(self.payload.clone().into())
            .expected_last_sequence(self.position - 1);
        self.acknowledged = bus.jetstream().send_publish(self.subject.clone(), message).await.ok();
    }
}

/// How far the readers of this run have come.
struct Readers {
    slowest: watch::Receiver<Option<u64>>,
    watcher: JoinHandle<()>,
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

impl Readers {
    fn watch(bus: &Bus, run: String) -> Self {
        let (told, slowest) = watch::channel(None);
        let mut changes = bus.kv::<Progress>(&stream::PROGRESS).watch(&[">".to_owned()]);
        let watcher = tokio::spawn(async move {
            let mut positions = BTreeMap::new();
            loop {
                let entry = changes.next().await;
                if let Some(progress) = entry.value.filter(|progress| progress.run == run) {
                    positions.insert(entry.key, progress.position);
                    told.send_replace(positions.values().min().copied());
                }
            }
        });
        Self { slowest, watcher }
    }

    /// Waits until the tick at `position` may be written.
    async fn near(&mut self, position: u64, lead: u64) {
        let near = |slowest: &Option<u64>| slowest.is_none_or(|read| position <= read + lead);
        if near(&self.slowest.borrow()) {
            return;
        }
        let begun = Instant::now();
        loop {
            let waiting = self.slowest.wait_for(near);
            match timeout(Duration::from_secs(30), waiting).await {
                Ok(_) => return,
                Err(_elapsed) => {
                    let waited_s = begun.elapsed().as_secs();
                    tracing::warn!(waited_s, position, "the tape waits for its slowest reader");
                }
            }
        }
    }
}
