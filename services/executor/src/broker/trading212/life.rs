//! The life of one accepted order, from what the broker shows. Pure.
//!
//! 1. Shares and prices come from history alone; each fill counts once, by its id.
//! 2. An order ends when its fills add up, or when the broker calls it canceled or refused and all
//!    that it says was filled is known. That it is not shown anywhere ends nothing.
//! 3. What was filled before an end is told before the end.

use super::models::{Fill, HistoricalOrder, Order, Status};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How long history is looked at again before an end that does not say what was filled is believed,
/// milliseconds.
const SETTLE_MS: i64 = 30_000;
/// Where the exchanges of all symbols are.
const EXCHANGE_ZONE: &str = "America/New_York";

/// Something that happened to a followed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Shares traded.
    Traded(Trade),
    /// It was canceled, with why.
    Canceled(String),
    /// It ran out of time.
    Expired(String),
    /// It was refused after it had been accepted.
    Rejected(String),
}

/// Shares that traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// The fill's id.
    pub id: i64,
    /// Shares, above zero.
    pub quantity: Decimal,
    /// Per share, instrument currency.
    pub price: Decimal,
    /// Fees and taxes, account currency.
    pub fee: Decimal,
    /// What the shares cost or brought in the account's currency before fees, as the account was
    /// really charged: a buy takes `value + fee`, a sale brings `value - fee`.
    pub value: Option<Decimal>,
    /// When, nanoseconds since 1970 UTC, where it says so.
    pub time_ns: Option<i64>,
}

/// Where a followed order stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In the pending list.
    Pending,
    /// In the pending list no more, and not in history yet.
    OutOfSight,
    /// Filled, as the broker says; prices are to come.
    PricePending,
    /// Ended otherwise, as the broker says; history is to confirm what was filled.
    Ending,
}

/// How the broker said that it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    status: Status,
    /// Shares filled, where it says so.
    filled: Option<Decimal>,
    /// History says it: nothing of it can be missing there.
    in_history: bool,
    day_order: bool,
    seen_ms: i64,
}

/// A followed order.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that do not depend on each other")]
pub struct Life {
    id: i64,
    buys: bool,
    quantity: Decimal,
    created_ms: i64,
    trades: BTreeMap<i64, Decimal>,
    /// What a snapshot says was filled.
    filled_seen: Decimal,
    pending: bool,
    end: Option<End>,
    cancel_asked: bool,
    over: bool,
}

impl Life {
    /// Follows order `id` of so many shares, below zero for a sale, made at `created_ms`.
    pub fn new(id: i64, quantity: Decimal, created_ms: i64) -> Self {
        Self {
            id,
            buys: quantity.is_sign_positive(),
            quantity: quantity.abs(),
            created_ms,
            trades: BTreeMap::new(),
            filled_seen: Decimal::ZERO,
            pending: false,
            end: None,
            cancel_asked: false,
            over: false,
        }
    }

    /// The broker's id.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// When it was made, milliseconds since 1970 UTC.
    pub fn created_ms(&self) -> i64 {
        self.created_ms
    }

    /// Nothing more will be told of it.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        match &self.end {
            Some(end) if end.status == Status::Filled => Standing::PricePending,
            Some(_) => Standing::Ending,
            None if self.pending => Standing::Pending,
            None => Standing::OutOfSight,
        }
    }

    /// History has something to tell that is not known yet.
    pub fn wants_history(&self) -> bool {
        self.end.is_some() || !self.pending || self.filled_seen > self.filled()
    }

    /// Notes that a cancel was asked for.
    pub fn cancel_asked(&mut self) {
        self.cancel_asked = true;
    }

    /// Takes in what the pending list shows of it; `None` when it is not there.
    pub fn on_pending(&mut self, order: Option<&Order>, now_ms: i64) {
        self.pending = order.is_some_and(|order| !order.is_over());
        if let Some(order) = order {
            self.snapshot(order, false, now_ms);
        }
    }

    /// Takes in what its own page shows. That it shows nothing says nothing.
    pub fn on_by_id(&mut self, order: Option<&Order>, now_ms: i64) {
        if let Some(order) = order {
            self.pending |= !order.is_over();
            self.snapshot(order, false, now_ms);
        }
    }

    /// Takes in its rows of history, and tells what is new. `complete` when history was read back to
    /// the order's beginning.
    pub fn on_history(
        &mut self,
        rows: &[HistoricalOrder],
        complete: bool,
        now_ms: i64,
    ) -> Vec<News> {
        if self.over {
            return Vec::new();
        }
        let ours: Vec<&HistoricalOrder> =
            rows.iter().filter(|row| row.order.id == self.id).collect();
        for row in &ours {
            self.snapshot(&row.order, true, now_ms);
        }
        let mut fills: Vec<&Fill> = ours.iter().filter_map(|row| row.fill.as_ref()).collect();
        fills.sort_by_key(|fill| (fill.time_ns(), fill.id));
        let mut news: Vec<News> =
            fills.into_iter().filter_map(|fill| self.trade(fill)).map(News::Traded).collect();
        if self.filled() >= self.quantity {
            self.over = true;
        } else if let Some(end) = self.ending(complete, now_ms) {
            self.over = true;
            news.push(end);
        }
        news
    }

    fn filled(&self) -> Decimal {
        self.trades.values().sum()
    }

    /// Learns from a snapshot of the order.
    fn snapshot(&mut self, order: &Order, in_history: bool, now_ms: i64) {
        if let Some(quantity) = order.quantity.filter(|quantity| !quantity.is_zero()) {
            self.quantity = quantity.abs();
        }
        self.filled_seen = self.filled_seen.max(order.filled().unwrap_or_default());
        let Some(status) = order.status.clone().filter(Status::is_over) else {
            return;
        };
        let known = self.end.take();
        let seen_ms = known.as_ref().map_or(now_ms, |end| end.seen_ms);
        self.end = Some(End {
            status,
            filled: order.filled().or(known.as_ref().and_then(|end| end.filled)),
            in_history: in_history || known.is_some_and(|end| end.in_history),
            day_order: order.time_in_force.as_deref() == Some("DAY"),
            seen_ms,
        });
    }

    /// A trade that was not counted yet and can be: one without a price is waited for.
    fn trade(&mut self, fill: &Fill) -> Option<Trade> {
        let above_zero = |amount: &Decimal| *amount > Decimal::ZERO;
        let quantity = fill.quantity.map(|quantity| quantity.abs()).filter(above_zero)?;
        let price = fill.price.filter(above_zero)?;
        if !fill.is_trade() || self.trades.contains_key(&fill.id) {
            return None;
        }
        self.trades.insert(fill.id, quantity);
        let impact = fill.wallet_impact.clone().unwrap_or_default();
        let taxes = impact.taxes.as_deref().unwrap_or_default();
        let fee: Decimal = taxes.iter().filter_map(|tax| tax.quantity).map(|tax| tax.abs()).sum();
        // What the account was charged in all has the fees in it.
        let before_fees = |net: Decimal| if self.buys { net.abs() - fee } else { net.abs() + fee };
        let value = impact.net_value.map(before_fees).filter(above_zero);
        Some(Trade { id: fill.id, quantity, price, fee, value, time_ns: fill.time_ns() })
    }

    /// The end, when all that was filled before it is known.
    fn ending(&self, complete: bool, now_ms: i64) -> Option<News> {
        let end = self.end.as_ref()?;
        let waited = now_ms - end.seen_ms >= SETTLE_MS;
        let settled = match end.filled {
            Some(filled) if self.filled() < filled => false,
            Some(_) if end.in_history => true,
            Some(_) | None => complete && waited,
        };
        if !settled || self.filled() < self.filled_seen {
            return None;
        }
        match end.status {
            Status::Cancelled if self.expired(end) => {
                Some(News::Expired("the day it was good for is over".to_owned()))
            }
            Status::Cancelled if self.cancel_asked => Some(News::Canceled("as asked".to_owned())),
            Status::Cancelled => Some(News::Canceled("Trading212 canceled it".to_owned())),
            Status::Rejected => Some(News::Rejected("Trading212 rejected it".to_owned())),
            Status::Replaced => {
                Some(News::Canceled("somebody put another order in its place".to_owned()))
            }
            // All of it traded: the fills will say so.
            Status::Filled | Status::Open(_) | Status::Cancelling | Status::Other(_) => None,
        }
    }

    /// A day order that ended on a later day than it began, and not because we asked.
    fn expired(&self, end: &End) -> bool {
        let days = exchange_day(self.created_ms).zip(exchange_day(end.seen_ms));
        end.day_order && !self.cancel_asked && days.is_some_and(|(from, to)| to > from)
    }
}

fn exchange_day(at_ms: i64) -> Option<Date> {
    let zone = TimeZone::get(EXCHANGE_ZONE).ok()?;
    Some(Timestamp::from_millisecond(at_ms).ok()?.to_zoned(zone).date())
}

#[cfg(test)]
mod tests;
