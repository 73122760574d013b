//! A real day: every trade of four symbols on 2013-10-07. Skipped where the file is not there.

use crate::desk::Bench;
use ingest::source::replay::{Replay, Settings};
use proto::{FeedState, Symbol};
use std::{collections::BTreeMap, path::PathBuf, time::Instant};

/// Symbol, trades, shares.
pub(crate) const DAY: [(&str, u64, f64); 4] = [
    ("AIG", 25_258, 4_984_309.0),
    ("BAC", 86_434, 60_286_316.0),
    ("IBM", 24_106, 3_753_440.0),
    ("SPY", 241_504, 81_975_673.0),
];

/// The tape, in the folder of `TICKWALL_DATA` or beside the repository.
pub(crate) fn tape(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("TICKWALL_DATA").map_or_else(beside, PathBuf::from);
    let path = folder.join(name);
    if !path.exists() {
        println!("skipped: there is no {}; set TICKWALL_DATA to its folder", path.display());
        return None;
    }
    Some(path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_trade_of_the_day_is_one_tick_and_the_bars_hold_every_share() {
    let Some(path) = tape("trades_v1_20131007.csv.gz") else { return };
    let bench = Bench::new(&DAY.map(|(name, ..)| name)).await;
    let begun = Instant::now();
    let settings = Settings { paths: vec![path], ..Settings::default() };
    let running = bench.start(Replay::new(settings, &bench.symbols)).await;
    bench.state(FeedState::Done).await;
    println!("377,302 ticks in {:?}", begun.elapsed());
    let mut seqs: BTreeMap<Symbol, Vec<u64>> = BTreeMap::new();
    let ticks = bench.all_ticks().await;
    let suspects = ticks.iter().filter(|(_, tick)| tick.suspect.is_some() || tick.gap).count();
    println!("{suspects} suspect ticks");
    assert_eq!(suspects, 0, "real trades are believed");
    for (_, tick) in ticks {
        seqs.entry(tick.symbol).or_default().push(tick.seq);
    }
    for (name, trades, shares) in DAY {
        let symbol = Symbol::parse(name).unwrap();
        assert!(seqs[&symbol].iter().copied().eq(1..=trades), "{name}");
        let bars = bench.bars(&symbol).await;
        assert_eq!(bars.values().map(|bar| bar.volume).sum::<f64>(), shares, "{name}");
        assert_eq!(bars.values().map(|bar| bar.count).sum::<u64>(), trades, "{name}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_days_of_minutes_are_the_bars_they_were() {
    let Some(path) = tape("minute_aggs_v1_20131004_20131007.csv.gz") else { return };
    let bench = Bench::new(&DAY.map(|(name, ..)| name)).await;
    let settings = Settings { paths: vec![path], ..Settings::default() };
    let running = bench.start(Replay::new(settings, &bench.symbols)).await;
    let status = bench.state(FeedState::Done).await;
    assert!(status.detail.contains("17456 ticks"), "four of each of 4,364 rows: {}", status.detail);
    let ticks = bench.all_ticks().await;
    let suspects = ticks.iter().filter(|(_, tick)| tick.suspect.is_some() || tick.gap).count();
    println!("{suspects} suspect ticks");
    assert_eq!(suspects, 0, "real minutes are believed, over a weekend too");
    let mut bars = 0;
    for symbol in &bench.symbols {
        bars += bench.bars(symbol).await.len();
    }
    assert_eq!(bars, 4_364);
    running.stop().await;
}
