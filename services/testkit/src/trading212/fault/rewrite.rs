//! Faults that change what an answer says.

use super::Fault;
use crate::trading212::wire::{
    json::Json,
    reply::{Body, Reply},
};

/// Fields that the vendor may leave out, and that some replies had as null.
const OPTIONAL: [&str; 9] = [
    "strategy",
    "value",
    "filledValue",
    "limitPrice",
    "stopPrice",
    "timeInForce",
    "extendedHours",
    "fxImpact",
    "fxRate",
];

/// Numbers that name something and are never written another way.
const NAMES: [&str; 4] = ["id", "status", "workingScheduleId", "traceId"];

/// Changes a reply as a fault wants it; most faults do not.
#[expect(clippy::wildcard_enum_match_arm, reason = "a few of many faults matter here")]
pub(in crate::trading212) fn rewrite(fault: &Fault, reply: &mut Reply) {
    let Body::Json(json) = &mut reply.body else { return };
    match fault {
        Fault::WithoutId => {
            if let Json::Object(fields) = json {
                fields.retain(|(key, _)| *key != "id");
            }
        }
        Fault::EmptyLists => empty(json),
        Fault::CashZero => json.visit(&mut |key, value| {
            if matches!(key, "availableToTrade" | "reservedForOrders" | "free" | "total") {
                *value = 0_i64.into();
            }
        }),
        Fault::DuplicateRows => {
            if let Some(Json::List(items)) = field(json, "items") {
                *items = items.iter().flat_map(|item| [item.clone(), item.clone()]).collect();
            }
        }
        Fault::UnknownStatus(status) => json.visit(&mut |key, value| {
            if key == "status" && matches!(value, Json::Text(_)) {
                *value = status.as_str().into();
            }
        }),
        Fault::UnknownEnums => json.visit(&mut |key, value| match key {
            "initiatedFrom" => *value = "SMART_WATCH".into(),
            "tradingMethod" => *value = "AUCTION".into(),
            "fill" => {
                if let Some(kind) = field(value, "type") {
                    *kind = "FILL_OF_TOMORROW".into();
                }
            }
            _ => {}
        }),
        Fault::NullFields => nulls(json),
        Fault::ExponentNumbers => numbers(json, &|digits| {
            if digits == "0" { "0E-10".to_owned() } else { decimals(digits, 10) }
        }),
        Fault::FloatNumbers => numbers(json, &|digits| decimals(digits, 1)),
        Fault::Truncated => {
            let text = json.to_string();
            let half = text.chars().take(text.chars().count() / 2).collect();
            reply.body = Body::Broken(half);
        }
        Fault::Empty => reply.body = Body::Empty,
        _ => {}
    }
}

fn field<'j>(json: &'j mut Json, name: &str) -> Option<&'j mut Json> {
    let Json::Object(fields) = json else { return None };
    fields.iter_mut().find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn empty(json: &mut Json) {
    if let Json::List(items) = json {
        items.clear();
    }
    if let Some(items) = field(json, "items") {
        *items = Json::List(Vec::new());
    }
    if let Some(next) = field(json, "nextPagePath") {
        *next = Json::Null;
    }
}

/// Optional fields become null where they are, and appear as null in orders where they are not.
fn nulls(json: &mut Json) {
    json.visit(&mut |key, value| {
        if OPTIONAL.contains(&key) {
            *value = Json::Null;
        }
        complete(value);
    });
    if let Json::List(items) = json {
        items.iter_mut().for_each(complete);
    }
    complete(json);
}

/// Puts null for every price an order does not have.
fn complete(json: &mut Json) {
    if field(json, "filledQuantity").is_none() {
        return;
    }
    for name in ["limitPrice", "stopPrice", "value", "filledValue", "timeInForce"] {
        if field(json, name).is_none() {
            json.put(name, Json::Null);
        }
    }
}

fn numbers(json: &mut Json, write: &dyn Fn(&str) -> String) {
    json.visit(&mut |key, value| {
        if let Json::Number(digits) = value
            && !NAMES.contains(&key)
        {
            *digits = write(digits);
        }
    });
}

/// At least so many decimals.
fn decimals(digits: &str, least: usize) -> String {
    let present = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let point = if present == 0 { "." } else { "" };
    format!("{digits}{point}{}", "0".repeat(least.saturating_sub(present)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    #[test]
    fn numbers_are_written_the_other_ways() {
        let json = Json::object([
            ("id", 7_i64.into()),
            ("a", Decimal::ZERO.into()),
            ("b", Decimal::new(25, 1).into()),
        ]);
        let check = |fault, expected: &str| {
            let mut reply = Reply::json(200, json.clone());
            rewrite(&fault, &mut reply);
            assert_eq!(reply.bytes(), expected);
        };
        check(Fault::ExponentNumbers, r#"{"id":7,"a":0E-10,"b":2.5000000000}"#);
        check(Fault::FloatNumbers, r#"{"id":7,"a":0.0,"b":2.5}"#);
        check(Fault::WithoutId, r#"{"a":0,"b":2.5}"#);
        check(Fault::Truncated, r#"{"id":7,"a""#);
        check(Fault::Empty, "");
    }
}
