//! Days of all tickers, and previous closes: their time is the end of the session.

use crate::client::{Rest, SECOND, at, et};
use testkit::polygon::{Bar, Listing, Plan};

const GROUPED: &str = "/v2/aggs/grouped/locale/us/market/stocks";

#[tokio::test]
async fn the_days_of_all_tickers_carry_the_end_of_the_session() {
    let polygon = at("2026-08-10T10:00").await;
    let bar = Bar::new(0, [44.83, 45.255, 44.71, 44.98], 3_863_635.4);
    polygon.day_bar("XLRE", jiff::civil::date(2026, 8, 7), bar);
    let got = Rest::new(&polygon, Plan::Basic).get(&format!("{GROUPED}/2026-08-07")).await;
    let json = got.json();
    assert_eq!((&json["resultsCount"], &json["queryCount"]), (&6.into(), &6.into()));
    let rows = json["results"].as_array().unwrap();
    let row = rows.iter().find(|row| row["T"] == "XLRE").unwrap();
    assert_eq!(row["t"], 1_786_132_800_000_i64, "16:00 in New York");
    assert!(got.text.contains(r#""T":"XLRE","v":3863635.4,"#));
}

#[tokio::test]
async fn a_day_without_session_has_no_results() {
    let polygon = at("2026-08-10T10:00").await;
    let rest = Rest::new(&polygon, Plan::Starter);
    for date in ["2026-08-08", "2026-07-03"] {
        let got = rest.get(&format!("{GROUPED}/{date}")).await;
        let json = got.json();
        assert_eq!((got.status, &json["resultsCount"]), (200, &0.into()));
        assert!(json.get("results").is_none());
    }
    assert_eq!(rest.get(&format!("{GROUPED}/August")).await.status, 400);
}

#[tokio::test]
async fn the_previous_day_is_the_last_one_that_is_over() {
    let polygon = at("2026-08-10T15:59").await;
    polygon.trade("AAPL", 251.0, 100.0, et("2026-08-10T15:59"));
    let rest = Rest::new(&polygon, Plan::Basic);
    let row = async || rest.get("/v2/aggs/ticker/AAPL/prev").await.json()["results"][0].clone();
    let before = row().await;
    assert_eq!((&before["c"], &before["t"]), (&250.into(), &1_786_132_800_000_i64.into()));
    polygon.set_time(et("2026-08-10T16:00"));
    let after = row().await;
    assert_eq!(after["c"], 251, "a call after the close has that day's bar");
    assert_eq!(after["t"].as_i64().unwrap(), et("2026-08-10T16:00") / 1_000_000);
    assert_eq!(after["T"], "AAPL");
}

#[tokio::test]
async fn a_half_day_ends_at_one() {
    let polygon = at("2026-11-27T12:00").await;
    polygon.trade("AAPL", 251.0, 100.0, et("2026-11-27T12:00"));
    polygon.set_time(et("2026-11-27T13:00") + SECOND);
    let got = Rest::new(&polygon, Plan::Basic).get("/v2/aggs/ticker/AAPL/prev").await.json();
    assert_eq!(got["results"][0]["t"].as_i64().unwrap(), et("2026-11-27T13:00") / 1_000_000);
}

#[tokio::test]
async fn a_ticker_without_a_past_has_no_previous_day() {
    let polygon = at("2026-08-10T10:00").await;
    polygon.list(&Listing::unpriced("NEWCO"));
    let rest = Rest::new(&polygon, Plan::Advanced);
    for ticker in ["NEWCO", "NOSUCH"] {
        let got = rest.get(&format!("/v2/aggs/ticker/{ticker}/prev")).await;
        let json = got.json();
        assert_eq!((got.status, &json["resultsCount"]), (200, &0.into()));
        assert!(json.get("results").is_none() && json.get("count").is_none());
    }
}
