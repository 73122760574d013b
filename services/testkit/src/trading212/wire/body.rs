//! Bodies of order requests: strict. What is not known is refused, as the vendor does.

use super::refusal::Refusal;
use crate::trading212::{
    endpoint::Endpoint,
    order::{OrderKind, TimeInForce},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An order as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub ticker: String,
    /// Shares; a sell is negative.
    pub quantity: Decimal,
    pub kind: OrderKind,
    pub extended_hours: bool,
    pub time_in_force: Option<TimeInForce>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MarketBody {
    ticker: String,
    quantity: Box<RawValue>,
    extended_hours: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LimitBody {
    ticker: String,
    quantity: Box<RawValue>,
    limit_price: Box<RawValue>,
    time_validity: TimeInForce,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct StopBody {
    ticker: String,
    quantity: Box<RawValue>,
    stop_price: Box<RawValue>,
    time_validity: TimeInForce,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct StopLimitBody {
    ticker: String,
    quantity: Box<RawValue>,
    stop_price: Box<RawValue>,
    limit_price: Box<RawValue>,
    time_validity: TimeInForce,
}

/// Reads the body of an order request. `timeValidity` must be there: its default is not documented.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever is none of the others is the market's"
)]
pub(crate) fn read(endpoint: Endpoint, body: &str) -> Result<Ticket, Refusal> {
    match endpoint {
        Endpoint::PostLimit => {
            let b: LimitBody = parse(body)?;
            let kind = OrderKind::Limit { limit: price(&b.limit_price)? };
            ticket(b.ticker, &b.quantity, kind, false, Some(b.time_validity))
        }
        Endpoint::PostStop => {
            let b: StopBody = parse(body)?;
            let kind = OrderKind::Stop { stop: price(&b.stop_price)? };
            ticket(b.ticker, &b.quantity, kind, false, Some(b.time_validity))
        }
        Endpoint::PostStopLimit => {
            let b: StopLimitBody = parse(body)?;
            let (stop, limit) = (price(&b.stop_price)?, price(&b.limit_price)?);
            let kind = OrderKind::StopLimit { stop, limit };
            ticket(b.ticker, &b.quantity, kind, false, Some(b.time_validity))
        }
        _ => {
            let b: MarketBody = parse(body)?;
            let extended_hours = b.extended_hours.unwrap_or_default();
            ticket(b.ticker, &b.quantity, OrderKind::Market, extended_hours, None)
        }
    }
}

fn parse<'b, T: Deserialize<'b>>(body: &'b str) -> Result<T, Refusal> {
    serde_json::from_str(body).map_err(|_| Refusal::invalid())
}

fn ticket(
    ticker: String,
    quantity: &RawValue,
    kind: OrderKind,
    extended_hours: bool,
    time_in_force: Option<TimeInForce>,
) -> Result<Ticket, Refusal> {
    let quantity = number(quantity)?;
    if quantity.is_zero() {
        return Err(Refusal::invalid());
    }
    Ok(Ticket { ticker, quantity, kind, extended_hours, time_in_force })
}

fn price(raw: &RawValue) -> Result<Decimal, Refusal> {
    number(raw).and_then(|p| if p > Decimal::ZERO { Ok(p) } else { Err(Refusal::invalid()) })
}

/// A JSON number, exactly; text is none.
fn number(raw: &RawValue) -> Result<Decimal, Refusal> {
    let text = raw.get();
    let plain = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(text));
    plain.map_err(|_| Refusal::invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(endpoint: Endpoint, body: &str, taken: bool) {
        assert_eq!(read(endpoint, body).is_ok(), taken, "{body}");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        use Endpoint::{PostLimit, PostMarket, PostStop, PostStopLimit};
        let limit = r#"{"ticker":"A","quantity":-2,"limitPrice":1.5,"timeValidity":"DAY"}"#;
        check(PostMarket, r#"{"ticker":"A","quantity":0.1,"extendedHours":false}"#, true);
        check(PostMarket, r#"{"ticker":"A","quantity":1e-1}"#, true);
        check(PostMarket, r#"{"ticker":"A","quantity":"0.1"}"#, false);
        check(PostMarket, r#"{"ticker":"A","quantity":0}"#, false);
        check(PostMarket, r#"{"ticker":"A"}"#, false);
        check(PostMarket, r#"{"ticker":"A","quantity":1,"side":"BUY"}"#, false);
        check(PostMarket, r#"{"ticker":"A","quantity":1,"timeValidity":"DAY"}"#, false);
        check(PostMarket, "", false);
        check(PostLimit, limit, true);
        check(PostLimit, &limit.replace("DAY", "GTC"), false);
        check(PostLimit, &limit.replace("DAY", "GOOD_TILL_CANCEL"), true);
        check(PostLimit, &limit.replace("1.5", "-1.5"), false);
        check(PostLimit, &limit.replace('}', r#","extendedHours":false}"#), false);
        check(PostStop, &limit.replace("limitPrice", "stopPrice"), true);
        check(PostStop, limit, false);
        check(PostStopLimit, &limit.replace('}', r#","stopPrice":2}"#), true);
    }
}
