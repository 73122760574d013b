//! What the bus itself says of the desk: who listens to what, who may write what, who is there, and
//! what a person sees with the command line.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may panic, and say what they skip"
)]

use e2e::{DEFAULT_WALL, Desk, SOON, Setup, programs};
use futures_util::StreamExt as _;
use proto::{Symbol, decode, stream, subject};
use runtime::{
    bus::{Bus, Expect},
    testing::{NatsServer, eventually, repository},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

/// What each service writes, one subject of every kind. It is allowed no others.
const WRITES: [(&str, &[&str]); 5] = [
    ("ingest", &["ticks.AAPL", "bars.AAPL", "$KV.feed.status"]),
    ("strategy", &["intents.AAPL", "$KV.progress.strategy"]),
    (
        "executor",
        &[
            "orders.AAPL.X",
            "$KV.positions.AAPL",
            "$KV.account.summary",
            "$KV.control.trading",
            "$KV.progress.executor",
            "$KV.leases.executor",
        ],
    ),
    ("dashboard", &["$KV.leases.dashboard.1"]),
    ("operator", &["$KV.control.trading"]),
];

/// What would change the streams themselves. Nobody but provision may ask for it.
const ADMINISTRATION: [&str; 5] = [
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.STREAM.UPDATE.ORDERS",
    "$JS.API.STREAM.DELETE.TICKS",
    "$JS.API.STREAM.PURGE.INTENTS",
    "$JS.API.STREAM.MSG.DELETE.ORDERS",
];

#[tokio::test]
async fn every_service_may_write_what_it_needs() {
    let server = NatsServer::provisioned().await.unwrap();
    for (user, subjects) in WRITES {
        let bus = server.bus(user).await.unwrap();
        for subject in subjects {
            let stored = bus.publish_stored(subject, vec![1], Expect::Anything).await;
            stored.unwrap_or_else(|error| panic!("{user} writes {subject}: {error}"));
        }
    }
    assert!(!server.log().contains("Violation"), "{}", server.log());
}

#[tokio::test]
async fn a_service_that_writes_what_is_not_its_own_is_denied_by_the_server() {
    let server = NatsServer::provisioned().await.unwrap();
    let watcher = server.bus("provision").await.unwrap();
    let before = stored(&watcher).await;
    let everything: BTreeSet<&str> =
        WRITES.iter().flat_map(|(_, subjects)| *subjects).copied().collect();
    let mut denied = 0;
    for (user, own) in WRITES {
        let bus = server.bus(user).await.unwrap();
        let foreign = everything.iter().filter(|subject| !own.contains(subject));
        for subject in foreign.chain(&ADMINISTRATION) {
            bus.client().publish((*subject).to_owned(), "x".into()).await.unwrap();
            let logged = async || has_denied(&server.log(), user, subject).then_some(());
            let told = eventually(SOON, logged).await;
            told.unwrap_or_else(|| panic!("{user} is denied {subject}:\n{}", server.log()));
            denied += 1;
        }
        bus.barrier().await.unwrap();
    }
    assert_eq!(denied, 12 * 5 - 13 + 5 * 5, "every pair of a service and a foreign subject");
    assert_eq!(stored(&watcher).await, before, "and nothing was stored");
}

/// The server says of its own accord that it refused this user to publish on this subject. Its words
/// differ between versions, but name both: the user's connection is called after it.
fn has_denied(log: &str, user: &str, subject: &str) -> bool {
    let (user, subject) = (format!(":{user}\""), format!("Subject \"{subject}\""));
    let mut denials = log.lines().filter(|line| line.contains("Publish Violation"));
    denials.any(|line| line.contains(&user) && line.contains(&subject))
}

/// Messages ever stored in each stream and bucket.
async fn stored(bus: &Bus) -> BTreeMap<String, u64> {
    let buckets = stream::BUCKETS.iter().map(|bucket| format!("KV_{}", bucket.name));
    let mut stored = BTreeMap::new();
    for name in stream::STREAMS.iter().map(|stream| stream.name.to_owned()).chain(buckets) {
        let state = bus.jetstream().get_stream(&name).await.unwrap().cached_info().state.clone();
        stored.insert(name, state.last_sequence);
    }
    stored
}

/// What provision says when it is started with these variables, with its exit code.
fn provision_with(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut provision = Command::new(programs().unwrap().join("provision"));
    let output = provision.envs(variables.iter().copied()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn encryption_that_is_only_half_asked_for_is_refused() {
    let manifest = repository().join("Cargo.toml");
    let manifest = manifest.to_str().unwrap();
    let faults: [(&[(&str, &str)], &str); 5] = [
        (&[("NATS_CA_FILE", manifest)], "NATS_CA_FILE: is set, but NATS_URL is not tls://"),
        (
            &[("NATS_URL", "tls://a:1"), ("NATS_CA_FILE", manifest)],
            "holds no certificate in PEM form",
        ),
        (
            &[("NATS_URL", "tls://a:1"), ("NATS_CA_FILE", "/nowhere/ca.pem")],
            "NATS_CA_FILE: cannot read /nowhere/ca.pem",
        ),
        (&[("NATS_URL", "tls://a:1,nats://b:1")], "NATS_URL: mixes tls:// with unencrypted"),
        (&[("NATS_REPLICAS", "2")], "NATS_REPLICAS: must be 1, 3 or 5"),
    ];
    for (variables, fault) in faults {
        let (code, said) = provision_with(variables);
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains(fault), "{fault}\nin\n{said}");
    }
}

#[tokio::test]
async fn a_dashboard_hears_its_four_symbols_and_no_others() {
    let desk = Desk::start(Setup::new()).await.unwrap();
    for port in desk.page_ports() {
        let loaded = async || (snapshot(*port).await?["desk"]["history"] == true).then_some(());
        eventually(SOON, loaded).await.expect("every page has its history");
    }
    let listening = async || Some(heard(&desk).await).filter(|heard| heard.len() == 5);
    let heard = eventually(SOON, listening).await.expect("five dashboards on the bus");
    for (index, symbols) in DEFAULT_WALL.iter().enumerate() {
        let name = format!("dashboard-{}", index + 1);
        let symbols = symbols.iter().map(|text| Symbol::parse(text).unwrap());
        let own =
            symbols.flat_map(|s| [subject::tick(&s), subject::bar(&s), subject::orders_of(&s)]);
        assert_eq!(heard[&name], own.collect::<BTreeSet<_>>(), "{name}");
    }
}

async fn snapshot(port: u16) -> Option<Value> {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/api/snapshot")).await.ok()?;
    serde_json::from_str(&answer.text().await.ok()?).ok()
}

/// What each dashboard subscribes to by the server's account, without what every service does: its
/// own inbox and health, and the roll call. The subject of its health says which dashboard it is.
async fn heard(desk: &Desk) -> BTreeMap<String, BTreeSet<String>> {
    let url = format!("{}/connz?subs=detail&auth=1", desk.monitoring());
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let connz: Value = serde_json::from_str(&text).unwrap();
    let connections = connz["connections"].as_array().unwrap().iter();
    let mut heard = BTreeMap::new();
    for connection in connections.filter(|each| each["authorized_user"] == "dashboard") {
        let details = connection["subscriptions_list_detail"].as_array().unwrap();
        let mut subjects: BTreeSet<_> =
            details.iter().map(|each| each["subject"].as_str().unwrap().to_owned()).collect();
        let name = subjects.iter().find_map(|subject| {
            subject.strip_prefix("desk.").and_then(|rest| rest.strip_suffix(".health"))
        });
        let Some(name) = name.map(str::to_owned) else { continue };
        let health = format!("desk.{name}.health");
        subjects.retain(|subject| {
            let common = subject.starts_with("_INBOX_dashboard.") || subject.starts_with("$SRV.");
            !common && *subject != health
        });
        heard.insert(name, subjects);
    }
    heard
}

#[tokio::test]
async fn every_process_of_the_desk_answers_the_roll_call() {
    let desk = Desk::start(Setup::new()).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    let mut everyone: BTreeSet<String> =
        ["ingest", "strategy", "executor"].map(str::to_owned).into();
    everyone.extend((1..=5).map(|id| format!("dashboard-{id}")));
    let complete = async || (roll_call(&bus, &everyone).await == everyone).then_some(());
    eventually(SOON, complete).await.expect("every process answers $SRV.PING");
    for name in &everyone {
        let info = ask(&bus, format!("$SRV.INFO.{name}")).await;
        assert_eq!(info["type"], "io.nats.micro.v1.info_response", "{name}");
        let stats = ask(&bus, format!("$SRV.STATS.{name}")).await;
        assert_eq!(stats["type"], "io.nats.micro.v1.stats_response", "{name}");
        assert_eq!(stats["endpoints"][0]["name"], "health", "{name}");
        let health = ask(&bus, format!("desk.{name}.health")).await;
        assert!(health.is_object(), "{name}: {health}");
    }
    if let Some(mut nats) = nats_cli(&desk) {
        let output = nats.args(["micro", "ls"]).output().unwrap();
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let missing: Vec<_> = everyone.iter().filter(|name| !listed.contains(*name)).collect();
        assert!(missing.is_empty(), "nats micro ls lacks {missing:?}:\n{listed}");
    }
}

/// Who answers a ping, waiting no longer than until `everyone` has, or nobody does for a second.
async fn roll_call(bus: &Bus, everyone: &BTreeSet<String>) -> BTreeSet<String> {
    let inbox = bus.client().new_inbox();
    let mut answers = bus.subscribe(inbox.clone()).await.unwrap();
    bus.client().publish_with_reply("$SRV.PING", inbox, "".into()).await.unwrap();
    let mut present = BTreeSet::new();
    while present != *everyone {
        let answer = tokio::time::timeout(Duration::from_secs(1), answers.next()).await;
        let Ok(Some(answer)) = answer else { break };
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        present.insert(answer["name"].as_str().unwrap().to_owned());
    }
    present
}

async fn ask(bus: &Bus, subject: String) -> Value {
    let asked = async || bus.client().request(subject.clone(), "".into()).await.ok();
    let answer = eventually(SOON, asked).await;
    let answer = answer.unwrap_or_else(|| panic!("nobody answers {subject}"));
    serde_json::from_slice(&answer.payload).unwrap()
}

#[tokio::test]
async fn a_live_tick_reads_as_one_line_of_json() {
    let desk = Desk::start(Setup::new().wall(&[DEFAULT_WALL[1]])).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    let mut ticks = bus.subscribe("ticks.AAPL".to_owned()).await.unwrap();
    let message = tokio::time::timeout(SOON, ticks.next()).await.unwrap().unwrap();
    let tick: proto::Tick = decode(&message.payload).unwrap();
    let text = wire2json(&message.payload);
    assert_eq!(text.lines().count(), 1, "{text}");
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["symbol"], "AAPL");
    assert_eq!(line["price"].as_f64(), Some(tick.price));
    assert_eq!(line["seq"].as_u64(), Some(tick.seq));

    let Some(mut nats) = nats_cli(&desk) else { return };
    let translate = programs().unwrap().join("wire2json");
    let arguments = ["sub", "ticks.>", "--count", "3", "--translate"];
    let output = nats.args(arguments).arg(translate).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let objects: Vec<Value> =
        shown.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(objects.len(), 3, "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(objects.iter().all(|tick| tick["price"].as_f64().is_some_and(|price| price > 0.0)));
}

fn wire2json(payload: &[u8]) -> String {
    let mut command = Command::new(programs().unwrap().join("wire2json"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(payload).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The `nats` command line as the operator of this desk, where this machine has it.
fn nats_cli(desk: &Desk) -> Option<Command> {
    let tools = repository().join(".tools/nats");
    let binary = if tools.exists() { tools } else { PathBuf::from("nats") };
    if Command::new(&binary).arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: no nats command line here; `deploy/nats/install cli` gets one");
        return None;
    }
    let mut nats = Command::new(binary);
    nats.args(["--server", &desk.nats_url(), "--inbox-prefix", "_INBOX_operator"])
        .args(["--user", "operator", "--password", "operator-default"])
        // Neither the contexts of whoever runs this, nor a terminal.
        .env("XDG_CONFIG_HOME", desk.config_dir())
        .stdin(Stdio::null());
    Some(nats)
}
