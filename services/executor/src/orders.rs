//! The journal's events, from what happened. Pure.

use crate::{
    broker::{Accepted, BrokerEvent, BrokerEventKind, Found, SubmitError},
    ledger::OpenOrder,
    risk::Approved,
};
use proto::{
    Decimal, Intent, OrderEvent, OrderState, Refusal, Settlement, VERSION, Venue, Verdict,
};

/// Who writes an event, and when by the wall clock: what differs between runs of the same tape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The process.
    pub writer: String,
    /// Milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// The claim: the broker is about to be called at `venue`.
pub fn claimed(order: &Approved, venue: Option<Venue>, stamp: Stamp) -> OrderEvent {
    let intent = order.intent();
    let claim = event(intent, OrderState::Submitting, stamp);
    OrderEvent { intent: Some(intent.clone()), venue, ..claim }
}

/// The intent was refused; nothing was sent.
pub fn refused(intent: &Intent, refusal: Refusal, stamp: Stamp) -> OrderEvent {
    OrderEvent {
        intent: Some(intent.clone()),
        tick_seq: Some(intent.tick_seq),
        refusal: Some(refusal),
        ..event(intent, OrderState::Refused, stamp)
    }
}

/// What the call gave.
pub fn submitted(
    order: &OpenOrder,
    outcome: Result<Accepted, SubmitError>,
    stamp: Stamp,
) -> OrderEvent {
    let intent = &order.intent;
    match outcome {
        Ok(accepted) => OrderEvent {
            venue: mended(order, accepted.quantity),
            broker_order_id: Some(accepted.broker_order_id),
            ..event(intent, OrderState::Accepted, stamp)
        },
        Err(SubmitError::Rejected(words)) => {
            OrderEvent { message: Some(words), ..event(intent, OrderState::Rejected, stamp) }
        }
        Err(SubmitError::Unknown(words)) => unknown(intent, words, stamp),
    }
}

/// The venue with the quantity that the broker took, where that is not what was sent at first.
fn mended(order: &OpenOrder, quantity: Option<Decimal>) -> Option<Venue> {
    let venue = order.venue.clone()?;
    let quantity = quantity.filter(|quantity| *quantity != venue.quantity)?;
    Some(Venue { quantity, ..venue })
}

/// The order's fate is not known.
pub fn unknown(intent: &Intent, words: String, stamp: Stamp) -> OrderEvent {
    OrderEvent { message: Some(words), ..event(intent, OrderState::Unknown, stamp) }
}

/// What a reconcile found; `None` while it cannot say.
pub fn reconciled(order: &OpenOrder, found: Found, stamp: Stamp) -> Option<OrderEvent> {
    let intent = &order.intent;
    match found {
        Found::Present(accepted) => Some(OrderEvent {
            venue: mended(order, accepted.quantity),
            broker_order_id: Some(accepted.broker_order_id),
            message: Some("found at the broker".to_owned()),
            ..event(intent, OrderState::Accepted, stamp)
        }),
        Found::Absent(how) => {
            Some(OrderEvent { message: Some(how), ..event(intent, OrderState::Absent, stamp) })
        }
        Found::NotYet => None,
    }
}

/// What a person said became of it.
pub fn settled(order: &OpenOrder, settlement: Settlement, stamp: Stamp) -> OrderEvent {
    let Settlement { verdict, by, why, .. } = settlement;
    let words = Some(format!("settled by {by}: {why}"));
    match verdict {
        Verdict::Placed { broker_order_id } => OrderEvent {
            broker_order_id: Some(broker_order_id),
            message: words,
            ..event(&order.intent, OrderState::Accepted, stamp)
        },
        Verdict::Absent => {
            OrderEvent { message: words, ..event(&order.intent, OrderState::Absent, stamp) }
        }
    }
}

/// What happened at the broker; `None` when the journal has it already.
pub fn happened(order: &OpenOrder, news: BrokerEvent, stamp: &Stamp) -> Option<OrderEvent> {
    let intent = &order.intent;
    let plain = |state| OrderEvent {
        time_ns: news.time_ns,
        tick_seq: news.tick_seq,
        ..event(intent, state, stamp.clone())
    };
    let said = |state, words| OrderEvent { message: Some(words), ..plain(state) };
    match news.kind {
        BrokerEventKind::Traded(fill) if order.has_fill(&fill.id) => None,
        BrokerEventKind::Traded(fill) => {
            let whole = fill.quantity >= order.remaining();
            let state = if whole { OrderState::Filled } else { OrderState::PartiallyFilled };
            Some(OrderEvent { fill: Some(fill), ..plain(state) })
        }
        BrokerEventKind::Canceled(words) => Some(said(OrderState::Canceled, words)),
        BrokerEventKind::Expired(words) => Some(said(OrderState::Expired, words)),
        BrokerEventKind::Rejected(words) => Some(said(OrderState::Rejected, words)),
    }
}

/// An event with nothing but its state, effective at the intent's own time.
fn event(intent: &Intent, state: OrderState, stamp: Stamp) -> OrderEvent {
    OrderEvent {
        v: VERSION,
        order_id: intent.id.clone(),
        symbol: intent.symbol.clone(),
        side: intent.side,
        state,
        time_ns: intent.time_ns,
        tick_seq: None,
        intent: None,
        refusal: None,
        fill: None,
        broker_order_id: None,
        venue: None,
        message: None,
        writer: stamp.writer,
        at_ms: stamp.at_ms,
    }
}
