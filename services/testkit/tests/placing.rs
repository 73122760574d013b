//! Placing orders: the answer, the refusals in their order, and that a refusal changes nothing.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is wrong"
)]

mod support;

use rust_decimal::Decimal;
use support::{APPLE, Api, dec, fake, limited, seconds, with};
use testkit::trading212::{AccountConfig, OrderTypes, Precision, Tradable};

/// Nothing was placed, held back or spent.
fn untouched(fake: &testkit::trading212::Fake) {
    assert!(fake.orders().is_empty());
    assert_eq!(fake.cash().unwrap().available, Decimal::from(100_000));
    assert_eq!(fake.cash().unwrap().reserved, Decimal::ZERO);
}

#[tokio::test]
async fn a_market_order_is_answered_new_with_exactly_its_fields() {
    let fake = fake().await;
    let got = Api::new(&fake).market(APPLE, "1.5").await;
    let id = got.id();
    assert!(id > i64::from(u32::MAX));
    let name = got.json()["instrument"]["name"].clone();
    let expected = format!(
        concat!(
            r#"{{"id":{},"strategy":"QUANTITY","type":"MARKET","ticker":"AAPL_US_EQ","#,
            r#""quantity":1.5,"filledQuantity":0,"status":"NEW","currency":"USD","#,
            r#""extendedHours":false,"initiatedFrom":"API","side":"BUY","#,
            r#""createdAt":"2026-08-10T17:00:00.000+03:00","instrument":"#,
            r#"{{"ticker":"AAPL_US_EQ","name":{},"isin":"US0378331005","currency":"USD"}}}}"#
        ),
        id, name
    );
    assert_eq!(got.text, expected);
}

#[tokio::test]
async fn the_other_kinds_carry_their_prices_and_how_long_they_hold() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let limit = api.limit("2", "10.5").await.json();
    assert_eq!(
        (&limit["type"], &limit["timeInForce"]),
        (&"LIMIT".into(), &"GOOD_TILL_CANCEL".into())
    );
    assert_eq!(limit["limitPrice"].to_string(), "10.5");
    assert!(limit.get("stopPrice").is_none());
    let body = limited("2", "260", "DAY");
    let stop = api.post("stop", &body.replace("limitPrice", "stopPrice")).await.json();
    assert_eq!((&stop["type"], &stop["timeInForce"]), (&"STOP".into(), &"DAY".into()));
    assert!(stop.get("limitPrice").is_none());
    let both = body.replace('}', r#","stopPrice":255}"#);
    let both = api.post("stop_limit", &both).await.json();
    assert_eq!(both["type"], "STOP_LIMIT");
    assert_eq!(
        (both["stopPrice"].to_string(), both["limitPrice"].to_string()),
        ("255".into(), "260".into())
    );
}

#[tokio::test]
async fn the_same_order_again_is_another_order() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let (first, second) = (api.placed(APPLE, "1").await, api.placed(APPLE, "1").await);
    assert_ne!(first, second);
    assert_eq!(fake.orders().len(), 2);
}

#[tokio::test]
async fn what_is_not_understood_is_an_invalid_request() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let limit = limited("1", "10", "DAY");
    for (kind, body) in [
        ("market", r#"{"ticker":"AAPL_US_EQ","quantity":1,"side":"BUY"}"#.to_owned()),
        ("market", r#"{"ticker":"AAPL_US_EQ","quantity":1,"timeValidity":"DAY"}"#.to_owned()),
        ("market", r#"{"ticker":"AAPL_US_EQ","quantity":"1"}"#.to_owned()),
        ("market", r#"{"ticker":"AAPL_US_EQ","quantity":0}"#.to_owned()),
        ("market", "{".to_owned()),
        ("limit", limit.replace("DAY", "GTC")),
        ("limit", limit.replace('}', r#","extendedHours":true}"#)),
        ("limit", limit.replace(r#","timeValidity":"DAY""#, "")),
        ("stop", limit.clone()),
        ("stop_limit", limit.clone()),
    ] {
        let got = api.post(kind, &body).await;
        let expected = (400, "invalid-request".to_owned(), "Invalid payload".to_owned());
        assert_eq!(got.refusal(), expected, "{kind} {body}");
        assert_eq!(got.json()["title"], "The request is invalid");
    }
    untouched(&fake);
}

/// A buy of so many Apple shares is refused so.
async fn refused(fake: &testkit::trading212::Fake, quantity: &str, kind: &str, detail: &str) {
    let got = Api::new(fake).market(APPLE, quantity).await;
    assert_eq!(got.refusal(), (400, kind.to_owned(), detail.to_owned()));
    assert_eq!(got.json()["title"], "Error while placing the order");
    assert_eq!(got.json()["traceId"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn an_unknown_ticker_is_404() {
    let fake = fake().await;
    let got = Api::new(&fake).market("META_US_EQ", "1").await;
    let detail = "Provided ticker 'META_US_EQ' does not exist".to_owned();
    assert_eq!(got.refusal(), (404, "entity-not-found".to_owned(), detail));
    untouched(&fake);
}

#[tokio::test]
async fn an_instrument_that_is_not_traded_is_refused_by_its_kind() {
    let fake = fake().await;
    let cannot = "Instrument can not be traded.";
    for (tradable, kind, detail) in [
        (Tradable::Disabled, "instrument-disabled", cannot),
        (Tradable::Invisible, "instrument-invisible", cannot),
        (Tradable::CloseOnly, "instrument-close-only-mode", "Close only mode"),
    ] {
        fake.set_tradable(APPLE, tradable);
        refused(&fake, "1", kind, detail).await;
    }
    fake.give(APPLE, 5, 200);
    assert_eq!(Api::new(&fake).market(APPLE, "-5").await.status, 200);
}

#[tokio::test]
async fn extended_hours_need_an_instrument_that_has_them() {
    let fake = fake().await;
    let body = r#"{"ticker":"TSLA_AT_EQ","quantity":1,"extendedHours":true}"#;
    let (_, kind, _) = Api::new(&fake).post("market", body).await.refusal();
    assert_eq!(kind, "extended-hours-trading-not-allowed");
}

#[tokio::test]
async fn an_isa_refuses_what_it_may_not_hold() {
    let isa_ineligible = [APPLE.to_owned()].into();
    let account = AccountConfig { isa_ineligible, ..AccountConfig::demo() };
    let fake = with(|config| config.accounts = vec![account]).await;
    let (_, kind, _) = Api::new(&fake).market(APPLE, "1").await.refusal();
    assert_eq!(kind, "i-s-a-ineligible-instrument");
}

#[tokio::test]
async fn too_many_decimals_are_refused_with_a_number() {
    let fake = fake().await;
    let mismatch = "quantity-precision-mismatch";
    refused(&fake, "1.12345", mismatch, "invalid quantity precision 2").await;
    fake.set_precision(APPLE, 0);
    refused(&fake, "1.1", mismatch, "invalid quantity precision 0").await;
    assert_eq!(Api::new(&fake).market(APPLE, "1.00").await.status, 200);
    let intel = Api::new(&fake).market("INTC_US_EQ", "1.1234").await;
    assert_eq!(intel.refusal().2, "invalid quantity precision 3");
    let other = with(|config| config.precision = Precision::Refused).await;
    refused(&other, "1.12345", mismatch, "invalid quantity precision 5").await;
}

#[tokio::test]
async fn an_order_worth_less_than_one_is_refused() {
    let fake = fake().await;
    fake.set_price(APPLE, 80);
    fake.set_precision(APPLE, 4);
    refused(&fake, "0.0124", "min-quantity-exceeded", "must trade at least 0.0125").await;
    assert_eq!(Api::new(&fake).market(APPLE, "0.0125").await.status, 200);
    let (_, kind, _) = Api::new(&fake).limit("0.0125", "79").await.refusal();
    assert_eq!(kind, "min-quantity-exceeded");
}

#[tokio::test]
async fn more_than_is_owned_cannot_be_sold() {
    let fake = fake().await;
    let not_owned = "selling-equity-not-owned";
    fake.give(APPLE, dec("2.5"), 200);
    let detail = "Selling more equities than owned, owned: 2.5";
    refused(&fake, "-3", not_owned, detail).await;
    fake.put_in_pies(APPLE, 1);
    refused(&fake, "-2", not_owned, "Selling more equities than owned, owned: 1.5").await;
    fake.put_in_pies(APPLE, 0);
    let api = Api::new(&fake);
    fake.hold_fills(true);
    api.placed(APPLE, "-2").await;
    refused(&fake, "-1", not_owned, "Selling more equities than owned, owned: 0.5").await;
}

#[tokio::test]
async fn shares_bought_just_now_cannot_be_sold_at_once() {
    let fake = fake().await;
    let api = Api::new(&fake);
    api.placed(APPLE, "1").await;
    fake.advance(seconds(1));
    assert_eq!(fake.held(APPLE), Decimal::ONE);
    let (_, kind, detail) = api.market(APPLE, "-1").await.refusal();
    assert_eq!(kind, "selling-equity-not-owned");
    assert!(detail.ends_with("owned: 0"), "{detail}");
    fake.advance(seconds(2));
    assert_eq!(api.market(APPLE, "-1").await.status, 200);
}

#[tokio::test]
async fn a_sell_may_not_leave_dust() {
    let fake = fake().await;
    fake.set_price(APPLE, 80);
    fake.give(APPLE, 1, 80);
    let detail = "must have opened position at least 1.00";
    refused(&fake, "-0.99", "min-opened-position-exceeded", detail).await;
    assert_eq!(Api::new(&fake).market(APPLE, "-1").await.status, 200);
}

#[tokio::test]
async fn a_position_has_a_largest_size() {
    let fake = fake().await;
    fake.set_price("TSLA_AT_EQ", 10);
    let api = Api::new(&fake);
    let most = api.get("/equity/metadata/instruments").await.rows();
    let most =
        most.iter().find(|row| row["ticker"] == "TSLA_AT_EQ").unwrap()["maxOpenQuantity"].clone();
    let most = most.as_i64().unwrap();
    api.placed("TSLA_AT_EQ", &(most - 1).to_string()).await;
    let (_, kind, detail) = api.market("TSLA_AT_EQ", "2").await.refusal();
    assert_eq!(kind, "max-position-quantity-exceeded");
    assert!(detail.ends_with(&format!("is {most}")), "{detail}");
}

#[tokio::test]
async fn a_stop_must_be_near_and_a_limit_may_be_far() {
    let fake = fake().await;
    fake.set_price(APPLE, 100);
    let api = Api::new(&fake);
    let stop = |price: &str| limited("1", price, "DAY").replace("limitPrice", "stopPrice");
    assert_eq!(api.post("stop", &stop("130.01")).await.refusal().1, "price-too-far");
    assert_eq!(api.post("stop", &stop("130")).await.status, 200);
    assert_eq!(api.limit("1", "10").await.status, 200);
}

#[tokio::test]
async fn of_what_the_market_prices_95_percent_of_the_cash_may_be_spent() {
    let fake = fake().await;
    fake.set_price(APPLE, 100);
    let poor = "insufficient-free-for-stocks-buy";
    refused(&fake, "950.01", poor, "Insufficient funds").await;
    untouched(&fake);
    let api = Api::new(&fake);
    assert_eq!(api.limit("1000", "100").await.status, 200);
    assert_eq!(fake.cash().unwrap().available, Decimal::ZERO);
    assert_eq!(fake.cash().unwrap().reserved, Decimal::from(100_000));
    let other = support::fake().await;
    other.set_price(APPLE, 100);
    assert_eq!(Api::new(&other).market(APPLE, "950").await.status, 200);
}

#[tokio::test]
async fn a_ticker_has_at_most_50_pending_orders() {
    let fake = fake().await;
    let api = Api::new(&fake);
    for _ in 0..50 {
        assert_eq!(api.limit("1", "10").await.status, 200);
    }
    assert_eq!(api.limit("1", "10").await.refusal().1, "max-pending-orders-exceeded");
    assert_eq!(api.market("MSFT_US_EQ", "1").await.status, 200);
    assert_eq!(fake.pending().len(), 51);
}

#[tokio::test]
async fn the_checks_come_in_order() {
    let fake = fake().await;
    fake.set_price(APPLE, 1);
    fake.set_tradable(APPLE, Tradable::Disabled);
    let kind = |got: support::Got| got.refusal().1;
    let api = Api::new(&fake);
    assert_eq!(kind(api.market(APPLE, "-0.001").await), "instrument-disabled");
    fake.set_tradable(APPLE, Tradable::Yes);
    assert_eq!(kind(api.market(APPLE, "-0.001").await), "quantity-precision-mismatch");
    assert_eq!(kind(api.market(APPLE, "-0.01").await), "min-quantity-exceeded");
    assert_eq!(kind(api.market(APPLE, "-2").await), "selling-equity-not-owned");
    fake.set_price(APPLE, 100);
    let huge = limited("99999999", "300", "DAY").replace("limitPrice", "stopPrice");
    assert_eq!(kind(api.post("stop", &huge).await), "max-position-quantity-exceeded");
    let far = huge.replace("99999999", "2000");
    assert_eq!(kind(api.post("stop", &far).await), "price-too-far");
    let near = far.replace("300", "110");
    assert_eq!(kind(api.post("stop", &near).await), "insufficient-free-for-stocks-buy");
}

#[tokio::test]
async fn real_money_may_be_limited_to_market_orders() {
    let account = AccountConfig { order_types: OrderTypes::MarketOnly, ..AccountConfig::demo() };
    let fake = with(|config| config.accounts = vec![account]).await;
    let api = Api::new(&fake);
    let got = api.limit("1", "10").await;
    assert_eq!(
        (got.status, &got.json()["code"]),
        (400, &"NotAvailableForRealMoneyAccounts".into())
    );
    fake.hold_fills(true);
    let id = api.placed(APPLE, "1").await;
    fake.advance(seconds(2));
    assert_eq!(api.delete(id).await.status, 400);
    assert_eq!(fake.pending().len(), 1);
}
