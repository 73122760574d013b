//! What a key may do, by what an answer holds, and what that means for us. Pure.
//!
//! The plan is never configured: `lastTrade` is there from the Developer plan on, `lastQuote` from
//! the Advanced plan on, `fmv` on the Business plan, and the free plan has no snapshots at all.

use super::models::Envelope;
use proto::Entitlement;
use serde::{Deserialize, de::IgnoredAny};

/// A delayed plan is this far behind the market (measured: 900 to 903 s), milliseconds.
pub const PLAN_DELAY_MS: u64 = 900_000;
/// The free plan has the last session's prices, milliseconds.
pub const END_OF_DAY_MS: u64 = 86_400_000;

/// Which objects a row has; `null` is there as well.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    #[expect(dead_code, reason = "a row without a ticker says nothing")]
    ticker: String,
    #[serde(default, deserialize_with = "present")]
    last_trade: bool,
    #[serde(default, deserialize_with = "present")]
    last_quote: bool,
    #[serde(default, deserialize_with = "present")]
    fmv: bool,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The plan behind an answer, the best that any row shows; `None` when no row says anything.
pub fn of(envelope: &Envelope) -> Option<Entitlement> {
    let rows = envelope.tickers.iter().flatten();
    let keys = rows.filter_map(|raw| serde_json::from_str::<Keys>(raw.get()).ok());
    keys.map(|keys| of_row(&keys)).max_by_key(|plan| *plan as u8)
}

fn of_row(keys: &Keys) -> Entitlement {
    match keys {
        Keys { fmv: true, .. } => Entitlement::Business,
        Keys { last_quote: true, .. } => Entitlement::Advanced,
        Keys { last_trade: true, .. } => Entitlement::Developer,
        Keys { .. } => Entitlement::Starter,
    }
}

/// How far the plan is behind the market, milliseconds.
pub fn delay_ms(plan: Entitlement) -> u64 {
    match plan {
        Entitlement::Free => END_OF_DAY_MS,
        Entitlement::Starter | Entitlement::Developer => PLAN_DELAY_MS,
        Entitlement::Advanced | Entitlement::Business => 0,
    }
}

/// Where the plan's stream is; `None` when it has none.
pub fn stream_url(plan: Entitlement) -> Option<&'static str> {
    match plan {
        Entitlement::Free => None,
        Entitlement::Starter | Entitlement::Developer => Some("wss://delayed.massive.com/stocks"),
        Entitlement::Advanced => Some("wss://socket.massive.com/stocks"),
        Entitlement::Business => Some("wss://business.massive.com/stocks"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &str, expected: Option<Entitlement>) {
        let envelope = serde_json::from_str(&format!("{{\"tickers\":[{rows}]}}")).unwrap();
        assert_eq!(of(&envelope), expected, "{rows}");
    }

    #[test]
    fn the_plan_is_seen_by_the_objects_that_are_there() {
        check("", None);
        check(r#"17,"x",null,{"day":{}}"#, None);
        check(r#"{"ticker":"A","min":{},"day":{}}"#, Some(Entitlement::Starter));
        check(r#"{"ticker":"A","lastTrade":{"p":0}}"#, Some(Entitlement::Developer));
        check(r#"{"ticker":"A","lastTrade":null}"#, Some(Entitlement::Developer));
        check(r#"{"ticker":"A","lastTrade":{},"lastQuote":{}}"#, Some(Entitlement::Advanced));
        check(
            r#"{"ticker":"A","lastTrade":{},"lastQuote":{},"fmv":1}"#,
            Some(Entitlement::Business),
        );
        check(r#"{"ticker":"A"},{"ticker":"B","lastTrade":{}}"#, Some(Entitlement::Developer));
    }

    #[test]
    fn streams_are_where_the_plan_allows_them() {
        assert_eq!(stream_url(Entitlement::Free), None);
        assert!(stream_url(Entitlement::Starter).unwrap().contains("delayed"));
        assert!(stream_url(Entitlement::Advanced).unwrap().contains("socket"));
        assert!(stream_url(Entitlement::Business).unwrap().contains("//business."));
        for plan in [Entitlement::Starter, Entitlement::Business] {
            assert!(reqwest::Url::parse(stream_url(plan).unwrap()).is_ok());
        }
    }
}
