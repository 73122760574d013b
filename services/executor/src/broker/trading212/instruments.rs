//! From a symbol to Trading212's name for it, by rule. Pure.
//!
//! 1. A name is looked up, never built and never taken apart: it is the symbol of the day of the
//!    listing, and for dozens of symbols `<SYMBOL>_US_EQ` is another company.
//! 2. Exactly one row may fit: a dollar stock of the US listing whose short name is the symbol.
//! 3. The security behind a symbol is pinned at its first use; when another one answers to the
//!    symbol, it is refused.

use super::models::Instrument;
use proto::Symbol;
use rust_decimal::Decimal;

/// What a symbol is at Trading212.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its name there.
    pub ticker: String,
    /// The security.
    pub isin: String,
    /// Shares that may be held at most.
    pub max_open_quantity: Option<Decimal>,
}

/// Why a symbol is no instrument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No row fits.
    #[error("Trading212 lists no US dollar stock with the symbol {0}")]
    Unlisted(Symbol),
    /// Several rows fit.
    #[error("several Trading212 instruments answer to {symbol}: {}", tickers.join(", "))]
    Ambiguous {
        /// The symbol.
        symbol: Symbol,
        /// Their names.
        tickers: Vec<String>,
    },
    /// The row does not say which security it is.
    #[error("Trading212 does not say which security {0} is")]
    NoIsin(String),
    /// Another security answers to the symbol than the one that was traded before.
    #[error(
        "{symbol} was {pinned} and is {found} now: nothing is traded until a person has looked"
    )]
    Changed {
        /// The symbol.
        symbol: Symbol,
        /// The security that was traded.
        pinned: String,
        /// The security that answers to the symbol.
        found: String,
    },
}

/// Finds the one row for `symbol`, and holds it against the security `pinned` at its first use.
///
/// # Errors
/// [`ResolveError`] unless exactly one row fits and its security is the pinned one.
pub fn resolve(
    symbol: &Symbol,
    rows: &[Instrument],
    pinned: Option<&str>,
) -> Result<Listing, ResolveError> {
    let fitting: Vec<&Instrument> = rows.iter().filter(|row| fits(symbol, row)).collect();
    let row = match fitting.as_slice() {
        [] => return Err(ResolveError::Unlisted(symbol.clone())),
        [row] => *row,
        several => {
            let tickers = several.iter().map(|row| row.ticker.clone()).collect();
            return Err(ResolveError::Ambiguous { symbol: symbol.clone(), tickers });
        }
    };
    let isin = row.isin.clone().filter(|isin| !isin.is_empty());
    let Some(isin) = isin else {
        return Err(ResolveError::NoIsin(row.ticker.clone()));
    };
    if let Some(pinned) = pinned.filter(|pinned| **pinned != *isin) {
        let (symbol, pinned) = (symbol.clone(), pinned.to_owned());
        return Err(ResolveError::Changed { symbol, pinned, found: isin });
    }
    let max_open_quantity = row.max_open_quantity;
    Ok(Listing { ticker: row.ticker.clone(), isin, max_open_quantity })
}

fn fits(symbol: &Symbol, row: &Instrument) -> bool {
    row.ticker.ends_with("_US_EQ")
        && row.kind.as_deref() == Some("STOCK")
        && row.currency_code.as_deref() == Some("USD")
        && row.short_name.as_deref().is_some_and(|name| canonical(name) == symbol.as_str())
}

/// `BRK.B`, `BRK/B`, `BRK_B`, `BRK-B`: one symbol.
fn canonical(name: &str) -> String {
    name.trim().replace(['/', '_', '-', ' '], ".")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::test_support::symbol;
    use proptest::prelude::*;

    const ROWS: &str = include_str!("test_data/instruments.json");

    pub(in super::super) fn rows() -> Vec<Instrument> {
        serde_json::from_str(ROWS).unwrap()
    }

    fn ticker(text: &str) -> Result<String, ResolveError> {
        resolve(&symbol(text), &rows(), None).map(|listing| listing.ticker)
    }

    #[test]
    fn renamed_companies_come_out_by_rule() {
        for (text, expected) in [
            ("META", "FB_US_EQ"),
            ("DJT", "DWAC_US_EQ"),
            ("WULF", "IKNX_US_EQ"),
            ("SOFI", "IPOE_US_EQ"),
            ("AAPL", "AAPL_US_EQ"),
            ("TSLA", "TSLA_US_EQ"),
            ("GOOG", "GOOG_US_EQ"),
            ("GOOGL", "GOOGL_US_EQ"),
            ("GOLD", "AMRK_US_EQ"),
            ("B", "GOLD_US_EQ"),
            ("GEN", "SYMC_US_EQ"),
            ("ZG", "ZG1_US_EQ"),
            ("UA", "UA1_US_EQ"),
            ("CCC", "DGNR_US_EQ"),
            ("BRK.B", "BRK_B_US_EQ"),
            ("BRK.A", "BRK/A_US_EQ"),
            ("BF.B", "BFB_US_EQ"),
            ("TAP.A", "TAP/A_US_EQ"),
            ("AVAV", "AVAV__US_EQ"),
        ] {
            assert_eq!(ticker(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn traps_never_match() {
        for text in
            ["FB", "DWAC", "IKNX", "VIG", "DHER", "QQQ", "VOD", "YUMC", "TPR", "GME.WS", "ABB"]
        {
            assert!(matches!(ticker(text), Err(ResolveError::Unlisted(_))), "{text}");
        }
    }

    #[test]
    fn two_rows_for_a_symbol_are_refused() {
        let mut rows = rows();
        let mut twin = rows.iter().find(|row| row.ticker == "FB_US_EQ").unwrap().clone();
        twin.ticker = "META_US_EQ".to_owned();
        rows.push(twin);
        let found = resolve(&symbol("META"), &rows, None);
        assert!(matches!(found, Err(ResolveError::Ambiguous { .. })), "{found:?}");
    }

    #[test]
    fn another_security_under_a_known_symbol_is_refused() {
        let pinned = |isin| resolve(&symbol("META"), &rows(), Some(isin));
        assert!(pinned("US30303M1027").is_ok());
        assert!(matches!(pinned("US0000000000"), Err(ResolveError::Changed { .. })));
    }

    #[test]
    fn a_row_without_a_security_is_refused() {
        let mut rows = rows();
        for row in &mut rows {
            row.isin = None;
        }
        assert!(matches!(resolve(&symbol("META"), &rows, None), Err(ResolveError::NoIsin(_))));
    }

    proptest! {
        #[test]
        fn the_order_of_rows_changes_nothing(shuffled in Just(rows()).prop_shuffle()) {
            for text in ["META", "TSLA", "AMD", "BAM", "RBC"] {
                let found = resolve(&symbol(text), &shuffled, None);
                prop_assert_eq!(found, resolve(&symbol(text), &rows(), None));
            }
        }
    }
}
