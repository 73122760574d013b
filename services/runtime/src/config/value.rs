//! Typed values of a configuration, and the rules they keep.

use rust_decimal::Decimal;
use serde_json::Value;
use std::{fmt::Display, net::SocketAddr, str::FromStr, time::Duration};

/// A type that a configuration value can be read as.
pub trait FromValue: Sized {
    /// What such a value looks like, for a fault that says one is missing.
    const EXAMPLE: &'static str;

    /// Reads it.
    ///
    /// # Errors
    /// A sentence that says what it must be.
    fn from_value(value: &Value) -> Result<Self, String>;

    /// Any value, to go on with after a fault; it is never used.
    fn stand_in() -> Self;
}

/// Says what a value must be when it is not that.
type Check<T> = Box<dyn Fn(&T) -> Option<String>>;

/// A condition a value must keep, and the words for it.
pub struct Rule<T>(Check<T>);

impl<T> Rule<T> {
    /// Every value keeps it.
    pub fn any() -> Self {
        Self(Box::new(|_| None))
    }

    /// A condition of one's own: `None` when it is kept, else what the value must be.
    pub fn new(check: impl Fn(&T) -> Option<String> + 'static) -> Self {
        Self(Box::new(check))
    }

    pub(super) fn check(&self, value: T) -> Result<T, String> {
        (self.0)(&value).map_or(Ok(value), Err)
    }
}

/// Greater than `bound`.
pub fn above<T: PartialOrd + Display + 'static>(bound: T) -> Rule<T> {
    Rule::new(move |value| (*value <= bound).then(|| format!("must be above {bound}, not {value}")))
}

/// Greater than zero.
pub fn positive<T: PartialOrd + Display + Default + 'static>() -> Rule<T> {
    above(T::default())
}

/// At least `bound`.
pub fn at_least<T: PartialOrd + Display + 'static>(bound: T) -> Rule<T> {
    Rule::new(move |value| {
        (*value < bound).then(|| format!("must be at least {bound}, not {value}"))
    })
}

/// From `least` to `most`, both included.
pub fn between<T: PartialOrd + Display + 'static>(least: T, most: T) -> Rule<T> {
    Rule::new(move |value| {
        let outside = *value < least || *value > most;
        outside.then(|| format!("must be from {least} to {most}, not {value}"))
    })
}

/// A text that says something.
pub fn not_empty() -> Rule<String> {
    Rule::new(|text: &String| text.trim().is_empty().then(|| "must not be empty".to_owned()))
}

/// How a value reads in a fault, cut short.
fn shown(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

macro_rules! whole_number {
    ($($kind:ty),*) => {$(
        impl FromValue for $kind {
            const EXAMPLE: &'static str = "a whole number";
            fn from_value(value: &Value) -> Result<Self, String> {
                let wrong = || format!(
                    "must be a whole number from {} to {}, not {}", Self::MIN, Self::MAX, shown(value)
                );
                let number = value.as_i64().map(i128::from).or(value.as_u64().map(i128::from));
                Self::try_from(number.ok_or_else(wrong)?).map_err(|_| wrong())
            }
            fn stand_in() -> Self { 0 }
        }
    )*};
}
whole_number!(u16, u32, u64, i64);

impl FromValue for f64 {
    const EXAMPLE: &'static str = "a number";
    fn from_value(value: &Value) -> Result<Self, String> {
        let number = value.as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("must be a number, not {}", shown(value)))
    }
    fn stand_in() -> Self {
        0.0
    }
}

impl FromValue for bool {
    const EXAMPLE: &'static str = "true or false";
    fn from_value(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| format!("must be true or false, not {}", shown(value)))
    }
    fn stand_in() -> Self {
        false
    }
}

impl FromValue for String {
    const EXAMPLE: &'static str = "a text in quotes";
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| format!("must be a text in quotes, not {}", shown(value)))
    }
    fn stand_in() -> Self {
        Self::new()
    }
}

impl FromValue for Vec<String> {
    const EXAMPLE: &'static str = "a list of texts";
    fn from_value(value: &Value) -> Result<Self, String> {
        let wrong = || format!("must be a list of texts, not {}", shown(value));
        let items = value.as_array().ok_or_else(wrong)?;
        items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
    }
    fn stand_in() -> Self {
        Self::new()
    }
}

impl FromValue for Decimal {
    const EXAMPLE: &'static str = "a number";
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let plain = Self::from_str(&text).or_else(|_| Self::from_scientific(&text));
        plain.map_err(|_| format!("must be a number, not {}", shown(value)))
    }
    fn stand_in() -> Self {
        Self::ZERO
    }
}

impl FromValue for Duration {
    const EXAMPLE: &'static str = "a duration such as \"30s\"";
    fn from_value(value: &Value) -> Result<Self, String> {
        let read = value.as_str().and_then(parse_duration);
        read.ok_or_else(|| {
            format!(
                "must be a duration such as \"250ms\", \"30s\", \"5m\" or \"2h\", not {}",
                shown(value)
            )
        })
    }
    fn stand_in() -> Self {
        Self::ZERO
    }
}

/// A whole number and its unit.
fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(milliseconds)?))
}

impl FromValue for SocketAddr {
    const EXAMPLE: &'static str = "an address such as \"127.0.0.1:9101\"";
    fn from_value(value: &Value) -> Result<Self, String> {
        let read = value.as_str().and_then(|text| text.parse().ok());
        read.ok_or_else(|| {
            format!("must be an address such as \"127.0.0.1:9101\", not {}", shown(value))
        })
    }
    fn stand_in() -> Self {
        Self::from(([127, 0, 0, 1], 0))
    }
}
