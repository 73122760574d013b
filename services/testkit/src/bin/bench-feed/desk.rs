//! The bus and ingest, as they run in earnest, on ports and a folder of their own.

use super::{fake, http, usage, usage::Usage};
use anyhow::{Context as _, bail, ensure};
use proto::stream;
use runtime::{
    bus::Bus,
    testing::{NatsServer, free_port, repository},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

/// How ingest is started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Start {
    /// `FEED`.
    pub(crate) feed: String,
    /// Where the fake's REST and sockets are.
    pub(crate) fake: Option<(String, String)>,
    /// Symbols beyond the wall's.
    pub(crate) symbols: Vec<String>,
    /// `stream` or `poll`.
    pub(crate) transport: &'static str,
    /// Between two polls, seconds.
    pub(crate) interval_s: u64,
    /// On the first core alone.
    pub(crate) one_core: bool,
}

/// A bus, ingest before it, and somebody who looks on. Killed when dropped.
pub(crate) struct Desk {
    /// The bus.
    _server: NatsServer,
    /// Who looks on.
    pub(crate) bus: Bus,
    ingest: Child,
    server_process: Option<u32>,
    health: String,
    home: Home,
}

/// A folder that goes with its owner.
struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        // What stays behind is in the machine's folder for what may be lost.
        drop(fs::remove_dir_all(&self.0));
    }
}

impl Desk {
    /// Starts all of it.
    ///
    /// # Errors
    /// What does not start.
    pub(crate) async fn start(start: &Start) -> anyhow::Result<Self> {
        let server = NatsServer::provisioned().await.context("start the bus")?;
        let bus = server.bus("operator").await?;
        let port = free_port()?;
        let home =
            Home(std::env::temp_dir().join(format!("bench-feed-{}-{port}", std::process::id())));
        configure(&home.0, start).context("write ingest's configuration")?;
        let health = format!("http://127.0.0.1:{port}");
        let ingest = ingest(&home.0, start, &server.url(), port)?;
        let server_process = usage::child("nats-server");
        Ok(Self { _server: server, bus, ingest, server_process, health, home })
    }

    /// Ends it without a word about lost connections.
    pub(crate) async fn stop(mut self) {
        // It has ended by itself, if anything.
        drop(self.ingest.kill().await);
        self.bus.drain().await;
    }

    /// What ingest and the bus have used.
    pub(crate) fn usage(&self) -> [Usage; 2] {
        [self.ingest.id(), self.server_process].map(usage::of)
    }

    /// What ingest has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.0.join("ingest.log")).unwrap_or_default()
    }

    /// The last sequence of the ticks, and their bytes.
    ///
    /// # Errors
    /// When the bus does not answer, or ingest has ended.
    pub(crate) async fn ticks(&mut self) -> anyhow::Result<(u64, u64)> {
        if let Some(status) = self.ingest.try_wait()? {
            bail!("ingest has ended, {status}:\n{}", self.log());
        }
        let ticks = self.bus.jetstream().get_stream(stream::TICKS.name).await?;
        let state = &ticks.cached_info().state;
        Ok((state.last_sequence, state.bytes))
    }

    /// Waits until no tick has come for `quiet`; the last sequence.
    ///
    /// # Errors
    /// As [`Desk::ticks`].
    pub(crate) async fn settled(&mut self, quiet: Duration) -> anyhow::Result<u64> {
        let (mut last, _) = self.ticks().await?;
        let mut since = Instant::now();
        while since.elapsed() < quiet {
            sleep(Duration::from_millis(100)).await;
            let (now, _) = self.ticks().await?;
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
        Ok(last)
    }

    /// Ingest's counters whose names begin so, as it tells them itself; those at zero are left out.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn counters(&self, names: &[&str]) -> anyhow::Result<Vec<String>> {
        let text = http::text(&self.health, "/metrics", "").await?;
        let wanted = |line: &&str| names.iter().any(|name| line.starts_with(name));
        let lines = text.lines().filter(wanted).filter(|line| !line.ends_with(" 0"));
        Ok(lines.map(str::to_owned).collect())
    }
}

/// The repository's configuration with `start`'s wishes in it.
fn configure(home: &Path, start: &Start) -> anyhow::Result<()> {
    fs::create_dir_all(home)?;
    let source = repository().join("config");
    for entry in fs::read_dir(&source)? {
        let entry = entry?;
        fs::copy(entry.path(), home.join(entry.file_name()))?;
    }
    let text = fs::read_to_string(source.join("ingest.toml"))?;
    let mut file: toml::Table = text.parse()?;
    let polygon = file.get_mut("polygon").and_then(toml::Value::as_table_mut);
    let polygon = polygon.context("find [polygon]")?;
    if !start.transport.is_empty() {
        polygon.insert("transport".to_owned(), start.transport.into());
        polygon.insert("interval".to_owned(), format!("{}s", start.interval_s).into());
        polygon.insert("backfill_days".to_owned(), 0.into());
    }
    fs::write(home.join("ingest.toml"), toml::to_string(&file)?)?;
    Ok(())
}

fn ingest(home: &Path, start: &Start, nats: &str, port: u16) -> anyhow::Result<Child> {
    let program = std::env::current_exe()?.with_file_name("ingest");
    ensure!(program.exists(), "{} is not built", program.display());
    let mut command = Command::new(if start.one_core { Path::new("taskset") } else { &program });
    if start.one_core {
        command.args(["-c", "0"]).arg(&program);
    }
    let log = fs::File::create(home.join("ingest.log")).context("open ingest's log")?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
    command.env("NATS_URL", nats).env("CONFIG_DIR", home).env("FEED", &start.feed);
    command.env("HEALTH_LISTEN", format!("127.0.0.1:{port}"));
    command.env("SYMBOLS", start.symbols.join(","));
    if let Some((rest, socket)) = &start.fake {
        command.env("POLYGON_API_KEY", fake::key());
        command.env("POLYGON_BASE_URL", rest).env("POLYGON_WS_URL", socket);
    }
    command.spawn().context("start ingest")
}

/// The wall's symbols, in its order.
///
/// # Errors
/// When the configuration is not there.
pub(crate) fn wall() -> anyhow::Result<Vec<String>> {
    let file = repository().join("config").join(runtime::wall::FILE);
    let text = fs::read_to_string(file).context("read the wall")?;
    let wall: serde_json::Value = serde_json::from_str(&text)?;
    let slots = wall.get("dashboards").and_then(|slots| slots.as_array()).into_iter().flatten();
    let symbols = slots.filter_map(|slot| slot.get("symbols")?.as_array()).flatten();
    Ok(symbols.filter_map(|symbol| symbol.as_str().map(str::to_owned)).collect())
}
