//! Taking work from a durable consumer: one message at a time, acknowledged when it is done.

use super::Bus;
use crate::backoff::Backoff;
use async_nats::jetstream::{
    self,
    consumer::{Consumer, pull},
};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::sync::watch;

/// The server says something at least this often while there is no work.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long one request for work stays open.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often an acknowledgement is tried; a lost one only means that the work is delivered again.
const ACK_TRIES: u32 = 3;

/// A durable consumer's messages, one at a time, through every outage.
pub struct Puller {
    bus: Bus,
    stream: &'static str,
    consumer: &'static str,
    source: Option<pull::Stream>,
    connects: watch::Receiver<u64>,
    backoff: Backoff,
}

/// A piece of work. Unless it is acknowledged it is delivered again.
pub struct Delivery {
    bus: Bus,
    message: jetstream::Message,
}

impl Bus {
    /// Takes work from the durable `consumer` of `stream`, which provision made.
    pub fn pull(&self, stream: &'static str, consumer: &'static str) -> Puller {
        Puller {
            bus: self.clone(),
            stream,
            consumer,
            source: None,
            connects: self.connects(),
            backoff: Backoff::new(Duration::from_millis(20), Duration::from_secs(1)),
        }
    }
}

impl Puller {
    /// The next piece of work. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Delivery {
        loop {
            let Some(source) = &mut self.source else {
                Box::pin(self.open()).await;
                continue;
            };
            let next = tokio::select! {
                biased;
                _ = self.connects.changed() => None,
                next = source.next() => next,
            };
            if let Some(Ok(message)) = next {
                self.backoff.reset();
                return Delivery { bus: self.bus.clone(), message };
            }
            self.source = None;
        }
    }

    async fn open(&mut self) {
        self.connects.mark_unchanged();
        let opened = async {
            let jetstream = &self.bus.jetstream;
            let consumer: Consumer<pull::Config> =
                jetstream.get_consumer_from_stream(self.consumer, self.stream).await?;
            // One at a time: the time to acknowledge runs while a message waits in our buffer.
            let requests = consumer.stream().max_messages_per_batch(1).heartbeat(HEARTBEAT);
            Ok::<_, async_nats::Error>(requests.expires(EXPIRES).messages().await?)
        };
        match opened.await {
            Ok(messages) => self.source = Some(messages),
            Err(error) => {
                if self.bus.connected() {
                    tracing::warn!(self.stream, self.consumer, "cannot pull yet: {error}");
                }
                self.backoff.wait().await;
            }
        }
    }
}

impl Delivery {
    /// Its payload.
    pub fn payload(&self) -> &[u8] {
        &self.message.payload
    }

    /// It was never published here but is the server's answer to a read, sent to this subject.
    pub fn is_copy(&self) -> bool {
        self.message.headers.as_ref().is_some_and(super::reader::is_copy)
    }

    /// Its subject.
    pub fn subject(&self) -> &str {
        &self.message.subject
    }

    /// Says that the work is done and waits for the server's word. When that does not come the work
    /// will be delivered again.
    pub async fn done(self) {
        let Some(reply) = self.message.reply.clone() else {
            return;
        };
        for _try in 0..ACK_TRIES {
            // Unlike the library's `double_ack`, a request notices when nobody took it.
            if self.bus.client.request(reply.clone(), "+ACK".into()).await.is_ok() {
                return;
            }
        }
        tracing::warn!(subject = self.subject(), "acknowledgement lost; it will come again");
    }
}
