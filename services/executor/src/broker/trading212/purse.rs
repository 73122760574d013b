//! What the account is worth to the desk: its cash, and what others than the desk have in it. Pure.
//!
//! A list that shows less than the one before is believed when it is seen twice: the service shows
//! empty lists at times.

use super::{
    matching::Foreign,
    models::{Position, Rows, Summary},
};
use crate::broker::Wallet;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The account as last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purse {
    cash: Option<Decimal>,
    /// How often something happened that moves cash.
    moves: u64,
    /// Value of strangers' things, in the two last looks.
    foreign: [Decimal; 2],
}

impl Purse {
    /// The account as last seen.
    pub fn wallet(&self) -> Wallet {
        let [last, before] = self.foreign;
        Wallet { cash: self.cash, foreign: last.max(before) }
    }

    /// Something happened that moves cash: what was seen before is history.
    pub fn spoil(&mut self) {
        self.cash = None;
        self.moves += 1;
    }

    /// How often something happened that moves cash.
    pub fn moves(&self) -> u64 {
        self.moves
    }

    /// Takes the account's cash in, what may be spent and what orders have put aside, if nothing has
    /// moved it since the service was asked after so many moves.
    pub fn on_summary(&mut self, summary: &Summary, moves: u64) {
        let Some(cash) = summary.cash.as_ref().filter(|_| moves == self.moves) else {
            return;
        };
        let aside = cash.reserved_for_orders.unwrap_or_default();
        self.cash = cash.available_to_trade.map(|free| free + aside).or(self.cash);
    }

    /// Takes all positions in, next to `ours` by ticker, and strangers' pending orders.
    pub fn on_positions(
        &mut self,
        rows: &Rows<Position>,
        ours: &BTreeMap<String, Decimal>,
        strangers: &[Foreign],
    ) {
        let held: Decimal = rows.items.iter().map(|row| beyond(row, ours)).sum();
        let ordered: Decimal = strangers.iter().map(|order| ordered(order, rows)).sum();
        let [last, _] = self.foreign;
        self.foreign = [held + ordered, last];
    }
}

/// Value of what is held beyond what is ours, account currency.
fn beyond(row: &Position, ours: &BTreeMap<String, Decimal>) -> Decimal {
    let held = row.quantity.unwrap_or_default();
    let ticker = row.instrument.ticker.as_deref().unwrap_or_default();
    let strange = (held - ours.get(ticker).copied().unwrap_or_default()).max(Decimal::ZERO);
    strange * each(row).unwrap_or_default()
}

/// Value of one share, account currency.
fn each(row: &Position) -> Option<Decimal> {
    let held = row.quantity.filter(|held| !held.is_zero())?;
    let value = row.wallet_impact.as_ref().and_then(|impact| impact.current_value);
    value.map(|value| value / held).or(row.current_price)
}

/// Value of what a stranger's pending order will buy, account currency as far as can be told.
fn ordered(order: &Foreign, rows: &Rows<Position>) -> Decimal {
    if order.remaining <= Decimal::ZERO {
        return Decimal::ZERO;
    }
    let named = |row: &&Position| row.instrument.ticker.as_deref() == Some(&order.ticker);
    let row = rows.items.iter().find(named);
    // A holding of the same tells its value; the order's own price is the next best thing.
    let price = row.and_then(each).or(order.price).unwrap_or_default();
    order.remaining * price
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(json: &str) -> Rows<Position> {
        serde_json::from_str(json).unwrap()
    }

    fn stranger(ticker: &str, remaining: i64, price: i64) -> Foreign {
        Foreign {
            id: 1,
            ticker: ticker.to_owned(),
            remaining: Decimal::from(remaining),
            price: Some(Decimal::from(price)),
            from: "IOS".to_owned(),
        }
    }

    const HELD: &str = r#"[{"instrument":{"ticker":"A_US_EQ"},"quantity":10,"currentPrice":20,
        "walletImpact":{"currency":"EUR","currentValue":150}}]"#;

    #[test]
    fn what_is_held_beyond_ours_and_ordered_by_strangers_counts() {
        let ours = BTreeMap::from([("A_US_EQ".to_owned(), Decimal::from(8))]);
        let strangers =
            [stranger("A_US_EQ", 1, 99), stranger("B_US_EQ", 2, 50), stranger("C", -5, 9)];
        let mut purse = Purse::default();
        purse.on_positions(&positions(HELD), &ours, &strangers);
        assert_eq!(purse.wallet().foreign, Decimal::from(2 * 15 + 15 + 100));
    }

    #[test]
    fn an_empty_list_is_believed_when_it_is_seen_twice() {
        let mut purse = Purse::default();
        for (list, foreign) in [(HELD, 150), ("[]", 150), ("[]", 0)] {
            purse.on_positions(&positions(list), &BTreeMap::new(), &[]);
            assert_eq!(purse.wallet().foreign, Decimal::from(foreign));
        }
    }

    #[test]
    fn cash_is_what_is_free_and_what_is_put_aside() {
        let mut purse = Purse::default();
        assert_eq!(purse.wallet().cash, None);
        let summary = r#"{"id":1,"cash":{"availableToTrade":1000.5,"reservedForOrders":25.5}}"#;
        let summary: Summary = serde_json::from_str(summary).unwrap();
        purse.on_summary(&summary, 0);
        purse.on_summary(&serde_json::from_str(r#"{"id":1,"cash":{}}"#).unwrap(), 0);
        assert_eq!(purse.wallet().cash, Some(Decimal::from(1_026)));
        purse.spoil();
        purse.on_summary(&summary, 0);
        assert_eq!(purse.wallet().cash, None, "it was asked before the move");
        purse.on_summary(&summary, 1);
        assert_eq!(purse.wallet().cash, Some(Decimal::from(1_026)));
    }
}
