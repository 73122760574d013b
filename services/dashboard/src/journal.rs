//! The order journal of one symbol as a page shows it: its orders, and markers on the chart. Pure.
//!
//! Events may come twice and, while history is joined to live, in the wrong order: a marker is keyed
//! by what happened, and a state only follows where the wire's table says it can.

mod order;

pub use order::{OrderView, Step};

use crate::stamp::Stamped;
use order::Known;
use proto::{OrderEvent, OrderId, OrderState, Reason, Rule, Side, check_transition};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most markers kept of a symbol; the oldest go first.
pub const MAX_MARKERS: usize = 500;
/// The most orders remembered of a symbol; finished ones go first, the oldest of them.
pub const MAX_ORDERS: usize = 200;

/// What a marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkerKind {
    /// Shares traded.
    Fill,
    /// One of our rules refused it.
    Refused,
    /// The broker refused it.
    Rejected,
    /// It ran out of time, or was proven never to have been there.
    Lapsed,
}

/// Something that happened to an order, at its place on the chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Marker {
    /// Its identity: the order, and the fill if it is one.
    pub id: String,
    /// What it says.
    pub kind: MarkerKind,
    /// Buy or sell.
    pub side: Side,
    /// Start of the minute it belongs to, seconds since 1970 UTC.
    pub time_s: i64,
    /// Price, dollars.
    pub price: f64,
    /// Shares.
    pub quantity: f64,
    /// Why the strategy wanted it, once known.
    pub reason: Option<Reason>,
    /// The rule that refused it.
    pub rule: Option<Rule>,
    /// A sentence for people.
    pub message: Option<String>,
    /// Place of the decision in stream `TICKS`; tells the runs of a tape apart.
    #[serde(skip)]
    position: Option<u64>,
}

/// Orders and markers of one symbol.
#[derive(Debug, Default)]
pub struct Journal {
    orders: BTreeMap<OrderId, Stamped<Known>>,
    markers: BTreeMap<String, Stamped<Marker>>,
    orders_at: u64,
    markers_at: u64,
    /// When markers that pages may have were last dropped.
    reset_at: u64,
    /// Markers of decisions up to here belong to an earlier run of a tape.
    run_start: u64,
}

impl Journal {
    /// Counts one event in.
    pub fn event(&mut self, event: &OrderEvent, stamp: u64) {
        self.follow(event, stamp);
        let known = self.orders.get(&event.order_id).map(|known| &known.value);
        if let Some(marker) = known.and_then(|known| marker(event, known)) {
            self.put(marker, stamp);
        }
        let known = self.orders.get(&event.order_id).map(|known| &known.value);
        if let (Some(intent), Some(known)) = (&event.intent, known) {
            let (reason, position) = (known.reason, known.position);
            let prefix = format!("{}/", intent.id);
            self.complete(&prefix, reason, position, stamp);
        }
        self.prune();
    }

    /// A tape has started again: what earlier runs did is not shown.
    pub fn begin_run(&mut self, run_start: u64, stamp: u64) {
        self.run_start = run_start;
        let before = self.markers.len();
        self.markers.retain(|_, marker| marker.value.position.is_none_or(|at| at > run_start));
        if self.markers.len() < before {
            // Refusals are counted by markers, and told along with orders.
            (self.markers_at, self.orders_at, self.reset_at) = (stamp, stamp, stamp);
        }
    }

    /// Markers that changed after `from`, in the order of their ids.
    pub fn markers_since(&self, from: u64) -> Vec<&Marker> {
        if self.markers_at <= from {
            return Vec::new();
        }
        self.markers.values().filter_map(|marker| marker.since(from)).collect()
    }

    /// Orders that changed after `from`, in the order of their ids.
    pub fn orders_since(&self, from: u64) -> Vec<OrderView> {
        if self.orders_at <= from {
            return Vec::new();
        }
        let changed = self.orders.iter().filter_map(|(id, known)| Some((id, known.since(from)?)));
        changed.map(|(id, known)| known.view(id)).collect()
    }

    /// Refusals and rejections on the chart.
    pub fn refusals(&self) -> usize {
        let refused = |kind: MarkerKind| matches!(kind, MarkerKind::Refused | MarkerKind::Rejected);
        self.markers.values().filter(|marker| refused(marker.value.kind)).count()
    }

    /// When markers sent before last became void.
    pub fn reset_at(&self) -> u64 {
        self.reset_at
    }

    /// When any order last changed, or how many were refused.
    pub fn orders_at(&self) -> u64 {
        self.orders_at
    }

    /// Takes the event's state where it follows from the present one, and its intent in any case.
    fn follow(&mut self, event: &OrderEvent, stamp: u64) {
        let known = self.orders.entry(event.order_id.clone());
        let known = known.or_insert_with(|| Stamped { value: Known::new(event), at: stamp });
        let mut changed = known.value.note(event);
        if check_transition(Some(known.value.state), event.state).is_ok() {
            known.value.state = event.state;
            known.value.time_ns = event.time_ns;
            changed = true;
        }
        if changed {
            known.at = stamp;
            self.orders_at = stamp;
        }
    }

    fn put(&mut self, marker: Marker, stamp: u64) {
        let earlier = marker.position.is_some_and(|position| position <= self.run_start);
        let present = self.markers.get(&marker.id).map(|present| &present.value);
        if earlier || present == Some(&marker) {
            return;
        }
        self.markers.insert(marker.id.clone(), Stamped { value: marker, at: stamp });
        self.markers_at = stamp;
    }

    /// Tells markers that were there before their intent what it was.
    fn complete(
        &mut self,
        prefix: &str,
        reason: Option<Reason>,
        position: Option<u64>,
        stamp: u64,
    ) {
        let of_order = self.markers.range_mut(prefix.to_owned()..);
        for (_, marker) in of_order.take_while(|(id, _)| id.starts_with(prefix)) {
            if marker.value.reason != reason {
                (marker.value.reason, marker.value.position) = (reason, position);
                marker.at = stamp;
                self.markers_at = stamp;
            }
        }
    }

    fn prune(&mut self) {
        while self.markers.len() > MAX_MARKERS {
            let oldest = self.markers.values().min_by_key(|marker| marker.value.time_s);
            let Some(id) = oldest.map(|marker| marker.value.id.clone()) else { return };
            self.markers.remove(&id);
        }
        while self.orders.len() > MAX_ORDERS {
            let finished = self.orders.iter().filter(|(_, known)| known.value.state.is_final());
            let oldest =
                finished.min_by_key(|(_, known)| known.value.time_ns).map(|(id, _)| id.clone());
            let Some(id) = oldest else { return };
            self.orders.remove(&id);
        }
    }
}

/// The marker of an event, if it is one to show.
fn marker(event: &OrderEvent, known: &Known) -> Option<Marker> {
    let (kind, price, quantity, part) = if let Some(fill) = &event.fill {
        (MarkerKind::Fill, number(fill.price), number(fill.quantity), fill.id.as_str())
    } else {
        let kind = kind_without_fill(event.state)?;
        (kind, known.price, known.quantity, "")
    };
    let refusal = event.refusal.as_ref();
    Some(Marker {
        id: format!("{}/{part}", event.order_id),
        kind,
        side: event.side,
        time_s: market::minute_start(event.time_ns.div_euclid(1_000_000)).div_euclid(1_000),
        price,
        quantity,
        reason: known.reason,
        rule: refusal.map(|refusal| refusal.rule),
        message: refusal.map(|refusal| refusal.message.clone()).or_else(|| event.message.clone()),
        position: known.position,
    })
}

fn kind_without_fill(state: OrderState) -> Option<MarkerKind> {
    match state {
        OrderState::Refused => Some(MarkerKind::Refused),
        OrderState::Rejected => Some(MarkerKind::Rejected),
        OrderState::Expired | OrderState::Absent => Some(MarkerKind::Lapsed),
        OrderState::Submitting
        | OrderState::Unknown
        | OrderState::Accepted
        | OrderState::PartiallyFilled
        | OrderState::Filled
        | OrderState::Canceling
        | OrderState::Canceled => None,
    }
}

/// A decimal for the screen.
pub(crate) fn number(value: Decimal) -> f64 {
    value.to_f64().unwrap_or(0.0)
}

#[cfg(test)]
mod tests;
