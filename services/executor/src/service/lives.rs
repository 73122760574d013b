//! The life of an order: claimed, sent once, followed to its end, and told to everybody.

use super::{Running, journal::JournalError};
use crate::{
    broker::{Broker, BrokerEvent, SubmitError},
    orders,
    reconcile::{Step, next_step},
    risk::Approved,
};
use proto::{Intent, OrderEvent, OrderId, Refusal, Rule, Symbol, TradingState};
use runtime::clock;
use std::collections::BTreeSet;

impl<B: Broker> Running<B> {
    /// Claims the order, calls the broker once, journals what it said.
    pub(super) async fn place(&mut self, approved: &Approved) -> anyhow::Result<()> {
        let intent = approved.intent();
        let held = self.desk.ledger().position(&intent.symbol).quantity;
        let venue = match self.broker.prepare(approved, held) {
            Ok(venue) => venue,
            Err(message) => {
                let refusal = Refusal { rule: Rule::Instrument, message };
                let event = orders::refused(intent, refusal, self.journal.stamp());
                return self.begin(&event, intent).await.map(|_begun| ());
            }
        };
        if !self.begin(&orders::claimed(approved, venue, self.journal.stamp()), intent).await? {
            return Ok(());
        }
        let Some(order) = self.desk.ledger().order(&intent.id).cloned() else {
            return Ok(());
        };
        let outcome = if self.lease.secure() {
            self.broker.submit(&order).await
        } else {
            Err(SubmitError::Rejected("not sent: the lease was in doubt".to_owned()))
        };
        let event = orders::submitted(&order, outcome, self.journal.stamp());
        self.journal_event(event).await?;
        self.follow(&intent.id);
        self.publish_order(intent).await
    }

    /// Journals the first event of an order. `false` when the order exists already.
    pub(super) async fn begin(
        &mut self,
        event: &OrderEvent,
        intent: &Intent,
    ) -> anyhow::Result<bool> {
        match self.journal.write(event, 0).await {
            Ok(seq) => {
                self.desk.apply(seq, event)?;
                if event.state.is_final() {
                    self.publish_order(intent).await?;
                }
                Ok(true)
            }
            Err(JournalError::Taken(_)) => {
                let first = self.journal.first_event(event).await?;
                if first.intent.as_ref() == Some(intent) {
                    tracing::debug!(order.id = %intent.id, "delivered again, has its order");
                } else {
                    metrics::counter!("executor_id_collisions_total").increment(1);
                    tracing::error!(
                        order.id = %intent.id,
                        "another intent has this id in the journal; nothing is sent"
                    );
                }
                // What the strategy waits for may have been lost with an earlier executor.
                self.publish_order(intent).await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Journals a later event of an open order and books it.
    pub(super) async fn journal_event(&mut self, event: OrderEvent) -> anyhow::Result<()> {
        let before = self.desk.ledger().order(&event.order_id).map_or(0, |order| order.seq);
        let seq = self.journal.write(&event, before).await?;
        self.desk.apply(seq, &event)?;
        Ok(())
    }

    pub(super) async fn on_broker(&mut self, news: BrokerEvent) -> anyhow::Result<()> {
        let Some(order) = self.desk.ledger().order(&news.order_id).cloned() else {
            tracing::debug!(order.id = %news.order_id, "news of a finished order");
            return Ok(());
        };
        if let Some(event) = orders::happened(&order, news, &self.journal.stamp()) {
            self.journal_event(event).await?;
        }
        self.publish_order(&order.intent).await
    }

    pub(super) fn follow(&mut self, id: &OrderId) {
        if let Some(order) = self.desk.ledger().order(id)
            && next_step(order) == Step::Follow
        {
            self.broker.follow(order);
        }
    }

    /// Takes up every order that an earlier executor left open.
    pub(super) async fn settle_open_orders(&mut self) -> anyhow::Result<()> {
        let open: Vec<_> = self.desk.ledger().open_orders().cloned().collect();
        for order in open {
            let id = &order.intent.id;
            match next_step(&order) {
                Step::DeclareUnknown => {
                    let words = "the executor stopped around the call".to_owned();
                    let event = orders::unknown(&order.intent, words, self.journal.stamp());
                    self.journal_event(event).await?;
                    self.find(id).await?;
                }
                Step::Find => self.find(id).await?,
                Step::Follow => self.follow(id),
                Step::Nothing => {}
            }
        }
        Ok(())
    }

    /// Asks the broker about an order whose fate is not known.
    async fn find(&mut self, id: &OrderId) -> anyhow::Result<()> {
        let Some(order) = self.desk.ledger().order(id).cloned() else {
            return Ok(());
        };
        if next_step(&order) != Step::Find {
            return Ok(());
        }
        let found = self.broker.find(&order).await;
        if let Some(event) = orders::reconciled(&order, found, self.journal.stamp()) {
            self.journal_event(event).await?;
            self.follow(id);
            self.publish_order(&order.intent).await?;
        }
        Ok(())
    }

    pub(super) async fn ask_again(&mut self) -> anyhow::Result<()> {
        let unresolved = self.desk.ledger().open_orders().filter(|o| next_step(o) == Step::Find);
        let ids: Vec<OrderId> = unresolved.map(|order| order.intent.id.clone()).collect();
        for id in ids {
            self.find(&id).await?;
        }
        Ok(())
    }

    /// Publishes what an order has changed.
    pub(super) async fn publish_order(&mut self, intent: &Intent) -> anyhow::Result<()> {
        let position = self.desk.ledger().position(&intent.symbol);
        self.views.put_position(&position, &self.lease).await?;
        self.account_stale = true;
        Ok(())
    }

    /// Publishes all holdings and the account, as the journal has them; flat ones too, because the
    /// strategy trades no symbol whose holding it does not know.
    pub(super) async fn publish_everything(&mut self) -> anyhow::Result<()> {
        let held = self.desk.ledger().positions().map(|position| &position.symbol);
        let symbols: BTreeSet<Symbol> = held.chain(&self.feed.symbols).cloned().collect();
        for symbol in &symbols {
            let position = self.desk.ledger().position(symbol);
            self.views.put_position(&position, &self.lease).await?;
        }
        self.publish().await
    }

    pub(super) async fn publish(&mut self) -> anyhow::Result<()> {
        self.take_wallet();
        if !self.lease.secure() {
            // Told again soon: here, or by whoever holds the lease by now.
            return Ok(());
        }
        self.take_concerns().await?;
        if std::mem::take(&mut self.account_stale) {
            let account = self.desk.account(self.journal.writer(), clock::now_ms());
            super::gauges::show(&account, self.desk.trading());
            self.views.put_account(&account).await?;
        }
        super::gauges::show_tape(&self.feed, self.received_ns, clock::now_ms());
        let (run, position) = (self.feed.run.clone(), self.tape.position());
        self.views.put_progress(&run, position, self.tape_ns).await
    }

    /// Takes over what the broker says of the account. Its cash only while no order is open: an
    /// order in between is in one of the two and not in the other.
    pub(super) fn take_wallet(&mut self) {
        let wallet = self.broker.wallet();
        self.account_stale |= self.desk.set_foreign(wallet.foreign);
        let quiet = self.desk.ledger().open_orders().next().is_none();
        if let Some(cash) = wallet.cash.filter(|_| quiet) {
            self.account_stale |= self.desk.set_cash(cash);
        }
    }

    /// Says what the broker wants a person to know, and halts the desk when it refuses us for good.
    async fn take_concerns(&mut self) -> anyhow::Result<()> {
        let concerns = self.broker.concerns();
        if self.desk.set_concerns(concerns.clone()) {
            self.account_stale = true;
            for concern in concerns {
                tracing::error!("{concern}");
            }
        }
        match self.broker.take_refusal() {
            Some(why) => self.trip(TradingState::Halted, why).await,
            None => Ok(()),
        }
    }
}
