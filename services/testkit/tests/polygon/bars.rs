//! Custom bars: ranges, pages, units.

use crate::client::{MINUTE, Rest, at, et, with};
use serde_json::Value;
use testkit::polygon::{Bar, Plan};

const OPEN: &str = "2026-08-10T10:00";
const BARS: &str = "/v2/aggs/ticker/AAPL/range";

fn times(json: &Value) -> Vec<i64> {
    json["results"]
        .as_array()
        .map_or_else(Vec::new, |rows| rows.iter().map(|row| row["t"].as_i64().unwrap()).collect())
}

fn ms(time: &str) -> i64 {
    et(time) / 1_000_000
}

#[tokio::test]
async fn day_bars_start_at_midnight_in_new_york_in_winter_and_in_summer() {
    for (now, from, to) in [
        ("2026-03-11T10:00", "2026-03-05", "2026-03-10"),
        ("2026-11-04T10:00", "2026-10-29", "2026-11-03"),
    ] {
        let polygon = with(now, |config| config.history_days = 10).await;
        let rest = Rest::new(&polygon, Plan::Advanced);
        let json = rest.get(&format!("{BARS}/1/day/{from}/{to}")).await.json();
        let hours: Vec<i64> = times(&json).iter().map(|t| t / 3_600_000 % 24).collect();
        assert_eq!(hours.len(), 4);
        assert!(hours.contains(&4) && hours.contains(&5), "{hours:?}");
        let down = rest.get(&format!("{BARS}/1/day/{from}/{to}?sort=desc")).await.json();
        let mut reversed = times(&down);
        reversed.reverse();
        assert_eq!(reversed, times(&json));
        assert_eq!((&json["count"], &json["resultsCount"]), (&4.into(), &4.into()));
    }
}

#[tokio::test]
async fn no_data_and_an_unknown_ticker_are_200_without_results() {
    let polygon = at(OPEN).await;
    let rest = Rest::new(&polygon, Plan::Advanced);
    for path in ["/v2/aggs/ticker/NOSUCH/range", BARS] {
        let got = rest.get(&format!("{path}/1/day/2026-08-08/2026-08-09")).await;
        let json = got.json();
        assert_eq!(
            (got.status, &json["queryCount"], &json["resultsCount"]),
            (200, &0.into(), &0.into())
        );
        assert!(json.get("results").is_none() && json.get("next_url").is_none());
    }
}

#[tokio::test]
async fn minutes_follow_from_trades_and_are_there_once_they_are_over() {
    let polygon = at(OPEN).await;
    let start = et(OPEN);
    for minute in [0, 1, 3] {
        polygon.trade("AAPL", 250.0 + minute as f64, 100.0, start + minute * MINUTE);
    }
    polygon.set_time(start + 4 * MINUTE - 1);
    let rest = Rest::new(&polygon, Plan::Advanced);
    let path = format!("{BARS}/1/minute/2026-08-10/2026-08-10");
    let first = [ms(OPEN), ms(OPEN) + 60_000];
    assert_eq!(times(&rest.get(&path).await.json()), first, "a minute without trades has no bar");
    polygon.set_time(start + 4 * MINUTE);
    assert_eq!(times(&rest.get(&path).await.json()).len(), 3);
    let range = format!("{BARS}/1/minute/{}/{}", ms(OPEN), ms(OPEN) + 60_000);
    assert_eq!(times(&rest.get(&range).await.json()), first, "both ends are within");
    let late = Rest::new(&polygon, Plan::Starter).get(&path).await.json();
    assert_eq!((times(&late).len(), &late["status"]), (0, &"DELAYED".into()));
    polygon.set_time(start + 19 * MINUTE);
    assert_eq!(times(&Rest::new(&polygon, Plan::Starter).get(&path).await.json()).len(), 3);
}

#[tokio::test]
async fn pages_follow_one_another_without_the_key_until_the_last() {
    let polygon = with(OPEN, |config| config.history_minutes = true).await;
    let rest = Rest::new(&polygon, Plan::Advanced);
    for sort in ["asc", "desc"] {
        let path = format!("{BARS}/1/minute/2026-08-06/2026-08-07?limit=300&sort={sort}");
        let mut page = rest.get(&path).await.json();
        let mut all = times(&page);
        let mut pages = 1;
        while let Some(next) = page.get("next_url") {
            let next = next.as_str().unwrap();
            assert!(next.starts_with(&format!(
                "{}/v2/aggs/ticker/AAPL/range/1/minute/1",
                polygon.rest_url()
            )));
            assert!(next.contains("cursor=") && !next.contains("advanced-key"));
            page = rest.get(next).await.json();
            all.extend(times(&page));
            pages += 1;
        }
        assert_eq!((pages, all.len()), (3, 780), "{sort}");
        assert!(all.windows(2).all(|two| (two[0] < two[1]) == (sort == "asc")));
    }
}

#[tokio::test]
async fn a_limit_counts_base_bars_so_that_a_page_may_be_empty() {
    let polygon = at(OPEN).await;
    let start = ms("2026-08-07T10:00");
    polygon.minutes("AAPL", (0..90).map(|n| Bar::flat(start + n * 60_000, 250.0 + n as f64, 10.0)));
    let rest = Rest::new(&polygon, Plan::Advanced);
    let path = format!("{BARS}/1/hour/2026-08-07/2026-08-07");
    let empty = rest.get(&format!("{path}?limit=1")).await.json();
    assert_eq!((&empty["queryCount"], &empty["resultsCount"]), (&1.into(), &0.into()));
    assert!(empty.get("results").is_none() && empty.get("next_url").is_some());
    let mut page = rest.get(&format!("{path}?limit=50")).await.json();
    let mut rows: Vec<Value> = page["results"].as_array().cloned().unwrap_or_default();
    while let Some(next) = page.get("next_url") {
        page = rest.get(next.as_str().unwrap()).await.json();
        rows.extend(page["results"].as_array().cloned().unwrap_or_default());
    }
    let whole = rest.get(&path).await.json();
    assert_eq!(rows, *whole["results"].as_array().unwrap());
    assert_eq!(times(&whole), [start, start + 3_600_000]);
    let first = &rows[0];
    assert_eq!((&first["o"], &first["c"], &first["v"]), (&250.into(), &309.into(), &600.into()));
}

#[tokio::test]
async fn longer_units_snap_to_the_calendar() {
    let polygon = with(OPEN, |config| config.history_days = 120).await;
    let rest = Rest::new(&polygon, Plan::Advanced);
    for (unit, first) in [
        ("week", "2026-06-28T00:00"),
        ("month", "2026-07-01T00:00"),
        ("quarter", "2026-07-01T00:00"),
        ("year", "2026-01-01T00:00"),
    ] {
        let json = rest.get(&format!("{BARS}/1/{unit}/2026-07-01/2026-08-07")).await.json();
        assert_eq!(times(&json)[0], ms(first), "{unit}");
    }
    for bad in ["0/day", "x/day", "1/fortnight"] {
        assert_eq!(rest.get(&format!("{BARS}/{bad}/2026-07-01/2026-08-07")).await.status, 400);
    }
}

#[tokio::test]
async fn the_past_ends_at_the_close_it_was_listed_with() {
    let polygon = with(OPEN, |config| config.history_minutes = true).await;
    let rest = Rest::new(&polygon, Plan::Basic);
    let days = rest.get(&format!("{BARS}/1/day/2026-08-03/2026-08-07")).await.json();
    assert_eq!(days["results"].as_array().unwrap().len(), 5);
    assert_eq!(days["results"][4]["c"], 250);
    let minutes = rest.get(&format!("{BARS}/1/minute/2026-08-07/2026-08-07")).await.json();
    let minutes = minutes["results"].as_array().unwrap();
    assert_eq!((minutes.len(), &minutes[389]["c"]), (390, &250.into()));
    assert_eq!(minutes[0]["o"], days["results"][4]["o"]);
}
