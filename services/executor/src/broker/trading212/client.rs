//! Calls Trading212. Never retries, never follows a redirect, never puts the key anywhere but into a
//! header.
//!
//! Every call waits for its turn under the account's limits first. An order goes out on a connection
//! of its own: one that the server closed meanwhile would leave its fate unknown.

use super::{
    endpoint::Endpoint,
    error::CallError,
    limiter::Limiter,
    limits::Headers,
    models::{Exchange, HistoryPage, Instrument, Order, Position, Rows, Summary},
    pages,
    request::{self, OrderKind},
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header};
use runtime::clock;
use rust_decimal::Decimal;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

/// Rows asked for on a page of history: the most there may be.
const PAGE_ROWS: u32 = 50;
/// The largest answer that is read, bytes; all instruments are 5 MB.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// A clock this much apart is believed, milliseconds; more is nonsense.
const MOST_SKEW_MS: i64 = 600_000;

/// Key and secret of an account.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The key.
    pub key: SecretString,
    /// Its secret.
    pub secret: SecretString,
}

/// How long calls may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// An order or a cancel, as a whole.
    pub order: Duration,
    /// A read, as a whole.
    pub read: Duration,
    /// The list of all instruments, as a whole.
    pub list: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            order: Duration::from_secs(20),
            read: Duration::from_secs(15),
            list: Duration::from_mins(1),
        }
    }
}

/// Asked right before an order is sent, after it has waited for its turn: `Err` holds it back, with
/// why.
pub type Gate<'a> = &'a (dyn Fn() -> Result<(), String> + Send + Sync);

/// What became of asking for a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAsked {
    /// It was taken; the order may still trade.
    Taken,
    /// No such order is pending, or not to be seen yet.
    NotPending,
}

/// A client of one account. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    reads: reqwest::Client,
    orders: reqwest::Client,
    base: Url,
    credentials: Credentials,
    timeouts: Timeouts,
    limiter: Limiter,
    skew_ms: Arc<AtomicI64>,
}

impl Client {
    /// A client of the API at `base`, `https://demo.trading212.com/api/v0` for one; an address
    /// without a path gets `/api/v0`.
    ///
    /// # Errors
    /// When the machine has no certificates, or `base` can have no path.
    pub fn new(base: &Url, credentials: Credentials, timeouts: Timeouts) -> anyhow::Result<Self> {
        runtime::tls::install();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("tickwall/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(timeouts.connect)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
        };
        let text = base.as_str().trim_end_matches('/');
        let prefix = if base.path().trim_matches('/').is_empty() { "/api/v0/" } else { "/" };
        Ok(Self {
            reads: builder().build()?,
            orders: builder().http1_only().pool_max_idle_per_host(0).build()?,
            base: Url::parse(&format!("{text}{prefix}"))?,
            credentials,
            timeouts,
            limiter: Limiter::default(),
            skew_ms: Arc::default(),
        })
    }

    /// Its limits.
    pub fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// How far the server's clock may be from ours, milliseconds; zero until it was seen to be.
    pub fn skew_ms(&self) -> i64 {
        self.skew_ms.load(Ordering::Relaxed)
    }

    /// The account.
    pub async fn summary(&self) -> Result<Summary, CallError> {
        self.read(Endpoint::Summary, self.page(Endpoint::Summary)?).await
    }

    /// What is held: of one ticker, or all.
    pub async fn positions(&self, ticker: Option<&str>) -> Result<Rows<Position>, CallError> {
        let mut page = self.page(Endpoint::Positions)?;
        if let Some(ticker) = ticker {
            page.query_pairs_mut().append_pair("ticker", ticker);
        }
        self.read(Endpoint::Positions, page).await
    }

    /// Every pending order of the account, whoever made it.
    pub async fn pending(&self) -> Result<Rows<Order>, CallError> {
        self.read(Endpoint::Pending, self.page(Endpoint::Pending)?).await
    }

    /// A pending order; `None` when it is not to be seen, which does not say why.
    pub async fn order(&self, id: i64) -> Result<Option<Order>, CallError> {
        let page = self.below(Endpoint::OrderById, id)?;
        let request = self.reads.get(page).timeout(self.timeouts.read);
        let (status, body) = self.call(Endpoint::OrderById, request).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        parse(Endpoint::OrderById, status, &body).map(Some)
    }

    /// Places an order of `quantity` shares, below zero to sell. Once, and only if `gate` lets it
    /// pass when its turn has come.
    pub async fn place(
        &self,
        ticker: &str,
        quantity: Decimal,
        kind: &OrderKind,
        gate: Gate<'_>,
    ) -> Result<Order, CallError> {
        let endpoint = kind.endpoint();
        let body = request::body(ticker, quantity, kind)
            .map_err(|error| CallError::NotSent(error.to_string()))?;
        let request = self
            .orders
            .post(self.page(endpoint)?)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .timeout(self.timeouts.order);
        let (status, body) = self.call_if(endpoint, request, gate).await?;
        parse(endpoint, status, &body)
    }

    /// Asks for a cancel of a pending order. What became of it is in history.
    pub async fn cancel(&self, id: i64) -> Result<CancelAsked, CallError> {
        let page = self.below(Endpoint::Cancel, id)?;
        let request = self.orders.request(Method::DELETE, page).timeout(self.timeouts.order);
        let (status, body) = self.call(Endpoint::Cancel, request).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(CancelAsked::NotPending),
            status if status.is_success() => Ok(CancelAsked::Taken),
            status => Err(CallError::from_answer(Endpoint::Cancel, status.as_u16(), &body)),
        }
    }

    /// The first page of history, newest first: of one ticker, or all.
    pub fn history_page(&self, ticker: Option<&str>) -> Result<Url, CallError> {
        let mut page = self.page(Endpoint::History)?;
        page.query_pairs_mut().append_pair("limit", &PAGE_ROWS.to_string());
        if let Some(ticker) = ticker {
            page.query_pairs_mut().append_pair("ticker", ticker);
        }
        Ok(page)
    }

    /// A page of history, and where the next one is.
    pub async fn history(&self, page: Url) -> Result<(HistoryPage, Option<Url>), CallError> {
        let answer: HistoryPage = self.read(Endpoint::History, page.clone()).await?;
        let next = pages::next(&page, answer.next_page_path.as_deref());
        Ok((answer, next.map_err(CallError::Unknown)?))
    }

    /// Everything that is listed; some megabytes.
    pub async fn instruments(&self) -> Result<Rows<Instrument>, CallError> {
        self.read(Endpoint::Instruments, self.page(Endpoint::Instruments)?).await
    }

    /// The exchanges and when they are open.
    pub async fn exchanges(&self) -> Result<Rows<Exchange>, CallError> {
        self.read(Endpoint::Exchanges, self.page(Endpoint::Exchanges)?).await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        page: Url,
    ) -> Result<T, CallError> {
        let long = matches!(endpoint, Endpoint::Instruments | Endpoint::Exchanges);
        let most = if long { self.timeouts.list } else { self.timeouts.read };
        let request = self.reads.get(page).timeout(most);
        let (status, body) = self.call(endpoint, request).await?;
        parse(endpoint, status, &body)
    }

    async fn call(
        &self,
        endpoint: Endpoint,
        request: RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>), CallError> {
        self.call_if(endpoint, request, &|| Ok(())).await
    }

    /// Makes the call when its turn has come, if it may still be made then.
    async fn call_if(
        &self,
        endpoint: Endpoint,
        request: RequestBuilder,
        gate: Gate<'_>,
    ) -> Result<(StatusCode, Vec<u8>), CallError> {
        let request = request.header(header::ACCEPT, "application/json").basic_auth(
            self.credentials.key.expose_secret(),
            Some(self.credentials.secret.expose_secret()),
        );
        let permit = self.limiter.take(endpoint).await;
        if let Err(why) = gate() {
            permit.unsent();
            return Err(CallError::Withheld(why));
        }
        let began = Instant::now();
        let answer = answer(request).await;
        let outcome = match &answer {
            Ok((response, _)) => response.status.as_u16().to_string(),
            Err(error) => error.label().to_owned(),
        };
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let label = endpoint.label();
        tracing::debug!(endpoint = label, outcome, took_ms, "called Trading212: {label} {outcome}");
        metrics::counter!("trading212_calls_total", "endpoint" => label, "outcome" => outcome)
            .increment(1);
        let (head, body) = match answer {
            Ok(answer) => answer,
            Err(error @ CallError::NotSent(_)) => {
                permit.unsent();
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        permit.replied(head.limits, head.status == StatusCode::TOO_MANY_REQUESTS);
        self.note_skew(head.date_ms);
        let body = body.map_err(|words| CallError::Unknown(format!("{}: {words}", head.status)))?;
        Ok((head.status, body))
    }

    /// The date has whole seconds and a way to travel: two seconds say nothing.
    fn note_skew(&self, date_ms: Option<i64>) {
        let apart = date_ms.map_or(0, |date| (date - clock::now_ms()).abs());
        if (2_000..MOST_SKEW_MS).contains(&apart) {
            self.skew_ms.fetch_max(apart, Ordering::Relaxed);
        }
    }

    fn page(&self, endpoint: Endpoint) -> Result<Url, CallError> {
        self.base.join(endpoint.path()).map_err(|error| CallError::NotSent(error.to_string()))
    }

    fn below(&self, endpoint: Endpoint, id: i64) -> Result<Url, CallError> {
        let page = format!("{}/{id}", endpoint.path());
        self.base.join(&page).map_err(|error| CallError::NotSent(error.to_string()))
    }
}

/// What an answer says before its body.
struct Head {
    status: StatusCode,
    limits: Option<Headers>,
    date_ms: Option<i64>,
}

/// Sends, and reads the whole body, up to a size that an honest one never has. A status whose body
/// could not be read is an answer still.
async fn answer(request: RequestBuilder) -> Result<(Head, Result<Vec<u8>, String>), CallError> {
    let mut response = request.send().await.map_err(not_answered)?;
    let head = Head {
        status: response.status(),
        limits: limits(response.headers()),
        date_ms: date_ms(response.headers()),
    };
    let body = body(&mut response).await;
    // A refusal is judged by its status: its words are welcome, not needed.
    let refused = head.status.is_client_error();
    Ok((head, if refused { Ok(body.unwrap_or_default()) } else { body }))
}

async fn body(response: &mut Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(cause)? {
        if body.len() + part.len() > MAX_BYTES {
            return Err("the answer is larger than 64 MiB".to_owned());
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

fn not_answered(error: reqwest::Error) -> CallError {
    let before = error.is_connect() || error.is_builder();
    let words = cause(error);
    if before { CallError::NotSent(words) } else { CallError::Unknown(words) }
}

/// The innermost cause, without the address.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return "timeout".to_owned();
    }
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn parse<T: DeserializeOwned>(
    endpoint: Endpoint,
    status: StatusCode,
    body: &[u8],
) -> Result<T, CallError> {
    if !status.is_success() {
        return Err(CallError::from_answer(endpoint, status.as_u16(), body));
    }
    let words = |error| format!("HTTP {}, and the answer cannot be read: {error}", status.as_u16());
    serde_json::from_slice(body).map_err(|error| CallError::Unknown(words(error)))
}

/// The limit's headers, when all of them make sense.
fn limits(headers: &header::HeaderMap) -> Option<Headers> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let small = |name: &str| u32::try_from(number(name)?).ok();
    let period = number("x-ratelimit-period").filter(|seconds| (1..=86_400).contains(seconds))?;
    let reset = number("x-ratelimit-reset").filter(|seconds| *seconds >= 0)?;
    Some(Headers {
        limit: small("x-ratelimit-limit").filter(|limit| *limit > 0)?,
        period_ms: period * 1_000,
        remaining: small("x-ratelimit-remaining")?,
        // Seconds as documented; milliseconds would be a date far away.
        reset_ms: if reset > 100_000_000_000 { reset } else { reset * 1_000 },
    })
}

fn date_ms(headers: &header::HeaderMap) -> Option<i64> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(date.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests;
