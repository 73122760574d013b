//! The ticks of a numbered load, counted: what was lost, merged, told twice. Pure.
//!
//! The load's trades are of 100 shares each, and their prices go up by a cent from number to number
//! and begin again after a dollar. So a tick stands for its shares' worth of trades, and its price
//! says where in the row it belongs.

use proto::{PriceField, Tick};
use std::collections::BTreeMap;

/// Shares of a trade of the load.
const SHARES: f64 = 100.0;
/// Prices of the load.
const CENTS: u64 = 100;

/// What was found of a load.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    lines: BTreeMap<String, Line>,
    /// Ticks, of the load and others.
    pub(crate) seen: u64,
    /// Ticks of the load.
    pub(crate) ticks: u64,
    /// Trades that the ticks stand for.
    pub(crate) trades: u64,
    /// Ticks that say that something is missing before them.
    pub(crate) gaps: u64,
    /// Ticks whose number does not follow the last one's.
    pub(crate) holes: u64,
    /// Ticks whose price does not follow the last one's.
    pub(crate) steps: u64,
    /// From the fake's stamp to ingest's, nanoseconds. The fake's is in whole milliseconds.
    pub(crate) taken_ns: Vec<i64>,
}

#[derive(Debug, Default)]
struct Line {
    seq: u64,
    cents: Option<u64>,
    trades: u64,
}

impl Tally {
    /// Counts a tick in.
    pub(crate) fn take(&mut self, tick: &Tick) {
        self.seen += 1;
        let line = self.lines.entry(tick.symbol.as_str().to_owned()).or_default();
        if line.seq > 0 && tick.seq != line.seq + 1 {
            self.holes += 1;
        }
        line.seq = tick.seq;
        if tick.field != PriceField::Trade {
            return;
        }
        let trades = (tick.size / SHARES).round() as u64;
        let cents = (tick.price * 100.0).round() as u64 % CENTS;
        // Trade number 1 costs a cent more than a whole dollar.
        let before = line.cents.unwrap_or(0);
        if (before + trades) % CENTS != cents {
            self.steps += 1;
        }
        line.cents = Some(cents);
        line.trades += trades;
        self.ticks += 1;
        self.trades += trades;
        self.gaps += u64::from(tick.gap);
        self.taken_ns.push(tick.received_ns - tick.time_ns);
    }

    /// Trades of `sent` that no tick stands for, and those that ticks stand for twice.
    pub(crate) fn against(&self, sent: &BTreeMap<String, u64>) -> (u64, u64) {
        let (mut lost, mut twice) = (0, 0);
        for (symbol, sent) in sent {
            let found = self.lines.get(symbol).map_or(0, |line| line.trades);
            lost += sent.saturating_sub(found);
            twice += found.saturating_sub(*sent);
        }
        (lost, twice)
    }

    /// Trades that were merged into the ticks of others.
    pub(crate) fn merged(&self) -> u64 {
        self.trades.saturating_sub(self.ticks)
    }
}
