//! What becomes a price, and what a minute.

use super::*;
use crate::source::polygon::stream::frames::decode;
use proptest::prelude::*;

const CALENDAR: &str = include_str!("../../../../../../../config/market_calendar.toml");
/// Friday 2026-11-20 in New York: 10:00 and 07:00.
const REGULAR_MS: i64 = 1_795_186_800_000;
const PRE_MS: i64 = REGULAR_MS - 3 * 3_600_000;
/// What is later is not believed.
const LATEST_MS: i64 = REGULAR_MS + 120_000;

fn shaper() -> Shaper {
    let symbols = ["A", "BRK.B"].map(|name| Symbol::parse(name).unwrap());
    Shaper::new(&symbols, Calendar::parse(CALENDAR).unwrap(), false)
}

fn take(shaper: &mut Shaper, items: &[String]) -> Shaped {
    let text = format!("[{}]", items.join(","));
    let frame = decode(text.as_bytes());
    assert_eq!((frame.malformed, frame.unknown), (0, 0), "{text}");
    shaper.take(frame.events, LATEST_MS)
}

fn trade(symbol: &str, price: f64, size: f64, time_ms: i64, sequence: i64) -> String {
    format!(r#"{{"ev":"T","sym":"{symbol}","p":{price},"s":{size},"t":{time_ms},"q":{sequence}}}"#)
}

fn marked(price: f64, size: f64, time_ms: i64, conditions: &str) -> String {
    format!(r#"{{"ev":"T","sym":"A","p":{price},"s":{size},"t":{time_ms},"c":[{conditions}]}}"#)
}

fn window(kind: &str, start_ms: i64, close: f64, volume: f64) -> String {
    let end_ms = start_ms + if kind == "A" { 1_000 } else { 60_000 };
    format!(
        r#"{{"ev":"{kind}","sym":"A","o":1,"h":9,"l":1,"c":{close},"v":{volume},"vw":2.5,"a":7,"z":4,
            "s":{start_ms},"e":{end_ms}}}"#
    )
}

fn prices(shaped: &Shaped) -> Vec<(f64, f64)> {
    shaped.quotes.iter().map(|quote| (quote.price, quote.size)).collect()
}

#[test]
fn a_trade_is_a_price_of_its_own_time() {
    let shaped = take(&mut shaper(), &[trade("BRK.B", 480.5, 3.0, REGULAR_MS, 1)]);
    let [quote] = shaped.quotes.as_slice() else { panic!("{shaped:?}") };
    assert_eq!((quote.symbol.as_str(), quote.price, quote.size), ("BRK.B", 480.5, 3.0));
    assert_eq!((quote.time_ns, quote.field), (REGULAR_MS * 1_000_000, PriceField::Trade));
    assert!(!quote.gap && !quote.delayed && shaped.alive);
}

#[test]
fn trades_of_a_frame_are_taken_by_time_and_number() {
    let shaped = take(
        &mut shaper(),
        &[
            trade("A", 3.0, 1.0, REGULAR_MS + 1, 7),
            trade("A", 2.0, 1.0, REGULAR_MS, 6),
            trade("A", 1.0, 1.0, REGULAR_MS, 5),
        ],
    );
    assert_eq!(prices(&shaped), [(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]);
}

#[test]
fn a_bid_and_ask_make_no_price_and_are_carried_by_the_trades_after_them() {
    let mut shaper = shaper();
    let book = |fields: &str, time_ms| format!(r#"{{"ev":"Q","sym":"A",{fields},"t":{time_ms}}}"#);
    let both = take(
        &mut shaper,
        &[
            trade("A", 1.0, 1.0, REGULAR_MS, 1),
            book(r#""bp":0.9,"ap":1.1"#, REGULAR_MS + 1),
            trade("A", 2.0, 1.0, REGULAR_MS + 2, 2),
            trade("BRK.B", 2.0, 1.0, REGULAR_MS + 2, 2),
        ],
    );
    let sides = |shaped: &Shaped| -> Vec<_> {
        shaped.quotes.iter().map(|quote| (quote.bid, quote.ask)).collect()
    };
    assert_eq!(sides(&both), [(None, None), (Some(0.9), Some(1.1)), (None, None)]);
    let alone = take(&mut shaper, &[book(r#""bp":0.8"#, REGULAR_MS + 3)]);
    assert!(alone.quotes.is_empty() && alone.alive);
    let one_sided = take(&mut shaper, &[trade("A", 2.0, 1.0, REGULAR_MS + 4, 3)]);
    assert_eq!(sides(&one_sided), [(Some(0.8), None)]);
}

#[test]
fn sales_that_do_not_update_the_last_price_are_none_and_their_shares_count_with_the_next() {
    let mut shaper = shaper();
    for (nth, code) in (0..).zip(["2", "7", "20", "22", "14,32", "52", "53"]) {
        let none = take(&mut shaper, &[marked(90.0, 10.0, REGULAR_MS + nth, code)]);
        assert!(none.quotes.is_empty() && none.alive, "{code}");
    }
    // The exchange's word for its auction is no trade at all.
    for code in ["15", "16"] {
        let none = take(&mut shaper, &[marked(90.0, 1e6, REGULAR_MS + 8, code)]);
        assert!(none.quotes.is_empty(), "{code}");
    }
    let next = take(&mut shaper, &[marked(9.0, 5.0, REGULAR_MS + 9, "14,41")]);
    assert_eq!(prices(&next), [(9.0, 75.0)]);
}

#[test]
fn prices_from_the_future_are_set_apart_and_change_nothing() {
    let mut shaper = shaper();
    shaper.lost();
    let early = take(&mut shaper, &[trade("A", 9.0, 5.0, LATEST_MS + 1, 1)]);
    assert_eq!((early.quotes.len(), early.ahead.len(), early.early), (0, 1, 1));
    assert!(!early.ahead[0].gap);
    let next = take(&mut shaper, &[trade("A", 8.0, 5.0, REGULAR_MS, 2)]);
    assert!(next.quotes[0].gap && next.ahead.is_empty());
}

#[test]
fn odd_lots_are_no_price_and_their_shares_count_with_the_next() {
    let mut shaper = shaper();
    let odd = take(&mut shaper, &[marked(9.0, 7.0, REGULAR_MS, "14,37")]);
    assert!(odd.quotes.is_empty() && odd.alive);
    let even = take(&mut shaper, &[marked(8.0, 100.0, REGULAR_MS + 1, "14")]);
    assert_eq!(prices(&even), [(8.0, 107.0)]);
    let next = take(&mut shaper, &[marked(8.0, 100.0, REGULAR_MS + 2, "")]);
    assert_eq!(prices(&next), [(8.0, 100.0)], "once");
}

#[test]
fn form_t_is_a_price_in_the_extended_hours_only() {
    let mut shaper = shaper();
    assert_eq!(prices(&take(&mut shaper, &[marked(9.0, 5.0, PRE_MS, "12")])), [(9.0, 5.0)]);
    assert!(take(&mut shaper, &[marked(8.0, 5.0, REGULAR_MS, "12")]).quotes.is_empty());
    assert!(take(&mut shaper, &[marked(8.0, 5.0, PRE_MS, "12,37")]).quotes.is_empty());
}

#[test]
fn a_second_is_a_price_at_its_last_millisecond_and_sent_again_it_is_none() {
    let mut shaper = shaper();
    let first = take(&mut shaper, &[window("A", REGULAR_MS, 5.0, 70.0)]);
    let [quote] = first.quotes.as_slice() else { panic!("{first:?}") };
    assert_eq!((quote.price, quote.size, quote.field), (5.0, 70.0, PriceField::Second));
    assert_eq!(quote.time_ns, (REGULAR_MS + 999) * 1_000_000);
    let again = take(&mut shaper, &[window("A", REGULAR_MS, 6.0, 90.0)]);
    assert!(again.quotes.is_empty() && again.alive);
    let next = take(&mut shaper, &[window("A", REGULAR_MS + 1_000, 6.0, 1.0)]);
    assert_eq!(prices(&next), [(6.0, 1.0)]);
    shaper.lost();
    let after = take(&mut shaper, &[window("A", REGULAR_MS + 1_000, 6.0, 1.0)]);
    assert!(after.quotes[0].gap, "what another connection said is for the normalizer to know");
}

#[test]
fn a_time_in_the_future_costs_its_own_event_and_silences_no_symbol() {
    let mut shaper = shaper();
    shaper.lost();
    let far_ms = 4_070_908_800_000;
    let early = take(
        &mut shaper,
        &[
            window("A", far_ms, 5.0, 70.0),
            window("AM", far_ms, 5.0, 70.0),
            window("AM", LATEST_MS, 5.0, 70.0),
            trade("A", 9.0, 1.0, LATEST_MS + 1, 1),
            marked(9.0, 7.0, LATEST_MS + 1, "37"),
            format!(r#"{{"ev":"Q","sym":"A","bp":7.0,"t":{far_ms}}}"#),
        ],
    );
    assert_eq!((early.quotes.len(), early.bars.len()), (0, 0), "{early:?}");
    assert_eq!((early.early, early.malformed, early.alive), (6, 0, true));
    let good = take(&mut shaper, &[window("A", REGULAR_MS, 6.0, 1.0)]);
    let [quote] = good.quotes.as_slice() else { panic!("{good:?}") };
    assert_eq!((quote.price, quote.size, quote.bid, quote.gap), (6.0, 1.0, None, true));
    assert_eq!(good.early, 0);
}

#[test]
fn a_minute_goes_out_each_time_it_is_sent() {
    let mut shaper = shaper();
    for volume in [40.0, 60.0] {
        let taken = take(&mut shaper, &[window("AM", REGULAR_MS, 5.0, volume)]);
        let [bar] = taken.bars.as_slice() else { panic!("{taken:?}") };
        assert_eq!((bar.start_ms, bar.open, bar.high, bar.low), (REGULAR_MS, 1.0, 9.0, 1.0));
        assert_eq!((bar.close, bar.volume, bar.vwap), (5.0, volume, 2.5));
        assert_eq!((bar.count, bar.seq, bar.source), ((volume / 4.0) as u64, 0, Origin::Polygon));
        assert!(taken.quotes.is_empty());
    }
}

#[test]
fn a_minute_that_is_none_is_counted_as_malformed() {
    let shaped = take(
        &mut shaper(),
        &[
            window("AM", REGULAR_MS + 500, 5.0, 1.0),
            window("AM", REGULAR_MS, 10.0, 1.0),
            window("AM", REGULAR_MS, 5.0, 1.0),
        ],
    );
    assert_eq!((shaped.bars.len(), shaped.malformed), (1, 2));
}

#[test]
fn tickers_that_were_not_asked_for_are_passed_over() {
    let shaped = take(&mut shaper(), &[trade("KIMpL", 1.0, 1.0, REGULAR_MS, 1)]);
    assert_eq!(shaped, Shaped::default());
}

#[test]
fn after_a_lost_connection_the_first_price_of_each_symbol_says_gap() {
    let mut shaper = shaper();
    take(
        &mut shaper,
        &[
            format!(r#"{{"ev":"Q","sym":"A","bp":0.9,"t":{REGULAR_MS}}}"#),
            trade("A", 1.0, 1.0, REGULAR_MS, 1),
        ],
    );
    shaper.lost();
    let taken = take(
        &mut shaper,
        &[
            trade("A", 0.0, 1.0, REGULAR_MS + 1, 2),
            trade("A", 1.0, 1.0, REGULAR_MS + 2, 3),
            trade("A", 1.0, 1.0, REGULAR_MS + 3, 4),
            trade("BRK.B", 1.0, 1.0, REGULAR_MS + 4, 1),
        ],
    );
    let gaps: Vec<_> = taken.quotes.iter().map(|quote| (quote.gap, quote.bid)).collect();
    assert_eq!(gaps, [(false, None), (true, None), (false, None), (true, None)]);
}

#[test]
fn a_delayed_stream_says_so_on_every_price() {
    let mut shaper = shaper();
    shaper.set_delayed();
    assert!(take(&mut shaper, &[trade("A", 1.0, 1.0, REGULAR_MS, 1)]).quotes[0].delayed);
}

proptest! {
    #[test]
    fn shares_are_neither_lost_nor_made_up(
        trades in prop::collection::vec((1_u32..900, any::<bool>()), 0..40), cut in 0_usize..40,
    ) {
        let mut shaper = shaper();
        let whole: u32 = trades.iter().map(|(size, _)| size).sum();
        let items: Vec<String> = trades.iter().enumerate().map(|(index, (size, odd))| {
            let time_ms = REGULAR_MS + i64::try_from(index).unwrap();
            marked(1.0, f64::from(*size), time_ms, if *odd { "37" } else { "" })
        }).collect();
        let (first, second) = items.split_at(cut.min(items.len()));
        let mut sum = 0.0;
        for part in [first, second, &[marked(1.0, 0.0, REGULAR_MS + 99, "")]] {
            sum += take(&mut shaper, part).quotes.iter().map(|quote| quote.size).sum::<f64>();
        }
        prop_assert_eq!(sum, f64::from(whole));
    }
}
