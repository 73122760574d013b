//! Why Polygon gave no prices, by what can be done about it. Pure.

use super::models::Refusal;
use std::time::Duration;

/// Wait after too many requests, where the server does not say: quotas are per minute.
const QUOTA_WAIT: Duration = Duration::from_mins(1);

/// A poll that failed. The words never hold the key: it is sent in a header only.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The key is wrong or missing: give another one.
    #[error(
        "Polygon refuses the key ({words}): give the right one in POLYGON_API_KEY or MASSIVE_API_KEY"
    )]
    Auth {
        /// What the server says.
        words: String,
    },
    /// The plan of the key does not have this: upgrade it.
    #[error("the plan of the key does not include this ({words})")]
    NotEntitled {
        /// What the server says.
        words: String,
    },
    /// The plan of the key does not reach this time.
    #[error("the plan of the key does not cover this time ({words})")]
    Timeframe {
        /// What the server says.
        words: String,
    },
    /// Too many requests: wait.
    #[error("Polygon's request limit is reached ({words})")]
    RateLimited {
        /// What the server says.
        words: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// There is no such page: the base URL is wrong.
    #[error("Polygon has no such page ({words}): check POLYGON_BASE_URL")]
    NotFound {
        /// What the server says.
        words: String,
    },
    /// The network or the server, for now: try again.
    #[error("Polygon does not answer ({words})")]
    Transient {
        /// What went wrong.
        words: String,
    },
    /// An answer that makes no sense: try again at the next interval.
    #[error("Polygon's answer cannot be read ({words})")]
    Malformed {
        /// What is wrong with it.
        words: String,
    },
}

impl PollError {
    /// What an answer with this HTTP status means.
    pub fn from_answer(status: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        let words = words(status, body);
        match status {
            401 => Self::Auth { words },
            403 if words.contains("timeframe") => Self::Timeframe { words },
            403 => Self::NotEntitled { words },
            404 => Self::NotFound { words },
            429 => {
                let seconds = retry_after.and_then(|text| text.trim().parse().ok());
                let retry_after = seconds.map(|seconds: u64| Duration::from_secs(seconds.min(600)));
                Self::RateLimited { words, retry_after }
            }
            408 | 499 | 500..=599 => Self::Transient { words },
            _ => Self::Malformed { words },
        }
    }

    /// How long the server wants to be left alone.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => Some(retry_after.unwrap_or(QUOTA_WAIT)),
            Self::Auth { .. }
            | Self::NotEntitled { .. }
            | Self::Timeframe { .. }
            | Self::NotFound { .. }
            | Self::Transient { .. }
            | Self::Malformed { .. } => None,
        }
    }

    /// Only a person can mend it: another key, another plan, another address.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Auth { .. }
            | Self::NotEntitled { .. }
            | Self::Timeframe { .. }
            | Self::NotFound { .. } => true,
            Self::RateLimited { .. } | Self::Transient { .. } | Self::Malformed { .. } => false,
        }
    }

    /// Trying again soon may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }

    /// Its name in metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Auth { .. } => "auth",
            Self::NotEntitled { .. } => "not_entitled",
            Self::Timeframe { .. } => "timeframe",
            Self::RateLimited { .. } => "rate_limited",
            Self::NotFound { .. } => "not_found",
            Self::Transient { .. } => "transient",
            Self::Malformed { .. } => "malformed",
        }
    }
}

/// The server's own words, short and on one line; the status where it has none.
fn words(status: u16, body: &[u8]) -> String {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let said = refusal.message.or(refusal.error).unwrap_or_default();
    let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said: String = said.chars().take(200).collect();
    if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {said}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> &'static str {
        PollError::from_answer(status, None, body.as_bytes()).label()
    }

    #[test]
    fn an_answer_is_sorted_by_what_can_be_done_about_it() {
        let plan = r#"{"status":"NOT_AUTHORIZED","message":"Your plan doesn't include this data timeframe."}"#;
        assert_eq!(kind(401, r#"{"status":"ERROR","error":"Unknown API Key"}"#), "auth");
        assert_eq!(
            kind(403, r#"{"message":"You are not entitled to this data."}"#),
            "not_entitled"
        );
        assert_eq!(kind(403, plan), "timeframe");
        assert_eq!(kind(404, "404 page not found"), "not_found");
        assert_eq!(kind(429, ""), "rate_limited");
        assert_eq!(kind(502, "<html>"), "transient");
        assert_eq!(kind(400, r#"{"error":"Could not parse"}"#), "malformed");
    }

    #[test]
    fn refusals_for_good_are_told_apart_and_quotas_are_waited_for_as_long_as_asked() {
        let wait = |status, after| PollError::from_answer(status, after, b"").wait();
        for status in [401, 403, 404] {
            assert!(PollError::from_answer(status, None, b"").is_permanent());
        }
        assert_eq!(wait(429, None), Some(QUOTA_WAIT));
        assert_eq!(wait(429, Some("7")), Some(Duration::from_secs(7)));
        assert_eq!(wait(429, Some("99999999")), Some(Duration::from_mins(10)));
        assert_eq!(wait(429, Some("soon")), Some(QUOTA_WAIT));
        assert_eq!(wait(503, None), None);
    }

    #[test]
    fn the_words_are_one_short_line() {
        let body = format!(r#"{{"error":"a\n\n b {}"}}"#, "x".repeat(999));
        let text = PollError::from_answer(401, None, body.as_bytes()).to_string();
        assert!(!text.contains('\n') && text.len() < 300, "{text}");
        assert!(text.starts_with("Polygon refuses the key (HTTP 401: a b xxx"), "{text}");
    }
}
