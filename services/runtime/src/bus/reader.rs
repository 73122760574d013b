//! Reading streams: in order, without holes, through every outage.
//!
//! A [`Reader`] pulls through a short-lived consumer. Whenever anything is odd (reconnect, missed
//! heartbeat, a skipped delivery) it makes a new consumer right after the last message it handed
//! out. The library's own ordered consumer was measured to need 16 s after a crash of the server;
//! this needs as long as the connection takes.

use super::Bus;
use crate::backoff::{Backoff, random_fraction};
use async_nats::jetstream::{
    self, ErrorCode,
    consumer::{AckPolicy, DeliverPolicy, pull},
    stream::LastRawMessageErrorKind,
};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::sync::watch;

/// Messages asked for at a time.
const BATCH: usize = 500;
/// The server says something at least this often while there is nothing to deliver.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long one request for messages stays open.
const EXPIRES: Duration = Duration::from_secs(30);
/// The server forgets a consumer that nobody pulls from for this long.
const INACTIVE: Duration = Duration::from_mins(1);

/// A message as a stream keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its sequence in the stream.
    pub position: u64,
    /// Its subject.
    pub subject: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Messages after it that the reader has not been given yet, as the server counted.
    pub pending: u64,
    /// It says that a key was erased: its `KV-Operation` header is `DEL` or `PURGE`.
    pub erased: bool,
    /// It is the server's answer to a read, which somebody had sent to this subject: it was never
    /// published here, whatever it says. See [`is_copy`].
    pub copy: bool,
}

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The oldest message kept.
    Beginning,
    /// This stream sequence, or the first one after it.
    At(u64),
    /// The first message stored at or after this time, milliseconds since 1970 UTC.
    Since(i64),
    /// The last message of every subject, then all that follow.
    LastPerSubject,
    /// Only what is stored from now on.
    New,
}

/// Why a stream could not be read.
#[derive(Debug, thiserror::Error)]
#[error("read stream {stream}")]
pub struct ReadError {
    pub(super) stream: &'static str,
    #[source]
    pub(super) source: async_nats::Error,
}

/// An endless, ordered, hole-free sequence of a stream's messages.
pub struct Reader {
    bus: Bus,
    stream: String,
    filters: Vec<String>,
    start: Start,
    source: Option<Source>,
    connects: watch::Receiver<u64>,
    backoff: Backoff,
}

/// A consumer in use.
struct Source {
    messages: pull::Stream,
    /// Number of its last delivery.
    delivered: u64,
    _consumer: Temporary,
}

/// A short-lived consumer of ours; taken away from the server when dropped. The server would forget
/// it by itself, but allows only so many at a time.
struct Temporary {
    jetstream: jetstream::Context,
    stream: String,
    name: String,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (jetstream, name) = (self.jetstream.clone(), std::mem::take(&mut self.name));
        let stream = std::mem::take(&mut self.stream);
        runtime.spawn(async move {
            // Whatever goes wrong, the server forgets it a minute later.
            drop(jetstream.delete_consumer_from_stream(name, stream).await);
        });
    }
}

impl Bus {
    /// Makes a short-lived consumer.
    async fn temporary(
        &self,
        stream: &str,
        config: pull::Config,
    ) -> Result<(jetstream::consumer::Consumer<pull::Config>, Temporary), async_nats::Error> {
        let name = config.name.clone().unwrap_or_default();
        let consumer = self.jetstream.create_consumer_on_stream(config, stream).await?;
        let (jetstream, stream) = (self.jetstream.clone(), stream.to_owned());
        Ok((consumer, Temporary { jetstream, stream, name }))
    }

    /// Reads the messages of `stream` whose subjects match one of `filters`, from `start` on.
    pub fn read(&self, stream: &str, filters: Vec<String>, start: Start) -> Reader {
        Reader {
            bus: self.clone(),
            stream: stream.to_owned(),
            filters,
            start,
            source: None,
            connects: self.connects(),
            backoff: Backoff::new(Duration::from_millis(20), Duration::from_secs(1)),
        }
    }

    /// Reads what `stream` holds of `filter` from `start` up to now.
    ///
    /// # Errors
    /// When the server does not answer; nothing is handed out in part.
    pub async fn history(
        &self,
        stream: &'static str,
        filter: String,
        start: Start,
    ) -> Result<Vec<Stored>, ReadError> {
        self.history_of(stream, filter, start).await.map_err(|source| ReadError { stream, source })
    }

    async fn history_of(
        &self,
        stream: &str,
        filter: String,
        start: Start,
    ) -> Result<Vec<Stored>, async_nats::Error> {
        let config = consumer_config(&[filter], start);
        let (consumer, _temporary) = self.temporary(stream, config).await?;
        let expected = consumer.cached_info().num_pending;
        let mut read = Vec::with_capacity(usize::try_from(expected).unwrap_or(0).min(100_000));
        if expected == 0 {
            return Ok(read);
        }
        let batches = consumer.stream().max_messages_per_batch(BATCH).heartbeat(HEARTBEAT);
        let mut messages = batches.expires(EXPIRES).messages().await?;
        while let Some(message) = messages.next().await {
            let stored = stored(&message?)?;
            let last = stored.pending == 0;
            read.push(stored);
            if last {
                return Ok(read);
            }
        }
        Err("the server ended the delivery early".into())
    }

    /// The last message of `subject` in `stream`, from the stream's leader.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn last(
        &self,
        stream: &'static str,
        subject: &str,
    ) -> Result<Option<Stored>, ReadError> {
        let error = |source| ReadError { stream, source };
        let handle =
            self.jetstream.get_stream_no_info(stream).await.map_err(|e| error(e.into()))?;
        match handle.get_last_raw_message_by_subject(subject).await {
            Ok(message) => Ok(Some(from_raw(&message))),
            Err(none) if is_no_message(&none) => Ok(None),
            Err(other) => Err(error(other.into())),
        }
    }

    /// The first message of `subject` in `stream` at or after `position`, from the stream's leader.
    /// Never by direct get: its raw answer can be sent anywhere, so nobody has leave to ask for it.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn next_from(
        &self,
        stream: &'static str,
        subject: &str,
        position: u64,
    ) -> Result<Option<Stored>, ReadError> {
        let error = |source| ReadError { stream, source };
        let handle =
            self.jetstream.get_stream_no_info(stream).await.map_err(|e| error(e.into()))?;
        match handle.get_first_raw_message_by_subject(subject, position).await {
            Ok(message) => Ok(Some(from_raw(&message))),
            Err(none) if is_no_message(&none) => Ok(None),
            Err(other) => Err(error(other.into())),
        }
    }
}

/// The subject has no message.
pub(super) fn is_no_message(error: &jetstream::stream::LastRawMessageError) -> bool {
    match error.kind() {
        LastRawMessageErrorKind::NoMessageFound => true,
        LastRawMessageErrorKind::JetStream(inner) => {
            inner.error_code() == ErrorCode::NO_MESSAGE_FOUND
        }
        LastRawMessageErrorKind::InvalidSubject | LastRawMessageErrorKind::Other => false,
    }
}

impl Reader {
    /// The next message; waits for it through outages of any length. Dropping the future loses
    /// nothing.
    pub async fn next(&mut self) -> Stored {
        loop {
            let delivered = match &mut self.source {
                None => {
                    // Rare and large: kept out of the future of every loop that reads.
                    Box::pin(self.open()).await;
                    continue;
                }
                Some(source) => {
                    let next = tokio::select! {
                        biased;
                        _ = self.connects.changed() => None,
                        next = source.messages.next() => next,
                    };
                    next.and_then(|message| in_order(message, &mut source.delivered))
                }
            };
            let Some(stored) = delivered else {
                self.source = None;
                continue;
            };
            self.start = Start::At(stored.position + 1);
            self.backoff.reset();
            return stored;
        }
    }

    /// Makes a consumer that continues after the last message handed out.
    async fn open(&mut self) {
        self.connects.mark_unchanged();
        let config = consumer_config(&self.filters, self.start);
        let opened = async {
            let (consumer, temporary) = self.bus.temporary(&self.stream, config).await?;
            let batches = consumer.stream().max_messages_per_batch(BATCH).heartbeat(HEARTBEAT);
            let messages = batches.expires(EXPIRES).messages().await?;
            Ok::<_, async_nats::Error>(Source { messages, delivered: 0, _consumer: temporary })
        };
        match opened.await {
            Ok(source) => self.source = Some(source),
            Err(error) => {
                // While the bus is down its own event says so; otherwise something is wrong.
                if self.bus.connected() {
                    tracing::warn!(stream = self.stream, "cannot read yet, trying again: {error}");
                }
                metrics::counter!("bus_reader_failures_total").increment(1);
                self.backoff.wait().await;
            }
        }
    }
}

/// The message, if it is the one that follows; `None` when the reader must start anew behind the
/// last good one.
fn in_order(
    message: Result<jetstream::Message, pull::MessagesError>,
    delivered: &mut u64,
) -> Option<Stored> {
    let message = message.ok()?;
    let sequence = message.info().ok()?.consumer_sequence;
    if sequence != *delivered + 1 {
        metrics::counter!("bus_reader_holes_total").increment(1);
        return None;
    }
    *delivered = sequence;
    stored(&message).ok()
}

fn stored(message: &jetstream::Message) -> Result<Stored, async_nats::Error> {
    let info = message.info()?;
    Ok(Stored {
        position: info.stream_sequence,
        subject: message.subject.to_string(),
        payload: message.payload.to_vec(),
        pending: info.pending,
        erased: message.headers.as_ref().is_some_and(is_erased),
        copy: message.headers.as_ref().is_some_and(is_copy),
    })
}

pub(super) fn from_raw(message: &jetstream::message::StreamMessage) -> Stored {
    Stored {
        position: message.sequence,
        subject: message.subject.to_string(),
        erased: is_erased(&message.headers),
        copy: is_copy(&message.headers),
        payload: message.payload.to_vec(),
        pending: 0,
    }
}

/// The server's answer to a direct read names the stream it came from. Whoever may read can have the
/// answer sent to a subject that it may not publish on; readers of money refuse such messages.
pub fn is_copy(headers: &async_nats::HeaderMap) -> bool {
    headers.get("Nats-Stream").is_some()
}

fn is_erased(headers: &async_nats::HeaderMap) -> bool {
    headers.get("KV-Operation").is_some_and(|operation| operation.as_str() != "PUT")
}

fn consumer_config(filters: &[String], start: Start) -> pull::Config {
    let (filter_subject, filter_subjects) = match filters {
        // A single filter stands in the API subject, where permissions can see it.
        [one] => (one.clone(), Vec::new()),
        several => (String::new(), several.to_vec()),
    };
    pull::Config {
        name: Some(format!("reader-{:016x}", (random_fraction() * 2_f64.powi(53)) as u64)),
        deliver_policy: deliver_policy(start),
        ack_policy: AckPolicy::None,
        filter_subject,
        filter_subjects,
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: INACTIVE,
        ..Default::default()
    }
}

fn deliver_policy(start: Start) -> DeliverPolicy {
    match start {
        Start::Beginning => DeliverPolicy::All,
        Start::At(sequence) => DeliverPolicy::ByStartSequence { start_sequence: sequence.max(1) },
        Start::Since(time_ms) => {
            let time = async_nats::datetime::from_nanos(i128::from(time_ms) * 1_000_000);
            time.map_or(DeliverPolicy::All, |start_time| DeliverPolicy::ByStartTime { start_time })
        }
        Start::LastPerSubject => DeliverPolicy::LastPerSubject,
        Start::New => DeliverPolicy::New,
    }
}
