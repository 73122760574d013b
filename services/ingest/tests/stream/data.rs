//! What comes over an established connection.

use crate::server::{LATEST_MS, REGULAR_MS, bars, established, minute, quotes, status, trade};
use proto::PriceField;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn every_element_of_a_frame_is_handled_not_only_the_first() {
    let (_server, mut peer, mut stream) = established().await;
    peer.say(&[
        status("success", "subscribed to: T.AAPL"),
        trade("BRK.B", 480.0, 1.0, REGULAR_MS),
        json!({ "ev": "XX", "sym": "AAPL" }),
        json!(7),
        minute("AAPL", 0, 3.0),
        trade("AAPL", 250.5, 2.0, REGULAR_MS + 1),
        trade("AAPL", 250.6, 3.0, REGULAR_MS + 2),
    ])
    .await;
    let taken = quotes(&mut stream, 3).await;
    let taken: Vec<_> =
        taken.iter().map(|quote| (quote.symbol.as_str(), quote.price, quote.size)).collect();
    assert_eq!(taken, [("BRK.B", 480.0, 1.0), ("AAPL", 250.5, 2.0), ("AAPL", 250.6, 3.0)]);
    let taken = bars(&mut stream, 1).await;
    assert_eq!((taken[0].start_ms, taken[0].close), (REGULAR_MS, 3.0));
}

#[tokio::test]
async fn a_replayed_bar_of_the_same_start_goes_out_again_and_is_not_summed() {
    let (_server, mut peer, mut stream) = established().await;
    for close in [3.0, 4.0, 5.0] {
        peer.say(&[minute("AAPL", 0, close)]).await;
        let taken = bars(&mut stream, 1).await;
        assert_eq!((taken[0].start_ms, taken[0].close, taken[0].volume), (REGULAR_MS, close, 10.0));
    }
}

/// The second of AAPL that begins so long after 10:00, seconds.
fn second(number: i64, close: f64) -> Value {
    let start_ms = REGULAR_MS + number * 1_000;
    json!({ "ev": "A", "sym": "AAPL", "o": 1, "h": 9, "l": 1, "c": close, "v": 1.5e+06,
            "s": start_ms, "e": start_ms + 1_000 })
}

#[tokio::test]
async fn a_second_of_the_year_2099_silences_nobody() {
    let (_server, mut peer, mut stream) = established().await;
    let far_s = (4_070_908_800_000 - REGULAR_MS) / 1_000;
    // Just within what clocks differ by, and a little more.
    let near_s = (LATEST_MS - REGULAR_MS) / 1_000 + 4;
    for (number, close) in [(far_s, 3.0), (0, 4.0), (near_s + 1, 5.0), (1, 6.0), (near_s, 7.0)] {
        peer.say(&[second(number, close)]).await;
    }
    // Those ahead of the clock come by themselves: whoever takes them drops them, and sees by them
    // that a clock is wrong.
    let taken = quotes(&mut stream, 5).await;
    let latest_ns = (REGULAR_MS + (near_s + 1) * 1_000) * 1_000_000;
    let good = taken.iter().filter(|quote| quote.time_ns < latest_ns);
    let closes: Vec<_> = good.map(|quote| quote.price).collect();
    assert_eq!(closes, [4.0, 6.0, 7.0]);
}

#[tokio::test]
async fn a_replayed_second_of_the_same_start_makes_no_second_price() {
    let (_server, mut peer, mut stream) = established().await;
    peer.say(&[second(0, 3.0)]).await;
    peer.say(&[second(0, 4.0)]).await;
    peer.say(&[second(1, 5.0)]).await;
    let taken = quotes(&mut stream, 2).await;
    let closes: Vec<_> = taken.iter().map(|quote| quote.price).collect();
    assert_eq!(closes, [3.0, 5.0]);
    assert_eq!((taken[0].field, taken[0].size), (PriceField::Second, 1.5e6));
    assert_eq!(taken[0].time_ns, (REGULAR_MS + 999) * 1_000_000);
}

#[tokio::test]
async fn sizes_of_the_go_kind_and_trades_without_conditions_are_taken() {
    let (_server, mut peer, mut stream) = established().await;
    let texts = ["100", "1.091202e+06", "100.0", "0.5"];
    let items: Vec<String> = (0..)
        .zip(texts)
        .map(|(number, size)| {
            let time_ms = REGULAR_MS + number;
            format!(r#"{{"ev":"T","sym":"AAPL","p":1,"s":{size},"t":{time_ms}}}"#)
        })
        .collect();
    peer.send(Message::text(format!("[{}]", items.join(",")))).await;
    let sizes: Vec<_> = quotes(&mut stream, 4).await.iter().map(|quote| quote.size).collect();
    assert_eq!(sizes, [100.0, 1_091_202.0, 100.0, 0.5]);
}

#[tokio::test]
async fn a_frame_of_a_megabyte_and_far_more_is_taken_whole() {
    let (_server, mut peer, mut stream) = established().await;
    let items: Vec<Value> = (0..60_000)
        .map(|number| trade("AAPL", 1.0 + number as f64, 1.0, REGULAR_MS + number))
        .collect();
    let text = Value::from(items).to_string();
    assert!(text.len() > 4_000_000, "{}", text.len());
    peer.send(Message::text(text)).await;
    let taken = quotes(&mut stream, 60_000).await;
    assert_eq!(taken.last().unwrap().price, 60_000.0);
}

#[tokio::test]
async fn garbage_and_binary_frames_do_not_cost_the_connection() {
    let (_server, mut peer, mut stream) = established().await;
    for text in ["", "[", "not json", "[1,2,3]", "{}", "null"] {
        peer.send(Message::text(text)).await;
    }
    peer.send(Message::binary(vec![0xff, 0x00, 0x7f])).await;
    peer.send(Message::Ping(vec![1, 2, 3].into())).await;
    peer.send(Message::binary(json!([trade("AAPL", 2.0, 1.0, REGULAR_MS)]).to_string())).await;
    assert_eq!(quotes(&mut stream, 1).await[0].price, 2.0);
}
