//! What the bus keeps of a desk's trading, and what must hold of it whatever was killed.

use anyhow::{Context as _, ensure};
use proto::{
    Fill, Intent, OrderEvent, OrderId, OrderState, Position, Side, Symbol, Tick, check_transition,
    decode, stream, subject,
};
use runtime::bus::{Bus, Start};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// The state of each order after its last event.
pub type LastState = BTreeMap<OrderId, OrderState>;

/// Every intent and every order event, in the order they were stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// Stream INTENTS.
    pub intents: Vec<Intent>,
    /// Stream ORDERS.
    pub events: Vec<OrderEvent>,
}

impl Journal {
    /// Reads both streams. `bus` must be allowed to: the operator's is.
    ///
    /// # Errors
    /// When the bus does not answer or a message does not decode.
    pub async fn read(bus: &Bus) -> anyhow::Result<Self> {
        let intents =
            bus.history(stream::INTENTS.name, subject::INTENTS.to_owned(), Start::Beginning);
        let intents = intents.await.context("read the intents")?;
        let events = bus.history(stream::ORDERS.name, subject::ORDERS.to_owned(), Start::Beginning);
        let events = events.await.context("read the journal")?;
        let intents: Result<_, _> = intents.iter().map(|m| decode(&m.payload)).collect();
        let events: Result<_, _> = events.iter().map(|m| decode(&m.payload)).collect();
        Ok(Self { intents: intents?, events: events? })
    }

    /// The state of each order after its last event.
    pub fn last_states(&self) -> LastState {
        self.events.iter().map(|event| (event.order_id.clone(), event.state)).collect()
    }

    /// Every fill with its order, in journal order.
    pub fn fills(&self) -> impl Iterator<Item = (&OrderEvent, &Fill)> {
        self.events.iter().filter_map(|event| event.fill.as_ref().map(|fill| (event, fill)))
    }

    /// Checks what must always hold: every order has an intent and at most one per intent, every
    /// change is in the table, no fill counts twice.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check(&self) -> anyhow::Result<()> {
        let asked: BTreeSet<&OrderId> = self.intents.iter().map(|intent| &intent.id).collect();
        ensure!(asked.len() == self.intents.len(), "an intent was stored twice");
        let mut states: BTreeMap<&OrderId, OrderState> = BTreeMap::new();
        let mut fills = BTreeSet::new();
        for event in &self.events {
            let id = &event.order_id;
            ensure!(asked.contains(id), "order {id} has no intent");
            check_transition(states.get(id).copied(), event.state)
                .with_context(|| format!("order {id}"))?;
            states.insert(id, event.state);
            if let Some(fill) = &event.fill {
                ensure!(fills.insert((id, &fill.id)), "fill {} of {id} came twice", fill.id);
            }
        }
        Ok(())
    }

    /// Shares held by the sum of fills.
    pub fn holdings(&self) -> BTreeMap<Symbol, Decimal> {
        let mut held = BTreeMap::new();
        for (event, fill) in self.fills() {
            let sign = if event.side == Side::Buy { Decimal::ONE } else { -Decimal::ONE };
            *held.entry(event.symbol.clone()).or_insert(Decimal::ZERO) += sign * fill.quantity;
        }
        held
    }

    /// Checks that the published holdings are the sum of fills.
    ///
    /// # Errors
    /// The first that differs.
    pub async fn check_positions(&self, bus: &Bus) -> anyhow::Result<()> {
        let positions = bus.kv::<Position>(&stream::POSITIONS);
        for (symbol, held) in self.holdings() {
            let published = positions.get(&subject::key::position(&symbol)).await?;
            let published = published.map(|position| position.quantity).unwrap_or_default();
            ensure!(published == held, "{symbol}: {held} by the journal, {published} published");
        }
        Ok(())
    }
}

/// The event without what may differ between two runs of the same tape.
#[must_use]
pub fn without_wall_clock(event: &OrderEvent) -> OrderEvent {
    OrderEvent { writer: String::new(), at_ms: 0, ..event.clone() }
}

/// The ticks that stream TICKS keeps of a symbol.
///
/// # Errors
/// When the bus does not answer or a message does not decode.
pub async fn ticks(bus: &Bus, symbol: &Symbol) -> anyhow::Result<Vec<Tick>> {
    let stored = bus.history(stream::TICKS.name, subject::tick(symbol), Start::Beginning).await?;
    Ok(stored.iter().map(|m| decode(&m.payload)).collect::<Result<_, _>>()?)
}
