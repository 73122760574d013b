//! A bus, dashboards as real processes on free ports, and what a browser does with them.

#![allow(dead_code, unreachable_pub, reason = "each test program uses its part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must fail"
)]

use crate::fake::FakeDesk;
use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use runtime::testing::{NatsServer, SOON, eventually, free_port};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};

/// A provisioned bus and a wall of two slots.
pub struct Wall {
    pub server: NatsServer,
    pub desk: FakeDesk,
    pub ports: [u16; 2],
    config: PathBuf,
}

impl Wall {
    pub async fn new() -> anyhow::Result<Self> {
        Self::with(&json!({})).await
    }

    /// With these keys of the configuration besides the slots.
    pub async fn with(others: &Value) -> anyhow::Result<Self> {
        runtime::tls::install();
        let server = NatsServer::provisioned().await?;
        let ports = [free_port()?, free_port()?];
        let config = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("wall-{}", ports[0]));
        std::fs::create_dir_all(&config)?;
        let mut slots = json!({"dashboards": [
            {"id": 1, "port": ports[0], "symbols": ["AAPL", "MSFT", "NVDA", "BRK.B"],
             "title": "First <wall>", "update_interval_ms": 50, "colors": ["#FF6B6B"]},
            {"id": 2, "port": ports[1], "symbols": ["TSLA"], "theme": "light"},
        ]});
        if let (Some(all), Some(others)) = (slots.as_object_mut(), others.as_object()) {
            all.extend(others.clone());
        }
        std::fs::write(config.join("dashboard_config.json"), slots.to_string())?;
        let calendar = include_str!("../../../../config/market_calendar.toml");
        std::fs::write(config.join("market_calendar.toml"), calendar)?;
        let (ingest, executor) = (server.bus("ingest").await?, server.bus("executor").await?);
        let strategy = server.bus("strategy").await?;
        let desk = FakeDesk::new(ingest, strategy, executor, server.bus("operator").await?);
        Ok(Self { server, desk, ports, config })
    }

    /// A dashboard process.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dashboard"));
        command
            .args(arguments)
            .env_remove("DASHBOARD_ID")
            .env_remove("DASHBOARD_CONTROL_TOKEN")
            .env("CONFIG_DIR", &self.config)
            .env("NATS_URL", self.server.url())
            .stdin(Stdio::null());
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Process {
        Process::of(&mut self.command(arguments))
    }

    /// Starts slot 1 and waits until it has its history.
    pub async fn first(&self) -> Process {
        let process = self.start(&["--dashboard-id", "1"]);
        self.serving(self.ports[0]).await;
        process
    }

    pub async fn serving(&self, port: u16) {
        let joined = async || {
            let snapshot = get(port, "/api/snapshot").await.ok()?;
            let snapshot: Value = serde_json::from_str(&snapshot).ok()?;
            (snapshot["desk"]["history"] == true).then_some(())
        };
        eventually(SOON, joined).await.expect("the slot is served");
    }

    pub async fn snapshot(&self) -> Value {
        let text = get(self.ports[0], "/api/snapshot").await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Opens the socket of slot 1 and passes `hello`.
    pub async fn page(&self) -> Page {
        let mut page = Page::open(self.ports[0], "", None).await.unwrap();
        assert_eq!(page.next().await["type"], "hello");
        page
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.config));
    }
}

/// A process that ends with the test.
pub struct Process(Option<Child>);

impl Process {
    pub fn of(command: &mut Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.0.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Asks it to stop, and waits; its exit code.
    pub async fn terminate(&mut self) -> Option<i32> {
        let mut child = self.0.take()?;
        let pid = child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let ended = eventually(SOON, async || child.try_wait().unwrap()).await;
        ended.expect("it stops when asked").code()
    }

    pub fn id(&self) -> u32 {
        self.0.as_ref().map_or(0, Child::id)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A browser's socket.
pub struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    pub async fn open(port: u16, query: &str, origin: Option<&str>) -> anyhow::Result<Self> {
        let mut request = format!("ws://127.0.0.1:{port}/ws{query}").into_client_request()?;
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse()?);
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await.context("open /ws")?;
        Ok(Self(socket))
    }

    /// The next frame that is no heartbeat.
    pub async fn next(&mut self) -> Value {
        let frame = async {
            loop {
                let message = self.0.next().await.expect("an open socket").unwrap();
                let Message::Text(text) = message else { continue };
                let frame: Value = serde_json::from_str(&text).unwrap();
                if frame["type"] != "heartbeat" {
                    return frame;
                }
            }
        };
        tokio::time::timeout(SOON, frame).await.expect("a frame")
    }

    /// The first frame for which `wanted` gives something; everything up to it is acknowledged.
    pub async fn until<T>(&mut self, wanted: impl Fn(&Value) -> Option<T>) -> T {
        loop {
            let frame = self.next().await;
            self.acknowledge(&frame).await;
            if let Some(found) = wanted(&frame) {
                return found;
            }
        }
    }

    pub async fn acknowledge(&mut self, frame: &Value) {
        let seq = if frame["type"] == "snapshot" { &frame["seq"] } else { &frame["to_seq"] };
        if seq.is_null() {
            return;
        }
        self.say(json!({"type": "ack", "seq": seq}).to_string()).await;
    }

    pub async fn say(&mut self, text: String) {
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    /// Waits for the other side to end it.
    pub async fn ended(&mut self) -> bool {
        let end = async { while let Some(Ok(_)) = self.0.next().await {} };
        tokio::time::timeout(SOON, end).await.is_ok()
    }
}

pub async fn get(port: u16, path: &str) -> anyhow::Result<String> {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}{path}")).await?;
    Ok(answer.error_for_status()?.text().await?)
}
