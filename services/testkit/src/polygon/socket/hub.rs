//! Who is connected, what they subscribe to, and what waits for them. Nothing here waits.

use super::press::Printed;
use crate::{
    polygon::{config::Config, event::Cluster, plan::Plan},
    severable::Cut,
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};
use tokio::sync::Notify;

/// Frames of clients that are remembered.
const REMEMBERED: usize = 100_000;

/// A frame that a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Number of the connection: they count from 1.
    pub connection: u64,
    /// Where it is connected.
    pub cluster: Cluster,
    /// When, on the fake's clock, nanoseconds since 1970 UTC.
    pub time_ns: i64,
    /// What it said.
    pub text: String,
}

/// Something on its way to a client.
#[derive(Debug, Clone)]
pub(in crate::polygon) enum Item {
    /// A frame of its own.
    Control(String),
    /// To be put into a frame with others.
    Event(&'static str, Arc<str>),
    /// A frame of so many events of a topic.
    Frame(&'static str, u64, String),
    /// A frame that is no text.
    Binary(Vec<u8>),
    Close(u16, String),
    Cut,
    Reset,
}

/// What wakes the tasks of a connection.
#[derive(Debug, Clone, Default)]
pub(in crate::polygon) struct Bells {
    /// Something waits for the client.
    pub waits: Arc<Notify>,
    /// The client is too slow.
    pub slow: Arc<Notify>,
}

/// A client.
#[derive(Debug)]
pub(in crate::polygon) struct Connection {
    pub cluster: Cluster,
    /// Whose, once authenticated.
    pub plan: Option<(String, Plan)>,
    /// `T.AAPL`.
    pub pairs: BTreeSet<String>,
    /// It goes once its first subscriptions are confirmed.
    pub surplus: bool,
    pub queue: VecDeque<Item>,
    pub queued_bytes: usize,
    pub bells: Bells,
    pub cut: Cut,
    /// It was told to go: nothing more is for it.
    pub ended: bool,
}

/// All clients.
#[derive(Debug)]
pub(in crate::polygon) struct Hub {
    pub connections: BTreeMap<u64, Connection>,
    pub ever: u64,
    pub received: VecDeque<Received>,
    pub acks: u64,
    /// Events sent, by topic.
    pub sent: BTreeMap<&'static str, u64>,
    /// Clients that were too slow.
    pub slow: u64,
    /// Events gather and are not sent.
    pub holding: bool,
    buffer_bytes: usize,
    slow_told: bool,
}

impl Hub {
    pub(in crate::polygon) fn new(config: &Config) -> Self {
        Self {
            connections: BTreeMap::new(),
            ever: 0,
            received: VecDeque::new(),
            acks: 0,
            sent: BTreeMap::new(),
            slow: 0,
            holding: false,
            buffer_bytes: config.buffer_bytes,
            slow_told: config.slow_told,
        }
    }

    /// A client is there: its number, and what wakes its tasks.
    pub(super) fn enter(&mut self, cluster: Cluster, cut: Cut) -> (u64, Bells) {
        self.ever += 1;
        let bells = Bells::default();
        let connection = Connection {
            cluster,
            plan: None,
            pairs: BTreeSet::new(),
            surplus: false,
            queue: VecDeque::new(),
            queued_bytes: 0,
            bells: bells.clone(),
            cut,
            ended: false,
        };
        self.connections.insert(self.ever, connection);
        (self.ever, bells)
    }

    pub(super) fn leave(&mut self, id: u64) {
        self.connections.remove(&id);
    }

    pub(super) fn hear(&mut self, received: Received) {
        if self.received.len() >= REMEMBERED {
            self.received.pop_front();
        }
        self.received.push_back(received);
    }

    /// Whether anybody of a cluster subscribes to a pair.
    pub(in crate::polygon) fn is_heard(&self, cluster: Cluster, topic: &str, symbol: &str) -> bool {
        let mut here = self.connections.values().filter(|c| c.cluster == cluster && !c.ended);
        here.any(|connection| connection.hears(topic, symbol))
    }

    /// An event for all who subscribe to it.
    pub(in crate::polygon) fn publish(&mut self, cluster: Cluster, event: &Printed) {
        for connection in self.connections.values_mut() {
            if connection.cluster == cluster && connection.hears(event.topic, &event.symbol) {
                let item = Item::Event(event.topic, event.text.clone());
                let fits = connection.push(item, self.buffer_bytes, self.slow_told);
                self.slow += u64::from(!fits);
            }
        }
    }

    /// Something for one client.
    pub(in crate::polygon) fn push(&mut self, id: u64, item: Item) {
        if let Some(connection) = self.connections.get_mut(&id) {
            let fits = connection.push(item, self.buffer_bytes, self.slow_told);
            self.slow += u64::from(!fits);
        }
    }

    /// Something for everybody.
    pub(in crate::polygon) fn push_all(&mut self, item: &Item) {
        let everybody: Vec<u64> = self.connections.keys().copied().collect();
        for id in everybody {
            self.push(id, item.clone());
        }
    }

    /// Events that were gathered go.
    pub(in crate::polygon) fn release(&mut self) {
        self.holding = false;
        self.connections.values().for_each(|connection| connection.bells.waits.notify_one());
    }
}

impl Connection {
    fn hears(&self, topic: &str, symbol: &str) -> bool {
        !self.pairs.is_empty()
            && (self.pairs.contains(&format!("{topic}.{symbol}"))
                || self.pairs.contains(&format!("{topic}.*")))
    }

    /// `false` where the client was too slow, and is cut for it.
    fn push(&mut self, item: Item, most_bytes: usize, slow_told: bool) -> bool {
        if self.ended {
            return true;
        }
        self.ended = matches!(item, Item::Close(..) | Item::Cut | Item::Reset);
        self.queued_bytes += item.bytes();
        self.queue.push_back(item);
        let fits = self.queued_bytes <= most_bytes;
        if !fits {
            self.too_slow(slow_told);
        }
        self.bells.waits.notify_one();
        fits
    }

    /// What waits is lost. One that reads nothing at all never sees the words.
    fn too_slow(&mut self, told: bool) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.ended = true;
        if told {
            let words = super::session::status("slow_consumer", "slow consumer");
            self.queue.extend([Item::Control(words), Item::Cut]);
            self.bells.slow.notify_one();
        } else {
            self.cut.reset();
        }
    }
}

impl Item {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Control(text) | Self::Frame(_, _, text) | Self::Close(_, text) => text.len(),
            Self::Event(_, text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Cut | Self::Reset => 0,
        }
    }
}
