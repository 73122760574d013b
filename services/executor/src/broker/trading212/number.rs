//! Amounts in JSON, exact to the last digit. Pure.
//!
//! Numbers are taken from their text and written as plain text: a detour through `f64` would change
//! them. Whole numbers, decimals, exponents (`0E-10` is real) and numbers in quotes are read; null
//! is no value.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

/// Reads a number from its text.
///
/// # Errors
/// A sentence, when it is none.
pub fn parse(text: &str) -> Result<Decimal, String> {
    let text = text.trim();
    let wrong = |error: rust_decimal::Error| format!("{text:?} is not an amount: {error}");
    match text.find(['e', 'E']) {
        None => text.parse().map_err(wrong),
        Some(at) => {
            let mantissa: Decimal = text.get(..at).unwrap_or_default().parse().map_err(wrong)?;
            if mantissa.is_zero() {
                return Ok(Decimal::ZERO);
            }
            Decimal::from_scientific(text).map_err(wrong)
        }
    }
}

/// For `deserialize_with` on an `Option<Decimal>`, together with `default`.
pub(super) fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    let Some(raw) = Option::<Box<RawValue>>::deserialize(from)? else {
        return Ok(None);
    };
    let text = raw.get().trim_matches('"');
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).map_err(D::Error::custom)
}

/// For `deserialize_with` on an id: a whole number, in quotes or not.
pub(super) fn id<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let raw = Box::<RawValue>::deserialize(from)?;
    let text = raw.get().trim_matches('"');
    text.parse().map_err(|_error| D::Error::custom(format!("{text:.40} is not an id")))
}

/// The same for an id that may be missing.
pub(super) fn maybe_id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let raw = Option::<Box<RawValue>>::deserialize(from)?;
    Ok(raw.and_then(|raw| raw.get().trim_matches('"').parse().ok()))
}

/// For `serialize_with`: plain decimal text, never an exponent.
pub(super) fn plain<S: Serializer>(amount: &Decimal, to: S) -> Result<S::Ok, S::Error> {
    let raw = RawValue::from_string(amount.normalize().to_string()).map_err(S::Error::custom)?;
    serde::Serialize::serialize(&raw, to)
}

/// The same for an amount that may be missing; use with `skip_serializing_if`.
#[expect(clippy::ref_option, reason = "serde hands it over like this")]
pub(super) fn maybe_plain<S: Serializer>(
    amount: &Option<Decimal>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => plain(amount, to),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Serialize;

    #[derive(Debug, Serialize, Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "amount", serialize_with = "maybe_plain")]
        amount: Option<Decimal>,
    }

    fn read(number: &str) -> Option<Decimal> {
        serde_json::from_str::<Row>(&format!(r#"{{"amount":{number}}}"#)).unwrap().amount
    }

    #[test]
    fn every_form_of_a_number_is_read_exactly() {
        for (text, value) in [
            ("1", "1"),
            ("-2.50", "-2.5"),
            ("8.8326871000", "8.8326871"),
            ("0E-10", "0"),
            ("1.5e3", "1500"),
            ("-2E-3", "-0.002"),
            ("0e-99", "0"),
            (r#""3.25""#, "3.25"),
            ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231"),
        ] {
            assert_eq!(read(text), Some(value.parse().unwrap()), "{text}");
        }
        assert_eq!(read("null"), None);
        assert_eq!(serde_json::from_str::<Row>("{}").unwrap().amount, None);
        assert!(serde_json::from_str::<Row>(r#"{"amount":"much"}"#).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_plain_and_reads_back_the_same(units in any::<i64>(), scale in 0..28_u32) {
            let amount = Decimal::new(units, scale);
            let text = serde_json::to_string(&Row { amount: Some(amount) }).unwrap();
            let number = &text[r#"{"amount":"#.len()..text.len() - 1];
            prop_assert!(number.chars().all(|c| c.is_ascii_digit() || "-.".contains(c)), "{}", text);
            prop_assert_eq!(read(number), Some(amount));
        }
    }
}
