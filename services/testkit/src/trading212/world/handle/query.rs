//! Queries.

use crate::trading212::wire::refusal::Refusal;
use std::collections::BTreeMap;

/// The parts of a query, decoded. What is not known is ignored.
#[derive(Debug)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        let parts = query.split('&').filter_map(|part| part.split_once('='));
        Self(parts.map(|(name, value)| (decode(name), decode(value))).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let value = self.get(name).map(str::parse).transpose();
        value.map_err(|_| Refusal::invalid())
    }

    /// Rows wanted: 1 to 50, 20 where nothing is said.
    pub(super) fn limit(&self) -> Result<usize, Refusal> {
        match self.integer("limit")?.unwrap_or(20) {
            limit @ 1..=50 => usize::try_from(limit).map_err(|_| Refusal::invalid()),
            _ => Err(Refusal::invalid()),
        }
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let hex =
            |high: u8, low: u8| u8::from_str_radix(&format!("{}{}", high as char, low as char), 16);
        match byte {
            b'%' => {
                let (high, low) = (bytes.next().unwrap_or(b'?'), bytes.next().unwrap_or(b'?'));
                decoded.push(hex(high, low).unwrap_or(b'?'));
            }
            b'+' => decoded.push(b' '),
            plain => decoded.push(plain),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_taken_apart_and_decoded() {
        let query = Query::parse("ticker=TAP%2FA_US_EQ&limit=7&cursor=x");
        assert_eq!(query.get("ticker"), Some("TAP/A_US_EQ"));
        assert_eq!(query.limit().unwrap(), 7);
        assert!(query.integer("cursor").is_err());
        assert!(Query::parse("limit=51").limit().is_err());
        assert_eq!(Query::parse("").limit().unwrap(), 20);
    }
}
