//! How Polygon is reached, and how patient its feed is. Reads nothing itself: see `config`.

use crate::normalize::Quality;
use reqwest::Url;
use secrecy::SecretString;
use std::time::Duration;

/// How Polygon is reached.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The key.
    pub key: SecretString,
    /// Where the service is.
    pub base_url: Url,
    /// Where its stream is; by the plan when not told.
    pub ws_url: Option<Url>,
    /// Time between two polls.
    pub interval: Duration,
    /// How prices are to be had.
    pub transport: Wish,
    /// Sessions before the running one whose minutes are fetched at the start.
    pub backfill_days: u32,
    /// How patient it is.
    pub pace: Pace,
}

/// How prices are to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// By stream where the plan has one.
    #[default]
    Auto,
    /// By poll.
    Poll,
    /// By stream; by poll where the plan has none, which is said.
    Stream,
}

/// All waiting times that are not asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Waits after refusals that only a person can mend, growing to the last.
    pub refused: [Duration; 3],
    /// How long the first prices wait for the history that goes before them.
    pub opening: Duration,
    /// Without prices for so long, minutes are missing.
    pub outage: Duration,
    /// Between two questions for closes that are not there yet.
    pub closes: Duration,
    /// A paid plan whose snapshots are refused is asked once more after so long before it is free.
    pub doubt: Duration,
    /// How far an event may be ahead of our clock, as the normalizer has it.
    pub ahead: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            refused: [5, 15, 60].map(Duration::from_mins),
            opening: Duration::from_secs(20),
            outage: Duration::from_mins(1),
            closes: Duration::from_mins(30),
            doubt: Duration::from_mins(1),
            ahead: Duration::from_nanos(Quality::default().ahead_ns.unsigned_abs()),
        }
    }
}
