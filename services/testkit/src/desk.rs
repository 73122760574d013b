//! A bus with a feed on it: a real nats-server on which a test plays ingest, strategy and a person, and
//! reads what an executor makes of it.
//!
//! For tests: a step that cannot be done ends the test.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is wrong"
)]

use proto::{
    ClockKind, Control, Decimal, FeedState, FeedStatus, Flatten, Indicators, Intent, IntentKind,
    LiveArm, Message, OrderEvent, OrderId, OrderState, Position, PriceField, Progress, Reason,
    Session, Settlement, Side, Source, Symbol, Tick, TradingState, Verdict, decode, encode, stream,
    subject::{self, key},
};
use runtime::{
    bus::{Bus, Expect, Start},
    testing::{NatsServer, SOON, eventually},
};
use std::sync::atomic::{AtomicU64, Ordering};

/// 2026-11-20 15:00:00 UTC, a Friday in session: where a tape begins.
const NOON_NS: i64 = 1_795_186_800_000_000_000;
const SECOND_NS: i64 = 1_000_000_000;
const RUN: &str = "test-run";

/// A tick and where the stream keeps it.
#[derive(Debug, Clone)]
pub struct Published {
    /// The tick.
    pub tick: Tick,
    /// Its sequence in stream `TICKS`.
    pub position: u64,
}

/// The bus, and everybody on it but the executor.
pub struct Bench {
    /// The bus.
    pub server: NatsServer,
    clock: ClockKind,
    begin_ns: i64,
    ingest: Bus,
    strategy: Bus,
    executor: Bus,
    operator: Bus,
    seq: AtomicU64,
}

impl Bench {
    /// A desk on a tape: time is the ticks'.
    pub async fn start() -> Self {
        Self::begin(ClockKind::Tape, NOON_NS).await
    }

    /// A desk on the wall clock, whose ticks are of now.
    pub async fn live() -> Self {
        Self::begin(ClockKind::Wall, runtime::clock::now_ns()).await
    }

    async fn begin(clock: ClockKind, begin_ns: i64) -> Self {
        runtime::telemetry::init("executor");
        let server = NatsServer::provisioned().await.unwrap();
        let bench = Self {
            ingest: server.bus("ingest").await.unwrap(),
            strategy: server.bus("strategy").await.unwrap(),
            executor: server.bus("executor").await.unwrap(),
            operator: server.bus("operator").await.unwrap(),
            server,
            clock,
            begin_ns,
            seq: AtomicU64::new(0),
        };
        bench.put_feed(Source::Sim).await;
        bench.control(TradingState::Active).await;
        bench
    }

    /// Says that the feed is another one from now on.
    pub async fn feed(&self, source: Source) {
        self.put_feed(source).await;
    }

    /// Gives leave to trade an account with real money.
    pub async fn arm(&self, account_id: &str) {
        let (by, why) = ("tester".to_owned(), "test".to_owned());
        let word = LiveArm { v: 1, account_id: account_id.to_owned(), by, why, at_ms: 0 };
        self.operator.kv(&stream::CONTROL).put(key::CONTROL_LIVE, &word).await.unwrap();
    }

    async fn put_feed(&self, source: Source) {
        let status = FeedStatus {
            v: 1,
            run: RUN.to_owned(),
            source,
            clock: self.clock,
            state: FeedState::Live,
            detail: "test".to_owned(),
            symbols: vec![],
            missing: vec![],
            start_position: 0,
            interval_ms: 1_000,
            speed: 1.0,
            delay_ms: 0,
            entitlement: None,
            transport: None,
            tape: None,
            at_ms: 0,
        };
        self.ingest.kv(&stream::FEED).put(key::FEED_STATUS, &status).await.unwrap();
    }

    /// Publishes the next tick of a symbol.
    pub async fn tick(&self, text: &str, price: f64) -> Published {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let begin_ns = match self.clock {
            ClockKind::Tape => self.begin_ns,
            // Only a tape's time is counted.
            ClockKind::Wall => runtime::clock::now_ns() - i64::try_from(seq).unwrap() * SECOND_NS,
        };
        let tick = tick(text, seq, price, begin_ns);
        let subject = subject::tick(&tick.symbol);
        let stored = self.ingest.publish_stored(&subject, encode(&tick).unwrap(), Expect::Anything);
        Published { tick, position: stored.await.unwrap() }
    }

    /// Sets the trading state.
    pub async fn control(&self, state: TradingState) {
        let (by, why) = ("tester".to_owned(), "test".to_owned());
        let control = Control { v: 1, state, by, why, at_ms: 0 };
        self.operator.kv(&stream::CONTROL).put(key::CONTROL_TRADING, &control).await.unwrap();
    }

    /// Asks to sell everything.
    pub async fn flatten(&self) {
        let phrase = Flatten::PHRASE.to_owned();
        let (by, why) = ("tester".to_owned(), "test".to_owned());
        let word = Flatten { v: 1, phrase, by, why, at_ms: 0 };
        self.operator.kv(&stream::CONTROL).put(key::CONTROL_FLATTEN, &word).await.unwrap();
    }

    /// Says what became of an order.
    pub async fn settle(&self, id: &OrderId, verdict: Verdict) {
        let (by, why) = ("tester".to_owned(), "seen in the app".to_owned());
        let word = Settlement { v: 1, verdict, by, why, at_ms: 0 };
        self.operator.kv(&stream::CONTROL).put(&key::settlement(id), &word).await.unwrap();
    }

    /// Publishes an intent, and lets the executor read the tape up to it.
    pub async fn publish_intent(&self, intent: &Intent) {
        self.publish_intent_again(intent, 0).await;
    }

    /// Publishes an intent under message id number `copy`: the stream keeps every copy.
    pub async fn publish_intent_again(&self, intent: &Intent, copy: u32) {
        let id = Expect::NewId(format!("{}/{copy}", intent.id));
        let subject = subject::intent(&intent.symbol);
        self.strategy.publish_stored(&subject, encode(intent).unwrap(), id).await.unwrap();
        self.strategy_at(intent.position).await;
    }

    /// Says that the strategy has taken the tape up to `position`.
    pub async fn strategy_at(&self, position: u64) {
        let progress = Progress { v: 1, run: RUN.to_owned(), position, time_ns: 0 };
        self.strategy.kv(&stream::PROGRESS).put("strategy", &progress).await.unwrap();
    }

    /// Publishes bytes where an intent is expected.
    pub async fn publish_raw_intent(&self, text: &str, payload: Vec<u8>) {
        let subject = subject::intent(&Symbol::parse(text).unwrap());
        self.strategy.publish_stored(&subject, payload, Expect::Anything).await.unwrap();
    }

    /// What an executor leaves that dies between its claim and the broker's answer.
    pub async fn journal_claim(&self, intent: &Intent) {
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
    pub async fn noise_in_journal(&self) {
        let subject = subject::orders_of(&Symbol::parse("AAPL").unwrap()).replace('*', "NOISE");
        for payload in [vec![0xc1], encode(&tick("AAPL", 1, 1.0, NOON_NS)).unwrap()] {
            self.executor.publish_stored(&subject, payload, Expect::Anything).await.unwrap();
        }
    }

    /// A bought holding of `shares` at about 100 dollars.
    pub async fn buy(&self, text: &str, shares: i64) {
        let decided = self.tick(text, 100.0).await;
        let wish = intent(&decided, Side::Buy, shares);
        self.publish_intent(&wish).await;
        self.tick(text, 100.0).await;
        self.wait_order(&wish, OrderState::Filled).await;
    }

    /// The journal of a symbol.
    pub async fn events(&self, text: &str) -> Vec<OrderEvent> {
        let filter = subject::orders_of(&Symbol::parse(text).unwrap());
        let stored = self.executor.history("ORDERS", filter, Start::Beginning).await.unwrap();
        stored.iter().filter_map(|stored| decode(&stored.payload).ok()).collect()
    }

    /// The journal of a symbol once an event has this state.
    pub async fn wait_state(&self, text: &str, state: OrderState) -> Vec<OrderEvent> {
        let found = eventually(SOON, async || {
            let events = self.events(text).await;
            events.iter().any(|event| event.state == state).then_some(events)
        });
        found.await.unwrap_or_else(|| panic!("{text} never became {state:?}"))
    }

    /// Waits until this intent's own order has this state.
    pub async fn wait_order(&self, intent: &Intent, state: OrderState) {
        let found = eventually(SOON, async || {
            let events = self.events(intent.symbol.as_str()).await;
            let is = |event: &OrderEvent| event.order_id == intent.id && event.state == state;
            events.iter().any(is).then_some(())
        });
        found.await.unwrap_or_else(|| panic!("{} never became {state:?}", intent.id));
    }

    /// The holding of a symbol once this order is settled in it.
    pub async fn wait_settled(&self, text: &str, id: &OrderId) -> Position {
        self.wait_kv(&stream::POSITIONS, text, |position: &Position| {
            position.settled.as_ref().is_some_and(|settled| settled.order_id == *id)
        })
        .await
    }

    /// The trading state.
    pub async fn trading(&self) -> Control {
        let kv = self.operator.kv::<Control>(&stream::CONTROL);
        kv.get(key::CONTROL_TRADING).await.unwrap().unwrap()
    }

    /// The trading state once it is this.
    pub async fn wait_trading(&self, state: TradingState) -> Control {
        self.wait_kv(&stream::CONTROL, key::CONTROL_TRADING, |c: &Control| c.state == state).await
    }

    /// A value once it is as wanted.
    pub async fn wait_kv<M: Message>(
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

fn tick(text: &str, seq: u64, price: f64, begin_ns: i64) -> Tick {
    let time_ns = begin_ns + i64::try_from(seq).unwrap() * SECOND_NS;
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
        gap: false,
        suspect: None,
    }
}

/// What a strategy would want on `decided`: buys enter, sells exit.
pub fn intent(decided: &Published, side: Side, shares: i64) -> Intent {
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
