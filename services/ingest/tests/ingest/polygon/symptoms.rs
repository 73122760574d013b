//! What users of the service have hit, each by its name.

use super::*;
use proto::{FeedState, PriceField, Tick};

/// The tick that a row of AAPL becomes.
async fn tick_of(row: &str) -> Tick {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[ok(format!(r#"{{"tickers":[{row}]}}"#))]);
    let running = fake.feed(&bench).await;
    let tick = bench.ticks_from(1).await.remove(0).1;
    running.stop().await;
    tick
}

#[tokio::test]
async fn int_fields_arrive_as_floats() {
    for (size, shares) in [
        ("3.0048725e+07", 30_048_725.0),
        ("1.091202e+06", 1_091_202.0),
        ("100.0", 100.0),
        ("7", 7.0),
    ] {
        let row = format!(
            r#"{{"ticker":"AAPL","lastTrade":{{"p":1e1,"s":{size},"t":{}}}}}"#,
            NOW_NS - 1_000_000_000
        );
        let tick = tick_of(&row).await;
        assert_eq!((tick.price, tick.size), (10.0, shares), "{size}");
    }
}

#[tokio::test]
async fn ns_values_keep_their_precision() {
    let time_ns = NOW_NS - 123_456_789;
    let row = format!(r#"{{"ticker":"AAPL","lastTrade":{{"p":10,"t":{time_ns}}}}}"#);
    assert_eq!(tick_of(&row).await.time_ns, time_ns);
}

#[tokio::test]
async fn results_null_or_missing() {
    let bench = bench(&["A", "B", "C"]).await;
    let rows = ["A", "B", "C"].map(|name| trade(name, 10.0, NOW_NS - 9));
    let fake = Fake::answering(&[ok(r#"{"tickers":null}"#), ok("{}"), ok(page(&rows))]);
    fake.say(MINUTES, &[ok(r#"{"results":null}"#), ok("{}"), ok(r#"{"results":[]}"#)]);
    let running = fake.feed(&bench).await;
    assert_eq!(bench.state(FeedState::Live).await.missing, bench.symbols);
    assert_eq!(bench.ticks_from(3).await.len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn last_trade_c_null_or_absent() {
    for conditions in [r#""c":null,"#, "", r#""c":[14,41],"#] {
        let row = format!(
            r#"{{"ticker":"AAPL","lastTrade":{{{conditions}"p":10,"s":1,"t":{}}}}}"#,
            NOW_NS - 9
        );
        assert_eq!(tick_of(&row).await.field, PriceField::Trade, "{conditions}");
    }
}

#[tokio::test]
async fn one_bad_row_does_not_spoil_the_page() {
    let bench = bench(&["AAPL", "BAD", "MSFT"]).await;
    let bad = r#"{"ticker":"BAD","lastTrade":{"p":{},"t":[]}}"#.to_owned();
    let rows = [trade("AAPL", 10.0, NOW_NS - 9), bad, trade("MSFT", 11.0, NOW_NS - 9)];
    let fake = Fake::answering(&[ok(page(&rows))]);
    let running = fake.feed(&bench).await;
    let names: Vec<String> =
        bench.ticks_from(2).await.iter().map(|(_, tick)| tick.symbol.to_string()).collect();
    assert_eq!(names, ["AAPL", "MSFT"]);
    running.stop().await;
}

#[tokio::test]
async fn tickers_are_case_sensitive_and_classes_have_dots() {
    let bench = bench(&["BRK.B", "KIM"]).await;
    let rows = [
        trade("KIMpL", 24.0, NOW_NS - 9),
        trade("BRK.B", 480.0, NOW_NS - 9),
        trade("brk.b", 1.0, NOW_NS - 9),
    ];
    let fake = Fake::answering(&[ok(page(&rows))]);
    let running = fake.feed(&bench).await;
    assert_eq!(bench.ticks_from(1).await[0].1.price, 480.0);
    assert_eq!(bench.state(FeedState::Live).await.missing, bench.symbols[1..]);
    running.stop().await;
}

#[tokio::test]
async fn status_delayed_is_a_success() {
    let bench = bench(&["AAPL"]).await;
    let body = page(&[trade("AAPL", 10.0, NOW_NS - 900_000_000_000)]);
    let fake = Fake::answering(&[ok(body.replace("\"OK\"", "\"DELAYED\""))]);
    let running = fake.feed(&bench).await;
    let tick = bench.ticks_from(1).await.remove(0).1;
    assert!(tick.delayed);
    assert_eq!(bench.state(FeedState::Live).await.delay_ms, 900_000);
    running.stop().await;
}

#[tokio::test]
async fn late_missing_or_duplicate_bars() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[good()]);
    let start_ms = NOW_MINUTE_MS - 60_000;
    fake.say(MINUTES, &[ok(minutes(&[start_ms, start_ms, start_ms - 60_000], 9.5))]);
    let running = fake.feed(&bench).await;
    bench.ticks_from(1).await;
    let bars = bench.bars(&bench.symbols[0]).await;
    assert_eq!(bars.keys().copied().collect::<Vec<_>>(), [start_ms - 60_000, start_ms]);
    running.stop().await;
}

#[tokio::test]
async fn a_body_without_end_is_refused_and_the_feed_goes_on() {
    let bench = bench(&["AAPL"]).await;
    let endless = format!(r#"{{"tickers":["{}"]}}"#, "x".repeat(17 * 1024 * 1024));
    let fake = Fake::answering(&[ok(endless), good()]);
    let running = fake.feed(&bench).await;
    let status = bench.state(FeedState::Failing).await;
    assert!(status.detail.contains("more than 16 MiB"), "{}", status.detail);
    bench.ticks_from(1).await;
    running.stop().await;
}
