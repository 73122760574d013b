//! The fake steered from outside, and the program a person starts.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

mod support;

use proto::{PriceField, Session, Source, Symbol, Tick};
use reqwest::Method;
use runtime::testing::{NatsServer, SOON, eventually};
use std::process::Stdio;
use support::{APPLE, Api, dec, fake, with};
use testkit::trading212::Status;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

#[tokio::test]
async fn without_being_asked_for_the_fake_cannot_be_steered() {
    let fake = fake().await;
    let admin = Api::at(&fake.admin_url(), None);
    assert_eq!(admin.get("/orders").await.status, 404);
}

#[tokio::test]
async fn another_process_sets_prices_faults_and_time_and_looks() {
    let fake = with(|config| config.admin = true).await;
    let (api, admin) = (Api::new(&fake), Api::at(&fake.admin_url(), None));
    let tell = async |path: &str, body: &str| {
        let got = admin.send(Method::POST, path, Some(body)).await.unwrap();
        assert_eq!(got.status, 200, "{path} {got:?}");
        got
    };
    tell("/price", r#"{"ticker":"AAPL_US_EQ","price":251.37}"#).await;
    tell("/fault", r#"{"fault":{"accept_then_status":502},"on":["post_market"],"times":1}"#).await;
    assert_eq!(api.try_buy().await.unwrap().status, 502);
    tell("/clock", r#"{"advance_ms":5000}"#).await;
    assert_eq!(admin.get("/orders").await.rows()[0]["status"], "FILLED");
    assert_eq!(admin.get("/fills").await.rows()[0]["price"].to_string(), "251.37");
    assert_eq!(admin.get("/positions").await.rows()[0]["ticker"], APPLE);
    let seen = &admin.get("/requests").await.rows()[0];
    assert_eq!(
        (&seen["status"], seen["faults"].to_string()),
        (&502.into(), r#"["AcceptThenStatus(502)"]"#.to_owned())
    );
    let placed = tell("/app-order", r#"{"ticker":"AAPL_US_EQ","quantity":2}"#).await;
    assert_eq!(fake.order(placed.id()).unwrap().status, Status::New);
    tell("/tradable", r#"{"ticker":"AAPL_US_EQ","tradable":"close_only"}"#).await;
    assert_eq!(api.market(APPLE, "1").await.status, 400);
    tell("/random", r#"{"seed":7,"per_mille":1000}"#).await;
    tell("/fault", r#"{"fault":"unauthorized","lasting_ms":60000}"#).await;
    assert_eq!(api.get("/equity/orders").await.status, 401);
    let cleared = admin.send(Method::DELETE, "/fault", None).await.unwrap();
    assert_eq!((cleared.status, api.get("/equity/orders").await.status), (200, 200));
    let bad = admin.send(Method::POST, "/price", Some(r#"{"ticker":"A","price":"x"}"#)).await;
    assert_eq!(bad.unwrap().status, 400);
    assert_eq!(fake.price(APPLE), Some(dec("251.37")));
}

/// The program, and the lines it prints for the desk.
async fn program(arguments: &[&str], bus: &str) -> (Child, [String; 3]) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_fake-trading212"))
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .env("NATS_URL", bus)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut said = [const { String::new() }; 3];
    let names = ["TRADING212_BASE_URL=", "TRADING212_API_KEY=", "TRADING212_API_SECRET="];
    for (value, name) in said.iter_mut().zip(names) {
        let line = lines.next_line().await.unwrap().unwrap();
        line.strip_prefix(name).unwrap().clone_into(value);
    }
    (program, said)
}

#[tokio::test]
async fn the_program_prints_what_the_desk_needs_and_fills_orders() {
    let arguments = ["--currency", "EUR", "--cash", "5000"];
    let (_program, [url, key, secret]) = program(&arguments, "nats://127.0.0.1:1").await;
    let api = Api::at(&url, Some((&key, &secret)));
    let summary = api.get("/equity/account/summary").await.json();
    assert_eq!(summary["currency"], "EUR");
    assert_eq!(summary["totalValue"].to_string(), "5000");
    api.placed(APPLE, "1").await;
    let admin = Api::at(&url.replace("/api/v0", "/_fake"), None);
    let filled = async || admin.get("/fills").await.rows().first().cloned();
    assert!(eventually(SOON, filled).await.is_some());
}

#[tokio::test]
async fn the_program_can_fill_at_the_desks_own_prices() {
    let server = NatsServer::start().await.unwrap();
    let ingest = server.bus("ingest").await.unwrap();
    let (_program, [url, ..]) = program(&["--nats"], &server.url()).await;
    let admin = Api::at(&url.replace("/api/v0", "/_fake"), None);
    let tick = Tick {
        v: 1,
        symbol: Symbol::parse("META").unwrap(),
        seq: 1,
        price: 333.33,
        size: 100.0,
        time_ns: 1,
        received_ns: 1,
        source: Source::Sim,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        suspect: None,
    };
    let payload = proto::encode(&tick).unwrap();
    // The program listens some time after it was started: prices are told until one is heard.
    let heard = async || {
        ingest.publish_now(proto::subject::tick(&tick.symbol), payload.clone()).await;
        let order = r#"{"ticker":"FB_US_EQ","quantity":0.1}"#;
        admin.send(Method::POST, "/app-order", Some(order)).await.unwrap();
        let fills = admin.get("/fills").await.rows();
        fills.iter().any(|fill| fill["price"] == 333.33).then_some(())
    };
    assert!(eventually(SOON, heard).await.is_some());
}
