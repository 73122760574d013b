//! The fold of the journal: open orders, positions, cash. Pure; the same at start and always.
//!
//! 1. Events are applied in journal order, each once: a sequence seen before changes nothing.
//! 2. A fill counts once per id within its order.
//! 3. An order belongs to the account that its first event names; orders of other accounts, paper
//!    among them, are not in these books.
//! 4. An event that the transition table refuses is an error, not a guess: corrupt books are worse
//!    than a stopped executor.

mod books;
mod holding;

pub use books::Books;

use proto::{
    Fill, IllegalTransition, Intent, OrderEvent, OrderId, OrderState, Position, Rule, Settled,
    Side, Symbol, Venue, check_transition,
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// An order that is not finished.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenOrder {
    /// What was asked for.
    pub intent: Intent,
    /// Where it stands.
    pub state: OrderState,
    /// Journal sequence of its last event: what the next one must expect.
    pub seq: u64,
    /// Shares filled so far.
    pub filled: Decimal,
    /// The broker's name for it, once known.
    pub broker_order_id: Option<String>,
    /// Where it was sent; `None` on paper.
    pub venue: Option<Venue>,
    /// When it was claimed, right before the broker was called: milliseconds since 1970 UTC. Wall
    /// clock.
    pub claimed_ms: i64,
    fills: BTreeSet<String>,
}

impl OpenOrder {
    /// Shares as sent.
    pub fn quantity(&self) -> Decimal {
        self.venue.as_ref().map_or(self.intent.quantity, |venue| venue.quantity)
    }

    /// Shares not filled yet.
    pub fn remaining(&self) -> Decimal {
        self.quantity() - self.filled
    }

    /// Whether a fill of this id is counted already.
    pub fn has_fill(&self, id: &str) -> bool {
        self.fills.contains(id)
    }
}

/// Why the journal cannot be folded further.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The table of transitions does not know this change.
    #[error("journal event {seq} of order {order_id}")]
    Illegal {
        seq: u64,
        order_id: OrderId,
        #[source]
        source: IllegalTransition,
    },
    /// The first event of an order does not say what was asked for.
    #[error("journal event {seq} begins order {order_id} without its intent")]
    NoIntent { seq: u64, order_id: OrderId },
    /// The journal was written with another account of the same kind.
    #[error("{0}")]
    OtherAccount(String),
    /// An event says that shares traded but not which.
    #[error("journal event {seq} of order {order_id} is {state:?} without a fill")]
    NoFill { seq: u64, order_id: OrderId, state: OrderState },
}

/// Everything the journal adds up to.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    books: Books,
    cash: Decimal,
    /// Account currency per dollar, by the last fill that told.
    rate: Decimal,
    /// What each symbol meant at the broker when it was first traded.
    pins: BTreeMap<Symbol, String>,
    /// The broker's names of all orders of these books.
    broker_ids: BTreeSet<String>,
    /// Unfinished orders of other accounts.
    others: BTreeMap<OrderId, OrderState>,
    positions: BTreeMap<Symbol, Position>,
    open: BTreeMap<OrderId, OpenOrder>,
    refusals: BTreeMap<Rule, u64>,
    /// Feed times of the orders of the last minute, nanoseconds, for the throttle.
    claims_ns: Vec<i64>,
    journal_seq: u64,
}

impl Ledger {
    /// The books of an account that holds `cash` and nothing else.
    pub fn new(books: Books, cash: Decimal) -> Self {
        Self {
            books,
            cash,
            rate: Decimal::ONE,
            pins: BTreeMap::new(),
            broker_ids: BTreeSet::new(),
            others: BTreeMap::new(),
            positions: BTreeMap::new(),
            open: BTreeMap::new(),
            refusals: BTreeMap::new(),
            claims_ns: Vec::new(),
            journal_seq: 0,
        }
    }

    /// Applies the event with journal sequence `seq`.
    ///
    /// # Errors
    /// [`LedgerError`] when the journal makes no sense; nothing was changed.
    pub fn apply(&mut self, seq: u64, event: &OrderEvent) -> Result<(), LedgerError> {
        if seq <= self.journal_seq {
            return Ok(());
        }
        let before = self.open.get(&event.order_id).map(|order| order.state);
        let before = before.or_else(|| self.others.get(&event.order_id).copied());
        check_transition(before, event.state).map_err(|source| LedgerError::Illegal {
            seq,
            order_id: event.order_id.clone(),
            source,
        })?;
        let ours = match before {
            None => self.books.hold(event).map_err(LedgerError::OtherAccount)?,
            Some(_) => !self.others.contains_key(&event.order_id),
        };
        match (ours, before) {
            (false, _) => self.pass_over(event),
            (true, None) => self.begin(seq, event)?,
            (true, Some(_)) => self.advance(seq, event)?,
        }
        self.journal_seq = seq;
        if ours {
            self.note_on_position(seq, event);
        }
        Ok(())
    }

    /// An order of another account: only its state is followed.
    fn pass_over(&mut self, event: &OrderEvent) {
        if event.state.is_final() {
            self.others.remove(&event.order_id);
        } else {
            self.others.insert(event.order_id.clone(), event.state);
        }
    }

    /// The first event of an order.
    fn begin(&mut self, seq: u64, event: &OrderEvent) -> Result<(), LedgerError> {
        let order_id = event.order_id.clone();
        let Some(intent) = event.intent.clone() else {
            return Err(LedgerError::NoIntent { seq, order_id });
        };
        if let Some(refusal) = &event.refusal {
            *self.refusals.entry(refusal.rule).or_default() += 1;
        }
        if !event.state.is_final() {
            self.note_claim(intent.time_ns);
            if let Some(venue) = &event.venue {
                self.pins.entry(event.symbol.clone()).or_insert_with(|| venue.isin.clone());
            }
            let order = OpenOrder {
                intent,
                state: event.state,
                seq,
                filled: Decimal::ZERO,
                broker_order_id: event.broker_order_id.clone(),
                venue: event.venue.clone(),
                claimed_ms: event.at_ms,
                fills: BTreeSet::new(),
            };
            self.open.insert(order_id, order);
        }
        Ok(())
    }

    /// Any later event of an order.
    fn advance(&mut self, seq: u64, event: &OrderEvent) -> Result<(), LedgerError> {
        let traded = matches!(event.state, OrderState::Filled | OrderState::PartiallyFilled);
        if traded && event.fill.is_none() {
            let order_id = event.order_id.clone();
            return Err(LedgerError::NoFill { seq, order_id, state: event.state });
        }
        let Some(order) = self.open.get_mut(&event.order_id) else {
            return Ok(());
        };
        order.state = event.state;
        order.seq = seq;
        if let (Some(_), Some(id)) = (&order.venue, &event.broker_order_id) {
            self.broker_ids.insert(id.clone());
        }
        order.venue = event.venue.clone().or(order.venue.take());
        order.broker_order_id = event.broker_order_id.clone().or(order.broker_order_id.take());
        let fresh = event.fill.as_ref().filter(|fill| order.fills.insert(fill.id.clone()));
        if let Some(fill) = fresh {
            order.filled += fill.quantity;
            self.book(event, fill);
        }
        if event.state.is_final() {
            self.open.remove(&event.order_id);
        }
        Ok(())
    }

    /// Moves shares and cash.
    fn book(&mut self, event: &OrderEvent, fill: &Fill) {
        let plain = fill.quantity * fill.price;
        let value = fill.value.unwrap_or(plain);
        if fill.value.is_some() {
            self.rate = value.checked_div(plain).unwrap_or(self.rate);
        }
        self.cash += match event.side {
            Side::Buy => -value - fill.fee,
            Side::Sell => value - fill.fee,
        };
        let position = self.position_mut(&event.symbol);
        holding::apply(position, event.side, fill, value, event.time_ns);
    }

    /// Keeps what the strategy waits for: the open order, the outcome of the last one.
    fn note_on_position(&mut self, seq: u64, event: &OrderEvent) {
        let of_symbol = |order: &&OpenOrder| order.intent.symbol == event.symbol;
        let mut doubtful =
            self.open.values().filter(of_symbol).filter(|order| order.state.is_unresolved());
        let unresolved = doubtful.next().map(|order| order.intent.id.clone());
        let position = self.position_mut(&event.symbol);
        position.journal_seq = seq;
        position.unresolved = unresolved;
        if event.state.is_final() {
            if position.open_order.as_ref() == Some(&event.order_id) {
                position.open_order = None;
            }
            position.settled = Some(Settled {
                order_id: event.order_id.clone(),
                state: event.state,
                tick_seq: event.tick_seq,
                time_ns: event.time_ns,
                rule: event.refusal.as_ref().map(|refusal| refusal.rule),
            });
        } else {
            position.open_order = Some(event.order_id.clone());
        }
    }

    fn position_mut(&mut self, symbol: &Symbol) -> &mut Position {
        let flat = || Position::flat(symbol.clone());
        self.positions.entry(symbol.clone()).or_insert_with(flat)
    }

    fn note_claim(&mut self, time_ns: i64) {
        self.claims_ns.retain(|claimed| (time_ns - claimed).abs() < 60_000_000_000);
        self.claims_ns.push(time_ns);
    }

    /// Orders claimed in the minute before `now_ns`, on the feed's clock.
    pub fn claims_in_minute(&self, now_ns: i64) -> usize {
        let recent = |claimed: &&i64| (0..60_000_000_000).contains(&(now_ns - **claimed));
        self.claims_ns.iter().filter(recent).count()
    }

    /// Takes over the cash that the broker names: trades of others and its own charges are in it.
    pub fn set_cash(&mut self, cash: Decimal) {
        self.cash = cash;
    }

    /// Whose books these are.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Account currency per dollar.
    pub fn rate(&self) -> Decimal {
        self.rate
    }

    /// What every traded symbol meant at the broker when it was first traded.
    pub fn pins(&self) -> &BTreeMap<Symbol, String> {
        &self.pins
    }

    /// The broker's names of all orders of these books, finished ones too.
    pub fn broker_ids(&self) -> impl Iterator<Item = &str> {
        self.broker_ids.iter().map(String::as_str)
    }

    /// Free cash, before what open orders will need.
    pub fn cash(&self) -> Decimal {
        self.cash
    }

    /// What open buy orders will cost, at the prices they were asked at, account currency.
    pub fn reserved(&self) -> Decimal {
        let buys = self.open.values().filter(|order| order.intent.side == Side::Buy);
        let dollars: Decimal =
            buys.map(|order| order.remaining() * crate::money(order.intent.price)).sum();
        dollars * self.rate
    }

    /// The holding of `symbol`; flat when it never traded.
    pub fn position(&self, symbol: &Symbol) -> Position {
        self.positions.get(symbol).cloned().unwrap_or_else(|| Position::flat(symbol.clone()))
    }

    /// Every symbol that ever had an order, by name.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.values()
    }

    /// The unfinished order of this id.
    pub fn order(&self, id: &OrderId) -> Option<&OpenOrder> {
        self.open.get(id)
    }

    /// All unfinished orders, by id.
    pub fn open_orders(&self) -> impl Iterator<Item = &OpenOrder> {
        self.open.values()
    }

    /// Refusals so far, by rule.
    pub fn refusals(&self) -> &BTreeMap<Rule, u64> {
        &self.refusals
    }

    /// The last sequence of the journal that is counted in.
    pub fn journal_seq(&self) -> u64 {
        self.journal_seq
    }
}

#[cfg(test)]
mod property_tests;
