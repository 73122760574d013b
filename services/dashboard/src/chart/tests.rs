//! The chart of a symbol: joins, replacements, bounds.

use super::*;
use crate::fake::{bar, symbol, tick};

const START: i64 = 1_795_186_800_000;

fn chart() -> Chart {
    Chart::new(symbol("AAPL"))
}

/// A tick of minute `minute`, `second` seconds in.
fn at(seq: u64, minute: i64, second: i64, price: f64) -> Tick {
    tick(&symbol("AAPL"), seq, price, START + minute * MINUTE_MS + second * 1_000)
}

fn closed(seq: u64, minute: i64, close: f64) -> Bar {
    bar(&symbol("AAPL"), START + minute * MINUTE_MS, 100.0, close, seq)
}

fn minutes(chart: &Chart) -> Vec<i64> {
    chart.starts().map(|start_ms| (start_ms - START) / MINUTE_MS).collect()
}

#[test]
fn live_prices_are_drawn_before_history_is_there() {
    let mut chart = chart();
    assert!(!chart.tick(&at(10, 0, 1, 100.0), 1));
    assert!(!chart.tick(&at(11, 1, 1, 101.0), 1));
    assert_eq!(minutes(&chart), [0]);
    assert_eq!(chart.forming().unwrap().close, 101.0);
    assert!(chart.is_joining());
}

#[test]
fn history_is_joined_to_live_by_seq() {
    let mut chart = chart();
    chart.tick(&at(8, 2, 40, 108.0), 1);
    chart.tick(&at(9, 2, 50, 109.0), 1);
    let history = [at(5, 1, 59, 1.0), at(6, 2, 1, 106.0), at(7, 2, 20, 107.0), at(8, 2, 40, 108.0)];
    chart.join(vec![closed(0, 0, 100.0), closed(5, 1, 105.0)], &history, 9, 2);
    assert_eq!(minutes(&chart), [0, 1]);
    let forming = chart.forming().unwrap();
    assert_eq!((forming.open, forming.close), (106.0, 109.0));
    assert_eq!((forming.count, forming.seq), (4, 9), "each tick is counted once");
    assert!(!chart.is_joining());
}

#[test]
fn a_hole_is_noticed_once_and_filled_without_loss() {
    let mut chart = chart();
    chart.join(Vec::new(), &[], 0, 1);
    chart.tick(&at(1, 0, 1, 101.0), 1);
    assert!(chart.tick(&at(4, 2, 1, 104.0), 2), "2 and 3 are missing");
    assert!(!chart.tick(&at(7, 2, 30, 107.0), 2), "a load is under way");
    let ticks = [at(1, 0, 1, 101.0), at(2, 0, 30, 102.0), at(3, 1, 30, 103.0), at(4, 2, 1, 104.0)];
    let more = [at(5, 2, 2, 95.0), at(6, 2, 3, 106.0), at(7, 2, 30, 107.0)];
    chart.join(Vec::new(), &[ticks.as_slice(), &more].concat(), 4, 3);
    assert_eq!(minutes(&chart), [0, 1]);
    let first = chart.closed_since(0).first().map(|bar| (bar.close, bar.count));
    assert_eq!(first, Some((102.0, 2)), "the minute cut in two is whole");
    let forming = chart.forming().unwrap();
    assert_eq!((forming.low, forming.close, forming.count), (95.0, 107.0, 4));
}

#[test]
fn ticks_that_go_missing_while_a_load_runs_are_loaded_again() {
    let mut chart = chart();
    chart.join(Vec::new(), &[], 0, 1);
    chart.tick(&at(1, 0, 1, 101.0), 1);
    let third = at(3, 0, 3, 103.0);
    chart.tick(&third, 1);
    // The load has been read up to here; it is still on its way when more goes missing.
    let read = [at(1, 0, 1, 101.0), at(2, 0, 2, 120.0), third.clone()];
    chart.tick(&at(6, 1, 6, 106.0), 2);
    let since_ms = chart.join(Vec::new(), &read, 3, 3);
    assert_eq!(since_ms, Some(Some(third.received_ns / 1_000_000)));
    assert!(chart.is_joining());
    assert_eq!(chart.forming().unwrap().close, 106.0, "the last price is drawn meanwhile");
    chart.tick(&at(7, 1, 7, 107.0), 4);
    let rest = [third, at(4, 0, 4, 80.0), at(5, 1, 5, 105.0), at(6, 1, 6, 106.0)];
    assert_eq!(chart.join(Vec::new(), &rest, 6, 5), None);
    assert!(!chart.is_joining());
    let whole = chart.closed_since(0).first().map(|bar| (bar.low, bar.high, bar.count));
    assert_eq!(whole, Some((80.0, 120.0, 4)));
    let forming = chart.forming().unwrap();
    assert_eq!((forming.open, forming.close, forming.count), (105.0, 107.0, 3));
}

#[test]
fn a_minute_from_the_bus_replaces_ours() {
    let mut chart = chart();
    chart.join(Vec::new(), &[], 0, 1);
    chart.tick(&at(1, 0, 1, 101.0), 1);
    chart.tick(&at(2, 1, 1, 102.0), 1);
    chart.bar(closed(1, 0, 100.5), 2);
    assert_eq!(chart.closed_since(1).first().unwrap().close, 100.5);
}

#[test]
fn ours_never_replaces_a_minute_from_the_bus() {
    let mut chart = chart();
    let backfilled = closed(0, 0, 100.5);
    chart.join(vec![backfilled], &[at(1, 0, 1, 101.0), at(2, 1, 1, 102.0)], 0, 1);
    assert_eq!(chart.closed_since(0).first().unwrap().close, 100.5);
    assert_eq!(chart.forming().unwrap().close, 102.0);
}

#[test]
fn pages_are_told_when_a_later_minute_hides_the_forming_one() {
    let mut chart = chart();
    chart.tick(&at(1, 0, 1, 101.0), 1);
    chart.bar(closed(0, 1, 90.0), 2);
    assert_eq!((chart.forming(), chart.forming_at()), (None, 2));
}

#[test]
fn a_minute_closed_by_the_clock_is_no_longer_forming() {
    let mut chart = chart();
    chart.join(Vec::new(), &[], 0, 1);
    chart.tick(&at(1, 0, 1, 101.0), 1);
    chart.bar(closed(1, 0, 101.0), 2);
    assert_eq!(chart.forming(), None);
    assert_eq!(chart.forming_at(), 2, "pages are told");
    chart.tick(&at(2, 0, 59, 99.0), 3);
    chart.tick(&at(3, 1, 1, 103.0), 3);
    assert_eq!(minutes(&chart), [0]);
    assert_eq!(chart.forming().unwrap().open, 103.0);
}

#[test]
fn the_same_bar_again_is_not_sent_again() {
    let mut chart = chart();
    chart.bar(closed(1, 0, 101.0), 1);
    chart.bar(closed(1, 0, 101.0), 2);
    assert_eq!(chart.closed_since(1), Vec::<&Bar>::new());
    chart.bar(closed(1, 0, 102.0), 3);
    assert_eq!(chart.closed_since(2).len(), 1);
}

#[test]
fn a_tape_that_starts_again_begins_a_new_line() {
    let mut chart = chart();
    let replayed = |bar: Bar| Bar { source: Source::Replay, ..bar };
    for minute in 0..30 {
        chart.bar(replayed(closed(minute as u64 + 1, minute, 101.0)), 1);
    }
    chart.tick(&Tick { source: Source::Replay, ..at(99, 0, 1, 101.0) }, 2);
    assert_eq!(minutes(&chart), Vec::<i64>::new());
    assert_eq!(chart.reset_at(), 2);
}

#[test]
fn what_is_loaded_of_a_fast_tape_is_no_new_start() {
    let mut chart = chart();
    let replayed = |bar: Bar| Bar { source: Source::Replay, ..bar };
    for minute in 20..30 {
        chart.bar(replayed(closed(minute as u64 + 1, minute, 101.0)), 1);
    }
    let missed = (0..20).map(|minute| replayed(closed(minute as u64 + 1, minute, 101.0)));
    chart.join(missed.collect(), &[], 0, 2);
    assert_eq!(minutes(&chart), (0..30).collect::<Vec<_>>());
    assert_eq!(chart.reset_at(), 0);
}

#[test]
fn another_source_begins_a_new_line() {
    let mut chart = chart();
    chart.bar(closed(1, 0, 101.0), 1);
    chart.bar(Bar { source: Source::Polygon, ..closed(2, 1, 101.0) }, 2);
    assert_eq!((minutes(&chart), chart.reset_at()), (vec![1], 2));
}

#[test]
fn the_line_is_bounded() {
    let mut chart = chart();
    for minute in 0..i64::try_from(MAX_BARS).unwrap() + 5 {
        chart.bar(closed(0, minute, 101.0), 1);
    }
    assert_eq!(minutes(&chart).len(), MAX_BARS);
    assert_eq!(minutes(&chart).first(), Some(&5));
}

/// The gaps in minutes, from the last price before to the first one after.
fn gaps(chart: &Chart) -> Vec<(i64, i64)> {
    let minute = |ms: i64| (ms - START).div_euclid(MINUTE_MS);
    chart.gaps().into_iter().map(|(from, to)| (minute(from), minute(to))).collect()
}

#[test]
fn minutes_without_a_trade_are_no_gap_and_those_of_a_source_that_was_away_are() {
    let mut chart = chart();
    chart.join(Vec::new(), &[], 0, 1);
    chart.tick(&at(1, 0, 1, 101.0), 1);
    chart.tick(&at(2, 7, 1, 101.0), 2);
    assert_eq!(gaps(&chart), [], "it was quiet");
    chart.tick(&Tick { gap: true, ..at(3, 12, 9, 101.0) }, 3);
    assert_eq!(chart.gaps(), [(at(2, 7, 1, 0.0).time_ms(), at(3, 12, 9, 0.0).time_ms())]);
    assert_eq!(chart.gaps_at(), 3);
    chart.tick(&Tick { gap: true, ..at(4, 13, 1, 101.0) }, 4);
    assert_eq!((chart.gaps().len(), chart.gaps_at()), (1, 3), "both minutes have a bar");
}

#[test]
fn a_gap_is_over_when_the_bus_has_brought_every_minute_of_it() {
    let mut chart = chart();
    chart.join(Vec::new(), &[], 0, 1);
    chart.tick(&at(1, 0, 1, 101.0), 1);
    chart.tick(&Tick { gap: true, ..at(2, 4, 1, 101.0) }, 2);
    for (stamp, minute) in [(3, 3), (4, 1)] {
        chart.bar(closed(1, minute, 101.0), stamp);
        assert_eq!((gaps(&chart), chart.gaps_at()), (vec![(0, 4)], 2));
    }
    chart.bar(closed(1, 2, 101.0), 5);
    assert_eq!((gaps(&chart), chart.gaps_at()), (vec![], 5), "pages are told");
}

#[test]
fn ticks_that_no_stream_has_leave_a_gap_and_are_asked_for_once() {
    let mut chart = chart();
    chart.join(Vec::new(), &[], 0, 1);
    chart.tick(&at(1, 0, 1, 101.0), 1);
    assert!(chart.tick(&at(9, 5, 1, 101.0), 2));
    assert_eq!(gaps(&chart), [], "they may be there");
    let stored = [at(1, 0, 1, 101.0), at(3, 1, 1, 101.0), at(9, 5, 1, 101.0)];
    assert_eq!(chart.join(Vec::new(), &stored, 9, 3), None);
    assert_eq!((gaps(&chart), chart.is_joining()), (vec![(1, 5)], false));
    assert!(!chart.tick(&at(10, 5, 2, 101.0), 4));
}

#[test]
fn a_reconnect_whose_load_has_everything_asks_for_nothing_more() {
    let mut chart = chart();
    chart.join(Vec::new(), &[], 0, 1);
    chart.tick(&at(1, 0, 1, 101.0), 1);
    chart.doubt();
    assert!(!chart.tick(&at(4, 3, 1, 104.0), 2));
    let stored = [at(2, 1, 1, 102.0), at(3, 2, 1, 103.0), at(4, 3, 1, 104.0)];
    assert_eq!(chart.join(Vec::new(), &stored, 1, 3), None);
    assert_eq!((minutes(&chart), gaps(&chart)), (vec![0, 1, 2], vec![]));
}

#[test]
fn a_source_that_comes_back_after_the_history_leaves_a_gap_behind_the_last_bar() {
    let mut chart = chart();
    let back = Tick { gap: true, ..at(8, 6, 1, 101.0) };
    chart.join(vec![closed(7, 2, 101.0)], &[back], 0, 1);
    assert_eq!(gaps(&chart), [(2, 6)]);
}

#[test]
fn gaps_are_bounded_and_go_with_the_bars_around_them() {
    let mut chart = chart();
    chart.join(Vec::new(), &[], 0, 1);
    let away = i64::try_from(MAX_GAPS).unwrap() + 3;
    for visit in 0..away {
        let back = at(visit as u64 + 1, visit * 3, 1, 101.0);
        chart.tick(&Tick { gap: true, ..back }, 1);
    }
    let all = gaps(&chart);
    assert_eq!((all.len(), all.last()), (MAX_GAPS, Some(&(away * 3 - 6, away * 3 - 3))));
    for minute in 0..i64::try_from(MAX_BARS).unwrap() {
        chart.bar(closed(0, away * 3 + minute, 101.0), 2);
    }
    assert_eq!(gaps(&chart), [], "the bars around them are gone");
    chart.tick(&Tick { gap: true, ..at(900, away * 3 + 5_000, 1, 101.0) }, 3);
    chart.bar(Bar { source: Source::Polygon, ..closed(901, 9_000, 101.0) }, 4);
    assert_eq!((gaps(&chart), chart.gaps_at()), (vec![], 4), "another line, no gaps of this one");
}
