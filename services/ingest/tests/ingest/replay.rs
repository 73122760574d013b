//! Tapes: every row, in order, once, across stops and kills.

use crate::desk::{Bench, Running, SOON, test_data};
use ingest::{
    publish::TapeWriter,
    source::replay::{Replay, Settings},
};
use proto::{
    ClockKind, FeedState, Message as _, PriceField, Progress, Session, Source, Symbol, Tick,
    stream::PROGRESS, subject::key,
};
use runtime::testing::eventually;
use std::collections::BTreeMap;

fn settings(name: &str) -> Settings {
    Settings { paths: vec![test_data(name)], ..Settings::default() }
}

async fn replay(bench: &Bench, settings: Settings) -> Running {
    bench.start(Replay::new(settings, &bench.symbols)).await
}

/// What a tape says, without what differs between runs.
fn said(ticks: &[(u64, Tick)]) -> Vec<(Symbol, i64, f64, f64)> {
    let say = |(_, tick): &(u64, Tick)| (tick.symbol.clone(), tick.time_ns, tick.price, tick.size);
    ticks.iter().map(say).collect()
}

#[tokio::test]
async fn every_sound_row_is_one_tick_and_bad_rows_are_counted_by_name() {
    let bench = Bench::new(&["BRK.B", "ACME"]).await;
    let running = replay(&bench, settings("trades_v1_by_time.csv")).await;
    let status = bench.state(FeedState::Done).await;
    assert_eq!((status.source, status.clock, status.speed), (Source::Replay, ClockKind::Tape, 0.0));
    assert!(
        status.detail.contains("210 ticks") && status.detail.contains("6 bad rows"),
        "{status:?}"
    );
    assert!(
        bench.health.report().0,
        "a tape that is over is no fault: {:?}",
        bench.health.report()
    );
    let ticks = bench.all_ticks().await;
    assert_eq!(ticks.len(), 210);
    for (symbol, count) in [("ACME", 120), ("BRK.B", 90)] {
        let symbol = Symbol::parse(symbol).unwrap();
        let own: Vec<_> = ticks.iter().filter(|(_, tick)| tick.symbol == symbol).collect();
        assert!(own.iter().map(|(_, tick)| tick.seq).eq(1..=count), "{symbol}");
        let volume: f64 = own.iter().map(|(_, tick)| tick.size).sum();
        let bars = bench.bars(&symbol).await;
        assert_eq!(bars.values().map(|bar| bar.volume).sum::<f64>(), volume, "{symbol}");
        assert_eq!(bars.values().map(|bar| bar.count).sum::<u64>(), count, "{symbol}");
    }
    for (_, tick) in &ticks {
        assert_eq!((tick.session, tick.field), (Session::Regular, PriceField::Trade));
        assert_eq!(tick.check(), Ok(()));
        assert!(tick.received_ns > tick.time_ns);
    }
    running.stop().await;
    assert_eq!(bench.state(FeedState::Done).await.detail, status.detail);
}

#[tokio::test]
async fn a_file_sorted_by_ticker_gives_the_ticks_of_the_same_file_sorted_by_time() {
    let mut tapes = Vec::new();
    for name in ["trades_v1_by_time.csv", "trades_v1_by_ticker.csv"] {
        let bench = Bench::new(&["ACME", "BRK.B"]).await;
        let running = replay(&bench, settings(name)).await;
        bench.state(FeedState::Done).await;
        tapes.push(said(&bench.all_ticks().await));
        running.stop().await;
    }
    assert_eq!(tapes[0].len(), 210);
    assert_eq!(tapes[0], tapes[1]);
}

#[tokio::test]
async fn minutes_come_back_as_the_bars_they_are() {
    let bench = Bench::new(&["ACME", "BRK.B"]).await;
    let running = replay(&bench, settings("minute_aggs_v1.csv")).await;
    bench.state(FeedState::Done).await;
    let text = std::fs::read_to_string(test_data("minute_aggs_v1.csv")).unwrap();
    let mut expected: BTreeMap<Symbol, Vec<[f64; 6]>> = BTreeMap::new();
    for row in text.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let number = |index: usize| fields[index].parse::<f64>().unwrap();
        let row = [number(6) / 1e6, number(2), number(4), number(5), number(3), number(1)];
        expected.entry(Symbol::parse(fields[0]).unwrap()).or_default().push(row);
    }
    for (symbol, rows) in expected {
        let bars = bench.bars(&symbol).await;
        let bars: Vec<_> = bars
            .values()
            .map(|bar| [bar.start_ms as f64, bar.open, bar.high, bar.low, bar.close, bar.volume])
            .collect();
        assert_eq!(bars, rows, "{symbol}");
    }
    let times: Vec<i64> = bench.all_ticks().await.iter().map(|(_, tick)| tick.time_ns).collect();
    assert!(times.is_sorted());
    running.stop().await;
}

#[tokio::test]
async fn a_tape_ends_where_it_is_told_to() {
    let bench = Bench::new(&["ACME", "BRK.B"]).await;
    let until = Some(jiff::civil::time(9, 32, 0, 0));
    let running = replay(&bench, Settings { until, ..settings("minute_aggs_v1.csv") }).await;
    let status = bench.state(FeedState::Done).await;
    assert!(status.detail.contains("16 ticks"), "two minutes of two symbols: {}", status.detail);
    running.stop().await;
}

#[tokio::test]
async fn a_killed_replay_goes_on_where_it_was_and_a_stopped_one_begins_anew() {
    let bench = Bench::new(&["ACME", "BRK.B"]).await;
    // The tape lasts some four minutes: at 60x it is certainly not over within the first ticks.
    let slow = Settings { speed: Some(60.0), ..settings("trades_v1_by_time.csv") };
    let first = replay(&bench, slow.clone()).await;
    bench.ticks_from(40).await;
    let run = bench.state(FeedState::Live).await;
    first.kill().await;
    let second = replay(&bench, settings("trades_v1_by_time.csv")).await;
    let resumed = bench.state(FeedState::Done).await;
    assert_eq!((&resumed.run, resumed.start_position), (&run.run, run.start_position));
    let ticks = bench.all_ticks().await;
    assert_eq!(ticks.len(), 210);
    for symbol in &bench.symbols {
        let own: Vec<_> = ticks.iter().filter(|(_, tick)| tick.symbol == *symbol).collect();
        assert!(own.iter().map(|(_, tick)| tick.seq).eq(1..=own.len() as u64), "{symbol}");
        let bars = bench.bars(symbol).await;
        let volume: f64 = own.iter().map(|(_, tick)| tick.size).sum();
        assert_eq!(bars.values().map(|bar| bar.volume).sum::<f64>(), volume, "{symbol}");
        assert_eq!(bars.values().next_back().unwrap().seq, own.len() as u64, "{symbol}");
    }
    second.stop().await;

    let third = replay(&bench, slow).await;
    let anew =
        bench.status(|status| status.run != run.run && status.state == FeedState::Live).await;
    assert_eq!(anew.start_position, 210);
    bench.ticks_from(230).await;
    third.stop().await;
    let stopped = bench.state(FeedState::Done).await;
    assert!(stopped.detail.contains("by request"), "{stopped:?}");
    let fourth = replay(&bench, settings("trades_v1_by_time.csv")).await;
    let again = bench.status(|s| s.run != anew.run && s.state == FeedState::Done).await;
    let ticks = bench.all_ticks().await;
    let of_run: Vec<_> = ticks.into_iter().filter(|(at, _)| *at > again.start_position).collect();
    assert_eq!(of_run.len(), 210);
    let acme = bench.symbols[0].clone();
    let own = bench.ticks(&acme).await;
    assert!(own.iter().map(|tick| tick.seq).eq(1..=own.len() as u64), "numbers go on for ever");
    fourth.stop().await;
}

#[tokio::test]
async fn a_tape_that_cannot_be_replayed_fails_in_words_and_the_process_lives() {
    let bench = Bench::new(&["NONE"]).await;
    let running = replay(&bench, settings("trades_v1_by_time.csv")).await;
    let status = bench.state(FeedState::Failing).await;
    assert!(status.detail.contains("no row of the configured symbols"), "{status:?}");
    let (well, report) = bench.health.report();
    assert!(!well, "{report}");
    assert!(!running.task.is_finished());
    running.stop().await;
}

#[tokio::test]
async fn a_tape_waits_for_its_slowest_reader() {
    let bench = Bench::new(&["ACME"]).await;
    let bus = bench.server.bus("ingest").await.unwrap();
    let mut writer = TapeWriter::new(bus, "run-1", 0, &bench.symbols).with_lead(10);
    let progress = async |reader: &str, run: &str, position| {
        let reported = Progress { v: 1, run: run.to_owned(), position, time_ns: 0 };
        let service = bench.server.bus(reader).await.unwrap();
        service.kv(&PROGRESS).put(&key::progress(reader), &reported).await.unwrap();
    };
    progress("executor", "run-0", 1).await;
    progress("strategy", "run-1", 20).await;
    let heard = async || (writer.slowest() == Some(20)).then_some(());
    eventually(SOON, heard).await.expect("the strategy's word is heard");
    let writing = tokio::spawn(async move {
        for seq in 1..=60 {
            writer.write(&tick(seq)).await;
        }
        writer.settle().await;
    });
    // The strategy has taken 20, the executor's word is about another run: 30 may be there.
    assert_eq!(bench.ticks_from(30).await.len(), 30);
    progress("executor", "run-1", 25).await;
    progress("strategy", "run-1", 55).await;
    assert_eq!(bench.ticks_from(35).await.len(), 35);
    assert!(!writing.is_finished());
    progress("executor", "run-1", 50).await;
    assert_eq!(bench.ticks_from(60).await.len(), 60);
    writing.await.unwrap();
}

pub(crate) fn tick(seq: u64) -> Tick {
    Tick {
        v: 1,
        symbol: Symbol::parse("ACME").unwrap(),
        seq,
        price: 1.0,
        size: 1.0,
        time_ns: 1_700_000_000_000_000_000,
        received_ns: 0,
        source: Source::Replay,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        suspect: None,
    }
}
