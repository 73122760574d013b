//! The status as an operator reads it.

use super::*;
use crate::status::BusView;
use proto::{
    BrokerMode, ClockKind, Entitlement, FeedState, Indicators, Intent, IntentKind, Lease,
    OrderEvent, OrderId, OrderState, Position, Progress, Reason, Rule, Side, Source, TapeProgress,
    Transport,
};
use std::collections::BTreeMap;

/// Friday 2026-03-06 10:30:00 in New York.
const NOW_MS: i64 = 1_772_811_000_000;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).unwrap()
}

fn control(state: TradingState) -> Control {
    let (by, why) = ("anna".to_owned(), "checking the feed".to_owned());
    Control { v: 1, state, by, why, at_ms: NOW_MS - 720_000 }
}

/// A desk that knows nothing yet.
fn fresh() -> Status {
    Status {
        at_ms: NOW_MS,
        faults: Vec::new(),
        bus: BusView { version: "2.15.1".to_owned(), answer_ms: Some(0.42) },
        control: None,
        feed: None,
        account: None,
        positions: Vec::new(),
        orders: Vec::new(),
        seats: vec![seat("executor", None)],
        readers: BTreeMap::new(),
        tape_end: None,
    }
}

fn seat(key: &str, holder: Option<&str>) -> Seat {
    let lease =
        holder.map(|holder| Lease { v: 1, holder: holder.to_owned(), since_ms: NOW_MS - 300_000 });
    Seat { key: key.to_owned(), lease, port: None, symbols: Vec::new() }
}

fn feed() -> FeedStatus {
    FeedStatus {
        v: 1,
        run: "8f3a".to_owned(),
        source: Source::Sim,
        clock: ClockKind::Tape,
        state: FeedState::Live,
        detail: "seeded random walk".to_owned(),
        symbols: vec![symbol("AAPL"), symbol("BRK.B"), symbol("F")],
        missing: Vec::new(),
        start_position: 0,
        interval_ms: 1_000,
        speed: 1.0,
        delay_ms: 0,
        entitlement: None,
        transport: None,
        tape: None,
        at_ms: NOW_MS - 3_000,
    }
}

fn summary() -> Account {
    Account {
        v: 1,
        mode: BrokerMode::Paper,
        currency: "USD".to_owned(),
        cash: decimal("96737.34"),
        exposure: decimal("3262.50"),
        equity: decimal("99999.84"),
        realised: decimal("-3.10"),
        unrealised: decimal("2.94"),
        day_profit: decimal("-0.16"),
        day_start_equity: decimal("100000"),
        day: "2026-03-06".to_owned(),
        peak_equity: decimal("100012"),
        account_id: String::new(),
        foreign: proto::Decimal::ZERO,
        open_orders: 1,
        unresolved: vec![order_id()],
        refusals: BTreeMap::from([(Rule::Session, 1_003), (Rule::OrderValue, 1)]),
        warnings: vec!["daily loss is 62 % used".to_owned()],
        journal_seq: 88,
        writer: "executor-1".to_owned(),
        at_ms: NOW_MS - 2_000,
    }
}

fn order_id() -> OrderId {
    OrderId::parse("AAPL-70100-S").unwrap()
}

fn intent() -> Intent {
    Intent {
        v: 1,
        id: order_id(),
        symbol: symbol("AAPL"),
        side: Side::Sell,
        kind: IntentKind::Exit,
        quantity: decimal("12.50"),
        price: 262.0,
        tick_seq: 70_100,
        position: 1_400_000,
        time_ns: 1,
        valid_until_ms: 1,
        reason: Reason::StopLoss,
        indicators: Indicators::default(),
        strategy: "micro".to_owned(),
        revision: "c0ffee".to_owned(),
    }
}

fn event(state: OrderState) -> OrderEvent {
    OrderEvent {
        v: 1,
        order_id: order_id(),
        symbol: symbol("AAPL"),
        side: Side::Sell,
        state,
        time_ns: 1,
        tick_seq: None,
        intent: Some(intent()),
        refusal: None,
        fill: None,
        broker_order_id: None,
        venue: None,
        message: Some("no answer within 10 s".to_owned()),
        writer: "executor-1".to_owned(),
        at_ms: NOW_MS - 180_000,
    }
}

/// A desk in full swing, with one order whose fate is not known.
fn busy() -> Status {
    let held = Position {
        quantity: decimal("12.50"),
        average_price: decimal("261.0125"),
        realised: decimal("-3.10"),
        open_order: Some(order_id()),
        unresolved: Some(order_id()),
        ..Position::flat(symbol("AAPL"))
    };
    let done = Position { realised: decimal("1234.5"), ..Position::flat(symbol("BRK.B")) };
    let progress = |run: &str, position| Progress {
        v: 1,
        run: run.to_owned(),
        position,
        time_ns: (NOW_MS - 1_000) * 1_000_000,
    };
    let page = Seat {
        port: Some(8_000),
        symbols: vec![symbol("AXSM"), symbol("DJT")],
        ..seat("dashboard.1", Some("dashboard-host-17-ab"))
    };
    Status {
        control: Some(control(TradingState::Halted)),
        feed: Some(feed()),
        account: Some(summary()),
        positions: vec![
            Holding::new(held, Some(262.0)),
            Holding::new(done, None),
            Holding::new(Position::flat(symbol("F")), None),
        ],
        orders: vec![OrderView {
            id: order_id(),
            unresolved: true,
            first: Some(event(OrderState::Submitting)),
            latest: Some(event(OrderState::Unknown)),
        }],
        seats: vec![
            seat("executor", Some("executor-host-4711-9b")),
            page,
            seat("dashboard.2", None),
        ],
        readers: BTreeMap::from([
            ("executor".to_owned(), progress("8f3a", 1_399_990)),
            ("strategy".to_owned(), progress("old", 1_400_000)),
        ]),
        tape_end: Some(1_400_000),
        ..fresh()
    }
}

#[test]
fn a_busy_desk_is_told_in_full_and_aligned() {
    let expected = "\
TRADING      HALTED by anna at 10:18:00 ET (12 min ago): checking the feed
BUS          up, nats-server 2.15.1, answers in 0.4 ms
FEED         sim live, tape clock, a tick every 1 s: seeded random walk
             3 symbols, none missing; run 8f3a, said 3 s ago

ACCOUNT      PAPER USD, day 2026-03-06; journal 88, said 2 s ago
  equity     99,999.84   day              -0.16   realised      -3.10
  cash       96,737.34   day began   100,000.00   unrealised    +2.94
  exposure    3,262.50   peak        100,012.00   open orders       1
  WARNING: daily loss is 62 % used

POSITIONS
          quantity    average     last   unrealised    realised   order
  AAPL        12.5   261.0125   262.00       +12.34       -3.10   AAPL-70100-S UNRESOLVED
  BRK.B          0          -        -            -   +1,234.50
  1 more never traded

ORDERS
  AAPL-70100-S   sell 12.5 for stop_loss   UNRESOLVED (unknown)   since 3 min   no answer within 10 s

REFUSALS     session 1,003, order_value 1

LEASES
  executor      executor-host-4711-9b   for 5 min
  dashboard.1   dashboard-host-17-ab    for 5 min   :8000   AXSM DJT
  dashboard.2   NOBODY

READERS
  executor   1,399,990   10 behind   tick of 10:29:59 ET
  strategy   1,400,000    0 behind   tick of 10:29:59 ET   EARLIER RUN
";
    assert_eq!(status(&busy()), expected, "\n{}", status(&busy()));
}

#[test]
fn a_fresh_desk_says_what_has_not_been_heard_of_yet() {
    let expected = "\
TRADING      never set: nothing trades
BUS          up, nats-server 2.15.1, answers in 0.4 ms
FEED         never started

POSITIONS    none known

ORDERS       none open, none unresolved

LEASES
  executor   NOBODY

READERS      none
";
    assert_eq!(status(&fresh()), expected, "\n{}", status(&fresh()));
}

#[test]
fn what_could_not_be_read_comes_first() {
    let text = status(&Status { faults: vec!["positions: no answer".to_owned()], ..fresh() });
    assert!(text.starts_with("UNREADABLE   positions: no answer\n"), "{text}");
}

#[test]
fn an_odd_feed_says_so_in_capitals() {
    let feed = FeedStatus {
        missing: vec![symbol("ZZZZ")],
        speed: 0.0,
        interval_ms: 0,
        delay_ms: 900_000,
        ..feed()
    };
    let text = status(&Status { feed: Some(feed), ..fresh() });
    let line = "sim live, tape clock as fast as it is read, DELAYED by 15 min: seeded random walk";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("MISSING ZZZZ"), "{text}");
}

#[test]
fn a_live_feed_says_its_plan_and_a_tape_how_far_it_is() {
    let plan = FeedStatus {
        entitlement: Some(Entitlement::Developer),
        transport: Some(Transport::Stream),
        ..feed()
    };
    let text = status(&Status { feed: Some(plan), ..fresh() });
    assert!(text.contains(", developer plan by stream: "), "{text}");
    let tape = Some(TapeProgress { rows: 70, of: 300, time_ns: 0, paused: true });
    let text = status(&Status { feed: Some(FeedStatus { tape, ..feed() }), ..fresh() });
    assert!(text.contains(", 70 of 300 rows, PAUSED: "), "{text}");
}

#[test]
fn a_held_symbol_without_a_price_shows_a_question_and_not_a_zero() {
    let held = Position { quantity: decimal("1"), ..Position::flat(symbol("AAPL")) };
    let text = status(&Status { positions: vec![Holding::new(held, None)], ..fresh() });
    assert!(text.lines().any(|line| line.matches('?').count() == 2), "{text}");
}

#[test]
fn foreign_words_stay_on_their_line() {
    let odd =
        Control { why: "x\n\u{1b}[2JTRADING  ACTIVE".to_owned(), ..control(TradingState::Halted) };
    let text = status(&Status { control: Some(odd), ..fresh() });
    assert!(!text.contains('\u{1b}'));
    assert_eq!(text.lines().filter(|line| line.starts_with("TRADING")).count(), 1, "{text}");
}

#[test]
fn an_order_to_the_desk_shows_the_state_before_and_after() {
    let (previous, present) = (control(TradingState::Halted), control(TradingState::Reducing));
    let text = said(&Said { previous: Some(previous), present, written: true }, NOW_MS);
    let expected = "\
NOW          REDUCING (exits only) by anna at 10:18:00 ET (12 min ago): checking the feed
BEFORE       HALTED by anna at 10:18:00 ET (12 min ago): checking the feed
";
    assert_eq!(text, expected);
}

#[test]
fn a_resume_of_an_active_desk_says_so() {
    let present = control(TradingState::Active);
    let text = said(&Said { previous: Some(present.clone()), present, written: false }, NOW_MS);
    assert!(
        text.starts_with("UNCHANGED    the desk is active already\nTRADING      ACTIVE by anna"),
        "{text}"
    );
}
