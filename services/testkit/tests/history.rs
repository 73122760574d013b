//! History, pages, metadata, and what is left of the API of 2024.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is wrong"
)]

mod support;

use serde_json::Value;
use support::{APPLE, Api, fake, seconds, with};
use testkit::trading212::{Fake, Hours, Paging, Timing};

/// So many fills, one second apart.
async fn traded(fake: &Fake, orders: usize) {
    let api = Api::new(fake);
    fake.set_price(APPLE, 100);
    for _ in 0..orders {
        api.placed(APPLE, "1").await;
        fake.advance(seconds(1));
    }
    fake.advance(seconds(10));
}

fn fill_ids(items: &[Value]) -> Vec<i64> {
    items.iter().map(|item| item["fill"]["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_fill_shows_in_the_history_later_with_price_and_value() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.set_price(APPLE, 100);
    let id = api.placed(APPLE, "2").await;
    fake.advance(seconds(1));
    assert_eq!(fake.fills().len(), 1);
    assert!(api.get("/equity/history/orders").await.items().is_empty());
    fake.advance(seconds(1));
    let got = api.get("/equity/history/orders").await;
    let item = &got.items()[0];
    assert_eq!(item["order"]["id"], id);
    assert_eq!(item["order"]["status"], "FILLED");
    assert_eq!(item["fill"]["price"].to_string(), "100");
    assert_eq!(item["fill"]["type"], "TRADE");
    assert_eq!(item["fill"]["filledAt"], "2026-08-10T14:00:00.200Z");
    assert_eq!(item["fill"]["walletImpact"]["netValue"].to_string(), "200");
    assert_eq!(item["fill"]["walletImpact"]["taxes"].to_string(), "[]");
    assert_eq!(got.json()["nextPagePath"], Value::Null);
}

#[tokio::test]
async fn a_canceled_order_has_a_row_without_a_fill() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let id = api.limit("1", "10").await.id();
    fake.cancel_in_app(id);
    fake.advance(seconds(5));
    let items = api.get("/equity/history/orders").await.items();
    assert_eq!(items[0]["order"]["status"], "CANCELLED");
    assert!(items[0].get("fill").is_none());
}

#[tokio::test]
async fn pages_are_followed_to_the_end_newest_first() {
    let fake = fake().await;
    traded(&fake, 5).await;
    let api = Api::new(&fake);
    let (mut path, mut seen) = ("/equity/history/orders?limit=2".to_owned(), Vec::new());
    loop {
        let got = api.get(&path).await;
        seen.extend(fill_ids(&got.items()));
        match got.json()["nextPagePath"].as_str() {
            Some(next) => path = next.strip_prefix("/api/v0").unwrap().to_owned(),
            None => break,
        }
    }
    let mut expected: Vec<_> = fake.fills().iter().map(|fill| fill.id).collect();
    expected.reverse();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn fills_of_the_same_moment_are_not_lost_between_pages() {
    let fake = with(|config| config.timing = Timing::immediate()).await;
    let api = Api::new(&fake);
    for _ in 0..4 {
        api.placed(APPLE, "1").await;
    }
    let first = api.get("/equity/history/orders?limit=3").await;
    let next = first.json()["nextPagePath"].as_str().unwrap().replace("/api/v0", "");
    assert_eq!((first.items().len(), api.get(&next).await.items().len()), (3, 1));
}

#[tokio::test]
async fn the_next_page_comes_in_all_forms() {
    let full = "/api/v0/equity/history/orders?limit=2";
    let forms: [(Paging, &str, Value); 5] = [
        (Paging::FullPath, full, Value::Null),
        (Paging::BareQuery, "limit=2&cursor=", Value::Null),
        (Paging::EmptyEnd, full, "".into()),
        (Paging::NullTextEnd, full, "null?limit=20".into()),
        (Paging::ForeignOrigin, "https://elsewhere.invalid/api/v0/", Value::Null),
    ];
    for (paging, start, end) in forms {
        let fake = with(|config| config.paging = paging).await;
        traded(&fake, 3).await;
        let api = Api::new(&fake);
        let next = api.get("/equity/history/orders?limit=2").await.json()["nextPagePath"].clone();
        assert!(next.as_str().unwrap().starts_with(start), "{paging:?} {next}");
        let last = api.get("/equity/history/orders?limit=3").await.json()["nextPagePath"].clone();
        assert_eq!(last, end, "{paging:?}");
    }
}

#[tokio::test]
async fn the_history_is_filtered_and_limited() {
    let fake = fake().await;
    traded(&fake, 2).await;
    let api = Api::new(&fake);
    assert_eq!(api.get("/equity/history/orders?ticker=AAPL_US_EQ").await.items().len(), 2);
    assert!(api.get("/equity/history/orders?ticker=MSFT_US_EQ").await.items().is_empty());
    let next = api.get("/equity/history/orders?limit=1&ticker=AAPL_US_EQ").await;
    assert!(next.json()["nextPagePath"].as_str().unwrap().contains("ticker=AAPL_US_EQ"));
    for query in ["limit=0", "limit=51", "limit=x", "cursor=x"] {
        assert_eq!(
            api.get(&format!("/equity/history/orders?{query}")).await.status,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_split_is_a_fill_of_another_kind() {
    let fake = fake().await;
    fake.give(APPLE, 1, 400);
    fake.corporate_action(APPLE, "STOCK_SPLIT", 3);
    fake.advance(seconds(5));
    let items = Api::new(&fake).get("/equity/history/orders").await.items();
    assert_eq!(items[0]["fill"]["type"], "STOCK_SPLIT");
    assert_eq!(fake.held(APPLE), 4.into());
}

#[tokio::test]
async fn transactions_need_cursor_and_time() {
    let fake = fake().await;
    fake.deposit(50);
    fake.deposit(-20);
    let api = Api::new(&fake);
    let path = "/equity/history/transactions";
    let first = api.get(&format!("{path}?limit=2")).await;
    assert_eq!(first.items()[0]["type"], "WITHDRAW");
    assert_eq!(first.items()[0]["amount"].to_string(), "-20");
    let next = first.json()["nextPagePath"].as_str().unwrap().replace("/api/v0", "");
    assert!(next.contains("&time="));
    assert_eq!(api.get(&next).await.items().len(), 1);
    let without = next.split("&time=").next().unwrap();
    assert_eq!(api.get(without).await.status, 400);
    let stale = format!("{path}?cursor=00000000-0000-4000-8000-00000000ffff&time=x");
    assert_eq!(api.get(&stale).await.refusal().1, "entity-not-found");
}

#[tokio::test]
async fn dividends_are_listed_and_paid() {
    let fake = fake().await;
    fake.add_dividend(APPLE, 7);
    let api = Api::new(&fake);
    assert_eq!(api.get("/equity/history/dividends").await.items()[0]["amount"].to_string(), "7");
    assert_eq!(fake.cash().unwrap().available, 100_007.into());
}

#[tokio::test]
async fn the_instruments_are_the_vendors_rows() {
    let fake = fake().await;
    let rows = Api::new(&fake).get("/equity/metadata/instruments").await.rows();
    let meta: Vec<_> = rows.iter().filter(|row| row["shortName"] == "META").collect();
    assert!(meta.len() > 1, "symbols are not unique");
    let us: Vec<_> =
        meta.iter().filter(|row| row["currencyCode"] == "USD" && row["type"] == "STOCK").collect();
    assert_eq!(us.len(), 1);
    assert_eq!(us[0]["ticker"], "FB_US_EQ");
    assert_eq!(us[0]["isin"], "US30303M1027");
    assert_eq!(us[0]["workingScheduleId"], 71);
    assert!(us[0].get("minTradeQuantity").is_none());
    assert_eq!(fake.us_ticker("SOFI").as_deref(), Some("IPOE_US_EQ"));
}

/// The events of a schedule, as (date, type).
async fn events(fake: &Fake, id: i64) -> Vec<(String, String)> {
    let exchanges = Api::new(fake).get("/equity/metadata/exchanges").await.rows();
    let mut all = exchanges.iter().flat_map(|e| e["workingSchedules"].as_array().unwrap());
    let found = all.find(|schedule| schedule["id"] == id).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = found["timeEvents"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["date"]), text(&row["type"]))).collect()
}

#[tokio::test]
async fn american_hours_have_the_vendors_form() {
    let fake = with(|config| config.hours = Hours::Exchange).await;
    let events = events(&fake, 71).await;
    let day = |date: &str| -> Vec<String> {
        let rows = events.iter().filter(|(at, _)| at.starts_with(date));
        rows.map(|(at, kind)| format!("{} {kind}", &at[11..16])).collect()
    };
    let full =
        ["00:00 OVERNIGHT_OPEN", "08:00 PRE_MARKET_OPEN", "13:30 OPEN", "20:00 AFTER_HOURS_OPEN"];
    assert_eq!(day("2026-08-11"), full);
    assert_eq!(day("2026-08-15"), ["00:00 AFTER_HOURS_CLOSE"]);
    assert_eq!(day("2026-08-16"), Vec::<String>::new());
    // Labor Day.
    assert_eq!(day("2026-09-07"), Vec::<String>::new());
    assert_eq!(day("2026-09-08"), full);
}

#[tokio::test]
async fn hours_can_come_from_a_document_and_are_shown_as_they_are() {
    let document = r#"[{"id":53,"name":"NASDAQ","workingSchedules":[{"id":71,"timeEvents":[
        {"date":"2026-08-10T13:00:00.000Z","type":"OPEN"},
        {"date":"2026-08-10T14:00:10.000Z","type":"AFTER_HOURS_OPEN"}]}]}]"#;
    let fake = with(|config| config.hours = Hours::Document(document.to_owned())).await;
    let api = Api::new(&fake);
    api.placed(APPLE, "1").await;
    fake.advance(seconds(10));
    assert_eq!(fake.fills().len(), 1);
    api.placed(APPLE, "1").await;
    fake.advance(seconds(100_000));
    assert_eq!(fake.fills().len(), 1);
    assert_eq!(events(&fake, 71).await.len(), 2);
}

#[tokio::test]
async fn always_open_says_so_in_the_list() {
    let fake = fake().await;
    let events = events(&fake, 71).await;
    assert!(events.iter().all(|(_, kind)| kind == "OPEN"));
    assert!(events[0].0.as_str() <= "2026-08-10T14", "{events:?}");
}

#[tokio::test]
async fn the_old_reads_still_answer() {
    let fake = fake().await;
    fake.set_price(APPLE, 100);
    fake.give(APPLE, 2, 90);
    let api = Api::new(&fake);
    let cash = api.get("/equity/account/cash").await.json();
    assert_eq!((cash["free"].to_string(), cash["ppl"].to_string()), ("100000".into(), "20".into()));
    let info = api.get("/equity/account/info").await.text;
    assert_eq!(info, r#"{"id":1234567,"currencyCode":"USD"}"#);
    assert_eq!(api.get("/equity/portfolio").await.rows()[0]["ticker"], APPLE);
    let row = api.get("/equity/portfolio/AAPL_US_EQ").await.text;
    assert!(row.contains(r#""quantity":2.0000000000"#) && row.contains(r#""pieQuantity":0E-10"#));
}
