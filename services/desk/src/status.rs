//! Everything an operator asks about, as it was read at one moment. Pure.

use proto::{
    Account, Control, Decimal, FeedStatus, Lease, OrderEvent, OrderId, Position, Progress, Symbol,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The whole desk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// When it was read, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What could not be read, a sentence each. Everything else holds.
    pub faults: Vec<String>,
    /// The bus.
    pub bus: BusView,
    /// The trading state; `None` when it was never set, and then nothing trades.
    pub control: Option<Control>,
    /// The feed; `None` when ingest has never run.
    pub feed: Option<FeedStatus>,
    /// The account; `None` when the executor has never run.
    pub account: Option<Account>,
    /// Every symbol the executor has spoken of.
    pub positions: Vec<Holding>,
    /// Orders that are open or unresolved.
    pub orders: Vec<OrderView>,
    /// What one process at a time may hold: trading, and each dashboard.
    pub seats: Vec<Seat>,
    /// How far the readers of ticks have come.
    pub readers: BTreeMap<String, Progress>,
    /// The last sequence of stream `TICKS`, where known.
    pub tape_end: Option<u64>,
}

/// The bus, which is up: it has answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BusView {
    /// Version of nats-server.
    pub version: String,
    /// How long it took to answer, milliseconds; `None` when it did not.
    pub answer_ms: Option<f64>,
}

/// One symbol's position at its last price.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Holding {
    /// The position.
    #[serde(flatten)]
    pub position: Position,
    /// The last price, dollars; `None` when there is none or nothing is held.
    pub last: Option<f64>,
    /// Profit and loss of the shares held at the last price.
    pub unrealised: Option<Decimal>,
}

impl Holding {
    /// Puts a position at its last price.
    pub fn new(position: Position, last: Option<f64>) -> Self {
        let unrealised = last
            .and_then(|last| Decimal::try_from(last).ok())
            .and_then(|last| last.checked_sub(position.average_price))
            .and_then(|gain| gain.checked_mul(position.quantity));
        Self { position, last, unrealised }
    }

    /// Nothing is held, open or unresolved, and nothing was earned or lost.
    pub fn is_idle(&self) -> bool {
        let Position { quantity, realised, open_order, unresolved, .. } = &self.position;
        quantity.is_zero() && realised.is_zero() && open_order.is_none() && unresolved.is_none()
    }
}

/// An order that is not over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderView {
    /// The order.
    pub id: OrderId,
    /// The executor does not know its fate; the symbol is frozen.
    pub unresolved: bool,
    /// Its first event, which carries the intent.
    pub first: Option<OrderEvent>,
    /// Its latest event.
    pub latest: Option<OrderEvent>,
}

/// What one process at a time may hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seat {
    /// The lease's key.
    pub key: String,
    /// Its holder; `None` when it is free.
    pub lease: Option<Lease>,
    /// The page's port, for a dashboard of the configuration.
    pub port: Option<u16>,
    /// The page's symbols, for a dashboard of the configuration.
    pub symbols: Vec<Symbol>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(quantity: i64, last: Option<f64>) -> Holding {
        let flat = Position::flat(Symbol::parse("AAPL").unwrap());
        let average_price = Decimal::new(26_101, 2);
        Holding::new(Position { quantity: quantity.into(), average_price, ..flat }, last)
    }

    #[test]
    fn shares_held_are_worth_their_distance_from_the_average_price() {
        assert_eq!(holding(10, Some(262.01)).unrealised, Some(Decimal::new(1_000, 2)));
        assert_eq!(holding(10, Some(260.01)).unrealised, Some(Decimal::new(-1_000, 2)));
    }

    #[test]
    fn without_a_price_there_is_no_profit_rather_than_none_of_it() {
        assert_eq!(holding(10, None).unrealised, None);
        assert_eq!(holding(10, Some(f64::NAN)).unrealised, None);
    }

    #[test]
    fn only_a_symbol_with_nothing_to_tell_is_idle() {
        assert!(holding(0, None).is_idle());
        assert!(!holding(1, None).is_idle());
        let mut frozen = holding(0, None);
        frozen.position.unresolved = Some(OrderId::parse("AAPL-1-B").unwrap());
        assert!(!frozen.is_idle());
    }
}
