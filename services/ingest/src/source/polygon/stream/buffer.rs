//! What has been read and not been taken yet, bounded whatever the taker does.
//!
//! 1. Writing never waits. When as many prices are held as may be, they are merged: of every symbol
//!    the newest is kept, with the shares of all, and says that prices before it are missing.
//! 2. Minutes are never dropped: one sent again replaces the one that still lies here, so there are
//!    no more of them than symbols times minutes.
//! 3. Words about the connection and minutes keep their place among the prices.

use super::StreamEvent;
use crate::source::Quote;
use proto::{Bar, Symbol};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};
use tokio::sync::Notify;

/// Prices given at once at most.
const BATCH: usize = 4_096;
/// Words about the connection that are kept; of more, the newest.
const MOST_WORDS: usize = 16;
/// Minutes of each symbol that are kept: two whole days. More cannot come from an honest server.
const MOST_MINUTES: usize = 2 * 24 * 60;

/// The buffer between the task that reads and whoever takes.
#[derive(Debug)]
pub(super) struct Shared {
    buffer: Mutex<Buffer>,
    news: Notify,
}

impl Shared {
    /// Room for `capacity` prices, and for some of each symbol in any case.
    pub(super) fn new(capacity: usize, symbols: usize) -> Self {
        Self { buffer: Mutex::new(Buffer::new(capacity, symbols)), news: Notify::new() }
    }

    /// Puts something in.
    pub(super) fn put(&self, put: impl FnOnce(&mut Buffer)) {
        put(&mut self.buffer.lock().unwrap_or_else(PoisonError::into_inner));
        self.news.notify_one();
    }

    /// Waits for the next event.
    pub(super) async fn next(&self) -> StreamEvent {
        loop {
            let event = self.buffer.lock().unwrap_or_else(PoisonError::into_inner).take();
            match event {
                Some(event) => return event,
                None => self.news.notified().await,
            }
        }
    }
}

/// Prices, minutes and words in waiting. Places are counted in prices put in since the beginning.
#[derive(Debug)]
pub(super) struct Buffer {
    capacity: usize,
    most_bars: usize,
    quotes: VecDeque<Quote>,
    bars: BTreeMap<(Symbol, i64), Bar>,
    /// Places of the minutes.
    queue: VecDeque<(u64, (Symbol, i64))>,
    words: VecDeque<(u64, StreamEvent)>,
    put: u64,
    conflated: u64,
}

impl Buffer {
    fn new(capacity: usize, symbols: usize) -> Self {
        Self {
            capacity: capacity.max(symbols * 4).max(1),
            most_bars: symbols.max(1) * MOST_MINUTES,
            quotes: VecDeque::new(),
            bars: BTreeMap::new(),
            queue: VecDeque::new(),
            words: VecDeque::new(),
            put: 0,
            conflated: 0,
        }
    }

    /// Takes prices in.
    pub(super) fn quotes(&mut self, quotes: Vec<Quote>) {
        self.put += quotes.len() as u64;
        self.quotes.extend(quotes);
        if self.quotes.len() > self.capacity {
            self.conflate();
        }
    }

    /// Takes minutes in.
    pub(super) fn bars(&mut self, bars: Vec<Bar>) {
        for bar in bars {
            let key = (bar.symbol.clone(), bar.start_ms);
            if self.bars.insert(key.clone(), bar).is_none() {
                self.queue.push_back((self.put, key));
            }
        }
        while self.queue.len() > self.most_bars {
            self.pop_bar();
        }
    }

    /// Takes a word about the connection in.
    pub(super) fn say(&mut self, event: StreamEvent) {
        if self.words.len() >= MOST_WORDS {
            self.words.pop_front();
        }
        self.words.push_back((self.put, event));
    }

    /// Prices that were merged into others since the last time of asking.
    pub(super) fn take_conflated(&mut self) -> u64 {
        std::mem::take(&mut self.conflated)
    }

    fn conflate(&mut self) {
        let before = self.quotes.len();
        let mut newest: BTreeMap<Symbol, Quote> = BTreeMap::new();
        for quote in self.quotes.drain(..) {
            let Some(held) = newest.get_mut(&quote.symbol) else {
                newest.insert(quote.symbol.clone(), quote);
                continue;
            };
            let size = held.size + quote.size;
            // What comes late does not become the newest by coming last.
            let kept = if quote.time_ns >= held.time_ns { quote } else { held.clone() };
            *held = Quote { size, gap: true, ..kept };
        }
        self.quotes = newest.into_values().collect();
        self.quotes.make_contiguous().sort_by_key(|quote| quote.time_ns);
        self.conflated += (before - self.quotes.len()) as u64;
    }

    /// The next event, when there is one.
    fn take(&mut self) -> Option<StreamEvent> {
        let taken = self.put - self.quotes.len() as u64;
        if self.words.front().is_some_and(|(place, _)| *place <= taken) {
            return self.words.pop_front().map(|(_, event)| event);
        }
        let bars = self.take_bars(taken);
        if !bars.is_empty() {
            return Some(StreamEvent::Bars(bars));
        }
        // Up to the place of the next word or minute, whichever comes first.
        let places = [self.words.front().map(|word| word.0), self.queue.front().map(|bar| bar.0)];
        let ahead = places.into_iter().flatten().map(|place| place - taken).min();
        let most = ahead.and_then(|ahead| usize::try_from(ahead).ok()).unwrap_or(usize::MAX);
        let count = self.quotes.len().min(BATCH).min(most);
        let quotes: Vec<Quote> = self.quotes.drain(..count).collect();
        (!quotes.is_empty()).then_some(StreamEvent::Quotes(quotes))
    }

    fn take_bars(&mut self, taken: u64) -> Vec<Bar> {
        let mut bars = Vec::new();
        while self.queue.front().is_some_and(|(place, _)| *place <= taken) && bars.len() < BATCH {
            bars.extend(self.pop_bar());
        }
        bars
    }

    fn pop_bar(&mut self) -> Option<Bar> {
        let (_, key) = self.queue.pop_front()?;
        self.bars.remove(&key)
    }
}

#[cfg(test)]
mod tests;
