//! Whatever a source gives, ticks are sound and numbered without a gap.

use super::{rules::YEAR_2000_NS, *};
use proptest::prelude::*;
use proto::Message as _;

proptest! {
    #[test]
    fn whatever_passes_is_a_sound_message_numbered_without_a_gap(
        quotes in prop::collection::vec(
            (any::<f64>(), any::<f64>(), any::<f64>(), YEAR_2000_NS - 9..YEAR_2000_NS + 9), 0..60,
        ),
        which in 0_usize..4,
    ) {
        let symbol = Symbol::parse("A").unwrap();
        let all = [Handling::Polled, Handling::Streamed, Handling::Tape, Handling::Simulated];
        let last = BTreeMap::from([(symbol.clone(), None)]);
        let (sessions, quality) = (SessionClock::AlwaysOpen, Quality::default());
        let mut normalizer =
            Normalizer::new(Origin::Replay, all[which], sessions, quality, &last);
        let mut seq = 0;
        for (price, size, bid, time_ns) in quotes {
            let quote = Quote {
                symbol: symbol.clone(), price, size, time_ns, field: PriceField::Trade,
                delayed: false, bid: Some(bid), ask: None, prev_close: Some(size), gap: false, received_ns: None,
            };
            if let Ok(Passed { tick, .. }) = normalizer.tick(quote, YEAR_2000_NS) {
                seq += 1;
                prop_assert_eq!(tick.seq, seq);
                prop_assert_eq!(tick.check(), Ok(()));
            }
        }
    }

    #[test]
    fn a_tape_is_judged_alike_whether_or_not_its_reader_was_killed(
        prices in prop::collection::vec(1.0_f64..200.0, 1..80), cut in 0_usize..80,
    ) {
        let symbol = Symbol::parse("A").unwrap();
        let normalizer = |last: Option<Tick>| {
            let last = BTreeMap::from([(symbol.clone(), last)]);
            let (sessions, quality) = (SessionClock::AlwaysOpen, Quality::default());
            Normalizer::new(Origin::Replay, Handling::Tape, sessions, quality, &last)
        };
        let quote = |(second, price): (i64, &f64)| Quote {
            symbol: symbol.clone(), price: *price, size: 1.0,
            time_ns: YEAR_2000_NS + second * 20_000_000_000, field: PriceField::Trade,
            delayed: false, bid: None, ask: None, prev_close: None, gap: false, received_ns: None,
        };
        let quotes: Vec<Quote> = (0..).zip(&prices).map(quote).collect();
        let mut whole = normalizer(None);
        let ticks: Vec<Tick> =
            quotes.iter().map(|quote| whole.tick(quote.clone(), 0).unwrap().tick).collect();
        let cut = cut.min(ticks.len());
        let mut resumed = normalizer(ticks[..cut].last().cloned());
        for quote in &quotes[..cut] {
            resumed.pass_over(quote.clone());
        }
        for (quote, tick) in quotes[cut..].iter().zip(&ticks[cut..]) {
            prop_assert_eq!(&resumed.tick(quote.clone(), 0).unwrap().tick, tick);
        }
    }
}
