//! One dashboard on a bus of its own, with nobody behind it: what it shows is what a test publishes,
//! as ingest, strategy and executor would. Bus and dashboard can be killed and started again.

mod cast;

pub use cast::{account, feed, levels, order, position};

use crate::healthy;
use anyhow::{Context as _, ensure};
use proto::{Bar, FeedStatus, PriceField, Session, Source, Symbol, Tick, VERSION, encode, subject};
use runtime::{
    bus::{Bus, Expect},
    clock,
    testing::{NatsServer, SOON, eventually, free_port, repository},
};
use serde_json::{Value, json};
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
    token: Option<String>,
    ingest: Bus,
    strategy: Bus,
    executor: Bus,
    symbols: Vec<Symbol>,
}

/// What is different about the dashboard of a stage.
#[derive(Debug, Clone)]
pub struct Scene {
    /// More keys of its slot: `title`, `theme`, `colors`.
    pub slot: Value,
    /// How many more dashboards the wall names, with nobody behind them.
    pub others: u32,
    /// What a person types at the page to set the trading state, where that is possible.
    pub token: Option<String>,
}

impl Default for Scene {
    fn default() -> Self {
        Self { slot: json!({}), others: 0, token: None }
    }
}

impl Scene {
    /// The configuration's text.
    fn wall(&self, symbols: &[&str], port: u16) -> anyhow::Result<String> {
        let mut slot = json!({"id": 1, "port": port, "symbols": symbols});
        if let (Value::Object(keys), Value::Object(more)) = (&mut slot, &self.slot) {
            keys.extend(more.clone());
        }
        let mut slots = vec![slot];
        for id in 2..self.others + 2 {
            slots.push(json!({"id": id, "port": free_port()?, "symbols": ["KO", "PEP"]}));
        }
        let control = json!({"enabled": self.token.is_some()});
        Ok(json!({ "dashboards": slots, "control": control }).to_string())
    }
}

impl Stage {
    /// A bus with empty streams and a dashboard of `symbols` that knows nothing yet.
    ///
    /// # Errors
    /// When a program is not built, or does not come up.
    pub async fn start(symbols: &[&str]) -> anyhow::Result<Self> {
        Self::with(symbols, Scene::default()).await
    }

    /// The same, with what is different about it.
    ///
    /// # Errors
    /// When a program is not built, or does not come up.
    pub async fn with(symbols: &[&str], scene: Scene) -> anyhow::Result<Self> {
        runtime::tls::install();
        let server = NatsServer::provisioned().await?;
        let config = tempfile::tempdir().context("make a folder for the configuration")?;
        let port = free_port()?;
        let to = |name: &str| config.path().join(name);
        let wall = scene.wall(symbols, port)?;
        std::fs::write(to("dashboard_config.json"), wall).context("write the wall")?;
        let calendar = repository().join("config/market_calendar.toml");
        std::fs::copy(calendar, to("market_calendar.toml")).context("copy the calendar")?;
        let parsed: Result<_, _> = symbols.iter().map(|text| Symbol::parse(text)).collect();
        let (ingest, strategy) = (server.bus("ingest").await?, server.bus("strategy").await?);
        let executor = server.bus("executor").await?;
        let symbols = parsed.context("read the symbols")?;
        let (dashboard, token) = (None, scene.token);
        let mut stage =
            Self { server, dashboard, config, port, token, ingest, strategy, executor, symbols };
        stage.tell_feed(&feed(&stage.symbols)).await?;
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
        let mut command = Command::new(dashboard()?);
        if let Some(token) = &self.token {
            command.env("DASHBOARD_CONTROL_TOKEN", token);
        }
        let child = command
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

    /// Sends the dashboard a signal: `STOP`, `CONT`.
    ///
    /// # Errors
    /// When it does not run.
    pub fn signal_dashboard(&self, signal: &str) -> anyhow::Result<()> {
        let child = self.dashboard.as_ref().context("the dashboard does not run")?;
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status().context("run kill")?;
        ensure!(sent.success(), "kill -s {signal} {id}: {sent}");
        Ok(())
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
