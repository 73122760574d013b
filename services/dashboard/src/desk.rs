//! What the tasks of one served slot share: the hub, and the newest frame, encoded once for all.

use crate::{hub::Hub, view::Frame};
use axum::extract::ws::Utf8Bytes;
use runtime::wall::{Slot, Wall};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// The newest frame as it goes to every page that is up to date.
#[derive(Debug, Clone)]
pub(crate) struct Newest {
    /// A delta from this frame; equal to `to_seq` for a heartbeat.
    pub(crate) from_seq: u64,
    /// To this one.
    pub(crate) to_seq: u64,
    /// Its text.
    pub(crate) text: Utf8Bytes,
}

/// One served slot. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Desk {
    hub: Arc<RwLock<Hub>>,
    newest: watch::Sender<Newest>,
    /// The slot that is served.
    pub(crate) slot: Arc<Slot>,
    /// All slots, for the wall.
    pub(crate) wall: Arc<Wall>,
}

impl Desk {
    /// Serves `slot` of `wall` from `hub`.
    pub(crate) fn new(hub: Hub, slot: Slot, wall: Arc<Wall>) -> Self {
        let newest = Newest { from_seq: 0, to_seq: 0, text: Utf8Bytes::default() };
        Self {
            hub: Arc::new(RwLock::new(hub)),
            newest: watch::Sender::new(newest),
            slot: Arc::new(slot),
            wall,
        }
    }

    /// The hub, to read. Hold it for as long as it takes to encode a frame, and never across an await.
    pub(crate) fn hub(&self) -> RwLockReadGuard<'_, Hub> {
        self.hub.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hub, to write.
    pub(crate) fn hub_mut(&self) -> RwLockWriteGuard<'_, Hub> {
        self.hub.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Told of every new frame. A reader that lags sees only the newest.
    pub(crate) fn frames(&self) -> watch::Receiver<Newest> {
        self.newest.subscribe()
    }

    /// Sends what changed since frame `from_seq` to every page that has it.
    pub(crate) fn publish(&self, from_seq: u64, now_ms: i64) {
        let hub = self.hub();
        let text = encode(&hub.delta(from_seq, now_ms));
        self.newest.send_replace(Newest { from_seq, to_seq: hub.seq(), text });
        metrics::counter!("dashboard_frames_total").increment(1);
    }

    /// Sends a sign of life to every page.
    pub(crate) fn beat(&self, now_ms: i64) {
        let hub = self.hub();
        let (seq, text) = (hub.seq(), encode(&hub.heartbeat(now_ms)));
        self.newest.send_replace(Newest { from_seq: seq, to_seq: seq, text });
    }
}

/// A frame as text. Frames hold only numbers, texts and maps keyed by text: all of it is JSON.
pub(crate) fn encode(frame: &Frame<'_>) -> Utf8Bytes {
    serde_json::to_string(frame).map(Utf8Bytes::from).unwrap_or_default()
}
