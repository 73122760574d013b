//! The executor as a program of its own: started, killed, frozen.

use runtime::testing::{SOON, eventually, repository};
use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};
use tempfile::TempDir;

/// What is different from the repository's own configuration.
const CHANGES: [(&str, &str); 6] = [
    ("listen", "\"127.0.0.1:0\""),
    ("max_orders_per_minute", "10000"),
    ("absent_after", "\"3s\""),
    ("looks_apart", "\"300ms\""),
    ("haste", "50"),
    // Long enough that no answer is late by itself on a loaded machine.
    ("order_timeout", "\"1500ms\""),
];

/// Where executors run, and whom they reach.
pub(crate) struct Home {
    folder: TempDir,
    bus: String,
    account: String,
}

impl Home {
    /// A home on the bus at `bus` and the account at `account`.
    pub(crate) fn new(bus: String, account: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        std::fs::create_dir(&config).unwrap();
        for entry in std::fs::read_dir(repository().join("config")).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), config.join(entry.file_name())).unwrap();
        }
        let cache = format!("{:?}", folder.path().join("cache").display().to_string());
        for (key, value) in CHANGES.into_iter().chain([("cache", cache.as_str())]) {
            set(&config.join("executor.toml"), key, value);
        }
        Self { folder, bus, account }
    }

    /// Starts an executor.
    pub(crate) fn start(&self) -> Executor {
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_executor"))
            .env("CONFIG_DIR", self.folder.path().join("config"))
            .env("NATS_URL", &self.bus)
            .env("TRADING212_BASE_URL", &self.account)
            .env("TRADING212_API_KEY", "demo-key")
            .env("TRADING212_API_SECRET", "demo-secret")
            .env_remove("LIVE")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Executor { child }
    }

    /// The last lines that executors said here.
    pub(crate) fn log(&self) -> String {
        let text = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("executor.log")
    }
}

/// Gives the one line of `file` that sets `key` another value.
fn set(file: &Path, key: &str, value: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    let sets =
        |line: &&str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    assert_eq!(text.lines().filter(sets).count(), 1, "{key} in {}", file.display());
    let changed = text.lines().map(|line| {
        let mine = sets(&line);
        if mine { format!("{key} = {value}\n") } else { format!("{line}\n") }
    });
    std::fs::write(file, changed.collect::<String>()).unwrap();
}

/// A running executor; killed when dropped.
pub(crate) struct Executor {
    child: Child,
}

impl Executor {
    /// Kills it as a crash would, and is sure that it is gone.
    pub(crate) fn kill(&mut self) {
        // An error only says that it is dead already.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Its exit code, once it has ended.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let status = self.child.try_wait().unwrap()?;
        Some(status.code().unwrap_or(-1))
    }

    /// A finger on the trigger: what freezes it without a moment's delay.
    pub(crate) fn aim(&self) -> Freezer {
        let id = self.child.id();
        let script = format!("read go; kill -s STOP {id}; read go; kill -s CONT {id}; read go");
        let mut shell =
            Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).spawn().unwrap();
        Freezer { trigger: shell.stdin.take().unwrap(), shell, stat: format!("/proc/{id}/stat") }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What stops a process and lets it go on.
pub(crate) struct Freezer {
    shell: Child,
    trigger: ChildStdin,
    stat: String,
}

impl Freezer {
    /// Freezes it, and is sure that it is frozen.
    pub(crate) async fn freeze(&mut self) {
        self.pull_until(true).await;
    }

    /// Lets it go on.
    pub(crate) async fn thaw(&mut self) {
        self.pull_until(false).await;
    }

    async fn pull_until(&mut self, frozen: bool) {
        self.trigger.write_all(b"\n").unwrap();
        let arrived = eventually(SOON, async || {
            let stat = std::fs::read_to_string(&self.stat).unwrap_or_default();
            let state = stat.rsplit(") ").next().unwrap_or_default().to_owned();
            (state.starts_with('T') == frozen).then_some(())
        });
        arrived.await.unwrap();
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        drop(self.shell.kill());
        drop(self.shell.wait());
    }
}
