//! The executor killed at every step of an order's life, and two of them at once: the orders at
//! Trading212, the orders in the journal and the intents that should have traded are the same, and
//! so are the holdings; none twice, none lost, none unresolved in silence.
//!
//! `TICKWALL_RUNS=1000` plays more seeds; `TICKWALL_SEED=7` plays that one.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is wrong"
)]

mod cases;
mod killed;

use futures_util::{FutureExt as _, future::join_all};
use killed::{
    lane::{Lane, ends},
    ledgers::Ledgers,
    plan::{Draw, Plan, Point},
};
use proto::{OrderState, Side};
use runtime::testing::{SOON, eventually};
use std::{panic::AssertUnwindSafe, str::FromStr as _, time::Duration};
use testkit::trading212::{Endpoint, Fault};

/// Seeds that are played.
const RUNS: u64 = 200;
/// Desks at a time.
const LANES: usize = 16;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| u64::from_str(&text).unwrap())
}

/// Plays seeds one after another on one desk.
async fn play(seeds: Vec<u64>) {
    let lane = Lane::open().await;
    for seed in seeds {
        let played = AssertUnwindSafe(lane.play(seed)).catch_unwind().await;
        if played.is_err() {
            let words = Plan::draw(&mut Draw::new(seed)).words();
            let log = lane.home.log();
            panic!("{log}\nTICKWALL_SEED={seed} failed: {words}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_executor_killed_at_any_step_doubles_and_loses_nothing() {
    if let Some(seed) = variable("TICKWALL_SEED") {
        return Box::pin(play(vec![seed])).await;
    }
    let runs = variable("TICKWALL_RUNS").unwrap_or(RUNS);
    let lane = |first| play((first..runs).step_by(LANES).collect());
    join_all((0..LANES as u64).map(lane)).await;
}

/// One executor is frozen at `point` until another has taken over and settled its order.
async fn freeze(lane: &Lane, point: Point, fault: Option<Fault>) {
    let mut watch = lane.watch("AAPL").await;
    let mut frozen = lane.home.start();
    lane.surely(Point::Asking, &mut watch).await;
    let holder = lane.holder().await;
    let mut other = lane.home.start();
    let mut finger = frozen.aim();
    if let Some(fault) = fault {
        lane.fake.fault(fault).on(Endpoint::PostMarket).once();
    }
    let wish = lane.wish("AAPL", Side::Buy, 5).await;
    if point == Point::Delivered {
        // It asked for work before it froze, and gets it.
        finger.freeze().await;
        lane.bench.publish_intent(&wish).await;
        lane.surely(point, &mut watch).await;
    } else {
        lane.bench.publish_intent(&wish).await;
        lane.surely(point, &mut watch).await;
        finger.freeze().await;
    }
    let taken = eventually(SOON, async || (lane.holder().await != holder).then_some(()));
    taken.await.unwrap();
    lane.settled(&mut other, &wish).await;
    let posts = lane.fake.calls(Endpoint::PostMarket);
    finger.thaw().await;
    assert!(ends(&mut frozen).await.is_some(), "it goes on without the lease");
    assert_eq!(lane.fake.calls(Endpoint::PostMarket), posts, "it sent something");
    Ledgers::read(&lane.bus).await.check(&lane.fake, &lane.bus).await;
    let more = lane.wish("MSFT", Side::Buy, 2).await;
    lane.bench.publish_intent(&more).await;
    lane.settled(&mut other, &more).await;
    let ledgers = Ledgers::read(&lane.bus).await;
    ledgers.check(&lane.fake, &lane.bus).await;
    assert_eq!(ledgers.order(&more.id).last().unwrap().state, OrderState::Filled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_executor_frozen_past_its_lease_sends_nothing_when_it_goes_on() {
    let cases = [
        (Point::Delivered, None),
        (Point::State(OrderState::Submitting), None),
        (Point::State(OrderState::Submitting), Some(Fault::AcceptThenTimeout)),
        (Point::Post(Duration::ZERO), None),
        (Point::Post(Duration::ZERO), Some(Fault::TimeoutBeforeAccept)),
        (Point::State(OrderState::Accepted), None),
        (Point::State(OrderState::Filled), None),
    ];
    let one = async |(point, fault): (Point, Option<Fault>)| {
        let words = format!("frozen at {point:?}, {fault:?}");
        let lane = Lane::open().await;
        let played = AssertUnwindSafe(freeze(&lane, point, fault)).catch_unwind().await;
        assert!(played.is_ok(), "{}\n{words}", lane.home.log());
    };
    join_all(cases.map(one)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_executors_one_trades_and_the_other_stands_by() {
    let lane = Lane::open().await;
    let (mut one, mut other) = (lane.home.start(), lane.home.start());
    for symbol in ["AAPL", "MSFT", "NVDA", "TSLA", "GOOGL", "AMZN"] {
        // What is bought is a little less: no two open orders look alike.
        for (side, shares) in [(Side::Buy, 5), (Side::Sell, 4)] {
            let wish = lane.wish(symbol, side, shares).await;
            lane.bench.publish_intent(&wish).await;
            lane.bench.publish_intent_again(&wish, 1).await;
            lane.bench.wait_settled(symbol, &wish.id).await;
            let order = lane.bench.events(symbol).await.pop().unwrap();
            assert_eq!(order.state, OrderState::Filled, "{order:?}");
            assert_eq!((one.ended(), other.ended()), (None, None));
        }
    }
    let ledgers = Ledgers::read(&lane.bus).await;
    assert_eq!(ledgers.writers().len(), 1);
    assert_eq!(lane.fake.orders().len(), 12);
    ledgers.check(&lane.fake, &lane.bus).await;
}
