//! One order as a page lists it: where it stands, how it got there, what it cost. Pure.

use super::number;
use proto::{Fill, IntentKind, OrderEvent, OrderId, OrderState, Reason, Rule, Side};
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;

/// Steps of one order that are shown; of a longer history the newest.
const MAX_STEPS: usize = 24;

/// An order with its history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderView {
    /// The order.
    pub id: OrderId,
    /// Buy or sell.
    pub side: Side,
    /// Entry or exit, once its intent is known.
    pub kind: Option<IntentKind>,
    /// Where it stands.
    pub state: OrderState,
    /// Nothing can follow.
    pub done: bool,
    /// Whether the broker has it is not known.
    pub unresolved: bool,
    /// Shares wanted; 0 until its intent is known.
    pub quantity: f64,
    /// Shares traded.
    pub filled: f64,
    /// Average price of these, dollars; `None` when none are.
    pub average_price: Option<f64>,
    /// Fees and taxes, account currency.
    pub fee: f64,
    /// Why the strategy wanted it.
    pub reason: Option<Reason>,
    /// The rule that refused it.
    pub rule: Option<Rule>,
    /// The last sentence said about it.
    pub message: Option<String>,
    /// Its first event, on the feed's clock: milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// When its last event was written, wall clock: milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What happened, oldest first.
    pub steps: Vec<Step>,
}

/// One thing that happened to an order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Where it then stood.
    pub state: OrderState,
    /// On the feed's clock, milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// Shares traded in it.
    pub quantity: Option<f64>,
    /// At this price, dollars.
    pub price: Option<f64>,
    /// A sentence for people.
    pub message: Option<String>,
}

/// What is known of an order.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) side: Side,
    pub(super) state: OrderState,
    pub(super) time_ns: i64,
    pub(super) quantity: f64,
    pub(super) price: f64,
    pub(super) reason: Option<Reason>,
    pub(super) position: Option<u64>,
    kind: Option<IntentKind>,
    rule: Option<Rule>,
    /// Events by when they took effect and were written; an event that comes again is in it already.
    steps: BTreeMap<(i64, i64, OrderState, String), Step>,
    fills: BTreeMap<String, Fill>,
}

impl Known {
    /// An order of which `event` is the first thing heard.
    pub(super) fn new(event: &OrderEvent) -> Self {
        Self {
            side: event.side,
            state: event.state,
            time_ns: event.time_ns,
            quantity: 0.0,
            price: 0.0,
            reason: None,
            position: None,
            kind: None,
            rule: None,
            steps: BTreeMap::new(),
            fills: BTreeMap::new(),
        }
    }

    /// Keeps what `event` says besides the state. `false` when all of it was known.
    pub(super) fn note(&mut self, event: &OrderEvent) -> bool {
        if let Some(intent) = &event.intent {
            self.quantity = number(intent.quantity);
            self.price = intent.price;
            self.reason = Some(intent.reason);
            self.position = Some(intent.position);
            self.kind = Some(intent.kind);
        }
        self.rule = event.refusal.as_ref().map(|refusal| refusal.rule).or(self.rule);
        let fill_id = event.fill.as_ref().map(|fill| fill.id.clone()).unwrap_or_default();
        if let Some(fill) = &event.fill {
            self.fills.insert(fill.id.clone(), fill.clone());
        }
        let key = (event.time_ns, event.at_ms, event.state, fill_id);
        self.steps.insert(key, step(event)).is_none()
    }

    /// As a page lists it.
    pub(super) fn view(&self, id: &OrderId) -> OrderView {
        let shares: Decimal = self.fills.values().map(|fill| fill.quantity).sum();
        let paid: Decimal = self.fills.values().map(|fill| fill.quantity * fill.price).sum();
        let fee: Decimal = self.fills.values().map(|fill| fill.fee).sum();
        let surplus = self.steps.len().saturating_sub(MAX_STEPS);
        let said = self.steps.values().rev().find_map(|step| step.message.clone());
        OrderView {
            id: id.clone(),
            side: self.side,
            kind: self.kind,
            state: self.state,
            done: self.state.is_final(),
            unresolved: self.state == OrderState::Unknown,
            quantity: self.quantity,
            filled: number(shares),
            average_price: paid.checked_div(shares).map(number),
            fee: number(fee),
            reason: self.reason,
            rule: self.rule,
            message: said,
            time_ms: self.steps.values().next().map_or(0, |step| step.time_ms),
            at_ms: self.steps.keys().map(|(_, at_ms, ..)| *at_ms).max().unwrap_or(0),
            steps: self.steps.values().skip(surplus).cloned().collect(),
        }
    }
}

fn step(event: &OrderEvent) -> Step {
    let refused = event.refusal.as_ref().map(|refusal| refusal.message.clone());
    let fill = event.fill.as_ref();
    Step {
        state: event.state,
        time_ms: event.time_ns.div_euclid(1_000_000),
        quantity: fill.map(|fill| number(fill.quantity)),
        price: fill.map(|fill| number(fill.price)),
        message: refused.or_else(|| event.message.clone()),
    }
}
