//! Orders and fills as the fake keeps them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An order. Public fields are for tests to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its number, beyond 32 bits.
    pub id: i64,
    /// The account.
    pub account: i64,
    /// The instrument.
    pub ticker: String,
    /// Shares; a sell is negative.
    pub quantity: Decimal,
    /// Shares traded so far; negative on a sell.
    pub filled: Decimal,
    /// What kind of order it is, with its prices.
    pub kind: OrderKind,
    /// Where it stands.
    pub status: Status,
    /// It may trade outside the regular session.
    pub extended_hours: bool,
    /// Who placed it.
    pub origin: Origin,
    /// How long it holds; market orders have none.
    pub time_in_force: Option<TimeInForce>,
    /// When it was placed, milliseconds since 1970 UTC.
    pub created_ms: i64,
    pub(super) plan: Plan,
}

/// What is to become of an order, and what it holds back meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Plan {
    /// Not filled before this time.
    pub fill_from_ms: i64,
    /// Fills still to come; at least one.
    pub pieces: u32,
    /// Never filled by itself.
    pub held: bool,
    /// Filled then whatever the price and the hour.
    pub forced_ms: Option<i64>,
    /// Its stop has been reached.
    pub triggered: bool,
    pub cancel_ms: Option<i64>,
    pub reject_ms: Option<i64>,
    pub expire_ms: Option<i64>,
    /// Cash held back, in account currency.
    pub reserved: Decimal,
}

/// Kind of an order, with prices in the instrument's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the prices say what they are")]
pub enum OrderKind {
    /// At the market.
    Market,
    /// At a price or better.
    Limit { limit: Decimal },
    /// At the market once the last price is there.
    Stop { stop: Decimal },
    /// At a price or better once the last price is there.
    StopLimit { stop: Decimal, limit: Decimal },
}

impl OrderKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Market => "MARKET",
            Self::Limit { .. } => "LIMIT",
            Self::Stop { .. } => "STOP",
            Self::StopLimit { .. } => "STOP_LIMIT",
        }
    }

    pub(super) fn limit(self) -> Option<Decimal> {
        match self {
            Self::Limit { limit } | Self::StopLimit { limit, .. } => Some(limit),
            Self::Market | Self::Stop { .. } => None,
        }
    }

    pub(super) fn stop(self) -> Option<Decimal> {
        match self {
            Self::Stop { stop } | Self::StopLimit { stop, .. } => Some(stop),
            Self::Market | Self::Limit { .. } => None,
        }
    }
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Placed.
    New,
    /// Some of it traded.
    PartiallyFilled,
    /// All of it traded.
    Filled,
    /// Asked to be canceled; may still fill.
    Cancelling,
    /// Canceled or expired.
    Cancelled,
    /// Taken at first, refused later.
    Rejected,
}

impl Status {
    /// Nothing can happen to it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
            Self::Rejected => "REJECTED",
        }
    }
}

/// Who placed an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Origin {
    /// A program with a key.
    Api,
    /// A person's telephone.
    Ios,
    /// A person's telephone.
    Android,
    /// A person's browser.
    Web,
    /// The vendor.
    System,
}

impl Origin {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Ios => "IOS",
            Self::Android => "ANDROID",
            Self::Web => "WEB",
            Self::System => "SYSTEM",
        }
    }
}

/// How long an order holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum TimeInForce {
    /// Until midnight of the exchange.
    #[serde(rename = "DAY")]
    Day,
    /// Until canceled.
    #[serde(rename = "GOOD_TILL_CANCEL")]
    GoodTillCancel,
}

impl TimeInForce {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::GoodTillCancel => "GOOD_TILL_CANCEL",
        }
    }
}

impl Order {
    /// Whether it buys.
    pub fn is_buy(&self) -> bool {
        self.quantity.is_sign_positive()
    }

    /// Shares still to trade; negative on a sell.
    pub fn remaining(&self) -> Decimal {
        self.quantity - self.filled
    }
}

/// Shares that traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// Its number.
    pub id: i64,
    /// The order.
    pub order_id: i64,
    /// The instrument.
    pub ticker: String,
    /// Shares; negative on a sell.
    pub quantity: Decimal,
    /// In the instrument's currency.
    pub price: Decimal,
    /// When, milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// Paid on a buy, received on a sell, fees taken into account; account currency.
    pub net_value: Decimal,
    /// Conversion fee within `net_value`, account currency.
    pub fee: Decimal,
    /// Gain of a sell over what its shares cost, account currency.
    pub realised: Decimal,
    /// `TRADE`, or the kind of a corporate action.
    pub kind: String,
}
