//! What is subscribed to, by what the key may do. Pure.

use proto::{Entitlement, Symbol};
use std::fmt;

/// Pairs in one request at most.
pub(super) const BATCH: usize = 100;

/// A kind of event that can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Trades.
    Trades,
    /// Best bids and asks.
    Quotes,
    /// One-second bars.
    Seconds,
    /// One-minute bars.
    Minutes,
}

impl Topic {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trades => "T",
            Self::Quotes => "Q",
            Self::Seconds => "A",
            Self::Minutes => "AM",
        }
    }

    /// The topic of a name on the wire.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Trades, Self::Quotes, Self::Seconds, Self::Minutes]
            .into_iter()
            .find(|topic| topic.name() == name)
    }

    /// Its events become ticks.
    pub fn gives_ticks(self) -> bool {
        matches!(self, Self::Trades | Self::Seconds)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// The sets of topics, richest first.
const SETS: [&[Topic]; 3] = [
    &[Topic::Trades, Topic::Quotes, Topic::Minutes],
    &[Topic::Trades, Topic::Minutes],
    &[Topic::Seconds, Topic::Minutes],
];

/// One of the sets of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicSet(usize);

impl TopicSet {
    /// What a key may have; `None` when it may not stream at all.
    pub fn for_entitlement(entitlement: Entitlement) -> Option<Self> {
        match entitlement {
            Entitlement::Business | Entitlement::Advanced => Some(Self(0)),
            Entitlement::Developer => Some(Self(1)),
            Entitlement::Starter => Some(Self(2)),
            Entitlement::Free => None,
        }
    }

    /// The topics.
    pub fn topics(self) -> &'static [Topic] {
        SETS.get(self.0).copied().unwrap_or_default()
    }

    /// The next set below that holds none of `refused`.
    pub fn below(self, refused: &[Topic]) -> Option<Self> {
        let fits = |set: &Self| !set.topics().iter().any(|topic| refused.contains(topic));
        (self.0 + 1..SETS.len()).map(Self).find(fits)
    }
}

/// One ticker's events of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The kind.
    pub topic: Topic,
    /// The ticker.
    pub symbol: Symbol,
}

impl Pair {
    /// Reads `T.BRK.B`: the topic ends at the first dot.
    pub fn parse(text: &str) -> Option<Self> {
        let (topic, ticker) = text.trim().split_once('.')?;
        Some(Self { topic: Topic::of(topic)?, symbol: Symbol::parse(ticker).ok()? })
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.topic, self.symbol)
    }
}

/// The requests for these pairs.
pub(super) fn requests<'a>(action: &str, pairs: impl Iterator<Item = &'a Pair>) -> Vec<String> {
    let pairs: Vec<String> = pairs.map(ToString::to_string).collect();
    let request = |batch: &[String]| {
        serde_json::json!({ "action": action, "params": batch.join(",") }).to_string()
    };
    pairs.chunks(BATCH).map(request).collect()
}
