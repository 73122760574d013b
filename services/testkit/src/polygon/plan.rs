//! What each plan of 2026 may see. Pure.

use super::event::Cluster;
use serde::{Deserialize, Serialize};

/// A plan for individuals, or the one for businesses.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Free: end of day, five calls a minute.
    Basic,
    /// 15 minutes late, no trades, no quotes.
    Starter,
    /// 15 minutes late, with trades.
    Developer,
    /// Real time, with quotes.
    Advanced,
    /// Real time, with the fair market value.
    Business,
}

/// What a page or a topic shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Data {
    Daily,
    Snapshots,
    Seconds,
    Trades,
    Quotes,
    FairValue,
}

impl Plan {
    /// All of them, the cheapest first.
    pub const ALL: [Self; 5] =
        [Self::Basic, Self::Starter, Self::Developer, Self::Advanced, Self::Business];

    /// The key that a fake has for this plan unless it is told others.
    pub fn key(self) -> &'static str {
        match self {
            Self::Basic => "basic-key",
            Self::Starter => "starter-key",
            Self::Developer => "developer-key",
            Self::Advanced => "advanced-key",
            Self::Business => "business-key",
        }
    }

    pub(super) fn has(self, data: Data) -> bool {
        self >= match data {
            Data::Daily => Self::Basic,
            Data::Snapshots | Data::Seconds => Self::Starter,
            Data::Trades => Self::Developer,
            Data::Quotes => Self::Advanced,
            Data::FairValue => Self::Business,
        }
    }

    /// How REST sees the market.
    pub(super) fn recency(self) -> Cluster {
        if self >= Self::Advanced { Cluster::RealTime } else { Cluster::Delayed }
    }

    pub(super) fn calls_per_minute(self) -> Option<u32> {
        (self == Self::Basic).then_some(5)
    }

    /// Years of history.
    pub(super) fn years(self) -> i16 {
        match self {
            Self::Basic => 2,
            Self::Starter => 5,
            Self::Developer => 10,
            Self::Advanced | Self::Business => 20,
        }
    }

    /// Sockets at a cluster at once; none at all on the free plan.
    pub(super) fn sockets(self) -> usize {
        match self {
            Self::Basic => 0,
            Self::Starter | Self::Developer | Self::Advanced => 1,
            Self::Business => 3,
        }
    }

    /// What a topic needs; none for a topic that does not exist.
    pub(super) fn topic(topic: &str) -> Option<Data> {
        match topic {
            "A" | "AM" => Some(Data::Seconds),
            "T" => Some(Data::Trades),
            "Q" | "LULD" | "NOI" => Some(Data::Quotes),
            "FMV" => Some(Data::FairValue),
            _ => None,
        }
    }
}
