//! Greeting, key, subscriptions, and every way in which they fail.

use crate::server::{KEY, Server, down, established, next, pair, quick, settings, status, up};
use ingest::source::polygon::stream::{Stream, StreamEvent, StreamRefusal};
use proto::Entitlement;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

#[tokio::test]
async fn the_handshake_sends_the_key_as_a_message_and_nowhere_else() {
    let (server, mut stream) = pair().await;
    let mut peer = server.accept().await;
    assert!(peer.request.starts_with("/stocks "), "{}", peer.request);
    assert!(!peer.request.contains(KEY), "{}", peer.request);
    let pairs = peer.handshake().await;
    assert_eq!(pairs, ["T.AAPL", "T.BRK.B", "AM.AAPL", "AM.BRK.B"]);
    assert_eq!(next(&mut stream).await, up());
}

#[tokio::test]
async fn acknowledgements_may_come_batched_in_one_array() {
    let (server, mut stream) = pair().await;
    let mut peer = server.accept().await;
    let pairs = peer.authenticate().await;
    let acks: Vec<_> =
        pairs.iter().map(|pair| status("success", &format!("subscribed to: {pair}"))).collect();
    peer.say(&acks).await;
    assert_eq!(next(&mut stream).await, up());
}

#[tokio::test]
async fn pairs_that_are_never_acknowledged_are_told_as_unconfirmed() {
    let (server, mut stream) = pair().await;
    let mut peer = server.accept().await;
    let pairs = peer.authenticate().await;
    peer.acknowledge(&pairs[1..]).await;
    let unconfirmed = vec!["T.AAPL".to_owned()];
    assert_eq!(next(&mut stream).await, StreamEvent::Up { unconfirmed, delayed: false });
}

#[tokio::test]
async fn a_bad_key_is_refused_for_good_though_the_server_drops_the_connection() {
    let (server, mut stream) = pair().await;
    let mut peer = server.accept().await;
    peer.say(&[status("connected", "Connected Successfully")]).await;
    peer.hear().await;
    peer.say(&[status("auth_failed", "authentication failed")]).await;
    peer.reset();
    let StreamEvent::Refused(refusal) = next(&mut stream).await else { panic!("not refused") };
    assert!(matches!(refusal, StreamRefusal::Key { .. }), "{refusal}");
    assert!(!refusal.to_string().contains(KEY), "{refusal}");
}

#[tokio::test]
async fn a_server_that_says_the_key_back_does_not_have_it_told() {
    let (server, mut stream) = pair().await;
    let echo = || status("max_connections", &format!("key {KEY} is in use"));
    let mut peer = server.accept().await;
    peer.handshake().await;
    assert_eq!(next(&mut stream).await, up());
    peer.say(&[echo()]).await;
    let words = down(&mut stream).await;
    assert!(words.contains("key *** is in use") && !words.contains(KEY), "{words}");
    let (server, mut stream) = pair().await;
    let mut peer = server.accept().await;
    peer.handshake().await;
    assert_eq!(next(&mut stream).await, up());
    peer.close(CloseCode::Restart, "bye, secret-key-4711").await;
    let words = down(&mut stream).await;
    assert!(words.contains("bye, ***") && !words.contains(KEY), "{words}");
    let mut peer = server.accept().await;
    peer.say(&[status("connected", "")]).await;
    peer.hear().await;
    peer.say(&[status("auth_failed", &format!("no such key: {KEY}"))]).await;
    let StreamEvent::Refused(refusal) = next(&mut stream).await else { panic!("not refused") };
    let words = refusal.to_string();
    assert!(words.contains("no such key: ***") && !words.contains(KEY), "{words}");
}

#[tokio::test]
async fn a_plan_without_websocket_access_is_refused_for_good() {
    let (server, mut stream) = pair().await;
    let mut peer = server.accept().await;
    peer.say(&[status("connected", "Connected Successfully")]).await;
    peer.hear().await;
    peer.say(&[status("auth_failed", "Your plan doesn't include websocket access.")]).await;
    let refused = next(&mut stream).await;
    assert!(matches!(refused, StreamEvent::Refused(StreamRefusal::Plan { .. })), "{refused:?}");
    peer.gone().await;
}

#[tokio::test]
async fn a_free_plan_never_connects() {
    let server = Server::start().await;
    let free = settings(&server.url, &["AAPL"]);
    let mut stream = Stream::open_with(
        ingest::source::polygon::stream::StreamSettings { entitlement: Entitlement::Free, ..free },
        quick(),
    );
    let refused = next(&mut stream).await;
    assert!(matches!(refused, StreamEvent::Refused(StreamRefusal::Plan { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_delayed_plan_on_another_host_of_real_time_is_refused_with_the_host_to_use() {
    let (server, mut stream) = pair().await;
    let mut peer = server.accept().await;
    peer.authenticate().await;
    peer.say(&[status(
        "error",
        "You don't have access real-time data. If your plan only includes delayed data, you can \
         connect to the delayed websocket at wss://delayed.polygon.io/stocks.",
    )])
    .await;
    let StreamEvent::Refused(refusal) = next(&mut stream).await else { panic!("not refused") };
    assert!(matches!(refusal, StreamRefusal::RealTime { .. }), "{refusal}");
    assert!(refusal.to_string().contains("use the delayed host, wss://delayed.massive.com/stocks"));
}

#[tokio::test]
async fn a_topic_that_is_not_authorized_is_given_up_and_the_rest_is_streamed() {
    let server = Server::start().await;
    let mut asked = settings(&server.url, &["AAPL"]);
    asked.entitlement = Entitlement::Advanced;
    let mut stream = Stream::open_with(asked, quick());
    let mut peer = server.accept().await;
    assert_eq!(peer.authenticate().await, ["T.AAPL", "Q.AAPL", "AM.AAPL"]);
    peer.say(&[status("error", "not authorized")]).await;
    peer.acknowledge(&["AM.AAPL".to_owned()]).await;
    let seconds = peer.subscription().await;
    assert_eq!(seconds, ["A.AAPL"]);
    peer.acknowledge(&seconds).await;
    assert_eq!(next(&mut stream).await, up());
}

#[tokio::test]
async fn auth_timeout_auth_required_force_disconnect_and_slow_consumer_come_back_subscribed() {
    let (server, mut peer, mut stream) = established().await;
    for word in ["auth_timeout", "auth_required", "force_disconnect", "slow_consumer"] {
        peer.say(&[status(word, "")]).await;
        let words = down(&mut stream).await;
        assert!(words.contains(word), "{words}");
        peer.gone().await;
        peer = server.accept().await;
        assert_eq!(peer.handshake().await.len(), 4, "everything is subscribed to again");
        assert_eq!(next(&mut stream).await, up());
    }
}

#[tokio::test]
async fn too_many_connections_wait_for_the_cool_down_whether_told_or_only_closed_with_1008() {
    for told in [true, false] {
        let server = Server::start().await;
        let cool_down = Duration::from_millis(700);
        let mut timing = quick();
        timing.cool_down = cool_down;
        let mut stream = Stream::open_with(settings(&server.url, &["AAPL"]), timing);
        let mut peer = server.accept().await;
        peer.handshake().await;
        assert_eq!(next(&mut stream).await, up());
        let begun = Instant::now();
        if told {
            let words = "Maximum number of websocket connections exceeded.";
            peer.say(&[status("max_connections", words)]).await;
        }
        peer.close(CloseCode::Policy, "max_connections").await;
        down(&mut stream).await;
        server.accept().await.handshake().await;
        assert!(begun.elapsed() >= cool_down, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_server_that_does_not_greet_or_does_not_answer_the_key_is_left() {
    let server = Server::start().await;
    let mut timing = quick();
    timing.handshake = Duration::from_millis(200);
    let mut stream = Stream::open_with(settings(&server.url, &["AAPL"]), timing);
    let silent = server.accept().await;
    assert!(down(&mut stream).await.contains("no greeting"));
    silent.gone().await;
    let mut mute = server.accept().await;
    mute.say(&[status("connected", "Connected Successfully")]).await;
    mute.hear().await;
    assert!(down(&mut stream).await.contains("key was not answered"));
    mute.gone().await;
}

#[tokio::test]
async fn what_is_no_websocket_is_told_by_its_status_and_tried_again() {
    let (server, mut stream) = pair().await;
    let mut page = server.accept_raw().await;
    let mut request = [0_u8; 4_096];
    let read = page.read(&mut request).await.unwrap();
    assert!(String::from_utf8_lossy(&request[..read]).starts_with("GET /stocks HTTP/1.1"));
    page.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let words = down(&mut stream).await;
    assert!(words.contains("HTTP 502"), "{words}");
    server.accept().await.handshake().await;
    assert_eq!(next(&mut stream).await, up());
}

#[tokio::test]
async fn a_certificate_that_is_none_is_no_connection() {
    let server = Server::start().await;
    let mut asked = settings(&server.url, &["AAPL"]);
    asked.url.set_scheme("wss").unwrap();
    let mut stream = Stream::open_with(asked, quick());
    let mut plain = server.accept_raw().await;
    plain.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").await.unwrap();
    let words = down(&mut stream).await;
    assert!(!words.is_empty() && !words.contains("wss"), "{words}");
}

#[tokio::test]
async fn a_key_has_one_connection_at_a_time_and_the_old_one_is_closed_first() {
    let (server, mut peer, stream) = established().await;
    let mut second = Stream::open_with(settings(&server.url, &["AAPL", "BRK.B"]), quick());
    // The first goes on undisturbed while the second waits for its seat.
    let mut first = stream;
    for number in 0..20 {
        peer.say(&[
            json!({ "ev": "T", "sym": "AAPL", "p": 1.0, "t": 1_795_186_800_000_i64 + number }),
        ])
        .await;
        assert!(matches!(next(&mut first).await, StreamEvent::Quotes(_)));
    }
    drop(first);
    peer.gone().await;
    server.accept().await.handshake().await;
    assert_eq!(next(&mut second).await, up());
}

#[tokio::test]
async fn a_stream_that_is_dropped_hangs_up() {
    let (_server, peer, stream) = established().await;
    drop(stream);
    peer.gone().await;
}
