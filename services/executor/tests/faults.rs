//! Every fault of Trading212, on a buy and on a sale: the orders there, the orders in the journal and
//! the intents that should have traded are the same; none twice, none lost, none unresolved in
//! silence.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

mod cases;
mod support;

use cases::{CASES, Case, Outcome};
use executor::broker::trading212::{
    Environment, Settings, Trading212,
    client::{Credentials, Timeouts},
    matching::Patience,
};
use futures_util::StreamExt as _;
use proto::{Decimal, Intent, OrderEvent, OrderState, Position, Side};
use reqwest::Url;
use std::{collections::BTreeMap, time::Duration};
use support::Running;
use testkit::{
    desk::{Bench, intent},
    trading212::{Fake, FakeConfig, Hours, Limits, Origin, PriceSource, Timing},
};

const TICKER: &str = "AAPL_US_EQ";
const PRICE: i64 = 100;

async fn fake() -> Fake {
    let config = FakeConfig {
        timing: Timing::immediate(),
        limits: Limits::Off,
        hours: Hours::AlwaysOpen,
        prices: PriceSource::Unset,
        ..FakeConfig::default()
    };
    let fake = Fake::start(config).await.unwrap();
    fake.set_price(TICKER, Decimal::from(PRICE));
    fake
}

async fn executor(bench: &Bench, fake: &Fake) -> Running {
    let settings = Settings {
        environment: Environment::Demo,
        base_url: Url::parse(&fake.url()).unwrap(),
        credentials: Credentials { key: "demo-key".into(), secret: "demo-secret".into() },
        timeouts: Timeouts {
            connect: Duration::from_secs(2),
            order: Duration::from_millis(1_500),
            read: Duration::from_millis(1_500),
            list: Duration::from_secs(5),
        },
        cache_folder: None,
        pins: BTreeMap::new(),
        patience: Patience {
            absent_after: Duration::from_secs(3),
            apart: Duration::from_millis(300),
            haste: 50,
        },
    };
    let (account, _identity) = Trading212::connect(settings).await.unwrap();
    Running::start(bench, |_bus, _config| account).await
}

/// One intent to its end.
async fn trade(bench: &Bench, side: Side, shares: i64) -> (Intent, Vec<OrderEvent>) {
    let decided = bench.tick("AAPL", 100.0).await;
    let wish = intent(&decided, side, shares);
    bench.publish_intent(&wish).await;
    bench.wait_settled("AAPL", &wish.id).await;
    let events = bench.events("AAPL").await;
    (wish.clone(), events.into_iter().filter(|event| event.order_id == wish.id).collect())
}

/// Plays every case on one side, a few at a time: most of a case is waiting.
async fn play_all(side: Side) {
    futures_util::stream::iter(CASES).for_each_concurrent(4, |case| play(case, side)).await;
}

/// Plays a case on one side and holds the three ledgers against each other.
async fn play(case: &Case, side: Side) {
    let what = format!("{} x {side:?}", case.name);
    let (bench, fake) = tokio::join!(Bench::live(), fake());
    let running = executor(&bench, &fake).await;
    if side == Side::Sell {
        let (_, bought) = trade(&bench, Side::Buy, 20).await;
        assert_eq!(bought.last().unwrap().state, OrderState::Filled, "{what}");
    }
    let before = ours(&fake);
    let held_before = fake.held(TICKER);
    (case.spoil)(&fake);
    let strangers: Decimal = strangers(&fake);
    let (_, events) = trade(&bench, side, 10).await;
    fake.clear_faults();
    let last = events.last().unwrap();
    let placed = ours(&fake) - before;
    match case.outcome {
        Outcome::Traded => {
            assert_eq!(last.state, OrderState::Filled, "{what}: {events:#?}");
            assert_eq!(placed, 1, "{what}: orders at the broker");
        }
        Outcome::Nothing => {
            let nothing = [OrderState::Absent, OrderState::Rejected];
            assert!(nothing.contains(&last.state), "{what}: {events:#?}");
            assert!(placed <= 1, "{what}: orders at the broker");
        }
    }
    let filled: Decimal =
        events.iter().filter_map(|event| event.fill.as_ref()).map(|f| f.quantity).sum();
    let moved = fake.held(TICKER) - held_before - strangers;
    let signed = if side == Side::Buy { filled } else { -filled };
    assert_eq!(moved, signed, "{what}: shares at the broker against the journal");
    let known =
        |position: &Position| position.unresolved.is_none() && position.open_order.is_none();
    bench.wait_kv(&proto::stream::POSITIONS, "AAPL", known).await;
    running.stop().await;
}

/// Orders at the broker that came through the API.
fn ours(fake: &Fake) -> usize {
    fake.orders().iter().filter(|order| order.origin == Origin::Api).count()
}

/// Shares that others have bought.
fn strangers(fake: &Fake) -> Decimal {
    fake.orders()
        .iter()
        .filter(|order| order.origin != Origin::Api)
        .map(|order| order.quantity)
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_makes_a_buy_double_lost_or_silent() {
    play_all(Side::Buy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_makes_a_sale_double_lost_or_silent() {
    play_all(Side::Sell).await;
}
