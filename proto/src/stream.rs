//! Every stream and bucket with its limits: the table that provision creates from and services
//! verify against.

use crate::subject;

/// One second, in the unit of this table.
const SECOND_MS: u64 = 1_000;
const HOUR_MS: u64 = 3_600 * SECOND_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
const MIB: i64 = 1024 * 1024;

/// A `JetStream` stream. All keep to file; retention is by limits, the oldest go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is for, shown by `nats stream ls`.
    pub description: &'static str,
    /// The subjects it keeps; empty when it has a source.
    pub subjects: &'static [&'static str],
    /// The stream it copies from.
    pub source: Option<&'static str>,
    /// How long it keeps a message, milliseconds; 0 is for ever.
    pub max_age_ms: u64,
    /// The most bytes it keeps; -1 is no limit.
    pub max_bytes: i64,
    /// The most messages it keeps of one subject; -1 is no limit.
    pub max_per_subject: i64,
    /// Within this window a repeated `Nats-Msg-Id` is stored once, milliseconds.
    pub duplicate_window_ms: u64,
    /// Nothing can be deleted or purged by a client.
    pub append_only: bool,
}

/// Ticks of the last hour: page load, gap fill, and the tape that strategy and executor read.
pub const TICKS: StreamSpec = StreamSpec {
    name: "TICKS",
    description: "every tick of the last hour",
    subjects: &[subject::TICKS],
    source: None,
    max_age_ms: HOUR_MS,
    max_bytes: 1024 * MIB,
    max_per_subject: -1,
    duplicate_window_ms: 120 * SECOND_MS,
    append_only: false,
};

/// The last tick of each symbol; outlives `TICKS`, so that `seq` continues after any pause.
pub const LAST: StreamSpec = StreamSpec {
    name: "LAST",
    description: "the last tick of each symbol",
    subjects: &[],
    source: Some("TICKS"),
    max_age_ms: 0,
    max_bytes: 16 * MIB,
    max_per_subject: 1,
    duplicate_window_ms: 120 * SECOND_MS,
    append_only: false,
};

/// Closed minutes of the last 30 days: chart history and warm-up.
pub const BARS: StreamSpec = StreamSpec {
    name: "BARS",
    description: "closed 1-minute bars of the last 30 days",
    subjects: &[subject::BARS],
    source: None,
    max_age_ms: 30 * DAY_MS,
    max_bytes: 1024 * MIB,
    max_per_subject: -1,
    duplicate_window_ms: 120 * SECOND_MS,
    append_only: false,
};

/// What the strategy wanted. Limits retention: a work queue forgets its deduplication on restart.
pub const INTENTS: StreamSpec = StreamSpec {
    name: "INTENTS",
    description: "every intent of the last 7 days",
    subjects: &[subject::INTENTS],
    source: None,
    max_age_ms: 7 * DAY_MS,
    max_bytes: 256 * MIB,
    max_per_subject: -1,
    duplicate_window_ms: 600 * SECOND_MS,
    append_only: true,
};

/// The journal. Kept longer than `INTENTS`, so that a replayed intent always meets its order.
pub const ORDERS: StreamSpec = StreamSpec {
    name: "ORDERS",
    description: "the order journal, append only",
    subjects: &[subject::ORDERS],
    source: None,
    max_age_ms: 3650 * DAY_MS,
    max_bytes: -1,
    max_per_subject: -1,
    duplicate_window_ms: 120 * SECOND_MS,
    append_only: true,
};

/// All streams, sources before their copies.
pub const STREAMS: [StreamSpec; 5] = [TICKS, LAST, BARS, INTENTS, ORDERS];

/// The durable consumer of `INTENTS` that the executor pulls from, one at a time.
pub const INTENTS_CONSUMER: &str = "executor";

/// How long the executor may work on one intent before it is delivered again, milliseconds. Short,
/// because an executor that dies over an intent holds all others up for so long; one delivered twice
/// meets its order in the journal.
pub const INTENTS_ACK_WAIT_MS: u64 = 15 * SECOND_MS;

/// A key-value bucket. All keep to file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Values kept per key.
    pub history: i64,
    /// How long a value lives, milliseconds; 0 is for ever.
    pub max_age_ms: u64,
}

/// The running feed. ingest -> everyone.
pub const FEED: BucketSpec =
    BucketSpec { name: "feed", description: "the running feed", history: 1, max_age_ms: 0 };

/// How far the readers of ticks have come. strategy, executor -> ingest, executor.
pub const PROGRESS: BucketSpec = BucketSpec {
    name: "progress",
    description: "how far readers have come",
    history: 1,
    max_age_ms: 0,
};

/// One holding per symbol. executor -> strategy, dashboards.
pub const POSITIONS: BucketSpec = BucketSpec {
    name: "positions",
    description: "holdings, from the journal",
    history: 1,
    max_age_ms: 0,
};

/// The strategy's levels per symbol. strategy -> dashboards.
pub const LEVELS: BucketSpec = BucketSpec {
    name: "levels",
    description: "stops, targets and averages of the strategy",
    history: 1,
    max_age_ms: 0,
};

/// The account. executor -> dashboards.
pub const ACCOUNT: BucketSpec = BucketSpec {
    name: "account",
    description: "the account, from the journal",
    history: 1,
    max_age_ms: 0,
};

/// The trading state and who set it, with its history. A person -> strategy, executor.
pub const CONTROL: BucketSpec = BucketSpec {
    name: "control",
    description: "trading state, who and why",
    history: 64,
    max_age_ms: 0,
};

/// Who holds what. A lease not renewed for 10 s is gone.
pub const LEASES: BucketSpec = BucketSpec {
    name: "leases",
    description: "who may trade, who serves which page",
    history: 1,
    max_age_ms: 10 * SECOND_MS,
};

/// All buckets.
pub const BUCKETS: [BucketSpec; 7] = [FEED, PROGRESS, POSITIONS, LEVELS, ACCOUNT, CONTROL, LEASES];
