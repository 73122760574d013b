//! JSON with numbers kept as text: exact, and open to the faults that rewrite an answer.

use rust_decimal::Decimal;
use std::fmt;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// Digits as they are to be written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// Keys in the order they are to be written.
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    pub(crate) fn object<const N: usize>(fields: [(&'static str, Self); N]) -> Self {
        Self::Object(fields.into())
    }

    /// Adds a key; does nothing to what is no object.
    pub(crate) fn put(&mut self, key: &'static str, value: impl Into<Self>) {
        if let Self::Object(fields) = self {
            fields.retain(|(known, _)| *known != key);
            fields.push((key, value.into()));
        }
    }

    /// Shows every key and value of every object in it, innermost last.
    pub(crate) fn visit(&mut self, seen: &mut dyn FnMut(&'static str, &mut Self)) {
        match self {
            Self::List(items) => items.iter_mut().for_each(|item| item.visit(seen)),
            Self::Object(fields) => {
                for (key, value) in fields {
                    seen(key, value);
                    value.visit(seen);
                }
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => {}
        }
    }
}

impl From<Decimal> for Json {
    fn from(value: Decimal) -> Self {
        Self::Number(value.normalize().to_string())
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(value.to_string())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(fields) => {
                f.write_str("{")?;
                for (index, (key, value)) in fields.iter().enumerate() {
                    write!(f, "{}\"{key}\":{value}", if index == 0 { "" } else { "," })?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_leave_exactly_and_text_is_quoted() {
        let value = Json::object([
            ("a", Decimal::new(1_000, 2).into()),
            ("b", Decimal::new(-1, 10).into()),
            ("c", "a \"b\"\n".into()),
            ("d", Json::List(vec![Json::Null, true.into(), 53_150_556_577_i64.into()])),
        ]);
        let expected = r#"{"a":10,"b":-0.0000000001,"c":"a \"b\"\n","d":[null,true,53150556577]}"#;
        assert_eq!(value.to_string(), expected);
    }
}
