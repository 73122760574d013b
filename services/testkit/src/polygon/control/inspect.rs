//! The fake looked at.

use super::Control;
use crate::polygon::{fault::Fault, fault::Page, socket::Received, world::Seen};
use jiff::civil::Date;
use proto::Session;
use std::collections::BTreeSet;

impl Control {
    /// The session by the fake's clock.
    pub fn session(&self) -> Session {
        let now_ns = self.clock.now_ns();
        self.lock().market.cycle.session(now_ns)
    }

    /// The last day before today that the market was open, by the fake's clock.
    pub fn last_open_day(&self) -> Option<Date> {
        let now_ns = self.clock.now_ns();
        let world = self.lock();
        let today = world.market.cycle.date(now_ns);
        world.market.cycle.trading_days_before(today, 1).first().map(|day| day.date)
    }

    /// The fake's time in New York, for people.
    pub fn local_time(&self) -> String {
        let now_ns = self.clock.now_ns();
        self.lock().market.cycle.local(now_ns).strftime("%A %Y-%m-%d %H:%M").to_string()
    }

    /// The clock is not the wall's.
    pub(in crate::polygon) fn can_be_set(&self) -> bool {
        self.lock().config.clock_goes
    }

    /// All requests, refused ones too, the first one first.
    pub fn requests(&self) -> Vec<Seen> {
        self.lock().log.iter().cloned().collect()
    }

    /// Requests for a page.
    pub fn requests_for(&self, page: Page) -> usize {
        self.lock().log.iter().filter(|seen| seen.page == Some(page)).count()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.lock().log.clear();
    }

    /// Connections that are open.
    pub fn open_sockets(&self) -> usize {
        self.lock().hub.connections.len()
    }

    /// Connections that are open and authenticated.
    pub fn authenticated_sockets(&self) -> usize {
        let world = self.lock();
        world.hub.connections.values().filter(|c| c.plan.is_some() && !c.ended).count()
    }

    /// Connections ever.
    pub fn sockets_ever(&self) -> u64 {
        self.lock().hub.ever
    }

    /// What clients said, the first first.
    pub fn frames_from_clients(&self) -> Vec<Received> {
        self.lock().hub.received.iter().cloned().collect()
    }

    /// Pairs that anybody subscribes to: `T.AAPL`.
    pub fn subscriptions(&self) -> BTreeSet<String> {
        let world = self.lock();
        let open = world.hub.connections.values().filter(|connection| !connection.ended);
        open.flat_map(|connection| connection.pairs.iter().cloned()).collect()
    }

    /// Pairs that were confirmed, and taken back.
    pub fn acks(&self) -> u64 {
        self.lock().hub.acks
    }

    /// Events of a topic that were sent, over all connections.
    pub fn sent(&self, topic: &str) -> u64 {
        self.lock().hub.sent.get(topic).copied().unwrap_or_default()
    }

    /// Clients that were cut because they were too slow.
    pub fn slow_consumers(&self) -> u64 {
        self.lock().hub.slow
    }

    /// Faults that did their work, the first first.
    pub fn fired(&self) -> Vec<Fault> {
        self.lock().faults.fired.iter().cloned().collect()
    }

    /// Events that the clock has not come to.
    pub fn waiting(&self) -> usize {
        self.lock().market.waiting()
    }
}
