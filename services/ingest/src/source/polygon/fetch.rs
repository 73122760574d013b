//! A walk through the symbols: minutes of each, page by page, several at a time.

use super::{
    client::{Rest, Span},
    error::PollError,
    history::is_final,
};
use market::MINUTE_MS;
use proto::{Bar, Symbol};
use runtime::backoff::Backoff;
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};

/// Symbols asked about at the same time.
const AT_ONCE: usize = 8;
/// Pages of a symbol that are followed: a page holds two months.
const MOST_PAGES: usize = 20;
/// How often one page is asked for.
const ATTEMPTS: usize = 4;

/// What is to be had.
pub(super) struct Job {
    /// The service.
    pub(super) rest: Rest,
    /// Of which symbols.
    pub(super) symbols: Arc<[Symbol]>,
    /// From when to when.
    pub(super) span: Span,
    /// Minutes that ended later are still forming, milliseconds since 1970 UTC.
    pub(super) until_ms: i64,
    /// One symbol after the other: the plan allows no more.
    pub(super) alone: bool,
}

/// What has been had.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// Closed minutes of a symbol, oldest first.
    Bars(Vec<Bar>),
    /// That was all; so many symbols have not been had, the last of them for this reason.
    Over {
        /// How many.
        failed: usize,
        /// Why.
        words: Option<String>,
    },
}

/// Walks through all symbols; ends early when nobody listens.
pub(super) async fn run(job: Job, told: mpsc::Sender<Found>) {
    let job = Arc::new(job);
    let at_once = if job.alone { 1 } else { AT_ONCE };
    let mut waiting = job.symbols.iter().cloned();
    let mut left = job.symbols.len();
    let (mut failed, mut words) = (0, None);
    let mut walks = JoinSet::new();
    loop {
        while walks.len() < at_once {
            let Some(symbol) = waiting.next() else { break };
            left -= 1;
            walks.spawn(walk(Arc::clone(&job), symbol, told.clone()));
        }
        let Some(ended) = walks.join_next().await else { break };
        let Ok(Err(error)) = ended else { continue };
        metrics::counter!("ingest_backfill_failures_total", "kind" => error.label()).increment(1);
        failed += 1;
        words = Some(error.to_string());
        if is_final(&error) {
            failed += left + walks.len();
            break;
        }
    }
    if told.send(Found::Over { failed, words }).await.is_err() {
        tracing::debug!("nobody waits for the minutes any more");
    }
}

/// The minutes of one symbol.
async fn walk(job: Arc<Job>, symbol: Symbol, told: mpsc::Sender<Found>) -> Result<(), PollError> {
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = page(&job, &symbol, next.as_deref()).await?;
        let (rows, malformed) = page.rows();
        let minutes: Vec<Option<Bar>> = rows.iter().map(|row| row.minute(&symbol)).collect();
        let unsound = minutes.iter().filter(|minute| minute.is_none()).count() as u64;
        metrics::counter!("ingest_bad_rows_total").increment(malformed + unsound);
        let closed = |bar: &Bar| bar.start_ms + MINUTE_MS <= job.until_ms;
        let bars: Vec<Bar> = minutes.into_iter().flatten().filter(closed).collect();
        if !bars.is_empty() && told.send(Found::Bars(bars)).await.is_err() {
            return Ok(());
        }
        match page.next() {
            Some(url) => next = Some(url.to_owned()),
            None => return Ok(()),
        }
    }
    Ok(())
}

/// One page; asked for again while that may help.
async fn page(
    job: &Job,
    symbol: &Symbol,
    next: Option<&str>,
) -> Result<super::aggregates::Page, PollError> {
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
    let mut attempt = 1;
    loop {
        let asked = match next {
            Some(url) => job.rest.follow(url).await,
            None => job.rest.minutes(symbol, &job.span).await,
        };
        match asked {
            Ok(page) => return Ok(page),
            Err(error) if attempt == ATTEMPTS || !may_pass(&error) => return Err(error),
            // The limit itself holds the next attempt up for as long as the service asks.
            Err(PollError::RateLimited { .. }) => {}
            Err(_passing) => backoff.wait().await,
        }
        attempt += 1;
    }
}

fn may_pass(error: &PollError) -> bool {
    error.is_transient() || matches!(error, PollError::RateLimited { .. })
}
