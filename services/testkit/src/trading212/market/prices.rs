//! Prices: what was set by hand, else a source. A price is a function of ticker and time.

use super::instruments::Instruments;
use rust_decimal::{Decimal, prelude::FromPrimitive};
use serde::Deserialize;
use std::{collections::BTreeMap, f64::consts::TAU, fmt, sync::Arc};

/// The simulation's table of base prices, so that the fake's prices are near the desk's.
const SIMULATION: &str = include_str!("../../../../../config/ingest.toml");

/// A ticker's price at a time in milliseconds since 1970 UTC.
pub type PriceFeed = Arc<dyn Fn(&str, i64) -> Option<Decimal> + Send + Sync>;

/// Where a price comes from until it is set.
#[derive(Clone)]
pub enum PriceSource {
    /// The symbol's base price in the simulation's configuration, 100 for others. It stands still.
    Reference,
    /// Within 3 % of the reference price, moving, the same for the same seed and time.
    Walk(u64),
    /// Whatever a test says.
    Feed(PriceFeed),
    /// Nothing: orders wait until a price is set.
    Unset,
}

impl fmt::Debug for PriceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reference => "Reference",
            Self::Walk(_) => "Walk",
            Self::Feed(_) => "Feed",
            Self::Unset => "Unset",
        })
    }
}

/// Prices by ticker.
#[derive(Debug)]
pub(in crate::trading212) struct Prices {
    source: PriceSource,
    reference: BTreeMap<String, Decimal>,
    set: BTreeMap<String, Decimal>,
}

impl Prices {
    pub(super) fn new(source: PriceSource, instruments: &Instruments) -> Self {
        let by_symbol = simulation();
        let reference = instruments
            .iter()
            .filter(|row| row.currency == "USD" && row.kind == "STOCK")
            .filter_map(|row| Some((row.ticker.clone(), *by_symbol.get(&row.short_name)?)))
            .collect();
        Self { source, reference, set: BTreeMap::new() }
    }

    /// From here on this is the price.
    pub(in crate::trading212) fn set(&mut self, ticker: &str, price: Decimal) {
        self.set.insert(ticker.to_owned(), price);
    }

    pub(in crate::trading212) fn at(&self, ticker: &str, time_ms: i64) -> Option<Decimal> {
        if let Some(price) = self.set.get(ticker) {
            return Some(*price);
        }
        match &self.source {
            PriceSource::Reference => Some(self.reference(ticker)),
            PriceSource::Walk(seed) => walk(self.reference(ticker), *seed, ticker, time_ms),
            PriceSource::Feed(feed) => feed(ticker, time_ms),
            PriceSource::Unset => None,
        }
    }

    fn reference(&self, ticker: &str) -> Decimal {
        self.reference.get(ticker).copied().unwrap_or(Decimal::ONE_HUNDRED)
    }
}

/// Waves of four lengths on top of each other, with phases that the seed and the ticker decide.
fn walk(reference: Decimal, seed: u64, ticker: &str, time_ms: i64) -> Option<Decimal> {
    let minutes = (time_ms / 250) as f64 / 240.0;
    let waves = [(0.015, 390.0), (0.008, 61.0), (0.004, 13.0), (0.002, 2.7)];
    let mut state = ticker.bytes().fold(seed, |state, byte| mix(state ^ u64::from(byte)));
    let mut share = 1.0;
    for (height, length) in waves {
        state = mix(state);
        let phase = (state >> 11) as f64 / (1_u64 << 53) as f64;
        share += height * (TAU * (minutes / length + phase)).sin();
    }
    Some((reference * Decimal::from_f64(share)?).round_dp(2))
}

/// Spreads a number over all bits (splitmix64).
pub(in crate::trading212) fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Base prices by symbol.
fn simulation() -> BTreeMap<String, Decimal> {
    #[derive(Deserialize)]
    struct File {
        sim: Sim,
    }
    #[derive(Deserialize)]
    struct Sim {
        symbols: BTreeMap<String, Symbol>,
    }
    #[derive(Deserialize)]
    struct Symbol {
        base_price: f64,
    }
    let file: Option<File> = toml::from_str(SIMULATION).ok();
    let symbols = file.map(|file| file.sim.symbols).unwrap_or_default();
    let priced = symbols.into_iter();
    priced.filter_map(|(name, row)| Some((name, Decimal::from_f64(row.base_price)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulations_base_prices_are_known() {
        assert_eq!(simulation().get("AAPL"), Some(&Decimal::from(245)));
    }

    #[test]
    fn the_walk_depends_on_seed_and_time_and_stays_near() {
        let at = |seed, ms| walk(Decimal::from(200), seed, "AAPL_US_EQ", ms).unwrap();
        assert_eq!(at(1, 60_000), at(1, 60_000));
        assert_ne!(at(1, 60_000), at(2, 60_000));
        assert_ne!(at(1, 60_000), at(1, 6_000_000));
        for minute in 0..1_000 {
            let price = at(3, minute * 60_000);
            assert!((Decimal::from(193)..Decimal::from(207)).contains(&price), "{price}");
        }
    }
}
