//! What every user of the bus may do, and everything there is to do on it.

use proto::stream;
use std::collections::BTreeSet;

/// What one service may do.
pub(crate) struct Grant {
    pub(crate) user: &'static str,
    /// Subjects it publishes, one of every kind.
    writes: &'static [&'static str],
    /// Streams whose single messages it reads.
    reads: &'static [&'static str],
    /// Streams it follows through consumers of its own.
    follows: &'static [&'static str],
    /// It follows KV `control`, but for nothing but the trading state.
    follows_trading: bool,
    /// What else it may publish.
    also: &'static [&'static str],
    /// What it may listen to, besides its own inbox, its health and the roll call.
    pub(crate) hears: &'static [&'static str],
    /// It answers the roll call.
    answers: bool,
}

const NOTHING: &[&str] = &[];

pub(crate) const GRANTS: [Grant; 6] = [
    Grant {
        user: "ingest",
        writes: &["ticks.AAPL", "bars.AAPL", "$KV.feed.status"],
        reads: &["TICKS", "LAST", "BARS", "KV_feed", "KV_progress"],
        follows: &["KV_progress"],
        follows_trading: false,
        also: NOTHING,
        hears: &["desk.ingest.replay"],
        answers: true,
    },
    Grant {
        user: "recorder",
        writes: NOTHING,
        reads: &["TICKS", "KV_feed"],
        follows: &["TICKS"],
        follows_trading: false,
        also: NOTHING,
        hears: NOTHING,
        answers: true,
    },
    Grant {
        user: "strategy",
        writes: &["intents.AAPL", "$KV.progress.strategy", "$KV.levels.AAPL"],
        reads: &[
            "TICKS",
            "LAST",
            "BARS",
            "INTENTS",
            "KV_progress",
            "KV_levels",
            "KV_positions",
            "KV_control",
            "KV_feed",
        ],
        follows: &["TICKS", "BARS", "KV_positions", "KV_feed"],
        follows_trading: true,
        also: NOTHING,
        hears: NOTHING,
        answers: true,
    },
    Grant {
        user: "executor",
        writes: &[
            "orders.AAPL.X",
            "$KV.positions.AAPL",
            "$KV.account.summary",
            "$KV.progress.executor",
            "$KV.leases.executor",
            "$KV.control.trading",
            "$KV.control.flatten",
            "$KV.control.settle.X",
        ],
        reads: &[
            "TICKS",
            "LAST",
            "INTENTS",
            "ORDERS",
            "KV_feed",
            "KV_progress",
            "KV_positions",
            "KV_account",
            "KV_control",
            "KV_leases",
        ],
        follows: &[
            "TICKS",
            "ORDERS",
            "KV_feed",
            "KV_progress",
            "KV_positions",
            "KV_account",
            "KV_control",
            "KV_leases",
        ],
        follows_trading: false,
        also: &[
            "$JS.API.CONSUMER.INFO.INTENTS.executor",
            "$JS.API.CONSUMER.MSG.NEXT.INTENTS.executor",
            "$JS.ACK.INTENTS.executor.1.1.1.1.1",
            "$JS.ACK.d.a.INTENTS.executor.1.1.1.1.1.x",
        ],
        hears: NOTHING,
        answers: true,
    },
    Grant {
        user: "dashboard",
        writes: &["$KV.leases.dashboard.1"],
        reads: &[
            "TICKS",
            "LAST",
            "BARS",
            "ORDERS",
            "KV_feed",
            "KV_positions",
            "KV_levels",
            "KV_account",
            "KV_control",
            "KV_leases",
        ],
        follows: &["TICKS", "BARS", "ORDERS", "KV_feed", "KV_positions", "KV_levels", "KV_account"],
        follows_trading: true,
        also: NOTHING,
        hears: &["ticks.AAPL", "bars.AAPL", "orders.AAPL.X", "ticks.*", "desk.ingest.health"],
        answers: true,
    },
    Grant {
        user: "control",
        writes: &["$KV.control.trading"],
        reads: &["KV_control"],
        follows: NOTHING,
        follows_trading: false,
        also: NOTHING,
        hears: NOTHING,
        answers: false,
    },
];

/// Everything that is kept, one subject of every kind.
pub(crate) const KEPT: [&str; 16] = [
    "ticks.AAPL",
    "bars.AAPL",
    "intents.AAPL",
    "orders.AAPL.X",
    "$KV.feed.status",
    "$KV.progress.strategy",
    "$KV.progress.executor",
    "$KV.positions.AAPL",
    "$KV.levels.AAPL",
    "$KV.account.summary",
    "$KV.control.trading",
    "$KV.control.flatten",
    "$KV.control.live",
    "$KV.control.settle.X",
    "$KV.leases.executor",
    "$KV.leases.dashboard.1",
];

/// Users that somebody might pose as the inbox of.
pub(crate) const INBOXES: [&str; 8] = [
    "_INBOX_control.x",
    "_INBOX_recorder.x",
    "_INBOX_provision.x",
    "_INBOX_ingest.x",
    "_INBOX_strategy.x",
    "_INBOX_executor.x",
    "_INBOX_dashboard.x",
    "_INBOX_operator.x",
];

/// What concerns no stream.
const GENERAL: [&str; 14] = [
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    "$JS.API.ACCOUNT.PURGE.$G",
    "$JS.API.META.LEADER.STEPDOWN",
    "$JS.API.SERVER.REMOVE",
    "$SYS.REQ.SERVER.PING",
    "$JS.ACK.INTENTS.executor.1.1.1.1.1",
    "$JS.ACK.d.a.INTENTS.executor.1.1.1.1.1.x",
    "desk.ingest.replay",
    "desk.executor.health",
    "$SRV.PING",
    "_INBOX.x",
    "anything.else",
];

/// The durable consumer that intents are pulled from.
const INTENTS_EXECUTOR: [&str; 5] = [
    "$JS.API.CONSUMER.INFO.INTENTS.executor",
    "$JS.API.CONSUMER.MSG.NEXT.INTENTS.executor",
    "$JS.API.CONSUMER.DELETE.INTENTS.executor",
    "$JS.API.CONSUMER.CREATE.INTENTS.executor",
    "$JS.API.CONSUMER.DURABLE.CREATE.INTENTS.executor",
];

/// What can be asked of a stream by somebody who may change it.
const CHANGES: [&str; 14] = [
    "STREAM.CREATE.S",
    "STREAM.UPDATE.S",
    "STREAM.DELETE.S",
    "STREAM.PURGE.S",
    "STREAM.MSG.DELETE.S",
    "STREAM.SNAPSHOT.S",
    "STREAM.RESTORE.S",
    "STREAM.LEADER.STEPDOWN.S",
    "STREAM.PEER.REMOVE.S",
    "CONSUMER.CREATE.S",
    "CONSUMER.DURABLE.CREATE.S.c",
    "CONSUMER.PAUSE.S.c",
    "CONSUMER.LEADER.STEPDOWN.S.c",
    "CONSUMER.UNPIN.S.c",
];
const READS: [&str; 2] = ["STREAM.INFO.S", "STREAM.MSG.GET.S"];
pub(crate) const DIRECT: [&str; 2] = ["DIRECT.GET.S", "DIRECT.GET.S.any.subject"];
const FOLLOWS: [&str; 5] = [
    "CONSUMER.CREATE.S.c",
    "CONSUMER.CREATE.S.c.any.subject",
    "CONSUMER.MSG.NEXT.S.c",
    "CONSUMER.INFO.S.c",
    "CONSUMER.DELETE.S.c",
];
const LISTS: [&str; 2] = ["CONSUMER.LIST.S", "CONSUMER.NAMES.S"];
const FOLLOWS_TRADING: &str = "$JS.API.CONSUMER.CREATE.KV_control.c.$KV.control.trading";

/// Every stream, those of buckets too.
pub(crate) fn streams() -> Vec<String> {
    let buckets = stream::BUCKETS.iter().map(|bucket| format!("KV_{}", bucket.name));
    stream::STREAMS.iter().map(|spec| spec.name.to_owned()).chain(buckets).collect()
}

/// These requests about this stream.
pub(crate) fn about(stream: &str, requests: &[&str]) -> Vec<String> {
    let named = |request: &&str| {
        let tokens = request.split('.').map(|token| if token == "S" { stream } else { token });
        format!("$JS.API.{}", tokens.collect::<Vec<_>>().join("."))
    };
    requests.iter().map(named).collect()
}

/// Everything there is to publish.
pub(crate) fn everything() -> BTreeSet<String> {
    let fixed = [&KEPT[..], &INBOXES, &GENERAL, &INTENTS_EXECUTOR, &[FOLLOWS_TRADING]].concat();
    let mut all: BTreeSet<String> = fixed.into_iter().map(str::to_owned).collect();
    for stream in streams() {
        for requests in [&CHANGES[..], &READS, &DIRECT, &FOLLOWS, &LISTS] {
            all.extend(about(&stream, requests));
        }
    }
    all
}

pub(crate) fn of(grant: &Grant) -> BTreeSet<String> {
    let own_inbox = format!("_INBOX_{}.x", grant.user);
    let answers = ["$JS.API.INFO", "_INBOX_operator.x", "_INBOX.x"];
    let answers = if grant.answers { &answers[..] } else { NOTHING };
    let fixed = [grant.writes, grant.also, answers, &[&own_inbox]].concat();
    let mut allowed: BTreeSet<String> = fixed.into_iter().map(str::to_owned).collect();
    allowed.extend(grant.reads.iter().flat_map(|stream| about(stream, &READS)));
    allowed.extend(grant.follows.iter().flat_map(|stream| about(stream, &FOLLOWS)));
    if grant.follows_trading || grant.follows.contains(&"KV_control") {
        allowed.insert(FOLLOWS_TRADING.to_owned());
        let rest = FOLLOWS
            .iter()
            .copied()
            .filter(|request| !request.contains("CREATE"))
            .collect::<Vec<_>>();
        allowed.extend(about("KV_control", &rest));
    }
    allowed
}

/// A person sees everything, says four kinds of words, and changes nothing else.
pub(crate) fn of_operator() -> BTreeSet<String> {
    let words = [
        "$KV.control.trading",
        "$KV.control.flatten",
        "$KV.control.live",
        "$KV.control.settle.X",
        "desk.ingest.replay",
        "desk.executor.health",
        "$SRV.PING",
        "_INBOX.x",
        "_INBOX_operator.x",
        "$JS.API.INFO",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.LIST",
        "$JS.API.CONSUMER.INFO.INTENTS.executor",
    ];
    let mut allowed: BTreeSet<String> = words.into_iter().map(str::to_owned).collect();
    for stream in streams() {
        allowed.extend(about(&stream, &READS));
        allowed.extend(about(&stream, &LISTS));
        allowed.extend(about(&stream, &FOLLOWS));
        allowed.extend(about(&stream, &DIRECT));
        allowed.extend(about(&stream, &["CONSUMER.CREATE.S"]));
    }
    let writes = |request: &String| {
        let control = request.contains(".KV_control") || request == FOLLOWS_TRADING;
        control && (request.contains("CONSUMER.CREATE") || request.contains("DIRECT.GET"))
    };
    allowed.retain(|request| !writes(request) && request != "$JS.API.CONSUMER.CREATE.INTENTS");
    allowed
}
