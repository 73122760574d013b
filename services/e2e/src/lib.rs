//! The whole desk under test: the real programs, started the way `make run` starts them, on free
//! ports, with faults on demand. It never reaches into a program: what it knows it reads from the
//! bus, from the pages and from `/healthz`, as anybody could.

mod config;
mod journal;
pub mod stage;
pub mod tape;

pub use config::{DEFAULT_WALL, Setup};
pub use journal::{Journal, LastState, ticks, without_wall_clock};
pub use stage::Stage;

use anyhow::{Context as _, ensure};
use config::Ports;
use runtime::{
    bus::Bus,
    testing::{bus_config, eventually, nats_server, repository},
};
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

pub use runtime::testing::SOON;

/// A running desk. Stopped when dropped, with nothing left behind.
pub struct Desk {
    script: Child,
    home: TempDir,
    ports: Ports,
}

impl Desk {
    /// Starts a desk and waits until every page answers.
    ///
    /// # Errors
    /// When a program is not built, or the desk does not come up; with its logs.
    pub async fn start(setup: Setup) -> anyhow::Result<Self> {
        let mut desk = Self::launch(setup)?;
        let up = eventually(SOON * 2, async || {
            if let Ok(Some(status)) = desk.script.try_wait() {
                return Some(Err(anyhow::anyhow!("the desk ended with {status}")));
            }
            for port in desk.ports.pages.clone() {
                healthy(port).await?;
            }
            Some(Ok(()))
        });
        let up = up.await.unwrap_or_else(|| Err(anyhow::anyhow!("not every page came up")));
        up.with_context(|| desk.logs())?;
        Ok(desk)
    }

    /// Starts a desk and does not wait for its pages.
    ///
    /// # Errors
    /// When a program is not built or the script cannot be started.
    pub fn launch(setup: Setup) -> anyhow::Result<Self> {
        runtime::tls::install();
        let home = tempfile::tempdir().context("make a folder for the desk")?;
        let (ports, variables) = setup.write(home.path())?;
        let output = std::fs::File::create(home.path().join("run.log")).context("open run.log")?;
        let script = Command::new(repository().join("deploy/local/run"))
            .env("QUIET", "1")
            .env("DESK_STATE", home.path())
            .env("CONFIG_DIR", home.path().join("config"))
            .env("BIN_DIR", programs()?)
            .env("NATS_SERVER_BIN", nats_server()?)
            .env("NATS_PORT", ports.nats.to_string())
            .env("NATS_HTTP_PORT", ports.monitoring.to_string())
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("share run.log")?)
            .stderr(output)
            .spawn()
            .context("start deploy/local/run")?;
        Ok(Self { script, home, ports })
    }

    /// A connection to the desk's bus as `user`.
    ///
    /// # Errors
    /// When the server refuses it or is not there.
    pub async fn bus(&self, user: &str) -> anyhow::Result<Bus> {
        Bus::connect(&bus_config(user, &self.nats_url())?).await
    }

    /// The bus's address.
    pub fn nats_url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.ports.nats)
    }

    /// The address of the server's monitoring pages (`/connz`, `/varz`).
    pub fn monitoring(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.monitoring)
    }

    /// The port of the page at `index`, from 0 in the order of the configuration.
    pub fn page_port(&self, index: usize) -> u16 {
        self.ports.pages.get(index).copied().unwrap_or_default()
    }

    /// The ports of all pages, in the order of the configuration.
    pub fn page_ports(&self) -> &[u16] {
        &self.ports.pages
    }

    /// The folder of its configuration files.
    pub fn config_dir(&self) -> PathBuf {
        self.home.path().join("config")
    }

    /// The process id of a program (`ingest`, `strategy`, `executor`, `dashboard-2`, `nats`), while
    /// it runs.
    pub fn pid(&self, name: &str) -> Option<u32> {
        let text = std::fs::read_to_string(self.home.path().join("pids").join(name)).ok()?;
        text.trim().parse().ok()
    }

    /// Sends a signal to a program: `KILL`, `STOP`, `CONT`, `TERM`.
    ///
    /// # Errors
    /// When it does not run.
    pub fn signal(&self, name: &str, signal: &str) -> anyhow::Result<u32> {
        let pid = self.pid(name).with_context(|| format!("{name} does not run"))?;
        let sent = Command::new("kill").args(["-s", signal, &pid.to_string()]).status();
        ensure!(sent.context("run kill")?.success(), "{name} could not be sent {signal}");
        Ok(pid)
    }

    /// Kills a program as a crash would and waits until its supervisor has started it again.
    ///
    /// # Errors
    /// When it does not run, or does not come back.
    pub async fn crash(&self, name: &str) -> anyhow::Result<()> {
        let before = self.signal(name, "KILL")?;
        let back = async || self.pid(name).filter(|pid| *pid != before);
        eventually(SOON, back).await.with_context(|| format!("{name} was not started again"))?;
        Ok(())
    }

    /// Kills a program and keeps it down until [`Desk::release`].
    ///
    /// # Errors
    /// When it does not run.
    pub fn hold_down(&self, name: &str) -> anyhow::Result<()> {
        std::fs::write(self.home.path().join("hold").join(name), "").context("hold it down")?;
        self.signal(name, "KILL").map(|_pid| ())
    }

    /// Lets a program that is held down start again.
    ///
    /// # Errors
    /// When it was not held down.
    pub fn release(&self, name: &str) -> anyhow::Result<()> {
        std::fs::remove_file(self.home.path().join("hold").join(name)).context("release it")
    }

    /// Waits until the desk ends by itself; gives its exit code and what it said.
    ///
    /// # Errors
    /// When it goes on.
    pub async fn ended(&mut self) -> anyhow::Result<(i32, String)> {
        let ended = async || self.script.try_wait().ok().flatten();
        let status = eventually(SOON, ended).await.context("wait for the desk to end")?;
        let said = std::fs::read_to_string(self.home.path().join("run.log")).unwrap_or_default();
        Ok((status.code().unwrap_or(-1), said))
    }

    /// The last lines of every log.
    pub fn logs(&self) -> String {
        let mut all = tail(&self.home.path().join("run.log"));
        let folder = std::fs::read_dir(self.home.path().join("logs"));
        let mut files: Vec<PathBuf> =
            folder.map(|found| found.flatten().map(|f| f.path()).collect()).unwrap_or_default();
        files.sort();
        for file in files {
            all.extend(["\n--- ", &file.display().to_string(), "\n", &tail(&file)]);
        }
        all
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // One that has ended and been waited for may have left its number to another process.
        if matches!(self.script.try_wait(), Ok(None)) {
            drop(Command::new("kill").arg(self.script.id().to_string()).status());
            drop(self.script.wait());
        }
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "a failed test should say what the desk said")]
            {
                eprintln!("{}", self.logs());
            }
        }
    }
}

/// A page's `/healthz` answers 200.
pub async fn healthy(port: u16) -> Option<()> {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/healthz")).await.ok()?;
    answer.status().is_success().then_some(())
}

/// The folder of the programs built in the same profile as this test.
///
/// # Errors
/// When they are not built.
pub fn programs() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe().context("find this test's own program")?;
    let folder = test.ancestors().nth(2).context("find the build folder")?.to_owned();
    let built = ["provision", "ingest", "strategy", "executor", "dashboard", "desk", "wire2json"];
    for program in built {
        let there = folder.join(program).exists();
        ensure!(there, "{program} is not built; run `cargo build --workspace --bins` first");
    }
    Ok(folder)
}

/// The tape of 2013-10-07, where this machine has it: `TICKWALL_DATA`, or `shared/data` beside the
/// repository.
pub fn real_tape() -> Option<PathBuf> {
    let named = std::env::var_os("TICKWALL_DATA").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| repository().join("../shared/data"));
    Some(folder.join("trades_v1_20131007.csv.gz")).filter(|tape| tape.exists())
}

fn tail(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(25);
    lines.get(from..).unwrap_or_default().join("\n")
}
