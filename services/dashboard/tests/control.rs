//! The trading state from a page, and who may not come near it: other origins, other names, wrong
//! words.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

mod fake;
mod wall;

use fake::{symbol, tick};
use proto::{Control, TradingState, encode, stream::CONTROL, subject, subject::key};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use runtime::{
    clock,
    testing::{SOON, eventually},
};
use serde_json::{Value, json};
use wall::{Process, Wall, get};

const TOKEN: &str = "a token of twenty-odd letters";

async fn enabled() -> (Wall, Process) {
    let wall = Wall::with(&json!({"control": {"enabled": true}})).await.unwrap();
    let mut command = wall.command(&["--dashboard-id", "1"]);
    let process = Process::of(command.env("DASHBOARD_CONTROL_TOKEN", TOKEN));
    wall.serving(wall.ports[0]).await;
    (wall, process)
}

/// What the page's own script sends to halt.
fn halt(port: u16) -> RequestBuilder {
    let own = format!("http://127.0.0.1:{port}");
    Client::new()
        .post(format!("{own}/api/control"))
        .header("origin", own)
        .header("sec-fetch-site", "same-origin")
        .header("authorization", format!("Bearer {TOKEN}"))
        .json(&word("halted", "halt", None))
}

fn word(state: &str, word: &str, seen_ms: Option<i64>) -> Value {
    json!({"state": state, "word": word, "by": "anna", "why": "<b>news</b>", "seen_ms": seen_ms})
}

async fn told(request: RequestBuilder) -> (StatusCode, String) {
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn trading(wall: &Wall) -> Option<Control> {
    let bus = wall.server.bus("operator").await.unwrap();
    bus.kv(&CONTROL).get(key::CONTROL_TRADING).await.unwrap()
}

#[tokio::test]
async fn a_desk_that_has_not_enabled_it_knows_no_control() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let (status, words) = told(halt(wall.ports[0])).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(words.contains("off on this desk"), "{words}");
    let mut page = wall::Page::open(wall.ports[0], "", None).await.unwrap();
    assert_eq!(page.next().await["control"], false);
    assert_eq!(connections(&wall, "control").await, 0);
}

#[tokio::test]
async fn the_page_with_the_token_halts_and_resumes_what_it_saw() {
    let (wall, _first) = enabled().await;
    let port = wall.ports[0];
    assert_eq!(connections(&wall, "control").await, 1);
    let mut page = wall::Page::open(port, "", None).await.unwrap();
    assert_eq!(page.next().await["control"], true);

    let (status, answer) = told(halt(port)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(!answer.contains(TOKEN));
    let halted = trading(&wall).await.unwrap();
    assert_eq!((halted.state, halted.by.as_str()), (TradingState::Halted, "anna"));
    assert_eq!(halted.why, "<b>news</b>");

    let stale = halt(port).json(&word("active", "resume", Some(halted.at_ms - 1)));
    let (status, words) = told(stale).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(words.contains("set to halted by anna: <b>news</b>"), "{words}");
    assert_eq!(trading(&wall).await.unwrap(), halted, "what was not seen is not undone");

    let (status, _) = told(halt(port).json(&word("active", "resume", Some(halted.at_ms)))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(trading(&wall).await.unwrap().state, TradingState::Active);
}

#[tokio::test]
async fn everybody_else_is_refused_with_a_sentence() {
    let (wall, _first) = enabled().await;
    let port = wall.ports[0];
    let own = format!("http://127.0.0.1:{port}");
    let plain = |request: RequestBuilder| request.body(word("halted", "halt", None).to_string());
    let bare = || Client::new().post(format!("{own}/api/control")).bearer_auth(TOKEN);
    let foreign = [
        ("no origin", bare().json(&word("halted", "halt", None))),
        (
            "another site",
            bare().header("origin", "http://evil.example").json(&word("halted", "halt", None)),
        ),
        (
            "another port",
            bare()
                .header("origin", format!("http://127.0.0.1:{}", wall.ports[1]))
                .json(&word("halted", "halt", None)),
        ),
        ("a form", plain(bare().header("origin", &own).header("content-type", "text/plain"))),
        (
            "a sibling",
            bare()
                .header("origin", &own)
                .header("sec-fetch-site", "same-site")
                .json(&word("halted", "halt", None)),
        ),
    ];
    for (who, request) in foreign {
        let (status, words) = told(request).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{who}: {words}");
        assert!(words.contains("only the page of this dashboard"), "{who}: {words}");
    }
    for wrong in ["", "Bearer", "Bearer a token of twenty-odd letterz", TOKEN] {
        let request = bare().header("origin", &own).json(&word("halted", "halt", None));
        let mut request = request.build().unwrap();
        request.headers_mut().insert("authorization", wrong.parse().unwrap());
        let answer = Client::new().execute(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let (status, words) = told(halt(port).json(&word("halted", "yes", None))).await;
    assert_eq!(
        (status, words.as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "type the word halt to confirm")
    );
    let (status, _) = told(halt(port).json(&json!("x".repeat(5_000)))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, _) = told(Client::new().request(Method::GET, format!("{own}/api/control"))).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(trading(&wall).await, None, "nothing was said");
    let metrics = get(port, "/metrics").await.unwrap();
    assert!(metrics.contains("dashboard_control_total{outcome=\"token\"} 4"), "{metrics}");
    assert!(metrics.contains("dashboard_control_total{outcome=\"foreign\"} 5"), "{metrics}");
}

#[tokio::test]
async fn somebody_who_tries_tokens_is_slowed_down() {
    let (wall, _first) = enabled().await;
    let port = wall.ports[0];
    let mut answers = Vec::new();
    for attempt in 0..12 {
        let mut request = halt(port).build().unwrap();
        let guess = format!("Bearer guess number {attempt}");
        request.headers_mut().insert("authorization", guess.parse().unwrap());
        answers.push(Client::new().execute(request).await.unwrap().status());
    }
    assert_eq!(answers.first(), Some(&StatusCode::UNAUTHORIZED));
    assert_eq!(answers.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
    let (status, words) = told(halt(port)).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(words.contains("desk halt"), "the way that is always open is named: {words}");
}

#[tokio::test]
async fn no_route_answers_to_a_name_that_is_not_ours() {
    let wall = Wall::with(&json!({"public_hosts": ["desk.example.org"]})).await.unwrap();
    let _first = wall.first().await;
    let port = wall.ports[0];
    let asked = async |path: &str, host: String| {
        let request = Client::new().get(format!("http://127.0.0.1:{port}{path}"));
        told(request.header("host", host)).await
    };
    for path in
        ["/", "/wall", "/api/snapshot", "/assets/app.js", "/healthz", "/metrics", "/ws", "/no"]
    {
        let (status, words) = asked(path, format!("evil.example:{port}")).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        assert!(words.contains("does not go by that name"), "{path}: {words}");
    }
    for host in [format!("localhost:{port}"), "desk.example.org".to_owned()] {
        assert_eq!(asked("/", host).await.0, StatusCode::OK);
    }
    let metrics = get(port, "/metrics").await.unwrap();
    assert!(metrics.contains("dashboard_foreign_hosts_total 8"), "{metrics}");
}

#[tokio::test]
async fn control_without_a_token_worth_the_name_is_refused_at_start() {
    let mut wall = Wall::with(&json!({"control": {"enabled": true}})).await.unwrap();
    wall.server.kill();
    let short = [("DASHBOARD_CONTROL_TOKEN", "fifteen letters")];
    let cases = [
        (&[][..], "DASHBOARD_CONTROL_TOKEN: is not set, but dashboard_config.json enables control"),
        (&short[..], "DASHBOARD_CONTROL_TOKEN: is too short: at least 16 characters"),
    ];
    for (variables, fault) in cases {
        let output = wall.command(&[]).envs(variables.iter().copied()).output().unwrap();
        assert_eq!(output.status.code(), Some(64));
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains(fault) && !words.contains("fifteen"), "{words}");
    }
}

#[tokio::test]
async fn copies_and_old_prices_are_passed_over_and_counted() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let aapl = symbol("AAPL");
    let old = tick(&aapl, 1, 90.0, clock::now_ms());
    wall.desk.tick(&old).await;
    wall.desk.tick(&tick(&aapl, 2, 91.0, clock::now_ms())).await;
    wall.desk.tick(&old).await;
    let bus = wall.server.bus("ingest").await.unwrap();
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Nats-Stream", "TICKS");
    let copy = encode(&tick(&aapl, 3, 666.0, clock::now_ms())).unwrap();
    let subject = subject::tick(&aapl);
    bus.client().publish_with_headers(subject, headers, copy.into()).await.unwrap();
    wall.desk.tick(&tick(&aapl, 4, 92.0, clock::now_ms())).await;
    let shown = async || {
        let price = wall.snapshot().await["symbols"]["AAPL"]["quote"]["price"].as_f64();
        assert_ne!(price, Some(666.0), "nobody has published it");
        price.filter(|price| *price == 92.0)
    };
    eventually(SOON, shown).await.expect("the newest price");
    let counted = async || {
        let metrics = get(wall.ports[0], "/metrics").await.ok()?;
        let copy = metrics.contains("dashboard_passed_over_total{why=\"copy\"} 1");
        (copy && metrics.contains("dashboard_passed_over_total{why=\"old\"} 1")).then_some(())
    };
    eventually(SOON, counted).await.expect("both are counted");
}

/// How many connections the server has of this user.
async fn connections(wall: &Wall, user: &str) -> usize {
    let connz = reqwest::get(format!("{}/connz", wall.server.monitoring())).await.unwrap();
    let connz: Value = serde_json::from_str(&connz.text().await.unwrap()).unwrap();
    let all = connz["connections"].as_array().unwrap();
    all.iter().filter(|connection| connection["name"] == user).count()
}
