//! Asks Polygon. Never retries, never puts the key anywhere but into a header, never asks for an
//! empty list, which would mean every ticker there is.

use super::{
    aggregates::Page,
    error::{Failed, PollError},
    limit::{Limit, Limiter},
    models::Envelope,
    redact::redacted,
};
use proto::Symbol;
use reqwest::{Client, Response, StatusCode, Url, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};

/// Tickers asked for at once: what a URL has room for.
pub const CHUNK: usize = 250;
/// The largest answer that is read, bytes, unpacked; 250 tickers are some 200 KB, a grouped day or a
/// page of 50,000 minutes some 5 MB.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long an answer may take as a whole.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Minutes on a page, the most there are.
const PAGE: &str = "50000";

/// From when to when minutes are asked for: dates, or milliseconds since 1970 UTC; both inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub from: String,
    /// The last.
    pub to: String,
}

/// A client with a key and a limit. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Rest {
    client: Client,
    base: Url,
    key: SecretString,
    limiter: Arc<Limiter>,
    /// Its requests can wait.
    patient: bool,
}

impl Rest {
    /// A client of the service at `base`.
    ///
    /// # Errors
    /// When the machine has no certificates to check the service's with, or `base` has no path.
    pub fn new(base: &Url, key: SecretString) -> anyhow::Result<Self> {
        runtime::tls::install();
        let client = Client::builder()
            .user_agent(concat!("tickwall/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            // A redirect would carry the key to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let base = Url::parse(&format!("{}/", base.as_str().trim_end_matches('/')))?;
        Ok(Self { client, base, key, limiter: Arc::new(Limiter::new(Limit::PAID)), patient: false })
    }

    /// The same client for what can wait: others' requests go before its own.
    #[must_use]
    pub fn patient(self) -> Self {
        Self { patient: true, ..self }
    }

    /// Another limit from now on.
    pub fn set_limit(&self, limit: Limit) {
        self.limiter.set(limit);
    }

    /// Snapshots of at most [`CHUNK`] symbols.
    ///
    /// # Errors
    /// [`PollError`]; also for no symbol at all, of which nothing is asked.
    pub async fn snapshots(&self, symbols: &[Symbol]) -> Result<Envelope, PollError> {
        if symbols.is_empty() {
            return Err(PollError::Malformed { words: "no symbol to ask for".to_owned() });
        }
        let tickers: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
        let page = "v2/snapshot/locale/us/markets/stocks/tickers";
        self.ask(page, &[("tickers", tickers.join(",").as_str()), ("include_otc", "false")]).await
    }

    /// The whole market's bars of one session; `date` is `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`PollError`]
    pub async fn grouped(&self, date: &str) -> Result<Page, PollError> {
        let page = format!("v2/aggs/grouped/locale/us/market/stocks/{date}");
        self.ask(&page, &[("adjusted", "true"), ("include_otc", "false")]).await
    }

    /// The bar of the last completed session.
    ///
    /// # Errors
    /// [`PollError`]
    pub async fn previous(&self, symbol: &Symbol) -> Result<Page, PollError> {
        let page = format!("v2/aggs/ticker/{symbol}/prev");
        self.ask(&page, &[("adjusted", "true")]).await
    }

    /// The first page of minutes within `span`, oldest first.
    ///
    /// # Errors
    /// [`PollError`]
    pub async fn minutes(&self, symbol: &Symbol, span: &Span) -> Result<Page, PollError> {
        let Span { from, to } = span;
        let page = format!("v2/aggs/ticker/{symbol}/range/1/minute/{from}/{to}");
        self.ask(&page, &[("adjusted", "true"), ("sort", "asc"), ("limit", PAGE)]).await
    }

    /// The page a page's `next_url` names, exactly as it stands there.
    ///
    /// # Errors
    /// [`PollError`]; also when it leads to another server, which must not see the key.
    pub async fn follow(&self, next_url: &str) -> Result<Page, PollError> {
        let foreign = |words: String| PollError::Malformed { words: redacted(&words, &self.key) };
        let url = Url::parse(next_url);
        let url = url.map_err(|error| foreign(format!("next_url is no address: {error}")))?;
        if url.origin() != self.base.origin() || !url.username().is_empty() {
            metrics::counter!("ingest_foreign_pages_total").increment(1);
            let host = url.host_str().unwrap_or_default();
            return Err(foreign(format!("next_url leads to another server, {host}")));
        }
        self.get(url).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        page: &str,
        query: &[(&str, &str)],
    ) -> Result<T, PollError> {
        let wrong = |words: String| PollError::NotFound { words };
        let mut url = self.base.join(page).map_err(|error| wrong(error.to_string()))?;
        url.query_pairs_mut().extend_pairs(query);
        self.get(url).await
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, PollError> {
        if self.patient {
            self.limiter.pass_behind().await;
        } else {
            self.limiter.pass().await;
        }
        metrics::counter!("ingest_requests_total").increment(1);
        let request = self
            .client
            .get(url)
            .header(header::ACCEPT, "application/json")
            .bearer_auth(self.key.expose_secret());
        let mut response = request.send().await.map_err(transient)?;
        let body = body(&mut response).await?;
        if response.status() == StatusCode::OK {
            self.limiter.accepted();
            return read(&body, &self.key);
        }
        let after = response.headers().get(header::RETRY_AFTER);
        let after = after.and_then(|value| value.to_str().ok());
        let status = response.status().as_u16();
        let host = self.base.host_str().unwrap_or_default();
        let answer = Failed { host, status, retry_after: after, body: &body };
        let error = PollError::from_answer(&answer, &self.key);
        let (wait, PollError::RateLimited { words, .. }) = (error.wait(), &error) else {
            return Err(error);
        };
        let wait = self.limiter.refused(wait.unwrap_or_default());
        Err(PollError::RateLimited { words: words.clone(), retry_after: Some(wait) })
    }
}

/// Reads an answer, which is an object: a list would pass for one without any field.
fn read<T: DeserializeOwned>(body: &[u8], key: &SecretString) -> Result<T, PollError> {
    let malformed = |words: String| PollError::Malformed { words: redacted(&words, key) };
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(malformed("no JSON object".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))
}

/// The whole body, up to a size that an honest one never has.
async fn body(response: &mut Response) -> Result<Vec<u8>, PollError> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(transient)? {
        if body.len() + part.len() > MAX_BYTES {
            return Err(PollError::Malformed { words: "more than 16 MiB".to_owned() });
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// A fault of the connection, in the words of its innermost cause and without the address.
fn transient(error: reqwest::Error) -> PollError {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let words = if error.is_timeout() { "timeout".to_owned() } else { cause.to_string() };
    PollError::Transient { words }
}
