//! One connection's conversation, and what is remembered of it for the next. Pure.
//!
//! Greeting, key, subscriptions, acknowledgements: one `match` of state and status. Acknowledgements
//! are counted; what is not acknowledged in time is told, never waited for. A topic that is refused
//! is not named by the server: when the acknowledgements have ended it is one of those that got
//! none, and the next lower set of topics without them is tried. That is remembered: the next
//! connection begins there.

mod topics;

pub use topics::{Pair, Topic, TopicSet};

use proto::{Entitlement, Symbol};
use std::{collections::BTreeSet, time::Duration};

/// This key or plan cannot stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamRefusal {
    /// The key is wrong: give another one.
    #[error(
        "Polygon's stream refuses the key ({words}): give the right one in POLYGON_API_KEY or \
         MASSIVE_API_KEY"
    )]
    Key {
        /// What the server says.
        words: String,
    },
    /// The plan has no stream: upgrade it, or poll.
    #[error("the plan of the key has no stream ({words}): prices are polled instead")]
    Plan {
        /// What the server says.
        words: String,
    },
    /// The plan is delayed and this is the host of real time: use the delayed one.
    #[error("the plan of the key has no real-time stream ({words}): use {instead}")]
    RealTime {
        /// What the server says.
        words: String,
        /// The address to use.
        instead: String,
    },
    /// Nothing can be streamed from here.
    #[error("no stream can be had here ({words})")]
    Machine {
        /// What is wrong.
        words: String,
    },
}

/// How long a conversation may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the greeting and for the answer to the key, each.
    pub handshake: Duration,
    /// For the next acknowledgement.
    pub acknowledge: Duration,
}

/// Why a connection is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// The usual wait before the next.
    Usual,
    /// The server counts too many connections of this key.
    CoolDown,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send the key.
    Authenticate,
    /// Send this request.
    Send(String),
    /// Everything is subscribed to, except for these pairs.
    Up {
        /// Never acknowledged.
        unconfirmed: Vec<String>,
    },
    /// Close, wait, connect again.
    Reconnect {
        /// Why.
        words: String,
        /// How long.
        pause: Pause,
    },
    /// Only the delayed host will do.
    NotRealTime {
        /// What the server says.
        words: String,
    },
    /// Close for good.
    Refuse(StreamRefusal),
}

/// Where a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The server has not said anything yet.
    Greeting,
    /// The key is sent.
    Authenticating,
    /// Subscriptions are sent.
    Subscribing,
    /// All is said.
    Up,
    /// Given up; what still comes is of no interest.
    Over,
}

/// A conversation.
#[derive(Debug)]
pub struct Session {
    symbols: Vec<Symbol>,
    set: TopicSet,
    patience: Patience,
    state: State,
    /// When the state will have lasted too long.
    deadline: Duration,
    confirmed: BTreeSet<Pair>,
    awaited: BTreeSet<Pair>,
    /// The server has refused some topic since the last request.
    denied: bool,
}

impl Session {
    /// A conversation about `symbols`.
    ///
    /// # Errors
    /// When the key may not stream at all.
    pub fn new(
        symbols: &[Symbol],
        entitlement: Entitlement,
        patience: Patience,
    ) -> Result<Self, StreamRefusal> {
        let words = "WebSocket access begins with the Starter plan".to_owned();
        let set = TopicSet::for_entitlement(entitlement).ok_or(StreamRefusal::Plan { words })?;
        Ok(Self {
            symbols: symbols.to_vec(),
            set,
            patience,
            state: State::Over,
            deadline: Duration::MAX,
            confirmed: BTreeSet::new(),
            awaited: BTreeSet::new(),
            denied: false,
        })
    }

    /// A new connection was made at `now`: it knows nothing of the one before.
    pub fn opened(&mut self, now: Duration) {
        self.confirmed.clear();
        self.awaited.clear();
        self.denied = false;
        self.enter(State::Greeting, now + self.patience.handshake);
    }

    /// When [`overdue`](Self::overdue) is to be called.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// All is said, and prices come.
    pub fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// What a status of the server asks for.
    pub fn status(&mut self, status: &str, message: &str, now: Duration) -> Vec<Step> {
        let step = match (self.state, status) {
            (State::Over, _) => return Vec::new(),
            // The vendor's documents once print `success` for the greeting.
            (State::Greeting, "connected" | "success") => {
                self.enter(State::Authenticating, now + self.patience.handshake);
                Step::Authenticate
            }
            (State::Authenticating, "auth_success") => return self.subscribe(now),
            (_, "auth_failed") => self.refuse(auth_failed(message)),
            (_, "auth_timeout" | "auth_required" | "force_disconnect" | "slow_consumer") => {
                self.give_up(said(status, message), Pause::Usual)
            }
            (_, "max_connections") => self.give_up(
                format!("{}; another program may be using this key", said(status, message)),
                Pause::CoolDown,
            ),
            (State::Subscribing | State::Up, "success") => return self.acknowledge(message, now),
            (_, "error") => return self.error(message, now),
            (_, _) => {
                tracing::debug!(status, message, "passed over a status of the stream");
                return Vec::new();
            }
        };
        vec![step]
    }

    /// What is to be done because nothing was said in time.
    pub fn overdue(&mut self, now: Duration) -> Vec<Step> {
        if now < self.deadline {
            return Vec::new();
        }
        match self.state {
            State::Greeting => vec![self.give_up("no greeting came".to_owned(), Pause::Usual)],
            State::Authenticating => {
                vec![self.give_up("the key was not answered".to_owned(), Pause::Usual)]
            }
            State::Subscribing if self.denied => self.lower(now),
            State::Subscribing => self.up(),
            State::Up | State::Over => {
                self.deadline = Duration::MAX;
                Vec::new()
            }
        }
    }

    fn subscribe(&mut self, now: Duration) -> Vec<Step> {
        let pairs = self.set.topics().iter().flat_map(|topic| {
            self.symbols.iter().map(|symbol| Pair { topic: *topic, symbol: symbol.clone() })
        });
        // What is held already is not acknowledged a second time.
        self.awaited = pairs.filter(|pair| !self.confirmed.contains(pair)).collect();
        self.denied = false;
        if self.awaited.is_empty() {
            return self.up();
        }
        self.enter(State::Subscribing, now + self.patience.acknowledge);
        topics::requests("subscribe", self.awaited.iter()).into_iter().map(Step::Send).collect()
    }

    /// Counts `subscribed to: T.AAPL`; a message may name several pairs.
    fn acknowledge(&mut self, message: &str, now: Duration) -> Vec<Step> {
        let Some((verb, pairs)) = message.split_once(" to:") else { return Vec::new() };
        for pair in pairs.split(',').filter_map(Pair::parse) {
            if verb.trim() == "unsubscribed" {
                self.confirmed.remove(&pair);
            } else if self.awaited.remove(&pair) {
                self.confirmed.insert(pair);
            }
        }
        if self.state != State::Subscribing {
            return Vec::new();
        }
        self.deadline = now + self.patience.acknowledge;
        if self.awaited.is_empty() { self.up() } else { Vec::new() }
    }

    fn error(&mut self, message: &str, now: Duration) -> Vec<Step> {
        let lower = message.to_lowercase();
        if lower.contains("real-time") || lower.contains("real time") {
            self.state = State::Over;
            return vec![Step::NotRealTime { words: short(message) }];
        }
        match self.state {
            State::Subscribing if lower.contains("not authorized") => {
                self.denied = true;
                self.deadline = now + self.patience.acknowledge;
                Vec::new()
            }
            // Late: the acknowledgements that were waited for are among the unconfirmed.
            State::Up if lower.contains("not authorized") && !self.awaited.is_empty() => {
                self.lower(now)
            }
            State::Greeting
            | State::Authenticating
            | State::Subscribing
            | State::Up
            | State::Over => {
                tracing::warn!("the stream says: {}", short(message));
                Vec::new()
            }
        }
    }

    /// Topics of which no pair is acknowledged.
    fn unanswered(&self) -> Vec<Topic> {
        let answered = |topic: Topic| self.confirmed.iter().any(|pair| pair.topic == topic);
        self.set.topics().iter().copied().filter(|topic| !answered(*topic)).collect()
    }

    /// Some topic is not in the plan: tries the next lower set.
    fn lower(&mut self, now: Duration) -> Vec<Step> {
        // Where nothing was acknowledged, the silence says nothing about a single topic.
        let refused = if self.confirmed.is_empty() { Vec::new() } else { self.unanswered() };
        let Some(set) = self.set.below(&refused) else { return self.settle_for_this() };
        tracing::warn!("the plan of the key lacks a topic: subscribing to {:?}", set.topics());
        self.set = set;
        let (kept, left): (BTreeSet<Pair>, BTreeSet<Pair>) = std::mem::take(&mut self.confirmed)
            .into_iter()
            .partition(|pair| set.topics().contains(&pair.topic));
        self.confirmed = kept;
        let leave = topics::requests("unsubscribe", left.iter()).into_iter().map(Step::Send);
        let mut steps: Vec<Step> = leave.collect();
        steps.extend(self.subscribe(now));
        steps
    }

    /// No lower set is left: what was acknowledged has to do, when it gives prices.
    fn settle_for_this(&mut self) -> Vec<Step> {
        if self.confirmed.iter().any(|pair| pair.topic.gives_ticks()) {
            return self.up();
        }
        let words = "not authorized for any topic that gives prices".to_owned();
        vec![self.refuse(StreamRefusal::Plan { words })]
    }

    fn up(&mut self) -> Vec<Step> {
        self.enter(State::Up, Duration::MAX);
        vec![Step::Up { unconfirmed: self.awaited.iter().map(ToString::to_string).collect() }]
    }

    fn enter(&mut self, state: State, deadline: Duration) {
        self.state = state;
        self.deadline = deadline;
    }

    fn give_up(&mut self, words: String, pause: Pause) -> Step {
        self.enter(State::Over, Duration::MAX);
        Step::Reconnect { words, pause }
    }

    fn refuse(&mut self, refusal: StreamRefusal) -> Step {
        self.enter(State::Over, Duration::MAX);
        Step::Refuse(refusal)
    }
}

fn auth_failed(message: &str) -> StreamRefusal {
    let words = short(message);
    if message.to_lowercase().contains("plan") {
        StreamRefusal::Plan { words }
    } else {
        StreamRefusal::Key { words }
    }
}

fn said(status: &str, message: &str) -> String {
    let message = short(message);
    if message.is_empty() { short(status) } else { format!("{}: {message}", short(status)) }
}

/// The server's own words, short and on one line.
pub(super) fn short(text: &str) -> String {
    let line = text.split_whitespace().take(60).collect::<Vec<_>>().join(" ");
    line.chars().take(200).collect()
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
