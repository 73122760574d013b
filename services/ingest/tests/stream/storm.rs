//! A socket that is reset again and again.

use crate::server::{REGULAR_MS, established, minute, next, trade, up};
use ingest::source::polygon::stream::StreamEvent;
use std::collections::BTreeMap;

/// Resets of the socket.
const RESETS: i64 = 15;
/// Minutes sent over each connection, and how far the next one goes back.
const MINUTES: i64 = 8;
const OVERLAP: i64 = 3;

#[tokio::test]
async fn in_a_storm_of_resets_no_bar_is_wrong_or_missing_and_those_sent_again_replace() {
    let (server, mut peer, mut stream) = established().await;
    let mut sent: BTreeMap<(&str, i64), f64> = BTreeMap::new();
    let mut got: BTreeMap<(String, i64), f64> = BTreeMap::new();
    let mut version = 1.0;
    for round in 0..=RESETS {
        let first = round * (MINUTES - OVERLAP);
        for number in first..first + MINUTES {
            version += 1.0;
            let time_ms = REGULAR_MS + number * 60_000;
            let minutes = ["AAPL", "BRK.B"].map(|symbol| minute(symbol, number, version));
            peer.say(&[trade("AAPL", 1.0, 1.0, time_ms), minutes[0].clone()]).await;
            peer.say(&[minutes[1].clone()]).await;
            for symbol in ["AAPL", "BRK.B"] {
                sent.insert((symbol, time_ms), version);
            }
        }
        // Bars of this connection come whole, whatever becomes of it then.
        while got.get(&("BRK.B".to_owned(), REGULAR_MS + (first + MINUTES - 1) * 60_000))
            != Some(&version)
        {
            match next(&mut stream).await {
                StreamEvent::Bars(bars) => {
                    for bar in bars {
                        got.insert((bar.symbol.to_string(), bar.start_ms), bar.close);
                    }
                }
                StreamEvent::Quotes(_) => {}
                event @ (StreamEvent::Up { .. }
                | StreamEvent::Down { .. }
                | StreamEvent::Refused(_)) => panic!("{event:?}"),
            }
        }
        if round == RESETS {
            break;
        }
        peer.reset();
        assert!(matches!(next(&mut stream).await, StreamEvent::Down { .. }));
        peer = server.accept().await;
        assert_eq!(peer.handshake().await.len(), 4);
        assert_eq!(next(&mut stream).await, up());
    }
    let sent: BTreeMap<_, _> = sent
        .into_iter()
        .map(|((symbol, time_ms), close)| ((symbol.to_owned(), time_ms), close))
        .collect();
    assert_eq!(got, sent);
    assert_eq!(i64::try_from(got.len()).unwrap(), 2 * (RESETS * (MINUTES - OVERLAP) + MINUTES));
}
