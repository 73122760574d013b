//! A feed and a strategy in one process, on one clock that the test sets, with the fake Polygon before
//! them and a stand-in for the executor behind them.

use ingest::{
    normalize::Quality,
    source::polygon::{Pace, Polygon, Settings, Wish},
};
use jiff::{civil::DateTime, tz::TimeZone};
use market::{Calendar, MINUTE_MS};
use proto::{
    Control, Decimal, FeedStatus, Intent, OrderState, Position, PriceField, Progress, Settled,
    Symbol, Tick, TradingState, VERSION, decode, stream, subject,
};
use runtime::{
    bus::{Bus, Start},
    clock::Clock,
    health::Health,
    testing::{NatsServer, eventually, repository},
};
use std::{collections::BTreeMap, time::Duration};
use strategy::{
    Service,
    params::{Params, ParamsBook},
};
use testkit::polygon::{Config, Plan, Polygon as Fake};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything takes on a busy machine.
pub(crate) use runtime::testing::SOON;
/// The key whose plan the tests change.
pub(crate) const KEY: &str = "the-key";
const MS: i64 = 1_000_000;
const NAME: &str = "AAPL";

/// Everything that runs.
pub(crate) struct Desk {
    pub(crate) fake: Fake,
    pub(crate) clock: Clock,
    pub(crate) health: Health,
    symbol: Symbol,
    admin: Bus,
    executor: Bus,
    stopping: CancellationToken,
    tasks: Vec<JoinHandle<anyhow::Result<()>>>,
    server: NatsServer,
}

/// A moment of New York, `2026-11-27 09:30:00`, in milliseconds since 1970 UTC.
pub(crate) fn new_york(text: &str) -> i64 {
    let time: DateTime = text.replace(' ', "T").parse().unwrap();
    time.to_zoned(TimeZone::get("America/New_York").unwrap()).unwrap().timestamp().as_millisecond()
}

impl Desk {
    /// Starts all of it at this moment of New York, with the Advanced plan.
    pub(crate) async fn start(at: &str, transport: Wish) -> Self {
        Self::start_on(Plan::Advanced, at, transport).await
    }

    /// The same with this plan, at the address of its stream.
    pub(crate) async fn start_on(plan: Plan, at: &str, transport: Wish) -> Self {
        let clock = Clock::standing_at(new_york(at) * MS);
        let mut config = Config { clock: clock.clone(), ..Config::default() };
        config.keys.insert(KEY.to_owned(), plan);
        let fake = Fake::start(config).await.unwrap();
        let server = NatsServer::provisioned().await.unwrap();
        let symbol = Symbol::parse(NAME).unwrap();
        let mut desk = Self {
            fake,
            clock,
            health: Health::new("ingest"),
            symbol,
            admin: server.bus("provision").await.unwrap(),
            executor: server.bus("executor").await.unwrap(),
            stopping: CancellationToken::new(),
            tasks: Vec::new(),
            server,
        };
        desk.hold(&Position::flat(desk.symbol.clone())).await;
        desk.trade_actively().await;
        let behind = !matches!(plan, Plan::Advanced | Plan::Business);
        let fake = &desk.fake;
        let ws_url = if behind { fake.delayed_ws_url() } else { fake.realtime_ws_url() };
        desk.start_ingest(transport, &ws_url).await;
        desk.start_strategy().await;
        desk
    }

    async fn start_ingest(&mut self, transport: Wish, ws_url: &str) {
        let settings = Settings {
            key: KEY.to_owned().into(),
            base_url: self.fake.rest_url().parse().unwrap(),
            ws_url: Some(ws_url.parse().unwrap()),
            interval: Duration::from_secs(1),
            transport,
            backfill_days: 0,
            pace: Pace::default(),
        };
        let (symbols, calendar) = (vec![self.symbol.clone()], calendar());
        let feed = Polygon::new(settings, &symbols, &calendar, &self.clock).unwrap();
        let desk = ingest::Desk {
            bus: self.server.bus("ingest").await.unwrap(),
            health: self.health.clone(),
            symbols,
            calendar,
            quality: Quality::default(),
            clock: self.clock.clone(),
        };
        self.tasks.push(tokio::spawn(ingest::serve(feed, desk, self.stopping.clone())));
    }

    async fn start_strategy(&mut self) {
        let config = strategy::Config {
            bus: self.server.bus_config("strategy").unwrap(),
            health_listen: ([127, 0, 0, 1], 0).into(),
            book: ParamsBook { default: params(), symbols: BTreeMap::new() },
            waiting_ticks: 8,
            calendar: calendar(),
        };
        let bus = Bus::connect(&config.bus).await.unwrap();
        let service = Service::new(config, bus, Health::new("strategy"));
        let (service, stop) = (service.with_clock(self.clock.clone()), self.stopping.clone());
        self.tasks.push(tokio::spawn(async move { Box::pin(service.run(stop)).await }));
    }

    /// Ends everything; a task that has failed fails the test.
    pub(crate) async fn stop(self) {
        self.stopping.cancel();
        for task in self.tasks {
            task.await.unwrap().unwrap();
        }
    }

    async fn trade_actively(&self) {
        let (by, why) = ("test".to_owned(), "test".to_owned());
        let control = Control { v: VERSION, state: TradingState::Active, by, why, at_ms: 0 };
        let kv = self.executor.kv(&stream::CONTROL);
        kv.put(subject::key::CONTROL_TRADING, &control).await.unwrap();
    }

    async fn hold(&self, position: &Position) {
        let key = subject::key::position(&position.symbol);
        self.executor.kv(&stream::POSITIONS).put(&key, position).await.unwrap();
    }

    /// Ten shares are held, bought at the price of `tick` when it came.
    pub(crate) async fn hold_since(&self, tick: &Tick) {
        let position = Position {
            quantity: Decimal::TEN,
            average_price: Decimal::try_from(tick.price).unwrap(),
            opened_ns: tick.time_ns,
            ..Position::flat(self.symbol.clone())
        };
        self.hold(&position).await;
    }

    /// Says that `intent` was refused: nothing is held.
    pub(crate) async fn refuse(&self, intent: &Intent) {
        let settled = Settled {
            order_id: intent.id.clone(),
            state: OrderState::Rejected,
            tick_seq: Some(intent.tick_seq),
            time_ns: intent.time_ns,
            rule: None,
        };
        let position = Position { settled: Some(settled), ..Position::flat(self.symbol.clone()) };
        self.hold(&position).await;
    }

    /// Puts the clock to this moment.
    pub(crate) fn set(&self, at_ms: i64) {
        self.fake.set_time(at_ms * MS);
    }

    /// AAPL is traded at this moment, which is now; gives the tick.
    pub(crate) async fn trade(&self, at_ms: i64, price: f64) -> Tick {
        self.set(at_ms);
        self.fake.trade(NAME, price, 100.0, at_ms * MS);
        self.tick_at(at_ms).await
    }

    /// AAPL is traded, and nobody is waited for.
    pub(crate) fn trade_unseen(&self, at_ms: i64, price: f64) {
        self.set(at_ms);
        self.fake.trade(NAME, price, 100.0, at_ms * MS);
    }

    /// The tick of an event at this moment, once it has been published.
    pub(crate) async fn tick_at(&self, at_ms: i64) -> Tick {
        let mut last = None;
        let found = eventually(SOON, async || {
            let tick = self.last_tick().await;
            last.clone_from(&tick);
            tick.filter(|tick| tick.time_ms() == at_ms)
        });
        let found = found.await;
        match found {
            Some(tick) => tick,
            None => panic!("no tick of {at_ms}, the last is {last:?}, {:?}", self.status().await),
        }
    }

    /// When what the last tick tells of today happened.
    pub(crate) async fn last_time(&self) -> Option<i64> {
        let today = self.last_tick().await.filter(|tick| tick.field != PriceField::PrevDay);
        today.map(|tick| tick.time_ms())
    }

    async fn last_tick(&self) -> Option<Tick> {
        let stored = self.admin.last(stream::TICKS.name, &subject::tick(&self.symbol)).await;
        stored.ok().flatten().map(|stored| decode(&stored.payload).unwrap())
    }

    /// Every tick so far.
    pub(crate) async fn ticks(&self) -> Vec<Tick> {
        let filter = subject::TICKS.to_owned();
        let stored = self.admin.history(stream::TICKS.name, filter, Start::Beginning).await;
        stored.unwrap().iter().map(|stored| decode(&stored.payload).unwrap()).collect()
    }

    /// The feed's status, once `condition` holds of it.
    pub(crate) async fn status_when(&self, condition: impl Fn(&FeedStatus) -> bool) -> FeedStatus {
        let found =
            eventually(SOON, async || self.status().await.filter(|status| condition(status)));
        match found.await {
            Some(status) => status,
            None => panic!("the status never came to hold: {:?}", self.status().await),
        }
    }

    async fn status(&self) -> Option<FeedStatus> {
        self.admin.kv::<FeedStatus>(&stream::FEED).get(subject::key::FEED_STATUS).await.ok()?
    }

    /// Every intent, once the strategy has seen every tick.
    pub(crate) async fn intents(&self) -> Vec<Intent> {
        let ticks = self.admin.last(stream::TICKS.name, &subject::tick(&self.symbol)).await;
        let last = ticks.unwrap().map_or(0, |stored| stored.position);
        let kv = self.executor.kv::<Progress>(&stream::PROGRESS);
        let seen = eventually(SOON, async || {
            let progress = kv.get("strategy").await.ok().flatten();
            (last == 0 || progress.is_some_and(|progress| progress.position >= last)).then_some(())
        });
        seen.await.expect("the strategy sees every tick");
        let filter = subject::INTENTS.to_owned();
        let stored = self.admin.history(stream::INTENTS.name, filter, Start::Beginning).await;
        stored.unwrap().iter().map(|stored| decode(&stored.payload).unwrap()).collect()
    }

    /// A tick a minute that ends with `until_ms`: prices fall, then rise so that the averages cross
    /// with the last bar but one. Whoever may enter would on the last tick; who may not then, may for
    /// some minutes more.
    pub(crate) async fn crossing(&self, until_ms: i64) -> Vec<Tick> {
        let mut ticks = Vec::new();
        for (at_ms, price) in crossing(until_ms) {
            ticks.push(self.trade(at_ms, price).await);
        }
        ticks
    }
}

/// The moments and prices of a crossing.
pub(crate) fn crossing(until_ms: i64) -> impl Iterator<Item = (i64, f64)> {
    let prices = [250.0, 248.0, 246.0, 244.0, 242.0, 236.0, 250.0, 250.0];
    (0..).zip(prices).map(move |(n, price)| (until_ms - (7 - n) * MINUTE_MS, price))
}

pub(crate) fn calendar() -> Calendar {
    let path = repository().join("config/market_calendar.toml");
    Calendar::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
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
        entry_bars: 5,
        take_profit_percent: 50.0,
        stop_loss_percent: 50.0,
        trailing_start_percent: 50.0,
        trailing_stop_percent: 50.0,
        exit_on_cross_down: false,
        max_holding_ms: 1_000_000_000,
        flat_before_close_ms: 300_000,
        no_entry_before_close_ms: 600_000,
        cool_down_ms: 30_000,
        exit_retry_ms: 5_000,
        order_value: Decimal::from(1_000),
        quantity_decimals: 0,
        intent_valid_ms: 20_000,
        max_tick_age_ms: 15_000,
        max_silence_ms: 180_000,
        break_percent: 20.0,
    }
}
