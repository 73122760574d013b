//! Loads what the streams keep: for a page's first chart, and for every hole after that.
//!
//! `JetStream` may be away: the loader tries again until it is there, and nobody waits for it.

use crate::{
    hub::{Event, History, Load},
    sources::bad_message,
};
use anyhow::Context as _;
use proto::{
    Bar, Message, Symbol, Tick, decode,
    stream::{BARS, LAST, ORDERS, TICKS},
    subject,
};
use runtime::{
    backoff::Backoff,
    bus::{Bus, Start, Stored},
};
use std::time::Duration;
use tokio::sync::mpsc;

/// How far back a first load goes: enough for 2,000 minutes of sessions, over a long weekend.
const FIRST_LOAD_MS: i64 = 8 * 24 * 3_600_000;
/// Ticks of a first load: the minute that is being formed, with room for a slow close.
const FIRST_TICKS_MS: i64 = 90_000;
/// Bars are published a little after their minute: a hole's load begins this much earlier.
const BARS_BEFORE_MS: i64 = 5 * 60_000;
/// Clocks and acknowledgements are not exact: any load begins this much earlier.
const MARGIN_MS: i64 = 2_000;

/// Serves `loads` one after the other, until nobody asks any more.
pub(crate) async fn run(
    bus: Bus,
    mut loads: mpsc::Receiver<Load>,
    events: mpsc::Sender<Event>,
) -> anyhow::Result<()> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    while let Some(load) = loads.recv().await {
        let history = loop {
            match read(&bus, &load).await {
                Ok(history) => break history,
                Err(error) => {
                    metrics::counter!("dashboard_history_failures_total").increment(1);
                    tracing::debug!(symbol = %load.symbol, "no history yet: {error:#}");
                    backoff.wait().await;
                }
            }
        };
        backoff.reset();
        if events.send(Event::History(Box::new(history))).await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn read(bus: &Bus, load: &Load) -> anyhow::Result<History> {
    // Subscriptions made before are in force after: what is stored from now on is also heard live.
    bus.barrier().await?;
    let now_ms = runtime::clock::now_ms();
    let symbol = &load.symbol;
    let since_ms = load.since_ms.map_or(now_ms - FIRST_LOAD_MS, |since_ms| since_ms - MARGIN_MS);
    let bars_since = Start::Since(load.since_ms.map_or(since_ms, |_| since_ms - BARS_BEFORE_MS));
    let bars =
        bus.history(BARS.name, subject::bar(symbol), bars_since).await.context("read bars")?;
    let bars: Vec<Bar> = decoded(bars);
    let newest = bars.iter().map(|bar| bar.seq).max().unwrap_or(0);
    let ticks = match load.since_ms {
        Some(_) => read_ticks(bus, symbol, Start::Since(since_ms)).await?,
        None => first_ticks(bus, symbol, Start::Since(now_ms - FIRST_TICKS_MS), newest).await?,
    };
    let orders = bus.history(ORDERS.name, subject::orders_of(symbol), Start::Since(since_ms)).await;
    let orders = decoded(orders.context("read orders")?);
    Ok(History { symbol: symbol.clone(), bars, ticks, orders, heard: load.heard })
}

/// Ticks after the last bar. Few are needed as a rule; where bars are behind, all that are kept; where
/// none are kept any more, the last one.
async fn first_ticks(
    bus: &Bus,
    symbol: &Symbol,
    start: Start,
    newest_bar: u64,
) -> anyhow::Result<Vec<Tick>> {
    let ticks = read_ticks(bus, symbol, start).await?;
    if ticks.first().is_some_and(|first| first.seq <= newest_bar + 1) {
        return Ok(ticks);
    }
    let all = read_ticks(bus, symbol, Start::Beginning).await?;
    if !all.is_empty() {
        return Ok(all);
    }
    let last = bus.next_from(LAST.name, &subject::tick(symbol), 1).await;
    Ok(decoded(last.context("read the last tick")?.into_iter().collect()))
}

async fn read_ticks(bus: &Bus, symbol: &Symbol, start: Start) -> anyhow::Result<Vec<Tick>> {
    let ticks = bus.history(TICKS.name, subject::tick(symbol), start).await;
    Ok(decoded(ticks.context("read ticks")?))
}

fn decoded<M: Message>(stored: Vec<Stored>) -> Vec<M> {
    let decode_one = |stored: Stored| match decode(&stored.payload) {
        Ok(message) => Some(message),
        Err(error) => {
            bad_message(M::NAME, &stored.subject, &error);
            None
        }
    };
    stored.into_iter().filter_map(decode_one).collect()
}
