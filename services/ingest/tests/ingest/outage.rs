//! The server dies and comes back.

use crate::desk::{Bench, SOON};
use ingest::{
    publish::bars::BarWriter,
    source::{
        replay::{Replay, Settings},
        sim::{self, Sim},
    },
};
use proto::{Bar, FeedState, Source, VERSION};
use runtime::testing::eventually;
use std::{collections::BTreeMap, io::Write as _, sync::atomic::Ordering};
use tokio::time::timeout;

const ROWS: u64 = 40_000;

#[tokio::test]
async fn a_tape_loses_and_doubles_nothing_when_the_server_is_killed_in_the_middle() {
    let mut bench = Bench::new(&["ACME"]).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "ticker,price,size,sip_timestamp").unwrap();
    for row in 0..ROWS {
        let time_ns = 1_767_364_200_000_000_000 + row * 10_000_000;
        writeln!(file, "ACME,{}.5,{},{time_ns}", 100 + row % 7, 1 + row % 13).unwrap();
    }
    let settings = Settings { paths: vec![file.path().to_owned()], ..Settings::default() };
    let running = bench.start(Replay::new(settings, &bench.symbols)).await;
    for least in [3_000, 12_000] {
        bench.ticks_from(least).await;
        bench.server.kill();
        bench.server.restart().await.unwrap();
    }
    bench.state(FeedState::Done).await;
    let ticks = bench.all_ticks().await;
    assert_eq!(ticks.len() as u64, ROWS);
    for ((position, tick), row) in ticks.iter().zip(0..) {
        assert_eq!((*position, tick.seq), (row + 1, row + 1));
        assert_eq!(tick.time_ns as u64, 1_767_364_200_000_000_000 + row * 10_000_000);
    }
    let bars = bench.bars(&bench.symbols[0]).await;
    assert_eq!(bars.values().map(|bar| bar.count).sum::<u64>(), ROWS);
    running.stop().await;
}

#[tokio::test]
async fn live_ticks_of_an_outage_are_dropped_while_their_bars_are_whole() {
    let mut bench = Bench::new(&["ACME"]).await;
    let defaults =
        sim::Profile { base_price: 50.0, volatility: 0.02, spread: 0.0005, volume: 90.0 };
    // A second is a minute here: the outage spans several bars.
    let settings = sim::Settings {
        seed: 1,
        interval_ms: 1_000,
        speed: 60.0,
        profiles: BTreeMap::new(),
        defaults,
    };
    let running = bench.start(Sim::new(settings, &bench.symbols)).await;
    let before = bench.ticks_from(30).await.len() as u64;
    bench.server.kill();
    let noticed = async || (!bench.health.report().0).then_some(());
    eventually(SOON, noticed).await.expect("the process says that it has lost the bus");
    bench.server.restart().await.unwrap();
    let ticks = bench.ticks_from(before + 200).await;
    let steps = ticks.windows(2).map(|pair| pair[1].1.seq - pair[0].1.seq);
    assert!(steps.max().unwrap() > 1, "the gap is visible in the numbers");
    // Every minute that a tick came after has its bar, of sixty ticks each.
    let last = ticks.last().unwrap().1.time_ms() / 60_000 * 60_000;
    let whole = eventually(SOON, async || {
        let bars = bench.bars(&bench.symbols[0]).await;
        let first = *bars.keys().next()?;
        let minutes = usize::try_from((last - first) / 60_000).unwrap();
        (bars.range(..last).count() == minutes).then_some(bars)
    });
    let bars = whole.await.expect("a bar for every minute");
    assert!(bars.values().all(|bar| bar.count == 60), "{:?}", bars.values().last());
    running.stop().await;
}

#[tokio::test]
async fn bars_that_a_dying_server_takes_with_it_are_sent_again_all_at_once() {
    const BARS: i64 = 200;
    let mut bench = Bench::new(&["ACME"]).await;
    let bus = bench.server.bus("ingest").await.unwrap();
    let bars = BarWriter::start(bus.clone());
    bench.server.freeze().unwrap();
    let sent = || bus.client().statistics().out_messages.load(Ordering::Relaxed);
    let before = sent();
    for minute in 0..BARS {
        bars.write(bar(&bench, minute)).await;
    }
    // On their way: no answer will come.
    let gone = async || (sent() >= before + BARS as u64).then_some(());
    eventually(SOON, gone).await.expect("the bars are sent");
    bench.server.kill();
    bench.server.restart().await.unwrap();
    timeout(SOON, bars.settle()).await.expect("one wait for all of them, not one for each");
    assert_eq!(bench.bars(&bench.symbols[0]).await.len(), BARS as usize);
}

fn bar(bench: &Bench, minute: i64) -> Bar {
    Bar {
        v: VERSION,
        symbol: bench.symbols[0].clone(),
        start_ms: 1_767_364_200_000 + minute * 60_000,
        open: 1.0,
        high: 1.0,
        low: 1.0,
        close: 1.0,
        volume: 1.0,
        vwap: 1.0,
        count: 1,
        seq: minute as u64 + 1,
        source: Source::Polygon,
    }
}
