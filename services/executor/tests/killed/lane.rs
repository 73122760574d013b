//! A desk that executors are killed on: a bus, an account, and what to wait for on both.

use super::{
    ledgers::{Ledgers, strangers, unknown_at_fake},
    plan::{Draw, Plan, Point},
    process::{Executor, Home},
};
use futures_util::StreamExt as _;
use proto::{
    Decimal, Intent, Lease, OrderEvent, OrderState, Position, Side, Symbol, TradingState, Verdict,
    decode, stream,
    subject::{self, key},
};
use runtime::{
    bus::Bus,
    testing::{SOON, eventually},
};
use std::time::Duration;
use testkit::{
    desk::{Bench, intent},
    trading212::{AppOrder, Endpoint, Fake, FakeConfig, Hours, Limits, PriceSource, Timing},
};
use tokio::time::{Instant, timeout};

const PRICE: f64 = 100.0;
const SYMBOLS: [&str; 6] = ["AAPL", "MSFT", "NVDA", "TSLA", "GOOGL", "AMZN"];
/// An intent of a killed executor comes again after this.
const ACK_WAIT: Duration = Duration::from_secs(1);
/// What a killing waits for may never happen: a fault came before it.
const MOMENT: Duration = Duration::from_secs(3);
/// Only after this does a person say what became of an order, where only a person can.
const PATIENCE: Duration = Duration::from_secs(25);

/// A desk of its own.
pub(crate) struct Lane {
    pub(crate) bench: Bench,
    pub(crate) fake: Fake,
    pub(crate) home: Home,
    /// Sees everything, as the operator.
    pub(crate) bus: Bus,
}

/// What happens to one order from here on.
pub(crate) struct Watch {
    events: async_nats::Subscriber,
    posts: usize,
    holder: Option<String>,
}

impl Lane {
    /// A desk on which everything is at rest.
    pub(crate) async fn open() -> Self {
        let config = FakeConfig {
            timing: Timing::immediate(),
            limits: Limits::Off,
            hours: Hours::AlwaysOpen,
            prices: PriceSource::Unset,
            ..FakeConfig::default()
        };
        let bench = Bench::live().await;
        let fake = Fake::start(config).await.unwrap();
        for symbol in SYMBOLS {
            fake.set_price(&fake.us_ticker(symbol).unwrap(), Decimal::from(100));
        }
        hasten(&bench).await;
        let home = Home::new(bench.server.url(), fake.url());
        let bus = bench.server.bus("operator").await.unwrap();
        let lane = Self { bench, fake, home, bus };
        // The first one fetches the list of instruments, before any fault is set.
        let mut first = lane.home.start();
        let mut watch = lane.watch("AAPL").await;
        lane.reach(Point::Lease, &mut watch).await;
        first.kill();
        lane
    }

    /// An intent on a tick of now.
    pub(crate) async fn wish(&self, symbol: &str, side: Side, shares: i64) -> Intent {
        intent(&self.bench.tick(symbol, PRICE).await, side, shares)
    }

    /// Watches what happens to a symbol's orders.
    pub(crate) async fn watch(&self, symbol: &str) -> Watch {
        let symbol = Symbol::parse(symbol).unwrap();
        let events = self.bus.subscribe(subject::orders_of(&symbol)).await.unwrap();
        self.bus.barrier().await.unwrap();
        Watch { events, posts: self.fake.calls(Endpoint::PostMarket), holder: self.holder().await }
    }

    /// Who holds the executors' lease.
    pub(crate) async fn holder(&self) -> Option<String> {
        let lease = self.bus.kv::<Lease>(&stream::LEASES).get(key::LEASE_EXECUTOR).await.unwrap();
        lease.map(|lease| lease.holder)
    }

    /// Waits for `point`; `false` where it did not come.
    pub(crate) async fn reach(&self, point: Point, watch: &mut Watch) -> bool {
        timeout(MOMENT, self.reached(point, watch)).await.is_ok()
    }

    /// Waits for a point that must come.
    pub(crate) async fn surely(&self, point: Point, watch: &mut Watch) {
        let came = timeout(SOON, self.reached(point, watch)).await;
        assert!(came.is_ok(), "{point:?} never came:\n{}", self.home.log());
    }

    async fn reached(&self, point: Point, watch: &mut Watch) {
        match point {
            Point::Lease => {
                while self
                    .holder()
                    .await
                    .is_none_or(|holder| watch.holder.as_ref() == Some(&holder))
                {
                    tokio::task::yield_now().await;
                }
            }
            Point::Asking => while self.intents().await.num_waiting == 0 {},
            Point::Delivered => while self.intents().await.num_ack_pending == 0 {},
            Point::State(state) => loop {
                let message = watch.events.next().await.unwrap();
                if decode::<OrderEvent>(&message.payload).is_ok_and(|event| event.state == state) {
                    return;
                }
            },
            Point::Post(later) => {
                while self.fake.calls(Endpoint::PostMarket) == watch.posts {
                    tokio::time::sleep(Duration::from_micros(300)).await;
                }
                tokio::time::sleep(later).await;
            }
            Point::After(time) => tokio::time::sleep(time).await,
        }
    }

    /// Where the executors stand in the intents.
    async fn intents(&self) -> async_nats::jetstream::consumer::Info {
        let stream = self.bus.jetstream().get_stream_no_info(stream::INTENTS.name).await.unwrap();
        stream.consumer_info(stream::INTENTS_CONSUMER).await.unwrap()
    }

    /// Keeps one executor up, as a supervisor would, until the intent's order is settled.
    pub(crate) async fn settled(&self, executor: &mut Executor, wish: &Intent) {
        let began = Instant::now();
        let positions = self.bus.kv::<Position>(&stream::POSITIONS);
        let key = key::position(&wish.symbol);
        let mut asked = false;
        let mut starts = 0;
        loop {
            let position = positions.get(&key).await.unwrap();
            let settled = position.and_then(|position| position.settled);
            if settled.is_some_and(|settled| settled.order_id == wish.id) {
                return;
            }
            if let Some(code) = executor.ended() {
                starts += 1;
                assert!(code != 64 && starts < 10, "the executor ended with {code}");
                *executor = self.home.start();
            }
            if began.elapsed() > PATIENCE && !asked {
                asked = self.ask_a_person(wish).await;
            }
            assert!(began.elapsed() < SOON, "{} was never settled", wish.id);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Where others trade the same share nobody but a person can tell that an order is not there.
    async fn ask_a_person(&self, wish: &Intent) -> bool {
        // Where nobody else trades, it must be settled without a person, however long that takes.
        if strangers(&self.fake, &self.ticker(wish)).is_zero() {
            return false;
        }
        let ledgers = Ledgers::read(&self.bus).await;
        let last = ledgers.order(&wish.id).last();
        if last.is_none_or(|event| event.state != OrderState::Unknown) {
            return false;
        }
        let name = unknown_at_fake(&self.fake, &ledgers);
        let placed = |broker_order_id| Verdict::Placed { broker_order_id };
        self.bench.settle(&wish.id, name.map_or(Verdict::Absent, placed)).await;
        true
    }

    pub(crate) fn ticker(&self, wish: &Intent) -> String {
        self.fake.us_ticker(wish.symbol.as_str()).unwrap()
    }

    /// Plays one seed to its end, and holds everything against everything.
    pub(crate) async fn play(&self, seed: u64) {
        let plan = Plan::draw(&mut Draw::new(seed));
        // A key that was refused in an earlier run has halted the desk.
        self.bench.control(TradingState::Active).await;
        let mut executor = self.supply(&plan).await;
        let wish = self.wish(plan.symbol, plan.side, plan.shares).await;
        let mut watch = self.watch(plan.symbol).await;
        let early = plan.early || plan.kill == Point::Lease;
        if !early {
            executor = Some(self.home.start());
            self.reach(Point::Lease, &mut watch).await;
        }
        plan.faults.iter().for_each(|case| (case.spoil)(&self.fake));
        self.bench.publish_intent(&wish).await;
        let mut executor = executor.filter(|_| !early).unwrap_or_else(|| self.home.start());
        self.reach(plan.kill, &mut watch).await;
        executor.kill();
        if let Some(again) = plan.again {
            let mut watch = self.watch(plan.symbol).await;
            executor = self.home.start();
            self.reach(again, &mut watch).await;
            executor.kill();
        }
        executor = self.home.start();
        self.settled(&mut executor, &wish).await;
        self.fake.clear_faults();
        executor.kill();
        self.send_strangers_home();
        self.check(&wish, &plan).await;
    }

    /// Buys what the plan is to sell.
    async fn supply(&self, plan: &Plan) -> Option<Executor> {
        let ticker = self.fake.us_ticker(plan.symbol).unwrap();
        if plan.side == Side::Sell && self.fake.held(&ticker) < Decimal::from(plan.shares) {
            let wish = self.wish(plan.symbol, Side::Buy, plan.shares + 5).await;
            self.bench.publish_intent(&wish).await;
            let mut executor = self.home.start();
            self.settled(&mut executor, &wish).await;
            executor.kill();
        }
        None
    }

    fn send_strangers_home(&self) {
        for symbol in SYMBOLS {
            let ticker = self.fake.us_ticker(symbol).unwrap();
            let theirs = strangers(&self.fake, &ticker);
            if !theirs.is_zero() {
                self.fake.place_in_app(AppOrder::market(&ticker, -theirs)).unwrap();
                self.fake.set_price(&ticker, Decimal::from(100));
            }
        }
    }

    async fn check(&self, wish: &Intent, plan: &Plan) {
        let ledgers = Ledgers::read(&self.bus).await;
        ledgers.check(&self.fake, &self.bus).await;
        let events = ledgers.order(&wish.id);
        let (first, last) = (&events[0], &events[events.len() - 1]);
        // What was claimed by a dead process and is not at the broker is not sent again; nothing
        // else but a fault that lets nothing through may keep an intent from trading.
        let died = first.state == OrderState::Submitting && first.writer != last.writer;
        let excused = died || plan.may_come_to_nothing();
        assert!(last.state == OrderState::Filled || excused, "should have traded: {events:#?}");
        assert_ne!(last.state, OrderState::Refused, "{events:#?}");
    }
}

/// Intents of dead executors come again soon.
async fn hasten(bench: &Bench) {
    let bus = bench.server.bus("provision").await.unwrap();
    let stream = bus.jetstream().get_stream(stream::INTENTS.name).await.unwrap();
    let info = stream.consumer_info(stream::INTENTS_CONSUMER).await.unwrap();
    let config = async_nats::jetstream::consumer::pull::Config {
        durable_name: Some(stream::INTENTS_CONSUMER.to_owned()),
        description: info.config.description,
        deliver_policy: info.config.deliver_policy,
        ack_policy: info.config.ack_policy,
        ack_wait: ACK_WAIT,
        max_ack_pending: info.config.max_ack_pending,
        ..Default::default()
    };
    stream.update_consumer(config).await.unwrap();
    bus.drain().await;
}

/// Waits until an executor that must end has ended.
pub(crate) async fn ends(executor: &mut Executor) -> Option<i32> {
    eventually(SOON, async || executor.ended()).await
}
