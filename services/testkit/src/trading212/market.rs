//! What all accounts share: instruments, prices, hours, currencies, numbers for orders.

pub(super) mod clock;
pub(super) mod instruments;
pub(super) mod prices;
pub(super) mod schedule;

use super::config::{FakeConfig, Timing};
use instruments::{Instrument, Instruments};
use prices::Prices;
use rust_decimal::Decimal;
use schedule::Schedule;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
};

/// What a conversion between currencies costs, per leg.
const FX_FEE: Decimal = Decimal::from_parts(15, 0, 0, false, 4);

/// What all accounts share.
#[derive(Debug)]
pub(super) struct Market {
    pub instruments: Instruments,
    pub prices: Prices,
    pub schedule: Schedule,
    pub precisions: BTreeMap<String, u32>,
    pub timing: Timing,
    ids: AtomicI64,
}

impl Market {
    pub(super) fn new(config: &FakeConfig, now_ms: i64) -> Self {
        let instruments = Instruments::load();
        let schedule = Schedule::new(&config.hours, &instruments, now_ms);
        Self {
            prices: Prices::new(config.prices.clone(), &instruments),
            schedule,
            instruments,
            precisions: config.precisions.clone(),
            timing: config.timing,
            // Where a number of the vendor's was seen.
            ids: AtomicI64::new(53_150_556_577),
        }
    }

    /// A number nothing else has.
    pub(super) fn next_id(&self) -> i64 {
        self.ids.fetch_add(7, Ordering::Relaxed)
    }

    pub(super) fn precision(&self, ticker: &str) -> u32 {
        self.precisions.get(ticker).copied().unwrap_or(2)
    }
}

/// Account currency per unit of the instrument's.
pub(super) fn rate(instrument: &Instrument, currency: &str) -> Decimal {
    dollars(&instrument.currency) / dollars(currency)
}

/// The part of a trade's value that its conversion costs.
pub(super) fn fx_fee(instrument: &Instrument, currency: &str) -> Decimal {
    if family(&instrument.currency) == family(currency) { Decimal::ZERO } else { FX_FEE }
}

/// Pence are pounds.
fn family(currency: &str) -> &str {
    if currency == "GBX" { "GBP" } else { currency }
}

/// US dollars per unit. Constant, so that results can be told in advance.
fn dollars(currency: &str) -> Decimal {
    let ten_thousandths = match currency {
        "EUR" => 10_900,
        "GBP" => 12_700,
        "GBX" => 127,
        "CAD" => 7_300,
        "CHF" => 11_200,
        _ => 10_000,
    };
    Decimal::new(ten_thousandths, 4)
}
