//! For tests: a real nats-server on a free port, run from the desk's real configuration file.
//!
//! It can be killed, stopped and restarted on the same port with its data, and frozen: the faults
//! the desk must live through.

use crate::bus::{Bus, BusConfig};
use anyhow::{Context as _, bail, ensure};
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// Services that have a user in the server's configuration.
const USERS: [&str; 8] =
    ["provision", "ingest", "recorder", "strategy", "executor", "dashboard", "control", "operator"];

/// The top of the repository.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../..").canonicalize().unwrap_or_else(|_| here.to_owned())
}

/// A running nats-server. Killed when dropped; its data goes with it.
pub struct NatsServer {
    child: Option<Child>,
    home: tempfile::TempDir,
    port: u16,
    monitoring: u16,
    /// Its certificates, when it encrypts.
    certificates: Option<PathBuf>,
}

impl NatsServer {
    /// Starts a server with empty streams.
    ///
    /// # Errors
    /// When there is no nats-server of at least 2.11 (`NATS_SERVER_BIN`, then `PATH`), or it does
    /// not come up.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(None).await
    }

    /// Starts a server with empty streams that encrypts, with what `deploy/nats/certificates` has
    /// made in a folder.
    ///
    /// # Errors
    /// As [`NatsServer::start`].
    pub async fn start_encrypted(certificates: &Path) -> anyhow::Result<Self> {
        Self::start_with(Some(certificates.to_owned())).await
    }

    async fn start_with(certificates: Option<PathBuf>) -> anyhow::Result<Self> {
        let home = tempfile::tempdir().context("make a folder for the server")?;
        let (port, monitoring) = (free_port()?, free_port()?);
        let mut server = Self { child: None, home, port, monitoring, certificates };
        server.restart().await?;
        Ok(server)
    }

    /// Starts a server and creates every stream and bucket, as provision does.
    ///
    /// # Errors
    /// As [`NatsServer::start`].
    pub async fn provisioned() -> anyhow::Result<Self> {
        let server = Self::start().await?;
        let bus = server.bus("provision").await?;
        crate::bus::provision(&bus, 1).await?;
        bus.drain().await;
        Ok(server)
    }

    /// Starts it again after [`NatsServer::kill`], on the same ports with the same data.
    ///
    /// # Errors
    /// When it does not come up within 20 s.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.home.path().join("server.log"))
            .context("open the server's log")?;
        let mut command = Command::new(nats_server()?);
        command
            .args(["-a", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-m", &self.monitoring.to_string()])
            .arg("-c")
            .arg(repository().join(if self.certificates.is_some() {
                "deploy/nats/tls.conf"
            } else {
                "deploy/nats/nats.conf"
            }))
            .env("NATS_STORE_DIR", self.home.path())
            .stdout(Stdio::null())
            .stderr(log);
        for user in USERS {
            let name = format!("NATS_{}_PASSWORD", user.to_uppercase());
            command.env(name, format!("\"{user}-default\""));
        }
        if let Some(folder) = &self.certificates {
            command.env("NATS_TLS_CERT", folder.join("server.pem"));
            command.env("NATS_TLS_KEY", folder.join("server-key.pem"));
        }
        self.child = Some(command.spawn().context("start nats-server")?);
        let port = self.port;
        let open = async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok();
        match eventually(SOON, open).await {
            Some(_) => Ok(()),
            None => bail!("nats-server did not come up:\n{}", self.log()),
        }
    }

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // An error only says that it is dead already.
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Stops it where it stands: connections stay open, and nobody is heard any more.
    ///
    /// # Errors
    /// When there is no such process, or no `kill`.
    pub fn freeze(&self) -> anyhow::Result<()> {
        let child = self.child.as_ref().context("the server does not run")?;
        let id = child.id().to_string();
        let done = Command::new("kill").args(["-s", "STOP", &id]).status().context("run kill")?;
        ensure!(done.success(), "kill -s STOP {id}: {done}");
        Ok(())
    }

    /// A connection as `user`, with the default password.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn bus(&self, user: &str) -> anyhow::Result<Bus> {
        Bus::connect(&self.bus_config(user)?).await
    }

    /// How `user` reaches this server.
    ///
    /// # Errors
    /// Never for this server's address.
    pub fn bus_config(&self, user: &str) -> anyhow::Result<BusConfig> {
        BusConfig::for_testing(user, &self.url())
    }

    /// Its address.
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "tls" } else { "nats" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The address of its monitoring pages (`/connz`, `/varz`).
    pub fn monitoring(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitoring)
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How long a test waits for what must come. Only a fault uses it up: how fast things are is told by
/// the benchmarks, and a loaded machine is no fault.
pub const SOON: Duration = Duration::from_mins(2);

/// Tries `condition` until it gives a value, at most for `deadline`.
pub async fn eventually<T>(
    deadline: Duration,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(value) = condition().await {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A TCP port for a program that is yet to start, and may be killed and started again: this process
/// gives it to nobody else, and it lies below the ports that the system lends to outgoing
/// connections (32768 and up on Linux), so no stranger comes by it while nobody listens.
///
/// # Errors
/// When the machine has none.
pub fn free_port() -> anyhow::Result<u16> {
    const PORTS: std::ops::Range<u32> = 12_000..32_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Programs that run at the same time begin far from each other.
    let first = std::process::id().wrapping_mul(7_919);
    for _ in PORTS {
        let next = first.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(PORTS.start + next % (PORTS.end - PORTS.start))?;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port between {} and {} is free", PORTS.start, PORTS.end)
}

/// How `user` reaches the server at `url` with the default password.
///
/// # Errors
/// When the address is malformed.
pub fn bus_config(user: &str, url: &str) -> anyhow::Result<BusConfig> {
    BusConfig::for_testing(user, url)
}

/// The nats-server to run: `NATS_SERVER_BIN`, the repository's `.tools`, then `PATH`.
///
/// # Errors
/// When there is none of at least 2.11.
pub fn nats_server() -> anyhow::Result<PathBuf> {
    let tools = repository().join(".tools/nats-server");
    let named = std::env::var_os("NATS_SERVER_BIN").map(PathBuf::from);
    let binary = named
        .or_else(|| tools.exists().then_some(tools))
        .unwrap_or_else(|| PathBuf::from("nats-server"));
    let output = Command::new(&binary).arg("--version").output().with_context(|| {
        format!("run {}; deploy/nats/install gets a nats-server", binary.display())
    })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.trim().rsplit('v').next().unwrap_or_default();
    let mut numbers = version.split('.').filter_map(|part| part.parse::<u32>().ok());
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    ensure!(
        (major, minor) >= (2, 11),
        "{} is {version}; at least 2.11 is needed: older servers ignore consumer filters",
        binary.display()
    );
    Ok(binary)
}
