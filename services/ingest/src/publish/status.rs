//! The feed status in its bucket: the newest word wins, and gets there.

use crate::source::replay::gate::Gate;
use proto::{FeedStatus, stream::FEED, subject::key};
use runtime::{
    bus::{Bus, Newest},
    clock,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How often the progress of a tape is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Keeps the bucket at what was said last.
pub struct StatusWriter {
    words: Arc<Words>,
}

struct Words {
    newest: Newest<FeedStatus>,
    /// What was said last.
    last: Mutex<FeedStatus>,
}

impl StatusWriter {
    /// Writes `status`, waits until it is stored, and from then on writes every change.
    pub async fn start(bus: &Bus, status: FeedStatus) -> Self {
        let newest = Newest::start(bus, &FEED);
        newest.say(key::FEED_STATUS, status.clone());
        newest.settle(key::FEED_STATUS).await;
        Self { words: Arc::new(Words { newest, last: Mutex::new(status) }) }
    }

    /// What was said last.
    pub fn last(&self) -> FeedStatus {
        self.words.last().clone()
    }

    /// Says something new.
    pub fn say(&self, status: FeedStatus) {
        self.words.say(&mut self.words.last(), status);
    }

    /// Says how far the tape behind `gate` has come, at most once a second, also while its ticks
    /// wait for readers or for a person.
    pub fn follow(&self, gate: Gate) {
        let words = Arc::downgrade(&self.words);
        // The task ends with this writer.
        drop(tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(words) = words.upgrade() else { return };
                words.follow(&gate);
            }
        }));
    }

    /// Waits until what was said last is stored.
    pub async fn settle(&self) {
        self.words.newest.settle(key::FEED_STATUS).await;
    }
}

impl Words {
    fn last(&self) -> MutexGuard<'_, FeedStatus> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, last: &mut FeedStatus, status: FeedStatus) {
        self.newest.say(key::FEED_STATUS, status.clone());
        *last = status;
    }

    fn follow(&self, gate: &Gate) {
        let mut last = self.last();
        let (tape, speed) = (gate.progress(), gate.speed());
        if tape.is_some() && (tape != last.tape || speed != last.speed) {
            let status = FeedStatus { tape, speed, at_ms: clock::now_ms(), ..last.clone() };
            self.say(&mut last, status);
        }
    }
}
