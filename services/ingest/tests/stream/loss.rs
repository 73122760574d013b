//! Connections that are lost, fall silent or die.

use crate::server::{
    CLOSED_MS, REGULAR_MS, Server, down, established, next, quick, quotes, settings, status, trade,
    up,
};
use futures_util::StreamExt as _;
use ingest::source::polygon::stream::{Stream, StreamEvent};
use runtime::clock::Clock;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

#[tokio::test]
async fn subscriptions_are_not_lost_after_reconnects_and_the_gap_is_marked() {
    let (server, mut peer, mut stream) = established().await;
    peer.say(&[trade("AAPL", 1.0, 1.0, REGULAR_MS)]).await;
    assert!(!quotes(&mut stream, 1).await[0].gap);
    for number in 1..=5 {
        peer.reset();
        down(&mut stream).await;
        peer = server.accept().await;
        assert_eq!(peer.handshake().await, ["T.AAPL", "T.BRK.B", "AM.AAPL", "AM.BRK.B"]);
        assert_eq!(next(&mut stream).await, up(), "a snapshot is wanted after each");
        let time_ms = REGULAR_MS + number * 10;
        peer.say(&[trade("AAPL", 2.0, 1.0, time_ms), trade("AAPL", 3.0, 1.0, time_ms + 1)]).await;
        let gaps: Vec<_> = quotes(&mut stream, 2).await.iter().map(|quote| quote.gap).collect();
        assert_eq!(gaps, [true, false]);
    }
}

#[tokio::test]
async fn a_close_by_the_server_is_made_good() {
    let (server, peer, mut stream) = established().await;
    peer.close(CloseCode::Restart, "nightly").await;
    let words = down(&mut stream).await;
    assert!(words.contains("nightly"), "{words}");
    server.accept().await.handshake().await;
    assert_eq!(next(&mut stream).await, up());
}

#[tokio::test]
async fn a_silent_socket_in_an_open_market_is_left_for_a_new_one() {
    let server = Server::start().await;
    let mut timing = quick();
    timing.silence = Duration::from_millis(60);
    let mut stream = Stream::open_with(settings(&server.url, &["AAPL"]), timing);
    let mut peer = server.accept().await;
    peer.handshake().await;
    assert_eq!(next(&mut stream).await, up());
    // Words and pongs are no prices.
    peer.say(&[status("success", "subscribed to: T.AAPL")]).await;
    let (words, ()) = tokio::join!(down(&mut stream), peer.gone());
    assert!(words.contains("no price came"), "{words}");
    server.accept().await.handshake().await;
    assert_eq!(next(&mut stream).await, up());
}

#[tokio::test]
async fn silence_in_a_closed_market_is_no_alarm() {
    let server = Server::start().await;
    let mut timing = quick();
    timing.silence = Duration::from_millis(1);
    let mut asked = settings(&server.url, &["AAPL"]);
    let clock = Clock::standing_at(CLOSED_MS * 1_000_000);
    asked.clock = clock.clone();
    let mut stream = Stream::open_with(asked, timing);
    let mut peer = server.accept().await;
    peer.handshake().await;
    assert_eq!(next(&mut stream).await, up());
    // Twenty pings take forty times the patience of an open market with one symbol.
    let mut pings = 0;
    while pings < 20 {
        match timeout(crate::server::SOON, peer.socket.next()).await.unwrap() {
            Some(Ok(Message::Ping(_))) => pings += 1,
            other => panic!("{other:?}"),
        }
    }
    clock.set(REGULAR_MS * 1_000_000);
    let (words, ()) = tokio::join!(down(&mut stream), peer.gone());
    assert!(words.contains("no price came"), "{words}");
}

#[tokio::test]
async fn a_connection_that_died_without_a_word_is_noticed_by_its_missing_pongs() {
    let server = Server::start().await;
    let mut timing = quick();
    timing.dead = Duration::from_millis(400);
    let mut stream = Stream::open_with(settings(&server.url, &["AAPL"]), timing);
    let mut dead = server.accept().await;
    dead.handshake().await;
    assert_eq!(next(&mut stream).await, up());
    // Nobody reads there any more, so that no ping is answered.
    let words = down(&mut stream).await;
    assert!(words.contains("nothing was heard"), "{words}");
    server.accept().await.handshake().await;
    assert_eq!(next(&mut stream).await, up());
    drop(dead);
}

#[tokio::test]
async fn a_frame_beyond_sixteen_megabytes_is_not_read_and_costs_the_connection() {
    let (server, mut peer, mut stream) = established().await;
    let sending = tokio::spawn(async move {
        // The other side hangs up in the middle of it.
        drop(
            futures_util::SinkExt::send(&mut peer.socket, Message::text("x".repeat(17 << 20)))
                .await,
        );
    });
    let words = down(&mut stream).await;
    assert!(words.contains("too large"), "{words}");
    server.accept().await.handshake().await;
    assert_eq!(next(&mut stream).await, up());
    sending.await.unwrap();
}

#[tokio::test]
async fn the_same_reason_is_told_once_until_a_connection_is_up_again() {
    let (server, peer, mut stream) = established().await;
    peer.reset();
    let first = down(&mut stream).await;
    for _ in 0..5 {
        drop(server.accept_raw().await);
    }
    server.accept().await.handshake().await;
    let mut told = vec![first];
    loop {
        match next(&mut stream).await {
            StreamEvent::Down { words } => told.push(words),
            StreamEvent::Up { .. } => break,
            StreamEvent::Quotes(_) | StreamEvent::Bars(_) | StreamEvent::Refused(_) => {
                panic!("nothing of the kind was sent")
            }
        }
    }
    assert!(told.len() <= 3, "{told:?}");
}
