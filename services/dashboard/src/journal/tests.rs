//! Orders as a page shows them.

use super::*;
use crate::fake::{order, symbol};
use OrderState::{Accepted, Filled, Refused, Submitting, Unknown};

fn event(seq: u64, state: OrderState) -> OrderEvent {
    order(&symbol("AAPL"), seq, Side::Buy, state, 101.0)
}

fn journal(events: &[OrderEvent]) -> Journal {
    let mut journal = Journal::default();
    for (stamp, event) in events.iter().enumerate() {
        journal.event(event, stamp as u64 + 1);
    }
    journal
}

#[test]
fn a_fill_becomes_a_marker_with_its_reason() {
    let journal = journal(&[event(7, Submitting), event(7, Accepted), event(7, Filled)]);
    let markers = journal.markers_since(0);
    let [marker] = markers.as_slice() else { panic!("{markers:?}") };
    assert_eq!((marker.kind, marker.side), (MarkerKind::Fill, Side::Buy));
    assert_eq!((marker.price, marker.quantity), (101.0, 12.0));
    assert_eq!(marker.reason, Some(Reason::CrossUp));
    let orders = journal.orders_since(0);
    let [order] = orders.as_slice() else { panic!("{orders:?}") };
    assert!(order.done && (order.filled, order.average_price) == (12.0, Some(101.0)));
}

#[test]
fn events_that_come_again_or_late_change_nothing() {
    let events = [event(7, Submitting), event(7, Accepted), event(7, Filled)];
    let mut journal = journal(&events);
    for event in &events {
        journal.event(event, 9);
    }
    assert!(journal.markers_since(8).is_empty());
    assert_eq!(journal.orders_since(8), [], "a finished order does not open again");
}

#[test]
fn a_fill_heard_before_its_intent_gets_its_reason_later() {
    let mut journal = journal(&[event(7, Filled)]);
    assert_eq!(journal.markers_since(0).first().unwrap().reason, None);
    journal.event(&event(7, Submitting), 5);
    let told = journal.markers_since(4);
    assert_eq!(told.first().unwrap().reason, Some(Reason::CrossUp));
    assert_eq!(told.len(), 1);
}

#[test]
fn an_order_whose_fate_is_not_known_is_shown_as_unresolved() {
    let journal = journal(&[event(7, Submitting), event(7, Unknown)]);
    let open = journal.orders_since(0);
    let [order] = open.as_slice() else { panic!("{open:?}") };
    assert!(order.unresolved && !order.done);
    assert_eq!((order.state, order.quantity), (Unknown, 12.0));
}

#[test]
fn a_refusal_is_a_marker_with_its_rule() {
    let journal = journal(&[event(7, Refused)]);
    let markers = journal.markers_since(0);
    assert_eq!(markers.first().unwrap().rule, Some(Rule::TotalExposure));
    assert_eq!(journal.refusals(), 1);
}

#[test]
fn another_run_of_a_tape_hides_the_markers_of_the_one_before() {
    let mut journal = journal(&[event(7, Submitting), event(7, Filled), event(90, Refused)]);
    journal.begin_run(50, 9);
    assert_eq!(journal.markers_since(0).len(), 1);
    journal.event(&event(8, Refused), 10);
    assert_eq!(journal.markers_since(0).len(), 1, "nor do they come back with history");
}

#[test]
fn markers_are_bounded() {
    let events: Vec<_> = (0..MAX_MARKERS as u64 + 20).map(|seq| event(seq, Refused)).collect();
    assert_eq!(journal(&events).markers_since(0).len(), MAX_MARKERS);
}

#[test]
fn an_order_tells_how_it_got_where_it_stands_in_whatever_order_it_was_heard() {
    let steps = [event(7, Submitting), event(7, Accepted), event(7, Filled)];
    let told = |journal: &Journal| journal.orders_since(0).first().cloned().unwrap();
    let order = told(&journal(&steps));
    let states: Vec<_> = order.steps.iter().map(|step| step.state).collect();
    assert_eq!(states, [Submitting, Accepted, Filled]);
    let [submitting, accepted, filled] = steps;
    let turned = told(&journal(&[filled, submitting, accepted]));
    assert_eq!((turned.steps, turned.state), (order.steps.clone(), Filled));
    assert_eq!(order.steps.last().unwrap().quantity, Some(12.0));
    assert_eq!((order.kind, order.fee), (Some(proto::IntentKind::Entry), 0.25));
}

#[test]
fn parts_that_came_twice_are_counted_once() {
    let part = |id: &str, quantity: i64, price: f64| {
        let mut part = event(7, Filled);
        part.state = OrderState::PartiallyFilled;
        let fill = part.fill.as_mut().unwrap();
        (fill.id, fill.quantity) = (id.to_owned(), Decimal::from(quantity));
        fill.price = crate::fake::cents(price);
        part
    };
    let parts = [part("a", 4, 100.0), part("a", 4, 100.0), part("b", 8, 103.0)];
    let all: Vec<_> = [vec![event(7, Submitting), event(7, Accepted)], parts.to_vec()].concat();
    let orders = journal(&all).orders_since(0);
    let order = orders.first().unwrap();
    assert_eq!((order.filled, order.average_price, order.fee), (12.0, Some(102.0), 0.5));
}

#[test]
fn a_refused_order_is_listed_with_its_rule_and_sentence() {
    let orders = journal(&[event(7, Refused)]).orders_since(0);
    let order = orders.first().unwrap();
    assert_eq!(order.rule, Some(Rule::TotalExposure));
    assert!(order.message.as_ref().unwrap().contains("the limit is 50,000"));
}

#[test]
fn orders_are_bounded_and_open_ones_stay() {
    let mut journal = journal(&[event(0, Submitting)]);
    for seq in 1..=MAX_ORDERS as u64 + 20 {
        journal.event(&event(seq, Refused), 9);
    }
    let orders = journal.orders_since(0);
    assert_eq!(orders.len(), MAX_ORDERS);
    assert_eq!(orders.iter().filter(|order| !order.done).count(), 1);
}
