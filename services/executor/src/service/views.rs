//! What others see: KV `positions`, `account` and `progress`.

use anyhow::{Context as _, ensure};
use proto::{Account, Position, Progress, VERSION, stream, subject::key};
use runtime::bus::{Bus, HeldLease, Kv};
use std::collections::BTreeMap;

/// The executor's entries in the buckets.
pub(super) struct Views {
    positions: Kv<Position>,
    account: Kv<Account>,
    progress: Kv<Progress>,
    told_position: u64,
    /// Where our last word on each holding is in its bucket.
    revisions: BTreeMap<String, u64>,
}

impl Views {
    pub(super) fn new(bus: &Bus) -> Self {
        Self {
            positions: bus.kv(&stream::POSITIONS),
            account: bus.kv(&stream::ACCOUNT),
            progress: bus.kv(&stream::PROGRESS),
            told_position: 0,
            revisions: BTreeMap::new(),
        }
    }

    /// The account as last published, by whichever executor.
    pub(super) async fn earlier_account(&self) -> anyhow::Result<Option<Account>> {
        self.account.get(key::ACCOUNT_SUMMARY).await.context("read the account's last record")
    }

    /// How far the executor had come.
    pub(super) async fn earlier_progress(&self) -> anyhow::Result<Option<Progress>> {
        self.progress.get(&key::progress("executor")).await.context("read our own progress")
    }

    /// Publishes a holding, never over that of a successor: who was held up past its lease, even
    /// within this call, finds another revision than it knew when the lease was its own.
    pub(super) async fn put_position(
        &mut self,
        position: &Position,
        lease: &HeldLease,
    ) -> anyhow::Result<()> {
        let key = key::position(&position.symbol);
        let context = || format!("publish {key}");
        let known = self.revisions.get(&key).copied();
        let before = match known {
            Some(revision) => revision,
            None => self.positions.revision(&key).await.with_context(context)?,
        };
        ensure!(lease.assured().await, "the lease went to another executor");
        let stored = self.positions.put_after(&key, position, before).await;
        let revision = stored.with_context(context)?;
        self.revisions.insert(key, revision);
        Ok(())
    }

    /// Publishes the account.
    pub(super) async fn put_account(&self, account: &Account) -> anyhow::Result<()> {
        self.account.put(key::ACCOUNT_SUMMARY, account).await.context("publish the account")?;
        Ok(())
    }

    /// Publishes how far the tape has been read, when that is further than before.
    pub(super) async fn put_progress(
        &mut self,
        run: &str,
        position: u64,
        time_ns: i64,
    ) -> anyhow::Result<()> {
        if position == self.told_position {
            return Ok(());
        }
        let progress = Progress { v: VERSION, run: run.to_owned(), position, time_ns };
        let key = key::progress("executor");
        self.progress.put(&key, &progress).await.context("publish our progress")?;
        self.told_position = position;
        Ok(())
    }
}
