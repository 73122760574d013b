//! Orders, fills and instruments as the vendor answers them.

use super::{json::Json, time};
use crate::trading212::{
    config::Signs,
    market::{self, Market, instruments::Instrument},
    order::{Fill, Order},
};
use rust_decimal::Decimal;

/// How an account's orders are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style<'a> {
    pub market: &'a Market,
    /// Of the account.
    pub currency: &'a str,
    pub signs: Signs,
}

/// What does not apply to an order has no key at all: a market order has no `timeInForce`.
pub(crate) fn order(order: &Order, style: Style<'_>) -> Json {
    let mut shown = Json::object([
        ("id", order.id.into()),
        ("strategy", "QUANTITY".into()),
        ("type", order.kind.name().into()),
        ("ticker", order.ticker.as_str().into()),
        ("quantity", order.quantity.into()),
        ("filledQuantity", style.filled(order.filled)),
    ]);
    if let Some(limit) = order.kind.limit() {
        shown.put("limitPrice", limit);
    }
    if let Some(stop) = order.kind.stop() {
        shown.put("stopPrice", stop);
    }
    shown.put("status", order.status.name());
    shown.put("currency", style.currency);
    shown.put("extendedHours", order.extended_hours);
    shown.put("initiatedFrom", order.origin.name());
    shown.put("side", if order.is_buy() { "BUY" } else { "SELL" });
    if let Some(time_in_force) = order.time_in_force {
        shown.put("timeInForce", time_in_force.name());
    }
    shown.put("createdAt", time::server(order.created_ms));
    shown.put("instrument", instrument(style.market.instruments.get(&order.ticker)));
    shown
}

/// One row of the history.
pub(crate) fn history_item(of: Option<&Order>, traded: Option<&Fill>, style: Style<'_>) -> Json {
    let shown = of.map_or(Json::Null, |known| order(known, style));
    let mut item = Json::object([("order", shown)]);
    if let Some(traded) = traded {
        item.put("fill", fill(traded, style));
    }
    item
}

fn fill(fill: &Fill, style: Style<'_>) -> Json {
    let filled_at = time::utc(fill.time_ms);
    let fee = Json::object([
        ("name", "CURRENCY_CONVERSION_FEE".into()),
        ("quantity", fill.fee.into()),
        ("currency", style.currency.into()),
        ("chargedAt", filled_at.as_str().into()),
    ]);
    let taxes = if fill.fee.is_zero() { Vec::new() } else { vec![fee] };
    let row = style.market.instruments.get(&fill.ticker);
    let rate = row.map_or(Decimal::ONE, |row| market::rate(row, style.currency));
    let per_unit = Decimal::ONE.checked_div(rate).unwrap_or(Decimal::ONE).round_dp(8);
    Json::object([
        ("id", fill.id.into()),
        ("filledAt", filled_at.into()),
        ("price", fill.price.into()),
        ("quantity", style.filled(fill.quantity)),
        ("type", fill.kind.as_str().into()),
        ("tradingMethod", "OTC".into()),
        (
            "walletImpact",
            Json::object([
                ("currency", style.currency.into()),
                // Units of the instrument's currency per unit of the account's, as in the sample.
                ("fxRate", per_unit.into()),
                ("netValue", fill.net_value.into()),
                ("realisedProfitLoss", fill.realised.into()),
                ("taxes", Json::List(taxes)),
            ]),
        ),
    ])
}

/// The short form that orders and positions carry.
pub(crate) fn instrument(row: Option<&Instrument>) -> Json {
    let Some(row) = row else { return Json::Object(Vec::new()) };
    Json::object([
        ("ticker", row.ticker.as_str().into()),
        ("name", row.name.as_str().into()),
        ("isin", row.isin.as_str().into()),
        ("currency", row.currency.as_str().into()),
    ])
}

/// A row of the instrument list.
pub(crate) fn listed(row: &Instrument) -> Json {
    Json::object([
        ("ticker", row.ticker.as_str().into()),
        ("type", row.kind.as_str().into()),
        ("workingScheduleId", row.schedule_id.into()),
        ("isin", row.isin.as_str().into()),
        ("currencyCode", row.currency.as_str().into()),
        ("name", row.name.as_str().into()),
        ("shortName", row.short_name.as_str().into()),
        ("maxOpenQuantity", row.max_open.into()),
        ("extendedHours", row.extended_hours.into()),
        ("addedOn", row.added_on.as_str().into()),
    ])
}

/// Ten decimals, and `0E-10` for nothing, as the rows of 2024 have it.
pub(crate) fn padded(value: Decimal) -> Json {
    Json::Number(if value.is_zero() { "0E-10".to_owned() } else { format!("{value:.10}") })
}

impl Style<'_> {
    fn filled(self, quantity: Decimal) -> Json {
        match self.signs {
            Signs::Signed => quantity.into(),
            Signs::Absolute => quantity.abs().into(),
        }
    }
}
