//! The daily cycle by New York time, over a change of the clocks too.

use crate::client::{Rest, SECOND, at, et, with};
use serde_json::Value;
use testkit::polygon::{Plan, Polygon, Trade, Weekend};

/// Last trade, minute, day, change are there; the previous close.
fn shape(row: &Value) -> (bool, bool, bool, bool, f64) {
    let some = |value: &Value| value.as_f64().unwrap() > 0.0;
    (
        some(&row["lastTrade"]["p"]),
        some(&row["min"]["t"]),
        some(&row["day"]["c"]),
        row["todaysChange"] != 0,
        row["prevDay"]["c"].as_f64().unwrap(),
    )
}

async fn seen(polygon: &Polygon, time: &str) -> (bool, bool, bool, bool, f64) {
    polygon.set_time(et(time));
    shape(&Rest::new(polygon, Plan::Advanced).row("AAPL").await)
}

async fn a_day(before: &str, day: &str, next: &str) {
    let polygon = at(&format!("{before}T21:00")).await;
    let at = |day: &str, time: &str| format!("{day}T{time}");
    let trade = |time: &str, price: f64| {
        polygon.trade("AAPL", price, 100.0, et(&format!("{day}T{time}")));
    };
    polygon.trade("AAPL", 244.0, 100.0, et(&at(before, "15:00")));
    trade("04:05", 246.0);
    trade("09:31", 247.0);
    trade("15:59", 248.0);
    trade("18:00", 249.0);
    let nothing = |close| (false, false, false, false, close);
    assert_eq!(seen(&polygon, &at(before, "21:00")).await, (true, true, true, true, 250.0));
    assert_eq!(seen(&polygon, &at(day, "03:29")).await, (true, true, true, true, 250.0));
    assert_eq!(seen(&polygon, &at(day, "03:30")).await, nothing(244.0));
    assert_eq!(seen(&polygon, &at(day, "04:04")).await, nothing(244.0));
    let pre = (true, true, false, true, 244.0);
    assert_eq!(seen(&polygon, &at(day, "04:10")).await, pre);
    assert_eq!(seen(&polygon, &at(day, "09:30:30")).await, pre);
    let all = (true, true, true, true, 244.0);
    assert_eq!(seen(&polygon, &at(day, "09:33")).await, all);
    assert_eq!(seen(&polygon, &at(day, "19:00")).await, all);
    let late = Rest::new(&polygon, Plan::Advanced).row("AAPL").await;
    assert_eq!((&late["day"]["c"], &late["day"]["o"]), (&248.into(), &247.into()));
    assert_eq!((&late["day"]["v"], &late["min"]["c"]), (&400.into(), &249.into()));
    assert_eq!(seen(&polygon, &at(next, "03:29")).await, all);
    assert_eq!(seen(&polygon, &at(next, "03:30")).await, nothing(248.0));
}

#[tokio::test]
async fn a_summer_day_resets_fills_and_stays() {
    a_day("2026-08-10", "2026-08-11", "2026-08-12").await;
}

#[tokio::test]
async fn a_winter_day_resets_fills_and_stays() {
    a_day("2026-11-17", "2026-11-18", "2026-11-19").await;
}

#[tokio::test]
async fn a_session_across_a_change_of_the_clocks_keeps_new_york_time() {
    // The clocks go forward on Sunday 8 March 2026 and back on Sunday 1 November 2026.
    for (friday, monday, shift) in
        [("2026-03-06", "2026-03-09", -1), ("2026-10-30", "2026-11-02", 1)]
    {
        let polygon = at(&format!("{friday}T15:00")).await;
        polygon.trade("AAPL", 244.0, 100.0, et(&format!("{friday}T15:00")));
        let sunday = seen(&polygon, &format!("{monday}T03:29:59")).await;
        assert_eq!(sunday, (true, true, true, true, 250.0), "{monday}");
        let reset = seen(&polygon, &format!("{monday}T03:30")).await;
        assert_eq!(reset, (false, false, false, false, 244.0), "{monday}");
        let hours = |from: &str, to: &str| (et(to) - et(from)) / (3_600 * SECOND);
        let apart = hours(&format!("{friday}T09:30"), &format!("{monday}T09:30"));
        assert_eq!(apart, 72 + shift);
        polygon.trade("AAPL", 245.0, 100.0, et(&format!("{monday}T09:30")));
        assert!(seen(&polygon, &format!("{monday}T09:30")).await.2, "the regular session is open");
    }
}

#[tokio::test]
async fn a_holiday_is_zeros_all_day_and_the_half_day_after_it_closes_at_one() {
    let polygon = at("2026-11-25T15:00").await;
    polygon.trade("AAPL", 244.0, 100.0, et("2026-11-25T15:00"));
    for time in ["2026-11-26T03:30", "2026-11-26T12:00", "2026-11-27T03:29"] {
        assert_eq!(seen(&polygon, time).await, (false, false, false, false, 244.0), "{time}");
    }
    polygon.trade("AAPL", 245.0, 100.0, et("2026-11-27T12:59"));
    polygon.trade("AAPL", 246.0, 100.0, et("2026-11-27T13:01"));
    polygon.set_time(et("2026-11-27T14:00"));
    let row = Rest::new(&polygon, Plan::Advanced).row("AAPL").await;
    assert_eq!((&row["day"]["c"], &row["lastTrade"]["p"]), (&245.into(), &246.into()));
}

#[tokio::test]
async fn a_weekend_keeps_its_values_or_shows_zeros() {
    for (weekend, kept) in [(Weekend::Kept, true), (Weekend::Zeros, false)] {
        let polygon = with("2026-08-07T15:00", |config| config.weekend = weekend).await;
        polygon.trade("AAPL", 244.0, 100.0, et("2026-08-07T15:00"));
        for time in ["2026-08-08T12:00", "2026-08-09T23:00"] {
            let close = if kept { 250.0 } else { 244.0 };
            assert_eq!(seen(&polygon, time).await, (kept, kept, kept, kept, close), "{time}");
        }
    }
}

#[tokio::test]
async fn the_official_close_is_in_the_day_and_not_in_the_minute() {
    let polygon = at("2026-08-10T15:59").await;
    polygon.trade("AAPL", 251.0, 100.0, et("2026-08-10T15:59:30"));
    let auction = Trade::new("AAPL", 252.0, 9_000.0, et("2026-08-10T16:00:01"));
    polygon.push_trade(auction.with_conditions([15]));
    polygon.set_time(et("2026-08-10T16:05"));
    let row = Rest::new(&polygon, Plan::Advanced).row("AAPL").await;
    assert_eq!((&row["day"]["c"], &row["min"]["c"]), (&252.into(), &251.into()));
    assert_eq!(row["day"]["v"], 9_100);
}

#[tokio::test]
async fn a_fake_that_starts_at_a_weekend_shows_the_friday_it_did_not_see() {
    let polygon = at("2026-08-08T12:00").await;
    let row = Rest::new(&polygon, Plan::Advanced).row("AAPL").await;
    assert_eq!((&row["day"]["c"], &row["lastTrade"]["t"]), (&250.into(), &0.into()));
    assert_eq!(seen(&polygon, "2026-08-10T04:00").await, (false, false, false, false, 250.0));
}
