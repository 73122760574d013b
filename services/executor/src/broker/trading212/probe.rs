//! Which kinds of orders the account takes. On accounts with real money limit and stop orders were
//! refused for years, and sources disagree whether they still are.
//!
//! It is asked by orders that cannot come to be: the sale of a share's ten-thousand-millionth part,
//! finer than any instrument allows and worth less than the least order. What matters is only which
//! of its faults the service names.

use super::{
    Environment, Trading212,
    error::{CallError, Refusal},
    request::{OrderKind, Validity},
};
use rust_decimal::Decimal;

/// Shares that no order can be of.
fn impossible() -> Decimal {
    -Decimal::new(1, 10)
}

/// One of every kind but the market order, which every account takes.
fn kinds() -> [OrderKind; 3] {
    let (price, validity) = (Decimal::ONE, Validity::Day);
    [
        OrderKind::Limit { limit: price, validity },
        OrderKind::Stop { stop: price, validity },
        OrderKind::StopLimit { stop: price, limit: price, validity },
    ]
}

impl Trading212 {
    /// Learns which kinds of orders the account takes. A kind that is refused, or whose answer is no
    /// answer, is not used by this process: stops stay with the strategy, which sells at the market.
    pub(super) async fn probe_kinds(&mut self) {
        if self.identity.environment == Environment::Demo {
            return; // a practice account takes every kind
        }
        let us_share = |ticker: &&str| ticker.ends_with("_US_EQ");
        let mut tickers = self.listed.rows.iter().map(|row| row.ticker.as_str());
        let Some(ticker) = tickers.find(us_share).map(str::to_owned) else {
            return;
        };
        for kind in kinds() {
            let told = self.client.place(&ticker, impossible(), &kind, &|| Ok(())).await;
            let word = kind.word();
            match told {
                Err(CallError::Rejected { kind: Refusal::NotForRealMoney, .. }) => {
                    tracing::warn!(kind = word, "{word} orders are not possible with this account");
                    self.refused_kinds.insert(word);
                }
                Err(CallError::Rejected { .. }) => {
                    tracing::info!(kind = word, "{word} orders are possible with this account");
                }
                Ok(order) => {
                    tracing::error!(order.id = ?order.id, "an impossible {word} order was taken");
                    self.refused_kinds.insert(word);
                }
                Err(error) => {
                    tracing::warn!(kind = word, "{word} orders are not used: {error}");
                    self.refused_kinds.insert(word);
                }
            }
        }
    }

    /// Kinds of orders that are not possible with this account, by the service's words.
    pub fn refused_kinds(&self) -> impl Iterator<Item = &str> {
        self.refused_kinds.iter().copied()
    }
}
