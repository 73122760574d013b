//! Leases: something only one process may do at a time.
//!
//! 1. A lease is a key in a bucket whose values vanish after 10 s; holding it means renewing it.
//! 2. The holder fences itself: [`HeldLease::secure`] turns false on a monotonic clock before the
//!    key can vanish, whatever the network does.
//! 3. A lease is lost only for a reason that is seen: another holder. An unreachable server alone
//!    does not end it, but it is not secure meanwhile.
//! 4. Nobody waits for the lease of a process that is provably dead: one of this machine, this boot
//!    and this process namespace whose number is gone. Any doubt, and its 10 s are waited for.

mod identity;

pub use identity::identity;

use super::Bus;
use anyhow::Context as _;
use async_nats::jetstream::kv::{self, Operation};
use proto::{
    Lease, VERSION, decode, encode,
    stream::{BucketSpec, LEASES},
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

/// How often a lease is renewed.
const RENEW: Duration = Duration::from_secs(3);
/// How often a claim is tried again while somebody else holds the lease.
const RETRY: Duration = Duration::from_millis(500);
/// A lease is secure for this long after a renewal was begun: 70 % of its life.
const SECURE: Duration = Duration::from_millis(LEASES.max_age_ms * 7 / 10);

/// What has become of a held lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseEvent {
    /// Held without a break since it was taken.
    Held,
    /// The key had vanished and was taken anew: somebody else may have held it in between.
    Broken,
    /// Somebody else holds it.
    Lost,
}

/// A lease we hold. Renewed in the background until released or dropped.
pub struct HeldLease {
    key: String,
    store: kv::Store,
    state: Arc<State>,
    events: watch::Receiver<LeaseEvent>,
    keeper: JoinHandle<()>,
}

/// Tells whether a lease is ours beyond doubt.
#[derive(Clone)]
pub struct Fence {
    state: Arc<State>,
    events: watch::Receiver<LeaseEvent>,
}

impl Fence {
    /// As [`HeldLease::secure`].
    pub fn secure(&self) -> bool {
        *self.events.borrow() != LeaseEvent::Lost && self.state.renewed.borrow().elapsed() < SECURE
    }
}

/// What keeper and holder share.
struct State {
    renewed: watch::Sender<Instant>,
    revision: watch::Sender<u64>,
}

impl Bus {
    /// Claims the lease `key` for `holder`: at once when it is free, else as soon as it is.
    /// Dropping the future gives up.
    ///
    /// # Errors
    /// When the bucket of leases is not there.
    pub async fn lease(&self, key: &str, holder: &str) -> anyhow::Result<HeldLease> {
        let mut told = false;
        loop {
            if let Some(held) = self.try_lease(key, holder).await? {
                return Ok(held);
            }
            if !told {
                tracing::info!(lease = key, "held by another process, waiting for it");
                told = true;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Claims the lease `key` for `holder` if it is free now; `None` when it is not, or when the
    /// server cannot say.
    ///
    /// # Errors
    /// When the bucket of leases is not there.
    pub async fn try_lease(&self, key: &str, holder: &str) -> anyhow::Result<Option<HeldLease>> {
        const BUCKET: &BucketSpec = &LEASES;
        let store = self.jetstream.get_key_value(BUCKET.name).await;
        let store = store.with_context(|| format!("open bucket {}", BUCKET.name))?;
        let value =
            Lease { v: VERSION, holder: holder.to_owned(), since_ms: crate::clock::now_ms() };
        let begun = Instant::now();
        let payload: Vec<u8> = encode(&value)?;
        let taken = match store.create(key, payload.clone().into()).await {
            Ok(revision) => Some(revision),
            Err(_held) => inherit(&store, key, payload).await,
        };
        let Some(revision) = taken else {
            return Ok(None);
        };
        tracing::info!(lease = key, holder, "lease taken");
        Ok(Some(HeldLease::keep(key, store, value, revision, begun)))
    }
}

/// Takes the lease over from a holder that is provably dead; its new revision.
async fn inherit(store: &kv::Store, key: &str, payload: Vec<u8>) -> Option<u64> {
    let entry = store.entry(key).await.ok()??;
    let dead = decode::<Lease>(&entry.value).ok()?.holder;
    if entry.operation != Operation::Put || !identity::is_gone(&dead) {
        return None;
    }
    // Compare-and-set: of several heirs one gets it.
    let revision = store.update(key, payload.into(), entry.revision).await.ok()?;
    tracing::info!(lease = key, dead, "taken over from a process that is gone");
    Some(revision)
}

impl HeldLease {
    fn keep(key: &str, store: kv::Store, value: Lease, revision: u64, begun: Instant) -> Self {
        let state = Arc::new(State {
            renewed: watch::Sender::new(begun),
            revision: watch::Sender::new(revision),
        });
        let (told, events) = watch::channel(LeaseEvent::Held);
        metrics::gauge!("lease_held", "lease" => key.to_owned()).set(1.0);
        let keeper = Keeper { key: key.to_owned(), store: store.clone(), value, told };
        let keeper = tokio::spawn(keeper.run(Arc::clone(&state)));
        Self { key: key.to_owned(), store, state, events, keeper }
    }

    /// The lease is ours beyond doubt at this moment. Ask right before every act it protects.
    pub fn secure(&self) -> bool {
        self.fence().secure()
    }

    /// Waits until the lease is ours beyond doubt; `false` once it is not simply held any more.
    /// Whoever was held up asks this before it acts on what it knew before. Dropping the future
    /// loses nothing.
    pub async fn assured(&self) -> bool {
        let (mut events, mut renewed) = (self.events.clone(), self.state.renewed.subscribe());
        while *events.borrow_and_update() == LeaseEvent::Held {
            if self.secure() {
                return true;
            }
            tokio::select! {
                _ = renewed.changed() => {}
                changed = events.changed() => if changed.is_err() { return false },
            }
        }
        false
    }

    /// What tells whether the lease is secure, for whoever acts under it elsewhere.
    pub fn fence(&self) -> Fence {
        Fence { state: Arc::clone(&self.state), events: self.events.clone() }
    }

    /// Its revision in the bucket: rises with every renewal, so a later holder has a higher one.
    pub fn revision(&self) -> u64 {
        *self.state.revision.borrow()
    }

    /// Waits until the lease is no longer simply held. Dropping the future loses nothing.
    pub async fn changed(&mut self) -> LeaseEvent {
        match self.events.wait_for(|event| *event != LeaseEvent::Held).await {
            Ok(event) => *event,
            Err(_gone) => LeaseEvent::Lost,
        }
    }

    /// Gives the lease up, so that the next holder need not wait for it to vanish.
    pub async fn release(self) {
        self.keeper.abort();
        let revision = self.revision();
        if self.store.delete_expect_revision(&self.key, Some(revision)).await.is_ok() {
            tracing::info!(lease = self.key, "lease released");
        }
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        self.keeper.abort();
        metrics::gauge!("lease_held", "lease" => self.key.clone()).set(0.0);
    }
}

/// Renews a lease in the background.
struct Keeper {
    key: String,
    store: kv::Store,
    value: Lease,
    told: watch::Sender<LeaseEvent>,
}

impl Keeper {
    async fn run(self, state: Arc<State>) {
        let mut every = tokio::time::interval_at(Instant::now() + RENEW, RENEW);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let begun = Instant::now();
            let before = *state.revision.borrow();
            if let Some(revision) = self.renew(before).await {
                state.revision.send_replace(revision);
                state.renewed.send_replace(begun);
            }
            if *self.told.borrow() == LeaseEvent::Lost {
                tracing::warn!(lease = self.key, "lease lost to another process");
                return;
            }
        }
    }

    /// One renewal; the new revision, or `None` when it is not known to have worked.
    async fn renew(&self, revision: u64) -> Option<u64> {
        let payload: Vec<u8> = encode(&self.value).ok()?;
        if let Ok(renewed) = self.store.update(&self.key, payload.clone().into(), revision).await {
            return Some(renewed);
        }
        // Refused, or the answer is lost: look who holds it.
        let entry = self.store.entry(&self.key).await.ok()?;
        let present = entry.filter(|entry| entry.operation == Operation::Put);
        match present {
            Some(entry) if self.is_ours(&entry.value) => Some(entry.revision),
            Some(_) => {
                self.told.send_replace(LeaseEvent::Lost);
                None
            }
            None => {
                let taken = self.store.create(&self.key, payload.into()).await.ok()?;
                tracing::warn!(lease = self.key, "lease had run out and was taken anew");
                self.told.send_replace(LeaseEvent::Broken);
                Some(taken)
            }
        }
    }

    fn is_ours(&self, payload: &[u8]) -> bool {
        decode::<Lease>(payload).is_ok_and(|lease| lease.holder == self.value.holder)
    }
}
