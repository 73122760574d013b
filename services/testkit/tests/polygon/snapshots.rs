//! Snapshots of many tickers and of one.

use crate::client::{MINUTE, MS, Rest, SECOND, SNAPSHOTS, at, et, names, with};
use serde_json::{Value, json};
use testkit::polygon::{Bar, Listing, Numbers, Plan, Trade};

const OPEN: &str = "2026-08-10T10:00";

#[tokio::test]
async fn an_untraded_ticker_has_the_recorded_zeros_and_no_conditions() {
    let polygon = with("2026-08-10T06:00", |config| config.decimal_strings = false).await;
    let date = jiff::civil::date(2026, 8, 7);
    let bar = Bar { vwap: 16.9094, ..Bar::new(0, [16.85, 16.9826, 16.85, 16.9826], 1903.0) };
    polygon.day_bar("MVRL", date, bar);
    let got = Rest::new(&polygon, Plan::Advanced).snapshots("MVRL").await;
    let recorded = r#"{"ticker":"MVRL","todaysChangePerc":0,"todaysChange":0,"updated":0,"day":{"o":0,"h":0,"l":0,"c":0,"v":0,"vw":0},"lastQuote":{"P":0,"S":0,"p":0,"s":0,"t":0},"lastTrade":{"i":"","p":0,"s":0,"t":0,"x":0},"min":{"av":0,"t":0,"n":0,"o":0,"h":0,"l":0,"c":0,"v":0,"vw":0},"prevDay":{"o":16.85,"h":16.9826,"l":16.85,"c":16.9826,"v":1903,"vw":16.9094}}"#;
    assert!(got.text.contains(recorded), "{}", got.text);
}

#[tokio::test]
async fn a_pre_market_row_is_the_recorded_one() {
    let polygon = with("2024-06-27T06:12", |config| {
        config.symbols = vec![Listing::unpriced("PHYS")];
        config.decimal_strings = false;
    })
    .await;
    let before = Bar { vwap: 17.8752, ..Bar::new(0, [17.85, 17.92, 17.84, 17.86], 1_231_597.0) };
    polygon.day_bar("PHYS", jiff::civil::date(2024, 6, 26), before);
    let trade = Trade::new("PHYS", 17.96, 200.0, 1_719_480_983_811_026_432);
    let trade = Trade { exchange: 8, ..trade.with_conditions([14, 12, 41]) };
    polygon.push_trade(trade.with_id("52983525028914"));
    polygon.quote("PHYS", 17.97, 17.99, 1_719_483_067_596_519_936);
    let got = Rest::new(&polygon, Plan::Advanced).snapshots("PHYS").await;
    for part in [
        r#""todaysChangePerc":0.5599104143337"#,
        r#""todaysChange":0.10000000000000142,"updated":1719481020000000000,"day":{"o":0,"h":0,"l":0,"c":0,"v":0,"vw":0}"#,
        r#""lastQuote":{"P":17.99,"S":3,"p":17.97,"s":2,"t":1719483067596519936}"#,
        r#""lastTrade":{"c":[14,12,41],"i":"52983525028914","p":17.96,"s":200,"t":1719480983811026432,"x":8}"#,
        r#""t":1719480960000,"n":1,"o":17.96,"h":17.96,"l":17.96,"c":17.96,"v":200,"vw":17.96}"#,
        r#""prevDay":{"o":17.85,"h":17.92,"l":17.84,"c":17.86,"v":1.231597e+06,"vw":17.8752}"#,
    ] {
        assert!(got.text.contains(part), "{part} in {}", got.text);
    }
}

#[tokio::test]
async fn unknown_tickers_are_omitted_and_case_matters() {
    let polygon = at(OPEN).await;
    let rest = Rest::new(&polygon, Plan::Advanced);
    let json = rest.snapshots("AAPL,aapl,NOSUCH,BRK.B").await.json();
    assert_eq!(names(&json["tickers"]), ["AAPL", "BRK.B"].map(str::to_owned).into());
    assert_eq!(json["count"], 2);
    let none = rest.snapshots("NOSUCH").await;
    assert_eq!((none.status, &none.json()["tickers"]), (200, &json!([])));
}

#[tokio::test]
async fn an_empty_list_is_every_ticker_and_a_list_may_be_percent_encoded() {
    let polygon = at(OPEN).await;
    let rest = Rest::new(&polygon, Plan::Advanced);
    for path in [SNAPSHOTS.to_owned(), format!("{SNAPSHOTS}?tickers=&include_otc=false")] {
        assert_eq!(names(&rest.get(&path).await.json()["tickers"]).len(), 5);
    }
    let two = rest.snapshots("AAPL%2CMSFT").await.json();
    assert_eq!(names(&two["tickers"]).len(), 2);
}

#[tokio::test]
async fn of_repeated_lists_one_is_honoured() {
    for (last, expected) in [(false, "AAPL"), (true, "MSFT")] {
        let polygon = with(OPEN, |config| config.last_tickers_win = last).await;
        let got = Rest::new(&polygon, Plan::Advanced).snapshots("AAPL&tickers=MSFT").await;
        assert_eq!(names(&got.json()["tickers"]), [expected.to_owned()].into());
    }
}

#[tokio::test]
async fn the_order_is_neither_asked_nor_sorted() {
    let polygon = with(OPEN, |config| {
        config.symbols = (0..40).map(|n| Listing::new(&format!("S{n:02}"), 10.0)).collect();
    })
    .await;
    let rest = Rest::new(&polygon, Plan::Advanced);
    let order = |json: &Value| -> Vec<String> {
        let rows = json["tickers"].as_array().unwrap();
        rows.iter().map(|row| row["ticker"].as_str().unwrap().to_owned()).collect()
    };
    let (one, other) =
        (order(&rest.get(SNAPSHOTS).await.json()), order(&rest.get(SNAPSHOTS).await.json()));
    assert!(!one.is_sorted());
    assert_ne!(one, other);
    assert_eq!(one.len(), 40);
}

#[tokio::test]
async fn a_single_ticker_is_the_same_object_or_404() {
    let polygon = at(OPEN).await;
    polygon.trade("AAPL", 251.0, 100.0, et(OPEN) - SECOND);
    let rest = Rest::new(&polygon, Plan::Advanced);
    let one = rest.get(&format!("{SNAPSHOTS}/AAPL")).await.json();
    assert_eq!(one["ticker"], rest.row("AAPL").await);
    assert_eq!(one["ticker"]["lastTrade"]["p"], 251.0);
    let none = rest.get(&format!("{SNAPSHOTS}/NOSUCH")).await;
    assert_eq!((none.status, &none.json()["status"]), (404, &json!("NOT_FOUND")));
}

#[tokio::test]
async fn the_row_follows_trades_quotes_and_minutes() {
    let polygon = at(OPEN).await;
    let start = et(OPEN);
    polygon.trade("AAPL", 251.0, 100.0, start + SECOND);
    polygon.trade("AAPL", 249.0, 50.5, start + 2 * SECOND);
    polygon.push_trade(Trade::new("AAPL", 260.0, 5.0, start + 3 * SECOND).with_conditions([37]));
    polygon.quote("AAPL", 250.9, 251.1, start + 4 * SECOND);
    assert_eq!(polygon.waiting(), 4, "what the clock has not come to is not there");
    let rest = Rest::new(&polygon, Plan::Advanced);
    assert_eq!(rest.row("AAPL").await["lastTrade"]["t"], 0);
    polygon.set_time(start + MINUTE + 2 * SECOND);
    let row = rest.row("AAPL").await;
    assert_eq!(row["lastTrade"]["p"], 260.0);
    assert_eq!(row["lastTrade"]["c"], json!([37]));
    assert_eq!((&row["lastQuote"]["p"], &row["lastQuote"]["P"]), (&json!(250.9), &json!(251.1)));
    assert_eq!(row["min"]["t"], start / MS);
    let prices = ["o", "h", "l", "c"].map(|name| row["min"][name].as_f64().unwrap());
    assert_eq!(prices, [251.0, 251.0, 249.0, 249.0], "an odd lot moves no bar");
    assert_eq!(row["min"]["v"], 155.5);
    assert_eq!(row["day"]["c"], 249.0);
    assert_eq!(row["todaysChange"], 10.0);
    assert_eq!(row["updated"], start + MINUTE);
    assert_eq!(row["min"]["dv"], "155.5");
}

#[tokio::test]
async fn numbers_are_written_in_the_way_that_is_set() {
    let polygon = at(OPEN).await;
    polygon.trade("AAPL", 0.000_06, 1_091_202.0, et(OPEN));
    let rest = Rest::new(&polygon, Plan::Advanced);
    for (numbers, text) in [
        (Numbers::Go, r#""s":1.091202e+06,"#),
        (Numbers::Point, r#""s":1091202.0,"#),
        (Numbers::Plain, r#""s":1091202,"#),
        (Numbers::Exponent, r#""s":1.091202e+06,"#),
    ] {
        polygon.set_numbers(numbers);
        let got = rest.snapshots("AAPL").await;
        assert!(got.text.contains(text), "{numbers:?} {}", got.text);
        assert!(got.text.contains(r#""p":6e-05,"#), "{}", got.text);
    }
}

#[tokio::test]
async fn a_new_listing_has_no_previous_day_and_a_delisted_one_is_gone() {
    let polygon = at(OPEN).await;
    polygon.list(&Listing::unpriced("NEWCO"));
    polygon.delist("AAPL");
    let rest = Rest::new(&polygon, Plan::Advanced);
    assert_eq!(rest.row("NEWCO").await["prevDay"]["c"], 0);
    assert_eq!(rest.row("AAPL").await, Value::Null);
    assert_eq!(rest.row("MSFT").await["prevDay"]["c"], 450.0);
}
