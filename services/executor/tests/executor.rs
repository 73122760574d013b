//! The executor's service on a real bus: the order protocol, its refusals, and its recoveries.

mod support;

use executor::broker::paper::Paper;
use proto::{OrderState, Rule, Side, TradingState};
use support::Running;
use testkit::desk::{Bench, intent};

/// An executor on paper.
async fn paper(bench: &Bench) -> Running {
    Running::start(bench, |bus, config| {
        Paper::new(bus.clone(), config.paper.clone(), &config.currency)
    })
    .await
}

#[tokio::test]
async fn an_intent_becomes_one_order_that_fills_at_the_next_tick() {
    let bench = Bench::start().await;
    let executor = paper(&bench).await;
    let decided = bench.tick("AAPL", 100.0).await;
    bench.publish_intent(&intent(&decided, Side::Buy, 10)).await;
    bench.wait_state("AAPL", OrderState::Accepted).await;
    let next = bench.tick("AAPL", 101.0).await;
    let events = bench.wait_state("AAPL", OrderState::Filled).await;
    let states: Vec<_> = events.iter().map(|event| event.state).collect();
    assert_eq!(states, [OrderState::Submitting, OrderState::Accepted, OrderState::Filled]);
    let filled = events.last().unwrap();
    assert_eq!(filled.tick_seq, Some(next.tick.seq));
    assert_eq!(filled.fill.as_ref().unwrap().price, "101.0303".parse().unwrap());
    let position = bench.wait_settled("AAPL", &events[0].order_id).await;
    assert_eq!(position.quantity, 10.into());
    executor.stop().await;
}

#[tokio::test]
async fn the_same_intent_again_changes_nothing() {
    let bench = Bench::start().await;
    let executor = paper(&bench).await;
    let decided = bench.tick("AAPL", 100.0).await;
    let wish = intent(&decided, Side::Buy, 10);
    bench.publish_intent_again(&wish, 1).await;
    bench.tick("AAPL", 101.0).await;
    bench.wait_state("AAPL", OrderState::Filled).await;
    bench.publish_intent_again(&wish, 2).await;
    // A later intent of another symbol is worked on after the repeated one.
    let other = bench.tick("MSFT", 100.0).await;
    bench.publish_intent(&intent(&other, Side::Buy, 10)).await;
    bench.wait_state("MSFT", OrderState::Accepted).await;
    assert_eq!(bench.events("AAPL").await.len(), 3);
    executor.stop().await;
}

#[tokio::test]
async fn refusals_are_journaled_by_name() {
    let bench = Bench::start().await;
    let executor = paper(&bench).await;
    let dear = bench.tick("AAPL", 100.0).await;
    bench.publish_intent(&intent(&dear, Side::Buy, 1_000)).await;
    let events = bench.wait_state("AAPL", OrderState::Refused).await;
    assert_eq!(events[0].refusal.as_ref().unwrap().rule, Rule::OrderValue);
    let unowned = bench.tick("MSFT", 100.0).await;
    bench.publish_intent(&intent(&unowned, Side::Sell, 1)).await;
    let events = bench.wait_state("MSFT", OrderState::Refused).await;
    assert_eq!(events[0].refusal.as_ref().unwrap().rule, Rule::NotOwned);
    executor.stop().await;
}

#[tokio::test]
async fn a_halted_desk_sends_nothing_and_a_reducing_one_only_exits() {
    let bench = Bench::start().await;
    let executor = paper(&bench).await;
    bench.buy("AAPL", 10).await;
    bench.control(TradingState::Reducing).await;
    let entry = bench.tick("MSFT", 100.0).await;
    bench.publish_intent(&intent(&entry, Side::Buy, 10)).await;
    let events = bench.wait_state("MSFT", OrderState::Refused).await;
    assert_eq!(events[0].refusal.as_ref().unwrap().rule, Rule::Reducing);
    let exit = bench.tick("AAPL", 100.0).await;
    bench.publish_intent(&intent(&exit, Side::Sell, 5)).await;
    bench.tick("AAPL", 100.0).await;
    bench.wait_order(&intent(&exit, Side::Sell, 5), OrderState::Filled).await;
    bench.control(TradingState::Halted).await;
    let late = bench.tick("AAPL", 100.0).await;
    bench.publish_intent(&intent(&late, Side::Sell, 5)).await;
    bench.wait_order(&intent(&late, Side::Sell, 5), OrderState::Refused).await;
    executor.stop().await;
}

#[tokio::test]
async fn a_reached_loss_limit_stops_entries_until_a_person_resumes() {
    let bench = Bench::start().await;
    let executor = paper(&bench).await;
    bench.buy("AAPL", 50).await;
    let fallen = bench.tick("AAPL", 50.0).await;
    bench.strategy_at(fallen.position).await;
    let control = bench.wait_trading(TradingState::Reducing).await;
    assert_eq!(control.by, "executor");
    assert!(control.why.contains("loss"), "{}", control.why);
    executor.stop().await;
}

#[tokio::test]
async fn a_restarted_executor_finishes_what_its_predecessor_began() {
    let bench = Bench::start().await;
    let executor = paper(&bench).await;
    let decided = bench.tick("AAPL", 100.0).await;
    let wish = intent(&decided, Side::Buy, 10);
    bench.publish_intent(&wish).await;
    bench.wait_state("AAPL", OrderState::Accepted).await;
    executor.stop().await;
    bench.tick("AAPL", 101.0).await;
    bench.tick("AAPL", 102.0).await;
    let executor = paper(&bench).await;
    let events = bench.wait_state("AAPL", OrderState::Filled).await;
    let filled = events.last().unwrap();
    assert_eq!(filled.tick_seq, Some(decided.tick.seq + 1), "the first tick after, not the latest");
    let position = bench.wait_settled("AAPL", &wish.id).await;
    assert_eq!(position.quantity, 10.into());
    executor.stop().await;
}

#[tokio::test]
async fn a_claim_whose_executor_died_is_settled_and_never_claimed_again() {
    let bench = Bench::start().await;
    let decided = bench.tick("AAPL", 100.0).await;
    let wish = intent(&decided, Side::Buy, 10);
    bench.journal_claim(&wish).await;
    bench.publish_intent(&wish).await;
    bench.tick("AAPL", 101.0).await;
    let executor = paper(&bench).await;
    let events = bench.wait_state("AAPL", OrderState::Filled).await;
    let states: Vec<_> = events.iter().map(|event| event.state).collect();
    let expected =
        [OrderState::Submitting, OrderState::Unknown, OrderState::Accepted, OrderState::Filled];
    assert_eq!(states, expected);
    executor.stop().await;
}

#[tokio::test]
async fn garbage_among_the_intents_is_skipped_and_the_next_one_is_worked_on() {
    let bench = Bench::start().await;
    let executor = paper(&bench).await;
    bench.publish_raw_intent("AAPL", vec![0xc1; 40]).await;
    let decided = bench.tick("AAPL", 100.0).await;
    bench.publish_intent(&intent(&decided, Side::Buy, 10)).await;
    bench.wait_state("AAPL", OrderState::Accepted).await;
    executor.stop().await;
}

#[tokio::test]
async fn noise_in_the_journal_does_not_keep_an_executor_from_starting() {
    let bench = Bench::start().await;
    bench.noise_in_journal().await;
    let executor = paper(&bench).await;
    bench.buy("AAPL", 10).await;
    executor.stop().await;
}

#[tokio::test]
async fn a_person_sells_everything_while_no_strategy_is_there() {
    let bench = Bench::start().await;
    let executor = paper(&bench).await;
    bench.buy("AAPL", 10).await;
    bench.buy("MSFT", 5).await;
    bench.control(TradingState::Reducing).await;
    bench.flatten().await;
    for symbol in ["AAPL", "MSFT"] {
        bench.wait_state(symbol, OrderState::Accepted).await;
        bench.tick(symbol, 100.0).await;
        let sold = |position: &proto::Position| position.quantity.is_zero();
        bench.wait_kv(&proto::stream::POSITIONS, symbol, sold).await;
    }
    executor.stop().await;
}
