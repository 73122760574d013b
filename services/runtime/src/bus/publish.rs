//! Publishing: at once and droppable, or stored and acknowledged.

use super::Bus;
use crate::backoff::Backoff;
use async_nats::jetstream::{
    self, ErrorCode,
    context::{PublishError as RawError, PublishErrorKind},
    message::PublishMessage,
};
use bytes::Bytes;
use std::{error::Error as _, time::Duration};
use tokio::time::Instant;

/// How long a stored publish is retried: a restart of the server, or the election of a new leader.
const RETRY_FOR: Duration = Duration::from_secs(15);

/// What must hold for a message to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// The last message of its subject has this stream sequence; 0 for none.
    SubjectAt(u64),
    /// No message with this id was stored within the stream's window. A repeated one is no error.
    NewId(String),
    /// Nothing.
    Anything,
}

/// Why a message is not stored.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The subject has moved on: somebody else wrote. Read again before deciding anew.
    #[error("{subject}: another message was stored first")]
    Conflict { subject: String },
    /// Not stored as far as is known, but it may be. Retry with the same id, or read back.
    #[error("{subject}: no acknowledgement within {RETRY_FOR:?}")]
    Unacknowledged {
        subject: String,
        #[source]
        source: RawError,
    },
}

impl Bus {
    /// Publishes without waiting. `false` when the connection is down: the message is dropped,
    /// because a stale price is worse than none.
    pub async fn publish_now(&self, subject: String, payload: Vec<u8>) -> bool {
        self.connected() && self.client.publish(subject, payload.into()).await.is_ok()
    }

    /// Publishes to a stream and waits until it is stored; gives its stream sequence.
    ///
    /// Retried for 15 s while the server cannot say. A retry cannot store twice where `expect`
    /// carries an id or a sequence: after a lost acknowledgement the conflict is resolved by reading
    /// back what was stored.
    ///
    /// # Errors
    /// [`PublishError`]
    pub async fn publish_stored(
        &self,
        subject: &str,
        payload: Vec<u8>,
        expect: Expect,
    ) -> Result<u64, PublishError> {
        self.store(subject, Bytes::from(payload), expect, false).await
    }

    /// Stores that the key of `subject` is erased, if its last change was at `revision`.
    pub(super) async fn erase_stored(
        &self,
        subject: &str,
        revision: u64,
    ) -> Result<u64, PublishError> {
        self.store(subject, Bytes::new(), Expect::SubjectAt(revision), true).await
    }

    async fn store(
        &self,
        subject: &str,
        payload: Bytes,
        expect: Expect,
        erases: bool,
    ) -> Result<u64, PublishError> {
        let deadline = Instant::now() + RETRY_FOR;
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        let mut ambiguous = false;
        loop {
            let source = match self.publish_once(subject, &payload, &expect, erases).await {
                Ok(sequence) => return Ok(sequence),
                Err(source) => source,
            };
            if is_conflict(&source) {
                let mine = if ambiguous { self.stored_as(subject, &payload).await } else { None };
                return mine.ok_or_else(|| PublishError::Conflict { subject: subject.to_owned() });
            }
            ambiguous = true;
            if !can_retry(&source) || Instant::now() >= deadline {
                return Err(PublishError::Unacknowledged { subject: subject.to_owned(), source });
            }
            tracing::debug!(subject, "not acknowledged, trying again: {source}");
            backoff.wait().await;
        }
    }

    async fn publish_once(
        &self,
        subject: &str,
        payload: &Bytes,
        expect: &Expect,
        erases: bool,
    ) -> Result<u64, RawError> {
        let message = PublishMessage::build().payload(payload.clone());
        let message = if erases {
            message.header("KV-Operation", "DEL")
        } else {
            message.header("Content-Type", proto::CONTENT_TYPE)
        };
        let message = match expect {
            Expect::SubjectAt(sequence) => message.expected_last_subject_sequence(*sequence),
            Expect::NewId(id) => message.message_id(id),
            Expect::Anything => message,
        };
        let stored = self.jetstream.send_publish(subject.to_owned(), message).await?;
        Ok(stored.await?.sequence)
    }

    /// The sequence of the subject's last message if it is exactly `payload`.
    async fn stored_as(&self, subject: &str, payload: &[u8]) -> Option<u64> {
        let stream = stream_of(subject)?;
        let stream = self.jetstream.get_stream_no_info(stream).await.ok()?;
        let last = stream.get_last_raw_message_by_subject(subject).await.ok()?;
        (last.payload == payload).then_some(last.sequence)
    }
}

/// The stream that keeps a subject; that of a bucket too.
fn stream_of(subject: &str) -> Option<String> {
    let mut parts = subject.split('.');
    let first = parts.next()?;
    if first == "$KV" {
        return parts.next().map(|bucket| format!("KV_{bucket}"));
    }
    let keeps = |kept: &&str| kept.split('.').next() == Some(first);
    let holds = |spec: &&proto::stream::StreamSpec| spec.subjects.iter().any(keeps);
    proto::stream::STREAMS.iter().find(holds).map(|spec| spec.name.to_owned())
}

/// The server's own error code, wherever the client library put it.
fn code(error: &RawError) -> Option<ErrorCode> {
    error.source()?.downcast_ref::<jetstream::Error>().map(jetstream::Error::error_code)
}

/// Another message was stored first. On clustered streams the client calls some of these `Other`.
fn is_conflict(error: &RawError) -> bool {
    const WRONG_LAST_CONSTANT: u64 = 10_164;
    let by_code = code(error).is_some_and(|code| {
        code == ErrorCode::STREAM_WRONG_LAST_SEQUENCE || code.0 == WRONG_LAST_CONSTANT
    });
    by_code || error.kind() == PublishErrorKind::WrongLastSequence
}

/// The server could not say; the same message again may succeed.
fn can_retry(error: &RawError) -> bool {
    const SAME_ID_IN_FLIGHT: u64 = 10_158;
    matches!(
        error.kind(),
        PublishErrorKind::StreamNotFound
            | PublishErrorKind::TimedOut
            | PublishErrorKind::BrokenPipe
    ) || code(error).is_some_and(|code| code.0 == SAME_ID_IN_FLIGHT)
}
