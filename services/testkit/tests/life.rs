//! An order's life after it was taken: visibility, fills, cancels, ends; and what they do to
//! positions and cash.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

mod support;

use runtime::testing::{SOON, eventually};
use rust_decimal::Decimal;
use std::time::Duration;
use support::{APPLE, Api, dec, fake, limited, seconds, with};
use testkit::trading212::{
    AccountConfig, AppOrder, Fault, Hours, PriceSource, Signs, Status, Timing,
};

fn status(fake: &testkit::trading212::Fake, id: i64) -> Status {
    fake.order(id).unwrap().status
}

#[tokio::test]
async fn an_order_is_listed_at_once_and_known_by_its_id_later() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.hold_fills(true);
    let id = api.placed(APPLE, "1").await;
    let by_id = format!("/equity/orders/{id}");
    assert_eq!(api.get("/equity/orders").await.rows()[0]["id"], id);
    assert_eq!(api.get(&by_id).await.refusal().1, "entity-not-found");
    assert_eq!(api.delete(id).await.status, 404);
    fake.advance(seconds(1));
    assert_eq!(api.get(&by_id).await.id(), id);
}

#[tokio::test]
async fn a_filled_order_is_gone_from_the_list_and_by_its_id_for_ever() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.set_price(APPLE, 100);
    let id = api.placed(APPLE, "2").await;
    assert_eq!(status(&fake, id), Status::New);
    fake.advance(Duration::from_millis(199));
    assert_eq!(status(&fake, id), Status::New);
    fake.advance(Duration::from_millis(1));
    assert_eq!(status(&fake, id), Status::Filled);
    assert!(api.get("/equity/orders").await.rows().is_empty());
    fake.advance(seconds(5));
    assert_eq!(api.get(&format!("/equity/orders/{id}")).await.status, 404);
    assert_eq!(api.delete(id).await.status, 404);
    assert_eq!((fake.fills().len(), fake.held(APPLE)), (1, Decimal::TWO));
    assert_eq!(fake.cash().unwrap().available, Decimal::from(99_800));
}

#[tokio::test]
async fn an_order_fills_at_the_price_of_its_own_time() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.set_price(APPLE, 100);
    api.placed(APPLE, "1").await;
    fake.set_price(APPLE, 101);
    fake.advance(seconds(1));
    fake.set_price(APPLE, 102);
    assert_eq!(fake.fills()[0].price, Decimal::from(101));
}

#[tokio::test]
async fn a_price_feed_can_be_a_function() {
    let feed =
        std::sync::Arc::new(|ticker: &str, _: i64| (ticker == APPLE).then_some(Decimal::from(77)));
    let fake = with(|config| config.prices = PriceSource::Feed(feed)).await;
    let api = Api::new(&fake);
    api.placed(APPLE, "1").await;
    let waits = api.placed("MSFT_US_EQ", "1").await;
    fake.advance(seconds(60));
    assert_eq!(fake.fills()[0].price, Decimal::from(77));
    assert_eq!(status(&fake, waits), Status::New);
    fake.set_price("MSFT_US_EQ", 500);
    assert_eq!(status(&fake, waits), Status::Filled);
}

#[tokio::test]
async fn limits_and_stops_wait_for_their_price() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.set_price(APPLE, 100);
    fake.give(APPLE, 20, 100);
    let stop = |quantity, price| limited(quantity, price, "DAY").replace("limitPrice", "stopPrice");
    let buy = api.limit("1", "95").await.id();
    let sell = api.limit("-1", "105").await.id();
    let protect = api.post("stop", &stop("-2", "90")).await.id();
    let enter = api.post("stop", &stop("2", "110")).await.id();
    let both = limited("-3", "94", "DAY").replace('}', r#","stopPrice":93}"#);
    let both = api.post("stop_limit", &both).await.id();
    fake.advance(seconds(10));
    assert_eq!(fake.fills().len(), 0);
    fake.set_price(APPLE, 106);
    assert_eq!(status(&fake, sell), Status::Filled);
    fake.set_price(APPLE, 111);
    assert_eq!(status(&fake, enter), Status::Filled);
    fake.set_price(APPLE, 92);
    assert_eq!((status(&fake, buy), status(&fake, protect)), (Status::Filled, Status::New));
    // Its stop is reached, and below its limit it does not sell.
    assert_eq!(status(&fake, both), Status::New);
    fake.set_price(APPLE, 95);
    assert_eq!(status(&fake, both), Status::Filled);
    fake.set_price(APPLE, 89);
    assert_eq!(status(&fake, protect), Status::Filled);
    let prices: Vec<_> = fake.fills().into_iter().map(|fill| fill.price).collect();
    assert_eq!(prices, [106, 111, 92, 95, 89].map(Decimal::from));
}

#[tokio::test]
async fn partial_fills_keep_an_order_pending() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.set_price(APPLE, 100);
    fake.fault(Fault::PartialFills(3)).once();
    let id = api.placed(APPLE, "1").await;
    fake.advance(Duration::from_millis(200));
    let listed = api.get("/equity/orders").await.rows();
    assert_eq!(listed[0]["status"], "PARTIALLY_FILLED");
    assert_eq!(listed[0]["filledQuantity"].to_string(), "0.33");
    fake.advance(seconds(1));
    let filled: Vec<_> = fake.fills().into_iter().map(|fill| fill.quantity).collect();
    assert_eq!(filled, [dec("0.33"), dec("0.33"), dec("0.34")]);
    assert_eq!(status(&fake, id), Status::Filled);
    assert_eq!(fake.cash().unwrap().available, Decimal::from(99_900));
}

#[tokio::test]
async fn a_test_fills_and_refuses_by_hand() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.hold_fills(true);
    let (first, second) = (api.placed(APPLE, "2").await, api.placed(APPLE, "1").await);
    fake.advance(seconds(3_600));
    assert_eq!(fake.pending().len(), 2);
    fake.fill(first, Some(dec("0.5")), 90);
    assert_eq!(status(&fake, first), Status::PartiallyFilled);
    fake.fill(first, None, 91);
    fake.reject(second);
    assert_eq!((status(&fake, first), status(&fake, second)), (Status::Filled, Status::Rejected));
    assert_eq!(fake.cash().unwrap().reserved, Decimal::ZERO);
}

#[tokio::test]
async fn a_cancel_is_a_request_and_takes_effect_later() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let id = api.limit("1", "10").await.id();
    assert_eq!(fake.cash().unwrap().reserved, Decimal::TEN);
    fake.advance(seconds(2));
    let got = api.delete(id).await;
    assert_eq!((got.status, got.text.as_str()), (200, ""));
    assert_eq!(api.get("/equity/orders").await.rows()[0]["status"], "CANCELLING");
    fake.advance(seconds(1));
    assert_eq!(status(&fake, id), Status::Cancelled);
    assert!(api.get("/equity/orders").await.rows().is_empty());
    assert_eq!(fake.cash().unwrap().reserved, Decimal::ZERO);
    assert_eq!(api.delete(id).await.status, 404);
}

#[tokio::test]
async fn a_fill_can_win_the_race_against_a_cancel() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let id = api.limit("1", "10").await.id();
    fake.advance(seconds(2));
    fake.fault(Fault::FillWinsCancel).once();
    assert_eq!(api.delete(id).await.status, 200);
    fake.advance(seconds(1));
    assert_eq!(status(&fake, id), Status::Filled);
    assert_eq!(fake.fills().len(), 1);
}

#[tokio::test]
async fn a_closed_market_keeps_a_market_order_until_the_open() {
    let fake = with(|config| config.hours = Hours::Exchange).await;
    let api = Api::new(&fake);
    // Monday 22:00 in New York; the open is at 9:30 on Tuesday.
    fake.advance(seconds(12 * 3_600));
    let regular = api.placed(APPLE, "1").await;
    let body = r#"{"ticker":"AAPL_US_EQ","quantity":2,"extendedHours":true}"#;
    let extended = api.post("market", body).await.id();
    fake.advance(seconds(60));
    assert_eq!((status(&fake, regular), status(&fake, extended)), (Status::New, Status::Filled));
    fake.advance(seconds(11 * 3_600 + 28 * 60));
    assert_eq!(status(&fake, regular), Status::New);
    fake.advance(seconds(3_600));
    assert_eq!(status(&fake, regular), Status::Filled);
    let open_ms = support::MONDAY + (23 * 3_600 + 30 * 60) * 1_000;
    assert_eq!(fake.fills()[1].time_ms, open_ms);
}

#[tokio::test]
async fn a_day_order_ends_at_the_exchanges_midnight() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let day = api.post("limit", &limited("1", "10", "DAY")).await.id();
    let lasting = api.limit("1", "10").await.id();
    // From 10:00 to 23:59:59 and midnight in New York.
    fake.advance(seconds(14 * 3_600 - 1));
    assert_eq!(status(&fake, day), Status::New);
    fake.advance(seconds(1));
    assert_eq!((status(&fake, day), status(&fake, lasting)), (Status::Cancelled, Status::New));
}

#[tokio::test]
async fn a_pending_sell_holds_its_shares_back() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.give(APPLE, 10, 100);
    api.limit("-4", "900").await.id();
    let row = &api.get("/equity/positions").await.rows()[0];
    assert_eq!(
        (row["quantity"].to_string(), row["quantityAvailableForTrading"].to_string()),
        ("10".into(), "6".into())
    );
}

#[tokio::test]
async fn buys_and_sells_net_into_one_position() {
    let fake = with(|config| config.timing = Timing::immediate()).await;
    let api = Api::new(&fake);
    for (quantity, price) in [("2", 100), ("2", 110), ("-1", 120)] {
        fake.set_price(APPLE, price);
        api.placed(APPLE, quantity).await;
        fake.advance(Duration::ZERO);
    }
    let rows = api.get("/equity/positions").await.rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["quantity"].to_string(), "3");
    assert_eq!(rows[0]["averagePricePaid"].to_string(), "105");
    assert_eq!(rows[0]["walletImpact"]["unrealizedProfitLoss"].to_string(), "45");
    assert_eq!(fake.fills()[2].realised, Decimal::from(15));
    api.placed(APPLE, "-3").await;
    fake.advance(Duration::ZERO);
    assert_eq!(api.get("/equity/positions").await.text, "[]");
    assert_eq!(fake.cash().unwrap().available, Decimal::from(100_000 - 420 + 480));
}

#[tokio::test]
async fn positions_can_be_asked_for_by_ticker() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.give(APPLE, 1, 100);
    assert_eq!(api.get("/equity/positions?ticker=AAPL_US_EQ").await.rows().len(), 1);
    assert_eq!(api.get("/equity/positions?ticker=MSFT_US_EQ").await.text, "[]");
    assert_eq!(api.get("/equity/positions?ticker=META_US_EQ").await.refusal().0, 404);
}

#[tokio::test]
async fn proceeds_of_a_sale_can_be_spent_a_little_later() {
    let fake = fake().await;
    fake.set_price(APPLE, 100);
    fake.give(APPLE, 10, 100);
    Api::new(&fake).placed(APPLE, "-10").await;
    fake.advance(seconds(1));
    let cash = fake.cash().unwrap();
    assert_eq!((cash.available, cash.unsettled), (Decimal::from(100_000), Decimal::from(1_000)));
    fake.advance(seconds(20));
    assert_eq!(fake.cash().unwrap().available, Decimal::from(101_000));
}

#[tokio::test]
async fn another_currency_costs_a_fee_each_way() {
    let account = AccountConfig::demo().with_cash(10_000, "EUR");
    let fake = with(|config| config.accounts = vec![account]).await;
    let api = Api::new(&fake);
    fake.set_price(APPLE, 218);
    assert_eq!(api.market(APPLE, "10").await.json()["currency"], "EUR");
    fake.advance(seconds(3));
    // 10 * 218 / 1.09, and 0.15 % of it.
    let fill = &fake.fills()[0];
    assert_eq!((fill.net_value, fill.fee), (dec("2003.00"), dec("3.00")));
    let row = &api.get("/equity/positions").await.rows()[0];
    assert_eq!(row["currentPrice"].to_string(), "218");
    assert_eq!(row["walletImpact"]["currency"], "EUR");
    assert_eq!(row["walletImpact"]["currentValue"].to_string(), "2000");
    assert_eq!(row["walletImpact"]["unrealizedProfitLoss"].to_string(), "-3");
    let summary = api.get("/equity/account/summary").await.json();
    assert_eq!(summary["cash"]["availableToTrade"].to_string(), "7997");
    assert_eq!(summary["totalValue"].to_string(), "9997");
}

#[tokio::test]
async fn pence_are_pounds() {
    let account = AccountConfig::demo().with_cash(1_000, "GBP");
    let fake = with(|config| config.accounts = vec![account]).await;
    fake.set_price("VODl_EQ", 70);
    Api::new(&fake).placed("VODl_EQ", "100").await;
    fake.advance(seconds(1));
    assert_eq!(
        (fake.fills()[0].net_value, fake.fills()[0].fee),
        (Decimal::from(70), Decimal::ZERO)
    );
}

#[tokio::test]
async fn a_filled_sell_is_negative_or_not_as_configured() {
    for (signs, expected) in [(Signs::Signed, "-1"), (Signs::Absolute, "1")] {
        let fake = with(|config| config.signs = signs).await;
        let api = Api::new(&fake);
        fake.give(APPLE, 2, 100);
        api.placed(APPLE, "-1").await;
        fake.advance(seconds(5));
        let item = &api.get("/equity/history/orders").await.items()[0];
        assert_eq!(item["order"]["quantity"].to_string(), "-1");
        assert_eq!(item["order"]["filledQuantity"].to_string(), expected);
        assert_eq!(item["fill"]["quantity"].to_string(), expected);
    }
}

#[tokio::test]
async fn an_order_from_the_app_is_seen_like_any_other() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let id = fake.place_in_app(AppOrder::limit(APPLE, 3, 10)).unwrap();
    let row = &api.get("/equity/orders").await.rows()[0];
    assert_eq!((row["id"].as_i64(), &row["initiatedFrom"]), (Some(id), &"IOS".into()));
    fake.cancel_in_app(id);
    fake.advance(seconds(1));
    assert_eq!(status(&fake, id), Status::Cancelled);
    assert!(fake.place_in_app(AppOrder::market("NONE", 1)).is_err());
}

#[tokio::test]
async fn accounts_are_apart() {
    let fake = fake().await;
    let live = Api::at(&fake.live_url(), Some(("live-key", "live-secret")));
    live.placed(APPLE, "1").await;
    assert!(fake.orders().is_empty());
    assert_eq!(fake.of(7_654_321).orders().len(), 1);
}

#[tokio::test]
async fn a_wall_clock_fills_without_being_asked() {
    let config = testkit::trading212::FakeConfig::default();
    let fake = testkit::trading212::Fake::start(config).await.unwrap();
    let id = Api::new(&fake).placed(APPLE, "1").await;
    let filled = async || (status(&fake, id) == Status::Filled).then_some(());
    assert!(eventually(SOON, filled).await.is_some());
}
