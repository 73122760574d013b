//! Prices: what ingest publishes on `ticks.<SYMBOL>` and `bars.<SYMBOL>`.

use crate::{
    codec::{Message, not_negative, positive},
    symbol::Symbol,
};
use serde::{Deserialize, Serialize};

/// Where a price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The seeded random walk.
    Sim,
    /// A tape in Polygon's flat-file format.
    Replay,
    /// Polygon's live service.
    Polygon,
}

/// Which field of the source supplied the price, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceField {
    /// A trade.
    Trade,
    /// The close of a one-second bar.
    Second,
    /// The close of a minute bar.
    Minute,
    /// The close of the running day bar.
    Day,
    /// The previous session's close: stale by nature, never a reason to trade.
    PrevDay,
}

/// Why a price is not to be believed yet. Such a tick is shown and counted into nothing: no bar, no
/// indicator, no order, no fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspect {
    /// Far from the prices around it, and not yet borne out by those that follow.
    Outlier,
    /// A jump of the size of a split or of a like event, and not yet borne out.
    CorporateAction,
}

/// The part of the trading day an event falls into, New York time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// 04:00 to 09:30.
    Pre,
    /// 09:30 to 16:00, or to 13:00 on a half day.
    Regular,
    /// The regular close to 20:00, or to 17:00 on a half day.
    Post,
    /// Everything else.
    Closed,
}

/// One price of one symbol. Published by ingest on `ticks.<SYMBOL>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Message version.
    pub v: u8,
    /// The symbol.
    pub symbol: Symbol,
    /// Number of this tick among its symbol's, counted by ingest from 1 and continued after a
    /// restart. The join key of history and live, and half of an intent's identity.
    pub seq: u64,
    /// Price in dollars.
    pub price: f64,
    /// Shares this tick stands for; 0 when the source does not say.
    pub size: f64,
    /// When it happened, by the source: nanoseconds since 1970 UTC.
    pub time_ns: i64,
    /// When ingest had it: nanoseconds since 1970 UTC. Wall clock.
    pub received_ns: i64,
    /// Where it comes from.
    pub source: Source,
    /// Which field of the source supplied `price`.
    pub field: PriceField,
    /// Which part of the trading day `time_ns` falls into.
    pub session: Session,
    /// The source is known to be behind the market (15 minutes on delayed plans).
    #[serde(default)]
    pub delayed: bool,
    /// Best bid in dollars, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid: Option<f64>,
    /// Best ask in dollars, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<f64>,
    /// Close of the previous session in dollars, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev_close: Option<f64>,
    /// Prices between this symbol's previous tick and this one are missing: the source was away.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gap: bool,
    /// The price is not to be believed yet, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect: Option<Suspect>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Tick {
    /// The event time in whole milliseconds since 1970 UTC.
    pub fn time_ms(&self) -> i64 {
        self.time_ns.div_euclid(1_000_000)
    }
}

impl Message for Tick {
    const NAME: &'static str = "tick";
    fn version(&self) -> u8 {
        self.v
    }
    fn check(&self) -> Result<(), String> {
        positive("price", self.price)?;
        not_negative("size", self.size)?;
        for (field, value) in
            [("bid", self.bid), ("ask", self.ask), ("prev_close", self.prev_close)]
        {
            value.map_or(Ok(()), |value| positive(field, value))?;
        }
        Ok(())
    }
}

/// One minute of one symbol. Published by ingest on `bars.<SYMBOL>` when the minute is over;
/// the same symbol and start again replaces the earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Message version.
    pub v: u8,
    /// The symbol.
    pub symbol: Symbol,
    /// Start of the minute, milliseconds since 1970 UTC.
    pub start_ms: i64,
    /// First price, dollars.
    pub open: f64,
    /// Highest price, dollars.
    pub high: f64,
    /// Lowest price, dollars.
    pub low: f64,
    /// Last price, dollars.
    pub close: f64,
    /// Shares traded.
    pub volume: f64,
    /// Volume-weighted average price, dollars; the plain mean of ticks where volume is 0.
    pub vwap: f64,
    /// Ticks in the bar.
    pub count: u64,
    /// `seq` of the last tick in the bar: live ticks with a higher one come after it. 0 for a bar
    /// that was never ticks here (back-filled from the source).
    pub seq: u64,
    /// Where its prices come from.
    pub source: Source,
}

impl Message for Bar {
    const NAME: &'static str = "bar";
    fn version(&self) -> u8 {
        self.v
    }
    fn check(&self) -> Result<(), String> {
        for (field, value) in [
            ("open", self.open),
            ("high", self.high),
            ("low", self.low),
            ("close", self.close),
            ("vwap", self.vwap),
        ] {
            positive(field, value)?;
        }
        not_negative("volume", self.volume)?;
        let highest = self.open.max(self.close);
        let lowest = self.open.min(self.close);
        if self.high < highest || self.low > lowest {
            return Err("high and low must enclose open and close".to_owned());
        }
        if self.start_ms.rem_euclid(60_000) != 0 {
            return Err(format!("start_ms {} must be the start of a minute", self.start_ms));
        }
        Ok(())
    }
}
