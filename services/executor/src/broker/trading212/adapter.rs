//! Trading212 behind the face that all brokers show.

use super::{
    Placed, Prepared, Trading212, life::News, matching::Verdict, models::signed, request::OrderKind,
};
use crate::{
    broker::{Accepted, Broker, BrokerEvent, BrokerEventKind, Found, Gate, SubmitError, Wallet},
    ledger::{Books, Ledger, OpenOrder},
    risk::Approved,
};
use proto::{Fill, OrderId, Venue};
use runtime::clock;
use rust_decimal::Decimal;
use std::time::Duration;

/// What was sent, as the journal has it.
fn prepared(order: &OpenOrder) -> Option<Prepared> {
    let venue = order.venue.as_ref()?;
    Some(Prepared::from_journal(&order.intent, venue, order.claimed_ms))
}

fn accepted(order: &OpenOrder, placed: &Placed) -> Accepted {
    let mended = (placed.quantity != order.quantity()).then_some(placed.quantity);
    Accepted { broker_order_id: placed.id.to_string(), quantity: mended }
}

/// Until when an order may be sent, on the wall clock. An intent's own time is the feed's: where a
/// tape is behind the wall, it is given from its claim on what it gave itself.
fn deadline_ms(order: &OpenOrder) -> i64 {
    let until_ms = order.intent.valid_until_ms;
    if order.claimed_ms <= until_ms {
        return until_ms;
    }
    order.claimed_ms + until_ms - order.intent.time_ns.div_euclid(1_000_000)
}

impl Broker for Trading212 {
    fn books(&self) -> Books {
        Books {
            mode: self.identity.environment.mode(),
            account_id: self.identity.id.to_string(),
            currency: self.identity.currency.clone(),
        }
    }

    fn guard(&mut self, gate: Gate) {
        self.set_gate(gate);
    }

    fn wait(&self) -> Duration {
        self.market_wait()
    }

    fn recall(&mut self, ledger: &Ledger) {
        self.know(ledger.broker_ids().filter_map(|id| id.parse().ok()));
        for (symbol, isin) in ledger.pins() {
            self.pins.insert(symbol.clone(), isin.clone());
        }
        let held: Vec<_> = ledger.positions().cloned().collect();
        for position in held.into_iter().filter(|position| !position.quantity.is_zero()) {
            match self.listing(&position.symbol) {
                Ok(listing) => drop(self.ours.insert(listing.ticker, position.quantity)),
                Err(error) => tracing::error!("{} is held: {error}", position.symbol),
            }
        }
    }

    fn prepare(&mut self, order: &Approved, held: Decimal) -> Result<Option<Venue>, String> {
        let prepared = self.prepare_order(order.intent(), held, OrderKind::MARKET);
        let prepared = prepared.map_err(|error| error.to_string())?;
        let Books { mode, account_id, currency } = self.books();
        let Prepared { ticker, isin, quantity, .. } = prepared;
        self.ours.insert(ticker.clone(), held);
        Ok(Some(Venue { mode, account_id, currency, ticker, isin, quantity, held }))
    }

    async fn submit(&mut self, order: &OpenOrder) -> Result<Accepted, SubmitError> {
        let Some(prepared) = prepared(order) else {
            return Err(SubmitError::Rejected("not sent: it was not prepared".to_owned()));
        };
        let (gate, until_ms) = (self.gate.clone(), deadline_ms(order));
        let gate = move || {
            if clock::now_ms() > until_ms {
                return Err("the intent ran out while it waited for its turn".to_owned());
            }
            gate()
        };
        let placed = self.place(&prepared, &gate).await?;
        Ok(accepted(order, &placed))
    }

    fn follow(&mut self, order: &OpenOrder) {
        let id = order.broker_order_id.as_deref().and_then(|id| id.parse().ok());
        let Some(id) = id else {
            let order_id = &order.intent.id;
            tracing::error!(order.id = %order_id, "order {order_id} has no id at Trading212");
            return;
        };
        let quantity = signed(order.intent.side, order.quantity());
        let book = &self.book;
        self.followed.retain(|id, _| book.follows(id));
        self.followed.insert(order.intent.id.clone(), order.clone());
        self.follow_order(order.intent.id.clone(), id, quantity, order.claimed_ms);
    }

    async fn find(&mut self, order: &OpenOrder) -> Found {
        let Some(prepared) = prepared(order) else {
            return Found::NotYet;
        };
        match self.find_order(&prepared) {
            Verdict::Present(id, quantity) => {
                Found::Present(accepted(order, &Placed { id, quantity }))
            }
            Verdict::Absent(how) => Found::Absent(how),
            Verdict::Ambiguous(_) | Verdict::NotYet => Found::NotYet,
        }
    }

    fn concerns(&self) -> Vec<String> {
        let unsettled = self.waiting().into_iter().filter(|waiting| waiting.needs_person);
        unsettled.map(|waiting| format!("order {}: {}", waiting.order_id, waiting.words)).collect()
    }

    fn take_refusal(&mut self) -> Option<String> {
        self.take_fault()
    }

    fn forget(&mut self, order: &OrderId) {
        self.forget_order(order);
    }

    fn wallet(&self) -> Wallet {
        self.purse.wallet()
    }

    async fn next_event(&mut self) -> BrokerEvent {
        let (order_id, news) = self.next_news().await;
        let mut time_ns = self.now_ms().saturating_mul(1_000_000);
        let kind = match news {
            News::Traded(trade) => {
                time_ns = trade.time_ns.unwrap_or(time_ns);
                let fill = Fill {
                    id: trade.id.to_string(),
                    quantity: trade.quantity,
                    price: trade.price,
                    fee: trade.fee,
                    value: trade.value,
                };
                self.note_ours(&order_id, &fill);
                BrokerEventKind::Traded(fill)
            }
            News::Canceled(words) => BrokerEventKind::Canceled(words),
            News::Expired(words) => BrokerEventKind::Expired(words),
            News::Rejected(words) => BrokerEventKind::Rejected(words),
        };
        BrokerEvent { order_id, kind, time_ns, tick_seq: None }
    }
}

impl Trading212 {
    /// Keeps what is ours in the account up to date, each fill once.
    fn note_ours(&mut self, order_id: &OrderId, fill: &Fill) {
        let Some(order) = self.followed.get(order_id).filter(|order| !order.has_fill(&fill.id))
        else {
            return;
        };
        let moved = signed(order.intent.side, fill.quantity);
        if let Some(venue) = &order.venue {
            *self.ours.entry(venue.ticker.clone()).or_default() += moved;
        }
    }
}
