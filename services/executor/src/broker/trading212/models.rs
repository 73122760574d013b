//! What Trading212 sends, as its public API describes it (<https://docs.trading212.com>). Pure.
//!
//! 1. Every field but an id may be missing or null; unknown fields are ignored.
//! 2. Unknown words are kept as they are. An unknown status counts as open: only a known end ends.
//! 3. Rows of a list are read one by one, so that a bad one costs itself only, and is counted: a
//!    list with unreadable rows proves nothing by what it lacks.

mod metadata;

pub use metadata::{Exchange, Instrument, Schedule, TimeEvent};

use super::number;
use jiff::Timestamp;
use proto::Side;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// The rows of a list that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    /// In the order of the answer.
    pub items: Vec<T>,
    /// Rows that made no sense.
    pub unreadable: usize,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { items: Vec::new(), unreadable: 0 }
    }
}

impl<T: DeserializeOwned> Rows<T> {
    /// Reads each row by itself.
    pub fn from_raw(raw: &[Box<RawValue>]) -> Self {
        let items: Vec<T> =
            raw.iter().filter_map(|row| serde_json::from_str(row.get()).ok()).collect();
        Self { unreadable: raw.len() - items.len(), items }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::<Box<RawValue>>::deserialize(from).map(|raw| Self::from_raw(&raw))
    }
}

/// `GET /equity/account/summary`.
///
/// ```json
/// {"id":1234567,"currency":"GBP","totalValue":5123.45,
///  "cash":{"availableToTrade":1000.0,"inPies":0.0,"reservedForOrders":25.5},
///  "investments":{"currentValue":4097.95,"totalCost":4000.0,"realizedProfitLoss":12.3,"unrealizedProfitLoss":97.95}}
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The account.
    #[serde(default, deserialize_with = "number::maybe_id")]
    pub id: Option<i64>,
    /// ISO code of its currency.
    #[serde(default)]
    pub currency: Option<String>,
    /// Everything it is worth, account currency.
    #[serde(default, deserialize_with = "number::amount")]
    pub total_value: Option<Decimal>,
    /// Its cash.
    #[serde(default)]
    pub cash: Option<Cash>,
}

/// Cash of an account, in its currency.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cash {
    /// What may be spent.
    #[serde(default, deserialize_with = "number::amount")]
    pub available_to_trade: Option<Decimal>,
    /// What pending buys have put aside.
    #[serde(default, deserialize_with = "number::amount")]
    pub reserved_for_orders: Option<Decimal>,
}

/// The instrument inside an order or a position.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct OfInstrument {
    /// Trading212's name for it.
    #[serde(default)]
    pub ticker: Option<String>,
    /// The security.
    #[serde(default)]
    pub isin: Option<String>,
    /// Currency of its prices.
    #[serde(default)]
    pub currency: Option<String>,
}

/// A row of `GET /equity/positions`.
///
/// ```json
/// {"instrument":{"ticker":"AAPL_US_EQ","name":"Apple","isin":"US0378331005","currency":"USD"},
///  "createdAt":"2026-09-01T14:31:02.000+03:00","quantity":3.5,"quantityAvailableForTrading":3.5,"quantityInPies":0,
///  "currentPrice":180.5,"averagePricePaid":171.2,
///  "walletImpact":{"currency":"GBP","currentValue":468.1,"totalCost":450.2,"unrealizedProfitLoss":17.9,"fxImpact":null}}
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// What is held.
    pub instrument: OfInstrument,
    /// Shares.
    #[serde(default, deserialize_with = "number::amount")]
    pub quantity: Option<Decimal>,
    /// Shares that may be sold now.
    #[serde(default, deserialize_with = "number::amount")]
    pub quantity_available_for_trading: Option<Decimal>,
    /// Price of one, instrument currency.
    #[serde(default, deserialize_with = "number::amount")]
    pub current_price: Option<Decimal>,
    /// Price paid on average, instrument currency.
    #[serde(default, deserialize_with = "number::amount")]
    pub average_price_paid: Option<Decimal>,
    /// What it is worth to the account.
    #[serde(default)]
    pub wallet_impact: Option<PositionValue>,
}

/// What a position is worth, in the account's currency.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionValue {
    /// All of it, at the last price.
    #[serde(default, deserialize_with = "number::amount")]
    pub current_value: Option<Decimal>,
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Status {
    /// Known to be on its way or on the market.
    Open(String),
    /// A cancel was asked for; fills may still win.
    Cancelling,
    /// Canceled, or out of time.
    Cancelled,
    /// All shares traded.
    Filled,
    /// Refused after it was accepted.
    Rejected,
    /// Another order stands in its place.
    Replaced,
    /// A word that is not known: open.
    Other(String),
}

impl From<String> for Status {
    fn from(word: String) -> Self {
        match word.as_str() {
            "LOCAL" | "UNCONFIRMED" | "CONFIRMED" | "NEW" | "PARTIALLY_FILLED" | "REPLACING" => {
                Self::Open(word)
            }
            "CANCELLING" => Self::Cancelling,
            "CANCELLED" => Self::Cancelled,
            "FILLED" => Self::Filled,
            "REJECTED" => Self::Rejected,
            "REPLACED" => Self::Replaced,
            _ => Self::Other(word),
        }
    }
}

impl Status {
    /// Nothing but late history can follow.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Cancelled | Self::Filled | Self::Rejected | Self::Replaced => true,
            Self::Open(_) | Self::Cancelling | Self::Other(_) => false,
        }
    }
}

/// An order, as placing, the pending list, the page of one order and history give it.
///
/// ```json
/// {"id":53150556577,"strategy":"QUANTITY","type":"MARKET","ticker":"AAPL_US_EQ","quantity":1,"filledQuantity":0,"status":"NEW",
///  "currency":"EUR","extendedHours":false,"initiatedFrom":"API","side":"BUY","createdAt":"2026-08-09T08:48:51.933+03:00",
///  "instrument":{"ticker":"AAPL_US_EQ","name":"Apple","isin":"US0378331005","currency":"USD"}}
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its name; beyond 32 bits.
    #[serde(deserialize_with = "number::id")]
    pub id: i64,
    /// `MARKET`, `LIMIT`, `STOP` or `STOP_LIMIT`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Trading212's name for the instrument.
    #[serde(default)]
    pub ticker: Option<String>,
    /// Shares; sells are negative, mostly.
    #[serde(default, deserialize_with = "number::amount")]
    pub quantity: Option<Decimal>,
    /// Shares traded, of either sign.
    #[serde(default, deserialize_with = "number::amount")]
    pub filled_quantity: Option<Decimal>,
    /// Limit, instrument currency.
    #[serde(default, deserialize_with = "number::amount")]
    pub limit_price: Option<Decimal>,
    /// Stop, instrument currency.
    #[serde(default, deserialize_with = "number::amount")]
    pub stop_price: Option<Decimal>,
    /// How it stands.
    #[serde(default)]
    pub status: Option<Status>,
    /// `API` for what came through a key.
    #[serde(default)]
    pub initiated_from: Option<String>,
    /// `BUY` or `SELL`.
    #[serde(default)]
    pub side: Option<String>,
    /// `DAY` or `GOOD_TILL_CANCEL`; absent on market orders.
    #[serde(default)]
    pub time_in_force: Option<String>,
    /// RFC 3339 with any offset.
    #[serde(default)]
    pub created_at: Option<String>,
    /// The instrument.
    #[serde(default)]
    pub instrument: Option<OfInstrument>,
}

impl Order {
    /// Shares with the side's sign; `None` when quantity and side disagree or are missing.
    pub fn signed(&self) -> Option<Decimal> {
        let quantity = self.quantity?;
        match self.side.as_deref() {
            Some("SELL") => Some(-quantity.abs()),
            Some("BUY") if quantity.is_sign_negative() && !quantity.is_zero() => None,
            _ => Some(quantity),
        }
    }

    /// Shares traded so far, without a sign; `None` when it does not say.
    pub fn filled(&self) -> Option<Decimal> {
        self.filled_quantity.map(|filled| filled.abs())
    }

    /// When it was made, milliseconds since 1970 UTC.
    pub fn created_ms(&self) -> Option<i64> {
        time_ns(self.created_at.as_deref()?).map(|ns| ns / 1_000_000)
    }

    /// It came through a key, or does not say where it came from.
    pub fn may_be_from_api(&self) -> bool {
        self.initiated_from.as_deref().is_none_or(|from| from == "API")
    }

    /// It has ended, as far as its status says.
    pub fn is_over(&self) -> bool {
        self.status.as_ref().is_some_and(Status::is_over)
    }

    /// The instrument's name, from wherever it stands.
    pub fn ticker(&self) -> Option<&str> {
        let inner = || self.instrument.as_ref().and_then(|inner| inner.ticker.as_deref());
        self.ticker.as_deref().or_else(inner)
    }
}

/// A page of `GET /equity/history/orders`, newest first.
///
/// ```json
/// {"items":[],"nextPagePath":"/api/v0/equity/history/orders?limit=50&cursor=1760346100000"}
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryPage {
    /// One row per fill, or per order that ended without one.
    pub items: Rows<HistoricalOrder>,
    /// Where older rows are; spelled in several ways.
    #[serde(default)]
    pub next_page_path: Option<String>,
}

/// A row of history.
///
/// ```json
/// {"order":{"id":53150556577,"type":"MARKET","ticker":"AAPL_US_EQ","quantity":1,"filledQuantity":1,"status":"FILLED"},
///  "fill":{"id":53150556999,"filledAt":"2026-08-10T13:30:01.000Z","price":213.47,"quantity":1,"type":"TRADE","tradingMethod":"OTC",
///   "walletImpact":{"currency":"EUR","fxRate":1.09,"netValue":195.99,"realisedProfitLoss":0,
///    "taxes":[{"name":"CURRENCY_CONVERSION_FEE","quantity":0.29,"currency":"EUR","chargedAt":"2026-08-10T13:30:01.000Z"}]}}}
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HistoricalOrder {
    /// The order as it stands since.
    pub order: Order,
    /// What traded; absent where nothing did.
    #[serde(default)]
    pub fill: Option<Fill>,
}

/// Shares that traded.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fill {
    /// Its name; a fill is counted once per id.
    #[serde(deserialize_with = "number::id")]
    pub id: i64,
    /// RFC 3339.
    #[serde(default)]
    pub filled_at: Option<String>,
    /// Per share, instrument currency.
    #[serde(default, deserialize_with = "number::amount")]
    pub price: Option<Decimal>,
    /// Shares, of either sign.
    #[serde(default, deserialize_with = "number::amount")]
    pub quantity: Option<Decimal>,
    /// `TRADE`; the other words are corporate actions.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// What it did to the account.
    #[serde(default)]
    pub wallet_impact: Option<WalletImpact>,
}

impl Fill {
    /// It is a trade, or does not say what else it is.
    pub fn is_trade(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind == "TRADE")
    }

    /// When it traded, nanoseconds since 1970 UTC.
    pub fn time_ns(&self) -> Option<i64> {
        time_ns(self.filled_at.as_deref()?)
    }
}

/// What a fill did to the account, in its currency.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WalletImpact {
    /// The account's currency.
    #[serde(default)]
    pub currency: Option<String>,
    /// Cash moved, of either sign.
    #[serde(default, deserialize_with = "number::amount")]
    pub net_value: Option<Decimal>,
    /// Fees and taxes.
    #[serde(default)]
    pub taxes: Option<Vec<Tax>>,
}

/// A fee or a tax.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Tax {
    /// `CURRENCY_CONVERSION_FEE`, `FINRA_FEE` and others.
    #[serde(default)]
    pub name: Option<String>,
    /// Amount, of either sign.
    #[serde(default, deserialize_with = "number::amount")]
    pub quantity: Option<Decimal>,
    /// Its currency.
    #[serde(default)]
    pub currency: Option<String>,
}

/// A side's sign on a quantity.
pub fn signed(side: Side, quantity: Decimal) -> Decimal {
    match side {
        Side::Buy => quantity.abs(),
        Side::Sell => -quantity.abs(),
    }
}

/// Nanoseconds since 1970 UTC of an RFC 3339 time with any offset.
pub fn time_ns(text: &str) -> Option<i64> {
    let time: Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests;
