//! Loads that can be counted, slow clients, and markets that walk.

use crate::client::{Socket, at, with};
use runtime::{clock::Clock, testing::eventually};
use std::{collections::BTreeMap, time::Duration};
use testkit::polygon::{Config, Load, Plan, Polygon, Walk};

const OPEN: &str = "2026-08-10T10:00";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_numbers_its_trades_without_a_hole() {
    let polygon = at(OPEN).await;
    let pairs = "T.AAPL,T.MSFT,T.BRK.B";
    let mut socket = Socket::subscribed(&polygon.realtime_ws_url(), Plan::Advanced, pairs).await;
    polygon.load(Load { per_second: 4_000, events_per_frame: 50 });
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    let mut take = |frame: Vec<serde_json::Value>| -> i64 {
        for trade in &frame {
            let number = last.entry(trade["sym"].as_str().unwrap().to_owned()).or_default();
            assert_eq!(trade["q"], *number + 1);
            *number += 1;
        }
        last.values().sum()
    };
    let mut taken = 0;
    while taken < 4_000 {
        taken = take(socket.frame().await);
    }
    polygon.stop_load();
    let sent = |polygon: &Polygon| polygon.load_sent().values().sum::<u64>().cast_signed();
    while taken < sent(&polygon) {
        taken = take(socket.frame().await);
    }
    assert_eq!(polygon.load_sent().len(), 3);
    assert_eq!(polygon.slow_consumers(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_nothing_is_cut() {
    for told in [true, false] {
        let polygon = with(OPEN, |config| {
            config.buffer_bytes = 1_000_000;
            config.slow_told = told;
        })
        .await;
        let mut socket =
            Socket::subscribed(&polygon.realtime_ws_url(), Plan::Advanced, "T.*").await;
        polygon.load(Load { per_second: 200_000, events_per_frame: 1_000 });
        let cut = async || (polygon.slow_consumers() > 0).then_some(());
        assert!(eventually(Duration::from_mins(1), cut).await.is_some());
        polygon.stop_load();
        let mut words = None;
        while let Ok(message) = socket.next().await {
            words = message.into_text().ok().filter(|text| text.contains("slow_consumer"));
        }
        assert_eq!(words.is_some(), told);
    }
}

#[tokio::test]
async fn a_walk_follows_its_clock_and_its_seed() {
    let config = Config { clock: Clock::wall(), ..Config::default() };
    let polygon = Polygon::start(config).await.unwrap();
    let mut socket = Socket::subscribed(&polygon.realtime_ws_url(), Plan::Advanced, "T.*").await;
    polygon.walk(Walk { seed: 7, per_second: 200.0 });
    let mut seen = 0;
    while seen < 50 {
        for trade in socket.frame().await {
            let price = trade["p"].as_f64().unwrap();
            assert!((150.0..550.0).contains(&price), "{trade}");
            seen += 1;
        }
    }
    polygon.stop_walk();
}
