//! The simulated feed on the bus.

use crate::desk::{Bench, Running};
use ingest::source::sim::{Market, Profile, Settings, Sim};
use proto::{ClockKind, FeedState, Session, Source};
use std::collections::BTreeMap;

fn settings() -> Settings {
    let defaults = Profile { base_price: 50.0, volatility: 0.02, spread: 0.0005, volume: 90.0 };
    Settings { seed: 1, interval_ms: 100, speed: 1.0, profiles: BTreeMap::new(), defaults }
}

async fn simulate(bench: &Bench) -> Running {
    bench.start(Sim::new(settings(), &bench.symbols)).await
}

#[tokio::test]
async fn a_session_of_bars_stands_before_the_first_tick_and_prices_are_the_functions() {
    let bench = Bench::new(&["AAPL", "BRK.B"]).await;
    let running = simulate(&bench).await;
    let ticks = bench.ticks_from(20).await;
    let status = bench.state(FeedState::Live).await;
    assert_eq!((status.source, status.clock), (Source::Sim, ClockKind::Tape));
    assert_eq!((status.start_position, status.interval_ms), (0, 100));
    let mut market = Market::new(&settings(), &bench.symbols);
    for pair in ticks.chunks_exact(2) {
        let quotes = market.quotes(pair[0].1.time_ms());
        for ((_, tick), quote) in pair.iter().zip(quotes) {
            assert_eq!(
                (&tick.symbol, tick.price, tick.size),
                (&quote.symbol, quote.price, quote.size)
            );
            assert_eq!(
                (tick.bid, tick.ask, tick.prev_close),
                (quote.bid, quote.ask, quote.prev_close)
            );
            assert_eq!(tick.session, Session::Regular);
        }
    }
    let first = ticks[0].1.time_ms() / 60_000 * 60_000;
    for symbol in &bench.symbols {
        let bars = bench.bars(symbol).await;
        // The running minute may begin between the last bar and the first tick.
        let history = bars.range(..first).count();
        assert!(history >= 390, "{symbol}: {history} bars before the first tick");
        assert!(bars.values().all(|bar| bar.count == 600), "sixty seconds of ten ticks");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_restart_continues_the_numbers_and_the_path() {
    let bench = Bench::new(&["AAPL"]).await;
    let first = simulate(&bench).await;
    bench.ticks_from(5).await;
    let run = bench.state(FeedState::Live).await.run;
    first.kill().await;
    let held = bench.all_ticks().await.len() as u64;
    let second = simulate(&bench).await;
    let ticks = bench.ticks_from(held + 10).await;
    let anew = bench.status(|status| status.run != run).await;
    assert_eq!(anew.start_position, held);
    assert!(ticks.iter().map(|(_, tick)| tick.seq).eq(1..=ticks.len() as u64));
    assert!(ticks.iter().map(|(_, tick)| tick.time_ns).is_sorted());
    second.stop().await;
}
