//! One dashboard on a bus of its own, with nobody behind it: what it shows is what a test publishes,
//! as ingest would. Bus and dashboard can be killed and started again.

use crate::healthy;
use anyhow::{Context as _, ensure};
use proto::{
    Bar, ClockKind, FeedState, FeedStatus, PriceField, Session, Source, Symbol, Tick, VERSION,
    encode, stream, subject,
};
use runtime::{
    bus::{Bus, Expect},
    clock,
    testing::{NatsServer, SOON, eventually, free_port, repository},
};
use serde_json::json;
use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// The bus, the dashboard, and the hand of whoever publishes. All end when dropped.
pub struct Stage {
    server: NatsServer,
    dashboard: Option<Child>,
    config: TempDir,
    port: u16,
    ingest: Bus,
    symbols: Vec<Symbol>,
}

impl Stage {
    /// A bus with empty streams and a dashboard of `symbols` that knows nothing yet.
    ///
    /// # Errors
    /// When a program is not built, or does not come up.
    pub async fn start(symbols: &[&str]) -> anyhow::Result<Self> {
        runtime::tls::install();
        let server = NatsServer::provisioned().await?;
        let config = tempfile::tempdir().context("make a folder for the configuration")?;
        let port = free_port()?;
        let wall = json!({"dashboards": [{"id": 1, "port": port, "symbols": symbols}]});
        let to = |name: &str| config.path().join(name);
        std::fs::write(to("dashboard_config.json"), wall.to_string()).context("write the wall")?;
        let calendar = repository().join("config/market_calendar.toml");
        std::fs::copy(calendar, to("market_calendar.toml")).context("copy the calendar")?;
        let parsed: Result<_, _> = symbols.iter().map(|text| Symbol::parse(text)).collect();
        let ingest = server.bus("ingest").await?;
        let symbols = parsed.context("read the symbols")?;
        let mut stage = Self { server, dashboard: None, config, port, ingest, symbols };
        stage.tell_feed().await?;
        stage.start_dashboard().await?;
        Ok(stage)
    }

    /// The address of the page.
    pub fn page(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// What it shows.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Starts the dashboard again and waits until it answers.
    ///
    /// # Errors
    /// When it is not built or does not come up.
    pub async fn start_dashboard(&mut self) -> anyhow::Result<()> {
        let child = Command::new(dashboard()?)
            .args(["--dashboard-id", "1"])
            .env_remove("DASHBOARD_ID")
            .env("CONFIG_DIR", self.config.path())
            .env("NATS_URL", self.server.url())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("start the dashboard")?;
        self.dashboard = Some(child);
        let up = eventually(SOON, async || healthy(self.port).await).await;
        up.context("the dashboard does not answer")
    }

    /// Kills the dashboard as a crash would.
    pub fn kill_dashboard(&mut self) {
        if let Some(mut child) = self.dashboard.take() {
            // An error only says that it is dead already.
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Kills the bus as a crash would.
    pub fn kill_bus(&mut self) {
        self.server.kill();
    }

    /// Starts the bus again with what it has stored, and waits until this hand has it.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restart_bus(&mut self) -> anyhow::Result<()> {
        self.server.restart().await?;
        let back = async || self.ingest.connected().then_some(());
        eventually(SOON, back).await.context("the bus is not found again")
    }

    /// Publishes a price as a live feed does: without waiting for anybody. `false` when the bus is away.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub async fn publish(&self, tick: &Tick) -> anyhow::Result<bool> {
        Ok(self.ingest.publish_now(subject::tick(&tick.symbol), encode(tick)?).await)
    }

    /// Publishes a minute and waits until it is stored.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn store(&self, bar: &Bar) -> anyhow::Result<()> {
        let subject = subject::bar(&bar.symbol);
        let stored = self.ingest.publish_stored(&subject, encode(bar)?, Expect::Anything);
        stored.await.map(drop).context("store a minute")
    }

    async fn tell_feed(&self) -> anyhow::Result<()> {
        let status = FeedStatus {
            v: VERSION,
            run: "stage".to_owned(),
            source: Source::Sim,
            clock: ClockKind::Tape,
            state: FeedState::Live,
            detail: "published by hand".to_owned(),
            symbols: self.symbols.clone(),
            missing: Vec::new(),
            start_position: 0,
            interval_ms: 1_000,
            speed: 1.0,
            delay_ms: 0,
            entitlement: None,
            transport: None,
            tape: None,
            at_ms: clock::now_ms(),
        };
        let feed = self.ingest.kv(&stream::FEED);
        feed.put(subject::key::FEED_STATUS, &status).await.map(drop).context("tell of the feed")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.kill_dashboard();
    }
}

/// A price at `time_ms`, received now.
pub fn tick(symbol: &Symbol, seq: u64, price: f64, time_ms: i64) -> Tick {
    Tick {
        v: VERSION,
        symbol: symbol.clone(),
        seq,
        price,
        size: 100.0,
        time_ns: time_ms * 1_000_000,
        received_ns: clock::now_ns(),
        source: Source::Sim,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: false,
        bid: Some(price - 0.01),
        ask: Some(price + 0.01),
        prev_close: Some(100.0),
        gap: false,
        suspect: None,
    }
}

/// A closed minute; `seq` is that of its last tick.
pub fn bar(symbol: &Symbol, start_ms: i64, open: f64, close: f64, seq: u64) -> Bar {
    Bar {
        v: VERSION,
        symbol: symbol.clone(),
        start_ms,
        open,
        high: open.max(close) + 0.05,
        low: open.min(close) - 0.05,
        close,
        volume: 1_000.0,
        vwap: f64::midpoint(open, close),
        count: 60,
        seq,
        source: Source::Sim,
    }
}

/// The dashboard's program: in `BIN_DIR` where that is set, else of the same profile as this one.
fn dashboard() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe().context("find this test's own program")?;
    let folder = std::env::var_os("BIN_DIR").map(PathBuf::from);
    let folder = folder.or_else(|| here.ancestors().nth(2).map(PathBuf::from));
    let program = folder.context("find the build folder")?.join("dashboard");
    ensure!(program.exists(), "{} is not built; run `cargo build --bins` first", program.display());
    Ok(program)
}
