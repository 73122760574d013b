//! What the account endpoints answer.

use super::{Account, Position};
use crate::trading212::{
    market::{self, Market},
    wire::{json::Json, show, time},
};
use rust_decimal::Decimal;

/// A position's worth in account currency.
struct Worth {
    price: Decimal,
    value: Decimal,
    gain: Decimal,
}

impl Account {
    pub(in crate::trading212) fn summary(&self, market: &Market, now_ms: i64) -> Json {
        let cash = self.cash(now_ms);
        let value: Decimal = self.worths(market, now_ms).map(|worth| worth.value).sum();
        let cost: Decimal = self.positions.values().map(|position| position.cost).sum();
        let total = cash.available + cash.reserved + cash.unsettled + value;
        Json::object([
            ("id", self.config.id.into()),
            ("currency", self.config.currency.as_str().into()),
            ("totalValue", total.into()),
            (
                "cash",
                Json::object([
                    ("availableToTrade", cash.available.into()),
                    ("inPies", Decimal::ZERO.into()),
                    ("reservedForOrders", cash.reserved.into()),
                ]),
            ),
            (
                "investments",
                Json::object([
                    ("currentValue", value.into()),
                    ("totalCost", cost.into()),
                    ("realizedProfitLoss", self.realised.into()),
                    ("unrealizedProfitLoss", (value - cost).into()),
                ]),
            ),
        ])
    }

    pub(in crate::trading212) fn legacy_cash(&self, market: &Market, now_ms: i64) -> Json {
        let cash = self.cash(now_ms);
        let value: Decimal = self.worths(market, now_ms).map(|worth| worth.value).sum();
        let cost: Decimal = self.positions.values().map(|position| position.cost).sum();
        Json::object([
            ("free", cash.available.into()),
            ("total", (cash.available + cash.reserved + cash.unsettled + value).into()),
            ("ppl", (value - cost).into()),
            ("result", self.realised.into()),
            ("invested", cost.into()),
            ("pieCash", Decimal::ZERO.into()),
            ("blocked", cash.reserved.into()),
        ])
    }

    pub(in crate::trading212) fn legacy_info(&self) -> Json {
        let currency = self.config.currency.as_str();
        Json::object([("id", self.config.id.into()), ("currencyCode", currency.into())])
    }

    pub(in crate::trading212) fn position_rows(&self, market: &Market, now_ms: i64) -> Vec<Json> {
        self.positions.values().map(|position| self.row(position, market, now_ms)).collect()
    }

    pub(in crate::trading212) fn legacy_rows(&self, market: &Market, now_ms: i64) -> Vec<Json> {
        let row = |position: &Position| {
            let worth = self.worth(position, market, now_ms);
            Json::object([
                ("ticker", position.ticker.as_str().into()),
                ("quantity", show::padded(position.quantity)),
                ("averagePrice", position.average_price().into()),
                ("currentPrice", worth.price.into()),
                ("ppl", worth.gain.into()),
                ("fxPpl", Json::Null),
                ("initialFillDate", time::server(position.created_ms).into()),
                ("frontend", "API".into()),
                ("maxBuy", Decimal::ZERO.into()),
                ("maxSell", self.available(&position.ticker, now_ms).into()),
                ("pieQuantity", show::padded(position.in_pies)),
            ])
        };
        self.positions.values().map(row).collect()
    }

    fn row(&self, position: &Position, market: &Market, now_ms: i64) -> Json {
        let worth = self.worth(position, market, now_ms);
        let instrument = market.instruments.get(&position.ticker);
        let currency = self.config.currency.as_str();
        let foreign = instrument.is_some_and(|row| row.currency != currency);
        Json::object([
            ("instrument", show::instrument(instrument)),
            ("createdAt", time::server(position.created_ms).into()),
            ("quantity", position.quantity.into()),
            ("quantityAvailableForTrading", self.available(&position.ticker, now_ms).into()),
            ("quantityInPies", position.in_pies.into()),
            ("currentPrice", worth.price.into()),
            ("averagePricePaid", position.average_price().into()),
            (
                "walletImpact",
                Json::object([
                    ("currency", currency.into()),
                    ("currentValue", worth.value.into()),
                    ("totalCost", position.cost.into()),
                    ("unrealizedProfitLoss", worth.gain.into()),
                    // Rates do not move here.
                    ("fxImpact", foreign.then_some(Decimal::ZERO).into()),
                ]),
            ),
        ])
    }

    fn worths(&self, market: &Market, now_ms: i64) -> impl Iterator<Item = Worth> {
        self.positions.values().map(move |position| self.worth(position, market, now_ms))
    }

    fn worth(&self, position: &Position, market: &Market, now_ms: i64) -> Worth {
        let price = market.prices.at(&position.ticker, now_ms);
        let price = price.unwrap_or_else(|| position.average_price());
        let instrument = market.instruments.get(&position.ticker);
        let rate = instrument.map_or(Decimal::ONE, |row| market::rate(row, &self.config.currency));
        let value = (position.quantity * price * rate).round_dp(2);
        Worth { price, value, gain: value - position.cost }
    }
}
