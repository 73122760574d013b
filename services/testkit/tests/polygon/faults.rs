//! Faults of REST, each as often as it is set.

use crate::client::{Rest, SECOND, SNAPSHOTS, at, et};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::polygon::{Fault, Page, Plan, Polygon};

const OPEN: &str = "2026-08-10T10:00";

async fn traded() -> (Polygon, Rest) {
    let polygon = at(OPEN).await;
    for symbol in ["AAPL", "MSFT", "NVDA"] {
        polygon.trade(symbol, 251.0, 100.0, et(OPEN) - SECOND);
    }
    let rest = Rest::new(&polygon, Plan::Advanced);
    (polygon, rest)
}

#[tokio::test]
async fn statuses_come_as_often_as_they_are_set_and_where() {
    let (polygon, rest) = traded().await;
    polygon.fault(Fault::bad_gateway()).on(Page::Snapshots).after(1).times(2);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        assert_eq!(rest.get("/v2/aggs/ticker/AAPL/prev").await.status, 200);
        statuses.push(rest.snapshots("AAPL").await.status);
    }
    assert_eq!(statuses, [200, 502, 502, 200]);
    assert_eq!(polygon.fired(), [Fault::bad_gateway(), Fault::bad_gateway()]);
    polygon.fault(Fault::status(503)).always();
    let html = rest.snapshots("AAPL").await;
    assert_eq!((html.status, html.headers["content-type"].to_str().unwrap()), (503, "text/html"));
    assert!(html.text.contains("nginx"));
    polygon.clear_faults();
    assert_eq!(rest.snapshots("AAPL").await.status, 200);
}

#[tokio::test]
async fn a_429_may_be_empty_or_say_when_to_come_back() {
    let (polygon, rest) = traded().await;
    polygon.fault(Fault::empty_429()).once();
    let empty = rest.snapshots("AAPL").await;
    assert_eq!((empty.status, empty.text.as_str()), (429, ""));
    polygon.fault(Fault::too_many(Some(7))).once();
    let told = rest.snapshots("AAPL").await;
    assert_eq!((told.status, told.headers["retry-after"].to_str().unwrap()), (429, "7"));
    polygon.fault(Fault::unknown_key()).once();
    assert_eq!(rest.snapshots("AAPL").await.json()["error"], "Unknown API Key");
}

#[tokio::test]
async fn a_body_may_be_cut_in_many_ways() {
    let (polygon, rest) = traded().await;
    for fault in [Fault::ResetMidBody, Fault::TruncatedGzip, Fault::Drop] {
        polygon.fault(fault.clone()).once();
        assert!(rest.try_get(SNAPSHOTS).await.is_err(), "{fault:?}");
        assert_eq!(rest.get(SNAPSHOTS).await.status, 200, "{fault:?}");
    }
    polygon.fault(Fault::TruncatedJson).once();
    let half = rest.get(SNAPSHOTS).await;
    assert!(half.status == 200 && serde_json::from_str::<Value>(&half.text).is_err());
}

#[tokio::test]
async fn an_answer_may_be_late_or_never_come() {
    let (polygon, rest) = traded().await;
    polygon.fault(Fault::slow(Duration::from_millis(200))).once();
    let start = tokio::time::Instant::now();
    assert_eq!(rest.snapshots("AAPL").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(200));
    polygon.fault(Fault::Hang).once();
    let never = tokio::time::timeout(Duration::from_millis(300), rest.try_get(SNAPSHOTS)).await;
    assert!(never.is_err());
    assert_eq!(polygon.requests().last().unwrap().status, None);
}

#[tokio::test]
async fn results_are_null_or_absent() {
    let (polygon, rest) = traded().await;
    let grouped = "/v2/aggs/grouped/locale/us/market/stocks/2026-08-07";
    for (path, name) in [(SNAPSHOTS, "tickers"), (grouped, "results")] {
        polygon.fault(Fault::ResultsNull).once();
        assert_eq!(rest.get(path).await.json().get(name), Some(&Value::Null));
        polygon.fault(Fault::ResultsAbsent).once();
        assert_eq!(rest.get(path).await.json().get(name), None);
    }
}

#[tokio::test]
async fn conditions_are_null_or_absent_and_values_are_zeros() {
    let (polygon, rest) = traded().await;
    polygon.fault(Fault::NullConditions).once();
    assert_eq!(rest.row("AAPL").await["lastTrade"].get("c"), Some(&Value::Null));
    polygon.fault(Fault::NoConditions).once();
    assert_eq!(rest.row("AAPL").await["lastTrade"].get("c"), None);
    polygon.fault(Fault::Zeroed).once();
    let row = rest.row("AAPL").await;
    assert_eq!((&row["lastTrade"]["p"], &row["updated"]), (&json!(0), &json!(0)));
    assert_eq!((&row["day"]["c"], &row["prevDay"]["c"]), (&json!(0), &json!(250)));
    assert_eq!(rest.row("AAPL").await["lastTrade"]["c"], json!([14, 41]));
}

#[tokio::test]
async fn one_row_among_good_ones_is_bad() {
    let (polygon, rest) = traded().await;
    polygon.fault(Fault::BadRow).once();
    let json = rest.get(SNAPSHOTS).await.json();
    let rows = json["tickers"].as_array().unwrap();
    let bad: Vec<bool> = rows.iter().map(|row| row["updated"].is_object()).collect();
    assert_eq!(bad, [false, true, false, false, false]);
}

#[tokio::test]
async fn next_url_leads_away_or_in_a_circle() {
    let (polygon, rest) = traded().await;
    let path = "/v2/aggs/ticker/AAPL/range/1/day/2026-08-03/2026-08-07?limit=10";
    polygon.fault(Fault::ForeignNextUrl("http://127.0.0.1:9".to_owned())).once();
    let foreign = rest.get(path).await.json();
    assert!(
        foreign["next_url"].as_str().unwrap().starts_with("http://127.0.0.1:9/v2/aggs/ticker/AAPL")
    );
    polygon.fault(Fault::NextUrlLoop).always();
    let circle = rest.get(path).await.json();
    assert_eq!(circle["next_url"].as_str().unwrap(), format!("{}{path}", polygon.rest_url()));
}

#[tokio::test]
async fn every_fault_has_a_name_for_the_command_line() {
    for name in [
        "bad-gateway",
        "empty-429",
        "too-many",
        "unknown-key",
        "slow",
        "hang",
        "drop",
        "reset-mid-body",
        "truncated-gzip",
        "truncated-json",
        "results-null",
        "results-absent",
        "null-conditions",
        "no-conditions",
        "bad-row",
        "zeroed",
        "foreign-next-url",
        "next-url-loop",
        "one-event-per-frame",
        "mixed-kinds",
        "huge-frame",
        "garbage",
        "binary-frame",
        "unknown-event",
        "stall",
        "reset",
        "drop-socket",
        "replayed-bars",
        "trades-without-conditions",
        "fields-missing",
        "duplicate-trades",
        "out-of-order-trades",
        "no-greeting",
        "no-auth-answer",
        "no-acks",
        "refuse-upgrade",
    ] {
        assert!(Fault::named(name).is_some(), "{name}");
    }
    assert_eq!(Fault::named("nonsense"), None);
}
