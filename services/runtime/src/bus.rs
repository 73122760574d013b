//! The one way to NATS: connection, publishing, reading streams, key-value buckets, leases.
//!
//! Built on what async-nats and nats-server were measured to do:
//! 1. Credentials go through options (in a URL they are ignored), replies to a private inbox prefix.
//! 2. The client reconnects for ever; only the first connection has a deadline.
//! 3. A denial by the server is an event, not an error of the call: events are counted and logged.
//! 4. `drain` returns at once; the end is the `Closed` event.

mod config;
mod kv;
mod lease;
mod micro;
mod newest;
mod provision;
mod publish;
mod puller;
mod reader;

pub use config::BusConfig;
pub use kv::{Kv, KvEntry, KvError, KvWatch};
pub use lease::{Fence, HeldLease, LeaseEvent, identity};
pub use newest::Newest;
pub use provision::provision;
pub use publish::{Expect, PublishError};
pub use puller::{Delivery, Puller};
pub use reader::{ReadError, Reader, Start, Stored, is_copy};

use crate::backoff;
use anyhow::{Context as _, bail};
use async_nats::{ConnectOptions, Event, connection::State, jetstream};
use proto::stream::{BucketSpec, StreamSpec};
use secrecy::ExposeSecret as _;
use std::time::Duration;
use tokio::sync::watch;

/// How long a request waits for its reply.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Three unanswered pings and the server is taken for dead.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// Messages a subscription may hold; beyond it the newest are dropped by the client.
const SUBSCRIPTION_CAPACITY: usize = 4_096;

/// A connection to NATS. Cheap to clone; all clones are one connection.
#[derive(Clone)]
pub struct Bus {
    client: async_nats::Client,
    jetstream: jetstream::Context,
    /// How often the connection has been made; changes at every reconnect.
    connects: watch::Receiver<u64>,
    closed: watch::Receiver<bool>,
    user: String,
}

impl Bus {
    /// Connects and waits until the server answers.
    ///
    /// # Errors
    /// When there is no connection within 30 s: wrong address, wrong password, no server.
    pub async fn connect(config: &BusConfig) -> anyhow::Result<Self> {
        let (connects_in, connects) = watch::channel(0);
        let (closed_in, closed) = watch::channel(false);
        let user = config.user.clone();
        let client = options(config)
            .event_callback(move |event| {
                note(&event, &connects_in, &closed_in);
                async {}
            })
            .connect(config.urls.clone())
            .await
            .with_context(|| format!("connect to NATS as {user}"))?;
        // There from the start, so that the first one is seen as a change.
        for kind in ["denied", "slow_consumer"] {
            metrics::counter!("bus_events_total", "kind" => kind).increment(0);
        }
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(REQUEST_TIMEOUT);
        let mut bus = Self { client, jetstream, connects, closed, user };
        bus.wait_connected(config).await?;
        tracing::info!(bus.user = %bus.user, "connected to NATS");
        Ok(bus)
    }

    async fn wait_connected(&mut self, config: &BusConfig) -> anyhow::Result<()> {
        let up = self.connects.wait_for(|count| *count > 0);
        match tokio::time::timeout(config.deadline, up).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => bail!(
                "no connection to NATS at {:?} as {} within {} s; is it running, and is \
                 NATS_{}_PASSWORD right?{}",
                config.urls.iter().map(async_nats::ServerAddr::host).collect::<Vec<_>>(),
                self.user,
                config.deadline.as_secs(),
                self.user.to_uppercase(),
                config.tls_hint(),
            ),
        }
    }

    /// The connection is up at this moment.
    pub fn connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Counts connections: changes at every reconnect.
    pub fn connects(&self) -> watch::Receiver<u64> {
        self.connects.clone()
    }

    /// The raw client, for what this module has no word for.
    pub fn client(&self) -> &async_nats::Client {
        &self.client
    }

    /// The raw `JetStream` context, for what this module has no word for.
    pub fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }

    /// Subscribes to live messages. The stream of messages survives reconnects and ends only with
    /// the connection. A reader that lags by 4,096 messages loses the newest.
    ///
    /// # Errors
    /// When the subject is malformed or the connection is closed.
    pub async fn subscribe(&self, subject: String) -> anyhow::Result<async_nats::Subscriber> {
        self.client
            .subscribe(subject.clone())
            .await
            .with_context(|| format!("subscribe to {subject}"))
    }

    /// Waits until the server has worked through everything said on this connection so far:
    /// subscriptions made before are in force after. (`flush` only empties our side.)
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn barrier(&self) -> anyhow::Result<()> {
        let inbox = self.client.new_inbox();
        let mut echo = self.subscribe(inbox.clone()).await?;
        self.client.publish(inbox, "".into()).await.context("publish to our own inbox")?;
        let answer = futures_util::StreamExt::next(&mut echo);
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, answer).await;
        answer.ok().flatten().context("wait for the server to echo")?;
        Ok(())
    }

    /// Checks that provision has made these streams and buckets as the table says.
    ///
    /// # Errors
    /// When one is missing or keeps other subjects or ages than the table says.
    pub async fn verify(
        &self,
        streams: &[StreamSpec],
        buckets: &[BucketSpec],
    ) -> anyhow::Result<()> {
        for spec in streams {
            let config = self.stream_config(spec.name).await?;
            let same = config.subjects == spec.subjects
                && config.max_age == Duration::from_millis(spec.max_age_ms);
            if !same {
                bail!("stream {} is not as this version needs it; run provision", spec.name);
            }
        }
        for spec in buckets {
            let config = self.stream_config(&format!("KV_{}", spec.name)).await?;
            if config.max_age != Duration::from_millis(spec.max_age_ms) {
                bail!("bucket {} is not as this version needs it; run provision", spec.name);
            }
        }
        Ok(())
    }

    async fn stream_config(&self, name: &str) -> anyhow::Result<jetstream::stream::Config> {
        let stream = self.jetstream.get_stream(name).await;
        let stream =
            stream.with_context(|| format!("look up stream {name}; has provision run?"))?;
        Ok(stream.cached_info().config.clone())
    }

    /// Says goodbye: what was published is sent, subscriptions end, the connection closes. Waits for
    /// that, but not for ever.
    pub async fn drain(mut self) {
        if self.client.drain().await.is_err() {
            return;
        }
        let closed = self.closed.wait_for(|closed| *closed);
        if tokio::time::timeout(REQUEST_TIMEOUT, closed).await.is_err() {
            tracing::warn!("the connection to NATS did not close in time");
        }
    }
}

fn options(config: &BusConfig) -> ConnectOptions {
    let password = config.password.expose_secret().to_owned();
    let options = ConnectOptions::with_user_and_password(config.user.clone(), password)
        .name(&config.user)
        .custom_inbox_prefix(format!("_INBOX_{}", config.user))
        .retry_on_initial_connect()
        .ping_interval(PING_INTERVAL)
        .connection_timeout(REQUEST_TIMEOUT)
        .request_timeout(Some(REQUEST_TIMEOUT))
        .subscription_capacity(SUBSCRIPTION_CAPACITY)
        .reconnect_delay_callback(|attempt| {
            let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
            backoff::delay(attempt, Duration::from_millis(20), Duration::from_secs(1))
        });
    config.secured(options)
}

/// Counts and words what happens to the connection.
fn note(event: &Event, connects: &watch::Sender<u64>, closed: &watch::Sender<bool>) {
    let kind = match event {
        Event::Connected => {
            connects.send_modify(|count| *count += 1);
            if *connects.borrow() > 1 {
                tracing::info!("reconnected to NATS");
            }
            metrics::gauge!("bus_connected").set(1.0);
            "connected"
        }
        Event::Disconnected => {
            tracing::warn!("lost the connection to NATS, reconnecting");
            metrics::gauge!("bus_connected").set(0.0);
            "disconnected"
        }
        Event::LameDuckMode => {
            tracing::info!("the NATS server is about to stop");
            "lame_duck"
        }
        Event::Draining => "draining",
        Event::Closed => {
            closed.send_replace(true);
            "closed"
        }
        // One event per dropped message would flood the log; the counter keeps them.
        Event::SlowConsumer(_) => "slow_consumer",
        Event::ServerError(error) => {
            tracing::warn!("NATS server: {error}");
            if error.to_string().to_lowercase().contains("permissions violation") {
                "denied"
            } else {
                "server_error"
            }
        }
        Event::ClientError(error) => {
            tracing::debug!("NATS client: {error}");
            "client_error"
        }
    };
    metrics::counter!("bus_events_total", "kind" => kind).increment(1);
}
