//! The end of a replayed tape, and a tape of our own where the machine has no real one.

use crate::{Journal, SOON};
use anyhow::{Context as _, ensure};
use proto::{FeedState, FeedStatus, Progress, stream, subject, subject::key};
use runtime::{bus::Bus, testing::eventually};
use std::{fmt::Write as _, path::Path};

/// Symbols of [`write_tape`], with the price each swings around.
const MADE: [(&str, f64); 4] = [("AIG", 48.0), ("BAC", 14.0), ("IBM", 182.0), ("SPY", 168.0)];
/// 2013-10-07, 09:30 in New York.
const OPEN_S: i64 = 1_381_152_600;
/// Seconds between two trades of a symbol.
const STEP_S: i64 = 5;

/// Waits until a tape is over and every reader has worked it off; gives what was traded, checked.
///
/// # Errors
/// When the tape or a reader does not come to its end, or the journal contradicts itself.
pub async fn played(bus: &Bus) -> anyhow::Result<Journal> {
    let feed = bus.kv::<FeedStatus>(&stream::FEED);
    let done = async || {
        let status = feed.get(key::FEED_STATUS).await.ok()??;
        (status.state == FeedState::Done).then_some(status)
    };
    let status = eventually(SOON * 5, done).await.context("the tape does not come to its end")?;
    let mut last = 0;
    for symbol in &status.symbols {
        let tick = bus.last(stream::TICKS.name, &subject::tick(symbol)).await?;
        last = last.max(tick.map_or(0, |tick| tick.position));
    }
    ensure!(last > 0, "the tape had no price");
    for reader in ["strategy", "executor"] {
        let progress = bus.kv::<Progress>(&stream::PROGRESS);
        let taken =
            async || progress.get(reader).await.ok()?.filter(|p| p.position >= last).map(|_| ());
        let taken = eventually(SOON * 2, taken).await;
        taken.with_context(|| format!("{reader} does not take the whole tape"))?;
    }
    let journal = Journal::read(bus).await?;
    journal.check()?;
    journal.check_positions(bus).await?;
    Ok(journal)
}

/// Writes so many minutes of trades to `file`, in the shape of a `trades_v1` flat file: four symbols
/// that swing up and down often enough to be traded. The same at every call.
///
/// # Errors
/// When the file cannot be written.
pub fn write_tape(file: &Path, minutes: i64) -> anyhow::Result<()> {
    let mut text = "ticker,conditions,correction,exchange,id,participant_timestamp,price,\
                    sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp\n"
        .to_owned();
    let mut noise = Noise(7);
    let mut drift = [0.0_f64; MADE.len()];
    for step in 0..minutes * 60 / STEP_S {
        let time_ns = (OPEN_S + step * STEP_S) * 1_000_000_000;
        for ((index, (symbol, base)), drift) in (0_i32..).zip(&MADE).zip(&mut drift) {
            let period_s = 1_500.0 + 300.0 * f64::from(index);
            let swing = (step as f64 * STEP_S as f64 / period_s * std::f64::consts::TAU).sin();
            *drift = *drift * 0.98 + noise.next() * 0.0002;
            let price = base * (1.0 + swing * 0.004 + *drift);
            let size = 100 + (noise.next() * 90.0) as i64;
            let number = step * 4 + i64::from(index) + 1;
            writeln!(
                text,
                "{symbol},,0,11,{number},{time_ns},{price:.2},{number},{time_ns},{size},1,0,0"
            )?;
        }
    }
    std::fs::write(file, text).context("write the tape")
}

/// A stream of numbers from -1 to 1 that is the same everywhere.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1 << 23) - 1.0
    }
}
