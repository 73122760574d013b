//! The fake steered from another process, and the program a person starts.

use crate::client::{Rest, SNAPSHOTS, at, et, with};
use reqwest::Method;
use runtime::{
    clock::Clock,
    testing::{SOON, eventually},
};
use serde_json::Value;
use std::process::Stdio;
use testkit::polygon::{Config, Fault, Plan};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// What steers a fake.
struct Admin(reqwest::Client, String);

impl Admin {
    fn at(url: String) -> Self {
        runtime::tls::install();
        Self(reqwest::Client::builder().no_proxy().timeout(SOON).build().unwrap(), url)
    }

    async fn send(&self, method: Method, path: &str, body: &str) -> u16 {
        let request = self.0.request(method, format!("{}{path}", self.1));
        let request = request.header("content-type", "application/json").body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    async fn tell(&self, path: &str, body: &str) {
        assert_eq!(self.send(Method::POST, path, body).await, 200, "{path} {body}");
    }

    async fn look(&self, path: &str) -> Value {
        let answer = self.0.get(format!("{}{path}", self.1)).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn without_being_asked_for_the_fake_cannot_be_steered() {
    let polygon = at("2026-08-10T10:00").await;
    let admin = Admin::at(polygon.admin_url());
    let body = r#"{"key":"advanced-key","plan":"basic"}"#;
    assert_ne!(admin.send(Method::POST, "/plan", body).await, 200);
    assert_eq!(Rest::new(&polygon, Plan::Advanced).try_get(SNAPSHOTS).await.unwrap().status, 200);
}

#[tokio::test]
async fn another_process_changes_plan_faults_numbers_and_time_while_it_runs() {
    let polygon = with("2026-08-10T09:29:50", |config| {
        (config.admin, config.clock_goes) = (true, true);
    })
    .await;
    let admin = Admin::at(polygon.admin_url());
    let rest = Rest::keyed(&polygon, Some("advanced-key"));
    let status = async || rest.try_get(SNAPSHOTS).await.unwrap().status;
    assert_eq!(status().await, 200);
    admin.tell("/plan", r#"{"key":"advanced-key","plan":"basic"}"#).await;
    assert_eq!(status().await, 403);
    admin.tell("/plan", r#"{"key":"advanced-key"}"#).await;
    assert_eq!(status().await, 401);
    admin.tell("/plan", r#"{"key":"advanced-key","plan":"advanced"}"#).await;
    admin.tell("/fault", r#"{"fault":"bad-gateway","on":["snapshots"],"times":1}"#).await;
    assert_eq!((status().await, status().await), (502, 200));
    admin.tell("/fault", r#"{"fault":{"slow":1}}"#).await;
    assert_eq!(status().await, 200);
    assert_eq!(polygon.fired().last(), Some(&Fault::Slow(1)));
    assert_eq!(admin.send(Method::DELETE, "/fault", "").await, 200);
    assert_eq!(admin.send(Method::POST, "/fault", r#"{"fault":"nonsense"}"#).await, 400);
    admin.tell("/trade", r#"{"ticker":"AAPL","price":251.5,"size":100}"#).await;
    admin.tell("/numbers", r#"{"numbers":"exponent"}"#).await;
    let shown = rest.try_get(SNAPSHOTS).await.unwrap();
    assert_eq!(shown.row("AAPL")["lastTrade"]["p"], 251.5);
    assert!(shown.text.contains(r#""s":1e+02"#), "{}", shown.text);
    admin.tell("/clock", r#"{"at":"2026-11-21T12:00"}"#).await;
    let state = admin.look("/state").await;
    assert_eq!(state["session"], "closed");
    let saturday = et("2026-11-21T12:00");
    // It goes on from there by itself.
    let on = async || (polygon.clock().now_ns() > saturday).then_some(());
    assert!(eventually(SOON, on).await.is_some());
    admin.tell("/clock", r#"{"advance_ms":86400000}"#).await;
    assert!(polygon.clock().now_ns() > saturday + 86_400_000_000_000);
    assert_eq!(admin.send(Method::POST, "/clock", r#"{"at":"soon"}"#).await, 400);
    let asked = admin.look("/requests").await;
    assert_eq!(asked[0]["path"], SNAPSHOTS);
}

#[tokio::test]
async fn the_walls_clock_is_not_moved() {
    let wall = |config: &mut Config| (config.admin, config.clock) = (true, Clock::wall());
    let polygon = with("2026-08-10T10:00", wall).await;
    let admin = Admin::at(polygon.admin_url());
    assert_eq!(admin.send(Method::POST, "/clock", r#"{"advance_ms":1}"#).await, 400);
}

/// The program, and the lines it says up to the one about steering, or the warning after it.
async fn program(arguments: &[&str], lines: usize) -> (Child, Vec<String>) {
    let anywhere = ["--listen", "--listen-realtime", "--listen-delayed"];
    let mut program = Command::new(env!("CARGO_BIN_EXE_fake-polygon"))
        .args(anywhere.iter().flat_map(|flag| [*flag, "127.0.0.1:0"]))
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut read = Vec::new();
    while read.len() < lines {
        let line = tokio::time::timeout(SOON, said.next_line()).await.unwrap().unwrap();
        read.push(line.unwrap());
    }
    (program, read)
}

#[tokio::test]
async fn the_program_says_when_its_market_is_closed_and_how_to_open_it() {
    let arguments = ["--at", "2026-11-21T12:00", "--weekend", "zeros", "--acks", "batched"];
    let (_program, said) = program(&arguments, 6).await;
    assert_eq!(
        said[5],
        "WARNING: the market is closed by this fake's clock (Saturday 2026-11-21 12:00 in New \
         York): its trades are outside the session and no desk trades on them; --at \
         2026-11-20T10:00 is in a session"
    );
}

#[tokio::test]
async fn the_program_has_the_time_and_the_switches_it_is_given() {
    let arguments =
        ["--at", "2026-11-20T10:00", "--numbers", "exponent", "--rate", "0", "--plan", "developer"];
    let (_program, said) = program(&arguments, 5).await;
    let rest = said[0].strip_prefix("REST ").unwrap();
    assert!(said[4].contains(&format!("{rest}/_fake")), "{said:?}");
    let admin = Admin::at(format!("{rest}/_fake"));
    let state = admin.look("/state").await;
    assert_eq!(state["session"], "regular");
    let since = state["time_ns"].as_i64().unwrap() - et("2026-11-20T10:00");
    assert!((0..3_600_000_000_000).contains(&since), "{since}");
    admin.tell("/trade", r#"{"ticker":"AAPL","price":251.5,"size":100}"#).await;
    admin.tell("/clock", r#"{"advance_ms":900000}"#).await;
    let url = format!("{rest}{SNAPSHOTS}?apiKey=fake-key");
    let shown = admin.0.get(url).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains(r#""s":1e+02"#) && shown.contains("251.5"), "{shown}");
}
