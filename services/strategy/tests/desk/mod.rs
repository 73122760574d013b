//! The rest of the desk, as far as the strategy can see it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "it serves tests only"
)]

mod gaps;

use market::{BarFold, Calendar, MINUTE_MS, minute_start};
use proto::{
    Bar, ClockKind, Control, Decimal, FeedState, FeedStatus, Intent, OrderState, Position,
    PriceField, Progress, Session, Settled, Side, Source, Symbol, Tick, TradingState, VERSION,
    decode, encode, stream, subject,
};
use runtime::{
    bus::{Bus, Expect, Start},
    clock::{Clock, now_ms},
    health::Health,
    testing::{NatsServer, SOON, eventually},
};
use std::collections::BTreeMap;
use strategy::{
    Config, Service,
    params::{Params, ParamsBook},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The symbols of the feed.
pub(crate) const SYMBOLS: [&str; 2] = ["AAPL", "BRK.B"];
/// Ticks of the tape.
pub(crate) const TAPE_LENGTH: u64 = 240;
/// A whole minute long past.
const TAPE_START_MS: i64 = 1_381_152_600_000;

/// A server with a feed, positions and a trading state.
pub(crate) struct Desk {
    server: NatsServer,
    operator: Bus,
    ingest: Bus,
    executor: Bus,
    params: Params,
}

/// A running strategy.
pub(crate) struct Running {
    stopping: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Asks it to stop and waits for its end.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stopping.cancel();
        self.ended().await
    }

    /// Waits for its end.
    pub(crate) async fn ended(self) -> anyhow::Result<()> {
        tokio::time::timeout(SOON, self.task).await.expect("it ends in time").unwrap()
    }

    /// Ends it wherever it is.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

impl Desk {
    /// Streams and buckets, all empty.
    pub(crate) async fn provisioned() -> Self {
        let server = NatsServer::provisioned().await.unwrap();
        Self {
            operator: server.bus("operator").await.unwrap(),
            ingest: server.bus("ingest").await.unwrap(),
            executor: server.bus("executor").await.unwrap(),
            server,
            params: params(),
        }
    }

    /// A tape on which nothing is held yet.
    pub(crate) async fn ready(trading: TradingState) -> Self {
        let desk = Self::provisioned().await;
        desk.set_feed(ClockKind::Tape, Source::Sim, "run-1").await;
        desk.set_trading(trading).await;
        for symbol in SYMBOLS {
            desk.set_flat(symbol).await;
        }
        desk
    }

    /// With another age at which ticks and intents are too old.
    pub(crate) fn with_tick_age(mut self, age_ms: i64) -> Self {
        self.params.max_tick_age_ms = age_ms;
        self.params.intent_valid_ms = age_ms;
        self
    }

    /// Starts a strategy, as its program does.
    pub(crate) fn start(&self) -> Running {
        self.start_at(Clock::wall())
    }

    /// Starts a strategy at the time that `clock` shows.
    pub(crate) fn start_at(&self, clock: Clock) -> Running {
        let config = Config {
            bus: self.server.bus_config("strategy").unwrap(),
            health_listen: ([127, 0, 0, 1], 0).into(),
            book: ParamsBook { default: self.params.clone(), symbols: BTreeMap::new() },
            waiting_ticks: 8,
            calendar: Calendar::default(),
        };
        let stopping = CancellationToken::new();
        let stop = stopping.clone();
        let task = tokio::spawn(async move {
            let bus = Bus::connect(&config.bus).await?;
            let service = Service::new(config, bus, Health::new("strategy")).with_clock(clock);
            Box::pin(service.run(stop)).await
        });
        Running { stopping, task }
    }

    pub(crate) async fn bus(&self, user: &str) -> Bus {
        self.server.bus(user).await.unwrap()
    }

    pub(crate) async fn restart_server(&mut self) {
        self.server.kill();
        self.server.restart().await.unwrap();
    }

    pub(crate) async fn set_feed(&self, clock: ClockKind, source: Source, run: &str) {
        let feed = FeedStatus {
            v: VERSION,
            run: run.to_owned(),
            source,
            clock,
            state: FeedState::Live,
            detail: String::new(),
            symbols: SYMBOLS.into_iter().map(symbol).collect(),
            missing: Vec::new(),
            start_position: 0,
            interval_ms: 0,
            speed: 0.0,
            delay_ms: 0,
            entitlement: None,
            transport: None,
            tape: None,
            at_ms: 0,
        };
        self.ingest.kv(&stream::FEED).put(subject::key::FEED_STATUS, &feed).await.unwrap();
    }

    pub(crate) async fn set_trading(&self, state: TradingState) {
        let (by, why) = ("test".to_owned(), "test".to_owned());
        let control = Control { v: VERSION, state, by, why, at_ms: 0 };
        let kv = self.executor.kv(&stream::CONTROL);
        kv.put(subject::key::CONTROL_TRADING, &control).await.unwrap();
    }

    pub(crate) async fn set_flat(&self, text: &str) {
        self.set_position(&Position::flat(symbol(text))).await;
    }

    async fn set_position(&self, position: &Position) {
        let key = subject::key::position(&position.symbol);
        self.executor.kv(&stream::POSITIONS).put(&key, position).await.unwrap();
    }

    /// Two symbols in turn, ten seconds apart, up and down over and over, and the bars they make.
    pub(crate) async fn publish_tape(&self) {
        let mut folds = SYMBOLS.map(|text| BarFold::new(symbol(text)));
        for index in 0..TAPE_LENGTH {
            let which = (index % 2) as usize;
            let time_ms = TAPE_START_MS + index.cast_signed() * 10_000;
            let phase = index as f64 / 14.0 + which as f64;
            let price = 100.0 + 2.0 * phase.sin();
            let tick = tick(SYMBOLS[which], index / 2 + 1, time_ms, price);
            if let Some(bar) = folds[which].push(&tick) {
                self.publish_bar(&bar).await;
            }
            self.publish_tick(&tick).await;
        }
    }

    /// Bars that fall, then ticks that close a bar high above them.
    pub(crate) async fn publish_bars_then_a_crossing(&self) {
        for (minute, close) in falling() {
            self.publish_bar(&bar(TAPE_START_MS + (minute - 6) * MINUTE_MS, close)).await;
        }
        self.publish_tick(&tick(SYMBOLS[0], 1, TAPE_START_MS + 1_000, 104.0)).await;
        self.publish_tick(&tick(SYMBOLS[0], 2, TAPE_START_MS + 61_000, 104.0)).await;
    }

    /// A crossing in ticks of the last eight minutes; gives the position of the last.
    pub(crate) async fn publish_a_crossing_of_the_last_minutes(&self) -> u64 {
        let start_ms = minute_start(now_ms()) - 8 * MINUTE_MS;
        let mut seq = 0;
        for (minute, price) in falling().chain([(6, 104.0), (7, 104.0)]) {
            seq += 1;
            self.publish_tick(&tick(SYMBOLS[0], seq, start_ms + minute * MINUTE_MS, price)).await;
        }
        seq
    }

    async fn publish_bar(&self, bar: &Bar) {
        let payload = encode(bar).unwrap();
        let subject = subject::bar(&bar.symbol);
        self.ingest.publish_stored(&subject, payload, Expect::Anything).await.unwrap();
    }

    async fn publish_tick(&self, tick: &Tick) {
        let subject = subject::tick(&tick.symbol);
        let payload = encode(tick).unwrap();
        self.ingest.publish_stored(&subject, payload, Expect::Anything).await.unwrap();
    }

    /// Every intent so far.
    pub(crate) async fn intents(&self) -> Vec<Intent> {
        let raw = self.raw_intents().await;
        raw.iter().map(|payload| decode(payload).unwrap()).collect()
    }

    /// Every intent so far, as it was stored.
    pub(crate) async fn raw_intents(&self) -> Vec<Vec<u8>> {
        let filter = subject::INTENTS.to_owned();
        let stored = self.operator.history(stream::INTENTS.name, filter, Start::Beginning).await;
        stored.unwrap().into_iter().map(|stored| stored.payload).collect()
    }

    /// The intent after `known` ones, as soon as there is one; `None` when the tape is done instead.
    pub(crate) async fn next_intent_or_end(&self, known: usize) -> Option<Intent> {
        let next = eventually(SOON, async || {
            let done = self.progress().await.is_some_and(|p| p.position >= TAPE_LENGTH);
            let intent = self.intents().await.get(known).cloned();
            if intent.is_some() || done { Some(intent) } else { None }
        });
        next.await.expect("an intent or the end of the tape")
    }

    /// Fills every intent until the tape is done.
    pub(crate) async fn settle_until_tape_is_done(&self) {
        let mut known = self.settled_count().await;
        while let Some(intent) = self.next_intent_or_end(known).await {
            self.settle(&intent).await;
            known += 1;
        }
    }

    async fn settled_count(&self) -> usize {
        let kv = self.operator.kv::<Position>(&stream::POSITIONS);
        let mut settled = Vec::new();
        for text in SYMBOLS {
            let position = kv.get(&subject::key::position(&symbol(text))).await.unwrap();
            settled.extend(position.and_then(|position| position.settled));
        }
        let last = settled.into_iter().max_by_key(|settled| settled.time_ns);
        let intents = self.intents().await;
        last.and_then(|last| intents.iter().position(|i| i.id == last.order_id))
            .map_or(0, |i| i + 1)
    }

    /// Says that `intent` was filled at the tick after its own.
    pub(crate) async fn settle(&self, intent: &Intent) {
        let bought = intent.side == Side::Buy;
        let time_ns = intent.time_ns + 20_000_000_000;
        let position = Position {
            quantity: if bought { intent.quantity } else { Decimal::ZERO },
            average_price: if bought {
                Decimal::try_from(intent.price).unwrap()
            } else {
                Decimal::ZERO
            },
            opened_ns: if bought { time_ns } else { 0 },
            settled: Some(Settled {
                order_id: intent.id.clone(),
                state: OrderState::Filled,
                tick_seq: Some(intent.tick_seq + 1),
                time_ns,
                rule: None,
            }),
            ..Position::flat(intent.symbol.clone())
        };
        self.set_position(&position).await;
    }

    pub(crate) async fn progress(&self) -> Option<Progress> {
        self.operator.kv::<Progress>(&stream::PROGRESS).get("strategy").await.unwrap()
    }

    pub(crate) async fn wait_progress(&self, position: u64) {
        let reached = eventually(SOON, async || {
            self.progress().await.filter(|progress| progress.position >= position)
        });
        assert!(reached.await.is_some(), "progress does not reach {position}");
    }
}

fn falling() -> impl Iterator<Item = (i64, f64)> {
    (0..).zip([104.0, 103.0, 102.0, 101.0, 100.0, 96.0])
}

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).unwrap()
}

fn tick(text: &str, seq: u64, time_ms: i64, price: f64) -> Tick {
    Tick {
        v: VERSION,
        symbol: symbol(text),
        seq,
        price,
        size: 10.0,
        time_ns: time_ms * 1_000_000,
        received_ns: 0,
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

fn bar(start_ms: i64, close: f64) -> Bar {
    Bar {
        v: VERSION,
        symbol: symbol(SYMBOLS[0]),
        start_ms,
        open: close,
        high: close,
        low: close,
        close,
        volume: 0.0,
        vwap: close,
        count: 1,
        seq: 0,
        source: Source::Sim,
    }
}

fn params() -> Params {
    Params {
        ema_fast: 2,
        ema_slow: 4,
        rsi_period: 2,
        rsi_min: 0.0,
        rsi_max: 100.0,
        range_bars: 2,
        min_range_percent: 0.0,
        entry_bars: 1,
        take_profit_percent: 1.5,
        stop_loss_percent: 1.0,
        trailing_start_percent: 0.5,
        trailing_stop_percent: 0.5,
        exit_on_cross_down: true,
        max_holding_ms: 600_000,
        flat_before_close_ms: 300_000,
        no_entry_before_close_ms: 600_000,
        cool_down_ms: 30_000,
        exit_retry_ms: 5_000,
        order_value: Decimal::from(1_000),
        quantity_decimals: 0,
        intent_valid_ms: 10_000,
        max_tick_age_ms: 15_000,
        max_silence_ms: 180_000,
        break_percent: 20.0,
    }
}
