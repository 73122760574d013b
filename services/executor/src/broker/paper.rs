//! The paper broker: fills at the next tick, with a declared spread and slippage.
//!
//! 1. An order fills at the symbol's first tradable tick after the one it was decided on. That tick
//!    is looked up in stream `TICKS`, not raced for: the same tape fills the same at any speed.
//! 2. It keeps nothing of its own: the journal is its book, so it survives restarts, and an order
//!    that the journal claims is always present here.

mod fill;

pub use fill::PaperRules;

use super::{Accepted, Broker, BrokerEvent, BrokerEventKind, Found, SubmitError};
use crate::{ledger::OpenOrder, risk::Approved};
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use proto::{BrokerMode, Intent, OrderId, Tick, decode, stream, subject};
use runtime::bus::{Bus, Start};

/// Fills orders from the tape.
pub struct Paper {
    bus: Bus,
    rules: PaperRules,
    waiting: FuturesUnordered<BoxFuture<'static, BrokerEvent>>,
}

impl Paper {
    /// A broker that fills by `rules` from the ticks on `bus`.
    pub fn new(bus: Bus, rules: PaperRules) -> Self {
        Self { bus, rules, waiting: FuturesUnordered::new() }
    }
}

impl Broker for Paper {
    fn mode(&self) -> BrokerMode {
        BrokerMode::Paper
    }

    async fn submit(&mut self, order: &Approved) -> Result<Accepted, SubmitError> {
        Ok(accepted(&order.intent().id))
    }

    fn follow(&mut self, order: &OpenOrder) {
        let (bus, rules, intent) = (self.bus.clone(), self.rules.clone(), order.intent.clone());
        self.waiting.push(Box::pin(async move { fill_at_next_tick(&bus, &rules, &intent).await }));
    }

    async fn find(&mut self, order: &OpenOrder) -> Found {
        Found::Present(accepted(&order.intent.id))
    }

    async fn next_event(&mut self) -> BrokerEvent {
        match self.waiting.next().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

fn accepted(id: &OrderId) -> Accepted {
    Accepted { broker_order_id: format!("paper-{id}") }
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
