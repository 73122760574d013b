//! Every fault does what it says, where and as often as it was told.

mod support;

use reqwest::Method;
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};
use support::{APPLE, Api, MONDAY, PATIENCE, dec, fake, seconds};
use testkit::trading212::{AppOrder, Endpoint, Fake, Fault, RandomFaults, Status};

/// How a market order comes back under a fault: its status, or `None` for no answer at all.
async fn outcome(fake: &Fake, fault: Fault) -> (Option<support::Got>, usize) {
    let before = fake.orders().len();
    let silent = matches!(fault, Fault::TimeoutBeforeAccept | Fault::AcceptThenTimeout);
    fake.fault(fault).on(Endpoint::PostMarket).once();
    let patience = if silent { PATIENCE } else { PATIENCE * 50 };
    let got = tokio::time::timeout(patience, Api::new(fake).try_buy()).await;
    assert_eq!(got.is_err(), silent, "only silence is waited for");
    (got.ok().and_then(Result::ok), fake.orders().len() - before)
}

#[tokio::test]
async fn nothing_is_placed_where_the_service_never_saw_it() {
    let fake = fake().await;
    assert!(matches!(outcome(&fake, Fault::DropBeforeAccept).await, (None, 0)));
    assert!(matches!(outcome(&fake, Fault::TimeoutBeforeAccept).await, (None, 0)));
    for (fault, status) in [
        (Fault::StatusBeforeAccept(408), 408),
        (Fault::StatusBeforeAccept(503), 503),
        (Fault::Redirect(307), 307),
        (Fault::RateLimited, 429),
        (Fault::Unauthorized, 401),
        (Fault::ForbiddenHtml, 403),
    ] {
        let (got, placed) = outcome(&fake, fault.clone()).await;
        assert_eq!((got.unwrap().status, placed), (status, 0), "{fault:?}");
    }
    assert_eq!(outcome(&fake, Fault::StuckNew).await.1, 1);
}

#[tokio::test]
async fn one_order_is_placed_where_only_the_answer_is_lost() {
    let fake = fake().await;
    for fault in [Fault::AcceptThenDrop, Fault::AcceptThenTimeout, Fault::CutOff] {
        let (got, placed) = outcome(&fake, fault.clone()).await;
        assert_eq!((got.map(|got| got.status), placed), (None, 1), "{fault:?}");
    }
    for status in [408, 500, 502, 503] {
        let (got, placed) = outcome(&fake, Fault::AcceptThenStatus(status)).await;
        let got = got.unwrap();
        assert_eq!((got.status, placed), (status, 1));
        assert!(got.text.starts_with("<html>"));
        assert_eq!(got.headers["content-type"], "text/html");
    }
    let (got, placed) = outcome(&fake, Fault::AcceptThenRedirect(302)).await;
    let got = got.unwrap();
    assert_eq!((got.status, placed), (302, 1));
    assert_eq!(got.headers["location"], "/api/v0/equity/orders/market");
    let (got, placed) = outcome(&fake, Fault::AcceptThenRateLimited).await;
    let got = got.unwrap();
    assert_eq!((got.status, got.header("x-ratelimit-remaining"), placed), (429, Some(0), 1));
}

#[tokio::test]
async fn an_answer_can_come_back_useless() {
    let fake = fake().await;
    let (got, placed) = outcome(&fake, Fault::Truncated).await;
    let got = got.unwrap();
    assert_eq!((got.status, placed), (200, 1));
    assert!(got.text.starts_with(r#"{"id":"#) && serde_json::from_str::<Value>(&got.text).is_err());
    let (got, placed) = outcome(&fake, Fault::Empty).await;
    let got = got.unwrap();
    assert_eq!((got.status, got.text.as_str(), placed), (200, "", 1));
    let (got, placed) = outcome(&fake, Fault::WithoutId).await;
    let json = got.unwrap().json();
    assert_eq!((json.get("id"), &json["status"], placed), (None, &"NEW".into(), 1));
}

#[tokio::test]
async fn the_connection_that_a_fault_closes_really_closes() {
    let fake = fake().await;
    fake.fault(Fault::AcceptThenDrop).once();
    let error = Api::new(&fake).try_buy().await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_connect(), "{error:?}");
    assert!(Api::new(&fake).try_buy().await.is_ok());
}

#[tokio::test]
async fn a_fault_is_counted_lets_some_pass_and_keeps_to_its_endpoint() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.fault(Fault::StatusBeforeAccept(500)).on(Endpoint::PostMarket).after(1).times(2);
    let mut seen = Vec::new();
    for _ in 0..4 {
        assert_eq!(api.get("/equity/orders").await.status, 200);
        seen.push(api.try_buy().await.unwrap().status);
    }
    assert_eq!(seen, [200, 500, 500, 200]);
    assert_eq!(fake.fired().len(), 2);
    assert_eq!(fake.requests()[3].faults, [Fault::StatusBeforeAccept(500)]);
}

#[tokio::test]
async fn a_storm_lasts_as_long_as_it_was_told() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.fault(Fault::Unauthorized).lasting(seconds(60));
    let got = api.get("/equity/orders").await;
    assert_eq!((got.status, got.text.as_str(), got.header("x-ratelimit-limit")), (401, "", None));
    fake.advance(seconds(59));
    assert_eq!(api.get("/equity/orders").await.status, 401);
    fake.advance(seconds(1));
    assert_eq!(api.get("/equity/orders").await.status, 200);
    fake.fault(Fault::Unauthorized).always();
    assert_eq!(api.get("/equity/orders").await.status, 401);
    fake.clear_faults();
    assert_eq!(api.get("/equity/orders").await.status, 200);
}

#[tokio::test]
async fn positions_can_be_stale_for_half_an_hour() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.give(APPLE, 5, 100);
    fake.fault(Fault::StalePositions).lasting(seconds(1_800));
    api.placed(APPLE, "-5").await;
    fake.advance(seconds(1_799));
    assert_eq!(fake.held(APPLE), dec("0"));
    assert_eq!(api.get("/equity/positions").await.rows()[0]["quantity"].to_string(), "5");
    assert_eq!(api.get("/equity/positions?ticker=AAPL_US_EQ").await.rows().len(), 1);
    fake.advance(seconds(1));
    assert_eq!(api.get("/equity/positions").await.text, "[]");
}

#[tokio::test]
async fn lists_can_be_empty_for_a_moment() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.give(APPLE, 5, 100);
    api.placed(APPLE, "1").await;
    fake.advance(seconds(5));
    fake.place_in_app(AppOrder::limit(APPLE, 1, 10)).unwrap();
    for path in ["/equity/positions", "/equity/orders"] {
        fake.fault(Fault::EmptyLists).once();
        assert_eq!(api.get(path).await.text, "[]", "{path}");
        assert_eq!(api.get(path).await.rows().len(), 1, "{path}");
    }
    fake.fault(Fault::EmptyLists).once();
    assert!(api.get("/equity/history/orders").await.items().is_empty());
    assert_eq!(api.get("/equity/history/orders").await.items().len(), 1);
}

#[tokio::test]
async fn cash_can_read_zero() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.fault(Fault::CashZero).once();
    let cash = |got: support::Got| got.json()["cash"]["availableToTrade"].to_string();
    assert_eq!(cash(api.get("/equity/account/summary").await), "0");
    assert_eq!(cash(api.get("/equity/account/summary").await), "100000");
}

#[tokio::test]
async fn the_history_can_lag_fail_and_repeat_itself() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let path = "/equity/history/orders";
    api.placed(APPLE, "1").await;
    fake.advance(seconds(5));
    fake.fault(Fault::HistoryLag(seconds(60))).always();
    assert!(api.get(path).await.items().is_empty());
    fake.advance(seconds(60));
    assert_eq!(api.get(path).await.items().len(), 1);
    fake.fault(Fault::AcceptThenStatus(500)).on(Endpoint::HistoryOrders).times(2);
    assert_eq!([api.get(path).await.status, api.get(path).await.status], [500, 500]);
    fake.fault(Fault::DuplicateRows).once();
    let rows = api.get(path).await.items();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], rows[1]);
}

#[tokio::test]
async fn a_live_order_can_be_hidden_by_its_id() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let id = api.limit("1", "10").await.id();
    fake.advance(seconds(5));
    fake.fault(Fault::HiddenById).on(Endpoint::OrderById).once();
    let path = format!("/equity/orders/{id}");
    assert_eq!((api.get(&path).await.status, api.get(&path).await.status), (404, 200));
    fake.fault(Fault::HiddenById).on(Endpoint::Cancel).once();
    assert_eq!(api.delete(id).await.status, 404);
    assert_eq!(fake.order(id).unwrap().status, Status::New);
}

#[tokio::test]
async fn words_nobody_documented_appear() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.fault(Fault::UnknownStatus("PENDING_REVIEW".to_owned())).once();
    assert_eq!(api.market(APPLE, "1").await.json()["status"], "PENDING_REVIEW");
    fake.fault(Fault::UnknownEnums).once();
    assert_eq!(api.get("/equity/orders").await.rows()[0]["initiatedFrom"], "SMART_WATCH");
    fake.advance(seconds(5));
    fake.fault(Fault::UnknownEnums).once();
    let item = &api.get("/equity/history/orders").await.items()[0];
    assert_eq!(item["fill"]["tradingMethod"], "AUCTION");
    assert_eq!(item["fill"]["type"], "FILL_OF_TOMORROW");
    assert_eq!(item["order"]["type"], "MARKET");
}

#[tokio::test]
async fn nulls_and_numbers_come_in_other_forms() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.fault(Fault::NullFields).once();
    let order = api.market(APPLE, "1").await.json();
    for name in ["limitPrice", "stopPrice", "timeInForce", "strategy", "value"] {
        assert_eq!(order.get(name), Some(&Value::Null), "{name}");
    }
    assert!(order["id"].is_i64() && order["status"] == "NEW");
    fake.fault(Fault::ExponentNumbers).once();
    let text = api.get("/equity/orders").await.text;
    assert!(text.contains(r#""quantity":1.0000000000,"filledQuantity":0E-10"#), "{text}");
    fake.fault(Fault::FloatNumbers).once();
    let text = api.get("/equity/orders").await.text;
    assert!(text.contains(r#""quantity":1.0,"filledQuantity":0.0"#), "{text}");
}

#[tokio::test]
async fn refusals_can_look_as_in_2024() {
    let fake = fake().await;
    fake.fault(Fault::LegacyErrors).once();
    let got = Api::new(&fake).market(APPLE, "-1").await;
    assert_eq!((got.status, &got.json()["code"]), (400, &"SellingEquityNotOwned".into()));
    assert!(got.json()["clarification"].is_string() && got.json().get("type").is_none());
}

#[tokio::test]
async fn the_vendors_clock_can_be_wrong() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.fault(Fault::ClockSkew(-7)).once();
    let got = api.get("/equity/orders").await;
    assert_eq!(got.header("x-ratelimit-reset"), Some(MONDAY / 1_000 + 5 - 7));
    assert_eq!(got.headers["date"], "Mon, 10 Aug 2026 13:59:53 GMT");
    let got = api.get("/equity/orders").await;
    assert_eq!(got.headers["date"], "Mon, 10 Aug 2026 14:00:00 GMT");
}

#[tokio::test]
async fn fills_can_be_late_stuck_or_refused() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.fault(Fault::DelayFill(seconds(90))).once();
    let late = api.placed(APPLE, "1").await;
    fake.fault(Fault::StuckNew).once();
    let stuck = api.placed(APPLE, "1").await;
    fake.fault(Fault::RejectAfterAccept).once();
    let rejected = api.placed(APPLE, "1").await;
    let status = |id| fake.order(id).unwrap().status;
    fake.advance(seconds(89));
    assert_eq!([late, stuck, rejected].map(status), [Status::New, Status::New, Status::Rejected]);
    fake.advance(seconds(3_600));
    assert_eq!([late, stuck].map(status), [Status::Filled, Status::New]);
    let item = &api.get("/equity/history/orders").await.items()[1];
    assert_eq!((&item["order"]["status"], item.get("fill")), (&"REJECTED".into(), None));
}

#[tokio::test]
async fn a_cancel_can_be_ignored() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let id = api.limit("1", "10").await.id();
    fake.advance(seconds(2));
    fake.fault(Fault::CancelIgnored).once();
    assert_eq!(api.delete(id).await.status, 200);
    fake.advance(seconds(60));
    assert_eq!(fake.order(id).unwrap().status, Status::New);
}

#[tokio::test]
async fn a_reply_can_be_slow() {
    let fake = fake().await;
    fake.fault(Fault::SlowReply(Duration::from_millis(120))).once();
    let start = tokio::time::Instant::now();
    assert_eq!(Api::new(&fake).get("/equity/orders").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn two_faults_of_different_kinds_meet_one_request() {
    let fake = fake().await;
    fake.fault(Fault::PartialFills(2)).once();
    let (got, placed) = outcome(&fake, Fault::AcceptThenStatus(502)).await;
    assert_eq!((got.unwrap().status, placed), (502, 1));
    fake.advance(seconds(5));
    assert_eq!(fake.fills().len(), 2);
}

/// What a client sees of thirty requests under chance.
async fn weather(seed: u64) -> Vec<Option<u16>> {
    let fake = fake().await;
    let faults = vec![
        Fault::StatusBeforeAccept(503),
        Fault::AcceptThenStatus(500),
        Fault::RateLimited,
        Fault::AcceptThenDrop,
    ];
    fake.random_faults(Some(RandomFaults { seed, per_mille: 400, faults }));
    let api = Api::new(&fake);
    let mut statuses = Vec::new();
    for n in 0..30 {
        let path = if n % 2 == 0 { "/equity/orders" } else { "/equity/positions" };
        statuses.push(api.send(Method::GET, path, None).await.ok().map(|got| got.status));
    }
    assert_eq!(fake.fired().len(), statuses.iter().filter(|status| **status != Some(200)).count());
    statuses
}

#[tokio::test]
async fn chance_repeats_itself_for_the_same_seed() {
    let (first, again, other) = (weather(1).await, weather(1).await, weather(2).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    let kinds: BTreeSet<_> = first.into_iter().chain(other).collect();
    assert!(kinds.len() > 3, "{kinds:?}");
}
