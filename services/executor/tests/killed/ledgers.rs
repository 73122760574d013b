//! The three ledgers held against each other: the orders at the fake, the journal, the intents; and
//! the three holdings: at the fake, by the journal, published.

use proto::{
    Decimal, Intent, OrderEvent, OrderId, OrderState, Position, Side, Symbol, check_transition,
    decode, stream, subject,
};
use runtime::bus::{Bus, Start};
use std::collections::{BTreeMap, BTreeSet};
use testkit::trading212::{Fake, Order, Origin, Status};

/// Everything that the bus keeps of a desk's trading.
pub(crate) struct Ledgers {
    intents: Vec<Intent>,
    orders: BTreeMap<OrderId, Vec<OrderEvent>>,
}

impl Ledgers {
    /// Reads intents and journal.
    pub(crate) async fn read(bus: &Bus) -> Self {
        let all = async |stream, subject: &str| {
            bus.history(stream, subject.to_owned(), Start::Beginning).await.unwrap()
        };
        let intents = all(stream::INTENTS.name, subject::INTENTS).await;
        let intents = intents.iter().map(|stored| decode(&stored.payload).unwrap()).collect();
        let mut orders: BTreeMap<_, Vec<OrderEvent>> = BTreeMap::new();
        for stored in all(stream::ORDERS.name, subject::ORDERS).await {
            let event: OrderEvent = decode(&stored.payload).unwrap();
            orders.entry(event.order_id.clone()).or_default().push(event);
        }
        Self { intents, orders }
    }

    /// The events of an order.
    pub(crate) fn order(&self, id: &OrderId) -> &[OrderEvent] {
        self.orders.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Processes that wrote to the journal.
    pub(crate) fn writers(&self) -> BTreeSet<&str> {
        self.orders.values().flatten().map(|event| event.writer.as_str()).collect()
    }

    /// Every intent has one order that came to its end; every order at the fake is one of the
    /// journal's, to the share; and so are the holdings.
    pub(crate) async fn check(&self, fake: &Fake, bus: &Bus) {
        let asked: BTreeSet<&OrderId> = self.intents.iter().map(|intent| &intent.id).collect();
        let journaled: BTreeSet<&OrderId> = self.orders.keys().collect();
        assert_eq!(asked, journaled, "intents and orders in the journal");
        let mut placed: BTreeMap<String, Order> =
            orders_of(fake, true).map(|order| (order.id.to_string(), order)).collect();
        let mut held: BTreeMap<Symbol, Decimal> = BTreeMap::new();
        for (id, events) in &self.orders {
            let traded = life(id, events);
            let last = &events[events.len() - 1];
            let name = events.iter().rev().find_map(|event| event.broker_order_id.clone());
            if let Some(name) = name {
                let order = placed.remove(&name);
                let order = order.unwrap_or_else(|| panic!("{id} is {name}, which is not there"));
                assert_eq!(order.filled, traded, "shares of {id} at the fake and in the journal");
                let filled = |is| (is, order.status);
                assert_eq!(
                    filled(last.state == OrderState::Filled),
                    filled(order.status == Status::Filled),
                    "{id} is {:?}",
                    last.state
                );
            } else {
                assert_eq!(traded, Decimal::ZERO, "{id} traded and has no name at the fake");
            }
            *held.entry(last.symbol.clone()).or_default() += traded;
        }
        assert!(
            placed.is_empty(),
            "orders at the fake that the journal does not know: {placed:#?}"
        );
        self.check_holdings(&held, fake, bus).await;
    }

    async fn check_holdings(&self, held: &BTreeMap<Symbol, Decimal>, fake: &Fake, bus: &Bus) {
        let positions = bus.kv::<Position>(&stream::POSITIONS);
        for (symbol, shares) in held {
            let ticker = fake.us_ticker(symbol.as_str()).unwrap();
            assert_eq!(
                fake.held(&ticker) - strangers(fake, &ticker),
                *shares,
                "{symbol} at the fake"
            );
            let published = positions.get(&subject::key::position(symbol)).await.unwrap().unwrap();
            assert_eq!(published.quantity, *shares, "{symbol} as published");
            assert_eq!((&published.open_order, &published.unresolved), (&None, &None), "{symbol}");
        }
    }
}

/// Checks that an order's events are a life that came to its end; the shares it moved.
fn life(id: &OrderId, events: &[OrderEvent]) -> Decimal {
    let mut state = None;
    let mut fills = BTreeSet::new();
    let mut shares = Decimal::ZERO;
    for event in events {
        check_transition(state, event.state).unwrap_or_else(|error| panic!("{id}: {error}"));
        state = Some(event.state);
        if let Some(fill) = &event.fill {
            assert!(fills.insert(&fill.id), "fill {} of {id} came twice", fill.id);
            shares += fill.quantity;
        }
    }
    assert!(state.is_some_and(OrderState::is_final), "{id} has not ended: {events:#?}");
    if events[0].side == Side::Buy { shares } else { -shares }
}

fn orders_of(fake: &Fake, api: bool) -> impl Iterator<Item = Order> {
    fake.orders().into_iter().filter(move |order| (order.origin == Origin::Api) == api)
}

/// Shares of a ticker that others have traded.
pub(crate) fn strangers(fake: &Fake, ticker: &str) -> Decimal {
    orders_of(fake, false).filter(|order| order.ticker == ticker).map(|order| order.filled).sum()
}

/// The name of the one order at the fake that the journal does not know.
pub(crate) fn unknown_at_fake(fake: &Fake, ledgers: &Ledgers) -> Option<String> {
    let events = ledgers.orders.values().flatten();
    let known: BTreeSet<&String> =
        events.filter_map(|event| event.broker_order_id.as_ref()).collect();
    orders_of(fake, true).map(|order| order.id.to_string()).find(|id| !known.contains(id))
}
