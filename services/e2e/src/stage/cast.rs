//! What the others of a desk would say to the dashboard of a stage, said by hand: strategy, executor,
//! and ingest of itself. Nothing of it is checked against anything else: the test is the desk.

use super::{FeedStatus, Stage, tick};
use anyhow::Context as _;
use proto::{
    Account, BrokerMode, ClockKind, FeedState, Fill, Indicators, Intent, IntentKind, Levels,
    OrderEvent, OrderId, OrderState, Position, Reason, Refusal, Rule, Side, Source, Symbol,
    VERSION, encode, stream, subject,
};
use runtime::{bus::Expect, clock};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

const MINUTE_MS: i64 = 60_000;

impl Stage {
    /// Says how the feed stands.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn tell_feed(&self, status: &FeedStatus) -> anyhow::Result<()> {
        let feed = self.ingest.kv(&stream::FEED);
        feed.put(subject::key::FEED_STATUS, status).await.map(drop).context("tell of the feed")
    }

    /// Says what the strategy means to do.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn tell_levels(&self, levels: &Levels) -> anyhow::Result<()> {
        let key = subject::key::levels(&levels.symbol);
        let told = self.strategy.kv(&stream::LEVELS);
        told.put(&key, levels).await.map(drop).context("tell of the levels")
    }

    /// Says what is held.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn tell_position(&self, position: &Position) -> anyhow::Result<()> {
        let key = subject::key::position(&position.symbol);
        let told = self.executor.kv(&stream::POSITIONS);
        told.put(&key, position).await.map(drop).context("tell of the position")
    }

    /// Says how the account stands.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn tell_account(&self, account: &Account) -> anyhow::Result<()> {
        let told = self.executor.kv(&stream::ACCOUNT);
        let put = told.put(subject::key::ACCOUNT_SUMMARY, account);
        put.await.map(drop).context("tell of the account")
    }

    /// Writes an event into the journal.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn journal(&self, event: &OrderEvent) -> anyhow::Result<()> {
        let subject = subject::order(&event.symbol, &event.order_id);
        let stored = self.executor.publish_stored(&subject, encode(event)?, Expect::Anything);
        stored.await.map(drop).context("write the journal")
    }

    /// An hour of minutes of every symbol up to `end_ms`, and then a price of 100 dollars.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn play_an_hour(&self, end_ms: i64) -> anyhow::Result<()> {
        for symbol in &self.symbols {
            for minute in -60_i32..0 {
                let start_ms = end_ms + i64::from(minute) * MINUTE_MS;
                let close = 100.0 + f64::from(minute.rem_euclid(7)) / 10.0;
                self.store(&super::bar(symbol, start_ms, 100.0, close, 0)).await?;
            }
            self.publish(&tick(symbol, 1, 100.0, end_ms + 1_000)).await?;
        }
        Ok(())
    }
}

/// A simulated feed that runs.
pub fn feed(symbols: &[Symbol]) -> FeedStatus {
    FeedStatus {
        v: VERSION,
        run: "stage".to_owned(),
        source: Source::Sim,
        clock: ClockKind::Tape,
        state: FeedState::Live,
        detail: "published by hand".to_owned(),
        symbols: symbols.to_vec(),
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

/// Averages of 12 and 26 minutes, a stop at 98, a target at 103 dollars.
pub fn levels(symbol: &Symbol) -> Levels {
    Levels {
        v: VERSION,
        symbol: symbol.clone(),
        ema_fast: 12,
        ema_slow: 26,
        entry: Some(99.5),
        stop: Some(98.0),
        trailing: false,
        take_profit: Some(103.0),
        leave_by_ms: None,
        tick_seq: 1,
    }
}

/// Ten shares held, bought at 99.50.
pub fn position(symbol: &Symbol) -> Position {
    Position {
        quantity: Decimal::from(10),
        average_price: Decimal::new(9_950, 2),
        cost: Decimal::from(995),
        opened_ns: 1,
        journal_seq: 1,
        ..Position::flat(symbol.clone())
    }
}

/// 100,000 dollars of paper money, with nothing done yet.
pub fn account() -> Account {
    let money = Decimal::from(100_000);
    Account {
        v: VERSION,
        mode: BrokerMode::Paper,
        currency: "USD".to_owned(),
        cash: money,
        exposure: Decimal::ZERO,
        equity: money,
        realised: Decimal::ZERO,
        unrealised: Decimal::ZERO,
        day_profit: Decimal::ZERO,
        day_start_equity: money,
        day: "2026-11-20".to_owned(),
        peak_equity: money,
        account_id: String::new(),
        foreign: Decimal::ZERO,
        open_orders: 0,
        unresolved: Vec::new(),
        refusals: BTreeMap::new(),
        warnings: Vec::new(),
        journal_seq: 1,
        writer: "stage".to_owned(),
        at_ms: clock::now_ms(),
    }
}

/// What happens at `time_ms` to an order of ten shares at 100 dollars, with its intent: a fill where
/// the state is one of filled, a refusal by the collar where it is refused, and nothing but the state
/// otherwise.
pub fn order(symbol: &Symbol, seq: u64, side: Side, state: OrderState, time_ms: i64) -> OrderEvent {
    let id = OrderId::derive(symbol, seq, side);
    let filled = matches!(state, OrderState::Filled | OrderState::PartiallyFilled);
    let fill = Fill {
        id: "1".to_owned(),
        quantity: Decimal::from(10),
        price: Decimal::from(100),
        fee: Decimal::new(35, 2),
        value: None,
    };
    let refusal =
        Refusal { rule: Rule::PriceCollar, message: "12 % from the last price".to_owned() };
    OrderEvent {
        v: VERSION,
        order_id: id.clone(),
        symbol: symbol.clone(),
        side,
        state,
        time_ns: time_ms * 1_000_000,
        tick_seq: Some(seq),
        intent: Some(intent(symbol, id, side, seq, time_ms)),
        refusal: (state == OrderState::Refused).then_some(refusal),
        fill: filled.then_some(fill),
        broker_order_id: None,
        venue: None,
        message: None,
        writer: "stage".to_owned(),
        at_ms: clock::now_ms(),
    }
}

fn intent(symbol: &Symbol, id: OrderId, side: Side, seq: u64, time_ms: i64) -> Intent {
    let buy = side == Side::Buy;
    Intent {
        v: VERSION,
        id,
        symbol: symbol.clone(),
        side,
        kind: if buy { IntentKind::Entry } else { IntentKind::Exit },
        quantity: Decimal::from(10),
        price: 100.0,
        tick_seq: seq,
        position: seq,
        time_ns: time_ms * 1_000_000,
        valid_until_ms: time_ms + MINUTE_MS,
        reason: if buy { Reason::CrossUp } else { Reason::TakeProfit },
        indicators: Indicators::default(),
        strategy: "stage".to_owned(),
        revision: "1".to_owned(),
    }
}
