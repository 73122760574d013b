//! Polls: how many, when, and what becomes of what they tell.

use super::*;
use proto::{ClockKind, FeedState, PriceField, Source, Transport};

#[tokio::test]
async fn all_symbols_are_asked_for_at_once_and_what_repeats_itself_counts_once() {
    let bench = bench(&["AAPL", "BRK.B", "NONE"]).await;
    let time_ns = NOW_NS - 5_000_000_000;
    let zero = r#"{"ticker":"BRK.B","lastTrade":{"p":0,"t":0},"min":{"c":0,"t":0},
        "day":{"c":0},"prevDay":{"c":480.5}}"#;
    let first = page(&[zero.to_owned(), trade("AAPL", 10.0, time_ns), "17".to_owned()]);
    let fake = Fake::answering(&[ok(first)]);
    let running = fake.feed(&bench).await;
    let status = bench.state(FeedState::Live).await;
    assert_eq!(
        (status.source, status.clock, status.interval_ms, status.transport),
        (Source::Polygon, ClockKind::Wall, 1_000, Some(Transport::Poll))
    );
    assert_eq!(status.missing, [bench.symbols[2].clone()]);
    assert!(status.detail.contains("unknown there: NONE"), "{status:?}");
    fake.asked_times(SNAPSHOTS, 3).await;
    fake.say(SNAPSHOTS, &[ok(page(&[zero.to_owned(), trade("AAPL", 10.5, time_ns + 5)]))]);
    let ticks = bench.ticks_from(3).await;
    let said: Vec<_> = ticks
        .iter()
        .map(|(_, tick)| (tick.symbol.as_str(), tick.seq, tick.price, tick.field))
        .collect();
    let expected = [
        ("AAPL", 1, 10.0, PriceField::Trade),
        ("BRK.B", 1, 480.5, PriceField::PrevDay),
        ("AAPL", 2, 10.5, PriceField::Trade),
    ];
    assert_eq!(said, expected);
    let aapl = &ticks[0].1;
    assert_eq!((aapl.time_ns, aapl.size, aapl.bid, aapl.ask), (time_ns, 15.0, None, Some(10.01)));
    assert_eq!((aapl.prev_close, aapl.received_ns, aapl.gap), (Some(9.0), NOW_NS, false));
    assert_eq!(ticks[1].1.time_ns, CLOSED_NS);
    for asked in fake.asked(SNAPSHOTS) {
        let expected = "/v2/snapshot/locale/us/markets/stocks/tickers?tickers=AAPL%2CBRK.B%2CNONE&include_otc=false";
        assert_eq!(asked.uri, expected);
    }
    running.stop().await;
}

#[tokio::test]
async fn the_key_stands_in_a_header_and_in_no_address_and_answers_may_be_packed() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[good()]);
    fake.say(MINUTES, &[refused(500, "")]);
    let running = fake.feed(&bench).await;
    bench.ticks_from(1).await;
    for asked in fake.asked("") {
        let header = |name: &str| asked.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("authorization"), format!("Bearer {KEY}"));
        assert!(header("accept-encoding").contains("gzip"));
        assert_eq!(header("accept"), "application/json");
        assert!(!asked.uri.contains(KEY), "{}", asked.uri);
    }
    running.stop().await;
}

#[tokio::test]
async fn twenty_symbols_cost_one_request_per_interval() {
    let names: Vec<String> = (0..20_u8).map(|n| format!("S{}", char::from(b'A' + n))).collect();
    let bench = bench(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let rows: Vec<String> = names.iter().map(|name| trade(name, 10.0, NOW_NS - 9)).collect();
    let fake = Fake::answering(&[ok(page(&rows))]);
    let started = tokio::time::Instant::now();
    let running = fake.feed(&bench).await;
    fake.asked_times(SNAPSHOTS, 5).await;
    let intervals = started.elapsed().as_secs() as usize;
    let asked = fake.asked(SNAPSHOTS).len();
    assert!(asked <= intervals + 2, "{asked} requests in {intervals} intervals");
    assert_eq!(bench.all_ticks().await.len(), 20);
    running.stop().await;
}

#[tokio::test]
async fn more_symbols_than_a_page_holds_are_asked_for_page_by_page_and_one_page_may_fail() {
    let name = |n: u16| {
        format!("{}{}", char::from(b'A' + (n / 26) as u8), char::from(b'A' + (n % 26) as u8))
    };
    let names: Vec<String> = (0..501).map(name).collect();
    let bench = bench(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let first = page(&[trade("AA", 10.0, NOW_NS - 9)]);
    let last = page(&[trade(&names[500], 11.0, NOW_NS - 9)]);
    // The probe is one page alone; of the other two one fails.
    let fake = Fake::answering(&[ok(first.clone()), refused(502, "<html>"), ok(last), ok(first)]);
    let running = fake.feed_with(&bench, |settings| settings.interval = SOON).await;
    let ticks = bench.ticks_from(2).await;
    assert_eq!(ticks.len(), 2);
    let status = bench.state(FeedState::Live).await;
    assert!(
        status.detail.contains("some are missing this time: Polygon does not answer (HTTP 502)")
    );
    let counts: Vec<usize> =
        fake.asked(SNAPSHOTS).iter().map(|asked| asked.uri.matches("%2C").count() + 1).collect();
    assert_eq!((counts[0], counts.len(), counts.iter().sum::<usize>()), (250, 3, 501));
    running.stop().await;
}

#[tokio::test]
async fn an_empty_list_is_never_sent_for_it_means_every_ticker() {
    let bench = bench(&[]).await;
    let fake = Fake::answering(&[good()]);
    let running = fake.feed(&bench).await;
    let asked = eventually(Duration::from_secs(3), async || fake.asked("").pop()).await;
    assert!(asked.is_none(), "{asked:?}");
    running.stop().await;
}

#[tokio::test]
async fn an_answer_that_comes_when_the_next_poll_is_due_is_dropped_and_said() {
    let bench = bench(&["AAPL"]).await;
    let late = ok(page(&[trade("AAPL", 10.2, NOW_NS - 9)])).slow(Duration::from_millis(1_500));
    let fake = Fake::answering(&[good(), late, good()]);
    let running = fake.feed(&bench).await;
    let status = bench.state(FeedState::Failing).await;
    assert!(status.detail.contains("lengthen [polygon] interval"), "{}", status.detail);
    bench.state(FeedState::Live).await;
    assert_eq!(bench.all_ticks().await.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn the_forming_bar_is_whole_after_a_restart_and_thin_symbols_are_closed_by_the_clock() {
    let bench = bench(&["AAPL"]).await;
    let time_ns = NOW_NS - 20_000_000_000;
    let fake = Fake::answering(&[ok(page(&[trade("AAPL", 10.0, time_ns)]))]);
    let first = fake.feed(&bench).await;
    bench.ticks_from(1).await;
    fake.say(SNAPSHOTS, &[ok(page(&[trade("AAPL", 9.5, time_ns + 1)]))]);
    bench.ticks_from(2).await;
    first.kill().await;
    fake.say(SNAPSHOTS, &[ok(page(&[trade("AAPL", 10.2, time_ns + 2)]))]);
    let second = fake.feed(&bench).await;
    bench.ticks_from(3).await;
    // Its end, the interval and the way: not before.
    bench.clock.set((NOW_MINUTE_MS + 60_000) * 1_000_000 + 5_000_000_000);
    let bar = eventually(SOON, async || bench.bars(&bench.symbols[0]).await.into_values().next());
    let bar = bar.await.expect("the bar of the first minute, without a later tick");
    assert_eq!((bar.open, bar.low, bar.high, bar.close), (10.0, 9.5, 10.2, 10.2));
    assert_eq!((bar.count, bar.seq, bar.volume), (3, 3, 45.0));
    second.stop().await;
}
