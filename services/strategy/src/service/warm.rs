//! Warm-up: what the indicators would know had we been there.
//!
//! Bars that ended before a certain minute, then, after a restart, the ticks from that minute up to
//! the first one to decide on. The minute lies a little back, because a bar is closed by its symbol's
//! next tick and that of a quiet symbol may still be forming; or it is the one in which the oldest
//! position was opened, so that the peak a stop trails is known.

use super::Running;
use crate::engine::Strategy as _;
use market::{MINUTE_MS, minute_start};
use proto::{Bar, Position, Symbol, Tick, decode, stream, subject};
use runtime::{
    backoff::Backoff,
    bus::{Bus, ReadError, Start},
    clock::now_ms,
};
use std::{collections::BTreeMap, time::Duration};

/// How far back bars are looked for, by when they were stored: over a long weekend.
const LOOK_BACK_MS: i64 = 5 * 24 * 3_600_000;
/// How far back ticks are counted in again at least.
const REPEAT_LEAST_MS: i64 = 5 * MINUTE_MS;
/// How far back ticks are counted in again at most: as far as `TICKS` keeps them.
const REPEAT_MOST_MS: i64 = 3_600_000;
/// Bars of a symbol that are counted in: an average over 100 has forgotten the one before.
const MOST_BARS: usize = 500;

/// Counts in what came before `first`, the tick at `position`. Waits for the bus as long as it takes.
pub(super) async fn warm_up(running: &mut Running, position: u64, first: &Tick) {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
    loop {
        match warm_up_once(running, position, first).await {
            Ok(bars) => {
                tracing::info!(bars, position, "warm");
                return;
            }
            Err(error) => {
                tracing::warn!("warm-up, trying again: {:#}", anyhow::Error::from(error));
                backoff.wait().await;
            }
        }
    }
}

async fn warm_up_once(
    running: &mut Running,
    position: u64,
    first: &Tick,
) -> Result<usize, ReadError> {
    let since_ms = repeat_since_ms(first, running.held.values());
    let begins = running.feed.start_position + 1;
    let repeat = first_tick_since(&running.bus, begins..position, since_ms).await?;
    let (repeat_from, since_ms) = repeat.unwrap_or((position, first.time_ms()));
    let until_ms = minute_start(since_ms);
    // All is read before anything is counted in, so that a failure leaves nothing half done.
    let mut bars = Vec::new();
    for symbol in &running.feed.symbols {
        bars.extend(bars_until(&running.bus, symbol, first, until_ms).await?);
    }
    for bar in &bars {
        running.engine.warm_up(bar);
    }
    if repeat_from < position {
        repeat_ticks(running, repeat_from..position).await;
    }
    Ok(bars.len())
}

/// From when on ticks are counted in again.
fn repeat_since_ms<'p>(first: &Tick, positions: impl Iterator<Item = &'p Position>) -> i64 {
    let first_ms = first.time_ms();
    let opened = positions
        .filter(|position| !position.quantity.is_zero())
        .map(|position| position.opened_ns.div_euclid(1_000_000));
    let opened = opened.filter(|opened_ms| *opened_ms <= first_ms).min().unwrap_or(first_ms);
    minute_start(opened.clamp(first_ms - REPEAT_MOST_MS, first_ms - REPEAT_LEAST_MS))
}

/// The first position in `range` whose tick is not before `since_ms`, with that tick's time; `None`
/// when there is none. Ticks stand in the order of their time, or near it.
async fn first_tick_since(
    bus: &Bus,
    range: std::ops::Range<u64>,
    since_ms: i64,
) -> Result<Option<(u64, i64)>, ReadError> {
    let (mut low, mut high) = (range.start, range.end);
    let mut found = None;
    while low < high {
        let middle = low + (high - low) / 2;
        let next = bus.next_from(stream::TICKS.name, subject::TICKS, middle).await?;
        let Some(stored) = next.filter(|stored| stored.position < high) else {
            high = middle;
            continue;
        };
        match decode::<Tick>(&stored.payload) {
            Ok(tick) if tick.time_ms() >= since_ms => {
                found = Some((stored.position, tick.time_ms()));
                high = middle;
            }
            Ok(_) | Err(_) => low = stored.position + 1,
        }
    }
    Ok(found)
}

/// The last bars of `symbol` that ended at or before `until_ms`, oldest first, from the same source
/// as `first`.
async fn bars_until(
    bus: &Bus,
    symbol: &Symbol,
    first: &Tick,
    until_ms: i64,
) -> Result<Vec<Bar>, ReadError> {
    let since = Start::Since(now_ms() - LOOK_BACK_MS);
    let stored = bus.history(stream::BARS.name, subject::bar(symbol), since).await?;
    let mut bars: BTreeMap<i64, Bar> = BTreeMap::new();
    for stored in stored {
        match decode::<Bar>(&stored.payload) {
            Ok(bar) if bar.source == first.source && bar.start_ms + MINUTE_MS <= until_ms => {
                // The same minute again replaces the earlier one.
                bars.insert(bar.start_ms, bar);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(subject = stored.subject, "skipped: {error}"),
        }
    }
    let skip = bars.len().saturating_sub(MOST_BARS);
    Ok(bars.into_values().skip(skip).collect())
}

/// The bars of the symbol of `tick` that ended before its minute, oldest first.
pub(super) async fn bars_before(bus: &Bus, tick: &Tick) -> Result<Vec<Bar>, ReadError> {
    bars_until(bus, &tick.symbol, tick, minute_start(tick.time_ms())).await
}

/// Counts the ticks of `range` in without deciding.
async fn repeat_ticks(running: &mut Running, range: std::ops::Range<u64>) {
    let filter = vec![subject::TICKS.to_owned()];
    let mut reader = running.bus.read(stream::TICKS.name, filter, Start::At(range.start));
    loop {
        // The tick at the end of the range is there: we hold it. So this never waits in vain.
        let stored = reader.next().await;
        if stored.position >= range.end {
            return;
        }
        if let Ok(tick) = decode::<Tick>(&stored.payload) {
            running.seqs.insert(tick.symbol.clone(), tick.seq);
            running.engine.observe(&tick);
        }
    }
}
