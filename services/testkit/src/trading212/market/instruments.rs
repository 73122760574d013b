//! The instruments: the vendor's rows where the shared data is present, else the crate's own sample.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, path::PathBuf};

/// The sample in this crate: the desk's twenty symbols and rows that must not be mistaken for them.
const SAMPLE: &str = include_str!("../../../data/instruments.json");

const FILE: &str = "trading212_instruments.json";

/// One row of the instrument list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// The vendor's name, which is not the symbol.
    pub ticker: String,
    /// `STOCK`, `ETF`, ...
    pub kind: String,
    /// Its hours.
    pub schedule_id: i64,
    /// Its ISIN.
    pub isin: String,
    /// Currency of its prices; GBX is pence.
    pub currency: String,
    /// Its full name.
    pub name: String,
    /// Its symbol, which is not unique.
    pub short_name: String,
    /// The most that may be held.
    pub max_open: Decimal,
    /// Whether it trades outside the regular session.
    pub extended_hours: bool,
    /// When it was listed, as the vendor writes it.
    pub added_on: String,
    /// Whether orders are taken for it; not in the list.
    pub tradable: Tradable,
}

/// Whether orders are taken for an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tradable {
    /// They are.
    Yes,
    /// `instrument-disabled`
    Disabled,
    /// `instrument-invisible`
    Invisible,
    /// `instrument-close-only-mode`: sells only.
    CloseOnly,
}

/// Instruments by ticker.
#[derive(Debug)]
pub(in crate::trading212) struct Instruments {
    rows: BTreeMap<String, Instrument>,
    /// The list keeps the file's order.
    order: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    ticker: String,
    #[serde(rename = "type")]
    kind: String,
    working_schedule_id: i64,
    isin: String,
    currency_code: String,
    name: String,
    short_name: String,
    max_open_quantity: Box<RawValue>,
    extended_hours: bool,
    added_on: String,
}

impl From<Row> for Instrument {
    fn from(row: Row) -> Self {
        Self {
            ticker: row.ticker,
            kind: row.kind,
            schedule_id: row.working_schedule_id,
            isin: row.isin,
            currency: row.currency_code,
            name: row.name,
            short_name: row.short_name,
            max_open: row.max_open_quantity.get().parse().unwrap_or_default(),
            extended_hours: row.extended_hours,
            added_on: row.added_on,
            tradable: Tradable::Yes,
        }
    }
}

impl Instruments {
    /// The shared rows where they are, else the sample.
    pub(super) fn load() -> Self {
        let shared = std::fs::read_to_string(shared_file());
        let rows = shared.ok().and_then(|text| parse(&text));
        let rows = rows.or_else(|| parse(SAMPLE)).unwrap_or_default();
        let order = rows.iter().map(|row| row.ticker.clone()).collect();
        let rows = rows.into_iter().map(|row| (row.ticker.clone(), row)).collect();
        Self { rows, order }
    }

    pub(in crate::trading212) fn get(&self, ticker: &str) -> Option<&Instrument> {
        self.rows.get(ticker)
    }

    pub(in crate::trading212) fn get_mut(&mut self, ticker: &str) -> Option<&mut Instrument> {
        self.rows.get_mut(ticker)
    }

    pub(in crate::trading212) fn add(&mut self, row: Instrument) {
        if self.rows.insert(row.ticker.clone(), row.clone()).is_none() {
            self.order.push(row.ticker);
        }
    }

    pub(in crate::trading212) fn remove(&mut self, ticker: &str) {
        self.rows.remove(ticker);
        self.order.retain(|known| known != ticker);
    }

    /// In the list's order.
    pub(in crate::trading212) fn iter(&self) -> impl Iterator<Item = &Instrument> {
        self.order.iter().filter_map(|ticker| self.rows.get(ticker))
    }
}

fn parse(text: &str) -> Option<Vec<Instrument>> {
    let rows: Vec<Row> = serde_json::from_str(text).ok()?;
    Some(rows.into_iter().map(Instrument::from).collect())
}

/// `TICKWALL_DATA` names the folder; else it is looked for beside the repository.
fn shared_file() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("TICKWALL_DATA").map_or_else(beside, PathBuf::from).join(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_sample_has_the_desks_symbols_once_each_and_the_traps() {
        let rows = parse(SAMPLE).unwrap();
        let us = |row: &&Instrument| {
            row.ticker.ends_with("_US_EQ") && row.kind == "STOCK" && row.currency == "USD"
        };
        for (symbol, ticker) in [
            ("AXSM", "AXSM_US_EQ"),
            ("DJT", "DWAC_US_EQ"),
            ("WULF", "IKNX_US_EQ"),
            ("ONDS", "ONDS_US_EQ"),
            ("NVDA", "NVDA_US_EQ"),
            ("TSLA", "TSLA_US_EQ"),
            ("AAPL", "AAPL_US_EQ"),
            ("MSFT", "MSFT_US_EQ"),
            ("GOOGL", "GOOGL_US_EQ"),
            ("AMZN", "AMZN_US_EQ"),
            ("META", "FB_US_EQ"),
            ("NFLX", "NFLX_US_EQ"),
            ("AMD", "AMD_US_EQ"),
            ("INTC", "INTC_US_EQ"),
            ("QCOM", "QCOM_US_EQ"),
            ("MRVL", "MRVL_US_EQ"),
            ("COIN", "COIN_US_EQ"),
            ("HOOD", "HOOD_US_EQ"),
            ("UPST", "UPST_US_EQ"),
            ("SOFI", "IPOE_US_EQ"),
        ] {
            let found: Vec<_> =
                rows.iter().filter(us).filter(|row| row.short_name == symbol).collect();
            assert_eq!(found.len(), 1, "{symbol}");
            assert_eq!(found[0].ticker, ticker);
        }
        let tickers: BTreeSet<_> = rows.iter().map(|row| row.ticker.as_str()).collect();
        for trap in ["METAl_EQ", "METAm_EQ", "TSLA_AT_EQ", "AMDd_EQ", "GOLD_US_EQ", "VIG_US_EQ"] {
            assert!(tickers.contains(trap), "{trap}");
        }
    }
}
