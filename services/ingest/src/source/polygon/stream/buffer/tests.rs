//! Whatever the taker does, the buffer is bounded and says what it did.

use super::*;
use futures_util::FutureExt as _;
use proptest::prelude::*;
use proto::{PriceField, Source};

fn quote(symbol: &str, time_ns: i64, size: f64) -> Quote {
    Quote {
        symbol: Symbol::parse(symbol).unwrap(),
        price: time_ns as f64,
        size,
        time_ns,
        field: PriceField::Trade,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        received_ns: None,
    }
}

fn bar(symbol: &str, start_ms: i64, volume: f64) -> Bar {
    Bar {
        v: proto::VERSION,
        symbol: Symbol::parse(symbol).unwrap(),
        start_ms,
        open: 1.0,
        high: 1.0,
        low: 1.0,
        close: 1.0,
        volume,
        vwap: 1.0,
        count: 1,
        seq: 0,
        source: Source::Polygon,
    }
}

fn down(words: &str) -> StreamEvent {
    StreamEvent::Down { words: words.to_owned() }
}

fn drain(buffer: &mut Buffer) -> Vec<StreamEvent> {
    std::iter::from_fn(|| buffer.take()).collect()
}

#[test]
fn everything_comes_out_in_the_order_it_was_put_in() {
    let mut buffer = Buffer::new(10, 2);
    buffer.quotes(vec![quote("A", 1, 1.0), quote("A", 2, 1.0)]);
    buffer.bars(vec![bar("A", 0, 1.0)]);
    buffer.quotes(vec![quote("B", 3, 1.0)]);
    buffer.say(down("x"));
    buffer.quotes(vec![quote("B", 4, 1.0)]);
    assert_eq!(
        drain(&mut buffer),
        [
            StreamEvent::Quotes(vec![quote("A", 1, 1.0), quote("A", 2, 1.0)]),
            StreamEvent::Bars(vec![bar("A", 0, 1.0)]),
            StreamEvent::Quotes(vec![quote("B", 3, 1.0)]),
            down("x"),
            StreamEvent::Quotes(vec![quote("B", 4, 1.0)]),
        ]
    );
    assert_eq!(buffer.take(), None);
}

#[test]
fn a_slow_taker_gets_the_newest_trade_of_each_symbol_with_the_shares_of_all() {
    let mut buffer = Buffer::new(8, 2);
    buffer.quotes((0..5).map(|number| quote("A", number, 2.0)).collect());
    buffer.quotes(vec![quote("B", 9, 1.0)]);
    buffer.quotes((5..8).map(|number| quote("A", number, 2.0)).collect());
    assert_eq!(buffer.take_conflated(), 7);
    assert_eq!(buffer.take_conflated(), 0, "told once");
    let newest = Quote { gap: true, ..quote("A", 7, 16.0) };
    assert_eq!(drain(&mut buffer), [StreamEvent::Quotes(vec![newest, quote("B", 9, 1.0)])]);
}

#[test]
fn what_comes_late_is_not_the_newest() {
    let mut buffer = Buffer::new(1, 0);
    buffer.quotes(vec![quote("A", 5, 1.0), quote("A", 4, 1.0)]);
    let newest = Quote { gap: true, ..quote("A", 5, 2.0) };
    assert_eq!(drain(&mut buffer), [StreamEvent::Quotes(vec![newest])]);
}

#[test]
fn minutes_are_never_dropped_and_one_sent_again_replaces_the_one_in_waiting() {
    let mut buffer = Buffer::new(4, 1);
    for minute in 0..600 {
        buffer.bars(vec![bar("A", minute * 60_000, 1.0)]);
        buffer.quotes((0..9).map(|number| quote("A", minute * 10 + number, 1.0)).collect());
        buffer.bars(vec![bar("A", minute * 60_000, 2.0)]);
    }
    let bars: Vec<Bar> = drain(&mut buffer)
        .into_iter()
        .flat_map(|event| if let StreamEvent::Bars(bars) = event { bars } else { Vec::new() })
        .collect();
    assert_eq!(bars, (0..600).map(|minute| bar("A", minute * 60_000, 2.0)).collect::<Vec<_>>());
}

#[test]
fn the_last_words_are_kept_and_the_first_of_very_many_are_not() {
    let mut buffer = Buffer::new(4, 1);
    for number in 0..100 {
        buffer.say(down(&number.to_string()));
    }
    let words = drain(&mut buffer);
    assert_eq!((words.len(), words.last()), (MOST_WORDS, Some(&down("99"))));
}

#[tokio::test]
async fn a_taker_that_gives_up_waiting_loses_nothing() {
    let shared = Shared::new(10, 1);
    assert!(shared.next().now_or_never().is_none());
    shared.put(|buffer| buffer.say(down("x")));
    assert_eq!(shared.next().await, down("x"));
}

proptest! {
    #[test]
    fn it_is_bounded_and_loses_neither_shares_nor_the_newest_price(
        trades in prop::collection::vec((0_usize..3, 0_i64..50, 1_u32..100, any::<bool>()), 0..200),
        capacity in 1_usize..20,
    ) {
        let names = ["A", "B", "C"];
        let mut buffer = Buffer::new(capacity, names.len());
        let (mut put, mut got) = ([0.0; 3], [0.0; 3]);
        let mut out: Vec<Quote> = Vec::new();
        for (which, time_ns, size, take) in &trades {
            put[*which] += f64::from(*size);
            buffer.quotes(vec![quote(names[*which], *time_ns, f64::from(*size))]);
            prop_assert!(buffer.quotes.len() <= capacity.max(12));
            if *take && let Some(StreamEvent::Quotes(quotes)) = buffer.take() {
                out.extend(quotes);
            }
        }
        while let Some(StreamEvent::Quotes(quotes)) = buffer.take() {
            out.extend(quotes);
        }
        for quote in &out {
            got[names.iter().position(|name| *name == quote.symbol.as_str()).unwrap()] += quote.size;
        }
        prop_assert_eq!(put, got);
        for (which, name) in names.iter().enumerate() {
            let newest = trades.iter().filter(|trade| trade.0 == which).map(|trade| trade.1).max();
            let kept = out.iter().filter(|quote| quote.symbol.as_str() == *name);
            prop_assert_eq!(kept.map(|quote| quote.time_ns).max(), newest);
        }
    }
}
