//! Quotes into ticks, by every rule.

use super::*;

pub(super) const NOON_NS: i64 = 1_700_049_600_000_000_000;

fn symbol() -> Symbol {
    Symbol::parse("BRK.B").unwrap()
}

pub(super) fn quote(time_ns: i64, price: f64) -> Quote {
    Quote {
        symbol: symbol(),
        price,
        size: 5.0,
        time_ns,
        field: PriceField::Trade,
        delayed: false,
        bid: Some(0.0),
        ask: Some(9.1),
        prev_close: None,
        gap: false,
        received_ns: None,
    }
}

fn normalizer(handling: Handling, last: Option<Tick>) -> Normalizer {
    let last = BTreeMap::from([(symbol(), last)]);
    Normalizer::new(Origin::Polygon, handling, SessionClock::AlwaysOpen, Quality::default(), &last)
}

#[test]
fn numbers_continue_from_the_last_tick_published() {
    let last = Tick { seq: 41, ..bare_tick(quote(NOON_NS, 9.0), Origin::Sim, 41) };
    let mut normalizer = normalizer(Handling::Polled, Some(last));
    let tick = normalizer.tick(quote(NOON_NS - 5, 9.0), NOON_NS).unwrap().tick;
    assert_eq!((tick.seq, tick.received_ns), (42, NOON_NS), "another source's time does not count");
    assert_eq!((tick.bid, tick.ask), (None, Some(9.1)));
}

#[test]
fn a_polled_price_counts_once_also_across_a_restart() {
    let mut first = normalizer(Handling::Polled, None);
    let tick = first.tick(quote(NOON_NS, 9.0), NOON_NS).unwrap().tick;
    assert_eq!(first.tick(quote(NOON_NS, 9.0), NOON_NS), Err(Unfit::Repeated));
    let mut second = normalizer(Handling::Polled, Some(tick));
    assert_eq!(second.tick(quote(NOON_NS, 9.0), NOON_NS), Err(Unfit::Repeated));
    assert_eq!(second.tick(quote(NOON_NS - 1, 9.5), NOON_NS), Err(Unfit::Older));
    assert_eq!(second.tick(quote(NOON_NS, 9.5), NOON_NS).unwrap().tick.seq, 2);
}

#[test]
fn every_row_of_a_tape_is_one_tick() {
    let mut normalizer = normalizer(Handling::Tape, None);
    for seq in 1..=3 {
        assert_eq!(normalizer.tick(quote(NOON_NS, 9.0), NOON_NS).unwrap().tick.seq, seq);
    }
    assert_eq!(normalizer.tick(quote(NOON_NS - 9, 9.0), NOON_NS).unwrap().tick.seq, 4);
}

#[test]
fn what_is_no_price_is_refused_by_name_and_uses_no_number() {
    let mut normalizer = normalizer(Handling::Tape, None);
    for price in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(normalizer.tick(quote(NOON_NS, price), NOON_NS), Err(Unfit::Price));
    }
    assert_eq!(normalizer.tick(quote(NOON_NS / 1_000_000, 9.0), NOON_NS), Err(Unfit::Time));
    let other = Quote { symbol: Symbol::parse("SPY").unwrap(), ..quote(NOON_NS, 9.0) };
    assert_eq!(normalizer.tick(other, NOON_NS), Err(Unfit::Symbol));
    assert_eq!(normalizer.tick(quote(NOON_NS, 9.0), NOON_NS).unwrap().tick.seq, 1);
}

#[test]
fn what_comes_late_or_from_the_future_on_a_live_feed_uses_no_number() {
    let mut normalizer = normalizer(Handling::Streamed, None);
    assert_eq!(normalizer.tick(quote(NOON_NS, 9.0), NOON_NS).unwrap().tick.seq, 1);
    assert_eq!(normalizer.tick(quote(NOON_NS - 1, 9.0), NOON_NS), Err(Unfit::Older));
    let ahead_ns = Quality::default().ahead_ns;
    assert_eq!(normalizer.tick(quote(NOON_NS + ahead_ns + 1, 9.0), NOON_NS), Err(Unfit::Time));
    assert_eq!(normalizer.tick(quote(NOON_NS, 9.0), NOON_NS).unwrap().tick.seq, 2, "another trade");
}

#[test]
fn sides_that_cannot_be_meant_are_left_out_and_counted() {
    let mut normalizer = normalizer(Handling::Polled, None);
    for (sides, left, doubts) in [
        ((Some(9.1), Some(9.0)), (None, None), vec![Doubt::Crossed]),
        ((Some(0.01), Some(9.1)), (None, Some(9.1)), vec![Doubt::Absurd]),
        ((Some(0.01), Some(1e5)), (None, None), vec![Doubt::Absurd, Doubt::Absurd]),
        ((Some(8.9), Some(f64::NAN)), (Some(8.9), None), vec![]),
    ] {
        let time_ns = NOON_NS + i64::try_from(normalizer.lines[&symbol()].seq).unwrap();
        let quote = Quote { bid: sides.0, ask: sides.1, ..quote(time_ns, 9.0) };
        let passed = normalizer.tick(quote, NOON_NS).unwrap();
        assert_eq!((passed.tick.bid, passed.tick.ask), left, "{sides:?}");
        assert_eq!(passed.doubts, doubts, "{sides:?}");
    }
}

#[test]
fn a_suspect_price_is_published_and_numbered_on_every_feed_but_the_simulation() {
    for (handling, expected) in [
        (Handling::Polled, Some(Suspect::Outlier)),
        (Handling::Streamed, Some(Suspect::Outlier)),
        (Handling::Tape, Some(Suspect::Outlier)),
        (Handling::Simulated, None),
    ] {
        let mut normalizer = normalizer(handling, None);
        normalizer.tick(quote(NOON_NS, 9.0), NOON_NS).unwrap();
        let passed = normalizer.tick(quote(NOON_NS + 1, 10.5), NOON_NS).unwrap();
        assert_eq!((passed.tick.seq, passed.tick.suspect), (2, expected), "{handling:?}");
        assert_eq!(passed.turn, expected.map(Turn::Suspected));
        assert_eq!(passed.doubts.contains(&Doubt::Price(Suspect::Outlier)), expected.is_some());
    }
}

#[test]
fn a_tape_may_be_taken_as_it_is() {
    let last = BTreeMap::from([(symbol(), None)]);
    let quality = Quality { on_tapes: false, ..Quality::default() };
    let sessions = SessionClock::AlwaysOpen;
    let mut normalizer = Normalizer::new(Origin::Replay, Handling::Tape, sessions, quality, &last);
    for price in [9.0, 90.0] {
        assert_eq!(normalizer.tick(quote(NOON_NS, price), 0).unwrap().tick.suspect, None);
    }
}

#[test]
fn a_gap_stays_until_a_good_tick_carries_it() {
    let mut normalizer = normalizer(Handling::Streamed, None);
    let mut gap = |after_ns, price, gap| {
        let passed = normalizer.tick(Quote { gap, ..quote(NOON_NS + after_ns, price) }, NOON_NS);
        passed.map(|passed| (passed.tick.gap, passed.tick.suspect.is_some()))
    };
    assert_eq!(gap(10, 9.0, false), Ok((false, false)));
    assert_eq!(gap(5, 9.1, true), Err(Unfit::Older));
    assert_eq!(gap(11, 10.5, false), Ok((true, true)), "suspect: it joins nothing");
    assert_eq!(gap(12, 9.0, false), Ok((true, false)));
    assert_eq!(gap(13, 9.0, false), Ok((false, false)));
}

#[test]
fn a_price_that_stays_away_is_believed_with_a_gap() {
    let mut normalizer = normalizer(Handling::Polled, None);
    let mut next = |second: i64, price| {
        let quote = quote(NOON_NS + second * 1_000_000_000, price);
        let tick = normalizer.tick(quote, NOON_NS + 100_000_000_000).unwrap().tick;
        (tick.suspect.is_some(), tick.gap)
    };
    assert_eq!(next(0, 9.0), (false, false));
    for second in 1..5 {
        assert_eq!(next(second, 10.5), (true, false));
    }
    assert_eq!(next(5, 10.5), (false, true));
    assert_eq!(next(6, 10.5), (false, false));
}

#[test]
fn yesterdays_close_is_neither_judged_nor_a_level() {
    let mut normalizer = normalizer(Handling::Polled, None);
    let mut suspect = |after_ns, price, field| {
        let quote = Quote { field, ..quote(NOON_NS + after_ns, price) };
        normalizer.tick(quote, NOON_NS).unwrap().tick.suspect
    };
    assert_eq!(suspect(0, 5.0, PriceField::PrevDay), None);
    assert_eq!(suspect(1, 9.0, PriceField::Trade), None);
    assert_eq!(suspect(2, 5.0, PriceField::PrevDay), None);
    assert_eq!(suspect(3, 9.1, PriceField::Trade), None);
}

#[test]
fn trust_goes_on_from_the_last_tick_where_that_was_good() {
    let last = bare_tick(quote(NOON_NS, 9.0), Origin::Polygon, 4);
    let mut after_good = normalizer(Handling::Polled, Some(last.clone()));
    let far = quote(NOON_NS + 1, 10.5);
    let passed = after_good.tick(far.clone(), NOON_NS).unwrap();
    assert_eq!(passed.tick.suspect, Some(Suspect::Outlier));
    let suspect = Tick { suspect: Some(Suspect::Outlier), ..last };
    let mut after_suspect = normalizer(Handling::Polled, Some(suspect));
    let passed = after_suspect.tick(far, NOON_NS).unwrap();
    assert_eq!((passed.tick.suspect, passed.tick.gap), (None, true));
}
