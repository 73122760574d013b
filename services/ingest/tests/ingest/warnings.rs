//! What a live feed says when the machine is at fault, and which time a price carries.

use crate::desk::{Bench, SOON, calendar};
use ingest::source::{Backfill, Condition, Description, Earlier, Event, Handling, Quote, Source};
use proto::{ClockKind, FeedState, PriceField, Source as Origin, Symbol};
use runtime::{clock::Clock, testing::eventually};
use tokio::sync::mpsc;

const SECOND: i64 = 1_000_000_000;
/// Friday 2026-11-20, 10:00 in New York.
const NOW: i64 = 1_795_186_800 * SECOND;

/// A live source that says what it is told to.
struct Told(mpsc::Receiver<Event>);

impl Source for Told {
    fn describe(&self) -> Description {
        Description {
            origin: Origin::Polygon,
            clock: ClockKind::Wall,
            interval_ms: 1_000,
            speed: 1.0,
            handling: Handling::Streamed,
            tape: None,
        }
    }

    async fn prepare(&mut self, _: Earlier) -> Result<(Condition, Backfill), String> {
        Ok((Condition::new(FeedState::Live, "all is well"), Backfill::default()))
    }

    async fn next(&mut self) -> Event {
        match self.0.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

fn quote(symbol: &Symbol, time_ns: i64, received_ns: Option<i64>) -> Quote {
    Quote {
        symbol: symbol.clone(),
        price: 9.0,
        size: 1.0,
        time_ns,
        field: PriceField::Trade,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        received_ns,
    }
}

fn health(bench: &Bench, check: &str) -> Option<(bool, String)> {
    let report = bench.health.report().1;
    let check = report["checks"].get(check)?;
    Some((check["well"].as_bool()?, check["words"].as_str()?.to_owned()))
}

#[tokio::test]
async fn a_clock_behind_the_feed_is_told_in_health_and_status_until_prices_pass() {
    let mut bench = Bench::new(&["ACME"]).await;
    bench.clock = Clock::standing_at(NOW - 90 * SECOND);
    let (tell, told) = mpsc::channel(8);
    let feed = bench.start(Told(told)).await;
    let quotes = |from: i64, count: i64| {
        let quote = |n| quote(&bench.symbols[0], NOW + from + n, None);
        Event::Quotes((0..count).map(quote).collect())
    };
    tell.send(quotes(0, 20)).await.unwrap();
    let status = bench.status(|status| status.detail.contains("clock")).await;
    assert_eq!(status.state, FeedState::Failing);
    assert!(status.detail.contains("clock is 90 s behind the feed: set it (NTP)"), "{status:?}");
    let (well, words) = health(&bench, "clock").unwrap();
    assert_eq!((well, words), (false, status.detail));
    // A word of the source's own does not cover it up.
    let word = Condition { delay_ms: 7, ..Condition::new(FeedState::Live, "as ever") };
    tell.send(Event::Condition(word)).await.unwrap();
    let status = bench.status(|status| status.delay_ms == 7).await;
    assert!(status.detail.contains("set it (NTP)"), "{status:?}");
    bench.clock.set(NOW);
    tell.send(quotes(50, 1)).await.unwrap();
    let status = bench.status(|status| status.state == FeedState::Live).await;
    assert_eq!(status.detail, "as ever");
    assert!(health(&bench, "clock").unwrap().0);
    assert_eq!(bench.ticks_from(1).await.len(), 1);
    feed.stop().await;
}

#[tokio::test]
async fn a_price_carries_the_time_it_was_received_however_long_it_waited() {
    let mut bench = Bench::new(&["ACME"]).await;
    bench.clock = Clock::standing_at(NOW);
    let (tell, told) = mpsc::channel(8);
    let feed = bench.start(Told(told)).await;
    let had = NOW - 20 * SECOND;
    let symbol = &bench.symbols[0];
    let quotes = vec![quote(symbol, had - 3, Some(had)), quote(symbol, had - 2, None)];
    tell.send(Event::Quotes(quotes)).await.unwrap();
    let ticks = bench.ticks_from(2).await;
    let received: Vec<i64> = ticks.iter().map(|(_, tick)| tick.received_ns).collect();
    assert_eq!(received, [had, NOW]);
    // What was from the future when it was had stays so, though its time has come by now.
    let early = quote(symbol, had + 6 * SECOND, Some(had));
    tell.send(Event::Quotes(vec![early, quote(symbol, had, None)])).await.unwrap();
    let ticks = bench.ticks_from(3).await;
    assert_eq!(ticks.iter().map(|(_, tick)| tick.time_ns).max(), Some(had));
    feed.stop().await;
}

#[tokio::test]
async fn the_end_of_the_calendar_is_told_before_it_comes_and_when_it_has() {
    let end_ms = {
        // Its last regular session closes on the last Friday of its last year.
        let mut ms = NOW / 1_000_000;
        while calendar().covers(ms).is_ok() {
            ms += 86_400_000;
        }
        ms
    };
    let mut bench = Bench::new(&["ACME"]).await;
    bench.clock = Clock::standing_at((end_ms - 20 * 86_400_000) * 1_000_000);
    let (_tell, told) = mpsc::channel(1);
    let feed = bench.start(Told(told)).await;
    let said = async || health(&bench, "calendar");
    let (well, words) = eventually(SOON, said).await.expect("a word about the calendar");
    assert!(well && words.starts_with("within 30 days: the market calendar covers"), "{words}");
    bench.clock.set(end_ms * 1_000_000);
    let ended = async || health(&bench, "calendar").filter(|(well, _)| !well);
    let (_, words) = eventually(SOON, ended).await.expect("it has ended");
    assert!(words.contains("add the year to its file"), "{words}");
    feed.stop().await;
}
