//! Whether the market is open.

use crate::client::{Rest, at, et};
use serde_json::json;
use testkit::polygon::Plan;

#[tokio::test]
async fn the_market_is_open_by_new_york_time_on_every_plan() {
    let polygon = at("2026-08-10T10:00").await;
    for (time, market, early, after) in [
        ("2026-08-10T03:59", "closed", false, false),
        ("2026-08-10T04:00", "extended-hours", true, false),
        ("2026-08-10T09:30", "open", false, false),
        ("2026-08-10T16:00", "extended-hours", false, true),
        ("2026-08-10T20:00", "closed", false, false),
        ("2026-11-26T12:00", "closed", false, false),
        ("2026-11-27T13:00", "extended-hours", false, true),
        ("2026-03-09T09:30", "open", false, false),
        ("2026-11-02T09:29", "extended-hours", true, false),
    ] {
        polygon.set_time(et(time));
        let json = Rest::new(&polygon, Plan::Starter).get("/v1/marketstatus/now").await.json();
        let said = (&json["market"], &json["earlyHours"], &json["afterHours"]);
        assert_eq!(said, (&json!(market), &json!(early), &json!(after)), "{time}");
        assert!(json["serverTime"].as_str().unwrap().starts_with(time), "{json}");
        assert_eq!(json["exchanges"]["nyse"], market);
        assert!(json.get("status").is_none() && json.get("request_id").is_none());
    }
    assert!(polygon.requests().iter().all(|seen| seen.status == Some(200)));
}

#[tokio::test]
async fn the_offset_of_new_york_follows_the_clocks() {
    let polygon = at("2026-08-10T10:00").await;
    for (time, offset) in [("2026-08-10T10:00", "-04:00"), ("2026-12-10T10:00", "-05:00")] {
        polygon.set_time(et(time));
        let json = Rest::new(&polygon, Plan::Basic).get("/v1/marketstatus/now").await.json();
        assert_eq!(json["serverTime"].as_str().unwrap(), format!("{time}:00{offset}"));
    }
}

#[tokio::test]
async fn holidays_to_come_are_a_bare_list_with_one_row_per_exchange() {
    let polygon = at("2026-11-23T10:00").await;
    let json = Rest::new(&polygon, Plan::Basic).get("/v1/marketstatus/upcoming").await.json();
    let rows = json.as_array().unwrap();
    let nyse: Vec<_> = rows.iter().filter(|row| row["exchange"] == "NYSE").collect();
    let holiday = json!({"exchange": "NYSE", "name": "Thanksgiving Day", "date": "2026-11-26", "status": "closed"});
    assert_eq!(*nyse[0], holiday);
    let early = &nyse[1];
    assert_eq!((&early["date"], &early["status"]), (&json!("2026-11-27"), &json!("early-close")));
    assert_eq!(early["open"], "2026-11-27T14:30:00.000Z");
    assert_eq!(early["close"], "2026-11-27T18:00:00.000Z");
    assert_eq!(rows.len(), nyse.len() * 3);
}
