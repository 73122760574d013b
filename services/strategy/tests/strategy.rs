//! The strategy on a real nats-server: a feed, an executor that fills at once, and the tape between.

mod desk;

use desk::{Desk, SYMBOLS, TAPE_LENGTH};
use proto::{ClockKind, Source, TradingState};
use runtime::{
    clock::Clock,
    testing::{SOON, eventually},
};

#[tokio::test]
async fn a_crossing_on_the_tape_becomes_an_intent_and_its_outcome_lets_the_tape_go_on() {
    let desk = Desk::ready(TradingState::Active).await;
    desk.publish_tape().await;
    let strategy = desk.start();
    desk.settle_until_tape_is_done().await;
    let intents = desk.intents().await;
    assert!(intents.len() >= 4, "{intents:?}");
    for symbol in SYMBOLS {
        assert!(intents.iter().any(|intent| intent.symbol.as_str() == symbol), "{symbol}");
    }
    strategy.stop().await.unwrap();
}

#[tokio::test]
async fn the_same_tape_gives_the_same_intents_byte_for_byte() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let desk = Desk::ready(TradingState::Active).await;
        desk.publish_tape().await;
        let strategy = desk.start();
        desk.settle_until_tape_is_done().await;
        runs.push(desk.raw_intents().await);
        strategy.stop().await.unwrap();
    }
    assert!(!runs[0].is_empty());
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_strategy_killed_at_every_intent_repeats_none_and_misses_none() {
    let whole = Desk::ready(TradingState::Active).await;
    whole.publish_tape().await;
    let strategy = whole.start();
    whole.settle_until_tape_is_done().await;
    strategy.stop().await.unwrap();

    let killed = Desk::ready(TradingState::Active).await;
    killed.publish_tape().await;
    let mut settled = 0;
    let mut strategy = killed.start();
    while let Some(intent) = killed.next_intent_or_end(settled).await {
        strategy.kill().await;
        // Every other outcome comes while nobody listens.
        let before = settled % 2 == 0;
        if before {
            killed.settle(&intent).await;
        }
        strategy = killed.start();
        if !before {
            killed.settle(&intent).await;
        }
        settled += 1;
    }
    strategy.stop().await.unwrap();
    let ids = |intents: Vec<proto::Intent>| -> Vec<String> {
        intents.into_iter().map(|intent| intent.id.to_string()).collect()
    };
    assert_eq!(ids(killed.intents().await), ids(whole.intents().await));
}

#[tokio::test]
async fn nothing_is_sent_while_the_desk_is_halted() {
    let desk = Desk::ready(TradingState::Halted).await;
    desk.publish_tape().await;
    let strategy = desk.start();
    desk.wait_progress(TAPE_LENGTH).await;
    assert_eq!(desk.intents().await, []);
    strategy.stop().await.unwrap();
}

#[tokio::test]
async fn a_tape_waits_until_every_position_is_known() {
    let desk = Desk::provisioned().await;
    desk.set_feed(ClockKind::Tape, Source::Sim, "run-1").await;
    desk.set_trading(TradingState::Active).await;
    desk.publish_tape().await;
    let strategy = desk.start();
    desk.set_flat(SYMBOLS[0]).await;
    desk.bus("ingest").await.barrier().await.unwrap();
    assert_eq!(desk.progress().await, None);
    desk.set_flat(SYMBOLS[1]).await;
    desk.settle_until_tape_is_done().await;
    assert!(!desk.intents().await.is_empty());
    strategy.stop().await.unwrap();
}

#[tokio::test]
async fn progress_never_passes_an_intent_in_flight() {
    let desk = Desk::ready(TradingState::Active).await;
    desk.publish_tape().await;
    let strategy = desk.start();
    let intent = desk.next_intent_or_end(0).await.unwrap();
    desk.wait_progress(intent.position - 1).await;
    assert_eq!(desk.progress().await.unwrap().position, intent.position - 1);
    desk.settle(&intent).await;
    desk.wait_progress(intent.position).await;
    strategy.stop().await.unwrap();
}

#[tokio::test]
async fn bars_of_the_past_make_it_ready_at_once() {
    let desk = Desk::ready(TradingState::Active).await;
    desk.publish_bars_then_a_crossing().await;
    let strategy = desk.start();
    let intent = desk.next_intent_or_end(0).await.unwrap();
    assert_eq!(intent.tick_seq, 2);
    strategy.stop().await.unwrap();
}

#[tokio::test]
async fn on_the_wall_clock_stale_ticks_enter_nothing() {
    for (max_age_ms, expected) in [(3_600_000, true), (1_000, false)] {
        let desk = Desk::provisioned().await.with_tick_age(max_age_ms);
        desk.set_feed(ClockKind::Wall, Source::Sim, "run-1").await;
        desk.set_trading(TradingState::Active).await;
        desk.set_flat(SYMBOLS[0]).await;
        let last = desk.publish_a_crossing_of_the_last_minutes().await;
        let strategy = desk.start();
        desk.wait_progress(last).await;
        assert_eq!(!desk.intents().await.is_empty(), expected, "{max_age_ms}");
        strategy.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_new_run_of_the_same_feed_goes_on_and_another_kind_of_feed_ends_the_process() {
    let desk = Desk::ready(TradingState::Halted).await;
    desk.publish_tape().await;
    let strategy = desk.start();
    desk.wait_progress(TAPE_LENGTH).await;
    desk.set_feed(ClockKind::Tape, Source::Sim, "run-2").await;
    let run =
        eventually(SOON, async || desk.progress().await.filter(|progress| progress.run == "run-2"));
    assert_eq!(run.await.unwrap().position, TAPE_LENGTH);
    desk.set_feed(ClockKind::Wall, Source::Polygon, "run-3").await;
    let error = strategy.ended().await.unwrap_err();
    assert!(error.to_string().contains("the feed changed"), "{error:#}");
}

#[tokio::test]
async fn a_restarted_server_loses_nothing() {
    let mut desk = Desk::ready(TradingState::Active).await;
    desk.publish_tape().await;
    let strategy = desk.start();
    let first = desk.next_intent_or_end(0).await.unwrap();
    desk.restart_server().await;
    desk.settle(&first).await;
    desk.settle_until_tape_is_done().await;
    let ids: Vec<_> = desk.intents().await.into_iter().map(|intent| intent.id).collect();
    let once: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(once.len(), ids.len());
    strategy.stop().await.unwrap();
}

#[tokio::test]
async fn levels_appear_with_a_position_trail_and_vanish_when_flat() {
    let desk = Desk::ready(TradingState::Active).await;
    desk.publish_one(1, 0, 100.0, false).await;
    let strategy = desk.start();
    let flat = desk.wait_levels(|_whichever| true).await;
    assert_eq!((flat.ema_fast, flat.ema_slow, flat.stop), (2, 4, None));
    desk.wait_progress(1).await;
    desk.set_held().await;
    let held = desk.wait_levels(|levels| levels.entry.is_some()).await;
    assert_eq!((held.stop, held.trailing), (Some(99.0), false));
    assert!(held.take_profit.is_some() && held.leave_by_ms.is_some());
    desk.publish_one(2, 1, 101.0, false).await;
    let trailing = desk.wait_levels(|levels| levels.trailing).await;
    assert!(trailing.stop > held.stop);
    desk.set_flat(SYMBOLS[0]).await;
    let gone = desk.wait_levels(|levels| levels.entry.is_none()).await;
    assert_eq!((gone.stop, gone.take_profit, gone.leave_by_ms), (None, None, None));
    strategy.stop().await.unwrap();
}

#[tokio::test]
async fn a_live_strategy_decides_at_the_time_its_clock_shows() {
    for (clock, expected) in [(Desk::clock_at(61), true), (Clock::wall(), false)] {
        let desk = Desk::live().await;
        desk.publish_bars_then_a_crossing().await;
        let strategy = desk.start_at(clock);
        desk.wait_progress(2).await;
        assert_eq!(desk.intents().await.len(), usize::from(expected));
        strategy.stop().await.unwrap();
    }
}

#[tokio::test]
async fn bars_that_were_filled_in_after_a_gap_are_read_before_anything_is_entered() {
    for (filled_in, expected) in [(true, Some(4)), (false, None)] {
        let desk = Desk::live().await.with_entry_bars(2);
        let strategy = desk.start_at(Desk::clock_at(480));
        desk.publish_one(1, -120, 104.0, false).await;
        desk.publish_one(2, 360, 104.0, true).await;
        desk.wait_progress(2).await;
        if filled_in {
            desk.publish_falling_bars().await;
        }
        desk.publish_one(3, 420, 104.0, false).await;
        desk.publish_one(4, 480, 104.0, false).await;
        desk.wait_progress(4).await;
        let seqs = desk.intents().await.first().map(|intent| intent.tick_seq);
        assert_eq!(seqs, expected);
        strategy.stop().await.unwrap();
    }
}
