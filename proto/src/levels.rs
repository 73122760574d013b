//! The prices at which the strategy means to act: KV `levels`, written by strategy for whoever draws
//! or watches them. A view: nothing decides by it.

use crate::{
    codec::{Message, positive},
    symbol::Symbol,
};
use serde::{Deserialize, Serialize};

/// What the strategy means to do about one symbol. KV `levels`, key = the symbol's token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// Message version.
    pub v: u8,
    /// The symbol.
    pub symbol: Symbol,
    /// Closed one-minute bars of the fast average.
    pub ema_fast: u32,
    /// Closed one-minute bars of the slow average.
    pub ema_slow: u32,
    /// What was paid per share, dollars, while a position is held.
    #[serde(default)]
    pub entry: Option<f64>,
    /// At or below this price the position is sold, dollars.
    #[serde(default)]
    pub stop: Option<f64>,
    /// The stop has begun to follow the price up.
    #[serde(default)]
    pub trailing: bool,
    /// At or above this price the position is sold, dollars.
    #[serde(default)]
    pub take_profit: Option<f64>,
    /// Then the position is sold whatever its price, milliseconds since 1970 UTC by the feed's clock.
    #[serde(default)]
    pub leave_by_ms: Option<i64>,
    /// `seq` of the tick after which this holds.
    pub tick_seq: u64,
}

impl Message for Levels {
    const NAME: &'static str = "levels";
    fn version(&self) -> u8 {
        self.v
    }
    fn check(&self) -> Result<(), String> {
        for (field, value) in
            [("entry", self.entry), ("stop", self.stop), ("take_profit", self.take_profit)]
        {
            value.map_or(Ok(()), |value| positive(field, value))?;
        }
        Ok(())
    }
}
