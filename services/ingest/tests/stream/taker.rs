//! A taker that is slow, away, or gives up waiting.

use crate::server::{
    REGULAR_MS, SOON, Server, established, minute, next, quick, settings, trade, up,
};
use futures_util::FutureExt as _;
use ingest::source::polygon::stream::{Stream, StreamEvent};
use tokio::time::timeout;

/// Frames and trades in each that are sent while nobody takes.
const FRAMES: i64 = 60;
const TRADES: i64 = 500;

#[tokio::test]
async fn a_slow_taker_makes_no_slow_consumer_and_gets_the_newest_price_all_shares_and_all_bars() {
    let server = Server::start().await;
    let mut timing = quick();
    timing.capacity = 1_000;
    let mut stream = Stream::open_with(settings(&server.url, &["AAPL", "BRK.B"]), timing);
    let mut peer = server.accept().await;
    peer.handshake().await;
    assert_eq!(next(&mut stream).await, up());
    for frame in 0..FRAMES {
        let item = |number| {
            let time_ms = REGULAR_MS + frame * TRADES + number;
            let symbol = if number % 5 == 0 { "BRK.B" } else { "AAPL" };
            trade(symbol, time_ms as f64, 2.0, time_ms)
        };
        let mut items: Vec<_> = (0..TRADES).map(item).collect();
        items.push(minute("AAPL", frame, 3.0));
        peer.say(&items).await;
    }
    // A pong says that everything before the ping has been read. Only now is anything taken.
    peer.pinged().await;
    let (mut quotes, mut bars) = (Vec::new(), Vec::new());
    while bars.len() < usize::try_from(FRAMES).unwrap() {
        match next(&mut stream).await {
            StreamEvent::Quotes(taken) => quotes.extend(taken),
            StreamEvent::Bars(taken) => bars.extend(taken.iter().map(|bar| bar.start_ms)),
            event @ (StreamEvent::Up { .. }
            | StreamEvent::Down { .. }
            | StreamEvent::Refused(_)) => panic!("{event:?}"),
        }
    }
    assert_eq!(bars, (0..FRAMES).map(|number| REGULAR_MS + number * 60_000).collect::<Vec<_>>());
    assert!(quotes.len() <= timing.capacity, "{}", quotes.len());
    let of =
        |symbol: &'static str| quotes.iter().filter(move |quote| quote.symbol.as_str() == symbol);
    for (symbol, last, share) in
        [("AAPL", FRAMES * TRADES - 1, 0.8), ("BRK.B", FRAMES * TRADES - 5, 0.2)]
    {
        let last_ms = REGULAR_MS + last;
        let newest = of(symbol).next_back().unwrap();
        assert_eq!((newest.price, newest.time_ns), (last_ms as f64, last_ms * 1_000_000));
        let shares: f64 = of(symbol).map(|quote| quote.size).sum();
        assert_eq!(shares, (FRAMES * TRADES * 2) as f64 * share);
        assert!(of(symbol).any(|quote| quote.gap), "what was merged says so");
    }
}

#[tokio::test]
async fn a_taker_that_gives_up_waiting_again_and_again_loses_nothing() {
    let (_server, mut peer, mut stream) = established().await;
    for number in 0..50 {
        peer.say(&[trade("AAPL", 1.0 + number as f64, 1.0, REGULAR_MS + number)]).await;
    }
    let mut prices = Vec::new();
    let taking = async {
        while prices.len() < 50 {
            if let Some(event) = stream.next().now_or_never() {
                let StreamEvent::Quotes(quotes) = event else { panic!("{event:?}") };
                prices.extend(quotes.iter().map(|quote| quote.price));
            } else {
                tokio::task::yield_now().await;
            }
        }
    };
    timeout(SOON, taking).await.expect("all of them come");
    assert_eq!(prices, (0..50).map(|number| 1.0 + f64::from(number)).collect::<Vec<_>>());
}
