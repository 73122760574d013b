//! The fake steered: what happens on the market, who may see it, what goes wrong.

mod inspect;
mod sockets;

use super::{
    config::Listing,
    event::{Bar, Event, Quote, Span, Trade},
    fault::{Armed, Fault, Page},
    generate::Generators,
    numbers::Numbers,
    plan::Plan,
    socket::{Item, Printed},
    world::World,
};
use jiff::civil::Date;
use runtime::clock::Clock;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A handle on a fake. Clones are the same fake.
#[derive(Debug, Clone)]
pub struct Control {
    world: Arc<Mutex<World>>,
    clock: Clock,
    pub(super) generators: Generators,
}

impl Control {
    pub(super) fn new(world: World) -> Self {
        let clock = world.config.clock.clone();
        let generators = Generators::default();
        Self { world: Arc::new(Mutex::new(world)), clock, generators }
    }

    /// The fake's time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Puts a standing clock to a time, nanoseconds since 1970 UTC, and lets happen what fell due.
    pub fn set_time(&self, now_ns: i64) {
        self.put_clock(|_| now_ns);
    }

    /// Moves a standing clock on, and lets happen what fell due.
    pub fn advance(&self, by: Duration) {
        let by_ns = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX / 4);
        self.put_clock(|now_ns| now_ns.saturating_add(by_ns));
    }

    /// Several may move the clock: nothing comes between looking at it and putting it.
    fn put_clock(&self, to_ns: impl FnOnce(i64) -> i64) {
        let mut world = self.lock();
        self.clock.set(to_ns(self.clock.now_ns()));
        world.pump(self.clock.now_ns());
    }

    /// A key has a plan from here on.
    pub fn set_key(&self, key: &str, plan: Plan) {
        self.lock().keys.insert(key.to_owned(), plan);
    }

    /// A key is unknown from here on.
    pub fn remove_key(&self, key: &str) {
        self.lock().keys.remove(key);
    }

    /// How numbers of shares are written from here on.
    pub fn set_numbers(&self, numbers: Numbers) {
        self.lock().numbers = numbers;
    }

    /// A plain trade.
    pub fn trade(&self, symbol: &str, price: f64, size: f64, time_ns: i64) {
        self.push_trade(Trade::new(symbol, price, size, time_ns));
    }

    /// A trade.
    pub fn push_trade(&self, trade: Trade) {
        self.push(Event::Trade(trade));
    }

    /// A quote with two and three round lots.
    pub fn quote(&self, symbol: &str, bid: f64, ask: f64, time_ns: i64) {
        let (bid, ask) = (Some(bid), Some(ask));
        let symbol = symbol.to_owned();
        self.push_quote(Quote { symbol, bid, bid_size: 2.0, ask, ask_size: 3.0, time_ns });
    }

    /// A quote.
    pub fn push_quote(&self, quote: Quote) {
        self.push(Event::Quote(quote));
    }

    /// The bar of a second, told at once or when the clock has come to its end; with the start of
    /// one that was told before, it replaces it.
    pub fn second_bar(&self, symbol: &str, bar: Bar) {
        self.push(Event::Bar(symbol.to_owned(), Span::Second, bar));
    }

    /// The bar of a minute, as with seconds. It is in snapshots and custom bars too.
    pub fn minute_bar(&self, symbol: &str, bar: Bar) {
        self.push(Event::Bar(symbol.to_owned(), Span::Minute, bar));
    }

    /// The past: minutes that nobody is told of, for custom bars.
    pub fn minutes(&self, symbol: &str, bars: impl IntoIterator<Item = Bar>) {
        let bars: Vec<Bar> = bars.into_iter().collect();
        self.lock().market.remember(symbol, |book| {
            for bar in &bars {
                book.put_minute(*bar);
            }
        });
    }

    /// The past: the bar of a day.
    pub fn day_bar(&self, symbol: &str, date: Date, bar: Bar) {
        self.lock().market.remember_day(symbol, date, bar);
    }

    /// A ticker exists from here on; without a past, whatever the listing says of its close.
    pub fn list(&self, listing: &Listing) {
        self.lock().market.listed.insert(listing.ticker.clone());
    }

    /// A ticker exists no more.
    pub fn delist(&self, symbol: &str) {
        self.lock().market.listed.remove(symbol);
    }

    /// Any event as it is, at once, to the subscribers of a topic at both clusters: `LULD`, `FMV`,
    /// or something wrong.
    pub fn raw(&self, symbol: &str, topic: &'static str, json: &str) {
        let event = Printed { topic, symbol: symbol.to_owned(), text: json.into() };
        let mut world = self.lock();
        for cluster in [super::Cluster::RealTime, super::Cluster::Delayed] {
            world.hub.publish(cluster, &event);
        }
    }

    /// What is pushed within goes in one frame to each client.
    pub fn together(&self, pushes: impl FnOnce(&Self)) {
        self.lock().hub.holding = true;
        pushes(self);
        self.lock().hub.release();
    }

    /// Begins to set a fault: `polygon.fault(Fault::bad_gateway()).on(Page::Snapshots).once()`.
    pub fn fault(&self, fault: Fault) -> FaultBuilder<'_> {
        FaultBuilder { control: self, fault, pages: BTreeSet::new(), skip: 0 }
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Lets happen what fell due by the clock. It is done by itself every few milliseconds.
    pub(super) fn pump(&self) {
        let now_ns = self.clock.now_ns();
        self.lock().pump(now_ns);
    }

    fn push(&self, event: Event) {
        let now_ns = self.clock.now_ns();
        let mut world = self.lock();
        world.market.push(event);
        world.pump(now_ns);
    }

    fn everybody(&self, item: &Item) {
        self.lock().hub.push_all(item);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        // What a panicking test left behind is still worth looking at.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fault on its way to being set. It is set by [`once`](Self::once), [`times`](Self::times) or
/// [`always`](Self::always).
#[must_use = "a fault is set by once, times or always"]
#[derive(Debug)]
pub struct FaultBuilder<'c> {
    control: &'c Control,
    fault: Fault,
    pages: BTreeSet<Page>,
    skip: u32,
}

impl FaultBuilder<'_> {
    /// Only at this page; again for more.
    pub fn on(mut self, page: Page) -> Self {
        self.pages.insert(page);
        self
    }

    /// Lets so many requests, frames or events pass first.
    pub fn after(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// For the next request, frame or event.
    pub fn once(self) {
        self.times(1);
    }

    /// For so many requests, frames or events.
    pub fn times(self, count: u32) {
        self.arm(Some(count));
    }

    /// Until faults are cleared.
    pub fn always(self) {
        self.arm(None);
    }

    fn arm(self, left: Option<u32>) {
        let armed = Armed { fault: self.fault, pages: self.pages, skip: self.skip, left };
        self.control.lock().faults.arm(armed);
    }
}
