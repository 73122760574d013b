//! Real answers, sparse ones and odd ones, read without loss.

use super::*;

const MARKET: &str = r#"{"id":53150556577,"strategy":"QUANTITY","type":"MARKET","ticker":"AAPL_US_EQ","quantity":1,
 "filledQuantity":0,"status":"NEW","currency":"EUR","extendedHours":false,"initiatedFrom":"API","side":"BUY",
 "createdAt":"2026-08-09T08:48:51.933+03:00","somethingNew":{"a":1},
 "instrument":{"ticker":"AAPL_US_EQ","name":"Apple","isin":"US0378331005","currency":"USD"}}"#;

fn order(json: &str) -> Order {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_real_answer_is_read() {
    let placed = order(MARKET);
    assert_eq!(placed.id, 53_150_556_577);
    assert_eq!(placed.status, Some(Status::Open("NEW".to_owned())));
    assert_eq!((placed.signed(), placed.filled()), (Some(Decimal::ONE), Some(Decimal::ZERO)));
    assert_eq!(placed.created_ms(), Some(1_786_254_531_933));
    assert!(placed.may_be_from_api() && !placed.is_over());
}

#[test]
fn an_order_of_nothing_but_an_id_is_read_and_open() {
    for json in [r#"{"id":7}"#, r#"{"id":"7","status":null,"side":null,"quantity":null}"#] {
        assert!(!order(json).is_over());
        assert_eq!(order(json).signed(), None);
    }
    assert!(serde_json::from_str::<Order>(r#"{"status":"NEW"}"#).is_err());
}

#[test]
fn an_unknown_status_is_kept_and_open() {
    let odd = order(r#"{"id":7,"status":"PENDING_MOON"}"#);
    assert_eq!(odd.status, Some(Status::Other("PENDING_MOON".to_owned())));
    assert!(!odd.is_over());
    for (word, over) in [("FILLED", true), ("CANCELLED", true), ("CANCELLING", false)] {
        assert_eq!(Status::from(word.to_owned()).is_over(), over, "{word}");
    }
}

#[test]
fn the_side_decides_the_sign_and_a_contradiction_is_no_quantity() {
    let signed = |json| order(json).signed().map(|quantity| quantity.to_string());
    assert_eq!(signed(r#"{"id":1,"quantity":-2,"side":"SELL"}"#).as_deref(), Some("-2"));
    assert_eq!(signed(r#"{"id":1,"quantity":2,"side":"SELL"}"#).as_deref(), Some("-2"));
    assert_eq!(signed(r#"{"id":1,"quantity":-2}"#).as_deref(), Some("-2"));
    assert_eq!(signed(r#"{"id":1,"quantity":-2,"side":"BUY"}"#), None);
}

#[test]
fn a_bad_row_costs_itself_only_and_is_counted() {
    let rows: Rows<Order> = serde_json::from_str(r#"[{"id":1},{"no":"id"},5,{"id":2}]"#).unwrap();
    assert_eq!(rows.items.iter().map(|order| order.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(rows.unreadable, 2);
}

#[test]
fn history_is_read_with_and_without_fills() {
    let page: HistoryPage = serde_json::from_str(
        r#"{"items":[{"order":{"id":1,"status":"FILLED"},"fill":{"id":9,"filledAt":"2026-08-10T13:30:01.000Z",
        "price":213.47,"quantity":-1,"type":"TRADE","walletImpact":{"currency":"EUR","netValue":195.99,
        "taxes":[{"name":"CURRENCY_CONVERSION_FEE","quantity":0.29,"currency":"EUR"}]}}},
        {"order":{"id":2,"status":"CANCELLED"},"fill":null},{"order":{"id":3}}],"nextPagePath":null}"#,
    )
    .unwrap();
    let fill = page.items.items[0].fill.clone().unwrap();
    assert!(fill.is_trade());
    assert_eq!(fill.time_ns(), Some(1_786_368_601_000_000_000));
    assert_eq!(fill.wallet_impact.unwrap().net_value, Some("195.99".parse().unwrap()));
    assert!(page.items.items[1].fill.is_none() && page.items.items[2].fill.is_none());
}

#[test]
fn the_regular_session_is_what_follows_open_until_anything_else() {
    let events = [
        ("2025-05-27T08:00:00Z", "PRE_MARKET_OPEN"),
        ("2025-05-27T13:30:00Z", "OPEN"),
        ("2025-05-27T20:00:00Z", "AFTER_HOURS_OPEN"),
    ];
    let event = |(date, kind): &(&str, &str)| TimeEvent {
        date: (*date).to_owned(),
        kind: (*kind).to_owned(),
    };
    let schedule = Schedule { id: 71, time_events: events.iter().map(event).collect() };
    let at = |text| schedule.is_regular(time_ns(text).unwrap() / 1_000_000);
    assert_eq!(at("2025-05-27T07:00:00Z"), None);
    assert_eq!(at("2025-05-27T13:29:59Z"), Some(false));
    assert_eq!(at("2025-05-27T15:30:00+02:00"), Some(true));
    assert_eq!(at("2025-05-27T20:00:00Z"), Some(false));
}
