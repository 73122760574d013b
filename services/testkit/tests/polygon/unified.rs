//! Unified snapshots.

use crate::client::{MINUTE, Rest, SECOND, at, et, with};
use serde_json::{Value, json};
use testkit::polygon::{Listing, Plan};

const OPEN: &str = "2026-08-10T10:00";

fn tickers(json: &Value) -> Vec<String> {
    let rows = json["results"].as_array().unwrap();
    rows.iter().map(|row| row["ticker"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn unknown_and_unentitled_tickers_are_rows_of_a_good_answer() {
    let polygon = with(OPEN, |config| config.unentitled = vec!["MSFT".to_owned()]).await;
    let rest = Rest::new(&polygon, Plan::Advanced);
    let got = rest.get("/v3/snapshot?ticker.any_of=AAPL,TSLAAPL,MSFT&type=stocks&limit=250").await;
    let rows = &got.json()["results"];
    assert_eq!(
        rows[2],
        json!({"ticker": "TSLAAPL", "error": "NOT_FOUND", "message": "Ticker not found."})
    );
    let refused = json!({"ticker": "MSFT", "error": "NOT_ENTITLED", "message": "Not entitled to this ticker."});
    assert_eq!((got.status, &rows[1]), (200, &refused));
    assert_eq!(rows[0]["session"]["previous_close"], 250);
    assert_eq!(rows[0]["market_status"], "open");
}

#[tokio::test]
async fn ten_rows_are_told_unless_more_are_asked_for_and_pages_follow() {
    let polygon = with(OPEN, |config| {
        config.symbols = (0..25).map(|n| Listing::new(&format!("S{n:02}"), 10.0)).collect();
    })
    .await;
    let rest = Rest::new(&polygon, Plan::Starter);
    let mut page = rest.get("/v3/snapshot?type=stocks").await.json();
    let mut all = tickers(&page);
    assert_eq!(all.len(), 10);
    while let Some(next) = page.get("next_url") {
        page = rest.get(next.as_str().unwrap()).await.json();
        all.extend(tickers(&page));
    }
    assert_eq!(all.len(), 25);
    assert!(all.is_sorted());
    let some = rest.get("/v3/snapshot?ticker.gte=S20&ticker.lt=S23&order=desc").await.json();
    assert_eq!(tickers(&some), ["S22", "S21", "S20"]);
    let many = vec!["X"; 251].join(",");
    assert_eq!(rest.get(&format!("/v3/snapshot?ticker.any_of={many}")).await.status, 400);
}

#[tokio::test]
async fn rows_have_what_the_plan_has() {
    let polygon = at(OPEN).await;
    let start = et(OPEN);
    polygon.trade("AAPL", 251.0, 100.0, start);
    polygon.quote("AAPL", 250.9, 251.1, start);
    polygon.set_time(start + 16 * MINUTE + 5 * SECOND);
    for (plan, trade, quote, timeframe) in [
        (Plan::Starter, false, false, None),
        (Plan::Developer, true, false, Some("DELAYED")),
        (Plan::Advanced, true, true, Some("REAL-TIME")),
    ] {
        let rest = Rest::new(&polygon, plan);
        let row = rest.get("/v3/snapshot?ticker.any_of=AAPL").await.json()["results"][0].clone();
        assert_eq!(
            (row.get("last_trade").is_some(), row.get("last_quote").is_some()),
            (trade, quote)
        );
        assert_eq!(row["last_trade"]["timeframe"].as_str(), timeframe);
        assert_eq!(
            (&row["last_minute"]["close"], &row["session"]["change"]),
            (&251.into(), &1.into())
        );
    }
}
