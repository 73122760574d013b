//! One question to the service: snapshots of everything, or the free plan's closes.
//!
//! Snapshots beyond one page are asked for several at a time; what one page lacks costs the others
//! nothing.

use super::{
    client::{CHUNK, Rest},
    daily::{self, Closes},
    error::PollError,
    models::Envelope,
};
use jiff::civil::Date;
use proto::Symbol;
use std::sync::Arc;
use tokio::{
    task::{JoinHandle, JoinSet},
    time::Instant,
};

/// Pages asked for at the same time.
const AT_ONCE: usize = 8;

/// What is asked.
#[derive(Debug, Clone)]
pub(super) enum Question {
    /// Snapshots of all symbols. With `probe` nothing more is asked until the first page has come.
    Snapshots {
        /// Whether the key may do this is not known yet.
        probe: bool,
    },
    /// One page of snapshots, for the plan that it shows and not for its prices.
    Plan,
    /// The closes of the newest of these sessions that the plan has.
    Closes(Vec<Date>),
    /// Each symbol's last close by itself.
    Previous(Vec<Symbol>),
}

impl Question {
    /// It is for closes, of which there are new ones once a day.
    pub(super) fn is_daily(&self) -> bool {
        match self {
            Self::Closes(_) | Self::Previous(_) => true,
            Self::Snapshots { .. } | Self::Plan => false,
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(super) enum Answer {
    /// Snapshots, page by page, with the symbols asked for, and the error of a page that failed.
    Snapshots(Vec<(Vec<Symbol>, Envelope)>, Option<PollError>),
    /// Closes.
    Closes(Closes),
}

/// A question under way, in a task of its own, so that whoever waits for it may be cancelled; given
/// up when dropped.
pub(super) struct Asking {
    /// When it was asked.
    pub(super) begun: Instant,
    /// What was asked.
    pub(super) question: Question,
    task: JoinHandle<Result<Answer, PollError>>,
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Asking {
    /// Asks `question` about `symbols`.
    pub(super) fn begin(rest: &Rest, symbols: &Arc<[Symbol]>, question: Question) -> Self {
        let (rest, symbols, asked) = (rest.clone(), Arc::clone(symbols), question.clone());
        let begun = Instant::now();
        let task = tokio::spawn(async move {
            let answer = match asked {
                Question::Snapshots { probe } => snapshots(&rest, &symbols, probe).await,
                Question::Plan => {
                    let first = symbols.get(..CHUNK).unwrap_or(&symbols);
                    snapshots(&rest, first, true).await
                }
                Question::Closes(dates) => {
                    daily::closes(&rest, &symbols, &dates).await.map(Answer::Closes)
                }
                Question::Previous(symbols) => {
                    daily::previous(&rest, &symbols).await.map(Answer::Closes)
                }
            };
            metrics::histogram!("ingest_poll_seconds").record(begun.elapsed().as_secs_f64());
            answer
        });
        Self { begun, question, task }
    }

    /// Waits for the answer. Safe to cancel.
    ///
    /// # Errors
    /// [`PollError`]
    pub(super) async fn answer(&mut self) -> Result<Answer, PollError> {
        let gone =
            |error: tokio::task::JoinError| PollError::Transient { words: error.to_string() };
        (&mut self.task).await.map_err(gone)?
    }
}

/// Asks page by page; fails only when no page at all could be had.
async fn snapshots(rest: &Rest, symbols: &[Symbol], probe: bool) -> Result<Answer, PollError> {
    let mut chunks = symbols.chunks(CHUNK).map(<[Symbol]>::to_vec);
    let mut answers = Vec::new();
    let mut failed = None;
    if probe && let Some(first) = chunks.next() {
        let envelope = rest.snapshots(&first).await?;
        answers.push((first, envelope));
    }
    let mut pages = JoinSet::new();
    loop {
        while pages.len() < AT_ONCE && failed.is_none() {
            let Some(chunk) = chunks.next() else { break };
            let rest = rest.clone();
            pages.spawn(async move {
                let envelope = rest.snapshots(&chunk).await;
                envelope.map(|envelope| (chunk, envelope))
            });
        }
        match pages.join_next().await {
            Some(Ok(Ok(answer))) => answers.push(answer),
            Some(Ok(Err(error))) => failed = Some(error),
            Some(Err(gone)) => failed = Some(PollError::Transient { words: gone.to_string() }),
            None => break,
        }
    }
    match failed {
        Some(error) if answers.is_empty() => Err(error),
        failed => Ok(Answer::Snapshots(answers, failed)),
    }
}
