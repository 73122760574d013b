//! A person's orders to a tape: pause, step, speed. None changes what is published.

use crate::desk::{Bench, Running, SOON, test_data};
use ingest::{
    publish::TapeWriter,
    source::{
        Source as _,
        replay::{
            Replay, Settings,
            gate::{Gate, Order},
            remote,
        },
    },
};
use proto::{FeedState, Progress, Symbol, Tick, stream::PROGRESS, subject, subject::key};
use runtime::testing::eventually;
use tokio_util::sync::CancellationToken;

/// A tape of 210 rows whose orders are answered on the bus.
async fn replay(bench: &Bench, speed: Option<f64>) -> Running {
    let paths = vec![test_data("trades_v1_by_time.csv")];
    let source = Replay::new(Settings { paths, speed, ..Settings::default() }, &bench.symbols);
    answer(bench, source.gate(), "replay").await;
    bench.start(source).await
}

/// Answers orders until the server goes.
async fn answer(bench: &Bench, gate: Option<Gate>, feed: &'static str) {
    let bus = bench.server.bus("ingest").await.unwrap();
    drop(tokio::spawn(remote::serve(bus.clone(), gate, feed, CancellationToken::new())));
    let ready = async || {
        let answer = tell(bench, "what?").await?;
        answer.contains("no order to a tape").then_some(())
    };
    eventually(SOON, ready).await.expect("orders are answered");
}

/// What the operator is answered.
async fn tell(bench: &Bench, order: &str) -> Option<String> {
    let bus = bench.server.bus("operator").await.unwrap();
    let request = bus.client().request(subject::REPLAY, order.to_owned().into());
    let answer = request.await.ok()?;
    bus.drain().await;
    Some(String::from_utf8(answer.payload.to_vec()).unwrap())
}

async fn told(bench: &Bench, order: &str) -> String {
    tell(bench, order).await.expect("an answer")
}

fn said(ticks: &[(u64, Tick)]) -> Vec<(Symbol, u64, i64, f64)> {
    let say = |(_, tick): &(u64, Tick)| (tick.symbol.clone(), tick.seq, tick.time_ns, tick.price);
    ticks.iter().map(say).collect()
}

#[tokio::test]
async fn a_paused_tape_stands_still_and_steps_are_exact_and_change_nothing() {
    let straight = Bench::new(&["ACME", "BRK.B"]).await;
    let running = replay(&straight, None).await;
    straight.state(FeedState::Done).await;
    let expected = said(&straight.all_ticks().await);
    running.stop().await;

    let bench = Bench::new(&["ACME", "BRK.B"]).await;
    // So slow that without steps nothing but the first would come.
    let running = replay(&bench, Some(0.000_1)).await;
    bench.ticks_from(1).await;
    let answer = told(&bench, "pause").await;
    assert!(answer.starts_with("paused; row 1 of 210, 2026-01-02 09:30:00 New York"), "{answer}");
    let status = bench.status(|status| status.tape.as_ref().is_some_and(|tape| tape.paused)).await;
    let tape = status.tape.unwrap();
    assert_eq!((status.state, tape.rows, tape.of), (FeedState::Live, 1, 210));
    for (step, held) in [(1, 2), (40, 42), (3, 45)] {
        let answer = told(&bench, &format!("step {step}")).await;
        assert!(answer.starts_with(&format!("stepping {step} ticks")), "{answer}");
        assert_eq!(bench.ticks_from(held).await.len() as u64, held);
    }
    let answer = told(&bench, "speed max").await;
    assert!(answer.starts_with("paused, full speed from the next resume on; row 45"), "{answer}");
    assert_eq!(bench.ticks_from(45).await.len(), 45);
    assert!(told(&bench, "resume").await.starts_with("running at full speed"));
    let status = bench.state(FeedState::Done).await;
    let tape = status.tape.clone().unwrap();
    assert_eq!((tape.rows, tape.of, tape.paused), (210, 210, false), "{status:?}");
    assert_eq!(said(&bench.all_ticks().await), expected);
    assert!(told(&bench, "pause").await.contains("refused: the tape is over"));
    running.stop().await;
}

#[tokio::test]
async fn another_speed_holds_from_the_next_tick_on_and_stands_in_the_status() {
    let bench = Bench::new(&["ACME", "BRK.B"]).await;
    let running = replay(&bench, Some(0.000_1)).await;
    bench.ticks_from(1).await;
    assert!(told(&bench, "speed 600").await.starts_with("running at 600x"));
    bench.status(|status| status.speed == 600.0).await;
    bench.state(FeedState::Done).await;
    assert_eq!(bench.all_ticks().await.len(), 210);
    running.stop().await;
}

#[tokio::test]
async fn a_paused_tape_that_is_killed_goes_on_where_it_was() {
    let bench = Bench::new(&["ACME", "BRK.B"]).await;
    let running = replay(&bench, Some(0.000_1)).await;
    bench.ticks_from(1).await;
    told(&bench, "pause").await;
    told(&bench, "step 20").await;
    bench.ticks_from(21).await;
    running.kill().await;
    let paths = vec![test_data("trades_v1_by_time.csv")];
    let source = Replay::new(Settings { paths, ..Settings::default() }, &bench.symbols);
    let running = bench.start(source).await;
    let status = bench.state(FeedState::Done).await;
    assert_eq!(status.tape.unwrap().rows, 210);
    assert_eq!(bench.all_ticks().await.len(), 210);
    running.stop().await;
}

#[tokio::test]
async fn an_order_that_is_none_and_a_feed_that_is_no_tape_are_told_apart() {
    let bench = Bench::new(&["ACME"]).await;
    answer(&bench, None, "sim").await;
    let answer = told(&bench, "pause").await;
    assert!(answer.starts_with("refused: the feed is sim, which is no tape"), "{answer}");
    let answer = told(&bench, "stop").await;
    assert!(answer.contains("\"stop\" is no order to a tape: say pause, resume"), "{answer}");
    assert!(told(&bench, "step many").await.contains("step takes a number of ticks"));
    assert!(!told(&bench, &"x".repeat(5_000)).await.contains(&"x".repeat(50)));
}

#[tokio::test]
async fn a_pause_holds_also_while_the_tape_waits_for_its_readers() {
    let bench = Bench::new(&["ACME"]).await;
    let bus = bench.server.bus("ingest").await.unwrap();
    let gate = Gate::new(None);
    let writer = TapeWriter::new(bus, "run-1", 0, &bench.symbols).with_lead(10);
    let mut writer = writer.behind(Some(gate.clone()));
    let progress = async |position| {
        let reported = Progress { v: 1, run: "run-1".to_owned(), position, time_ns: 0 };
        let strategy = bench.server.bus("strategy").await.unwrap();
        strategy.kv(&PROGRESS).put(&key::progress("strategy"), &reported).await.unwrap();
    };
    progress(20).await;
    let heard = async || (writer.slowest() == Some(20)).then_some(());
    eventually(SOON, heard).await.expect("the strategy's word is heard");
    let writing = tokio::spawn(async move {
        for seq in 1..=60 {
            writer.write(&tick(seq)).await;
        }
        writer.settle().await;
    });
    assert_eq!(bench.ticks_from(30).await.len(), 30);
    gate.obey(Order::Pause).unwrap();
    progress(60).await;
    for (step, held) in [(1, 31), (4, 35)] {
        gate.obey(Order::Step(step)).unwrap();
        assert_eq!(bench.ticks_from(held).await.len() as u64, held);
    }
    assert!(!writing.is_finished());
    gate.obey(Order::Resume).unwrap();
    writing.await.unwrap();
    assert_eq!(bench.ticks_from(60).await.len(), 60);
}

fn tick(seq: u64) -> Tick {
    crate::replay::tick(seq)
}
