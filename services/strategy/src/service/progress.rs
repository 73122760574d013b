//! How far we have come, written where ingest, the executor and our successor look.

use crate::gate::Gate;
use proto::{FeedStatus, Progress, VERSION, subject};
use runtime::{
    bus::{Kv, KvError},
    clock::now_ms,
};

/// The least time between two writes, milliseconds.
const INTERVAL_MS: i64 = 200;
/// The name under which progress is kept.
const SERVICE: &str = "strategy";

/// Writes progress: never backwards in a run, never past what is in flight on a tape.
pub(super) struct ProgressWriter {
    kv: Kv<Progress>,
    run: String,
    taken: Taken,
    /// The tick before the last one taken.
    before: Taken,
    written: Option<(String, u64)>,
    written_ms: i64,
}

/// A tick that was taken; before the first one, the position before it and no time.
#[derive(Debug, Clone, Copy)]
struct Taken {
    position: u64,
    time_ns: i64,
}

impl ProgressWriter {
    /// Goes on after our own progress in this run of the feed, or from where the run began.
    pub(super) async fn resume(kv: Kv<Progress>, feed: &FeedStatus) -> Result<Self, KvError> {
        let progress = kv.get(&subject::key::progress(SERVICE)).await?;
        let progress = progress.filter(|progress| progress.run == feed.run);
        let written = progress.as_ref().map(|p| (p.run.clone(), p.position));
        let begin = Taken { position: feed.start_position, time_ns: 0 };
        let taken = progress.map_or(begin, |p| Taken { position: p.position, time_ns: p.time_ns });
        Ok(Self { kv, run: feed.run.clone(), taken, before: taken, written, written_ms: 0 })
    }

    /// The last position taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken.position
    }

    /// A tick was taken.
    pub(super) fn advance(&mut self, position: u64, time_ns: i64) {
        self.before = self.taken;
        self.taken = Taken { position, time_ns };
    }

    /// The feed began a new run; positions go on.
    pub(super) fn set_run(&mut self, run: String) {
        self.run = run;
    }

    /// When to write, milliseconds since 1970 UTC; `None` when there is nothing to say.
    pub(super) fn due_ms(&self, gate: &Gate) -> Option<i64> {
        self.unwritten(gate).map(|_| self.written_ms + INTERVAL_MS)
    }

    /// Writes what has changed. While the bus is down it stays due.
    pub(super) async fn write_now(&mut self, gate: &Gate) {
        let Some(Taken { position, time_ns }) = self.unwritten(gate) else { return };
        self.written_ms = now_ms();
        let progress = Progress { v: VERSION, run: self.run.clone(), position, time_ns };
        let key = subject::key::progress(SERVICE);
        // Boxed: the loop's own future stays small.
        match Box::pin(self.kv.put(&key, &progress)).await {
            Ok(_revision) => self.written = Some((progress.run, position)),
            Err(error) => tracing::warn!("progress not written: {error}"),
        }
    }

    fn unwritten(&self, gate: &Gate) -> Option<Taken> {
        let position = gate.settled(self.taken.position);
        let settled = if position == self.taken.position {
            self.taken
        } else {
            Taken { position, time_ns: self.before.time_ns }
        };
        let news = self
            .written
            .as_ref()
            .is_none_or(|(run, written)| *run != self.run || settled.position > *written);
        (news && self.taken.time_ns != 0).then_some(settled)
    }
}
