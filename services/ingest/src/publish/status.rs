//! The feed status in its bucket: the newest word wins, and gets there.

use proto::{FeedStatus, stream::FEED, subject::key};
use runtime::{
    backoff::Backoff,
    bus::{Bus, Kv},
};
use std::time::Duration;
use tokio::sync::watch;

/// Keeps the bucket at what was said last.
pub struct StatusWriter {
    newest: watch::Sender<FeedStatus>,
    bucket: Kv<FeedStatus>,
}

impl StatusWriter {
    /// Writes `status`, waits until it is stored, and from then on writes every change.
    pub async fn start(bus: &Bus, status: FeedStatus) -> Self {
        let bucket = bus.kv(&FEED);
        put(&bucket, &status).await;
        let (newest, changes) = watch::channel(status);
        // The task ends with its sender.
        drop(tokio::spawn(keep(bus.kv(&FEED), changes)));
        Self { newest, bucket }
    }

    /// What was said last.
    pub fn last(&self) -> FeedStatus {
        self.newest.borrow().clone()
    }

    /// Says something new.
    pub fn say(&self, status: FeedStatus) {
        self.newest.send_replace(status);
    }

    /// Waits until what was said last is stored.
    pub async fn settle(&self) {
        put(&self.bucket, &self.last()).await;
    }
}

async fn keep(bucket: Kv<FeedStatus>, mut changes: watch::Receiver<FeedStatus>) {
    while changes.changed().await.is_ok() {
        let status = changes.borrow_and_update().clone();
        tokio::select! {
            biased;
            // Something newer has been said: the older word need not get there.
            _ = changes.changed() => changes.mark_changed(),
            () = put(&bucket, &status) => {}
        }
    }
}

/// Writes until it is stored.
async fn put(bucket: &Kv<FeedStatus>, status: &FeedStatus) {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    while let Err(error) = bucket.put(key::FEED_STATUS, status).await {
        tracing::warn!("the feed status is not stored yet: {error}");
        backoff.wait().await;
    }
}
