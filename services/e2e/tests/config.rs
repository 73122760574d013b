//! A configuration that is not sound: every fault is named in one run, with exit code 64, before
//! anything is opened.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use e2e::{Desk, Setup, programs};
use runtime::testing::repository;
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The faults of [`spoiled_wall`].
const WALL_FAULTS: [&str; 9] = [
    "dashboard_config.json: dashboards[1].id: 1 is taken by an earlier dashboard",
    "dashboard_config.json: dashboards[2].port: 18000 is taken by an earlier dashboard",
    "dashboard_config.json: dashboards[3].port: must be a whole number from 0 to 65535, not 70000",
    "dashboard_config.json: dashboards[4].port: must be from 1024 to 65535, not 80",
    "dashboard_config.json: dashboards[5].symbols: must hold 1 to 4 symbols, not 0",
    "dashboard_config.json: dashboards[6].symbols[1]: QCOM is listed twice",
    "dashboard_config.json: dashboards[7].colour: is not a known key",
    "dashboard_config.json: dashboards[8].symbols: is missing",
    "dashboard_config.json: dashboards[8].symbols: must hold 1 to 4 symbols, not 0",
];

fn spoiled_wall() -> Value {
    json!({"dashboards": [
        {"id": 1, "port": 18000, "symbols": ["AAPL", "MSFT"]},
        {"id": 1, "port": 18001, "symbols": ["NVDA"]},
        {"id": 3, "port": 18000, "symbols": ["TSLA"]},
        {"id": 4, "port": 70000, "symbols": ["AMD"]},
        {"id": 5, "port": 80, "symbols": ["INTC"]},
        {"id": 6, "port": 18005, "symbols": []},
        {"id": 7, "port": 18006, "symbols": ["QCOM", "QCOM"]},
        {"id": 8, "port": 18007, "symbols": ["MRVL"], "colour": "red"},
        {"id": 9, "port": 18008},
    ]})
}

/// A copy of the repository's configuration to spoil, with two ports that would tell of any attempt
/// to open something.
struct Spoiled {
    folder: TempDir,
    /// Where the bus should be. Whoever connects waits here to be found.
    bus: TcpListener,
    /// Where `/healthz` should be served: taken, so that listening there would fail, and say so.
    health: TcpListener,
}

impl Spoiled {
    fn new() -> Self {
        let listen = || TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(repository().join("config")).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        let spoiled = Self { folder, bus: listen(), health: listen() };
        let listen = format!("listen = \"{}\"", spoiled.health.local_addr().unwrap());
        for (file, port) in [("ingest", 9101), ("strategy", 9102), ("executor", 9103)] {
            let was = format!("listen = \"127.0.0.1:{port}\"");
            spoiled.edit(&format!("{file}.toml"), &was, &listen);
        }
        spoiled
    }

    /// Replaces text that must be there.
    fn edit(&self, file: &str, was: &str, now: &str) {
        let path = self.folder.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(was), "{file} has no {was:?}");
        std::fs::write(path, text.replacen(was, now, 1)).unwrap();
    }

    fn wall(&self, text: &str) {
        std::fs::write(self.folder.path().join("dashboard_config.json"), text).unwrap();
    }

    /// Runs a program to its end, which must be a refusal that opened nothing; gives its faults.
    fn refusal(&self, program: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let output = Command::new(programs().unwrap().join(program))
            .env_clear()
            .env("CONFIG_DIR", self.folder.path())
            .env("NATS_URL", format!("nats://{}", self.bus.local_addr().unwrap()))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{program}: {said}");
        self.bus.set_nonblocking(true).unwrap();
        assert!(self.bus.accept().is_err(), "{program} connected to the bus before it refused");
        let mut lines = said.lines();
        let (head, faults): (_, Vec<_>) =
            (lines.next(), lines.map(|l| l.trim().to_owned()).collect());
        let is_fault = |line: &&String| !line.starts_with('|') && !line.is_empty();
        let faults: Vec<String> = faults.iter().filter(is_fault).cloned().collect();
        assert!(head.unwrap().starts_with("configuration refused, "), "{program}: {said}");
        faults
    }
}

/// Each of these faults is told once, and no other.
fn check(faults: &[String], expected: &[&str]) {
    for fault in expected {
        let told = faults.iter().filter(|told| told.starts_with(fault)).count();
        assert_eq!(told, 1, "{fault}\nin\n{}", faults.join("\n"));
    }
    assert_eq!(faults.len(), expected.len(), "more than expected:\n{}", faults.join("\n"));
}

#[test]
fn every_program_that_reads_the_wall_names_all_of_its_faults_in_one_run() {
    let spoiled = Spoiled::new();
    spoiled.wall(&spoiled_wall().to_string());
    for program in ["ingest", "executor", "dashboard"] {
        check(&spoiled.refusal(program, &[]), &WALL_FAULTS);
    }
}

#[test]
fn the_executor_names_bad_and_missing_limits_together_with_the_faults_of_the_wall() {
    let spoiled = Spoiled::new();
    spoiled.wall(&spoiled_wall().to_string());
    spoiled.edit("executor.toml", "max_order_value = 5_000", "max_order_value = -5_000");
    spoiled.edit("executor.toml", "max_daily_loss = ", "max_dayly_loss = ");
    spoiled.edit("executor.toml", "max_tick_age = \"90s\"", "max_tick_age = 90");
    let limits = [
        "executor.toml: risk.max_order_value: must be above 0, not -5000",
        "executor.toml: risk.max_daily_loss: is missing",
        "executor.toml: risk.max_dayly_loss: is not a known key",
        "executor.toml: risk.max_tick_age: must be a duration",
    ];
    check(&spoiled.refusal("executor", &[]), &[WALL_FAULTS.as_slice(), &limits].concat());
}

#[test]
fn text_that_is_no_json_or_no_toml_is_named_with_line_and_column() {
    let spoiled = Spoiled::new();
    spoiled.wall("{\n  \"dashboards\": [\n    {\"id\": 1 \"port\": 8000}\n  ]\n}\n");
    spoiled.edit("executor.toml", "cash = 100_000", "cash = = 100_000");
    for program in ["dashboard", "ingest"] {
        let faults = spoiled.refusal(program, &[]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("dashboard_config.json: "), "{}", faults[0]);
        assert!(faults[0].ends_with("at line 3 column 14"), "{}", faults[0]);
    }
    let faults = spoiled.refusal("executor", &[]).join("\n");
    assert!(faults.contains("dashboard_config.json: ") && faults.contains("executor.toml: "));
    let line = place_of(&spoiled.folder.path().join("executor.toml"), "cash = =");
    assert!(faults.contains(&format!("at line {line}, column 8")), "{faults}");
}

/// The number of the line that begins with `text`.
fn place_of(file: &Path, text: &str) -> usize {
    let lines = std::fs::read_to_string(file).unwrap();
    lines.lines().position(|line| line.starts_with(text)).unwrap() + 1
}

#[test]
fn the_strategy_and_the_feed_name_the_faults_of_their_own_files() {
    let spoiled = Spoiled::new();
    spoiled.edit("strategy.toml", "order_value = 2_000.0", "order_value = -2_000.0");
    spoiled.edit("strategy.toml", "cool_down = ", "cooldown = ");
    let strategy = [
        "strategy.toml: default.order_value: must be above 0, not -2000",
        "strategy.toml: default.cool_down: is missing",
        "strategy.toml: default.cooldown: is not a known key",
    ];
    check(&spoiled.refusal("strategy", &[]), &strategy);
    spoiled.edit("ingest.toml", "interval = \"1s\"", "interval = \"1ms\"");
    spoiled.edit("ingest.toml", "speed = 1.0", "sped = 1.0");
    let ingest = [
        "ingest.toml: sim.interval: must be from 20ms to 30s",
        "ingest.toml: sim.speed: is missing",
        "ingest.toml: sim.sped: is not a known key",
        "FEED: must be sim, polygon or replay:",
    ];
    check(&spoiled.refusal("ingest", &[("FEED", "tape")]), &ingest);
}

#[test]
fn real_money_without_keys_passwords_or_limits_is_refused() {
    let spoiled = Spoiled::new();
    spoiled.edit("executor.toml", "max_total_exposure = ", "# ");
    let faults = spoiled.refusal("executor", &[("LIVE", "true"), ("FEED", "sim")]);
    let expected = [
        "LIVE: needs TRADING212_API_KEY",
        "LIVE: needs TRADING212_API_SECRET",
        "LIVE: needs passwords of your own",
        "LIVE: needs the polygon feed",
        "executor.toml: risk.max_total_exposure: is missing",
    ];
    for fault in expected {
        assert!(faults.iter().any(|told| told.starts_with(fault)), "{fault} in {faults:?}");
    }
}

#[tokio::test]
async fn the_whole_desk_ends_with_64_and_says_why() {
    let no_limit = Setup::new().set("executor.toml", "max_order_value", "-1");
    let twice = Setup::new().wall(&[&["AAPL", "AAPL"], &["MSFT"]]);
    let live = Setup::new().variable("LIVE", "true");
    let refused = [
        (no_limit, "executor.toml: risk.max_order_value: must be above 0, not -1"),
        (twice, "dashboard_config.json: dashboards[0].symbols[1]: AAPL is listed twice"),
        (live, "LIVE: needs TRADING212_API_KEY"),
    ];
    for (setup, why) in refused {
        let (code, said) = Desk::launch(setup).unwrap().ended().await.unwrap();
        assert_eq!(code, 64, "{said}");
        assert!(said.contains(why), "{why}\nin\n{said}");
    }
}
