//! A connection that is reset every few seconds under a lively market, and what became of the bars.

use super::{
    cli::Options,
    desk::{self, Desk, Start},
    fake::{self, Fake, Order},
    http,
    print::{count, line, load},
};
use anyhow::Context as _;
use proto::{Bar, Tick, decode, stream, subject};
use runtime::{bus, clock};
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};

/// Between two resets.
const EVERY: Duration = Duration::from_secs(5);
/// Trades a second.
const LIVELY: f64 = 500.0;
const MINUTE_MS: i64 = 60_000;
/// A minute has been corrected by everybody so long after its end.
const GRACE_MS: i64 = 25_000;

/// A minute by its symbol and start.
type Key = (String, i64);

/// A minute as REST tells it.
#[derive(Debug, Deserialize)]
struct Row {
    o: f64,
    h: f64,
    l: f64,
    c: f64,
    v: f64,
    t: i64,
}

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    results: Vec<Row>,
}

/// Resets the socket for so long, waits for the last minute to be whole, and compares all bars.
///
/// # Errors
/// A program that does not start, or ends before its time.
pub(crate) async fn measure(args: &Options) -> anyhow::Result<()> {
    line(&format!(
        "Reconnect storm: a reset every {} s for {} s, {LIVELY} trades/s; {}",
        EVERY.as_secs(),
        args.seconds,
        load()
    ))?;
    let symbols = desk::wall()?;
    let mut fake = Fake::start(&symbols).await?;
    fake.order(Order::Walk(LIVELY)).await?;
    let mut desk = Desk::start(&Start {
        feed: "polygon".to_owned(),
        fake: Some((fake.rest.clone(), fake.socket.clone())),
        transport: "stream",
        interval_s: 30,
        ..Start::default()
    })
    .await?;
    let began = Instant::now();
    let mut resets = 0;
    while began.elapsed() < Duration::from_secs(args.seconds) {
        sleep_until(began + EVERY * (resets + 1)).await;
        fake.order(Order::Reset).await?;
        resets += 1;
        desk.ticks().await?;
    }
    let over_ms = clock::now_ms();
    let end_ms = over_ms - over_ms.rem_euclid(MINUTE_MS) + MINUTE_MS;
    let rest_ms = end_ms + GRACE_MS - over_ms;
    sleep(Duration::from_millis(rest_ms.unsigned_abs())).await;
    let looks = fake.order(Order::StopWalk).await?;
    let theirs = theirs(&fake.rest, &symbols, end_ms).await?;
    let ours = ours(&desk, end_ms).await?;
    line(&format!("  resets {resets}, connections {}", looks.sockets))?;
    tell_bars(&theirs, &ours)?;
    tell_ticks(&mut desk).await?;
    let names = ["ingest_dropped", "ingest_stream_reconnects", "ingest_stream_conflated"];
    for counter in desk.counters(&names).await? {
        line(&format!("  {counter}"))?;
    }
    desk.stop().await;
    line("")?;
    Ok(())
}

/// The minutes that the fake says there were.
async fn theirs(rest: &str, symbols: &[String], end_ms: i64) -> anyhow::Result<BTreeMap<Key, Row>> {
    let headers = format!("Authorization: Bearer {}\r\n", fake::key());
    let mut minutes = BTreeMap::new();
    for symbol in symbols {
        let from_ms = end_ms - 60 * MINUTE_MS;
        let target =
            format!("/v2/aggs/ticker/{symbol}/range/1/minute/{from_ms}/{end_ms}?limit=50000");
        let text = http::text(rest, &target, &headers).await?;
        let page: Page = serde_json::from_str(&text).context("read the fake's minutes")?;
        let over = page.results.into_iter().filter(|row| row.t + MINUTE_MS <= end_ms);
        minutes.extend(over.map(|row| ((symbol.clone(), row.t), row)));
    }
    Ok(minutes)
}

/// Every bar that was published, each minute's in their order.
async fn ours(desk: &Desk, end_ms: i64) -> anyhow::Result<BTreeMap<Key, Vec<Bar>>> {
    let all = desk
        .bus
        .history(stream::BARS.name, subject::BARS.to_owned(), bus::Start::Beginning)
        .await?;
    let mut minutes: BTreeMap<Key, Vec<Bar>> = BTreeMap::new();
    for stored in all {
        let bar: Bar = decode(&stored.payload)?;
        if bar.start_ms + MINUTE_MS <= end_ms {
            let key = (bar.symbol.as_str().to_owned(), bar.start_ms);
            minutes.entry(key).or_default().push(bar);
        }
    }
    Ok(minutes)
}

fn tell_bars(theirs: &BTreeMap<Key, Row>, ours: &BTreeMap<Key, Vec<Bar>>) -> anyhow::Result<()> {
    let last = |key: &Key| ours.get(key).and_then(|bars| bars.last());
    let missing = theirs.keys().filter(|key| last(key).is_none()).count();
    let surplus: Vec<&Bar> = ours
        .iter()
        .filter(|(key, _)| !theirs.contains_key(*key))
        .filter_map(|(_, bars)| bars.last())
        .collect();
    // Ingest's first price of a symbol without a trade today is its close of the day before.
    let closes = surplus.iter().filter(|bar| bar.close == fake::CLOSE && bar.volume == 0.0).count();
    let wrong: Vec<(&Key, &Row, &Bar)> = theirs
        .iter()
        .filter_map(|(key, row)| Some((key, row, last(key)?)))
        .filter(|(_, row, bar)| !is_same(row, bar))
        .collect();
    let replaced: usize = ours.values().map(|bars| bars.len().saturating_sub(1)).sum();
    let again = ours.values().flat_map(|bars| bars.windows(2));
    let twice = again.filter(|pair| matches!(pair, [a, b] if a == b)).count();
    line(&format!(
        "  bars: the fake has {}, ours right {}, wrong {}, missing {missing}, not the fake's {} \
         ({closes} of them the day before's close); published twice alike {twice}, corrected {}",
        theirs.len(),
        theirs.len() - missing - wrong.len(),
        wrong.len(),
        surplus.len(),
        replaced - twice,
    ))?;
    for (key, row, bar) in wrong.iter().take(5) {
        line(&format!("    {key:?}: theirs {row:?}, ours {bar:?}"))?;
    }
    Ok(())
}

fn is_same(row: &Row, bar: &Bar) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(1.0);
    near(row.o, bar.open)
        && near(row.h, bar.high)
        && near(row.l, bar.low)
        && near(row.c, bar.close)
        && near(row.v, bar.volume)
}

async fn tell_ticks(desk: &mut Desk) -> anyhow::Result<()> {
    let history =
        desk.bus.history(stream::TICKS.name, subject::TICKS.to_owned(), bus::Start::Beginning);
    let mut lines: BTreeMap<String, Tick> = BTreeMap::new();
    let (mut ticks, mut gaps, mut holes, mut back, mut alike) = (0, 0, 0, 0, 0);
    for stored in history.await? {
        let tick: Tick = decode(&stored.payload)?;
        ticks += 1;
        gaps += u64::from(tick.gap);
        if let Some(before) = lines.get(tick.symbol.as_str()) {
            holes += u64::from(tick.seq != before.seq + 1);
            back += u64::from(tick.time_ns < before.time_ns);
            let same = tick.time_ms() == before.time_ms() && tick.price == before.price;
            alike += u64::from(same && tick.size == before.size && tick.gap);
        }
        lines.insert(tick.symbol.as_str().to_owned(), tick);
    }
    line(&format!(
        "  ticks {}, marked as a gap {gaps}; numbers that do not follow {holes}, back in time {back}, \
         told again after a gap {alike}",
        count(ticks)
    ))?;
    Ok(())
}
