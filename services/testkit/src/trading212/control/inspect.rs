//! What a test can see.

use super::Control;
use crate::trading212::{
    account::{Account, CashView, Position},
    endpoint::Endpoint,
    fault::Fired,
    order::{Fill, Order},
    world::LoggedRequest,
};
use rust_decimal::Decimal;

impl Control {
    /// Every order of the account, oldest first.
    pub fn orders(&self) -> Vec<Order> {
        self.see(|account, _| account.orders().cloned().collect())
    }

    /// One order of the account.
    pub fn order(&self, id: i64) -> Option<Order> {
        self.see(|account, _| account.order(id).cloned())
    }

    /// Its orders that have not ended, oldest first.
    pub fn pending(&self) -> Vec<Order> {
        self.see(|account, _| account.pending().cloned().collect())
    }

    /// Every fill of the account, oldest first.
    pub fn fills(&self) -> Vec<Fill> {
        self.see(|account, _| account.fills().to_vec())
    }

    /// Its positions by ticker.
    pub fn positions(&self) -> Vec<Position> {
        self.see(|account, _| account.positions().cloned().collect())
    }

    /// Shares of a ticker; 0 where there are none.
    pub fn held(&self, ticker: &str) -> Decimal {
        let held = self.positions().into_iter().find(|position| position.ticker == ticker);
        held.map_or(Decimal::ZERO, |position| position.quantity)
    }

    /// Its cash; `None` where there is no such account.
    pub fn cash(&self) -> Option<CashView> {
        self.see(|account, now_ms| Some(account.cash(now_ms)))
    }

    /// A ticker's price now.
    pub fn price(&self, ticker: &str) -> Option<Decimal> {
        let (world, now_ms) = self.up_to_date();
        world.market.prices.at(ticker, now_ms)
    }

    /// The ticker of a symbol's American share.
    pub fn us_ticker(&self, symbol: &str) -> Option<String> {
        let world = self.lock();
        let mut rows = world.market.instruments.iter().filter(|row| {
            row.short_name == symbol
                && row.ticker.ends_with("_US_EQ")
                && row.kind == "STOCK"
                && row.currency == "USD"
        });
        rows.next().map(|row| row.ticker.clone())
    }

    /// The latest 100,000 requests of all accounts, oldest first.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.lock().log.iter().cloned().collect()
    }

    /// How often an endpoint was called, by whomever, as far as requests are remembered.
    pub fn calls(&self, endpoint: Endpoint) -> usize {
        let world = self.lock();
        world.log.iter().filter(|request| request.endpoint == Some(endpoint)).count()
    }

    /// How many requests the limiter refused; 429s that a fault made are not counted.
    pub fn limited(&self) -> usize {
        self.lock().limited
    }

    /// The faults that met a request, oldest first.
    pub fn fired(&self) -> Vec<Fired> {
        self.lock().faults.fired.clone()
    }

    fn see<T: Default>(&self, look: impl FnOnce(&Account, i64) -> T) -> T {
        let (world, now_ms) = self.up_to_date();
        world.account(self.account).map(|account| look(account, now_ms)).unwrap_or_default()
    }
}
