//! The conversation with a client: greeting, key, subscriptions, and who has to go.

use crate::client::{Socket, at, said, with};
use serde_json::Value;
use std::time::Duration;
use testkit::polygon::{Acks, Fault, Plan, Surplus};
use tokio_tungstenite::tungstenite::Message;

const OPEN: &str = "2026-08-10T10:00";
const MOST: &str = "Maximum number of websocket connections exceeded.";

/// The code of the close frame that comes next.
async fn closed(socket: &mut Socket) -> u16 {
    match socket.next().await {
        Ok(Message::Close(Some(frame))) => frame.code.into(),
        other => panic!("no close frame: {other:?}"),
    }
}

#[tokio::test]
async fn the_handshake_is_word_for_word() {
    let polygon = at(OPEN).await;
    let mut socket = Socket::open(&polygon.realtime_ws_url()).await;
    assert_eq!(socket.frame().await, [said("connected", "Connected Successfully")]);
    socket.auth(Plan::Advanced.key()).await;
    assert_eq!(socket.frame().await, [said("auth_success", "authenticated")]);
    socket.subscribe("T.AAPL,Q.BRK.B, A.*").await;
    for pair in ["T.AAPL", "Q.BRK.B", "A.*"] {
        assert_eq!(socket.frame().await, [said("success", &format!("subscribed to: {pair}"))]);
    }
    socket.unsubscribe("T.AAPL").await;
    assert_eq!(socket.frame().await, [said("success", "unsubscribed to: T.AAPL")]);
    assert_eq!(polygon.subscriptions(), ["A.*", "Q.BRK.B"].map(str::to_owned).into());
    assert_eq!((polygon.acks(), polygon.open_sockets(), polygon.sockets_ever()), (4, 1, 1));
    let frames = polygon.frames_from_clients();
    let actions: Vec<Value> =
        frames.iter().map(|frame| serde_json::from_str(&frame.text).unwrap()).collect();
    assert_eq!(actions[0]["action"], "auth");
    assert_eq!(actions[1]["params"], "T.AAPL,Q.BRK.B, A.*");
}

#[tokio::test]
async fn acks_may_be_batched() {
    let polygon = with(OPEN, |config| config.acks = Acks::Batched).await;
    let mut socket = Socket::subscribed(&polygon.realtime_ws_url(), Plan::Advanced, "").await;
    socket.subscribe("T.AAPL,T.MSFT,T.NVDA").await;
    assert_eq!(socket.frame().await.len(), 3);
}

#[tokio::test]
async fn what_makes_no_sense_is_not_confirmed_and_an_unknown_ticker_is() {
    let polygon = at(OPEN).await;
    let url = polygon.realtime_ws_url();
    let mut socket = Socket::subscribed(&url, Plan::Advanced, "T.AAPL").await;
    socket.subscribe("ZZ.AAPL,T.AAPL,nonsense,T.NOSUCH").await;
    assert_eq!(socket.frame().await, [said("success", "subscribed to: T.NOSUCH")]);
    socket.unsubscribe("Q.AAPL,T.MSFT,T.NOSUCH").await;
    assert_eq!(socket.frame().await, [said("success", "unsubscribed to: T.NOSUCH")]);
    socket.send("no json".to_owned()).await;
    socket.send("{\"action\":\"dance\"}".to_owned()).await;
    socket.subscribe("T.MSFT").await;
    assert_eq!(socket.frame().await, [said("success", "subscribed to: T.MSFT")]);
}

#[tokio::test]
async fn a_bad_key_is_refused_and_dropped_without_a_close_frame() {
    let polygon = at(OPEN).await;
    let mut socket = Socket::open(&polygon.realtime_ws_url()).await;
    socket.frame().await;
    socket.auth("nonsense").await;
    assert_eq!(socket.frame().await, [said("auth_failed", "authentication failed")]);
    assert!(socket.next().await.is_err());
    assert_eq!(polygon.authenticated_sockets(), 0);
}

#[tokio::test]
async fn who_does_not_authenticate_is_told_and_dropped() {
    let polygon = with(OPEN, |config| config.auth_timeout = Duration::from_millis(100)).await;
    let mut socket = Socket::open(&polygon.realtime_ws_url()).await;
    socket.frame().await;
    let words = "No authentication request received.";
    assert_eq!(socket.frame().await, [said("auth_timeout", words)]);
    assert!(socket.next().await.is_err());
}

#[tokio::test]
async fn who_subscribes_first_is_told_to_authenticate() {
    let polygon = at(OPEN).await;
    let mut socket = Socket::open(&polygon.realtime_ws_url()).await;
    socket.frame().await;
    socket.subscribe("T.AAPL").await;
    assert_eq!(socket.frame().await[0]["status"], "auth_required");
    socket.auth(Plan::Advanced.key()).await;
    assert_eq!(socket.frame().await[0]["status"], "auth_success");
    assert!(polygon.subscriptions().is_empty());
}

#[tokio::test]
async fn the_older_socket_of_a_key_goes() {
    let polygon = at(OPEN).await;
    let url = polygon.realtime_ws_url();
    let mut older = Socket::subscribed(&url, Plan::Advanced, "T.AAPL").await;
    let mut newer = Socket::subscribed(&url, Plan::Advanced, "T.AAPL").await;
    assert_eq!(older.frame().await, [said("max_connections", MOST)]);
    assert_eq!(closed(&mut older).await, 1008);
    polygon.send_text("[]");
    assert!(newer.frame().await.is_empty());
    assert_eq!(polygon.authenticated_sockets(), 1);
}

#[tokio::test]
async fn the_newer_socket_of_a_key_goes_after_its_acks() {
    let polygon = with(OPEN, |config| config.surplus = Surplus::NewerGoes).await;
    let url = polygon.realtime_ws_url();
    let mut older = Socket::subscribed(&url, Plan::Advanced, "T.AAPL").await;
    let mut newer = Socket::subscribed(&url, Plan::Advanced, "T.AAPL,T.MSFT").await;
    assert_eq!(newer.frame().await, [said("max_connections", MOST)]);
    assert_eq!(closed(&mut newer).await, 1008);
    polygon.send_text("[]");
    assert!(older.frame().await.is_empty());
}

#[tokio::test]
async fn clusters_and_keys_do_not_crowd_each_other_and_a_business_has_three() {
    let polygon = at(OPEN).await;
    let (live, late) = (polygon.realtime_ws_url(), polygon.delayed_ws_url());
    let mut open = vec![
        Socket::subscribed(&live, Plan::Advanced, "").await,
        Socket::subscribed(&late, Plan::Advanced, "").await,
        Socket::subscribed(&live, Plan::Business, "").await,
        Socket::subscribed(&live, Plan::Business, "").await,
        Socket::subscribed(&live, Plan::Business, "").await,
    ];
    assert_eq!(polygon.authenticated_sockets(), 5);
    open.push(Socket::subscribed(&live, Plan::Business, "").await);
    assert_eq!(open[2].frame().await, [said("max_connections", MOST)]);
    assert_eq!(polygon.authenticated_sockets(), 5);
}

#[tokio::test]
async fn the_server_pings() {
    let polygon = with(OPEN, |config| config.ping_every = Duration::from_millis(20)).await;
    let mut socket = Socket::subscribed(&polygon.realtime_ws_url(), Plan::Advanced, "").await;
    assert!(matches!(socket.any().await, Message::Ping(_)));
}

#[tokio::test]
async fn only_the_path_of_stocks_is_served() {
    let polygon = at(OPEN).await;
    let url = polygon.realtime_ws_url().replace("/stocks", "/crypto");
    assert!(tokio_tungstenite::connect_async(url).await.is_err());
}

#[tokio::test]
async fn each_step_of_the_handshake_can_fail_to_come() {
    let polygon = at(OPEN).await;
    let url = polygon.realtime_ws_url();
    polygon.fault(Fault::RefuseUpgrade).once();
    let refused = tokio_tungstenite::connect_async(url.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("503"));
    polygon.fault(Fault::NoGreeting).once();
    polygon.fault(Fault::NoAuthAnswer).once();
    polygon.fault(Fault::NoAcks).once();
    let mut socket = Socket::open(&url).await;
    socket.auth(Plan::Advanced.key()).await;
    socket.auth(Plan::Advanced.key()).await;
    assert_eq!(socket.frame().await[0]["status"], "auth_success");
    socket.subscribe("T.AAPL").await;
    socket.subscribe("T.MSFT").await;
    assert_eq!(socket.frame().await, [said("success", "subscribed to: T.MSFT")]);
    assert_eq!(polygon.subscriptions().len(), 2);
}
