//! Coming to the account: who it is, what its key may do, what is listed.

use super::{
    Environment, Settings, Trading212,
    book::Book,
    cache::{Cache, Listed},
    client::Client,
    error::CallError,
    poll,
    purse::Purse,
    quantity::Decimals,
};
use futures_util::stream::FuturesUnordered;
use runtime::{backoff::Backoff, clock, config::Refused};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// Tries before a service that gives no answer is called unreachable.
const TRIES: u32 = 4;
/// Waits between them.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const MOST_WAIT: Duration = Duration::from_secs(8);
/// An order that cannot be: asking for its cancel shows what the key may do, and does nothing.
const NO_ORDER: i64 = 0;

/// Whose account it is: to be held against the journal before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountIdentity {
    /// Its number.
    pub id: i64,
    /// ISO code of its currency.
    pub currency: String,
    /// Practice or real money.
    pub environment: Environment,
}

/// Why there is no account; nothing was sent. Each is one sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The key, its permissions or the account: a person has to mend it.
    #[error("{words} [{environment} at {host}]")]
    Refused {
        /// What is wrong.
        words: String,
        /// Where.
        environment: Environment,
        /// The host.
        host: String,
    },
    /// Nobody answers, or not sensibly.
    #[error("Trading212 gives no answer at {host}: {words}")]
    Unreachable {
        /// The host.
        host: String,
        /// Why.
        words: String,
    },
    /// The settings make no client.
    #[error("Trading212 cannot be called: {0}")]
    Settings(String),
}

impl Trading212 {
    /// Comes to the account; what only a person can mend is a refusal.
    ///
    /// # Errors
    /// [`Refused`] for a key or an account that is not right, [`ConnectError`] for no answer.
    pub async fn open(settings: Settings) -> anyhow::Result<Self> {
        match Self::connect(settings).await {
            Ok((mut account, _identity)) => {
                account.probe_kinds().await;
                Ok(account)
            }
            Err(error @ ConnectError::Unreachable { .. }) => Err(error.into()),
            Err(error) => Err(Refused::because(error).into()),
        }
    }

    /// Comes to the account, and makes sure that the key may do what will be needed. Sends no order.
    ///
    /// # Errors
    /// [`ConnectError`], one clear sentence.
    pub async fn connect(settings: Settings) -> Result<(Self, AccountIdentity), ConnectError> {
        let environment = settings.environment;
        let host = settings.base_url.host_str().unwrap_or("no host").to_owned();
        let client = Client::new(&settings.base_url, settings.credentials, settings.timeouts)
            .map_err(|error| ConnectError::Settings(error.to_string()))?;
        let told = |error: CallError| {
            let (words, host) = (error.to_string(), host.clone());
            if matches!(error, CallError::Fatal { .. }) {
                ConnectError::Refused { words, environment, host }
            } else {
                ConnectError::Unreachable { host, words }
            }
        };
        let summary = patiently(async || client.summary().await).await.map_err(told)?;
        let mut purse = Purse::default();
        purse.on_summary(&summary, 0);
        let Some((id, currency)) = summary.id.zip(summary.currency) else {
            let words = "the account has no number or no currency".to_owned();
            return Err(ConnectError::Unreachable { host, words });
        };
        let identity = AccountIdentity { id, currency, environment };
        let cache = Cache::new(settings.cache_folder, environment.word());
        let mut book = Book::new(settings.patience);
        let pending = patiently(async || client.pending().await).await.map_err(told)?;
        book.on_pending(&pending, client.skew_ms(), clock::now_ms());
        permitted(&client).await.map_err(told)?;
        let listed = list(&client, &cache).await.map_err(told)?;
        let decimals = Decimals::new(cache.decimals().await);
        let broker = Self {
            list_due_ms: listed.fetched_ms.saturating_add(poll::LIST_AGE_MS),
            client,
            identity: identity.clone(),
            cache,
            listed,
            pins: settings.pins,
            decimals,
            book,
            reads: FuturesUnordered::new(),
            followed: BTreeMap::new(),
            ours: BTreeMap::new(),
            purse,
            purse_due_ms: clock::now_ms(),
            gate: Arc::new(|| Ok(())),
            refused_kinds: BTreeSet::new(),
            fault: None,
            began: (Instant::now(), clock::now_ms()),
        };
        Ok((broker, identity))
    }
}

/// Looks at every page that will be needed: a permission that is missing must be known before an
/// order needs it. Only a refusal of the key counts.
async fn permitted(client: &Client) -> Result<(), CallError> {
    let page = client.history_page(None)?;
    let looks = [
        client.history(page).await.err(),
        client.positions(None).await.err(),
        client.cancel(NO_ORDER).await.err(),
    ];
    let refused =
        looks.into_iter().flatten().find(|error| matches!(error, CallError::Fatal { .. }));
    refused.map_or(Ok(()), Err)
}

/// The list of instruments: the kept one while it is young, an old one when there is no other.
async fn list(client: &Client, cache: &Cache) -> Result<Listed, CallError> {
    let kept = cache.instruments().await.filter(|kept| !kept.rows.is_empty());
    let young = |kept: &&Listed| kept.age_ms(clock::now_ms()) < poll::LIST_AGE_MS;
    if let Some(kept) = kept.as_ref().filter(young) {
        return Ok(kept.clone());
    }
    match (poll::fetch(client, cache).await, kept) {
        (Ok(listed), _) => Ok(listed),
        (Err(error @ CallError::Fatal { .. }), _) | (Err(error), None) => Err(error),
        (Err(error), Some(kept)) => {
            let age_hours = kept.age_ms(clock::now_ms()) / 3_600_000;
            tracing::warn!(age_hours, "an old list of instruments is used: {error}");
            Ok(kept)
        }
    }
}

/// Asks again while there is no answer; a refusal is one.
async fn patiently<T>(ask: impl AsyncFn() -> Result<T, CallError>) -> Result<T, CallError> {
    let mut waits = Backoff::new(FIRST_WAIT, MOST_WAIT);
    for _ in 1..TRIES {
        match ask().await {
            Err(CallError::Unknown(_) | CallError::NotSent(_)) => waits.wait().await,
            answered => return answered,
        }
    }
    ask().await
}
