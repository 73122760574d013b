//! One of every message in each of its forms, with the bytes it must have.

use crate::wire::golden;
use proto::{
    Account, Bar, BrokerMode, ClockKind, Control, Decimal, Entitlement, FeedState, FeedStatus,
    Fill, Flatten, Indicators, Intent, IntentKind, Lease, Levels, LiveArm, Message, OrderEvent,
    OrderId, OrderState, Position, PriceField, Progress, Reason, Refusal, Rule, Session, Settled,
    Settlement, Side, Source, Suspect, Symbol, TapeProgress, Tick, TradingState, Transport, Venue,
    Verdict, WireError, decode, encode,
};
use std::{collections::BTreeMap, fmt::Debug};

/// Nanoseconds since 1970 UTC: Friday 2026-03-06 10:30:00 in New York.
const TIME_NS: i64 = 1_772_811_000_000_000_000;
const TIME_MS: i64 = TIME_NS / 1_000_000;

/// A message, the bytes it must have, and what decodes it.
pub(crate) struct Sample {
    /// Its name in a failure.
    pub(crate) name: &'static str,
    /// What `encode` gives.
    pub(crate) encoded: Vec<u8>,
    /// What it must give.
    pub(crate) golden: Vec<u8>,
    /// The message as text.
    pub(crate) text: String,
    /// Decodes bytes as this message and gives the message as text.
    pub(crate) decode: fn(&[u8]) -> Result<String, WireError>,
}

/// Every message in each of its forms.
pub(crate) fn all() -> Vec<Sample> {
    vec![
        sample("tick", &tick(), golden::TICK),
        sample("tick without options", &bare_tick(), golden::BARE_TICK),
        sample("bar", &bar(), golden::BAR),
        sample("feed status", &feed_status(), golden::FEED_STATUS),
        sample("progress", &progress(), golden::PROGRESS),
        sample("intent", &intent(), golden::INTENT),
        sample("levels", &levels(), golden::LEVELS),
        sample("order refused", &refused(), golden::ORDER_REFUSED),
        sample("order submitting", &submitting(), golden::ORDER_SUBMITTING),
        sample("order submitting abroad", &submitting_abroad(), golden::ORDER_SUBMITTING_ABROAD),
        sample("order unknown", &unknown(), golden::ORDER_UNKNOWN),
        sample("order accepted", &accepted(), golden::ORDER_ACCEPTED),
        sample("order partially filled", &partially_filled(), golden::ORDER_PARTIALLY_FILLED),
        sample("order filled abroad", &filled_abroad(), golden::ORDER_FILLED_ABROAD),
        sample("position", &position(), golden::POSITION),
        sample("flat position", &Position::flat(symbol("AAPL")), golden::FLAT_POSITION),
        sample("account", &account(), golden::ACCOUNT),
        sample("control", &control(), golden::CONTROL),
        sample("settlement placed", &settlement(placed()), golden::SETTLEMENT_PLACED),
        sample("settlement absent", &settlement(Verdict::Absent), golden::SETTLEMENT_ABSENT),
        sample("flatten", &flatten(), golden::FLATTEN),
        sample("live arm", &live_arm(), golden::LIVE_ARM),
        sample("lease", &lease(), golden::LEASE),
    ]
}

fn sample<M: Message + Debug>(name: &'static str, message: &M, golden: &str) -> Sample {
    Sample {
        name,
        encoded: encode(message).unwrap(),
        golden: bytes(golden),
        text: format!("{message:?}"),
        decode: |payload| decode::<M>(payload).map(|message| format!("{message:?}")),
    }
}

/// The bytes of a hex literal; blanks and what follows a `#` on a line are for people.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let code = |line: &str| line.split('#').next().unwrap_or_default().to_owned();
    let digits: Vec<u8> = hex
        .lines()
        .map(code)
        .collect::<String>()
        .bytes()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).unwrap()
}

fn id(text: &str) -> OrderId {
    OrderId::parse(text).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn tick() -> Tick {
    Tick {
        v: 1,
        symbol: symbol("BRK.B"),
        seq: 70_000,
        price: 501.25,
        size: 300.0,
        time_ns: TIME_NS,
        received_ns: TIME_NS + 1_500_000,
        source: Source::Polygon,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: true,
        bid: Some(501.2),
        ask: Some(501.3),
        prev_close: Some(498.0),
        gap: true,
        suspect: Some(Suspect::CorporateAction),
    }
}

fn bare_tick() -> Tick {
    Tick {
        symbol: symbol("A"),
        seq: 1,
        size: 0.0,
        source: Source::Sim,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        suspect: None,
        ..tick()
    }
}

fn bar() -> Bar {
    Bar {
        v: 1,
        symbol: symbol("AAPL"),
        start_ms: TIME_MS,
        open: 260.0,
        high: 261.5,
        low: 259.75,
        close: 261.0,
        volume: 125_000.0,
        vwap: 260.5,
        count: 60,
        seq: 70_000,
        source: Source::Replay,
    }
}

fn feed_status() -> FeedStatus {
    FeedStatus {
        v: 1,
        run: "8f3a".to_owned(),
        source: Source::Sim,
        clock: ClockKind::Tape,
        state: FeedState::Live,
        detail: "seeded random walk".to_owned(),
        symbols: vec![symbol("AAPL"), symbol("BRK.B")],
        missing: vec![symbol("ZZZZ")],
        start_position: 12_345,
        interval_ms: 1_000,
        speed: 1.0,
        delay_ms: 900_000,
        entitlement: Some(Entitlement::Developer),
        transport: Some(Transport::Stream),
        tape: Some(TapeProgress { rows: 70, of: 300, time_ns: TIME_NS, paused: true }),
        at_ms: TIME_MS,
    }
}

fn progress() -> Progress {
    Progress { v: 1, run: "8f3a".to_owned(), position: 4_000_000_000, time_ns: TIME_NS }
}

pub(crate) fn intent() -> Intent {
    Intent {
        v: 1,
        id: id("AAPL-70000-B"),
        symbol: symbol("AAPL"),
        side: Side::Buy,
        kind: IntentKind::Entry,
        quantity: decimal("12.50"),
        price: 261.0,
        tick_seq: 70_000,
        position: 1_400_000,
        time_ns: TIME_NS,
        valid_until_ms: TIME_MS + 30_000,
        reason: Reason::CrossUp,
        indicators: Indicators {
            ema_fast: 260.5,
            ema_slow: 260.25,
            rsi: 61.5,
            range_percent: 0.125,
        },
        strategy: "micro".to_owned(),
        revision: "c0ffee".to_owned(),
    }
}

fn levels() -> Levels {
    Levels {
        v: 1,
        symbol: symbol("AAPL"),
        ema_fast: 12,
        ema_slow: 26,
        entry: Some(261.0),
        stop: Some(259.75),
        trailing: true,
        take_profit: Some(263.5),
        leave_by_ms: Some(TIME_MS + 600_000),
        tick_seq: 70_000,
    }
}

/// An event that carries nothing but what every event does.
fn event(state: OrderState) -> OrderEvent {
    OrderEvent {
        v: 1,
        order_id: id("AAPL-70000-B"),
        symbol: symbol("AAPL"),
        side: Side::Buy,
        state,
        time_ns: TIME_NS,
        tick_seq: None,
        intent: None,
        refusal: None,
        fill: None,
        broker_order_id: None,
        venue: None,
        message: None,
        writer: "executor-1".to_owned(),
        at_ms: TIME_MS,
    }
}

fn refused() -> OrderEvent {
    let message = "order value 3,262.50 is above 2,500".to_owned();
    let refusal = Some(Refusal { rule: Rule::OrderValue, message });
    OrderEvent { intent: Some(intent()), refusal, ..event(OrderState::Refused) }
}

fn submitting() -> OrderEvent {
    OrderEvent { intent: Some(intent()), ..event(OrderState::Submitting) }
}

/// The claim of an order that goes to a broker.
fn submitting_abroad() -> OrderEvent {
    let venue = Venue {
        mode: BrokerMode::Demo,
        account_id: "1234567".to_owned(),
        currency: "GBP".to_owned(),
        ticker: "AAPL_US_EQ".to_owned(),
        isin: "US0378331005".to_owned(),
        held: decimal("0"),
        quantity: decimal("12.47"),
    };
    OrderEvent { venue: Some(venue), ..submitting() }
}

/// A fill that the broker converted into the account's currency.
fn filled_abroad() -> OrderEvent {
    let fill = Fill {
        id: "987654322".to_owned(),
        quantity: decimal("12.47"),
        price: decimal("261.01"),
        fee: decimal("3.81"),
        value: Some(decimal("2540.19")),
    };
    OrderEvent { fill: Some(fill), ..event(OrderState::Filled) }
}

fn unknown() -> OrderEvent {
    OrderEvent { message: Some("no answer within 10 s".to_owned()), ..event(OrderState::Unknown) }
}

fn accepted() -> OrderEvent {
    OrderEvent { broker_order_id: Some("987654321".to_owned()), ..event(OrderState::Accepted) }
}

fn partially_filled() -> OrderEvent {
    let fill = Fill {
        id: "987654321-1".to_owned(),
        quantity: decimal("5"),
        price: decimal("261.0125"),
        fee: decimal("0.00"),
        value: None,
    };
    OrderEvent { tick_seq: Some(70_001), fill: Some(fill), ..event(OrderState::PartiallyFilled) }
}

fn position() -> Position {
    Position {
        v: 1,
        symbol: symbol("AAPL"),
        quantity: decimal("12.50"),
        average_price: decimal("261.0125"),
        cost: decimal("3262.66"),
        realised: decimal("-3.10"),
        fees: decimal("0.42"),
        opened_ns: TIME_NS,
        open_order: Some(id("AAPL-70100-S")),
        unresolved: Some(id("AAPL-70100-S")),
        settled: Some(Settled {
            order_id: id("AAPL-70000-B"),
            state: OrderState::Filled,
            tick_seq: Some(70_001),
            time_ns: TIME_NS,
            rule: Some(Rule::OrderValue),
        }),
        journal_seq: 88,
    }
}

fn account() -> Account {
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
        peak_equity: decimal("100012.00"),
        account_id: "1234567".to_owned(),
        foreign: decimal("12.50"),
        open_orders: 1,
        unresolved: vec![id("AAPL-70100-S")],
        refusals: BTreeMap::from([(Rule::Session, 3), (Rule::OrderValue, 1)]),
        warnings: vec!["daily loss is 62 % used".to_owned()],
        journal_seq: 88,
        writer: "executor-1".to_owned(),
        at_ms: TIME_MS,
    }
}

fn control() -> Control {
    let (by, why) = ("anna".to_owned(), "checking the feed".to_owned());
    Control { v: 1, state: TradingState::Halted, by, why, at_ms: TIME_MS }
}

fn placed() -> Verdict {
    Verdict::Placed { broker_order_id: "987654321".to_owned() }
}

fn settlement(verdict: Verdict) -> Settlement {
    let (by, why) = ("anna".to_owned(), "seen in the app".to_owned());
    Settlement { v: 1, verdict, by, why, at_ms: TIME_MS }
}

fn flatten() -> Flatten {
    let phrase = "sell everything".to_owned();
    Flatten { v: 1, phrase, by: "anna".to_owned(), why: "going home".to_owned(), at_ms: TIME_MS }
}

fn live_arm() -> LiveArm {
    let (by, why) = ("anna".to_owned(), "a month of practice".to_owned());
    LiveArm { v: 1, account_id: "1234567".to_owned(), by, why, at_ms: TIME_MS }
}

fn lease() -> Lease {
    Lease { v: 1, holder: "executor-host-4711-9b".to_owned(), since_ms: TIME_MS }
}
