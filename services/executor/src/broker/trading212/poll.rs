//! Asking what became of orders, one read after the other, whenever the executor has time.
//!
//! Reads live in [`Trading212`], not in the future that drives them: dropping that future loses
//! nothing and repeats nothing.

use super::{
    Trading212,
    book::{Next, Read},
    cache::{Cache, Listed},
    client::Client,
    error::CallError,
    life::News,
    models::{HistoricalOrder, Order, Position, Rows, Summary},
};
use futures_util::StreamExt as _;
use proto::OrderId;
use runtime::clock;
use std::time::Duration;

/// Pages of history read in one go.
const MOST_PAGES: usize = 5;
/// A list of instruments older than this is fetched anew, milliseconds.
pub(super) const LIST_AGE_MS: i64 = 24 * 3_600_000;
/// Wait before a list that could not be fetched is tried again, milliseconds.
const LIST_AGAIN_MS: i64 = 600_000;

/// Between two looks at cash and all positions while nothing happens, and after something did.
const PURSE_EVERY_MS: i64 = 60_000;
const PURSE_SOON_MS: i64 = 3_000;

/// An answer to a read.
#[derive(Debug)]
pub(super) enum Answer {
    Pending(Rows<Order>),
    History { rows: Vec<HistoricalOrder>, complete: bool },
    Positions(Rows<Position>),
    ById(i64, Option<Box<Order>>),
    Failed(Read, CallError),
    Listed(Result<Listed, CallError>),
    Purse { seen: Result<Box<Seen>, CallError>, moves: u64 },
}

/// The account, as three pages show it.
#[derive(Debug)]
pub(super) struct Seen {
    summary: Summary,
    positions: Rows<Position>,
    pending: Rows<Order>,
}

impl Trading212 {
    /// The next thing that happens to a followed order. Dropping the future loses nothing.
    pub async fn next_news(&mut self) -> (OrderId, News) {
        loop {
            let now_ms = self.now_ms();
            if let Some(news) = self.book.next_news() {
                self.purse.spoil();
                self.purse_due_ms = self.purse_due_ms.min(now_ms + PURSE_SOON_MS);
                return news;
            }
            self.refresh_list(now_ms);
            self.refresh_purse(now_ms);
            let next = match self.book.next(now_ms) {
                Next::Ask(read) => {
                    self.ask(read);
                    continue;
                }
                Next::Wait(until) => Some(until),
                Next::Nothing => None,
            };
            let until = next.unwrap_or(i64::MAX).min(self.list_due_ms).min(self.purse_due_ms);
            let wait = u64::try_from(until.saturating_sub(now_ms)).unwrap_or(0);
            // Not idle for longer than this, so that sums of times stay in range.
            let wait = Duration::from_millis(wait.min(3_600_000));
            tokio::select! {
                Some(answer) = self.reads.next(), if !self.reads.is_empty() => self.take(answer),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn ask(&mut self, read: Read) {
        let client = self.client.clone();
        self.reads.push(Box::pin(async move { answer(&client, read).await }));
    }

    fn refresh_list(&mut self, now_ms: i64) {
        if now_ms >= self.list_due_ms {
            // Taken up again when the answer is there.
            self.list_due_ms = i64::MAX;
            let (client, cache) = (self.client.clone(), self.cache.clone());
            self.reads.push(Box::pin(async move { Answer::Listed(fetch(&client, &cache).await) }));
        }
    }

    fn refresh_purse(&mut self, now_ms: i64) {
        if now_ms >= self.purse_due_ms {
            self.purse_due_ms = i64::MAX;
            let (client, moves) = (self.client.clone(), self.purse.moves());
            let look = async move { Answer::Purse { seen: purse(&client).await, moves } };
            self.reads.push(Box::pin(look));
        }
    }

    fn take(&mut self, answer: Answer) {
        let (now_ms, skew_ms) = (self.now_ms(), self.client.skew_ms());
        match answer {
            Answer::Pending(rows) => self.book.on_pending(&rows, skew_ms, now_ms),
            Answer::History { rows, complete } => {
                self.book.on_history(&rows, complete, skew_ms, now_ms);
            }
            Answer::Positions(rows) => self.book.on_positions(&rows, now_ms),
            Answer::ById(id, order) => self.book.on_by_id(id, order.as_deref(), now_ms),
            Answer::Failed(read, error) => self.on_failed(read, &error, now_ms),
            Answer::Listed(Ok(listed)) => {
                self.list_due_ms = now_ms + LIST_AGE_MS;
                self.listed = listed;
            }
            Answer::Purse { seen: Ok(seen), moves } => {
                let fresh = moves == self.purse.moves();
                let wait = if fresh { PURSE_EVERY_MS } else { PURSE_SOON_MS };
                self.purse_due_ms = now_ms + wait;
                self.purse.on_summary(&seen.summary, moves);
                self.book.on_strangers(&seen.pending);
                self.purse.on_positions(&seen.positions, &self.ours, self.book.foreign());
            }
            Answer::Purse { seen: Err(error), .. } => {
                self.purse_due_ms = now_ms + PURSE_EVERY_MS;
                tracing::warn!("cash and positions could not be read: {error}");
            }
            Answer::Listed(Err(error)) => {
                self.list_due_ms = now_ms + LIST_AGAIN_MS;
                tracing::warn!("the list of instruments could not be refreshed: {error}");
            }
        }
    }

    fn on_failed(&mut self, read: Read, error: &CallError, now_ms: i64) {
        let after = match error {
            CallError::RetryLater { after, .. } => Some(*after),
            CallError::Fatal { .. } => {
                self.fault = Some(error.to_string());
                Some(Duration::from_secs(30))
            }
            CallError::NotSent(_)
            | CallError::Withheld(_)
            | CallError::Rejected { .. }
            | CallError::Unknown(_) => None,
        };
        tracing::warn!(?read, "Trading212 could not be asked: {error}");
        self.book.on_failed(read, after, now_ms);
    }
}

async fn purse(client: &Client) -> Result<Box<Seen>, CallError> {
    let (summary, positions) = (client.summary().await?, client.positions(None).await?);
    Ok(Box::new(Seen { summary, positions, pending: client.pending().await? }))
}

async fn answer(client: &Client, read: Read) -> Answer {
    let answered = match read {
        Read::Pending => client.pending().await.map(Answer::Pending),
        Read::Positions => client.positions(None).await.map(Answer::Positions),
        Read::ById(id) => client.order(id).await.map(|order| Answer::ById(id, order.map(Box::new))),
        Read::History { back_to_ms } => history(client, back_to_ms).await,
    };
    answered.unwrap_or_else(|error| Answer::Failed(read, error))
}

/// History back to a time. Rows of pages before one that fails are kept: a fill seen is a fill.
async fn history(client: &Client, back_to_ms: i64) -> Result<Answer, CallError> {
    let mut rows = Vec::new();
    let mut readable = true;
    let mut next = Some(client.history_page(None)?);
    for _ in 0..MOST_PAGES {
        let Some(page) = next.take() else {
            break;
        };
        let (found, following) = match client.history(page).await {
            Ok(found) => found,
            Err(error) if rows.is_empty() => return Err(error),
            Err(error) => {
                tracing::warn!("history was not read to the end: {error}");
                return Ok(Answer::History { rows, complete: false });
            }
        };
        readable &= found.items.unreadable == 0;
        let oldest = found.items.items.last().and_then(|row| row.order.created_ms());
        let reached = oldest.is_some_and(|oldest| oldest < back_to_ms);
        rows.extend(found.items.items);
        if reached {
            return Ok(Answer::History { rows, complete: readable });
        }
        next = following;
    }
    Ok(Answer::History { rows, complete: readable && next.is_none() })
}

/// Fetches the list of instruments, and keeps it.
pub(super) async fn fetch(client: &Client, cache: &Cache) -> Result<Listed, CallError> {
    let rows = client.instruments().await?;
    if rows.items.is_empty() {
        return Err(CallError::Unknown("the list of instruments is empty".to_owned()));
    }
    let listed = Listed::new(rows, clock::now_ms());
    cache.keep_instruments(&listed).await;
    Ok(listed)
}
