//! The snapshot's fields through the day, as they were recorded.

use super::*;
use proto::{PriceField, Session, Tick};

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// Midnight of that Friday in New York.
const MIDNIGHT_NS: i64 = NOW_NS - 10 * HOUR - 30 * 60 * SECOND - 30 * SECOND;

/// The tick of a row seen at a time of that day.
async fn tick_at(since_midnight: i64, row: &str) -> Tick {
    let mut bench = bench(&["PHYS"]).await;
    bench.clock = Clock::standing_at(MIDNIGHT_NS + since_midnight);
    let fake = Fake::answering(&[ok(format!(r#"{{"tickers":[{row}]}}"#))]);
    let running = fake.feed(&bench).await;
    let tick = bench.ticks_from(1).await.remove(0).1;
    running.stop().await;
    tick
}

/// A row with these of today's values.
fn row(values: &str) -> String {
    format!(
        r#"{{"ticker":"PHYS","todaysChangePerc":0,"todaysChange":0,{values},
        "prevDay":{{"o":16.85,"h":16.9826,"l":16.85,"c":16.9826,"v":1903,"vw":16.9094}}}}"#
    )
}

const ZERO_DAY: &str = r#""day":{"o":0,"h":0,"l":0,"c":0,"v":0,"vw":0}"#;
const ZERO_QUOTE: &str = r#""lastQuote":{"P":0,"S":0,"p":0,"s":0,"t":0}"#;
const ZERO_TRADE: &str = r#""lastTrade":{"i":"","p":0,"s":0,"t":0,"x":0}"#;
const ZERO_MINUTE: &str = r#""min":{"av":0,"t":0,"n":0,"o":0,"h":0,"l":0,"c":0,"v":0,"vw":0}"#;

#[tokio::test]
async fn at_half_past_three_all_is_zero_and_the_previous_close_stands() {
    let zeros = [ZERO_DAY, ZERO_QUOTE, ZERO_TRADE, ZERO_MINUTE, r#""updated":0"#].join(",");
    let tick = tick_at(3 * HOUR + 1_800 * SECOND, &row(&zeros)).await;
    assert_eq!((tick.price, tick.field), (16.9826, PriceField::PrevDay));
    assert_eq!((tick.time_ns, tick.bid, tick.ask), (CLOSED_NS, None, None));
}

#[tokio::test]
async fn before_the_open_trades_are_there_and_the_day_is_zero() {
    let at = MIDNIGHT_NS + 6 * HOUR;
    let values = format!(
        r#""updated":{},{ZERO_DAY},"lastQuote":{{"P":17.99,"S":3,"p":17.97,"s":3,"t":{at}}},
        "lastTrade":{{"c":[14,12,41],"i":"52983525028914","p":17.96,"s":200,"t":{at},"x":8}},
        "min":{{"av":1100,"t":{},"n":1,"o":17.96,"h":17.96,"l":17.96,"c":17.96,"v":200,"vw":17.96}}"#,
        at + 30 * SECOND,
        at / 1_000_000
    );
    let tick = tick_at(6 * HOUR + 660 * SECOND, &row(&values)).await;
    assert_eq!((tick.price, tick.field, tick.session), (17.96, PriceField::Trade, Session::Pre));
    assert_eq!((tick.time_ns, tick.size), (at, 200.0));
    assert_eq!((tick.bid, tick.ask, tick.prev_close), (Some(17.97), Some(17.99), Some(16.9826)));
}

#[tokio::test]
async fn before_the_open_quotes_alone_make_no_price_of_today() {
    let at = MIDNIGHT_NS + 4 * HOUR;
    let quote = format!(r#""lastQuote":{{"P":17.2,"p":17.1,"t":{at}}}"#);
    let values = [ZERO_DAY, &quote, ZERO_TRADE, ZERO_MINUTE, r#""updated":0"#].join(",");
    let tick = tick_at(4 * HOUR + SECOND, &row(&values)).await;
    assert_eq!((tick.price, tick.field), (16.9826, PriceField::PrevDay));
    assert_eq!((tick.bid, tick.ask), (Some(17.1), Some(17.2)));
}

#[tokio::test]
async fn in_the_session_the_minute_stands_in_for_a_trade_with_its_own_time_in_milliseconds() {
    let minute_ms = NOW_MINUTE_MS - 60_000;
    let values = format!(
        r#""updated":{},"day":{{"o":17,"h":17.2,"l":17,"c":17.1,"v":1.231597e+06,"dv":"1231597.0"}},
        "min":{{"av":37216,"dav":"37216.0","c":17.15,"t":{minute_ms},"n":1,"v":5000,"dv":"5000.0"}}"#,
        (minute_ms + 60_000) * 1_000_000
    );
    let tick = tick_at(10 * HOUR + 1_830 * SECOND, &row(&values)).await;
    assert_eq!((tick.price, tick.field, tick.size), (17.15, PriceField::Minute, 0.0));
    assert_eq!((tick.time_ns, tick.session), (minute_ms * 1_000_000, Session::Regular));
}

#[tokio::test]
async fn after_the_close_trades_go_on_and_belong_to_the_evening() {
    let at = MIDNIGHT_NS + 17 * HOUR;
    let values = format!(
        r#""updated":{at},"day":{{"c":17.1}},"lastTrade":{{"c":[12],"p":17.3,"s":1,"t":{at}}}"#
    );
    let tick = tick_at(18 * HOUR, &row(&values)).await;
    assert_eq!((tick.price, tick.session, tick.time_ns), (17.3, Session::Post, at));
}

#[tokio::test]
async fn a_close_whose_trade_is_gone_carries_the_time_of_the_last_update() {
    let at = MIDNIGHT_NS + 16 * HOUR;
    let values =
        [&format!(r#""updated":{at},"day":{{"c":17.1}}"#), ZERO_TRADE, ZERO_MINUTE].join(",");
    let tick = tick_at(21 * HOUR, &row(&values)).await;
    assert_eq!((tick.price, tick.field, tick.time_ns), (17.1, PriceField::Day, at));
}

#[tokio::test]
async fn in_the_evening_the_previous_close_is_still_the_session_befores() {
    let zeros = [ZERO_DAY, ZERO_TRADE, ZERO_MINUTE, r#""updated":0"#].join(",");
    for since_midnight in [17 * HOUR, 24 * HOUR, 27 * HOUR + 1_799 * SECOND] {
        let tick = tick_at(since_midnight, &row(&zeros)).await;
        assert_eq!((tick.price, tick.field), (16.9826, PriceField::PrevDay));
        assert_eq!(
            tick.time_ns,
            CLOSED_NS,
            "Thursday's, {} s after midnight",
            since_midnight / SECOND
        );
    }
}

#[tokio::test]
async fn on_a_weekend_kept_values_and_zeros_are_both_told_with_fridays_time() {
    let friday = MIDNIGHT_NS + 16 * HOUR;
    let kept = format!(r#""updated":{friday},"lastTrade":{{"p":17.1,"s":1,"t":{friday}}}"#);
    let saturday = 36 * HOUR;
    let tick = tick_at(saturday, &row(&kept)).await;
    assert_eq!((tick.price, tick.time_ns), (17.1, friday));
    let zeros = [ZERO_DAY, ZERO_QUOTE, ZERO_TRADE, ZERO_MINUTE, r#""updated":0"#].join(",");
    let tick = tick_at(saturday, &row(&zeros)).await;
    assert_eq!((tick.price, tick.field), (16.9826, PriceField::PrevDay));
    assert_eq!(tick.time_ns, friday, "the close before Saturday");
}

#[tokio::test]
async fn a_holiday_is_zeros_all_day_and_no_price_is_zero() {
    let mut bench = bench(&["PHYS"]).await;
    // Labor Day 2025, noon: the last session was Friday 29 August.
    bench.clock = Clock::standing_at(1_756_742_400_000_000_000);
    let zeros = [ZERO_DAY, ZERO_QUOTE, ZERO_TRADE, ZERO_MINUTE, r#""updated":0"#].join(",");
    let fake = Fake::answering(&[ok(format!(r#"{{"tickers":[{}]}}"#, row(&zeros)))]);
    let running = fake.feed(&bench).await;
    let tick = bench.ticks_from(1).await.remove(0).1;
    assert_eq!((tick.price, tick.time_ns), (16.9826, 1_756_497_600_000_000_000));
    running.stop().await;
}

#[tokio::test]
async fn a_new_listing_without_a_previous_day_has_no_price_and_is_not_missing() {
    let bench = bench(&["NEW", "PHYS"]).await;
    let new = r#"{"ticker":"NEW","day":{"c":0},"prevDay":{"c":0}}"#;
    let rows = format!(r#"{{"tickers":[{new},{}]}}"#, row(r#""updated":0"#));
    let fake = Fake::answering(&[ok(rows)]);
    let running = fake.feed(&bench).await;
    let ticks = bench.ticks_from(1).await;
    assert_eq!(ticks[0].1.symbol.as_str(), "PHYS");
    assert!(bench.state(proto::FeedState::Live).await.missing.is_empty());
    running.stop().await;
}
