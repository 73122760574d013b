//! Key-value buckets with typed values.

use super::{Bus, Expect, PublishError, ReadError, Reader, Start, Stored};
use futures_util::TryStreamExt as _;
use proto::{Message, WireError, decode, encode, stream::BucketSpec};
use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
    sync::{Mutex, PoisonError},
};

/// How often a value is offered while others write the same key.
const PUT_ATTEMPTS: u32 = 10;

/// A bucket whose values are all of one message type.
pub struct Kv<M> {
    bus: Bus,
    bucket: &'static str,
    stream: String,
    /// Where our last word on each key is.
    known: Mutex<BTreeMap<String, u64>>,
    value: PhantomData<fn() -> M>,
}

/// One key at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct KvEntry<M> {
    /// The key.
    pub key: String,
    /// The bucket's revision at which it got this value.
    pub revision: u64,
    /// Its value; `None` when it was erased.
    pub value: Option<M>,
    /// Entries of the first load that follow; 0 from the end of the load on.
    pub pending: u64,
}

/// Every change of a bucket, beginning with its present values.
pub struct KvWatch<M> {
    reader: Reader,
    prefix: String,
    value: PhantomData<fn() -> M>,
}

/// Why a value could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KvError {
    /// The server did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The value was not stored.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The value is not what it should be.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// The subjects of all keys of a bucket.
pub(super) fn subjects_of(spec: &BucketSpec) -> String {
    format!("$KV.{}.>", spec.name)
}

impl Bus {
    /// The bucket of `spec`, holding values of type `M`.
    pub fn kv<M: Message>(&self, spec: &BucketSpec) -> Kv<M> {
        let stream = format!("KV_{}", spec.name);
        let known = Mutex::default();
        Kv { bus: self.clone(), bucket: spec.name, stream, known, value: PhantomData }
    }
}

impl<M: Message> Kv<M> {
    /// The present value of `key`.
    ///
    /// # Errors
    /// When the server does not answer or the value does not decode.
    pub async fn get(&self, key: &str) -> Result<Option<M>, KvError> {
        let kept = self.last(key).await?.filter(|stored| !stored.erased);
        kept.map(|stored| decode(&stored.payload)).transpose().map_err(KvError::from)
    }

    /// The revision of `key`'s last change; 0 where there never was one.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn revision(&self, key: &str) -> Result<u64, KvError> {
        Ok(self.last(key).await?.map_or(0, |stored| stored.position))
    }

    async fn last(&self, key: &str) -> Result<Option<Stored>, KvError> {
        let error = |source: async_nats::Error| ReadError { stream: self.bucket, source };
        let subject = self.subject(key);
        let stream = self.bus.jetstream.get_stream_no_info(&self.stream).await;
        let stream = stream.map_err(|e| error(e.into()))?;
        match stream.get_last_raw_message_by_subject(&subject).await {
            Ok(message) => Ok(Some(super::reader::from_raw(&message))),
            Err(none) if super::reader::is_no_message(&none) => Ok(None),
            Err(other) => Err(error(other.into()).into()),
        }
    }

    /// Every key that has been written, in order; an erased one may be among them. Asks for
    /// nothing but the stream's subjects, so it also works where a user may not watch.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn keys(&self) -> Result<BTreeSet<String>, KvError> {
        let error = |source| ReadError { stream: self.bucket, source };
        let stream = self.bus.jetstream.get_stream_no_info(&self.stream).await;
        let stream = stream.map_err(|e| error(e.into()))?;
        let subjects = stream.info_with_subjects(self.subject(">")).await;
        let mut subjects = subjects.map_err(|e| error(e.into()))?;
        let (prefix, mut keys) = (self.subject(""), BTreeSet::new());
        while let Some((subject, _)) = subjects.try_next().await.map_err(|e| error(e.into()))? {
            keys.extend(subject.strip_prefix(&prefix).map(str::to_owned));
        }
        Ok(keys)
    }

    /// Sets `key`, whatever it was; gives the new revision.
    ///
    /// The value still says after which revision it comes: whoever may read this bucket could have
    /// the server deliver the value to its own subject again, and such an echo must not be stored.
    ///
    /// # Errors
    /// When it was not stored.
    pub async fn put(&self, key: &str, value: &M) -> Result<u64, KvError> {
        let payload = encode(value)?;
        self.put_last(key, |revision| {
            let (payload, expect) = (payload.clone(), Expect::SubjectAt(revision));
            async move { self.bus.publish_stored(&self.subject(key), payload, expect).await }
        })
        .await
    }

    /// Writes after the key's last revision, looking that up when it is not what we know.
    async fn put_last<F>(&self, key: &str, write: impl Fn(u64) -> F) -> Result<u64, KvError>
    where
        F: Future<Output = Result<u64, PublishError>>,
    {
        let mut known = self.known().get(key).copied();
        for _attempt in 1..PUT_ATTEMPTS {
            let before = match known.take() {
                Some(revision) => revision,
                None => self.revision(key).await?,
            };
            match write(before).await {
                Ok(revision) => {
                    self.known().insert(key.to_owned(), revision);
                    return Ok(revision);
                }
                Err(PublishError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(write(self.revision(key).await?).await?)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, u64>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets `key` if its last change was at `revision` (0 for none); gives the new revision.
    ///
    /// # Errors
    /// When it was not stored, or somebody else has changed it since.
    pub async fn put_after(&self, key: &str, value: &M, revision: u64) -> Result<u64, KvError> {
        let (payload, expect) = (encode(value)?, Expect::SubjectAt(revision));
        Ok(self.bus.publish_stored(&self.subject(key), payload, expect).await?)
    }

    /// Erases `key`.
    ///
    /// # Errors
    /// When the server does not say that it is done.
    pub async fn erase(&self, key: &str) -> Result<(), KvError> {
        let subject = self.subject(key);
        self.put_last(key, |revision| self.bus.erase_stored(&subject, revision)).await?;
        Ok(())
    }

    /// Every change from now on, beginning with the present value of every key that matches one of
    /// `keys` (`>` for all).
    pub fn watch(&self, keys: &[String]) -> KvWatch<M> {
        let filters = keys.iter().map(|key| self.subject(key)).collect();
        KvWatch {
            reader: self.bus.read(&self.stream, filters, Start::LastPerSubject),
            prefix: self.subject(""),
            value: PhantomData,
        }
    }

    fn subject(&self, key: &str) -> String {
        format!("$KV.{}.{key}", self.bucket)
    }
}

impl<M: Message> KvWatch<M> {
    /// The next change; a value that does not decode is counted, logged and skipped. Dropping the
    /// future loses nothing.
    pub async fn next(&mut self) -> KvEntry<M> {
        loop {
            let stored = self.reader.next().await;
            let Stored { position, subject, payload, pending, erased, copy } = stored;
            if copy {
                tracing::warn!(subject, "skipped: a copy that was never written here");
                continue;
            }
            let value = if erased { Ok(None) } else { decode(&payload).map(Some) };
            match value {
                Ok(value) => {
                    let key = subject.strip_prefix(&self.prefix).unwrap_or(&subject).to_owned();
                    return KvEntry { key, revision: position, value, pending };
                }
                Err(error) => {
                    metrics::counter!("bus_undecodable_total", "message" => M::NAME).increment(1);
                    tracing::warn!(subject, "skipped: {error}");
                }
            }
        }
    }
}
