//! What the strategy wants: published on `intents.<SYMBOL>`, taken by the executor.

use crate::{
    codec::{Message, positive},
    symbol::Symbol,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Identity of an intent and of the order it becomes: one subject token, `<SYMBOL>-<SEQ>-<B|S>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct OrderId(String);

impl OrderId {
    /// The id of the intent that `side` on the tick `seq` of `symbol` gives: a function of the fact,
    /// not of the moment or the process, so that a repeated decision is the same order.
    pub fn derive(symbol: &Symbol, seq: u64, side: Side) -> Self {
        let letter = match side {
            Side::Buy => 'B',
            Side::Sell => 'S',
        };
        Self(format!("{}-{seq}-{letter}", symbol.token()))
    }

    /// The id of a sale that a person asked for, on the tick `seq` of `symbol`.
    pub fn manual(symbol: &Symbol, seq: u64) -> Self {
        Self(format!("{}-{seq}-M", symbol.token()))
    }

    /// Reads an id.
    ///
    /// # Errors
    /// A sentence, when the text is not one subject token of `A-Z`, `0-9` and `-`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let sound = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if text.is_empty() || text.len() > 64 || !sound {
            let shown: String = text.chars().take(80).collect();
            return Err(format!("{shown:?} is not an order id: 1 to 64 of A-Z, 0-9 and -"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OrderId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Adds shares.
    Buy,
    /// Removes shares.
    Sell,
}

/// Whether an intent opens risk or closes it. Exits pass where entries are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentKind {
    /// Opens or adds to a position.
    Entry,
    /// Reduces or closes a position.
    Exit,
}

/// Why the strategy wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The fast average crossed above the slow one.
    CrossUp,
    /// The fast average crossed below the slow one.
    CrossDown,
    /// The price reached the take-profit.
    TakeProfit,
    /// The price reached the stop-loss.
    StopLoss,
    /// The price fell from its peak since entry by the trailing distance.
    TrailingStop,
    /// The position was held for the longest time allowed.
    MaxHolding,
    /// The session is about to close.
    FlatBeforeClose,
    /// A person asked for it.
    Manual,
}

/// The strategy's view at the moment of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Indicators {
    /// Fast exponential moving average of closes, dollars.
    pub ema_fast: f64,
    /// Slow exponential moving average of closes, dollars.
    pub ema_slow: f64,
    /// Wilder's relative strength index of closes, 0 to 100.
    pub rsi: f64,
    /// Mean high-low range of recent bars over the close, percent.
    pub range_percent: f64,
}

/// A wish to trade. Published by strategy on `intents.<SYMBOL>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Message version.
    pub v: u8,
    /// Deterministic identity; also the order's.
    pub id: OrderId,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Entry or exit.
    pub kind: IntentKind,
    /// Shares, above zero.
    pub quantity: Decimal,
    /// Price of the tick it was decided on, dollars.
    pub price: f64,
    /// `seq` of that tick.
    pub tick_seq: u64,
    /// Sequence of that tick in stream `TICKS`.
    pub position: u64,
    /// Time of that tick, nanoseconds since 1970 UTC.
    pub time_ns: i64,
    /// After this moment, on the feed's clock, it must not be acted on: milliseconds since 1970 UTC.
    pub valid_until_ms: i64,
    /// Why.
    pub reason: Reason,
    /// What the strategy saw.
    pub indicators: Indicators,
    /// Name of the strategy.
    pub strategy: String,
    /// Fingerprint of the parameters in force.
    pub revision: String,
}

impl Message for Intent {
    const NAME: &'static str = "intent";
    fn version(&self) -> u8 {
        self.v
    }
    fn check(&self) -> Result<(), String> {
        positive("price", self.price)?;
        if self.quantity <= Decimal::ZERO {
            return Err(format!("quantity must be above zero, not {}", self.quantity));
        }
        Ok(())
    }
}
