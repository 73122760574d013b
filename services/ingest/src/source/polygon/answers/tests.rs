//! What becomes of answers that come late, not at all, in part, or once and never again.

use super::*;
use crate::source::polygon::{
    Wish,
    bench::{NOW_NS, asked, feed, given, page},
    line::Line,
    stream::StreamEvent,
};
use proto::Transport;
use runtime::clock::Clock;
use tokio::time::advance;

const SECOND: Duration = Duration::from_secs(1);

/// A feed of the Advanced plan that has had prices, and its clock.
fn advanced(names: &[&str]) -> (Polygon, Clock) {
    let clock = Clock::standing_at(NOW_NS);
    let mut feed = feed(names, &clock);
    feed.plan = Some(Entitlement::Advanced);
    (feed, clock)
}

/// Time goes by on both clocks.
async fn pass(clock: &Clock, time: Duration) {
    clock.set(clock.now_ns() + i64::try_from(time.as_nanos()).unwrap());
    advance(time).await;
}

fn pages(names: &[&str], clock: &Clock) -> Answer {
    Answer::Snapshots(vec![page(names, clock.now_ns())], None)
}

fn refused() -> PollError {
    PollError::NotEntitled { words: "HTTP 403".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_late_by_its_own_question_and_not_by_the_grid() {
    let (mut feed, clock) = advanced(&["A"]);
    // A retry, a moment before a poll of the grid would be due.
    let due = feed.grid.after(Instant::now());
    let wait = (due - Instant::now()).saturating_sub(SECOND / 10);
    pass(&clock, wait).await;
    let asking = asked(&feed);
    pass(&clock, SECOND).await;
    feed.take_answer(&asking, Ok(pages(&["A"], &clock)));
    assert_eq!(given(&mut feed), [("A".to_owned(), false)]);
    let asking = asked(&feed);
    pass(&clock, SECOND * 30).await;
    feed.take_answer(&asking, Ok(pages(&["A"], &clock)));
    assert_eq!(given(&mut feed), [], "it comes when the next is due");
}

#[tokio::test(start_paused = true)]
async fn an_outage_made_of_late_answers_is_one() {
    let (mut feed, clock) = advanced(&["A", "B"]);
    for _ in 0..3 {
        let asking = asked(&feed);
        pass(&clock, SECOND * 31).await;
        feed.take_answer(&asking, Ok(pages(&["A", "B"], &clock)));
    }
    assert_eq!(feed.told.as_ref().map(|told| told.state), Some(FeedState::Failing));
    assert_eq!((given(&mut feed), feed.history.due()), (Vec::new(), None));
    let asking = asked(&feed);
    feed.take_answer(&asking, Ok(pages(&["A", "B"], &clock)));
    assert_eq!(given(&mut feed), [("A".to_owned(), true), ("B".to_owned(), true)]);
    assert!(feed.history.due().is_some(), "the minutes of the outage");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_for_long_is_an_outage_of_its_symbols_alone() {
    let (mut feed, clock) = advanced(&["A", "B"]);
    let half = |clock: &Clock| {
        let failed = PollError::Transient { words: "HTTP 503".to_owned() };
        Answer::Snapshots(vec![page(&["A"], clock.now_ns())], Some(failed))
    };
    for _ in 0..3 {
        let asking = asked(&feed);
        feed.take_answer(&asking, Ok(half(&clock)));
        pass(&clock, SECOND * 30).await;
    }
    let whole = vec![("A".to_owned(), false); 3];
    assert_eq!((given(&mut feed), feed.history.due()), (whole, None));
    let asking = asked(&feed);
    feed.take_answer(&asking, Ok(pages(&["A", "B"], &clock)));
    assert_eq!(given(&mut feed), [("A".to_owned(), false), ("B".to_owned(), true)]);
    assert!(feed.history.due().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_once_is_no_outage() {
    let (mut feed, clock) = advanced(&["A", "B"]);
    let asking = asked(&feed);
    let failed = PollError::Transient { words: "HTTP 503".to_owned() };
    let half = Answer::Snapshots(vec![page(&["A"], clock.now_ns())], Some(failed));
    feed.take_answer(&asking, Ok(half));
    pass(&clock, SECOND * 30).await;
    let asking = asked(&feed);
    feed.take_answer(&asking, Ok(pages(&["A", "B"], &clock)));
    assert!(given(&mut feed).iter().all(|(_, gap)| !gap));
    assert_eq!(feed.history.due(), None);
}

#[tokio::test(start_paused = true)]
async fn prices_are_old_when_two_polls_say_so_and_fresh_with_the_first_that_is() {
    let (mut feed, clock) = advanced(&["A"]);
    let mut delays = Vec::new();
    for age in [1_000, 1_000, 0, 1_000, 0, 1_000, 1_000] {
        pass(&clock, SECOND * 30).await;
        let asking = asked(&feed);
        let old = vec![page(&["A"], clock.now_ns() - age * 1_000_000_000)];
        feed.take_answer(&asking, Ok(Answer::Snapshots(old, None)));
        delays.push(feed.condition().delay_ms);
    }
    assert_eq!(delays, [0, 900_000, 0, 0, 0, 0, 900_000]);
}

#[tokio::test(start_paused = true)]
async fn the_snapshot_beside_a_stream_says_nothing_about_a_delay() {
    let (mut feed, clock) = advanced(&["A"]);
    feed.settings.transport = Wish::Auto;
    feed.open_line();
    feed.take_stream(StreamEvent::Up { unconfirmed: Vec::new(), delayed: false });
    for _ in 0..3 {
        let asking = asked(&feed);
        let old = vec![page(&["A"], clock.now_ns() - 1_000_000_000_000)];
        feed.take_answer(&asking, Ok(Answer::Snapshots(old, None)));
    }
    feed.take_stream(StreamEvent::Down { words: "lost".to_owned() });
    let condition = feed.condition();
    assert_eq!((condition.transport, condition.delay_ms), (Some(Transport::Poll), 0));
}

#[tokio::test(start_paused = true)]
async fn one_refusal_makes_no_paid_plan_free_and_the_second_in_a_row_does() {
    let (mut feed, clock) = advanced(&["A"]);
    for _ in 0..2 {
        let asking = asked(&feed);
        feed.take_answer(&asking, Err(refused()));
        assert_eq!(feed.plan, Some(Entitlement::Advanced));
        assert_eq!(feed.due, Some(Instant::now() + SECOND * 60), "a minute apart");
        assert_eq!(feed.told.as_ref().map(|told| told.state), Some(FeedState::Failing));
        pass(&clock, SECOND * 60).await;
        let asking = asked(&feed);
        feed.take_answer(&asking, Ok(pages(&["A"], &clock)));
    }
    for _ in 0..2 {
        let asking = asked(&feed);
        feed.take_answer(&asking, Err(refused()));
    }
    assert_eq!(feed.plan, Some(Entitlement::Free));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_for_the_plan_tells_the_plan_and_gives_no_price() {
    let (mut feed, clock) = advanced(&["A"]);
    feed.settings.transport = Wish::Auto;
    feed.open_line();
    feed.take_stream(StreamEvent::Up { unconfirmed: Vec::new(), delayed: false });
    let ask = |feed: &Polygon| Asking::begin(&feed.rest, &feed.symbols, Question::Plan);
    let asking = ask(&feed);
    feed.take_answer(&asking, Ok(pages(&["A"], &clock)));
    assert_eq!((given(&mut feed), feed.due), (Vec::new(), None), "the stream has them all");
    let starter = r#"{"tickers":[{"ticker":"A","min":{"c":9,"t":1795186740000}}]}"#;
    let starter = vec![(feed.symbols.to_vec(), serde_json::from_str(starter).unwrap())];
    let asking = ask(&feed);
    feed.take_answer(&asking, Ok(Answer::Snapshots(starter, None)));
    assert_eq!(feed.plan, Some(Entitlement::Starter));
    assert!(matches!(feed.line, Line::Open(_)) && feed.line.up().is_none(), "another one");
}
