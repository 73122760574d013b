//! What a person told the desk beyond its trading state: settle an order, sell everything.
//!
//! A word stays in KV `control` until it is journaled; a crash in between repeats it, and what it
//! asked for is then done or found done.

use super::Running;
use crate::{
    broker::Broker,
    orders,
    reconcile::{Step, next_step},
};
use anyhow::Context as _;
use proto::{
    Flatten, Indicators, Intent, IntentKind, OrderId, Position, Reason, Settlement, Side, VERSION,
    stream, subject::key,
};
use runtime::{bus::KvEntry, clock};

/// How long a sale that a person asked for may wait for its turn, milliseconds.
const FLATTEN_VALID_MS: i64 = 60_000;

impl<B: Broker> Running<B> {
    /// Journals a person's word on an unresolved order.
    pub(super) async fn on_settlement(&mut self, entry: KvEntry<Settlement>) -> anyhow::Result<()> {
        let Some(settlement) = entry.value else {
            return Ok(());
        };
        match key::settled_order(&entry.key) {
            Ok(id) => self.settle(&id, settlement).await?,
            Err(fault) => tracing::error!("a settlement names no order: {fault}"),
        }
        let control = self.bus.kv::<Settlement>(&stream::CONTROL);
        control.erase(&entry.key).await.context("erase a settlement that is journaled")?;
        Ok(())
    }

    async fn settle(&mut self, id: &OrderId, settlement: Settlement) -> anyhow::Result<()> {
        let order = self.desk.ledger().order(id).cloned();
        let Some(order) = order.filter(|order| next_step(order) == Step::Find) else {
            tracing::warn!(order.id = %id, "nothing to settle: the order is not unresolved");
            return Ok(());
        };
        let by = settlement.by.clone();
        let event = orders::settled(&order, settlement, self.journal.stamp());
        tracing::warn!(order.id = %id, by, "order {id} is settled by {by} as {:?}", event.state);
        self.journal_event(event).await?;
        self.broker.forget(id);
        self.follow(id);
        self.publish_order(&order.intent).await
    }

    /// Sells every holding.
    pub(super) async fn on_flatten(&mut self, entry: KvEntry<Flatten>) -> anyhow::Result<()> {
        let Some(flatten) = entry.value else {
            return Ok(());
        };
        tracing::warn!(by = flatten.by, "{} sells everything: {}", flatten.by, flatten.why);
        let held = self.desk.ledger().positions().filter(|held| !held.quantity.is_zero());
        let held: Vec<Position> = held.cloned().collect();
        for position in &held {
            let Some(intent) = self.sale(position) else {
                tracing::error!("{} has no price and is not sold", position.symbol);
                continue;
            };
            self.on_intent(&intent).await?;
        }
        let control = self.bus.kv::<Flatten>(&stream::CONTROL);
        control.erase(&entry.key).await.context("erase a flatten that is journaled")?;
        Ok(())
    }

    /// The intent that sells a holding at the market.
    fn sale(&self, position: &Position) -> Option<Intent> {
        let last = self.desk.last(&position.symbol)?;
        let now_ms = match self.feed.clock {
            proto::ClockKind::Wall => clock::now_ms(),
            proto::ClockKind::Tape => last.time_ms,
        };
        Some(Intent {
            v: VERSION,
            id: OrderId::manual(&position.symbol, last.seq),
            symbol: position.symbol.clone(),
            side: Side::Sell,
            kind: IntentKind::Exit,
            quantity: position.quantity,
            price: last.price,
            tick_seq: last.seq,
            position: self.tape.position(),
            time_ns: last.time_ms.saturating_mul(1_000_000),
            valid_until_ms: now_ms + FLATTEN_VALID_MS,
            reason: Reason::Manual,
            indicators: Indicators::default(),
            strategy: "person".to_owned(),
            revision: String::new(),
        })
    }
}
