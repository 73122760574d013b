//! Events on the sockets, and what goes wrong with them.

use crate::client::{MINUTE, MS, SECOND, Socket, at, et, with};
use serde_json::{Value, json};
use testkit::polygon::{Bar, Fault, Numbers, Plan, Polygon, Quote, Trade};
use tokio_tungstenite::tungstenite::Message;

const OPEN: &str = "2026-08-10T10:00";

async fn listening(polygon: &Polygon, pairs: &str) -> Socket {
    Socket::subscribed(&polygon.realtime_ws_url(), Plan::Advanced, pairs).await
}

fn field<'e>(events: &'e [Value], name: &str) -> Vec<&'e Value> {
    events.iter().map(|event| &event[name]).collect()
}

#[tokio::test]
async fn a_trade_a_quote_and_bars_have_the_documented_fields() {
    let polygon = at(OPEN).await;
    let mut socket = listening(&polygon, "T.AAPL,Q.AAPL,A.AAPL,AM.AAPL").await;
    let start = et(OPEN);
    polygon.push_trade(Trade::new("AAPL", 251.25, 100.0, start).with_id("77"));
    let trade = json!({"ev": "T", "sym": "AAPL", "x": 4, "i": "77", "z": 3, "p": 251.25, "s": 100,
        "ds": "100.0", "c": [14, 41], "t": start / MS, "q": 1});
    assert_eq!(socket.frame().await, [trade]);
    polygon.quote("AAPL", 251.0, 251.5, start);
    let quote = socket.frame().await.remove(0);
    for (name, value) in [
        ("bp", json!(251)),
        ("bs", json!(2)),
        ("ap", json!(251.5)),
        ("as", json!(3)),
        ("c", json!(0)),
        ("t", json!(start / MS)),
    ] {
        assert_eq!(quote[name], value, "{name}");
    }
    polygon.set_time(start + 3 * SECOND);
    let second = socket.frame().await.remove(0);
    for (name, value) in [
        ("ev", json!("A")),
        ("v", json!(100)),
        ("av", json!(100)),
        ("op", json!(251.25)),
        ("a", json!(251.25)),
        ("z", json!(100)),
        ("s", json!(start / MS)),
        ("e", json!(start / MS + 1_000)),
        ("dav", json!("100.0")),
    ] {
        assert_eq!(second[name], value, "{name}");
    }
    polygon.set_time(start + MINUTE + 2 * SECOND);
    let minute = socket.frame().await.remove(0);
    assert_eq!((&minute["ev"], &minute["e"]), (&json!("AM"), &json!(start / MS + 60_000)));
    assert_eq!((polygon.sent("T"), polygon.sent("A"), polygon.sent("AM")), (1, 1, 1));
}

#[tokio::test]
async fn a_one_sided_quote_and_a_trade_without_conditions_lack_the_fields() {
    let polygon = at(OPEN).await;
    let mut socket = listening(&polygon, "T.AAPL,Q.AAPL").await;
    let symbol = "AAPL".to_owned();
    polygon.push_quote(Quote {
        symbol,
        bid: None,
        bid_size: 0.0,
        ask: Some(1.5),
        ask_size: 1.0,
        time_ns: et(OPEN),
    });
    let quote = socket.frame().await.remove(0);
    assert!(quote.get("bp").is_none() && quote.get("ap").is_some());
    polygon.push_trade(Trade::new("AAPL", 1.5, 1.0, et(OPEN)).with_conditions([]));
    assert!(socket.frame().await[0].get("c").is_none());
}

#[tokio::test]
async fn a_bar_is_sent_two_seconds_after_its_end_and_again_for_a_late_trade() {
    let polygon = at(OPEN).await;
    let mut socket = listening(&polygon, "A.AAPL").await;
    let start = et(OPEN);
    polygon.trade("AAPL", 251.0, 100.0, start);
    polygon.set_time(start + 3 * SECOND - 1);
    assert_eq!(polygon.sent("A"), 0);
    polygon.set_time(start + 3 * SECOND);
    assert_eq!(socket.frame().await[0]["v"], 100);
    polygon.trade("AAPL", 252.0, 50.0, start + SECOND / 2);
    let again = socket.frame().await.remove(0);
    assert_eq!(
        (&again["s"], &again["v"], &again["h"]),
        (&json!(start / MS), &json!(150), &json!(252))
    );
    polygon.set_time(start + 20 * MINUTE);
    polygon.trade("AAPL", 253.0, 50.0, start);
    polygon.trade("AAPL", 250.0, 1.0, start + 20 * MINUTE);
    polygon.set_time(start + 21 * MINUTE);
    let next = socket.frame().await.remove(0);
    assert_eq!(next["s"], (start + 20 * MINUTE) / MS, "after 15 minutes a bar is final");
}

#[tokio::test]
async fn a_pushed_bar_replaces_the_one_of_the_same_start_here_and_in_rest() {
    let polygon = with(OPEN, |config| config.derive_bars = false).await;
    let mut socket = listening(&polygon, "AM.AAPL,A.AAPL").await;
    let start = et("2026-08-10T09:58");
    polygon.minute_bar("AAPL", Bar::flat(start / MS, 250.0, 1_000.0));
    polygon.minute_bar("AAPL", Bar::new(start / MS, [250.0, 252.0, 249.0, 251.0], 1_500.0));
    polygon.second_bar("AAPL", Bar::flat(start / MS, 250.0, 7.0));
    polygon.trade("AAPL", 251.0, 1.0, et(OPEN));
    let events = socket.events(3).await;
    assert_eq!(field(&events, "s"), vec![&json!(start / MS); 3]);
    assert_eq!(field(&events, "v"), [1_000, 1_500, 7]);
    let row = crate::client::Rest::new(&polygon, Plan::Advanced).row("AAPL").await;
    assert_eq!((&row["min"]["v"], &row["min"]["h"]), (&json!(1_500), &json!(252)));
    assert_eq!((&row["day"]["v"], &row["day"]["h"]), (&json!(1_501), &json!(252)));
}

#[tokio::test]
async fn a_frame_mixes_tickers_and_kinds() {
    let polygon = at(OPEN).await;
    let mut socket = listening(&polygon, "T.*,Q.AAPL").await;
    polygon.together(|polygon| {
        polygon.trade("AAPL", 251.0, 100.0, et(OPEN));
        polygon.quote("AAPL", 250.0, 252.0, et(OPEN));
        polygon.quote("MSFT", 450.0, 452.0, et(OPEN));
        polygon.trade("BRK.B", 480.5, 1.0, et(OPEN));
    });
    let frame = socket.frame().await;
    assert_eq!(field(&frame, "ev"), ["T", "Q", "T"]);
    assert_eq!(field(&frame, "sym"), ["AAPL", "AAPL", "BRK.B"]);
    polygon.fault(Fault::OneEventPerFrame).always();
    polygon.together(|polygon| {
        polygon.trade("AAPL", 251.0, 100.0, et(OPEN));
        polygon.trade("AAPL", 252.0, 100.0, et(OPEN));
    });
    assert_eq!(socket.frame().await.len(), 1);
    assert_eq!(socket.frame().await[0]["q"], 3);
}

#[tokio::test]
async fn strange_company_comes_in_the_frame_or_before_it() {
    let polygon = at(OPEN).await;
    let mut socket = listening(&polygon, "T.AAPL").await;
    let trade = || polygon.trade("AAPL", 251.0, 100.0, et(OPEN));
    polygon.fault(Fault::MixedKinds).once();
    trade();
    assert_eq!(field(&socket.frame().await, "ev"), ["status", "ZZ", "LULD", "T"]);
    polygon.fault(Fault::UnknownEvent).once();
    trade();
    assert_eq!(field(&socket.frame().await, "ev"), ["ZZ", "T"]);
    polygon.fault(Fault::HugeFrame).once();
    trade();
    let huge = socket.next().await.unwrap();
    assert!(huge.len() > 1_048_576);
    polygon.fault(Fault::Garbage).once();
    trade();
    let garbage = socket.next().await.unwrap().into_text().unwrap();
    assert!(serde_json::from_str::<Value>(&garbage).is_err());
    assert_eq!(socket.frame().await[0]["ev"], "T");
    polygon.fault(Fault::BinaryFrame).once();
    trade();
    assert!(matches!(socket.next().await.unwrap(), Message::Binary(_)));
    assert_eq!(socket.frame().await[0]["ev"], "T");
    polygon.raw("AAPL", "T", r#"{"ev":"T","sym":"AAPL","p":"text"}"#);
    assert_eq!(socket.frame().await[0]["p"], "text");
}

#[tokio::test]
async fn trades_come_twice_late_or_bare() {
    let polygon = at(OPEN).await;
    let mut socket = listening(&polygon, "T.AAPL").await;
    let trade = |number: i64| polygon.trade("AAPL", 251.0, 100.0, et(OPEN) - SECOND + number);
    polygon.fault(Fault::DuplicateTrades).once();
    trade(1);
    assert_eq!(field(&socket.events(2).await, "q"), [1, 1]);
    polygon.fault(Fault::OutOfOrderTrades).once();
    trade(2);
    trade(3);
    assert_eq!(field(&socket.events(2).await, "q"), [3, 2]);
    polygon.fault(Fault::TradesWithoutConditions).once();
    trade(4);
    assert!(socket.frame().await[0].get("c").is_none());
    polygon.fault(Fault::FieldsMissing).once();
    trade(5);
    assert_eq!(socket.frame().await, [json!({"ev": "T", "sym": "AAPL"})]);
    polygon.set_numbers(Numbers::Exponent);
    trade(6);
    let text = socket.next().await.unwrap().into_text().unwrap();
    assert!(text.contains(r#""s":1e+02"#), "{text}");
}

#[tokio::test]
async fn a_bar_is_replayed_with_the_same_start() {
    let polygon = at(OPEN).await;
    let mut socket = listening(&polygon, "AM.AAPL").await;
    let start = et("2026-08-10T09:58") / MS;
    polygon.fault(Fault::ReplayedBars).once();
    polygon.minute_bar("AAPL", Bar::new(start, [250.0, 252.0, 249.0, 251.0], 1_500.0));
    let events = socket.events(2).await;
    assert_eq!(field(&events, "s"), [start, start]);
    assert_eq!(
        (field(&events, "v"), field(&events, "c")),
        (vec![&json!(750), &json!(1_500)], vec![&json!(250), &json!(251)])
    );
}

#[tokio::test]
async fn a_stall_is_silence_on_an_open_socket() {
    let polygon = at(OPEN).await;
    let mut socket = listening(&polygon, "T.AAPL").await;
    polygon.fault(Fault::Stall).times(2);
    for number in 1..=3 {
        polygon.fault(Fault::OneEventPerFrame).once();
        polygon.trade("AAPL", 251.0, number as f64, et(OPEN));
        let fired =
            || polygon.fired().iter().filter(|fault| **fault == Fault::OneEventPerFrame).count();
        while fired() < number {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(socket.frame().await[0]["s"], 3, "what was swallowed never comes");
    assert_eq!((polygon.open_sockets(), polygon.sent("T")), (1, 1));
}

#[tokio::test]
async fn sockets_end_by_reset_by_silence_or_in_good_order() {
    let polygon = at(OPEN).await;
    for (fault, word) in [(Fault::Reset, "reset"), (Fault::DropSocket, "")] {
        let mut socket = listening(&polygon, "T.AAPL").await;
        polygon.fault(fault).once();
        polygon.trade("AAPL", 251.0, 1.0, et(OPEN));
        let end = socket.next().await.unwrap_err();
        assert!(end.to_lowercase().contains(word), "{end}");
    }
    let mut socket = listening(&polygon, "T.AAPL").await;
    polygon.close_sockets(1001, "going away");
    assert!(
        matches!(socket.next().await, Ok(Message::Close(Some(frame))) if u16::from(frame.code) == 1001)
    );
    let mut socket = listening(&polygon, "T.AAPL").await;
    polygon.slow_consumer();
    assert_eq!(socket.frame().await[0]["status"], "slow_consumer");
    assert!(socket.next().await.is_err());
    let mut socket = listening(&polygon, "T.AAPL").await;
    polygon.disconnect();
    assert_eq!(socket.frame().await[0]["status"], "force_disconnect");
    assert!(socket.next().await.is_err());
}
