//! The plans of the key, told by what an answer holds.

use super::*;
use proto::{Entitlement, FeedState, FeedStatus, PriceField, Tick};

const PLAN: &str = r#"{"status":"NOT_AUTHORIZED","request_id":"1","message":"You are not entitled to this data. Please upgrade your plan at https://massive.com/pricing"}"#;
const TIMEFRAME: &str = r#"{"status":"NOT_AUTHORIZED","request_id":"1","message":"Your plan doesn't include this data timeframe. Please upgrade your plan at https://polygon.io/pricing"}"#;
const GROUPED_DAY: &str = r#"{"queryCount":2,"resultsCount":2,"adjusted":true,"status":"OK","results":[
    {"T":"ZZZ","v":1.0,"c":1,"t":1754596800000},
    {"T":"AAPL","v":9.5595226e+07,"vw":156.8,"o":156,"c":156.8,"h":157,"l":155,"t":1754596800000,"n":8}]}"#;

/// What a feed of AAPL makes of one row.
async fn plan_of(row: &str) -> (FeedStatus, Tick, usize) {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[ok(page(&[format!(r#"{{"ticker":"AAPL",{row}}}"#)]))]);
    let running = fake.feed_with(&bench, |settings| settings.interval = SOON).await;
    let tick = bench.ticks_from(1).await.remove(0).1;
    let status = bench.state(FeedState::Live).await;
    running.stop().await;
    (status, tick, fake.asked(SNAPSHOTS).len())
}

const MINUTE: &str =
    r#""min":{"c":10.5,"t":1754662440000,"v":5},"day":{"c":10.4},"prevDay":{"c":10}"#;

#[tokio::test]
async fn starter_has_no_trade_and_no_quote_and_is_behind() {
    let (status, tick, asked) = plan_of(MINUTE).await;
    assert_eq!((status.entitlement, status.delay_ms), (Some(Entitlement::Starter), 900_000));
    assert!(status.detail.contains("15 minutes behind by the key's Starter plan"), "{status:?}");
    assert_eq!((tick.field, tick.price, tick.delayed), (PriceField::Minute, 10.5, true));
    assert_eq!(asked, 1, "the answer that decides is the first poll");
}

#[tokio::test]
async fn developer_has_trades_and_is_behind() {
    let trade = format!(r#""lastTrade":{{"p":10.6,"s":3,"t":1754662500000000000}},{MINUTE}"#);
    let (status, tick, asked) = plan_of(&trade).await;
    assert_eq!((status.entitlement, status.delay_ms), (Some(Entitlement::Developer), 900_000));
    assert_eq!((tick.field, tick.price, tick.delayed), (PriceField::Trade, 10.6, true));
    assert_eq!((tick.bid, asked), (None, 1));
}

#[tokio::test]
async fn advanced_has_quotes_and_is_in_real_time() {
    let quote = r#""lastTrade":{"p":10.6,"t":1754663429000000000},"lastQuote":{"P":10.7,"p":10.5}"#;
    let (status, tick, asked) = plan_of(quote).await;
    assert_eq!((status.entitlement, status.delay_ms), (Some(Entitlement::Advanced), 0));
    assert!(status.detail.contains("in real time by the key's Advanced plan"), "{status:?}");
    assert_eq!((tick.bid, tick.ask, tick.delayed), (Some(10.5), Some(10.7), false));
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn business_has_a_fair_market_value() {
    let value = r#""lastTrade":{"p":10.6,"t":1754663429000000000},"lastQuote":{},"fmv":10.6"#;
    let (status, tick, _) = plan_of(value).await;
    assert_eq!((status.entitlement, status.delay_ms), (Some(Entitlement::Business), 0));
    assert!(!tick.delayed);
}

#[tokio::test]
async fn where_no_ticker_is_known_the_plan_is_asked_for_again_with_the_next_poll() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[ok(r#"{"status":"OK","tickers":[]}"#), ok("{}"), good()]);
    let running = fake.feed(&bench).await;
    let status = bench.state(FeedState::Live).await;
    assert_eq!(status.entitlement, None);
    let decided = bench.status(|status| status.entitlement.is_some()).await;
    assert_eq!(decided.entitlement, Some(Entitlement::Advanced));
    bench.ticks_from(1).await;
    running.stop().await;
}

#[tokio::test]
async fn free_has_the_closes_of_the_last_session_in_one_call_and_is_not_asked_in_a_loop() {
    let bench = bench(&["AAPL", "TINY", "NONE"]).await;
    let fake = Fake::answering(&[refused(403, PLAN)]);
    fake.say(GROUPED, &[ok(GROUPED_DAY)]);
    let tiny =
        r#"{"results":[{"T":"TINY","v":95595226.0,"c":3.5,"t":1754596800000}],"status":"OK"}"#;
    let none = r#"{"ticker":"NONE","queryCount":0,"resultsCount":0,"adjusted":true,"status":"OK"}"#;
    fake.say(PREVIOUS, &[ok(tiny), ok(none)]);
    // No history: it would use the minute's calls up.
    fake.say(MINUTES, &[refused(403, TIMEFRAME)]);
    let running = fake.feed(&bench).await;
    let ticks = bench.ticks_from(1).await;
    let status = bench.status(|status| status.state == FeedState::Live).await;
    assert_eq!(status.entitlement, Some(Entitlement::Free));
    let words = "the key's plan is free: end-of-day prices only; a Starter plan gives prices 15 minutes behind, an Advanced one in real time";
    assert!(status.detail.contains(words), "{}", status.detail);
    let aapl = &ticks[0].1;
    assert_eq!((aapl.price, aapl.field, aapl.delayed), (156.8, PriceField::PrevDay, true));
    assert_eq!(aapl.time_ns, CLOSED_NS, "the bar's own time");
    assert!(fake.asked(GROUPED)[0].uri.contains("/stocks/2025-08-07?"));
    fake.asked_times(PREVIOUS, 2).await;
    // The next minute's calls are not ours to wait for: five at most went out in this one.
    let asked = fake.asked("").len();
    assert!(asked <= 5, "{asked} calls in the first minute");
    assert_eq!((fake.asked(SNAPSHOTS).len(), fake.asked(GROUPED).len()), (1, 1));
    running.stop().await;
}

#[tokio::test]
async fn free_asks_again_only_when_another_session_is_there() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[refused(403, PLAN)]);
    fake.say(GROUPED, &[ok(GROUPED_DAY)]);
    fake.say(MINUTES, &[refused(403, TIMEFRAME)]);
    let running = fake.feed(&bench).await;
    bench.ticks_from(1).await;
    // The evening of the same day: its own session is not there before tomorrow.
    bench.clock.set(NOW_NS + 8 * 3_600_000_000_000);
    let again =
        eventually(Duration::from_secs(3), async || (fake.asked(GROUPED).len() > 1).then_some(()));
    assert!(again.await.is_none(), "nothing new to ask for");
    let friday = GROUPED_DAY.replace("156.8", "160.5").replace("1754596800000", "1754683200000");
    fake.say(GROUPED, &[ok(friday)]);
    bench.clock.set(NOW_NS + 16 * 3_600_000_000_000);
    let ticks = bench.ticks_from(2).await;
    assert_eq!((ticks[1].1.price, ticks[1].1.time_ns), (160.5, CLOSED_NS + 86_400_000_000_000));
    assert!(fake.asked(GROUPED)[1].uri.contains("/stocks/2025-08-08?"));
    assert_eq!(fake.asked(SNAPSHOTS).len(), 2, "whether the plan is free is asked once a session");
    running.stop().await;
}

#[tokio::test]
async fn free_goes_back_a_session_when_the_last_one_is_refused_or_empty() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[refused(403, PLAN)]);
    let empty = r#"{"queryCount":0,"resultsCount":0,"adjusted":true,"status":"OK"}"#;
    let day = GROUPED_DAY.replace("1754596800000", "1754424000000");
    fake.say(GROUPED, &[refused(403, TIMEFRAME), ok(empty), ok(day)]);
    fake.say(MINUTES, &[refused(403, TIMEFRAME)]);
    let running = fake.feed(&bench).await;
    let tick = bench.ticks_from(1).await.remove(0).1;
    assert_eq!(tick.time_ns, CLOSED_NS - 2 * 86_400_000_000_000);
    assert_eq!(fake.asked(GROUPED).len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn free_where_not_even_closes_are_allowed_says_so_once_and_waits() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[refused(403, PLAN)]);
    fake.say(GROUPED, &[refused(403, PLAN)]);
    fake.say(MINUTES, &[refused(403, PLAN)]);
    let running = fake.feed(&bench).await;
    let status = bench.state(FeedState::Failing).await;
    assert!(status.detail.contains("does not include this (HTTP 403: You are not"), "{status:?}");
    assert_eq!(status.entitlement, Some(Entitlement::Free));
    let (well, report) = bench.health.report();
    assert!(!well && !report.to_string().contains(KEY), "{report}");
    let again = eventually(Duration::from_secs(3), async || {
        (fake.asked("/stocks").len() > 2).then_some(())
    });
    assert!(again.await.is_none(), "a refusal for good is left alone for minutes");
    running.stop().await;
}

#[tokio::test]
async fn a_plan_that_changes_is_noticed() {
    let bench = bench(&["AAPL"]).await;
    let lower = ok(page(&[format!(r#"{{"ticker":"AAPL",{MINUTE}}}"#)]));
    let fake = Fake::answering(&[good(), lower]);
    let running = fake.feed(&bench).await;
    bench.status(|status| status.entitlement == Some(Entitlement::Advanced)).await;
    let status = bench.status(|status| status.entitlement == Some(Entitlement::Starter)).await;
    assert_eq!(status.delay_ms, 900_000);
    running.stop().await;
}

#[tokio::test]
async fn one_refusal_takes_no_paid_plan_away_and_two_in_a_row_do() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[good(), refused(403, PLAN), good()]);
    fake.say(GROUPED, &[ok(GROUPED_DAY)]);
    let doubt = Duration::from_millis(500);
    let running = fake.feed_with(&bench, |settings| settings.pace.doubt = doubt).await;
    let status = bench.state(FeedState::Failing).await;
    assert_eq!(status.entitlement, Some(Entitlement::Advanced), "{status:?}");
    assert!(status.detail.contains("HTTP 403"), "{status:?}");
    let status = bench.state(FeedState::Live).await;
    assert_eq!(status.entitlement, Some(Entitlement::Advanced));
    assert!(fake.asked(GROUPED).is_empty(), "no closes of the free plan");
    fake.say(SNAPSHOTS, &[refused(403, PLAN)]);
    let status = bench.status(|status| status.entitlement == Some(Entitlement::Free)).await;
    assert!(status.detail.contains("HTTP 403"), "{status:?}");
    running.stop().await;
}
