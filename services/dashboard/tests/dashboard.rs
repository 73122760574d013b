//! Dashboards as real processes on a real bus.

#![allow(clippy::indexing_slicing, reason = "JSON values index to null")]

mod fake;
mod wall;

use fake::{account, bar, feed, levels, order, position, symbol, tick};
use proto::{OrderState, Side, TradingState, subject};
use reqwest::{Client, StatusCode, header};
use runtime::{
    clock,
    testing::{SOON, eventually},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, process::Output, time::Instant};
use wall::{Page, Wall, get};

const MINUTE_MS: i64 = fake::MINUTE_MS;

/// The start of the minute `ago` minutes ago.
fn minute(ago: i64) -> i64 {
    let now = clock::now_ms();
    now - now.rem_euclid(MINUTE_MS) - ago * MINUTE_MS
}

fn price_of(symbol: &str) -> impl Fn(&Value) -> Option<f64> {
    move |frame: &Value| frame["symbols"][symbol]["quote"]["price"].as_f64()
}

/// The frame in which `symbol` costs `price`. One may come twice: a snapshot is ahead of its number.
fn priced(symbol: &str, price: f64) -> impl Fn(&Value) -> Option<()> {
    let found = price_of(symbol);
    move |frame: &Value| found(frame).filter(|found| *found == price).map(drop)
}

#[tokio::test]
async fn the_page_is_served_under_a_strict_policy() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let [first, second] = wall.ports;
    let answer = reqwest::get(format!("http://127.0.0.1:{first}/")).await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    let ancestors = format!("frame-ancestors 'self' 127.0.0.1:{first} 127.0.0.1:{second}");
    assert!(policy.ends_with(&ancestors), "{policy}");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let page = answer.text().await.unwrap();
    assert!(page.contains("First &#60;wall&#62;") && page.contains("data-symbol=\"BRK.B\""));
    assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick"));
    for script in page.split("<script ").skip(1) {
        let inert = script.starts_with("type=\"application/json\"");
        assert!(inert || script.contains("src=\"/assets/"), "an inline script: {script}");
    }
    let tiles = get(first, "/wall").await.unwrap();
    assert!(wall.ports.iter().all(|port| tiles.contains(&format!("data-port=\"{port}\""))));
}

#[tokio::test]
async fn assets_are_kept_by_their_fingerprint() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let page = get(wall.ports[0], "/").await.unwrap();
    let path = page.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let url = format!("http://127.0.0.1:{}{path}", wall.ports[0]);
    let answer = reqwest::get(&url).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/javascript; charset=utf-8");
    assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let tag = answer.headers()["etag"].clone();
    let again = Client::new().get(&url).header(header::IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let unknown = reqwest::get(format!("http://127.0.0.1:{}/assets/no.js", wall.ports[0])).await;
    assert_eq!(unknown.unwrap().status(), StatusCode::NOT_FOUND);
    let licences = get(wall.ports[0], "/assets/licences.txt").await.unwrap();
    assert!(licences.contains("TradingView"));
}

#[tokio::test]
async fn a_page_gets_history_then_everything_that_happens() {
    let wall = Wall::new().await.unwrap();
    let aapl = symbol("AAPL");
    wall.desk.bar(&bar(&aapl, minute(3), 100.0, 101.0, 0)).await;
    wall.desk.bar(&bar(&aapl, minute(2), 101.0, 102.0, 7)).await;
    wall.desk.tick(&tick(&aapl, 8, 103.0, minute(1))).await;
    wall.desk.order(&order(&aapl, 8, Side::Buy, OrderState::Refused, 103.0)).await;
    let _first = wall.first().await;
    let mut page = wall.page().await;
    let snapshot = page.next().await;
    page.acknowledge(&snapshot).await;
    let shown = &snapshot["symbols"]["AAPL"];
    let closes: Vec<_> = shown["bars"].as_array().unwrap().iter().map(|bar| &bar[4]).collect();
    assert_eq!(closes, [101.0, 102.0]);
    assert_eq!((&shown["forming"][4], &shown["quote"]["price"]), (&json!(103.0), &json!(103.0)));
    assert_eq!(shown["markers"][0]["rule"], "total_exposure");

    wall.desk.tick(&tick(&aapl, 9, 104.5, clock::now_ms())).await;
    page.until(priced("AAPL", 104.5)).await;
    wall.desk.order(&order(&aapl, 9, Side::Buy, OrderState::Submitting, 104.5)).await;
    wall.desk.order(&order(&aapl, 9, Side::Buy, OrderState::Filled, 104.5)).await;
    let marker = |frame: &Value| {
        let markers = frame["symbols"]["AAPL"]["markers"].as_array()?;
        markers.iter().find(|marker| marker["kind"] == "fill").cloned()
    };
    assert_eq!(page.until(marker).await["reason"], "cross_up");
    wall.desk.position(&position(&aapl, 12, 104.5)).await;
    let held = |frame: &Value| frame["symbols"]["AAPL"]["position"]["quantity"].as_f64();
    assert_eq!(page.until(held).await, 12.0);
    wall.desk.levels(&levels(&aapl, 104.5)).await;
    let stop = |frame: &Value| frame["symbols"]["AAPL"]["levels"]["stop"].as_f64();
    assert_eq!(page.until(stop).await, 103.978);
    wall.desk.account(&account()).await;
    assert_eq!(page.until(|frame| frame["account"]["equity"].as_f64()).await, 100_122.72);
    wall.desk.control(TradingState::Halted, "news").await;
    let why = |frame: &Value| frame["control"]["why"].as_str().map(str::to_owned);
    assert_eq!(page.until(why).await, "news");
    wall.desk.feed(&feed(vec![aapl])).await;
    let mode = |frame: &Value| frame["desk"]["mode"].as_str().map(str::to_owned);
    assert_eq!(page.until(mode).await, "sim");
}

#[tokio::test]
async fn a_page_is_told_what_time_it_is_here() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let mut page = wall.page().await;
    page.say("{\"type\":\"ping\",\"sent_ms\":12.5}".to_owned()).await;
    let pong = |frame: &Value| (frame["type"] == "pong").then(|| frame.clone());
    let pong = page.until(pong).await;
    assert_eq!(pong["sent_ms"], 12.5);
    let told = pong["now_ms"].as_f64().unwrap();
    assert!((told - clock::now_ms() as f64).abs() < 20_000.0);
}

#[tokio::test]
async fn a_page_that_comes_back_gets_only_what_it_missed() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let mut page = wall.page().await;
    let snapshot = page.next().await;
    drop(page);
    wall.desk.tick(&tick(&symbol("MSFT"), 1, 55.0, clock::now_ms())).await;
    let session = snapshot["session"].as_str().unwrap();
    let query = format!("?session={session}&since={}", snapshot["seq"]);
    let mut page = Page::open(wall.ports[0], &query, None).await.unwrap();
    assert_eq!(page.next().await["type"], "hello");
    let delta = page.next().await;
    assert_eq!((&delta["type"], &delta["from_seq"]), (&json!("delta"), &snapshot["seq"]));
    let mut stranger = Page::open(wall.ports[0], "?session=other&since=1", None).await.unwrap();
    assert_eq!(stranger.next().await["type"], "hello");
    assert_eq!(stranger.next().await["type"], "snapshot");
}

#[tokio::test]
async fn a_page_that_stalls_is_sent_no_old_prices() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let mut page = wall.page().await;
    let mut seen = vec![page.next().await];
    page.acknowledge(&seen[0]).await;
    let nvda = symbol("NVDA");
    let mut frames = seen[0]["seq"].as_u64().unwrap();
    for seq in 1..=20_u64 {
        let price = 100.0 + seq as f64;
        wall.desk.tick(&tick(&nvda, seq, price, clock::now_ms())).await;
        // Each price gets a frame of its own: the next one waits until this one has gone out.
        let gone_out = async || {
            let snapshot = wall.snapshot().await;
            let next = snapshot["seq"].as_u64().filter(|next| *next > frames)?;
            (snapshot["symbols"]["NVDA"]["quote"]["price"] == price).then_some(next)
        };
        frames = eventually(SOON, gone_out).await.expect("a frame for each price");
    }
    let newest = |frame: &Value| price_of("NVDA")(frame).is_some_and(|price| price == 120.0);
    while !seen.last().is_some_and(newest) {
        let frame = page.next().await;
        page.acknowledge(&frame).await;
        seen.push(frame);
    }
    let prices: Vec<_> = seen.iter().filter_map(price_of("NVDA")).collect();
    assert!(prices.len() <= 5, "two were on their way, then the newest: {prices:?}");
    for pair in seen.windows(2) {
        let had = if pair[0]["type"] == "snapshot" { &pair[0]["seq"] } else { &pair[0]["to_seq"] };
        assert_eq!(&pair[1]["from_seq"], had, "no hole between two frames");
    }
}

#[tokio::test]
async fn sockets_of_other_sites_and_long_messages_are_refused() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let port = wall.ports[0];
    let own = format!("http://127.0.0.1:{port}");
    assert!(Page::open(port, "", Some(&own)).await.is_ok());
    for foreign in ["http://evil.example", "null", &format!("http://127.0.0.1:{}", wall.ports[1])] {
        assert!(Page::open(port, "", Some(foreign)).await.is_err(), "{foreign}");
    }
    let mut page = wall.page().await;
    page.say("x".repeat(5_000)).await;
    assert!(page.ended().await);
}

#[tokio::test]
async fn pages_asked_for_under_an_ipv6_address_are_shown_under_a_name() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let port = wall.ports[0];
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let ask = async |path: &str, host: String| {
        let asked = client.get(format!("http://127.0.0.1:{port}{path}"));
        asked.header(header::HOST, host).send().await.unwrap()
    };
    for path in ["/", "/wall"] {
        let sent = ask(path, format!("[::1]:{port}")).await;
        assert_eq!(sent.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(sent.headers()[header::LOCATION], format!("http://localhost:{port}{path}"));
        let refused = ask(path, format!("[fe80::1]:{port}")).await;
        assert_eq!(refused.status(), StatusCode::MISDIRECTED_REQUEST);
        assert!(refused.text().await.unwrap().contains("public_hosts"));
    }
    assert_eq!(ask("/api/snapshot", format!("[::1]:{port}")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_server_sees_subscriptions_to_its_own_symbols_only() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let connz = format!("{}/connz?subs=detail", wall.server.monitoring());
    let connz = reqwest::get(connz).await.unwrap().text().await.unwrap();
    let connz: Value = serde_json::from_str(&connz).unwrap();
    let all = connz["connections"].as_array().unwrap().iter();
    let ours: Vec<_> = all.filter(|connection| connection["name"] == "dashboard").collect();
    assert_eq!(ours.len(), 1);
    let details = ours[0]["subscriptions_list_detail"].as_array().unwrap();
    let subjects = details.iter().filter_map(|detail| detail["subject"].as_str());
    let desk: BTreeSet<_> = subjects
        .filter(|subject| !subject.starts_with("_INBOX_") && !subject.starts_with('$'))
        .filter(|subject| !subject.starts_with("desk."))
        .map(str::to_owned)
        .collect();
    let symbols = ["AAPL", "MSFT", "NVDA", "BRK.B"].map(symbol);
    let expected: BTreeSet<_> = symbols
        .iter()
        .flat_map(|symbol| {
            [subject::tick(symbol), subject::bar(symbol), subject::orders_of(symbol)]
        })
        .collect();
    assert_eq!(desk, expected);
}

#[tokio::test]
async fn a_spare_takes_over_the_slot_of_a_process_that_dies() {
    let wall = Wall::new().await.unwrap();
    let mut first = wall.first().await;
    let _second = wall.start(&[]);
    wall.serving(wall.ports[1]).await;
    let mut spare = wall.start(&[]);
    first.kill();
    let begun = Instant::now();
    wall.serving(wall.ports[0]).await;
    println!("a spare serves a dead process's slot after {:?}", begun.elapsed());

    let mut named = wall.start(&["--dashboard-id", "1"]);
    let begun = Instant::now();
    assert_eq!(spare.terminate().await, Some(0));
    wall.serving(wall.ports[0]).await;
    println!("a slot that was given back is served after {:?}", begun.elapsed());
    assert_eq!(named.terminate().await, Some(0));
}

#[tokio::test]
async fn bad_messages_are_counted_and_skipped() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let mut page = wall.page().await;
    let aapl = symbol("AAPL");
    wall.desk.raw(subject::tick(&aapl), b"no message pack").await;
    wall.desk.raw(subject::bar(&aapl), &[0xc1; 100]).await;
    wall.desk.tick(&tick(&aapl, 1, 99.0, clock::now_ms())).await;
    page.until(priced("AAPL", 99.0)).await;
    let metrics = get(wall.ports[0], "/metrics").await.unwrap();
    assert!(metrics.contains("dashboard_bad_messages_total{kind=\"tick\"} 1"), "{metrics}");
    page.say("{\"type\":\"drop tables\"}".to_owned()).await;
    wall.desk.tick(&tick(&aapl, 2, 98.0, clock::now_ms())).await;
    page.until(priced("AAPL", 98.0)).await;
}

#[tokio::test]
async fn live_prices_do_not_need_jetstream() {
    let wall = Wall::new().await.unwrap();
    let provision = wall.server.bus("provision").await.unwrap();
    provision.jetstream().delete_stream("BARS").await.unwrap();
    let _first = wall.start(&["--dashboard-id", "1"]);
    let up = async || get(wall.ports[0], "/healthz").await.ok();
    eventually(SOON, up).await.expect("it serves");
    let mut page = wall.page().await;
    wall.desk.tick(&tick(&symbol("AAPL"), 1, 97.0, clock::now_ms())).await;
    page.until(priced("AAPL", 97.0)).await;
    assert_eq!(wall.snapshot().await["desk"]["history"], false);
}

#[tokio::test]
async fn pages_live_through_a_restart_of_the_bus() {
    let mut wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    let mut page = wall.page().await;
    let aapl = symbol("AAPL");
    wall.desk.tick(&tick(&aapl, 1, 100.0, minute(2))).await;
    page.until(priced("AAPL", 100.0)).await;
    let bus = |up: bool| move |frame: &Value| (frame["desk"]["bus"] == up).then_some(());
    wall.server.kill();
    page.until(bus(false)).await;
    assert!(get(wall.ports[0], "/healthz").await.is_err(), "503 while prices cannot come");
    assert!(get(wall.ports[0], "/").await.is_ok(), "the page stays");
    wall.server.restart().await.unwrap();
    page.until(bus(true)).await;
    wall.desk.tick(&tick(&aapl, 2, 101.0, minute(1))).await;
    wall.desk.tick(&tick(&aapl, 3, 102.0, minute(0))).await;
    page.until(priced("AAPL", 102.0)).await;
    let whole = async || {
        let snapshot = wall.snapshot().await;
        (snapshot["symbols"]["AAPL"]["bars"].as_array()?.len() == 2).then_some(())
    };
    eventually(SOON, whole).await.expect("no minute is missing");
}

#[tokio::test]
async fn health_says_which_slot_and_how_old_its_prices_are() {
    let wall = Wall::new().await.unwrap();
    let _first = wall.first().await;
    wall.desk.tick(&tick(&symbol("AAPL"), 1, 97.0, clock::now_ms())).await;
    let aged = async || {
        let report: Value =
            serde_json::from_str(&get(wall.ports[0], "/healthz").await.ok()?).ok()?;
        report["tick_age_ms"]["AAPL"].as_i64().map(|_| report.clone())
    };
    let report = eventually(SOON, aged).await.unwrap();
    assert_eq!((&report["dashboard"], &report["healthy"]), (&json!(1), &json!(true)));
    assert_eq!(report["symbols"], json!(["AAPL", "MSFT", "NVDA", "BRK.B"]));
    assert_eq!(report["tick_age_ms"]["MSFT"], Value::Null);
}

#[tokio::test]
async fn the_list_and_the_faults_open_nothing() {
    let mut wall = Wall::new().await.unwrap();
    wall.server.kill();
    let run = |arguments: &[&str]| -> Output { wall.command(arguments).output().unwrap() };
    let list = run(&["--list"]);
    let [first, second] = wall.ports;
    assert_eq!(String::from_utf8_lossy(&list.stdout), format!("1 {first}\n2 {second}\n"));
    let refused = run(&["--dashboard-id", "9", "--host", "nowhere"]);
    assert_eq!(refused.status.code(), Some(64));
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(words.contains("--dashboard-id") && words.contains("--host"), "{words}");
}
