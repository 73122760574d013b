//! The real `desk` against a real nats-server with the desk's real configuration.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use proto::{
    Account, BrokerMode, ClockKind, Control, Decimal, FeedState, FeedStatus, Message, OrderEvent,
    OrderId, OrderState, Position, PriceField, Progress, Rule, Session, Side, Source, Symbol, Tick,
    TradingState, encode, stream,
    stream::BucketSpec,
    subject::{self, key},
};
use runtime::{
    bus::{Bus, Expect},
    testing::{NatsServer, SOON, eventually, free_port, repository},
};
use std::{
    collections::BTreeMap,
    process::{Command, Output},
};

/// Runs `desk` as a person at a terminal would.
fn desk(url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_desk"))
        .args(arguments)
        .env_clear()
        .env("NATS_URL", url)
        .env("USER", "anna")
        .env("CONFIG_DIR", repository().join("config"))
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What `desk` says when all goes well.
fn answer(server: &NatsServer, arguments: &[&str]) -> String {
    let output = desk(&server.url(), arguments);
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), error(&output));
    assert_eq!(error(&output), "");
    out(&output)
}

async fn trading(bus: &Bus) -> Option<Control> {
    bus.kv::<Control>(&stream::CONTROL).get(key::CONTROL_TRADING).await.unwrap()
}

async fn put<M: Message>(bus: &Bus, bucket: &BucketSpec, key: &str, value: &M) {
    bus.kv::<M>(bucket).put(key, value).await.unwrap();
}

#[tokio::test]
async fn a_halt_is_kept_with_who_and_why_and_shown_until_a_resume() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("operator").await.unwrap();

    let said = answer(&server, &["halt", "--why", "checking the feed"]);
    assert!(said.contains("HALTED by anna") && said.contains(": checking the feed"), "{said}");
    assert!(said.contains("BEFORE       never set"), "{said}");
    let kept = trading(&bus).await.unwrap();
    let expected = (TradingState::Halted, "anna", "checking the feed");
    assert_eq!((kept.state, kept.by.as_str(), kept.why.as_str()), expected);

    let status = answer(&server, &["status"]);
    assert!(status.contains("HALTED by anna"), "{status}");
    assert!(status.contains("checking the feed"), "{status}");

    let said = answer(&server, &["resume", "--why", "feed is fine", "--by", "ben"]);
    assert!(said.contains("NOW          ACTIVE by ben"), "{said}");
    assert!(said.contains("BEFORE       HALTED by anna"), "{said}");
    assert_eq!(trading(&bus).await.unwrap().state, TradingState::Active);
}

#[tokio::test]
async fn a_resume_of_an_active_desk_changes_nothing_and_a_second_halt_is_written() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("operator").await.unwrap();
    answer(&server, &["resume", "--why", "open"]);
    let said = answer(&server, &["resume", "--why", "again", "--by", "ben"]);
    assert!(said.contains("active already") && said.contains("by anna"), "{said}");
    assert_eq!(trading(&bus).await.unwrap().why, "open");

    answer(&server, &["reduce", "--why", "news"]);
    assert_eq!(trading(&bus).await.unwrap().state, TradingState::Reducing);
    answer(&server, &["halt", "--why", "first"]);
    answer(&server, &["halt", "--why", "second"]);
    assert_eq!(trading(&bus).await.unwrap().why, "second");
}

#[tokio::test]
async fn an_order_without_a_reason_or_a_name_is_refused_before_anything_is_opened() {
    // Nothing listens here: a refusal that came later would be another one.
    let nowhere = format!("nats://127.0.0.1:{}", free_port().unwrap());
    for arguments in [
        &["halt"][..],
        &["halt", "--why", ""],
        &["halt", "--why", "  "],
        &["halt", "--why", "two\nlines"],
        &["halt", "--why", "x", "--by", ""],
        &["stop"],
        &[],
    ] {
        let output = desk(&nowhere, arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", error(&output));
        assert_eq!(out(&output), "", "{arguments:?}");
    }
}

#[tokio::test]
async fn a_dead_bus_is_a_failure_that_says_what_to_look_at() {
    let nowhere = format!("nats://127.0.0.1:{}", free_port().unwrap());
    let output = desk(&nowhere, &["status"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(error(&output).contains("is the desk running"), "{}", error(&output));
}

#[tokio::test]
async fn a_bus_without_buckets_is_shown_with_every_fault_and_fails() {
    let server = NatsServer::start().await.unwrap();
    let output = desk(&server.url(), &["status"]);
    assert_eq!(output.status.code(), Some(1), "{}", out(&output));
    let text = out(&output);
    for part in ["control", "feed", "positions", "leases", "TICKS"] {
        assert!(text.contains(&format!("UNREADABLE   {part}")), "{part}: {text}");
    }
    assert!(text.contains("up, nats-server 2."), "{text}");
}

#[tokio::test]
async fn a_bad_address_is_a_fault_of_the_configuration() {
    let output = desk("nats://not an address", &["status"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(error(&output).contains("NATS_URL"), "{}", error(&output));
}

#[tokio::test]
async fn the_wall_is_the_configuration_and_needs_no_bus() {
    let output = desk("nats://127.0.0.1:1", &["wall"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert!(out(&output).contains("8001   NVDA TSLA AAPL MSFT"), "{}", out(&output));

    let folder = tempfile::tempdir().unwrap();
    let faulty = r#"{"dashboards":[{"id":1,"port":80,"symbols":["aapl"]}]}"#;
    std::fs::write(folder.path().join("dashboard_config.json"), faulty).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
    let output = command.arg("wall").env("CONFIG_DIR", folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(error(&output).contains("2 fault(s)"), "{}", error(&output));
}

fn symbol() -> Symbol {
    Symbol::parse("BRK.B").unwrap()
}

fn frozen() -> OrderId {
    OrderId::parse("BRK-B-7-S").unwrap()
}

fn event(state: OrderState, message: Option<&str>) -> OrderEvent {
    OrderEvent {
        v: 1,
        order_id: frozen(),
        symbol: symbol(),
        side: Side::Sell,
        state,
        time_ns: 1,
        tick_seq: None,
        intent: None,
        refusal: None,
        fill: None,
        broker_order_id: None,
        venue: None,
        message: message.map(str::to_owned),
        writer: "executor-1".to_owned(),
        at_ms: 1,
    }
}

fn account() -> Account {
    Account {
        v: 1,
        mode: BrokerMode::Paper,
        currency: "USD".to_owned(),
        cash: 95_000.into(),
        exposure: 5_100.into(),
        equity: 100_100.into(),
        realised: Decimal::ZERO,
        unrealised: 100.into(),
        day_profit: 100.into(),
        day_start_equity: 100_000.into(),
        day: "2026-03-06".to_owned(),
        peak_equity: 100_100.into(),
        account_id: String::new(),
        foreign: proto::Decimal::ZERO,
        open_orders: 1,
        unresolved: vec![frozen()],
        refusals: BTreeMap::from([(Rule::TickAge, 4)]),
        warnings: vec!["daily loss is 62 % used".to_owned()],
        journal_seq: 2,
        writer: "executor-1".to_owned(),
        at_ms: 1,
    }
}

fn feed() -> FeedStatus {
    FeedStatus {
        v: 1,
        run: "r1".to_owned(),
        source: Source::Replay,
        clock: ClockKind::Tape,
        state: FeedState::Live,
        detail: "trades.csv.gz".to_owned(),
        symbols: vec![symbol()],
        missing: vec![Symbol::parse("ZZZZ").unwrap()],
        start_position: 0,
        interval_ms: 0,
        speed: 60.0,
        delay_ms: 0,
        entitlement: None,
        transport: None,
        tape: None,
        at_ms: 1,
    }
}

fn tick() -> Tick {
    Tick {
        v: 1,
        symbol: symbol(),
        seq: 1,
        price: 510.0,
        size: 1.0,
        time_ns: 1,
        received_ns: 1,
        source: Source::Replay,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        suspect: None,
    }
}

/// Everything the services would have written, each as its own user.
async fn speak(server: &NatsServer) -> runtime::bus::HeldLease {
    let ingest = server.bus("ingest").await.unwrap();
    put(&ingest, &stream::FEED, key::FEED_STATUS, &feed()).await;
    let subject = subject::tick(&symbol());
    ingest.publish_stored(&subject, encode(&tick()).unwrap(), Expect::Anything).await.unwrap();

    let executor = server.bus("executor").await.unwrap();
    let subject = subject::order(&symbol(), &frozen());
    for event in
        [event(OrderState::Submitting, None), event(OrderState::Unknown, Some("no answer"))]
    {
        executor.publish_stored(&subject, encode(&event).unwrap(), Expect::Anything).await.unwrap();
    }
    let position = Position {
        quantity: 10.into(),
        average_price: 500.into(),
        open_order: Some(frozen()),
        unresolved: Some(frozen()),
        ..Position::flat(symbol())
    };
    put(&executor, &stream::POSITIONS, &key::position(&symbol()), &position).await;
    put(&executor, &stream::ACCOUNT, key::ACCOUNT_SUMMARY, &account()).await;
    let progress = Progress { v: 1, run: "r1".to_owned(), position: 1, time_ns: 1 };
    put(&executor, &stream::PROGRESS, &key::progress("executor"), &progress).await;
    executor.try_lease(key::LEASE_EXECUTOR, "executor-here").await.unwrap().unwrap()
}

#[tokio::test]
async fn the_status_shows_what_every_service_has_written() {
    let server = NatsServer::provisioned().await.unwrap();
    let lease = speak(&server).await;
    let bus = server.bus("operator").await.unwrap();
    // LAST copies from TICKS in its own time.
    let copied = async || bus.last("LAST", &subject::tick(&symbol())).await.unwrap();
    eventually(SOON, copied).await.unwrap();

    let text = answer(&server, &["status"]);
    for part in [
        "never set: nothing trades",
        "replay live, tape clock at 60x: trades.csv.gz",
        "1 symbol, MISSING ZZZZ",
        "PAPER USD, day 2026-03-06",
        "WARNING: daily loss is 62 % used",
        "BRK.B         10    500.00   510.00      +100.00       0.00   BRK-B-7-S UNRESOLVED",
        "UNRESOLVED (unknown)",
        "no answer",
        "REFUSALS     tick_age 4",
        "executor-here",
        ":8001   NVDA TSLA AAPL MSFT",
        "0 behind",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }

    let json: serde_json::Value =
        serde_json::from_str(&answer(&server, &["status", "--json"])).unwrap();
    assert_eq!(json["feed"]["missing"][0], "ZZZZ");
    assert_eq!(json["positions"][0]["unrealised"], "100");
    assert_eq!(json["orders"][0]["latest"]["state"], "unknown");
    assert_eq!(json["seats"][0]["lease"]["holder"], "executor-here");
    assert_eq!(json["seats"][1]["lease"], serde_json::Value::Null);

    lease.release().await;
    let text = answer(&server, &["status"]);
    assert!(text.contains("executor      NOBODY"), "{text}");
}
