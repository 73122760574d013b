//! Refusals, word for word, and what every answer carries.

use crate::client::{Rest, SNAPSHOTS, at};
use serde_json::{Value, json};
use testkit::polygon::{Auth, Page, Plan};

const OPEN: &str = "2026-08-10T10:00";
const BARS: &str = "/v2/aggs/ticker/AAPL/range/1";

#[tokio::test]
async fn refusals_are_those_of_the_service() {
    let polygon = at(OPEN).await;
    let entitled = "You are not entitled to this data. Please upgrade your plan at https://massive.com/pricing";
    let timeframe = "Your plan doesn't include this data timeframe. Please upgrade your plan at https://polygon.io/pricing";
    let grouped = "/v2/aggs/grouped/locale/us/market/stocks";
    let basic = Some(Plan::Basic.key());
    for (key, path, status, word, field, words) in [
        (Some("nonsense"), SNAPSHOTS.to_owned(), 401, "ERROR", "error", "Unknown API Key"),
        (None, SNAPSHOTS.to_owned(), 401, "ERROR", "error", "API Key was not provided"),
        (basic, SNAPSHOTS.to_owned(), 403, "NOT_AUTHORIZED", "message", entitled),
        (basic, format!("{grouped}/2026-08-10"), 403, "NOT_AUTHORIZED", "message", timeframe),
        (
            basic,
            format!("{BARS}/day/2026-08-03/2026-08-10"),
            403,
            "NOT_AUTHORIZED",
            "message",
            timeframe,
        ),
        (
            basic,
            format!("{BARS}/day/2024-08-09/2024-08-20"),
            403,
            "NOT_AUTHORIZED",
            "message",
            timeframe,
        ),
        (
            Some(Plan::Starter.key()),
            format!("{SNAPSHOTS}/NOSUCH"),
            404,
            "NOT_FOUND",
            "message",
            "Ticker not found.",
        ),
        (
            Some(Plan::Starter.key()),
            format!("{BARS}/day/yesterday/2026-08-10"),
            400,
            "ERROR",
            "error",
            "Could not parse the date: use YYYY-MM-DD or milliseconds",
        ),
    ] {
        let got = Rest::keyed(&polygon, key).get(&path).await;
        let json = got.json();
        assert_eq!(got.status, status, "{path}");
        assert_eq!((json["status"].as_str(), json[field].as_str()), (Some(word), Some(words)));
        let id = json["request_id"].as_str().unwrap();
        assert_eq!(got.headers["x-request-id"], id);
        assert_eq!((id.len(), json.as_object().unwrap().len()), (32, 3));
    }
}

#[tokio::test]
async fn a_path_nobody_serves_is_plain_text() {
    let polygon = at(OPEN).await;
    let rest = Rest::new(&polygon, Plan::Advanced);
    for path in ["/", "/v2/snapshot", "/api/v2/aggs/ticker/AAPL/prev", "/v9/x"] {
        let got = rest.get(path).await;
        assert_eq!((got.status, got.text.as_str()), (404, "404 page not found"));
        assert!(got.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    }
}

#[tokio::test]
async fn a_key_comes_in_the_header_or_in_the_query_and_both_are_seen() {
    let polygon = at(OPEN).await;
    Rest::new(&polygon, Plan::Advanced).snapshots("AAPL").await;
    let keyless = Rest::keyed(&polygon, None);
    let path = format!("{SNAPSHOTS}?tickers=AAPL&apiKey=advanced-key");
    assert_eq!(keyless.get(&path).await.status, 200);
    keyless.get("/v2/aggs/ticker/AAPL/prev").await;
    let seen = polygon.requests();
    let auths: Vec<_> = seen.iter().map(|request| (request.auth, request.status)).collect();
    assert_eq!(
        auths,
        [(Auth::Bearer, Some(200)), (Auth::Query, Some(200)), (Auth::None, Some(401))]
    );
    assert!(!seen[0].query.contains("key") && seen[1].query.contains("apiKey=advanced-key"));
    assert_eq!(seen[0].key.as_deref(), Some("advanced-key"));
    assert_eq!((seen[0].page, seen[2].page), (Some(Page::Snapshots), Some(Page::Previous)));
    assert_eq!(polygon.requests_for(Page::Snapshots), 2);
}

#[tokio::test]
async fn keys_change_their_plans_and_go() {
    let polygon = at(OPEN).await;
    let rest = Rest::keyed(&polygon, Some("mine"));
    assert_eq!(rest.snapshots("AAPL").await.status, 401);
    polygon.set_key("mine", Plan::Starter);
    assert_eq!(rest.snapshots("AAPL").await.status, 200);
    polygon.set_key("mine", Plan::Basic);
    assert_eq!(rest.snapshots("AAPL").await.status, 403);
    polygon.remove_key("mine");
    assert_eq!(rest.snapshots("AAPL").await.status, 401);
}

#[tokio::test]
async fn answers_are_packed_for_those_who_take_it() {
    let polygon = at(OPEN).await;
    let client = reqwest::Client::builder().no_proxy().no_gzip().build().unwrap();
    let url = format!("{}{SNAPSHOTS}", polygon.rest_url());
    let ask = |accept: &'static str| {
        client.get(&url).bearer_auth("advanced-key").header("accept-encoding", accept).send()
    };
    let packed = ask("gzip, br").await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.headers()["vary"], "Accept-Encoding");
    assert_eq!(packed.headers()["server"], "nginx/1.19.2");
    assert_eq!(packed.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
    let plain = ask("identity").await.unwrap();
    assert!(plain.headers().get("content-encoding").is_none());
    let json: Value = plain.json().await.unwrap();
    assert_eq!(json["status"], json!("OK"));
    assert_eq!(polygon.requests().iter().map(|seen| seen.gzip).collect::<Vec<_>>(), [true, false]);
}
