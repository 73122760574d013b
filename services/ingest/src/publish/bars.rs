//! Bars to their stream, acknowledged, in order, through outages.
//!
//! A bar published twice replaces itself, so whatever is not known to be stored is simply sent
//! again. The queue is bounded; some 16,000 bars are 13 hours of twenty symbols.

use futures_util::future::join_all;
use proto::{Bar, encode, subject};
use runtime::{backoff::Backoff, bus::Bus};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Bars that may wait.
const QUEUE: usize = 16_384;
/// Bars sent before their acknowledgements are awaited.
const BATCH: usize = 256;

/// Hands bars over to the task that stores them. Cheap to clone.
#[derive(Clone)]
pub struct BarWriter {
    queue: mpsc::Sender<Order>,
}

/// What the task is asked to do.
enum Order {
    Store(Box<Bar>),
    /// Answer when everything before is stored.
    Settle(oneshot::Sender<()>),
}

impl BarWriter {
    /// A writer on `bus`; its task ends when the last clone is dropped and all is stored.
    pub fn start(bus: Bus) -> Self {
        let (queue, orders) = mpsc::channel(QUEUE);
        // The task ends by itself with its queue.
        drop(tokio::spawn(store(bus, orders)));
        Self { queue }
    }

    /// Stores `bar`, sooner or later. Waits only when the queue is full.
    pub async fn write(&self, bar: Bar) {
        metrics::counter!("ingest_bars_total").increment(1);
        // The task lives as long as this writer.
        drop(self.queue.send(Order::Store(Box::new(bar))).await);
    }

    /// Stores `bar`, sooner or later; drops and counts it when the queue is full. For live sources,
    /// which must not wait. Whether it will be stored.
    pub fn write_or_drop(&self, bar: Bar) -> bool {
        let (taken, name) = match self.queue.try_send(Order::Store(Box::new(bar))) {
            Ok(()) => (true, "ingest_bars_total"),
            Err(_full) => (false, "ingest_bars_dropped_total"),
        };
        metrics::counter!(name).increment(1);
        taken
    }

    /// Waits until every bar handed over so far is stored.
    pub async fn settle(&self) {
        let (done, settled) = oneshot::channel();
        if self.queue.send(Order::Settle(done)).await.is_ok() {
            // The task answers, or is gone together with the process.
            drop(settled.await);
        }
    }
}

async fn store(bus: Bus, mut orders: mpsc::Receiver<Order>) {
    let mut batch = Vec::with_capacity(BATCH);
    while orders.recv_many(&mut batch, BATCH).await > 0 {
        let mut bars = Vec::with_capacity(batch.len());
        for order in batch.drain(..) {
            match order {
                Order::Store(bar) => bars.push(*bar),
                Order::Settle(done) => {
                    store_all(&bus, std::mem::take(&mut bars)).await;
                    if done.send(()).is_err() {
                        tracing::debug!("nobody waits for the bars any more");
                    }
                }
            }
        }
        store_all(&bus, bars).await;
    }
}

/// Sends `bars` until the server has acknowledged each.
async fn store_all(bus: &Bus, mut bars: Vec<Bar>) {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    loop {
        bars = store_once(bus, bars).await;
        if bars.is_empty() {
            return;
        }
        tracing::debug!(waiting = bars.len(), "bars are not stored yet, sending them again");
        backoff.wait().await;
    }
}

/// Sends `bars` once; gives back those that are not known to be stored.
async fn store_once(bus: &Bus, bars: Vec<Bar>) -> Vec<Bar> {
    if !bus.connected() {
        return bars;
    }
    let mut sent = Vec::with_capacity(bars.len());
    for bar in bars {
        // A bar that cannot be written cannot be stored either: no use in keeping it.
        let Ok(payload) = encode(&bar) else { continue };
        let published = bus.jetstream().publish(subject::bar(&bar.symbol), payload.into()).await;
        sent.push(async move {
            let stored = match published {
                Ok(acknowledged) => acknowledged.await.is_ok(),
                Err(_not_sent) => false,
            };
            (!stored).then_some(bar)
        });
    }
    // All at once: each waits for its acknowledgement from when it is asked, and those that a dying
    // server has taken with it would otherwise be waited for one after the other.
    join_all(sent).await.into_iter().flatten().collect()
}
