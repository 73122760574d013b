//! A bus with a feed on it, and an executor in this process.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is wrong"
)]

use executor::{Config, Service, broker::paper::Paper};
use proto::{
    ClockKind, Control, Decimal, FeedState, FeedStatus, Indicators, Intent, IntentKind, Message,
    OrderEvent, OrderId, OrderState, Position, PriceField, Progress, Reason, Session, Side, Source,
    Symbol, Tick, TradingState, decode, encode, stream,
    subject::{self, key},
};
use runtime::{
    bus::{Bus, Expect, Start},
    health::Health,
    testing::{NatsServer, eventually},
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(30);
/// 2026-11-20 15:00:00 UTC, a Friday in session.
const NOON_NS: i64 = 1_795_186_800_000_000_000;
const RUN: &str = "test-run";

/// A tick and where the stream keeps it.
pub(crate) struct Published {
    pub(crate) tick: Tick,
    pub(crate) position: u64,
}

pub(crate) struct Bench {
    pub(crate) server: NatsServer,
    ingest: Bus,
    strategy: Bus,
    executor: Bus,
    operator: Bus,
    seq: AtomicU64,
}

/// A running executor.
pub(crate) struct Running {
    stopping: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stopping.cancel();
        self.task.await.unwrap().unwrap();
    }
}

impl Bench {
    pub(crate) async fn start() -> Self {
        runtime::telemetry::init("executor");
        let server = NatsServer::provisioned().await.unwrap();
        let bench = Self {
            ingest: server.bus("ingest").await.unwrap(),
            strategy: server.bus("strategy").await.unwrap(),
            executor: server.bus("executor").await.unwrap(),
            operator: server.bus("operator").await.unwrap(),
            server,
            seq: AtomicU64::new(0),
        };
        bench.put_feed().await;
        bench.control(TradingState::Active).await;
        bench
    }

    async fn put_feed(&self) {
        let status = FeedStatus {
            v: 1,
            run: RUN.to_owned(),
            source: Source::Sim,
            clock: ClockKind::Tape,
            state: FeedState::Live,
            detail: "test".to_owned(),
            symbols: vec![],
            missing: vec![],
            start_position: 0,
            interval_ms: 1_000,
            speed: 1.0,
            delay_ms: 0,
            at_ms: 0,
        };
        self.ingest.kv(&stream::FEED).put(key::FEED_STATUS, &status).await.unwrap();
    }

    /// Runs an executor with the repository's own configuration.
    pub(crate) fn executor(&self) -> Running {
        let mut config = repository_config();
        config.bus = self.server.bus_config("executor").unwrap();
        let stopping = CancellationToken::new();
        let broker = Paper::new(self.executor.clone(), config.paper.clone());
        let service = Service::new(config, self.executor.clone(), Health::new("executor"));
        let task = tokio::spawn(service.run(broker, stopping.clone()));
        Running { stopping, task }
    }

    /// Publishes the next tick of a symbol.
    pub(crate) async fn tick(&self, text: &str, price: f64) -> Published {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let tick = tick(text, seq, price);
        let subject = subject::tick(&tick.symbol);
        let stored = self.ingest.publish_stored(&subject, encode(&tick).unwrap(), Expect::Anything);
        Published { tick, position: stored.await.unwrap() }
    }

    pub(crate) async fn control(&self, state: TradingState) {
        let (by, why) = ("tester".to_owned(), "test".to_owned());
        let control = Control { v: 1, state, by, why, at_ms: 0 };
        self.operator.kv(&stream::CONTROL).put(key::CONTROL_TRADING, &control).await.unwrap();
    }

    /// Publishes an intent, and lets the executor read the tape up to it.
    pub(crate) async fn publish_intent(&self, intent: &Intent) {
        self.publish_intent_again(intent, 0).await;
    }

    /// Publishes an intent under message id number `copy`: the stream keeps every copy.
    pub(crate) async fn publish_intent_again(&self, intent: &Intent, copy: u32) {
        let id = Expect::NewId(format!("{}/{copy}", intent.id));
        let subject = subject::intent(&intent.symbol);
        self.strategy.publish_stored(&subject, encode(intent).unwrap(), id).await.unwrap();
        self.strategy_at(intent.position).await;
    }

    /// Says that the strategy has taken the tape up to `position`.
    pub(crate) async fn strategy_at(&self, position: u64) {
        let progress = Progress { v: 1, run: RUN.to_owned(), position, time_ns: 0 };
        self.strategy.kv(&stream::PROGRESS).put("strategy", &progress).await.unwrap();
    }

    pub(crate) async fn publish_raw_intent(&self, text: &str, payload: Vec<u8>) {
        let subject = subject::intent(&Symbol::parse(text).unwrap());
        self.strategy.publish_stored(&subject, payload, Expect::Anything).await.unwrap();
    }

    /// What an executor leaves that dies between its claim and the broker's answer.
    pub(crate) async fn journal_claim(&self, intent: &Intent) {
        let event = OrderEvent {
            v: 1,
            order_id: intent.id.clone(),
            symbol: intent.symbol.clone(),
            side: intent.side,
            state: OrderState::Submitting,
            time_ns: intent.time_ns,
            tick_seq: None,
            intent: Some(intent.clone()),
            refusal: None,
            fill: None,
            broker_order_id: None,
            venue: None,
            message: None,
            writer: "dead".to_owned(),
            at_ms: 0,
        };
        let subject = subject::order(&intent.symbol, &intent.id);
        let payload = encode(&event).unwrap();
        self.executor.publish_stored(&subject, payload, Expect::SubjectAt(0)).await.unwrap();
    }

    /// Messages on journal subjects that are no order events.
    pub(crate) async fn noise_in_journal(&self) {
        for payload in [vec![0xc1], encode(&tick("AAPL", 1, 1.0)).unwrap()] {
            let stored =
                self.executor.publish_stored("orders.AAPL.NOISE", payload, Expect::Anything);
            stored.await.unwrap();
        }
    }

    /// A bought holding of `shares` at about 100 dollars.
    pub(crate) async fn buy(&self, text: &str, shares: i64) {
        let decided = self.tick(text, 100.0).await;
        let wish = intent(&decided, Side::Buy, shares);
        self.publish_intent(&wish).await;
        self.tick(text, 100.0).await;
        self.wait_order(&wish, OrderState::Filled).await;
    }

    /// The journal of a symbol.
    pub(crate) async fn events(&self, text: &str) -> Vec<OrderEvent> {
        let filter = subject::orders_of(&Symbol::parse(text).unwrap());
        let stored = self.executor.history("ORDERS", filter, Start::Beginning).await.unwrap();
        stored.iter().filter_map(|stored| decode(&stored.payload).ok()).collect()
    }

    /// The journal of a symbol once an event has this state.
    pub(crate) async fn wait_state(&self, text: &str, state: OrderState) -> Vec<OrderEvent> {
        let found = eventually(SOON, async || {
            let events = self.events(text).await;
            events.iter().any(|event| event.state == state).then_some(events)
        });
        found.await.unwrap_or_else(|| panic!("{text} never became {state:?}"))
    }

    /// Waits until this intent's own order has this state.
    pub(crate) async fn wait_order(&self, intent: &Intent, state: OrderState) {
        let found = eventually(SOON, async || {
            let events = self.events(intent.symbol.as_str()).await;
            let is = |event: &OrderEvent| event.order_id == intent.id && event.state == state;
            events.iter().any(is).then_some(())
        });
        found.await.unwrap_or_else(|| panic!("{} never became {state:?}", intent.id));
    }

    /// The holding of a symbol once this order is settled in it.
    pub(crate) async fn wait_settled(&self, text: &str, id: &OrderId) -> Position {
        self.wait_kv(&stream::POSITIONS, text, |position: &Position| {
            position.settled.as_ref().is_some_and(|settled| settled.order_id == *id)
        })
        .await
    }

    pub(crate) async fn wait_trading(&self, state: TradingState) -> Control {
        self.wait_kv(&stream::CONTROL, key::CONTROL_TRADING, |c: &Control| c.state == state).await
    }

    async fn wait_kv<M: Message>(
        &self,
        bucket: &stream::BucketSpec,
        key: &str,
        wanted: impl Fn(&M) -> bool,
    ) -> M {
        let kv = self.operator.kv::<M>(bucket);
        let found = eventually(SOON, async || kv.get(key).await.unwrap().filter(|m| wanted(m)));
        found.await.unwrap_or_else(|| panic!("{key} never became what it should"))
    }
}

/// The configuration that the repository ships.
fn repository_config() -> Config {
    std::env::set_current_dir(runtime::testing::repository()).unwrap();
    Config::load().unwrap()
}

fn tick(text: &str, seq: u64, price: f64) -> Tick {
    let time_ns = NOON_NS + i64::try_from(seq).unwrap() * 1_000_000_000;
    Tick {
        v: 1,
        symbol: Symbol::parse(text).unwrap(),
        seq,
        price,
        size: 100.0,
        time_ns,
        received_ns: time_ns,
        source: Source::Sim,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
    }
}

/// What a strategy would want on `decided`: buys enter, sells exit.
pub(crate) fn intent(decided: &Published, side: Side, shares: i64) -> Intent {
    let tick = &decided.tick;
    let (kind, reason) = match side {
        Side::Buy => (IntentKind::Entry, Reason::CrossUp),
        Side::Sell => (IntentKind::Exit, Reason::TakeProfit),
    };
    Intent {
        v: 1,
        id: OrderId::derive(&tick.symbol, tick.seq, side),
        symbol: tick.symbol.clone(),
        side,
        kind,
        quantity: Decimal::from(shares),
        price: tick.price,
        tick_seq: tick.seq,
        position: decided.position,
        time_ns: tick.time_ns,
        valid_until_ms: tick.time_ms() + 60_000,
        reason,
        indicators: Indicators::default(),
        strategy: "test".to_owned(),
        revision: "0".to_owned(),
    }
}
