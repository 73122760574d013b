//! Coming up: the lease, the books, the tape. Start and recovery are one path.

use super::{
    Service,
    journal::{self, Folded},
    tape::Tape,
    views::Views,
};
use crate::{
    desk::{Desk, Setup},
    ledger::Books,
    valuation::Earlier,
};
use anyhow::Context as _;
use proto::{
    Account, BrokerMode, Decimal, FeedStatus, LiveArm, Progress, Source, stream, subject::key,
};
use runtime::{
    bus::{Bus, HeldLease, KvWatch},
    config::Refused,
};
use tokio_util::sync::CancellationToken;

impl Service {
    /// Waits for the lease; `None` when the process is asked to stop first.
    pub(super) async fn take_lease(
        &self,
        writer: &str,
        stopping: &CancellationToken,
    ) -> anyhow::Result<Option<HeldLease>> {
        self.health.set("lease", true, "standby: another executor holds it, or held it");
        tokio::select! {
            () = stopping.cancelled() => Ok(None),
            held = self.bus.lease(key::LEASE_EXECUTOR, writer) => {
                self.health.set("lease", true, "held");
                held.map(Some)
            }
        }
    }

    /// The running feed, once there is one.
    pub(super) async fn first_feed(
        &self,
        feed: &mut KvWatch<FeedStatus>,
        stopping: &CancellationToken,
    ) -> Option<FeedStatus> {
        self.health.set("feed", false, "no feed has ever run here; waiting for ingest");
        loop {
            tokio::select! {
                () = stopping.cancelled() => return None,
                entry = feed.next() => if let Some(status) = entry.value {
                    self.health.set("feed", true, "running");
                    return Some(status);
                },
            }
        }
    }

    /// Says whose money it is, and holds real money back until all that it needs is there.
    pub(super) async fn admit(&self, books: &Books, feed: &FeedStatus) -> anyhow::Result<()> {
        let Books { mode, account_id, currency } = books;
        match mode {
            BrokerMode::Paper => tracing::info!(currency, "trading on paper"),
            BrokerMode::Demo if feed.source == Source::Replay => {
                let reason = "TRADING212_API_KEY: a replay is traded on paper; unset it or FEED";
                return Err(Refused::because(reason).into());
            }
            BrokerMode::Demo => {
                tracing::info!(account_id, currency, "trading practice account {account_id}");
            }
            BrokerMode::Live => {
                tracing::warn!(account_id, currency, "REAL MONEY: trading account {account_id}");
                self.admit_real_money(account_id, feed).await?;
            }
        }
        Ok(())
    }

    async fn admit_real_money(&self, account_id: &str, feed: &FeedStatus) -> anyhow::Result<()> {
        if feed.source != Source::Polygon {
            let source = feed.source;
            let reason = format!("LIVE: needs the polygon feed, {source:?} is running; unset FEED");
            return Err(Refused::because(reason).into());
        }
        self.admit_armed(account_id).await?;
        let others =
            ["provision", "ingest", "recorder", "strategy", "dashboard", "control", "operator"];
        for user in others {
            let known = self.config.bus.knows_default_password(user).await;
            if known.context("LIVE: real money needs to know that the bus is closed")? {
                let variable = format!("NATS_{}_PASSWORD", user.to_uppercase());
                let reason = format!("LIVE: {user} has the default password; set {variable}");
                return Err(Refused::because(reason).into());
            }
        }
        Ok(())
    }

    /// A person has given leave to trade this very account.
    async fn admit_armed(&self, account_id: &str) -> anyhow::Result<()> {
        let armed = self.bus.kv::<LiveArm>(&stream::CONTROL).get(key::CONTROL_LIVE).await;
        let reason = match armed.context("read which account is armed")? {
            Some(arm) if arm.account_id == account_id => {
                tracing::warn!(by = arm.by, "armed by {}: {}", arm.by, arm.why);
                return Ok(());
            }
            Some(arm) => format!(
                "LIVE: account {} is armed, the key is for account {account_id}; run make live-arm \
                 ACCOUNT={account_id} WHY=... if that is meant",
                arm.account_id
            ),
            None => {
                format!("LIVE: no account is armed; run make live-arm ACCOUNT={account_id} WHY=...")
            }
        };
        Err(Refused::because(reason).into())
    }

    /// Folds the journal, takes over the broker's `cash` where it names it, and stands the tape where this run of the feed was left.
    pub(super) async fn recover(
        &self,
        books: Books,
        cash: Option<Decimal>,
        feed: &FeedStatus,
        views: &Views,
    ) -> anyhow::Result<(Desk, Tape)> {
        let paper = books.mode == BrokerMode::Paper;
        let begin = if paper { self.config.cash } else { Decimal::ZERO };
        let same = |account: &Account| {
            account.mode == books.mode && account.account_id == books.account_id
        };
        let earlier = views.earlier_account().await?.filter(same);
        let known = earlier.as_ref().map_or(0, |account| account.journal_seq);
        let folded = journal::fold(&self.bus, books, begin, known).await;
        let Folded { mut ledger, traded } = folded.context("fold the journal")?;
        if let Some(cash) = cash {
            ledger.set_cash(cash);
        }
        tracing::info!(
            journal.seq = ledger.journal_seq(),
            orders.open = ledger.open_orders().count(),
            "books rebuilt from the journal"
        );
        let earlier = earlier.as_ref().map(|account| Earlier { account, traded });
        let setup = Setup {
            limits: self.config.limits.clone(),
            symbols: self.config.symbols.clone(),
            calendar: self.config.calendar.clone(),
        };
        let mut desk = Desk::new(setup, ledger, feed, earlier);
        let control = self.bus.kv(&stream::CONTROL).get(key::CONTROL_TRADING).await;
        if let Some(control) = control.context("read the trading state")? {
            desk.on_control(control);
        }
        let progress = views.earlier_progress().await?;
        let same_run = progress.filter(|progress: &Progress| progress.run == feed.run);
        let position = same_run.as_ref().map_or(feed.start_position, |progress| progress.position);
        if same_run.is_some() {
            load_last_prices(&self.bus, &mut desk, position).await?;
        }
        Ok((desk, Tape::after(&self.bus, position)))
    }
}

/// Takes in each symbol's last price where it is not after `position`, so that holdings have a value
/// before their next tick.
async fn load_last_prices(bus: &Bus, desk: &mut Desk, position: u64) -> anyhow::Result<()> {
    let start = runtime::bus::Start::LastPerSubject;
    let filter = proto::subject::TICKS.to_owned();
    let last = bus.history(stream::TICKS.name, filter, start).await.context("read last prices")?;
    for stored in last.iter().filter(|stored| stored.position <= position) {
        if let Ok(tick) = proto::decode(&stored.payload) {
            desk.on_tick(&tick);
        }
    }
    Ok(())
}
