//! Asks Polygon for snapshots. Never retries, never puts the key anywhere but into a header.

use super::{error::PollError, models::Envelope};
use proto::Symbol;
use reqwest::{Client, Response, StatusCode, Url, header};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// The page of many tickers.
const PATH: &str = "v2/snapshot/locale/us/markets/stocks/tickers";
/// Tickers asked for at once: what a URL has room for.
const CHUNK: usize = 250;
/// The largest answer that is read, bytes; 250 tickers are some 200 KB.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long an answer may take as a whole.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Some symbols, and the answer for them.
pub type Answer = (Vec<Symbol>, Envelope);

/// A client with a key. Cheap to clone.
#[derive(Clone)]
pub struct Snapshots {
    client: Client,
    page: Url,
    key: SecretString,
}

impl Snapshots {
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
        let base = format!("{}/", base.as_str().trim_end_matches('/'));
        let page = Url::parse(&base)?.join(PATH)?;
        Ok(Self { client, page, key })
    }

    /// Snapshots of all `symbols`: one request, more only beyond 250 symbols, none for no symbol,
    /// for an empty list means every ticker there is.
    ///
    /// # Errors
    /// [`PollError`] of the first request that fails.
    pub async fn poll(&self, symbols: &[Symbol]) -> Result<Vec<Answer>, PollError> {
        let mut answers = Vec::new();
        for asked in symbols.chunks(CHUNK) {
            answers.push((asked.to_vec(), self.ask(asked).await?));
        }
        Ok(answers)
    }

    async fn ask(&self, symbols: &[Symbol]) -> Result<Envelope, PollError> {
        let tickers: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
        let request = self
            .client
            .get(self.page.clone())
            .query(&[("tickers", tickers.join(",").as_str()), ("include_otc", "false")])
            .header(header::ACCEPT, "application/json")
            .bearer_auth(self.key.expose_secret());
        let mut response = request.send().await.map_err(transient)?;
        let body = body(&mut response).await?;
        if response.status() != StatusCode::OK {
            let after = response.headers().get(header::RETRY_AFTER);
            let after = after.and_then(|value| value.to_str().ok());
            return Err(PollError::from_answer(response.status().as_u16(), after, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| PollError::Malformed { words: error.to_string() })
    }
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
