//! A trade: cash, position, fill and history row change together or not at all.

use super::Account;
use crate::trading212::{
    market::{self, Market, clock::millis},
    order::{Fill, Status},
};
use rust_decimal::Decimal;

impl Account {
    /// Shares of an order trade. More than remains of it does not trade; a full fill ends it.
    pub(in crate::trading212) fn trade(
        &mut self,
        market: &Market,
        id: i64,
        (quantity, price): (Decimal, Decimal),
        at_ms: i64,
    ) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let remaining = order.remaining();
        if remaining.is_zero() || order.status.is_final() {
            return;
        }
        let quantity = if quantity.abs() > remaining.abs() { remaining } else { quantity };
        let reserved = order.plan.reserved;
        order.plan.reserved = reserved - (reserved * quantity / remaining).round_dp(2);
        order.filled += quantity;
        if order.remaining().is_zero() {
            order.status = Status::Filled;
            order.plan.reserved = Decimal::ZERO;
            self.pending.remove(&id);
        } else if order.status == Status::New {
            order.status = Status::PartiallyFilled;
        }
        let ticker = order.ticker.clone();
        let mut fill = self.priced(market, (&ticker, quantity, price), at_ms);
        fill.order_id = id;
        fill.realised = self.move_shares(market, &fill);
        self.realised += fill.realised;
        self.record_fill(market, &fill);
        self.fills.push(fill);
    }

    /// Shares come or go by themselves, as in a split: a fill of another kind, and no cash.
    pub(in crate::trading212) fn corporate_action(
        &mut self,
        market: &Market,
        (ticker, kind, quantity): (&str, &str, Decimal),
        order_id: i64,
        at_ms: i64,
    ) {
        let mut fill = self.priced(market, (ticker, quantity, Decimal::ZERO), at_ms);
        fill.order_id = order_id;
        kind.clone_into(&mut fill.kind);
        self.position_mut(ticker, at_ms).quantity += quantity;
        self.positions.retain(|_, position| !position.quantity.is_zero());
        self.record_fill(market, &fill);
        self.fills.push(fill);
    }

    /// Forgets what has settled.
    pub(super) fn settle(&mut self, now_ms: i64) {
        let settled = self.proceeds.iter().filter(|(until, _)| *until <= now_ms);
        self.cash += settled.map(|(_, amount)| *amount).sum::<Decimal>();
        self.proceeds.retain(|(until, _)| *until > now_ms);
        for position in self.positions.values_mut() {
            position.unsettled.retain(|(until, _)| *until > now_ms);
        }
    }

    fn priced(
        &self,
        market: &Market,
        (ticker, quantity, price): (&str, Decimal, Decimal),
        at_ms: i64,
    ) -> Fill {
        let currency = &self.config.currency;
        let (rate, share) = market.instruments.get(ticker).map_or_else(
            || (Decimal::ONE, Decimal::ZERO),
            |row| (market::rate(row, currency), market::fx_fee(row, currency)),
        );
        let value = (quantity.abs() * price * rate).round_dp(2);
        let fee = (value * share).round_dp(2);
        let net_value = if quantity.is_sign_positive() { value + fee } else { value - fee };
        Fill {
            id: market.next_id(),
            order_id: 0,
            ticker: ticker.to_owned(),
            quantity,
            price,
            time_ms: at_ms,
            net_value,
            fee,
            realised: Decimal::ZERO,
            kind: "TRADE".to_owned(),
        }
    }

    /// Shares and cash change hands; the gain of a sell.
    fn move_shares(&mut self, market: &Market, fill: &Fill) -> Decimal {
        let timing = market.timing;
        if fill.quantity.is_sign_positive() {
            self.cash -= fill.net_value;
            let until = fill.time_ms + millis(timing.share_settle);
            let position = self.position_mut(&fill.ticker, fill.time_ms);
            position.quantity += fill.quantity;
            position.cost += fill.net_value;
            position.spent += fill.quantity * fill.price;
            position.unsettled.push((until, fill.quantity));
            return Decimal::ZERO;
        }
        self.proceeds.push((fill.time_ms + millis(timing.proceeds_settle), fill.net_value));
        let position = self.position_mut(&fill.ticker, fill.time_ms);
        let share = fill.quantity.abs().checked_div(position.quantity).unwrap_or(Decimal::ONE);
        let cost = (position.cost * share).round_dp(2);
        position.cost -= cost;
        position.spent -= position.spent * share;
        position.quantity += fill.quantity;
        if position.quantity.is_zero() {
            self.positions.remove(&fill.ticker);
        }
        fill.net_value - cost
    }
}
