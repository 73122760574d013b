//! Stock symbols: their form on the screen (`BRK.B`) and in a subject (`BRK-B`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr, sync::Arc};

/// The most characters a symbol may have.
pub const MAX_LENGTH: usize = 12;

/// A US stock symbol: upper case letters, digits and inner single dots, first a letter.
///
/// Cheap to clone. Ordered by text, so that maps keyed by it iterate the same way every time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(Arc<str>);

/// Why a text is not a symbol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a symbol: {fault} (for example AAPL or BRK.B)")]
pub struct SymbolError {
    text: String,
    fault: &'static str,
}

impl Symbol {
    /// Reads a symbol as people write it (`BRK.B`) or as a subject token (`BRK-B`).
    ///
    /// # Errors
    /// [`SymbolError`] when it is empty, too long, or holds anything but `A-Z`, `0-9` and inner dots.
    pub fn parse(text: &str) -> Result<Self, SymbolError> {
        let fault = |fault| SymbolError { text: text.chars().take(40).collect(), fault };
        if text.is_empty() {
            return Err(fault("it is empty"));
        }
        if text.len() > MAX_LENGTH {
            return Err(fault("it is longer than 12 characters"));
        }
        let dotted = text.replace('-', ".");
        if !dotted.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.') {
            return Err(fault("only A-Z, 0-9 and a dot are allowed"));
        }
        if !dotted.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Err(fault("it must start with a letter"));
        }
        if dotted.ends_with('.') || dotted.contains("..") {
            return Err(fault("a dot must stand between two characters"));
        }
        Ok(Self(dotted.into()))
    }

    /// The symbol as people write it, `BRK.B`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The symbol as one subject token, `BRK-B`: a dot would be a separator there.
    pub fn token(&self) -> String {
        self.0.replace('.', "-")
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;
    fn from_str(text: &str) -> Result<Self, SymbolError> {
        Self::parse(text)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_share_has_a_dot_on_screen_and_a_hyphen_on_the_wire() {
        let symbol = Symbol::parse("BRK.B").unwrap();
        assert_eq!((symbol.as_str(), symbol.token().as_str()), ("BRK.B", "BRK-B"));
        assert_eq!(Symbol::parse("BRK-B").unwrap(), symbol);
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        for text in ["", "brk", "A B", "A*", "A>", ".A", "A.", "A..B", "1A", "ABCDEFGHIJKLM", "Ä"]
        {
            let error = Symbol::parse(text).unwrap_err().to_string();
            assert!(error.contains("is not a symbol"), "{text}: {error}");
        }
    }
}
