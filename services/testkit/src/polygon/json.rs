//! JSON in the order and with the numbers of the service. Pure.

use super::numbers::{self, Numbers};
use std::fmt::Write as _;

/// A value on its way to the wire.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// Times, counts, codes.
    Int(i64),
    /// A price, or worked out from prices.
    Price(f64),
    /// A number of shares: written by the mode of the fake.
    Shares(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The text of it.
    pub(super) fn write(&self, numbers: Numbers) -> String {
        let mut out = String::new();
        self.write_to(&mut out, numbers);
        out
    }

    fn write_to(&self, out: &mut String, numbers: Numbers) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => drop(write!(out, "{value}")),
            Self::Price(value) => out.push_str(&numbers::price(*value)),
            Self::Shares(value) => out.push_str(&numbers::shares(*value, numbers)),
            Self::Text(text) => quote(out, text),
            Self::List(rows) => {
                out.push('[');
                for (n, row) in rows.iter().enumerate() {
                    out.push_str(if n == 0 { "" } else { "," });
                    row.write_to(out, numbers);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (n, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if n == 0 { "" } else { "," });
                    quote(out, name);
                    out.push(':');
                    value.write_to(out, numbers);
                }
                out.push('}');
            }
        }
    }

    /// The field of an object.
    pub(super) fn field_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter_mut().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// Takes a field out of an object.
    pub(super) fn remove(&mut self, name: &str) {
        if let Self::Object(fields) = self {
            fields.retain(|(field, _)| *field != name);
        }
    }

    /// Puts a field into an object, in place of one of the same name.
    pub(super) fn put(&mut self, name: &'static str, value: Self) {
        match self.field_mut(name) {
            Some(field) => *field = value,
            None => {
                if let Self::Object(fields) = self {
                    fields.push((name, value));
                }
            }
        }
    }

    /// Every number within becomes 0, every text empty, every list goes.
    pub(super) fn zero(&mut self) {
        match self {
            Self::Int(value) => *value = 0,
            Self::Price(value) | Self::Shares(value) => *value = 0.0,
            Self::Text(text) => text.clear(),
            Self::Object(fields) => {
                fields.retain(|(_, value)| !matches!(value, Self::List(_)));
                for (_, value) in fields {
                    value.zero();
                }
            }
            Self::Null | Self::Bool(_) | Self::List(_) => {}
        }
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            control if (control as u32) < 0x20 => drop(write!(out, "\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_order_and_texts_are_escaped() {
        let value = Json::Object(vec![
            ("z", Json::Int(1_719_481_020_000_000_000)),
            ("a", Json::List(vec![Json::Null, Json::Shares(1_091_202.0), Json::Price(6e-05)])),
            ("t", Json::text("a\"b\\c\n\u{1}")),
        ]);
        let text =
            r#"{"z":1719481020000000000,"a":[null,1.091202e+06,6e-05],"t":"a\"b\\c\n\u0001"}"#;
        assert_eq!(value.write(Numbers::Go), text);
    }
}
