//! Halt, reduce, resume: a person's word from the page to KV `control`.
//!
//! 1. Off unless the configuration enables it; then over a connection of its own, as a user that may do
//!    nothing else.
//! 2. Only the page of this very port may say it, and only with the token, which stands in a header
//!    and nowhere else: not in an address, not in an answer, not in a log.
//! 3. A halt is always written. What loosens is written only if the state is still the one the person
//!    saw: somebody may have halted in the meantime.

mod said;
mod tries;

use crate::{config::ControlConfig, csp, routes, view};
use anyhow::Context as _;
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use proto::{Control as Word, TradingState, VERSION, stream::CONTROL, subject::key};
use runtime::{
    bus::{Bus, Kv, KvError, PublishError},
    clock,
};
use said::Said;
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use subtle::ConstantTimeEq as _;
use tries::Tries;

/// How long the person waits for the bus.
const PATIENCE: Duration = Duration::from_secs(8);

/// The way of a person's word to the bus; closed where control is off. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Control(Option<Arc<Open>>);

struct Open {
    token: SecretString,
    kv: Kv<Word>,
    tries: Mutex<Tries>,
}

/// Why nothing was set, in a sentence for the person.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("control from pages is off on this desk; `desk halt` works")]
    Off,
    #[error("only the page of this dashboard may set the trading state")]
    Foreign,
    #[error("too many tries: wait a few seconds, or use `desk halt`")]
    TooMany,
    #[error("that is not this desk's control token")]
    Token,
    #[error("{0}")]
    Unsound(String),
    #[error("not set: meanwhile it was set to {state} by {by}: {why}; look again and decide anew")]
    Changed { state: &'static str, by: String, why: String },
    #[error(
        "the bus has not confirmed it: see the state at the top of the page, or use `desk halt`"
    )]
    Unconfirmed,
}

impl Refusal {
    /// For the answer, and for the counter.
    fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Off => (StatusCode::NOT_FOUND, "off"),
            Self::Foreign => (StatusCode::FORBIDDEN, "foreign"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::Token => (StatusCode::UNAUTHORIZED, "token"),
            Self::Unsound(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unsound"),
            Self::Changed { .. } => (StatusCode::CONFLICT, "changed"),
            Self::Unconfirmed => (StatusCode::SERVICE_UNAVAILABLE, "unconfirmed"),
        }
    }
}

impl Control {
    /// Connects where control is enabled.
    ///
    /// # Errors
    /// When the bus does not let us in.
    pub(crate) async fn open(config: Option<&ControlConfig>) -> anyhow::Result<Self> {
        let Some(ControlConfig { token, bus }) = config else { return Ok(Self(None)) };
        let bus = Bus::connect(bus).await.context("connect to the bus for control")?;
        tracing::info!("the trading state can be set from this page");
        let open = Open { token: token.clone(), kv: bus.kv(&CONTROL), tries: Mutex::default() };
        Ok(Self(Some(Arc::new(open))))
    }

    async fn hear(&self, headers: &HeaderMap, body: &[u8]) -> Result<Word, Refusal> {
        let open = self.0.as_ref().ok_or(Refusal::Off)?;
        if !is_own_page(headers) {
            return Err(Refusal::Foreign);
        }
        let granted =
            open.tries.lock().unwrap_or_else(PoisonError::into_inner).take(clock::now_ms());
        if !granted {
            return Err(Refusal::TooMany);
        }
        if !open.knows(headers) {
            return Err(Refusal::Token);
        }
        let said = Said::parse(body).map_err(Refusal::Unsound)?;
        let set = tokio::time::timeout(PATIENCE, open.set(&said)).await;
        set.unwrap_or(Err(Refusal::Unconfirmed))
    }
}

impl Open {
    /// The right token is in the header.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        given.as_bytes().ct_eq(self.token.expose_secret().as_bytes()).into()
    }

    /// Writes what was said.
    async fn set(&self, said: &Said) -> Result<Word, Refusal> {
        let (by, why) = (said.by.clone(), said.why.clone());
        let word = Word { v: VERSION, state: said.state, by, why, at_ms: clock::now_ms() };
        if said.state == TradingState::Halted {
            self.kv.put(key::CONTROL_TRADING, &word).await.map_err(|error| unconfirmed(&error))?;
            return Ok(word);
        }
        let before = self.seen(said).await?;
        match self.kv.put_after(key::CONTROL_TRADING, &word, before).await {
            Ok(_revision) => Ok(word),
            Err(KvError::Publish(PublishError::Conflict { .. })) => {
                self.seen(said).await?;
                Err(Refusal::Unconfirmed)
            }
            Err(error) => Err(unconfirmed(&error)),
        }
    }

    /// The revision of the state that the person saw, if that is still the state.
    async fn seen(&self, said: &Said) -> Result<u64, Refusal> {
        let revision = self.kv.revision(key::CONTROL_TRADING).await;
        let revision = revision.map_err(|error| unconfirmed(&error))?;
        let present = self.kv.get(key::CONTROL_TRADING).await;
        let present = present.map_err(|error| unconfirmed(&error))?;
        match present {
            Some(present) if Some(present.at_ms) != said.seen_ms => Err(Refusal::Changed {
                state: name(present.state),
                by: present.by,
                why: present.why,
            }),
            _ => Ok(revision),
        }
    }
}

/// `POST /api/control`
pub(crate) async fn say(
    State(served): State<routes::Served>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let heard = served.control.hear(&headers, &body).await;
    let outcome = heard.as_ref().map_or_else(|refusal| refusal.status().1, |_word| "set");
    metrics::counter!("dashboard_control_total", "outcome" => outcome).increment(1);
    match heard {
        Ok(word) => {
            let (state, by, why) = (name(word.state), &word.by, &word.why);
            tracing::warn!(control.state = state, control.by = by, "set from the page: {why}");
            Json(view::control(&word)).into_response()
        }
        Err(refusal) => {
            tracing::warn!(control.outcome = outcome, "not set from the page: {refusal}");
            (refusal.status().0, refusal.to_string()).into_response()
        }
    }
}

/// Said by a script of this very port's page. A browser sets both headers and lets no page change
/// them; the second only where it trusts the connection: on this machine, or encrypted.
fn is_own_page(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let origin = text(header::ORIGIN);
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let json = text(header::CONTENT_TYPE) == Some("application/json");
    origin.is_some()
        && csp::same_origin(origin, routes::host(headers))
        && site.is_none_or(|site| site == "same-origin")
        && json
}

fn name(state: TradingState) -> &'static str {
    match state {
        TradingState::Active => "active",
        TradingState::Reducing => "reducing",
        TradingState::Halted => "halted",
    }
}

fn unconfirmed(error: &KvError) -> Refusal {
    tracing::warn!("the bus does not take the trading state: {error}");
    Refusal::Unconfirmed
}
