//! The history: one row per fill, one per order that ended without any; newest first, in pages.

use super::Account;
use crate::trading212::{
    market::{Market, clock::millis},
    order::{Fill, Order},
    wire::{json::Json, refusal::Refusal, time},
};
use rust_decimal::Decimal;

/// One row. `key` is its time in milliseconds, made unique, and what cursors are made of.
#[derive(Debug, Clone)]
pub(super) struct Row {
    key: i64,
    visible_ms: i64,
    order_id: i64,
    ticker: String,
    fill: Option<Fill>,
}

/// Money that came or went.
#[derive(Debug, Clone)]
pub(super) struct Transaction {
    reference: String,
    amount: Decimal,
    time_ms: i64,
}

/// A page of rows, and the cursor of the next one where there is one.
pub(in crate::trading212) struct Page<'a> {
    /// The order as it is by now; `None` where a corporate action made the fill.
    pub rows: Vec<(Option<&'a Order>, Option<&'a Fill>)>,
    pub next: Option<i64>,
}

/// A page of transactions, and the query of the next one.
pub(in crate::trading212) struct TransactionPage {
    pub items: Vec<Json>,
    pub next: Option<String>,
}

impl Account {
    pub(super) fn record_fill(&mut self, market: &Market, fill: &Fill) {
        let visible_ms = fill.time_ms + millis(market.timing.history_delay);
        self.record(Row {
            key: fill.time_ms,
            visible_ms,
            order_id: fill.order_id,
            ticker: fill.ticker.clone(),
            fill: Some(fill.clone()),
        });
    }

    pub(super) fn record_end(&mut self, market: &Market, order_id: i64, at_ms: i64) {
        let Some(ticker) = self.orders.get(&order_id).map(|order| order.ticker.clone()) else {
            return;
        };
        let visible_ms = at_ms + millis(market.timing.history_delay);
        self.record(Row { key: at_ms, visible_ms, order_id, ticker, fill: None });
    }

    fn record(&mut self, mut row: Row) {
        let last = self.rows.last().map_or(i64::MIN, |last| last.key);
        row.key = row.key.max(last.saturating_add(1));
        self.rows.push(row);
    }

    /// Rows older than the cursor that are visible by now, seen `lag_ms` late.
    pub(in crate::trading212) fn history(
        &self,
        ticker: Option<&str>,
        (limit, cursor): (usize, Option<i64>),
        lag_ms: i64,
        now_ms: i64,
    ) -> Page<'_> {
        let mut found = self.rows.iter().rev().filter(|row| {
            row.visible_ms.saturating_add(lag_ms) <= now_ms
                && ticker.is_none_or(|ticker| row.ticker == ticker)
                && cursor.is_none_or(|cursor| row.key < cursor)
        });
        let page: Vec<&Row> = found.by_ref().take(limit).collect();
        let more = found.next().is_some();
        let next = page.last().filter(|_| more).map(|row| row.key);
        let rows = page.iter().map(|row| (self.orders.get(&row.order_id), row.fill.as_ref()));
        Page { rows: rows.collect(), next }
    }

    pub(super) fn record_transaction(&mut self, amount: Decimal, now_ms: i64) {
        let number = self.transactions.len() + 1;
        let reference = format!("00000000-0000-4000-8000-{number:012x}");
        self.transactions.push(Transaction { reference, amount, time_ms: now_ms });
    }

    /// The cursor is the reference of the last row seen, and its time must come with it.
    pub(in crate::trading212) fn transactions(
        &self,
        limit: usize,
        cursor: Option<&str>,
        time_given: bool,
    ) -> Result<TransactionPage, Refusal> {
        let mut rows = self.transactions.iter().rev();
        if let Some(cursor) = cursor {
            if !time_given {
                return Err(Refusal::invalid());
            }
            if !rows.by_ref().any(|row| row.reference == cursor) {
                return Err(Refusal::not_found("Provided cursor does not exist"));
            }
        }
        let page: Vec<&Transaction> = rows.by_ref().take(limit).collect();
        let more = rows.next().is_some();
        let next = page
            .last()
            .filter(|_| more)
            .map(|row| format!("cursor={}&time={}", row.reference, time::utc(row.time_ms)));
        let items = page.into_iter().map(|row| row.show(&self.config.currency)).collect();
        Ok(TransactionPage { items, next })
    }

    pub(in crate::trading212) fn dividends(&self) -> &[Json] {
        &self.dividends
    }

    pub(in crate::trading212) fn add_dividend(&mut self, dividend: Json, amount: Decimal) {
        self.cash += amount;
        self.dividends.insert(0, dividend);
    }
}

impl Transaction {
    fn show(&self, currency: &str) -> Json {
        let kind = if self.amount.is_sign_negative() { "WITHDRAW" } else { "DEPOSIT" };
        Json::object([
            ("type", kind.into()),
            ("amount", self.amount.into()),
            ("currency", currency.into()),
            ("dateTime", time::utc(self.time_ms).into()),
            ("reference", self.reference.as_str().into()),
        ])
    }
}
