//! A bucket kept at what was said last: the newest word on each key wins, and gets there.
//!
//! Saying something never waits. A word that is overtaken before it is stored is never stored. As
//! much is held as there are keys, however long the bus is away.

use super::{Bus, Kv};
use crate::backoff::Backoff;
use proto::{Message, stream::BucketSpec};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::watch;

/// Each key's last word, and the how many-th it was.
type Words<M> = BTreeMap<String, (u64, M)>;

/// Which of each key's words is stored.
type Stored = BTreeMap<String, u64>;

/// Keeps a bucket at what was said last.
pub struct Newest<M> {
    said: watch::Sender<Words<M>>,
    stored: watch::Receiver<Stored>,
}

impl<M: Message + Clone + Send + Sync + 'static> Newest<M> {
    /// Writes into the bucket of `spec` what will be said, until this is dropped.
    pub fn start(bus: &Bus, spec: &BucketSpec) -> Self {
        let (said, words) = watch::channel(Words::new());
        let (done, stored) = watch::channel(Stored::new());
        // The task ends with the sender of words.
        drop(tokio::spawn(keep(bus.kv(spec), words, done)));
        Self { said, stored }
    }

    /// Says something new about `key`.
    pub fn say(&self, key: &str, value: M) {
        self.said.send_modify(|words| match words.get_mut(key) {
            Some(word) => *word = (word.0 + 1, value),
            None => drop(words.insert(key.to_owned(), (0, value))),
        });
    }

    /// Waits until what was said last about `key` is stored.
    pub async fn settle(&self, key: &str) {
        let Some(number) = self.said.borrow().get(key).map(|(number, _)| *number) else { return };
        let is_stored = |stored: &Stored| stored.get(key).is_some_and(|last| *last >= number);
        // The task lives as long as this sender of words.
        drop(self.stored.clone().wait_for(is_stored).await);
    }
}

async fn keep<M: Message + Clone>(
    bucket: Kv<M>,
    mut said: watch::Receiver<Words<M>>,
    stored: watch::Sender<Stored>,
) {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    loop {
        let Some((key, (number, value))) = next(&mut said, &stored.borrow()) else {
            if said.changed().await.is_err() {
                return;
            }
            continue;
        };
        match bucket.put(&key, &value).await {
            Ok(_revision) => {
                stored.send_modify(|stored| {
                    stored.insert(key, number);
                });
                backoff.reset();
            }
            Err(_) if said.has_changed().is_err() => return,
            Err(error) => {
                tracing::warn!(key, "not stored yet: {error}");
                backoff.wait().await;
            }
        }
    }
}

/// A word that is not stored yet.
fn next<M: Clone>(
    said: &mut watch::Receiver<Words<M>>,
    stored: &Stored,
) -> Option<(String, (u64, M))> {
    let words = said.borrow_and_update();
    let news = words.iter().find(|(key, (number, _))| stored.get(*key) != Some(number));
    news.map(|(key, word)| (key.clone(), word.clone()))
}
