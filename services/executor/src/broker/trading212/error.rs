//! Why a call did not give what was asked for, by remedy. Pure.
//!
//! The status is judged first and the body only afterwards: bodies come as problem details, in an
//! older form, as plain words, as HTML from an edge, or not at all.

use super::{
    endpoint::{Endpoint, Priority},
    number,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::time::Duration;

/// How long the service is left alone when it says too many requests and not for how long.
const QUOTA_WAIT: Duration = Duration::from_mins(1);

/// A call that failed. The words never hold the key: it is sent in a header only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The connection failed before anything was sent: nothing exists there.
    #[error("Trading212 cannot be reached: {0}")]
    NotSent(String),
    /// We held it back at the last moment: nothing was sent.
    #[error("not sent: {0}")]
    Withheld(String),
    /// It said no; nothing exists there.
    #[error("{kind}: {detail}")]
    Rejected {
        /// What it does not like.
        kind: Refusal,
        /// Its words.
        detail: String,
    },
    /// What was asked for may have happened.
    #[error("no answer that says what happened: {0}")]
    Unknown(String),
    /// Too many requests: nothing happened, ask again.
    #[error("Trading212's request limit is reached ({words})")]
    RetryLater {
        /// At least this long from now.
        after: Duration,
        /// Its words.
        words: String,
    },
    /// Only a person can mend it; nothing exists there.
    #[error("{what} ({words})")]
    Fatal {
        /// What is wrong.
        what: Fault,
        /// Its words.
        words: String,
    },
}

/// What only a person can mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Key and secret are not accepted here.
    #[error(
        "Trading212 refuses the key: TRADING212_API_KEY or TRADING212_API_SECRET is wrong, or the key belongs to the other environment"
    )]
    Key,
    /// The key lacks a permission.
    #[error("the Trading212 key lacks the permission {0:?}: make a key that has it")]
    Scope(String),
    /// The account or this machine's address may not.
    #[error("Trading212 does not let this account or this address in")]
    Account,
}

/// What Trading212 does not like about an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too many decimals in the quantity; at most this many.
    #[error("too many decimals in the quantity")]
    Precision(Option<u32>),
    /// The order is worth too little.
    #[error("the order is too small")]
    TooSmall,
    /// A sell would leave too little.
    #[error("the sell would leave too small a rest")]
    RestTooSmall,
    /// More shares than may be held.
    #[error("the position would be too large")]
    TooLarge,
    /// More shares than are there to sell, or not settled yet.
    #[error("not enough shares to sell")]
    NotOwned,
    /// Not enough cash.
    #[error("not enough cash")]
    Funds,
    /// A price too far from the market.
    #[error("the price is too far from the market")]
    PriceTooFar,
    /// The instrument does not trade outside the regular session.
    #[error("no trading outside the regular session")]
    ExtendedHours,
    /// Listed but not tradable for this account.
    #[error("the instrument cannot be traded")]
    Untradable,
    /// This kind of order is not for real money.
    #[error("this kind of order is not possible with real money")]
    NotForRealMoney,
    /// The request itself is wrong: ours to mend.
    #[error("the request is invalid")]
    Invalid,
    /// There is no such instrument or order.
    #[error("no such instrument or order")]
    NotFound,
    /// Anything else.
    #[error("refused")]
    Other(String),
}

/// Every form of body at once.
#[derive(Debug, Default, Deserialize)]
struct Body {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    code: Option<serde_json::Value>,
    #[serde(default)]
    clarification: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

impl CallError {
    /// What an answer of `endpoint` with this HTTP status, not 2xx, means.
    pub fn from_answer(endpoint: Endpoint, status: u16, body: &[u8]) -> Self {
        let said: Body = serde_json::from_slice(body).unwrap_or_default();
        let words = words(status, &said, body);
        match status {
            400 | 404 => Self::Rejected { kind: refusal(status, &said), detail: words },
            401 => Self::Fatal { what: Fault::Key, words },
            403 => Self::Fatal { what: forbidden(&words, body), words },
            // Whether it can follow an acceptance is not documented.
            429 if endpoint.priority() == Priority::Place => Self::Unknown(words),
            429 => Self::RetryLater { after: QUOTA_WAIT, words },
            _ => Self::Unknown(words),
        }
    }

    /// The number of decimals a precision refusal allows.
    pub fn allowed_decimals(&self) -> Option<u32> {
        let Self::Rejected { kind: Refusal::Precision(decimals), .. } = self else {
            return None;
        };
        *decimals
    }

    /// The call proves that it made nothing.
    pub fn is_definite(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Its name in metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "not_sent",
            Self::Withheld(_) => "withheld",
            Self::Rejected { .. } => "rejected",
            Self::Unknown(_) => "unknown",
            Self::RetryLater { .. } => "retry_later",
            Self::Fatal { .. } => "fatal",
        }
    }
}

/// Which of the things that 403 can mean.
fn forbidden(words: &str, body: &[u8]) -> Fault {
    let text = format!("{words} {}", String::from_utf8_lossy(body));
    let scope = text.split_once("Scope(").and_then(|(_, rest)| rest.split_once(')'));
    scope.map_or(Fault::Account, |(scope, _)| Fault::Scope(scope.trim().chars().take(40).collect()))
}

fn refusal(status: u16, said: &Body) -> Refusal {
    let code = said.code.as_ref().and_then(serde_json::Value::as_str);
    let named = said.kind.as_deref().and_then(|kind| kind.rsplit('/').next()).or(code);
    let name: String =
        named.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    let detail = said.detail.as_deref().or(said.clarification.as_deref()).unwrap_or_default();
    match name.as_str() {
        "quantityprecisionmismatch" => Refusal::Precision(decimals(detail)),
        "minquantityexceeded" | "minvalueexceeded" | "insufficientvalueforstockssell" => {
            Refusal::TooSmall
        }
        "minopenedpositionexceeded" => Refusal::RestTooSmall,
        "maxpositionquantityexceeded" | "maxequitybuyquantityexceeded" | "maxquantityexceeded" => {
            Refusal::TooLarge
        }
        "sellingequitynotowned" | "maxequitysellquantityexceeded" => Refusal::NotOwned,
        "insufficientfreeforstocksbuy"
        | "insufficientfreeforstocksexception"
        | "insufficientresources" => Refusal::Funds,
        "pricetoofar" | "targetpricetoofar" | "targetpricetooclose" => Refusal::PriceTooFar,
        "extendedhourstradingnotallowed" => Refusal::ExtendedHours,
        "instrumentdisabled"
        | "instrumentinvisible"
        | "instrumentcloseonlymode"
        | "isaineligibleinstrument"
        | "noteligibleforisa"
        | "cantlegalytradeexception" => Refusal::Untradable,
        "notavailableforrealmoneyaccounts" => Refusal::NotForRealMoney,
        "invalidrequest" | "invalidvalue" | "tickermissing" | "quantitymissing"
        | "limitpricemissing" | "stoppricemissing" => Refusal::Invalid,
        "entitynotfound" | "instrumentnotfound" => Refusal::NotFound,
        _ if detail.contains("quantity precision") => Refusal::Precision(decimals(detail)),
        "" if status == 404 => Refusal::NotFound,
        _ => Refusal::Other(name),
    }
}

/// The number at the end of `invalid quantity precision 3`.
fn decimals(detail: &str) -> Option<u32> {
    let last =
        detail.split(|c: char| !c.is_ascii_digit() && c != '.').rfind(|part| !part.is_empty())?;
    let number = number::parse(last.trim_matches('.')).ok()?;
    u32::try_from(number.normalize())
        .ok()
        .filter(|decimals| Decimal::from(*decimals) == number && *decimals <= 12)
}

/// The service's own words, short and on one line, with the status.
fn words(status: u16, said: &Body, body: &[u8]) -> String {
    let parts = [&said.title, &said.detail, &said.clarification, &said.message];
    let mut text: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let plain = String::from_utf8_lossy(body);
    let readable = !plain.trim_start().starts_with(['<', '{', '[']);
    if text.is_empty() && readable {
        text.push(&plain);
    }
    let text = text.join(": ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(200).collect();
    if text.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(status: u16, body: &str) -> CallError {
        CallError::from_answer(Endpoint::Market, status, body.as_bytes())
    }

    fn problem(kind: &str, detail: &str) -> Refusal {
        let body = format!(
            r#"{{"type":"/api-errors/{kind}","title":"Error while placing the order","status":400,"detail":"{detail}","traceId":"6"}}"#
        );
        let CallError::Rejected { kind, .. } = placed(400, &body) else { panic!("not rejected") };
        kind
    }

    #[test]
    fn only_the_documented_refusals_of_a_place_are_definite() {
        let html = "<html><body>Bad gateway</body></html>";
        for status in [200, 302, 307, 405, 408, 409, 422, 425, 429, 499, 500, 502, 503, 504, 520] {
            assert!(!placed(status, html).is_definite(), "{status}");
        }
        for status in [400, 401, 403, 404] {
            for body in
                ["", html, "Unauthorized", "404 page not found", "{}", "[1]", "{\"code\":4}"]
            {
                assert!(placed(status, body).is_definite(), "{status} {body}");
            }
        }
    }

    #[test]
    fn too_many_requests_may_be_asked_again_unless_it_was_an_order() {
        assert_eq!(placed(429, "").label(), "unknown");
        assert_eq!(
            CallError::from_answer(Endpoint::History, 429, b"Limited").label(),
            "retry_later"
        );
    }

    #[test]
    fn problems_are_named() {
        let mismatch = "quantity-precision-mismatch";
        assert_eq!(problem(mismatch, "invalid quantity precision 3"), Refusal::Precision(Some(3)));
        assert_eq!(problem(mismatch, "no number"), Refusal::Precision(None));
        assert_eq!(problem(mismatch, "precision 99999999999"), Refusal::Precision(None));
        assert_eq!(problem("min-quantity-exceeded", "must trade at least 0.01"), Refusal::TooSmall);
        assert_eq!(problem("i-s-a-ineligible-instrument", ""), Refusal::Untradable);
        assert_eq!(problem("brand-new", ""), Refusal::Other("brandnew".to_owned()));
    }

    #[test]
    fn the_older_form_is_named_too() {
        let body = r#"{"code":"InsufficientFreeForStocksBuy","clarification":"Not enough"}"#;
        let CallError::Rejected { kind, detail } = placed(400, body) else { panic!() };
        assert_eq!((kind, detail.as_str()), (Refusal::Funds, "HTTP 400: Not enough"));
        let body = r#"{"code":"NotAvailableForRealMoneyAccounts"}"#;
        assert!(matches!(
            placed(400, body),
            CallError::Rejected { kind: Refusal::NotForRealMoney, .. }
        ));
    }

    #[test]
    fn a_missing_scope_is_told_from_a_shut_door() {
        let told = |body: &str| placed(403, body);
        let scope = told("Scope( orders:execute ) missing for API key");
        assert!(scope.to_string().contains("\"orders:execute\""), "{scope}");
        assert!(matches!(told("<html>"), CallError::Fatal { what: Fault::Account, .. }));
    }

    #[test]
    fn the_words_are_one_short_line_and_no_html() {
        let text = placed(502, "<html>\n<b>oops").to_string();
        assert!(text.ends_with("HTTP 502"), "{text}");
        let text = placed(400, &format!(r#"{{"detail":"a\n b {}"}}"#, "x".repeat(999))).to_string();
        assert!(!text.contains('\n') && text.len() < 300, "{text}");
    }
}
