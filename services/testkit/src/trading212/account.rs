//! One account: cash, positions, orders, fills, history. Time and market are arguments.

mod fill;
mod history;
mod place;
mod progress;
mod view;

use super::{
    config::AccountConfig,
    order::{Fill, Order},
    wire::json::Json,
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

pub(super) use place::PlacePlan;

/// One account.
#[derive(Debug)]
pub(super) struct Account {
    pub config: AccountConfig,
    /// What came of sales settles later and stands in `proceeds` until then.
    cash: Decimal,
    proceeds: Vec<(i64, Decimal)>,
    positions: BTreeMap<String, Position>,
    orders: BTreeMap<i64, Order>,
    pending: BTreeSet<i64>,
    fills: Vec<Fill>,
    rows: Vec<history::Row>,
    transactions: Vec<history::Transaction>,
    dividends: Vec<Json>,
    realised: Decimal,
    /// Orders placed from here on fill by hand only.
    pub hold_fills: bool,
}

/// Shares of one instrument. Public fields are for tests to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position {
    /// The instrument.
    pub ticker: String,
    /// Shares.
    pub quantity: Decimal,
    /// Shares in pies, which cannot be sold.
    pub in_pies: Decimal,
    /// What the shares cost, fees included, in account currency.
    pub cost: Decimal,
    /// What the shares cost in the instrument's currency.
    pub spent: Decimal,
    /// When it was opened, milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// Shares bought just now, and until when they cannot be sold.
    unsettled: Vec<(i64, Decimal)>,
}

impl Position {
    /// In the instrument's currency.
    pub fn average_price(&self) -> Decimal {
        self.spent.checked_div(self.quantity).unwrap_or_default().round_dp(8)
    }
}

/// The account's cash, in its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashView {
    /// Can be spent.
    pub available: Decimal,
    /// Held back for pending buys.
    pub reserved: Decimal,
    /// Proceeds of sales that cannot be spent yet.
    pub unsettled: Decimal,
}

impl Account {
    pub(super) fn new(config: AccountConfig, now_ms: i64) -> Self {
        let mut account = Self {
            cash: Decimal::ZERO,
            proceeds: Vec::new(),
            positions: BTreeMap::new(),
            orders: BTreeMap::new(),
            pending: BTreeSet::new(),
            fills: Vec::new(),
            rows: Vec::new(),
            transactions: Vec::new(),
            dividends: Vec::new(),
            realised: Decimal::ZERO,
            hold_fills: false,
            config,
        };
        account.deposit(account.config.cash, now_ms);
        account
    }

    /// Adds cash, or takes it away.
    pub(super) fn deposit(&mut self, amount: Decimal, now_ms: i64) {
        self.cash += amount;
        self.record_transaction(amount, now_ms);
    }

    /// Shares out of nowhere, as from a transfer.
    pub(super) fn give(
        &mut self,
        (ticker, quantity, price): (&str, Decimal, Decimal),
        rate: Decimal,
        now_ms: i64,
    ) {
        let position = self.position_mut(ticker, now_ms);
        position.quantity += quantity;
        position.spent += quantity * price;
        position.cost += quantity * price * rate;
        self.positions.retain(|_, position| !position.quantity.is_zero());
    }

    pub(super) fn put_in_pies(&mut self, ticker: &str, quantity: Decimal) {
        if let Some(position) = self.positions.get_mut(ticker) {
            position.in_pies = quantity;
        }
    }

    pub(super) fn order(&self, id: i64) -> Option<&Order> {
        self.orders.get(&id)
    }

    pub(super) fn order_mut(&mut self, id: i64) -> Option<&mut Order> {
        self.orders.get_mut(&id)
    }

    pub(super) fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = &Order> {
        self.pending.iter().filter_map(|id| self.orders.get(id))
    }

    pub(super) fn fills(&self) -> &[Fill] {
        &self.fills
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.values()
    }

    pub(super) fn cash(&self, now_ms: i64) -> CashView {
        let reserved: Decimal = self.pending().map(|order| order.plan.reserved).sum();
        let unsettled = self.unsettled_proceeds(now_ms);
        let settled: Decimal = self.proceeds.iter().map(|(_, amount)| *amount).sum();
        CashView { available: self.cash + settled - unsettled - reserved, reserved, unsettled }
    }

    fn unsettled_proceeds(&self, now_ms: i64) -> Decimal {
        self.proceeds.iter().filter(|(until, _)| *until > now_ms).map(|(_, amount)| *amount).sum()
    }

    /// Shares of a ticker that can be sold.
    pub(super) fn available(&self, ticker: &str, now_ms: i64) -> Decimal {
        let Some(position) = self.positions.get(ticker) else { return Decimal::ZERO };
        let selling: Decimal = self
            .pending()
            .filter(|order| order.ticker == ticker && !order.is_buy())
            .map(Order::remaining)
            .sum();
        let fresh = position.unsettled.iter().filter(|(until, _)| *until > now_ms);
        let fresh: Decimal = fresh.map(|(_, quantity)| *quantity).sum();
        (position.quantity - position.in_pies - fresh + selling).max(Decimal::ZERO)
    }

    fn held(&self, ticker: &str) -> Decimal {
        self.positions.get(ticker).map_or(Decimal::ZERO, |position| position.quantity)
    }

    fn position_mut(&mut self, ticker: &str, now_ms: i64) -> &mut Position {
        self.positions.entry(ticker.to_owned()).or_insert_with(|| Position {
            ticker: ticker.to_owned(),
            created_ms: now_ms,
            ..Position::default()
        })
    }
}
