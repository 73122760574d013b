//! Creates or updates every stream, bucket and consumer from proto's table. Needs an admin user.

use super::Bus;
use anyhow::Context as _;
use async_nats::jetstream::{
    consumer::{AckPolicy, DeliverPolicy, pull},
    stream::{Config, DiscardPolicy, PersistenceMode, RetentionPolicy, Source, StorageType},
};
use proto::stream::{
    BUCKETS, BucketSpec, INTENTS, INTENTS_ACK_WAIT_MS, INTENTS_CONSUMER, STREAMS, StreamSpec,
};
use std::time::Duration;

/// Within this a repeated message id is stored once in a bucket, as client libraries have it.
const BUCKET_WINDOW: Duration = Duration::from_mins(2);

/// Creates what is missing and updates what differs, each on `replicas` servers; data is never
/// deleted.
///
/// # Errors
/// When the server refuses a change, for example one that streams do not allow after creation, or
/// more replicas than there are servers.
pub async fn provision(bus: &Bus, replicas: usize) -> anyhow::Result<()> {
    for spec in &STREAMS {
        let made = bus.jetstream().create_or_update_stream(stream_config(spec, replicas)).await;
        made.with_context(|| format!("create or update stream {}", spec.name))?;
    }
    for spec in &BUCKETS {
        let made = bus.jetstream().create_or_update_stream(bucket_config(spec, replicas)).await;
        made.with_context(|| format!("create or update bucket {}", spec.name))?;
    }
    let made = bus.jetstream().create_consumer_on_stream(intents_consumer(), INTENTS.name).await;
    made.with_context(|| format!("create or update consumer {INTENTS_CONSUMER}"))?;
    Ok(())
}

fn stream_config(spec: &StreamSpec, replicas: usize) -> Config {
    Config {
        name: spec.name.to_owned(),
        description: Some(spec.description.to_owned()),
        subjects: spec.subjects.iter().map(|subject| (*subject).to_owned()).collect(),
        sources: spec
            .source
            .map(|name| vec![Source { name: name.to_owned(), ..Source::default() }]),
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        max_age: Duration::from_millis(spec.max_age_ms),
        max_bytes: spec.max_bytes,
        max_messages_per_subject: spec.max_per_subject,
        duplicate_window: Duration::from_millis(spec.duplicate_window_ms),
        deny_delete: spec.append_only,
        deny_purge: spec.append_only,
        allow_direct: true,
        // What is money is written through; prices need not wait for the disk. The server knows this
        // for streams on one server only; on several an acknowledgement waits for most of them.
        persist_mode: (!spec.append_only && replicas == 1).then_some(PersistenceMode::Async),
        num_replicas: replicas,
        ..Config::default()
    }
}

/// A bucket as client libraries know it, but without direct reads: their raw answers can be sent to
/// any subject, and services write buckets that they read.
fn bucket_config(spec: &BucketSpec, replicas: usize) -> Config {
    let max_age = Duration::from_millis(spec.max_age_ms);
    let window = if max_age.is_zero() { BUCKET_WINDOW } else { max_age.min(BUCKET_WINDOW) };
    Config {
        name: format!("KV_{}", spec.name),
        description: Some(spec.description.to_owned()),
        subjects: vec![super::kv::subjects_of(spec)],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_age,
        max_messages_per_subject: spec.history,
        duplicate_window: window,
        // No message may sweep others away: who writes one key does not own the rest.
        allow_rollup: false,
        deny_delete: true,
        allow_direct: false,
        num_replicas: replicas,
        ..Config::default()
    }
}

/// One intent at a time, in order, delivered again when the executor died over it.
fn intents_consumer() -> pull::Config {
    pull::Config {
        durable_name: Some(INTENTS_CONSUMER.to_owned()),
        description: Some("the executor's place in the intents".to_owned()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_millis(INTENTS_ACK_WAIT_MS),
        max_ack_pending: 1,
        ..pull::Config::default()
    }
}
