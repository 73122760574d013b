//! The paper broker: fills at the next tick, with a declared spread and slippage.
//!
//! 1. An order fills at the symbol's first tradable tick after the one it was decided on. That tick
//!    is looked up in stream `TICKS`, not raced for: the same tape fills the same at any speed.
//! 2. It keeps nothing of its own: the journal is its book, so it survives restarts, and an order
//!    that the journal claims is always present here.

mod fill;

pub use fill::PaperRules;

use super::{Accepted, Broker, BrokerEvent, BrokerEventKind, Found, Gate, SubmitError, Wallet};
use crate::{
    ledger::{Books, Ledger, OpenOrder},
    risk::Approved,
};
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use proto::{Decimal, Intent, OrderId, Tick, Venue, decode, stream, subject};
use runtime::bus::{Bus, Start};
use std::time::Duration;

/// Fills orders from the tape.
pub struct Paper {
    bus: Bus,
    rules: PaperRules,
    currency: String,
    waiting: FuturesUnordered<BoxFuture<'static, BrokerEvent>>,
}

impl Paper {
    /// A broker that fills by `rules` from the ticks on `bus`, with an account in `currency`.
    pub fn new(bus: Bus, rules: PaperRules, currency: &str) -> Self {
        Self { bus, rules, currency: currency.to_owned(), waiting: FuturesUnordered::new() }
    }
}

impl Broker for Paper {
    fn books(&self) -> Books {
        Books::paper(&self.currency)
    }

    fn guard(&mut self, _gate: Gate) {}

    fn wait(&self) -> Duration {
        Duration::ZERO
    }

    fn recall(&mut self, _ledger: &Ledger) {}

    fn prepare(&mut self, _order: &Approved, _held: Decimal) -> Result<Option<Venue>, String> {
        Ok(None)
    }

    async fn submit(&mut self, order: &OpenOrder) -> Result<Accepted, SubmitError> {
        Ok(accepted(&order.intent.id))
    }

    fn follow(&mut self, order: &OpenOrder) {
        let (bus, rules, intent) = (self.bus.clone(), self.rules.clone(), order.intent.clone());
        self.waiting.push(Box::pin(async move { fill_at_next_tick(&bus, &rules, &intent).await }));
    }

    async fn find(&mut self, order: &OpenOrder) -> Found {
        Found::Present(accepted(&order.intent.id))
    }

    fn concerns(&self) -> Vec<String> {
        Vec::new()
    }

    fn take_refusal(&mut self) -> Option<String> {
        None
    }

    fn forget(&mut self, _order: &OrderId) {}

    fn wallet(&self) -> Wallet {
        Wallet { cash: None, foreign: Decimal::ZERO }
    }

    async fn next_event(&mut self) -> BrokerEvent {
        match self.waiting.next().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

fn accepted(id: &OrderId) -> Accepted {
    Accepted { broker_order_id: format!("paper-{id}"), quantity: None }
}

/// Waits for the tick that fills `intent`.
async fn fill_at_next_tick(bus: &Bus, rules: &PaperRules, intent: &Intent) -> BrokerEvent {
    let filter = vec![subject::tick(&intent.symbol)];
    let mut ticks = bus.read(stream::TICKS.name, filter, Start::At(intent.position + 1));
    loop {
        let Ok(tick) = decode::<Tick>(&ticks.next().await.payload) else {
            continue;
        };
        if let Some(fill) = fill::fill(intent, &tick, rules) {
            return BrokerEvent {
                order_id: intent.id.clone(),
                kind: BrokerEventKind::Traded(fill),
                time_ns: tick.time_ns,
                tick_seq: Some(tick.seq),
            };
        }
    }
}
