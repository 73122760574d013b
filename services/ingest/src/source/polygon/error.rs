//! Why Polygon gave no prices, by what can be done about it. Pure.

use super::{models::Refusal, redact::redacted};
use secrecy::SecretString;
use std::time::Duration;

/// Wait after too many requests, where the server does not say: quotas are per minute.
const QUOTA_WAIT: Duration = Duration::from_mins(1);
/// The shortest and the longest wait that a server may ask for, seconds.
const ASKED_S: (u64, u64) = (1, 600);

/// An answer that is no success.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'a> {
    /// Whose it is.
    pub host: &'a str,
    /// Its HTTP status.
    pub status: u16,
    /// How long the server wants to be left alone, as it says it.
    pub retry_after: Option<&'a str>,
    /// What it says.
    pub body: &'a [u8],
}

/// A poll that failed. The words never hold the key, also where the server says it back.
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
    /// The address is another one: what is there would be told the key, so nobody goes there.
    #[error("{host} sends us elsewhere ({words}): check the address in POLYGON_BASE_URL")]
    Moved {
        /// Who says so.
        host: String,
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
    /// What such an answer to a question with `key` means.
    pub fn from_answer(answer: &Failed<'_>, key: &SecretString) -> Self {
        let words = words(answer, key);
        match answer.status {
            401 => Self::Auth { words },
            403 if words.contains("timeframe") => Self::Timeframe { words },
            403 => Self::NotEntitled { words },
            404 => Self::NotFound { words },
            429 => {
                let seconds = answer.retry_after.and_then(|text| text.trim().parse().ok());
                let (least, most) = ASKED_S;
                let retry_after =
                    seconds.map(|seconds: u64| Duration::from_secs(seconds.clamp(least, most)));
                Self::RateLimited { words, retry_after }
            }
            300..=399 => Self::Moved { host: answer.host.to_owned(), words },
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
            | Self::Moved { .. }
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
            // A redirect may be a gateway's mood.
            Self::Moved { .. }
            | Self::RateLimited { .. }
            | Self::Transient { .. }
            | Self::Malformed { .. } => false,
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
            Self::Moved { .. } => "moved",
            Self::Transient { .. } => "transient",
            Self::Malformed { .. } => "malformed",
        }
    }
}

/// The server's own words without the key, short and on one line; the status where it has none.
fn words(answer: &Failed<'_>, key: &SecretString) -> String {
    let refusal: Refusal = serde_json::from_slice(answer.body).unwrap_or_default();
    let said = redacted(&refusal.message.or(refusal.error).unwrap_or_default(), key);
    let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said: String = said.chars().take(200).collect();
    let status = answer.status;
    if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {said}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, retry_after: Option<&str>, body: &str) -> PollError {
        let answer = Failed { host: "api.test", status, retry_after, body: body.as_bytes() };
        PollError::from_answer(&answer, &"the-key".into())
    }

    fn kind(status: u16, body: &str) -> &'static str {
        error(status, None, body).label()
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
        let wait = |status, after| error(status, after, "").wait();
        for status in [401, 403, 404] {
            assert!(error(status, None, "").is_permanent());
        }
        assert_eq!(wait(429, None), Some(QUOTA_WAIT));
        assert_eq!(wait(429, Some("7")), Some(Duration::from_secs(7)));
        assert_eq!(wait(429, Some("99999999")), Some(Duration::from_mins(10)));
        assert_eq!(wait(429, Some("0")), Some(Duration::from_secs(1)), "no wait is none");
        assert_eq!(wait(429, Some("soon")), Some(QUOTA_WAIT));
        assert_eq!(wait(503, None), None);
    }

    #[test]
    fn the_words_are_one_short_line() {
        let body = format!(r#"{{"error":"a\n\n b {}"}}"#, "x".repeat(999));
        let text = error(401, None, &body).to_string();
        assert!(!text.contains('\n') && text.len() < 300, "{text}");
        assert!(text.starts_with("Polygon refuses the key (HTTP 401: a b xxx"), "{text}");
    }
    #[test]
    fn words_that_say_the_key_back_do_not_hold_it_also_where_they_are_cut() {
        let body = format!(r#"{{"error":"bad {}Bearer the-\u006bey"}}"#, "x".repeat(184));
        let text = error(401, None, &body).to_string();
        assert!(!text.contains("the-") && text.contains("xBearer ***"), "{text}");
    }

    #[test]
    fn a_redirect_names_who_sends_us_away_and_what_to_check() {
        let text = error(301, None, "").to_string();
        assert!(text.contains("api.test") && text.contains("POLYGON_BASE_URL"), "{text}");
    }
}
