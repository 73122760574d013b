//! What each plan sees, by REST and by socket.

use crate::client::{MINUTE, Rest, SECOND, SNAPSHOTS, Socket, at, et, said};
use serde_json::Value;
use testkit::polygon::{Bar, Plan};

const OPEN: &str = "2026-08-10T10:00";

#[tokio::test]
async fn every_page_is_there_or_403_as_the_plans_say() {
    let polygon = at(OPEN).await;
    polygon.trade("AAPL", 251.0, 100.0, et("2026-08-10T09:31"));
    polygon.quote("AAPL", 250.0, 252.0, et("2026-08-10T09:31"));
    let snapshots = &format!("{SNAPSHOTS}?tickers=AAPL");
    let bars = |span| format!("/v2/aggs/ticker/AAPL/range/1/{span}/2026-08-03/2026-08-07");
    for (path, cheapest) in [
        (snapshots.as_str(), Plan::Starter),
        ("/v3/snapshot?ticker.any_of=AAPL", Plan::Starter),
        ("/v2/aggs/grouped/locale/us/market/stocks/2026-08-07", Plan::Basic),
        ("/v2/aggs/ticker/AAPL/prev", Plan::Basic),
        (&bars("minute"), Plan::Basic),
        (&bars("day"), Plan::Basic),
        (&bars("second"), Plan::Starter),
        ("/v1/marketstatus/now", Plan::Basic),
        ("/v1/marketstatus/upcoming", Plan::Basic),
        ("/v2/last/trade/AAPL", Plan::Developer),
        ("/v2/last/nbbo/AAPL", Plan::Advanced),
    ] {
        for plan in Plan::ALL {
            // Five calls a minute are not what is asked here.
            polygon.advance(std::time::Duration::from_secs(13));
            let got = Rest::new(&polygon, plan).get(path).await;
            let expected = if plan >= cheapest { 200 } else { 403 };
            assert_eq!(got.status, expected, "{path} {plan:?} {}", got.text);
        }
    }
}

#[tokio::test]
async fn rows_have_the_fields_of_the_plan() {
    let polygon = at(OPEN).await;
    for (plan, trade, quote, value) in [
        (Plan::Starter, false, false, false),
        (Plan::Developer, true, false, false),
        (Plan::Advanced, true, true, false),
        (Plan::Business, true, true, true),
    ] {
        let row = Rest::new(&polygon, plan).row("AAPL").await;
        let has = |name: &str| row.get(name).is_some();
        assert_eq!((has("lastTrade"), has("lastQuote"), has("fmv")), (trade, quote, value));
        assert!(has("min") && has("day") && has("prevDay") && has("updated"));
    }
}

#[tokio::test]
async fn a_delayed_plan_sees_the_market_as_it_was_fifteen_minutes_ago() {
    let polygon = at(OPEN).await;
    let start = et(OPEN);
    polygon.trade("AAPL", 251.0, 100.0, start);
    polygon.set_time(start + 15 * MINUTE - SECOND);
    let (late, live) = (Rest::new(&polygon, Plan::Developer), Rest::new(&polygon, Plan::Advanced));
    assert_eq!(late.row("AAPL").await["lastTrade"]["t"], 0);
    assert_eq!(live.row("AAPL").await["lastTrade"]["p"], 251.0);
    polygon.set_time(start + 15 * MINUTE);
    assert_eq!(late.row("AAPL").await["lastTrade"]["p"], 251.0);
    let status = |got: Value| got["status"].clone();
    assert_eq!(status(late.snapshots("AAPL").await.json()), "DELAYED");
    assert_eq!(status(live.snapshots("AAPL").await.json()), "OK");
}

#[tokio::test]
async fn a_delayed_plan_lives_through_the_reset_fifteen_minutes_late() {
    let polygon = at("2026-08-10T15:00").await;
    polygon.trade("AAPL", 244.0, 100.0, et("2026-08-10T15:00"));
    polygon.set_time(et("2026-08-11T03:40"));
    let close = |row: Value| row["prevDay"]["c"].as_f64().unwrap();
    assert_eq!(close(Rest::new(&polygon, Plan::Starter).row("AAPL").await), 250.0);
    assert_eq!(close(Rest::new(&polygon, Plan::Advanced).row("AAPL").await), 244.0);
    polygon.set_time(et("2026-08-11T03:45"));
    assert_eq!(close(Rest::new(&polygon, Plan::Starter).row("AAPL").await), 244.0);
}

#[tokio::test]
async fn each_plan_has_its_topics_and_one_refusal_comes_before_the_acks() {
    let polygon = at(OPEN).await;
    let asked = "T.AAPL,Q.AAPL,A.AAPL,AM.AAPL,FMV.AAPL";
    for (plan, given) in [
        (Plan::Starter, vec!["A", "AM"]),
        (Plan::Developer, vec!["T", "A", "AM"]),
        (Plan::Advanced, vec!["T", "Q", "A", "AM"]),
        (Plan::Business, vec!["T", "Q", "A", "AM", "FMV"]),
    ] {
        let mut socket = Socket::subscribed(&polygon.delayed_ws_url(), plan, "").await;
        socket.subscribe(asked).await;
        let mut expected: Vec<Value> = Vec::new();
        if given.len() < 5 {
            expected.push(said("error", "not authorized"));
        }
        expected.extend(
            given.iter().map(|topic| said("success", &format!("subscribed to: {topic}.AAPL"))),
        );
        assert_eq!(socket.statuses(expected.len()).await, expected, "{plan:?}");
    }
}

#[tokio::test]
async fn a_delayed_plan_is_told_so_at_the_real_time_host() {
    let polygon = at(OPEN).await;
    let words = "You don't have access real-time data. If your plan only includes delayed data, you can connect to the delayed websocket at wss://delayed.polygon.io/stocks.";
    let url = polygon.realtime_ws_url();
    let mut socket = Socket::subscribed(&url, Plan::Developer, "").await;
    assert_eq!(socket.statuses(1).await, [said("error", words)]);
    socket.subscribe("AM.AAPL").await;
    assert_eq!(socket.statuses(1).await, [said("error", words)]);
    assert!(polygon.subscriptions().is_empty());
}

#[tokio::test]
async fn the_free_plan_has_no_sockets() {
    let polygon = at(OPEN).await;
    for url in [polygon.realtime_ws_url(), polygon.delayed_ws_url()] {
        let mut socket = Socket::open(&url).await;
        socket.statuses(1).await;
        socket.auth(Plan::Basic.key()).await;
        let words = "Your plan doesn't include websocket access.";
        assert_eq!(socket.statuses(1).await, [said("auth_failed", words)]);
        assert!(socket.next().await.is_err(), "no close frame");
    }
}

#[tokio::test]
async fn the_delayed_socket_tells_everything_fifteen_minutes_late() {
    let polygon = at(OPEN).await;
    let start = et(OPEN);
    let pairs = "T.AAPL,AM.AAPL";
    let mut late = Socket::subscribed(&polygon.delayed_ws_url(), Plan::Developer, pairs).await;
    let mut live = Socket::subscribed(&polygon.realtime_ws_url(), Plan::Advanced, pairs).await;
    polygon.trade("AAPL", 251.0, 100.0, start);
    assert_eq!(live.events(1).await[0]["p"], 251.0);
    polygon.minute_bar("AAPL", Bar::flat(start / 1_000_000 - 60_000, 250.5, 10.0));
    assert_eq!(live.events(1).await[0]["ev"], "AM");
    polygon.set_time(start + 15 * MINUTE - SECOND);
    assert_eq!(polygon.sent("T"), 1);
    polygon.set_time(start + 15 * MINUTE);
    let kinds: Vec<Value> =
        late.events(2).await.into_iter().map(|event| event["ev"].clone()).collect();
    assert_eq!(kinds, ["T", "AM"]);
}
