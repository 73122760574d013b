//! Numbers as Polygon (Massive) writes them, and lists that an honest answer never outgrows. Pure.
//!
//! Sizes and volumes come as `1903`, `6.3896155e+07`, `95595226.0` or `"37216.0"`; times are plain
//! integers, nanoseconds beyond what a floating point number holds. Zero means that there is no value.

use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// Items of a list that are read at most: the whole market has some 12,500 tickers, a page of minutes
/// 50,000.
const MOST_ROWS: usize = 60_000;

/// Zero, negative and no number mean that there is no value.
pub fn known(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite() && *value > 0.0)
}

/// A time in nanoseconds; a value outside 2000 to 2100 is another unit or none.
pub fn sane_time(time_ns: i64) -> Option<i64> {
    (946_684_800_000_000_000..4_102_444_800_000_000_000).contains(&time_ns).then_some(time_ns)
}

/// The items of a list, unread, so that a bad one costs itself only; `null` is no list.
///
/// # Errors
/// When there are more than any page has.
pub fn rows<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Box<RawValue>>>, D::Error> {
    deserializer.deserialize_option(Rows)
}

struct Rows;

impl<'de> Visitor<'de> for Rows {
    type Value = Option<Vec<Box<RawValue>>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list or null")
    }
    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        inner.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = items.next_element()? {
            if rows.len() == MOST_ROWS {
                return Err(A::Error::custom(format!("more than {MOST_ROWS} rows")));
            }
            rows.push(row);
        }
        Ok(Some(rows))
    }
}

/// A number however it is written: `1903`, `6.3896155e+07`, `95595226.0`, `"37216.0"`, `null`.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    deserializer.deserialize_any(Number)
}

/// A whole number, also where it comes as `1.7e18`.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match deserializer.deserialize_any(Integer)? {
        Some(Whole::Exact(value)) => Ok(Some(value)),
        Some(Whole::Rounded(value)) if value.is_finite() && value.abs() < 9.2e18 => {
            Ok(Some(value as i64))
        }
        Some(Whole::Rounded(value)) => Err(D::Error::custom(format!("{value} is no timestamp"))),
        None => Ok(None),
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = Option<f64>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a number, a number in quotes, or null")
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.trim().parse().map(Some).map_err(|_| E::custom("a text that is no number"))
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A whole number, or what a floating point number is near to.
enum Whole {
    Exact(i64),
    Rounded(f64),
}

struct Integer;

impl Visitor<'_> for Integer {
    type Value = Option<Whole>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a whole number or null")
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(Whole::Rounded(value)))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Whole::Exact(value)))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        i64::try_from(value).map(Whole::Exact).map(Some).map_err(E::custom)
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Page {
        #[serde(default, deserialize_with = "rows")]
        rows: Option<Vec<Box<RawValue>>>,
    }

    fn read(text: &str) -> Result<Option<usize>, serde_json::Error> {
        serde_json::from_str::<Page>(text).map(|page| page.rows.map(|rows| rows.len()))
    }

    #[test]
    fn a_list_may_be_missing_or_null_but_not_endless() {
        assert_eq!(read("{}").unwrap(), None);
        assert_eq!(read(r#"{"rows":null}"#).unwrap(), None);
        assert_eq!(read(r#"{"rows":[1,{},"x",null]}"#).unwrap(), Some(4));
        let list = vec!["1"; MOST_ROWS + 1].join(",");
        assert!(read(&format!("{{\"rows\":[{list}]}}")).is_err());
        assert!(read(r#"{"rows":{}}"#).is_err());
    }

    #[test]
    fn a_time_in_another_unit_is_none() {
        assert_eq!(sane_time(1_719_480_983_811_026_432), Some(1_719_480_983_811_026_432));
        for wrong in [0, -1, 1_719_480_983_811, i64::MAX] {
            assert_eq!(sane_time(wrong), None, "{wrong}");
        }
    }
}
