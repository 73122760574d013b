//! What is in flight, and which ticks must wait for it.
//!
//! 1. A symbol has at most one intent in flight: from its publication until the position says how the
//!    order ended.
//! 2. On a tape no tick passes while anything is in flight, so that the outcome cannot depend on how
//!    fast it comes. On the wall clock only that symbol's ticks wait.
//! 3. An intent is never given up: it is said again, under the same id, until its end is known.

use proto::{ClockKind, Intent, OrderId, Position, Symbol, Tick};
use std::collections::{BTreeMap, VecDeque};

/// When an intent without an outcome is said again, milliseconds.
pub const REPEAT_MS: i64 = 60_000;
/// When an intent that could not be stored is tried again, milliseconds.
const RETRY_MS: i64 = 1_000;

/// Lets ticks through, or makes them wait.
#[derive(Debug)]
pub struct Gate {
    clock: ClockKind,
    capacity: usize,
    flights: BTreeMap<Symbol, Flight>,
    /// Orders that are open at the broker, ours or not.
    open_orders: BTreeMap<Symbol, OrderId>,
    waiting: BTreeMap<Symbol, VecDeque<(u64, Tick)>>,
}

/// An intent without a known end.
#[derive(Debug, Clone, PartialEq)]
pub struct Flight {
    /// The intent.
    pub intent: Intent,
    /// Since when, wall clock, milliseconds since 1970 UTC.
    pub since_ms: i64,
    /// The stream has it.
    pub stored: bool,
    due_ms: i64,
}

/// What becomes of a tick.
#[derive(Debug, Clone, PartialEq)]
pub enum Admitted {
    /// It may be decided on.
    Now(u64, Tick),
    /// It waits for its symbol.
    Waits,
    /// It waits; the oldest one waiting had to make room and can only be observed.
    Displaced(Tick),
}

impl Gate {
    /// A gate that keeps up to `capacity` waiting ticks a symbol.
    pub fn new(clock: ClockKind, capacity: usize) -> Self {
        Self {
            clock,
            capacity: capacity.max(1),
            flights: BTreeMap::new(),
            open_orders: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// The next tick may be read.
    pub fn is_open(&self) -> bool {
        match self.clock {
            ClockKind::Wall => true,
            ClockKind::Tape => self.flights.is_empty() && self.open_orders.is_empty(),
        }
    }

    /// What becomes of a tick that was read.
    pub fn admit(&mut self, position: u64, tick: Tick) -> Admitted {
        let waits = self.waiting.get(&tick.symbol).is_some_and(|queue| !queue.is_empty());
        if !waits && !self.is_blocked(&tick.symbol) {
            return Admitted::Now(position, tick);
        }
        let queue = self.waiting.entry(tick.symbol.clone()).or_default();
        queue.push_back((position, tick));
        let oldest = if queue.len() > self.capacity { queue.pop_front() } else { None };
        oldest.map_or(Admitted::Waits, |(_, oldest)| Admitted::Displaced(oldest))
    }

    /// The next tick of `symbol` that no longer has to wait.
    pub fn release(&mut self, symbol: &Symbol) -> Option<(u64, Tick)> {
        if self.is_blocked(symbol) {
            return None;
        }
        self.waiting.get_mut(symbol)?.pop_front()
    }

    /// Puts an intent in flight, to be stored at once.
    pub fn depart(&mut self, intent: Intent, now_ms: i64) {
        let flight = Flight { intent, since_ms: now_ms, stored: false, due_ms: now_ms };
        self.flights.insert(flight.intent.symbol.clone(), flight);
    }

    /// Puts an intent in flight that was stored before a restart.
    pub fn restore(&mut self, intent: Intent, now_ms: i64) {
        let due_ms = now_ms + REPEAT_MS;
        let flight = Flight { intent, since_ms: now_ms, stored: true, due_ms };
        self.flights.insert(flight.intent.symbol.clone(), flight);
    }

    /// Learns whether the stream has the intent of `symbol`.
    pub fn on_published(&mut self, symbol: &Symbol, stored: bool, now_ms: i64) {
        if let Some(flight) = self.flights.get_mut(symbol) {
            flight.stored |= stored;
            flight.due_ms = now_ms + if stored { REPEAT_MS } else { RETRY_MS };
        }
    }

    /// Learns what the executor says; gives the flight that this ended.
    pub fn on_position(&mut self, position: &Position) -> Option<Flight> {
        let symbol = &position.symbol;
        match &position.open_order {
            Some(id) => self.open_orders.insert(symbol.clone(), id.clone()),
            None => self.open_orders.remove(symbol),
        };
        let ended = |flight: &Flight| is_ended(&flight.intent, position);
        if self.flights.get(symbol).is_some_and(ended) { self.flights.remove(symbol) } else { None }
    }

    /// The flights whose intents must be published, again or at last.
    pub fn due(&self, now_ms: i64) -> Vec<Flight> {
        self.flights.values().filter(|flight| flight.due_ms <= now_ms).cloned().collect()
    }

    /// When the next one is due, milliseconds since 1970 UTC.
    pub fn next_due_ms(&self) -> Option<i64> {
        self.flights.values().map(|flight| flight.due_ms).min()
    }

    /// The last position of `TICKS` that is settled when ticks up to `taken` were taken: on a tape
    /// never that of a tick whose intent is in flight.
    pub fn settled(&self, taken: u64) -> u64 {
        let first = self.flights.values().map(|flight| flight.intent.position).min();
        match (self.clock, first) {
            (ClockKind::Tape, Some(first)) => taken.min(first.saturating_sub(1)),
            (ClockKind::Tape, None) | (ClockKind::Wall, _) => taken,
        }
    }

    /// Intents in flight.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Ticks that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    fn is_blocked(&self, symbol: &Symbol) -> bool {
        self.flights.contains_key(symbol) || self.open_orders.contains_key(symbol)
    }
}

/// Whether `position` tells how the intent ended: its own end, or that of a later order.
pub fn is_ended(intent: &Intent, position: &Position) -> bool {
    position.settled.as_ref().is_some_and(|settled| {
        settled.order_id == intent.id || settled.tick_seq.is_some_and(|seq| seq > intent.tick_seq)
    }) && position.open_order.as_ref() != Some(&intent.id)
}

#[cfg(test)]
mod tests;
