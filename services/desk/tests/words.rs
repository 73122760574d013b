//! A person's words to the executor and to a tape, through the real `desk` and a real nats-server: settle,
//! flatten, arm, replay. Each is written as the executor reads it, and refused when it is half said.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use futures_util::StreamExt as _;
use proto::{
    Control, Flatten, LiveArm, OrderId, Settlement, TradingState, Verdict, stream,
    subject::{self, key},
};
use runtime::testing::NatsServer;
use std::process::{Command, Output, Stdio};

/// Runs `desk` where nobody answers questions.
fn desk(url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_desk"))
        .args(arguments)
        .env_clear()
        .env("NATS_URL", url)
        .env("USER", "anna")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test]
async fn a_settlement_says_what_became_of_the_order_who_says_so_and_why() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("operator").await.unwrap();
    let settlements = bus.kv::<Settlement>(&stream::CONTROL);
    let id = OrderId::parse("AAPL-7-B").unwrap();
    let asked = ["settle", "--order", "AAPL-7-B", "--why", "seen in the app"];

    let placed = [&asked[..], &["--as", "placed", "--broker-order-id", "987"]].concat();
    assert!(desk(&server.url(), &placed).status.success());
    let said = settlements.get(&key::settlement(&id)).await.unwrap().unwrap();
    assert_eq!(said.verdict, Verdict::Placed { broker_order_id: "987".to_owned() });
    assert_eq!((said.by.as_str(), said.why.as_str()), ("anna", "seen in the app"));

    assert!(desk(&server.url(), &[&asked[..], &["--as", "absent"]].concat()).status.success());
    let said = settlements.get(&key::settlement(&id)).await.unwrap().unwrap();
    assert_eq!(said.verdict, Verdict::Absent);
}

#[tokio::test]
async fn half_a_word_is_refused() {
    let server = NatsServer::provisioned().await.unwrap();
    for arguments in [
        &["settle", "--order", "AAPL-7-B", "--as", "placed", "--why", "x"][..],
        &["settle", "--order", "no order", "--as", "absent", "--why", "x"],
        &["settle", "--order", "AAPL-7-B", "--as", "maybe", "--why", "x"],
        &["flatten"],
        &["live-arm", "--why", "x"],
    ] {
        assert_eq!(desk(&server.url(), arguments).status.code(), Some(64), "{arguments:?}");
    }
}

#[tokio::test]
async fn everything_is_sold_only_after_a_yes_and_nothing_is_bought_back() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("operator").await.unwrap();
    let flatten = bus.kv::<Flatten>(&stream::CONTROL);

    let unconfirmed = desk(&server.url(), &["flatten", "--why", "going home"]);
    assert_eq!(unconfirmed.status.code(), Some(1));
    assert_eq!(flatten.get(key::CONTROL_FLATTEN).await.unwrap(), None);

    assert!(desk(&server.url(), &["flatten", "--why", "going home", "--yes"]).status.success());
    assert_eq!(flatten.get(key::CONTROL_FLATTEN).await.unwrap().unwrap().why, "going home");
    let trading = bus.kv::<Control>(&stream::CONTROL).get(key::CONTROL_TRADING).await.unwrap();
    assert_eq!(trading.unwrap().state, TradingState::Reducing);
}

#[tokio::test]
async fn an_armed_account_is_kept_with_who_and_why() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("operator").await.unwrap();
    let armed = ["live-arm", "--account", "7654321", "--why", "a month of practice"];
    assert!(desk(&server.url(), &armed).status.success());
    let said = bus.kv::<LiveArm>(&stream::CONTROL).get(key::CONTROL_LIVE).await.unwrap().unwrap();
    assert_eq!((said.account_id.as_str(), said.by.as_str()), ("7654321", "anna"));
}

#[tokio::test]
async fn an_order_to_the_tape_is_passed_on_word_by_word_and_a_refusal_is_a_failure() {
    let server = NatsServer::provisioned().await.unwrap();
    let url = server.url();
    let nobody = tokio::task::spawn_blocking(move || desk(&url, &["replay", "pause"])).await;
    let nobody = nobody.unwrap();
    assert_eq!(nobody.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("is it running?"));

    let ingest = server.bus("ingest").await.unwrap();
    let mut orders = ingest.subscribe(subject::REPLAY.to_owned()).await.unwrap();
    ingest.barrier().await.unwrap();
    for (arguments, answer, code) in [
        (&["replay", "step", "10"][..], "stepping 10 ticks", 0),
        (&["replay", "speed 60"], "refused: the feed is sim", 1),
    ] {
        let url = server.url();
        let asked = tokio::task::spawn_blocking(move || desk(&url, arguments));
        let order = orders.next().await.unwrap();
        assert_eq!(order.payload, arguments[1..].join(" "));
        let reply = order.reply.unwrap();
        ingest.client().publish(reply, answer.into()).await.unwrap();
        let output = asked.await.unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(answer.trim_start_matches("refused: ")), "{said}");
    }
    assert_eq!(desk(&server.url(), &["replay"]).status.code(), Some(64));
}
