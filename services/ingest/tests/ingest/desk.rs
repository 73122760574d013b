//! A server, a running feed, and what it has left behind.

use ingest::{Desk, serve, source::Source};
use market::Calendar;
use proto::{
    Bar, FeedState, FeedStatus, Symbol, Tick, decode,
    stream::{BARS, FEED, TICKS},
    subject::{self, key},
};
use runtime::{
    bus::{Bus, Start},
    clock::Clock,
    health::Health,
    testing::{NatsServer, eventually, repository},
};
use std::{collections::BTreeMap, path::PathBuf};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Long enough for anything on a busy machine.
pub(crate) use runtime::testing::SOON;

/// A server and somebody who may look at everything.
pub(crate) struct Bench {
    pub(crate) server: NatsServer,
    pub(crate) admin: Bus,
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) health: Health,
    /// What tells ingest the time: the wall's, unless a test puts another one here.
    pub(crate) clock: Clock,
}

/// A running feed.
pub(crate) struct Running {
    pub(crate) task: JoinHandle<anyhow::Result<()>>,
    pub(crate) stopping: CancellationToken,
}

pub(crate) fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::parse(name).unwrap()).collect()
}

pub(crate) fn calendar() -> Calendar {
    let path = repository().join("config/market_calendar.toml");
    Calendar::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn test_data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("test_data").join(name)
}

impl Bench {
    pub(crate) async fn new(names: &[&str]) -> Self {
        let server = NatsServer::provisioned().await.unwrap();
        let admin = server.bus("provision").await.unwrap();
        let (health, clock) = (Health::new("ingest"), Clock::wall());
        Self { server, admin, symbols: symbols(names), health, clock }
    }

    /// Starts a process's worth of ingest.
    pub(crate) async fn start<S: Source + 'static>(&self, source: S) -> Running {
        let stopping = CancellationToken::new();
        let desk = Desk {
            bus: self.server.bus("ingest").await.unwrap(),
            health: self.health.clone(),
            symbols: self.symbols.clone(),
            calendar: calendar(),
            quality: ingest::normalize::Quality::default(),
            clock: self.clock.clone(),
        };
        let task = tokio::spawn(serve(source, desk, stopping.clone()));
        Running { task, stopping }
    }

    /// The feed status, once `condition` holds of it.
    pub(crate) async fn status(&self, condition: impl Fn(&FeedStatus) -> bool) -> FeedStatus {
        let bucket = self.admin.kv::<FeedStatus>(&FEED);
        let mut last = None;
        let found = eventually(SOON, async || {
            let status = bucket.get(key::FEED_STATUS).await.ok().flatten();
            last.clone_from(&status);
            status.filter(|status| condition(status))
        });
        found.await.unwrap_or_else(|| panic!("the feed status never came to hold: {last:?}"))
    }

    pub(crate) async fn state(&self, state: FeedState) -> FeedStatus {
        self.status(|status| status.state == state).await
    }

    /// All ticks in stream order, with their positions.
    pub(crate) async fn all_ticks(&self) -> Vec<(u64, Tick)> {
        let stored =
            self.admin.history(TICKS.name, subject::TICKS.to_owned(), Start::Beginning).await;
        let read =
            |stored: runtime::bus::Stored| (stored.position, decode(&stored.payload).unwrap());
        stored.unwrap().into_iter().map(read).collect()
    }

    pub(crate) async fn ticks(&self, symbol: &Symbol) -> Vec<Tick> {
        let all = self.all_ticks().await.into_iter().map(|(_, tick)| tick);
        all.filter(|tick| tick.symbol == *symbol).collect()
    }

    /// All ticks, once there are at least `count`.
    pub(crate) async fn ticks_from(&self, count: u64) -> Vec<(u64, Tick)> {
        let enough = async || {
            let mut stream = self.admin.jetstream().get_stream(TICKS.name).await.ok()?;
            let held = stream.info().await.ok()?.state.messages;
            (held >= count).then_some(())
        };
        eventually(SOON, enough).await.expect("enough ticks");
        self.all_ticks().await
    }

    /// The bars of a symbol by start; a later one replaces an earlier one.
    pub(crate) async fn bars(&self, symbol: &Symbol) -> BTreeMap<i64, Bar> {
        let stored = self.admin.history(BARS.name, subject::bar(symbol), Start::Beginning).await;
        let bars =
            stored.unwrap().into_iter().map(|stored| decode::<Bar>(&stored.payload).unwrap());
        bars.map(|bar| (bar.start_ms, bar)).collect()
    }
}

impl Running {
    /// Ends it as a signal would.
    pub(crate) async fn stop(self) {
        self.stopping.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as a crash would.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}
