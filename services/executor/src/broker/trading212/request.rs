//! What an order looks like on its way out. Pure.
//!
//! Exactly the documented fields: the service refuses a body with any other. `extendedHours` goes
//! with market orders only, `timeValidity` with all the others. Amounts are plain decimal text.

use super::{endpoint::Endpoint, number};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How long an order that waits for a price stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Validity {
    /// Until midnight where the exchange is.
    Day,
    /// Until it is canceled.
    GoodTillCancel,
}

/// The kind of an order, with its prices in the instrument's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// At what the market gives; in the regular session unless it says otherwise.
    Market {
        /// Before and after the regular session too.
        extended_hours: bool,
    },
    /// At this price or better.
    Limit {
        /// The price.
        limit: Decimal,
        /// How long.
        validity: Validity,
    },
    /// A market order once this price has traded.
    Stop {
        /// The price.
        stop: Decimal,
        /// How long.
        validity: Validity,
    },
    /// A limit order once the stop price has traded.
    StopLimit {
        /// The price that starts it.
        stop: Decimal,
        /// The price it asks for.
        limit: Decimal,
        /// How long.
        validity: Validity,
    },
}

impl OrderKind {
    /// A market order in the regular session.
    pub const MARKET: Self = Self::Market { extended_hours: false };

    /// Where it is placed.
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Self::Market { .. } => Endpoint::Market,
            Self::Limit { .. } => Endpoint::Limit,
            Self::Stop { .. } => Endpoint::Stop,
            Self::StopLimit { .. } => Endpoint::StopLimit,
        }
    }

    /// The service's word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Market { .. } => "MARKET",
            Self::Limit { .. } => "LIMIT",
            Self::Stop { .. } => "STOP",
            Self::StopLimit { .. } => "STOP_LIMIT",
        }
    }

    /// Its limit and its stop.
    pub fn prices(&self) -> (Option<Decimal>, Option<Decimal>) {
        match self {
            Self::Market { .. } => (None, None),
            Self::Limit { limit, .. } => (Some(*limit), None),
            Self::Stop { stop, .. } => (None, Some(*stop)),
            Self::StopLimit { stop, limit, .. } => (Some(*limit), Some(*stop)),
        }
    }

    fn validity(&self) -> Option<Validity> {
        match self {
            Self::Market { .. } => None,
            Self::Limit { validity, .. }
            | Self::Stop { validity, .. }
            | Self::StopLimit { validity, .. } => Some(*validity),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    ticker: &'a str,
    #[serde(serialize_with = "number::plain")]
    quantity: Decimal,
    #[serde(serialize_with = "number::maybe_plain", skip_serializing_if = "Option::is_none")]
    stop_price: Option<Decimal>,
    #[serde(serialize_with = "number::maybe_plain", skip_serializing_if = "Option::is_none")]
    limit_price: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_validity: Option<Validity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_hours: Option<bool>,
}

/// The body of an order of `quantity` shares of `ticker`, below zero to sell.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn body(
    ticker: &str,
    quantity: Decimal,
    kind: &OrderKind,
) -> Result<Vec<u8>, serde_json::Error> {
    let (limit_price, stop_price) = kind.prices();
    let extended_hours = match kind {
        OrderKind::Market { extended_hours } => Some(*extended_hours),
        OrderKind::Limit { .. } | OrderKind::Stop { .. } | OrderKind::StopLimit { .. } => None,
    };
    serde_json::to_vec(&Body {
        ticker,
        quantity,
        stop_price,
        limit_price,
        time_validity: kind.validity(),
        extended_hours,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(quantity: &str, kind: &OrderKind, expected: &str) {
        let body = body("AAPL_US_EQ", quantity.parse().unwrap(), kind).unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn bodies_are_exactly_the_documented_ones() {
        let price = |text: &str| text.parse::<Decimal>().unwrap();
        let (day, gtc) = (Validity::Day, Validity::GoodTillCancel);
        check(
            "0.10",
            &OrderKind::MARKET,
            r#"{"ticker":"AAPL_US_EQ","quantity":0.1,"extendedHours":false}"#,
        );
        check(
            "-2",
            &OrderKind::Limit { limit: price("180.23"), validity: day },
            r#"{"ticker":"AAPL_US_EQ","quantity":-2,"limitPrice":180.23,"timeValidity":"DAY"}"#,
        );
        check(
            "-2",
            &OrderKind::Stop { stop: price("170.0"), validity: gtc },
            r#"{"ticker":"AAPL_US_EQ","quantity":-2,"stopPrice":170,"timeValidity":"GOOD_TILL_CANCEL"}"#,
        );
        check(
            "-2",
            &OrderKind::StopLimit { stop: price("170.0"), limit: price("169.5"), validity: day },
            r#"{"ticker":"AAPL_US_EQ","quantity":-2,"stopPrice":170,"limitPrice":169.5,"timeValidity":"DAY"}"#,
        );
    }

    #[test]
    fn the_smallest_quantity_has_no_exponent() {
        check(
            "0.0000000001",
            &OrderKind::MARKET,
            r#"{"ticker":"AAPL_US_EQ","quantity":0.0000000001,"extendedHours":false}"#,
        );
    }
}
