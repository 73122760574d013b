//! Orders that are looked for and followed, through lists that lag, repeat and come up empty.

use super::super::request::OrderKind;
use super::*;
use serde_json::json;

const START_MS: i64 = 1_786_254_531_000;

fn id(text: &str) -> OrderId {
    OrderId::parse(text).unwrap()
}

fn life(number: i64) -> Life {
    Life::new(number, Decimal::TEN, START_MS)
}

fn sent() -> Sent {
    Sent {
        ticker: "AAPL_US_EQ".to_owned(),
        quantities: vec![Decimal::TEN],
        kind: OrderKind::MARKET,
        sent_ms: START_MS,
        baseline: Some(Decimal::ZERO),
    }
}

fn order(number: i64) -> serde_json::Value {
    json!({"id": number, "type": "MARKET", "ticker": "AAPL_US_EQ", "quantity": 10, "side": "BUY", "status": "NEW",
        "initiatedFrom": "API", "createdAt": "2026-08-09T08:48:51.933+03:00"})
}

fn pending(numbers: &[i64]) -> Rows<Order> {
    let rows: Vec<_> = numbers.iter().map(|number| order(*number)).collect();
    serde_json::from_str(&json!(rows).to_string()).unwrap()
}

fn filled(number: i64) -> HistoricalOrder {
    let fill = json!({"id": number + 1, "price": 5, "quantity": 10, "type": "TRADE"});
    serde_json::from_str(&json!({"order": order(number), "fill": fill}).to_string()).unwrap()
}

/// Runs the book for so many seconds against a broker that answers at once; what it asked, and when.
fn run(
    book: &mut Book,
    seconds: i64,
    mut answer: impl FnMut(&mut Book, Read, i64),
) -> Vec<(Read, i64)> {
    let (mut now, end, mut asked) = (START_MS, START_MS + seconds * 1_000, Vec::new());
    while now < end {
        match book.next(now) {
            Next::Ask(read) => {
                asked.push((read, now));
                answer(book, read, now);
            }
            Next::Wait(until) => now = until.max(now + 1),
            Next::Nothing => break,
        }
    }
    asked
}

/// A broker that shows nothing.
fn nothing(book: &mut Book, read: Read, now: i64) {
    match read {
        Read::Pending => book.on_pending(&Rows::default(), 0, now),
        Read::History { .. } => book.on_history(&[], true, 0, now),
        Read::Positions => book.on_positions(&Rows::default(), now),
        Read::ById(number) => book.on_by_id(number, None, now),
    }
}

fn times(asked: &[(Read, i64)], wanted: fn(&Read) -> bool) -> usize {
    asked.iter().filter(|(read, _)| wanted(read)).count()
}

#[test]
fn nothing_is_asked_while_nothing_is_open() {
    assert_eq!(Book::default().next(START_MS), Next::Nothing);
}

#[test]
fn an_order_out_of_sight_is_asked_for_within_the_limits_and_never_ended() {
    let mut book = Book::default();
    book.follow(id("A-1-B"), life(7), START_MS);
    let asked = run(&mut book, 600, nothing);
    assert!(times(&asked, |read| *read == Read::Pending) <= 101);
    let history = times(&asked, |read| matches!(read, Read::History { .. }));
    assert!((20..=50).contains(&history), "{history}");
    assert_eq!(times(&asked, |read| *read == Read::Positions), 0);
    assert!(times(&asked, |read| *read == Read::ById(7)) >= 20);
    assert_eq!(book.next_news(), None);
}

#[test]
fn a_fill_is_found_in_seconds_and_then_nothing_is_asked() {
    let mut book = Book::default();
    book.follow(id("A-1-B"), life(7), START_MS);
    let asked = run(&mut book, 600, |book, read, now| {
        if matches!(read, Read::History { .. }) && now > START_MS + 2_500 {
            book.on_history(&[filled(7)], true, 0, now);
        } else {
            nothing(book, read, now);
        }
    });
    assert!(asked.last().unwrap().1 < START_MS + 10_000);
    assert!(matches!(book.next_news(), Some((_, News::Traded(_)))));
    assert_eq!(book.next(START_MS + 700_000), Next::Nothing);
}

#[test]
fn history_is_left_alone_while_everything_is_pending() {
    let mut book = Book::default();
    book.follow(id("A-1-B"), life(7), START_MS);
    let asked = run(&mut book, 600, |book, read, now| {
        if read == Read::Pending {
            book.on_pending(&pending(&[7]), 0, now);
        } else {
            nothing(book, read, now);
        }
    });
    assert!(times(&asked, |read| matches!(read, Read::History { .. })) <= 1, "{asked:?}");
}

#[test]
fn failures_are_asked_again_ever_more_slowly() {
    let mut book = Book::default();
    book.find(&id("A-1-B"), sent, START_MS);
    let asked = run(&mut book, 3_600, |book, read, now| book.on_failed(read, None, now));
    let pending = times(&asked, |read| *read == Read::Pending);
    assert!((60..=75).contains(&pending), "{pending}");
    assert_eq!(book.find(&id("A-1-B"), sent, START_MS + 3_600_000), Verdict::NotYet);
}

#[test]
fn an_order_that_never_arrived_is_absent_after_the_wait() {
    let mut book = Book::default();
    let order = id("A-1-B");
    book.find(&order, sent, START_MS);
    run(&mut book, 599, nothing);
    assert_eq!(book.find(&order, sent, START_MS + 599_000), Verdict::NotYet);
    run(&mut book, 640, |book, read, now| nothing(book, read, now.max(START_MS + 601_000)));
    assert!(matches!(book.find(&order, sent, START_MS + 640_000), Verdict::Absent(_)));
}

#[test]
fn an_order_that_arrived_is_found_and_is_not_found_for_another() {
    let mut book = Book::default();
    let order = id("A-1-B");
    book.find(&order, sent, START_MS);
    book.on_pending(&pending(&[7]), 0, START_MS + 1_000);
    assert_eq!(book.foreign().len(), 1, "not ours until it is adopted");
    assert_eq!(book.find(&order, sent, START_MS + 1_000), Verdict::Present(7, Decimal::TEN));
    book.follow(order, life(7), START_MS + 1_000);
    assert!(book.foreign().is_empty());
    let other = id("A-2-B");
    book.find(&other, sent, START_MS + 2_000);
    book.on_pending(&pending(&[7]), 0, START_MS + 2_000);
    assert_eq!(book.find(&other, sent, START_MS + 2_000), Verdict::NotYet);
}

#[test]
fn an_adopted_order_that_filled_meanwhile_tells_its_fills() {
    let mut book = Book::default();
    let order = id("A-1-B");
    book.find(&order, sent, START_MS);
    book.on_history(&[filled(7)], true, 0, START_MS + 1_000);
    assert_eq!(book.find(&order, sent, START_MS + 1_000), Verdict::Present(7, Decimal::TEN));
    book.follow(order.clone(), life(7), START_MS + 1_000);
    book.on_history(&[filled(7), filled(7)], true, 0, START_MS + 9_000);
    assert!(matches!(book.next_news(), Some((told, News::Traded(_))) if told == order));
    assert_eq!(book.next_news(), None);
}

#[test]
fn what_a_person_settled_is_left_alone() {
    let mut book = Book::default();
    book.find(&id("A-1-B"), sent, START_MS);
    book.follow(id("A-2-B"), life(7), START_MS);
    book.forget(&id("A-1-B"));
    book.forget(&id("A-2-B"));
    assert_eq!(book.next(START_MS + 60_000), Next::Nothing);
}
