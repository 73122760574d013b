//! Reads the whole desk off the bus. What cannot be read is noted, and everything else is shown: a
//! status is wanted most when something is broken.

use crate::{
    config::Config,
    status::{BusView, Holding, OrderView, Seat, Status},
};
use proto::{
    Account, Control, FeedStatus, Lease, Message, OrderEvent, OrderId, Position, Progress, Symbol,
    Tick, decode, stream,
    stream::BucketSpec,
    subject::{self, key},
};
use runtime::{bus::Bus, clock, config::Faults, wall::Slot};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Reads everything.
pub(crate) async fn status(bus: &Bus, config: &Config) -> Status {
    let faults = Faults::default();
    let reader = Reading { bus, faults: &faults };
    for fault in &config.wall_faults {
        faults.add("configuration", fault);
    }
    let (view, control, feed, account, leases, readers, tape_end, positions) = tokio::join!(
        reader.bus_view(),
        reader.one::<Control>(&stream::CONTROL, key::CONTROL_TRADING),
        reader.one::<FeedStatus>(&stream::FEED, key::FEED_STATUS),
        reader.one::<Account>(&stream::ACCOUNT, key::ACCOUNT_SUMMARY),
        reader.all::<Lease>(&stream::LEASES),
        reader.all::<Progress>(&stream::PROGRESS),
        reader.tape_end(),
        reader.holdings(),
    );
    let orders = reader.orders(&positions, account.as_ref()).await;
    Status {
        at_ms: clock::now_ms(),
        bus: view,
        control,
        feed,
        account,
        positions,
        orders,
        seats: seats(leases, &config.wall.slots),
        readers,
        tape_end,
        faults: faults.into_result(()).err().map_or_else(Vec::new, |all| all.faults().to_vec()),
    }
}

/// The bus, and what could not be read from it.
struct Reading<'r> {
    bus: &'r Bus,
    faults: &'r Faults,
}

impl Reading<'_> {
    async fn bus_view(&self) -> BusView {
        let begun = Instant::now();
        let echo = self.note("bus", self.bus.barrier().await);
        let answer_ms = echo.map(|()| begun.elapsed().as_secs_f64() * 1_000.0);
        BusView { version: self.bus.client().server_info().version, answer_ms }
    }

    /// The value, or a note that there is none to be had.
    fn note<T, E: Into<anyhow::Error>>(&self, place: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.faults.add(place, format!("{:#}", error.into()))).ok()
    }

    async fn one<M: Message>(&self, bucket: &BucketSpec, key: &str) -> Option<M> {
        let value = self.bus.kv::<M>(bucket).get(key).await;
        self.note(&format!("{} {key}", bucket.name), value).flatten()
    }

    async fn all<M: Message>(&self, bucket: &BucketSpec) -> BTreeMap<String, M> {
        let keys = self.bus.kv::<M>(bucket).keys().await;
        let mut values = BTreeMap::new();
        for key in self.note(bucket.name, keys).unwrap_or_default() {
            if let Some(value) = self.one(bucket, &key).await {
                values.insert(key, value);
            }
        }
        values
    }

    async fn tape_end(&self) -> Option<u64> {
        let stream = self.bus.jetstream().get_stream(stream::TICKS.name).await;
        let stream = self.note(stream::TICKS.name, stream)?;
        Some(stream.cached_info().state.last_sequence)
    }

    async fn holdings(&self) -> Vec<Holding> {
        let mut holdings = Vec::new();
        for position in self.all::<Position>(&stream::POSITIONS).await.into_values() {
            let last = if position.quantity.is_zero() {
                None
            } else {
                self.last_price(&position.symbol).await
            };
            holdings.push(Holding::new(position, last));
        }
        holdings
    }

    async fn last_price(&self, symbol: &Symbol) -> Option<f64> {
        let subject = subject::tick(symbol);
        let stored = self.note(&subject, self.bus.last(stream::LAST.name, &subject).await)??;
        self.note(&subject, decode::<Tick>(&stored.payload)).map(|tick| tick.price)
    }

    /// The orders that positions call open or unresolved, and those the account calls unresolved.
    async fn orders(&self, positions: &[Holding], account: Option<&Account>) -> Vec<OrderView> {
        let unresolved: BTreeSet<&OrderId> = positions
            .iter()
            .filter_map(|holding| holding.position.unresolved.as_ref())
            .chain(account.into_iter().flat_map(|account| &account.unresolved))
            .collect();
        let open = positions.iter().filter_map(|holding| holding.position.open_order.as_ref());
        let ids: BTreeSet<&OrderId> = open.chain(unresolved.iter().copied()).collect();
        let mut orders = Vec::new();
        for id in ids {
            let unresolved = unresolved.contains(id);
            orders.push(self.order(id, unresolved).await);
        }
        orders
    }

    async fn order(&self, id: &OrderId, unresolved: bool) -> OrderView {
        let mut order = OrderView { id: id.clone(), unresolved, first: None, latest: None };
        let Some(symbol) = symbol_of(id) else {
            self.faults.add(format!("order {id}"), "names no symbol, so its events are not found");
            return order;
        };
        let subject = subject::order(&symbol, id);
        let (first, latest) = tokio::join!(
            self.bus.next_from(stream::ORDERS.name, &subject, 1),
            self.bus.last(stream::ORDERS.name, &subject),
        );
        let event = |stored| {
            let stored: runtime::bus::Stored = self.note(&subject, stored).flatten()?;
            self.note(&subject, decode::<OrderEvent>(&stored.payload))
        };
        (order.first, order.latest) = (event(first), event(latest));
        order
    }
}

/// The symbol of an order: its id is `<SYMBOL>-<SEQ>-<B|S>`.
fn symbol_of(id: &OrderId) -> Option<Symbol> {
    Symbol::parse(id.as_str().rsplitn(3, '-').nth(2)?).ok()
}

/// The executor's seat, the configured dashboards' in the file's order, then whatever else is held.
fn seats(mut leases: BTreeMap<String, Lease>, slots: &[Slot]) -> Vec<Seat> {
    let mut seat = |key: String, port, symbols| {
        let lease = leases.remove(&key);
        Seat { key, lease, port, symbols }
    };
    let mut seats = vec![seat(key::LEASE_EXECUTOR.to_owned(), None, Vec::new())];
    for slot in slots {
        seats.push(seat(key::lease_dashboard(slot.id), Some(slot.port), slot.symbols.clone()));
    }
    seats.extend(leases.into_iter().map(|(key, lease)| Seat {
        key,
        lease: Some(lease),
        port: None,
        symbols: Vec::new(),
    }));
    seats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_found_by_its_id_alone_even_for_a_class_share() {
        let symbol = Symbol::parse("BRK.B").unwrap();
        let id = OrderId::derive(&symbol, 7, proto::Side::Sell);
        assert_eq!(symbol_of(&id), Some(symbol));
        assert_eq!(symbol_of(&OrderId::parse("7").unwrap()), None);
    }

    #[test]
    fn every_seat_is_shown_held_or_free_and_a_lease_without_a_slot_too() {
        let lease = |holder: &str| Lease { v: 1, holder: holder.to_owned(), since_ms: 1 };
        let leases = BTreeMap::from([
            ("dashboard.9".to_owned(), lease("stray")),
            ("executor".to_owned(), lease("trader")),
        ]);
        let slot = Slot {
            id: 1,
            port: 8_000,
            symbols: vec![Symbol::parse("AAPL").unwrap()],
            title: None,
            theme: None,
            update_interval: std::time::Duration::ZERO,
            chart_height: None,
            colors: Vec::new(),
        };
        let seats = seats(leases, &[slot]);
        let shown: Vec<_> = seats
            .iter()
            .map(|seat| (seat.key.as_str(), seat.lease.as_ref().map(|held| held.holder.as_str())))
            .collect();
        let expected =
            [("executor", Some("trader")), ("dashboard.1", None), ("dashboard.9", Some("stray"))];
        assert_eq!(shown, expected);
    }
}
