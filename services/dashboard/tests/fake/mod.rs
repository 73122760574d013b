//! A desk in one hand: publishes what ingest and executor would, with their own users.

#![allow(dead_code, unreachable_pub, reason = "each test program uses its part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use proto::{
    Account, Bar, BrokerMode, ClockKind, Control, Decimal, FeedState, FeedStatus, Fill, Indicators,
    Intent, IntentKind, Levels, Message, OrderEvent, OrderId, OrderState, Position, PriceField,
    Reason, Refusal, Rule, Session, Side, Source, Symbol, Tick, TradingState, VERSION, encode,
    stream::{ACCOUNT, CONTROL, FEED, LEVELS, POSITIONS},
    subject::{self, key},
};
use runtime::{
    bus::{Bus, Expect},
    clock,
};
use std::collections::BTreeMap;

pub const MINUTE_MS: i64 = 60_000;

pub fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).unwrap()
}

pub fn cents(value: f64) -> Decimal {
    Decimal::new((value * 100.0).round() as i64, 2)
}

/// A tick at `time_ms`, received now.
pub fn tick(symbol: &Symbol, seq: u64, price: f64, time_ms: i64) -> Tick {
    Tick {
        v: VERSION,
        symbol: symbol.clone(),
        seq,
        price,
        size: 100.0,
        time_ns: time_ms * 1_000_000,
        received_ns: clock::now_ns(),
        source: Source::Sim,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: false,
        bid: Some(price - 0.01),
        ask: Some(price + 0.01),
        prev_close: Some(100.0),
        gap: false,
        suspect: None,
    }
}

/// A closed minute.
pub fn bar(symbol: &Symbol, start_ms: i64, open: f64, close: f64, seq: u64) -> Bar {
    Bar {
        v: VERSION,
        symbol: symbol.clone(),
        start_ms,
        open,
        high: open.max(close) + 0.05,
        low: open.min(close) - 0.05,
        close,
        volume: 1_000.0,
        vwap: f64::midpoint(open, close),
        count: 60,
        seq,
        source: Source::Sim,
    }
}

/// An order event; the first one of an order carries its intent.
pub fn order(symbol: &Symbol, seq: u64, side: Side, state: OrderState, price: f64) -> OrderEvent {
    let id = OrderId::derive(symbol, seq, side);
    let first = matches!(state, OrderState::Submitting | OrderState::Refused);
    let time_ns = clock::now_ns();
    OrderEvent {
        v: VERSION,
        order_id: id.clone(),
        symbol: symbol.clone(),
        side,
        state,
        time_ns,
        tick_seq: Some(seq),
        intent: first.then(|| intent(symbol, seq, side, price, id)),
        refusal: (state == OrderState::Refused).then(|| Refusal {
            rule: Rule::TotalExposure,
            message: "exposure would be 52,100, the limit is 50,000".to_owned(),
        }),
        fill: (state == OrderState::Filled).then(|| Fill {
            id: format!("f-{seq}"),
            quantity: Decimal::from(12),
            price: cents(price),
            fee: cents(0.25),
            value: None,
        }),
        broker_order_id: None,
        venue: None,
        message: None,
        writer: "fake".to_owned(),
        at_ms: clock::now_ms(),
    }
}

fn intent(symbol: &Symbol, seq: u64, side: Side, price: f64, id: OrderId) -> Intent {
    let buy = side == Side::Buy;
    Intent {
        v: VERSION,
        id,
        symbol: symbol.clone(),
        side,
        kind: if buy { IntentKind::Entry } else { IntentKind::Exit },
        quantity: Decimal::from(12),
        price,
        tick_seq: seq,
        position: seq,
        time_ns: clock::now_ns(),
        valid_until_ms: clock::now_ms() + 5_000,
        reason: if buy { Reason::CrossUp } else { Reason::TakeProfit },
        indicators: Indicators::default(),
        strategy: "micro".to_owned(),
        revision: "test".to_owned(),
    }
}

/// A holding.
pub fn position(symbol: &Symbol, quantity: i64, average_price: f64) -> Position {
    Position {
        quantity: Decimal::from(quantity),
        average_price: cents(average_price),
        realised: cents(18.4),
        ..Position::flat(symbol.clone())
    }
}

/// What the strategy means to do with shares bought at `entry`.
pub fn levels(symbol: &Symbol, entry: f64) -> Levels {
    Levels {
        v: VERSION,
        symbol: symbol.clone(),
        ema_fast: 12,
        ema_slow: 26,
        entry: Some(entry),
        stop: Some(entry * 0.995),
        trailing: false,
        take_profit: Some(entry * 1.008),
        leave_by_ms: None,
        tick_seq: 1,
    }
}

pub fn account() -> Account {
    Account {
        v: VERSION,
        mode: BrokerMode::Paper,
        currency: "USD".to_owned(),
        cash: cents(86_420.17),
        exposure: cents(13_702.55),
        equity: cents(100_122.72),
        realised: cents(98.2),
        unrealised: cents(24.52),
        day_profit: cents(122.72),
        day_start_equity: cents(100_000.0),
        day: "2026-11-20".to_owned(),
        peak_equity: cents(100_180.0),
        account_id: String::new(),
        foreign: proto::Decimal::ZERO,
        open_orders: 1,
        unresolved: Vec::new(),
        refusals: BTreeMap::from([(Rule::TotalExposure, 3)]),
        warnings: Vec::new(),
        journal_seq: 1,
        writer: "fake".to_owned(),
        at_ms: clock::now_ms(),
    }
}

pub fn feed(symbols: Vec<Symbol>) -> FeedStatus {
    FeedStatus {
        v: VERSION,
        run: "fake".to_owned(),
        source: Source::Sim,
        clock: ClockKind::Tape,
        state: FeedState::Live,
        detail: "seeded random walk".to_owned(),
        symbols,
        missing: Vec::new(),
        start_position: 0,
        interval_ms: 1_000,
        speed: 1.0,
        delay_ms: 0,
        entitlement: None,
        transport: None,
        tape: None,
        at_ms: clock::now_ms(),
    }
}

/// Those that write.
pub struct FakeDesk {
    ingest: Bus,
    strategy: Bus,
    executor: Bus,
    operator: Bus,
}

impl FakeDesk {
    pub fn new(ingest: Bus, strategy: Bus, executor: Bus, operator: Bus) -> Self {
        Self { ingest, strategy, executor, operator }
    }

    /// Publishes and waits until it is stored, so that a later reader finds it.
    async fn store(&self, bus: &Bus, subject: String, message: &impl Message) {
        bus.publish_stored(&subject, encode(message).unwrap(), Expect::Anything).await.unwrap();
    }

    pub async fn tick(&self, tick: &Tick) {
        self.store(&self.ingest, subject::tick(&tick.symbol), tick).await;
    }

    pub async fn bar(&self, bar: &Bar) {
        self.store(&self.ingest, subject::bar(&bar.symbol), bar).await;
    }

    pub async fn raw(&self, subject: String, payload: &[u8]) {
        self.ingest.publish_stored(&subject, payload.to_vec(), Expect::Anything).await.unwrap();
    }

    pub async fn order(&self, event: &OrderEvent) {
        let subject = subject::order(&event.symbol, &event.order_id);
        self.store(&self.executor, subject, event).await;
    }

    pub async fn position(&self, position: &Position) {
        let key = key::position(&position.symbol);
        self.executor.kv(&POSITIONS).put(&key, position).await.unwrap();
    }

    pub async fn levels(&self, levels: &Levels) {
        self.strategy.kv(&LEVELS).put(&key::levels(&levels.symbol), levels).await.unwrap();
    }

    pub async fn account(&self, account: &Account) {
        self.executor.kv(&ACCOUNT).put(key::ACCOUNT_SUMMARY, account).await.unwrap();
    }

    pub async fn feed(&self, feed: &FeedStatus) {
        self.ingest.kv(&FEED).put(key::FEED_STATUS, feed).await.unwrap();
    }

    pub async fn control(&self, state: TradingState, why: &str) {
        let control = Control {
            v: VERSION,
            state,
            by: "anna".to_owned(),
            why: why.to_owned(),
            at_ms: clock::now_ms(),
        };
        self.operator.kv(&CONTROL).put(key::CONTROL_TRADING, &control).await.unwrap();
    }
}
