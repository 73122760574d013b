//! Polygon (Massive) over a WebSocket: what happens, when it happens.
//!
//! 1. The task that reads never waits for whoever takes the events: what is not taken in time is
//!    merged per symbol, counted and marked, and the socket is read on.
//! 2. The subscriptions are ours: every new connection gets all of them again.
//! 3. There is never more than one connection of a key to a host from this process.
//! 4. It gives up for good only where the server says that this key or plan may not stream.
//! 5. Nothing is replayed by the service: after every [`StreamEvent::Up`] a snapshot is wanted.

pub mod frames;
pub mod session;
pub mod shape;
pub mod watchdog;

mod buffer;
mod reader;
mod retry;
mod seat;
mod socket;
mod timing;

pub use session::StreamRefusal;
pub use timing::Timing;

use crate::source::Quote;
use market::Calendar;
use proto::{Bar, Entitlement, Symbol};
use reqwest::Url;
use runtime::clock::Clock;
use secrecy::SecretString;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// What is streamed, and from where.
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// The cluster, `wss://socket.massive.com/stocks`.
    pub url: Url,
    /// The key.
    pub key: SecretString,
    /// The symbols; an empty list is no stream.
    pub symbols: Vec<Symbol>,
    /// What the key may do, as far as it is known: topics that are refused are given up.
    pub entitlement: Entitlement,
    /// The cluster is 15 minutes behind the market.
    pub delayed: bool,
    /// When silence is an alarm.
    pub calendar: Calendar,
    /// The clock the calendar is read by.
    pub clock: Clock,
    /// How far an event may be ahead of it.
    pub ahead: Duration,
}

/// What the stream has to say next.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamEvent {
    /// Connected, authenticated and subscribed: a snapshot is wanted to close the gap. Prices may
    /// come a little before it, for they begin with the first subscription.
    Up {
        /// Pairs (`T.AAPL`) that the server has not acknowledged.
        unconfirmed: Vec<String>,
        /// What comes is 15 minutes behind the market.
        delayed: bool,
    },
    /// Prices, in order per symbol. The first of a symbol after a lost connection says `gap`.
    Quotes(Vec<Quote>),
    /// Minutes as Polygon adds them up; one that is sent again replaces the earlier one.
    Bars(Vec<Bar>),
    /// The connection is lost or silent; it is being made anew without being asked to.
    Down {
        /// Why, in one sentence for people.
        words: String,
    },
    /// This key or plan cannot stream: poll instead. Nothing follows.
    Refused(StreamRefusal),
}

/// A stream; closed when dropped.
#[derive(Debug)]
pub struct Stream {
    shared: Arc<buffer::Shared>,
    closing: CancellationToken,
}

impl Stream {
    /// Connects, and stays connected. Must be called inside the async runtime.
    pub fn open(settings: StreamSettings) -> Self {
        Self::open_with(settings, Timing::default())
    }

    /// The same with other patience than the service deserves: for tests.
    pub fn open_with(settings: StreamSettings, timing: Timing) -> Self {
        let shared = Arc::new(buffer::Shared::new(timing.capacity, settings.symbols.len()));
        let closing = CancellationToken::new();
        tokio::spawn(reader::run(settings, timing, Arc::clone(&shared), closing.clone()));
        Self { shared, closing }
    }

    /// Waits for what comes next. Safe to cancel: nothing is lost when the future is dropped. After
    /// [`StreamEvent::Refused`] it waits for ever.
    pub async fn next(&mut self) -> StreamEvent {
        self.shared.next().await
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}
