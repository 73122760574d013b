//! The engine: when it gets in, when it gets out, when it stays out.

mod gaps;
mod levels;
mod properties;

use super::*;
use crate::params::{Params, tests::params};
use market::{Calendar, MINUTE_MS, minute_start};
use proto::{
    Decimal, OrderState, PriceField, Reason, Session, Settled, Source, Suspect, decode, encode,
};

const CALENDAR: &str = include_str!("../../../../config/market_calendar.toml");
/// Friday 2026-11-20 15:00 UTC: 10:00 in New York.
const MORNING_MS: i64 = 1_795_186_800_000;
/// Minutes of that session left.
const TO_CLOSE: i64 = 360;

fn aapl() -> Symbol {
    Symbol::parse("AAPL").unwrap()
}

fn tick(seq: u64, time_ms: i64, price: f64) -> Tick {
    Tick {
        v: VERSION,
        symbol: aapl(),
        seq,
        price,
        size: 10.0,
        time_ns: time_ms * 1_000_000,
        received_ns: 0,
        source: Source::Replay,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        suspect: None,
    }
}

/// An engine with a tape of its own: one tick a minute, ten seconds into it.
struct Desk {
    engine: MicroTradingStrategy,
    seq: u64,
    time_ms: i64,
}

impl Desk {
    fn new(params: Params, clock: SessionClock) -> Self {
        let book = ParamsBook { default: params, symbols: BTreeMap::new() };
        let mut engine = MicroTradingStrategy::new(book, clock);
        engine.on_trading(TradingState::Active);
        engine.on_position(&Position::flat(aapl()));
        Self { engine, seq: 0, time_ms: MORNING_MS - MINUTE_MS + 10_000 }
    }

    fn open() -> Self {
        Self::new(params(), SessionClock::AlwaysOpen)
    }

    /// The next tick, as the feed would give it.
    fn next(&mut self, price: f64, after_ms: i64) -> Tick {
        self.seq += 1;
        self.time_ms += after_ms;
        tick(self.seq, self.time_ms, price)
    }

    fn decide(&mut self, tick: &Tick) -> Option<Intent> {
        self.engine.on_tick(1_000 + tick.seq, tick, tick.time_ms())
    }

    fn tick(&mut self, price: f64, after_ms: i64) -> Option<Intent> {
        let tick = self.next(price, after_ms);
        self.decide(&tick)
    }

    /// Falls, so that the fast average is below the slow one, then turns. The tick after closes the
    /// bar at which they cross.
    fn turn(&mut self) {
        for price in [100.0, 99.0, 98.0, 97.0, 96.0, 99.0] {
            assert_eq!(self.tick(price, MINUTE_MS), None);
        }
    }

    fn entry(&mut self) -> Option<Intent> {
        self.turn();
        self.tick(99.0, MINUTE_MS)
    }

    /// Ten shares bought at 100 at the last tick.
    fn hold(&mut self) {
        let position = Position {
            quantity: Decimal::TEN,
            average_price: Decimal::from(100),
            opened_ns: self.time_ms * 1_000_000,
            settled: Some(self.settled(Side::Buy, OrderState::Filled)),
            ..Position::flat(aapl())
        };
        self.engine.on_position(&position);
    }

    fn settled(&self, side: Side, state: OrderState) -> Settled {
        Settled {
            order_id: OrderId::derive(&aapl(), self.seq, side),
            state,
            tick_seq: Some(self.seq),
            time_ns: self.time_ms * 1_000_000,
            rule: None,
        }
    }
}

#[test]
fn a_crossing_is_bought_at_the_tick_that_closes_its_bar() {
    let mut desk = Desk::open();
    let intent = desk.entry().unwrap();
    assert_eq!(intent.id.as_str(), "AAPL-7-B");
    assert_eq!((intent.kind, intent.reason), (IntentKind::Entry, Reason::CrossUp));
    assert_eq!((intent.quantity, intent.price), (Decimal::from(10), 99.0));
    assert_eq!((intent.tick_seq, intent.position), (7, 1_007));
    assert_eq!(intent.valid_until_ms, desk.time_ms + params().intent_valid_ms);
    assert_eq!(intent.revision, params().revision());
    assert!(intent.indicators.ema_fast > intent.indicators.ema_slow);
    assert_eq!(decode::<Intent>(&encode(&intent).unwrap()).unwrap(), intent);
}

#[test]
fn nothing_is_entered_when_a_filter_says_no() {
    for params in [
        Params { rsi_min: 99.0, ..params() },
        Params { rsi_max: 41.0, ..params() },
        Params { min_range_percent: 0.1, ..params() },
        Params { order_value: Decimal::ONE, ..params() },
    ] {
        let mut desk = Desk::new(params.clone(), SessionClock::AlwaysOpen);
        assert_eq!(desk.entry(), None, "{params:?}");
    }
}

#[test]
fn a_crossing_is_good_for_as_many_bars_as_it_may_be() {
    for (entry_bars, expected) in [(1, false), (2, true)] {
        let mut desk = Desk::new(Params { entry_bars, ..params() }, SessionClock::AlwaysOpen);
        desk.engine.on_trading(TradingState::Reducing);
        assert_eq!(desk.entry(), None);
        desk.engine.on_trading(TradingState::Active);
        assert_eq!(desk.tick(99.5, MINUTE_MS).is_some(), expected, "{entry_bars}");
    }
}

/// What keeps a good crossing from being bought, by name.
type Change = (&'static str, Box<dyn Fn(&mut Desk, &mut Tick)>);

#[test]
fn nothing_is_entered_while_anything_is_not_as_it_must_be() {
    let flat = || Position::flat(aapl());
    let order = OrderId::derive(&aapl(), 1, Side::Buy);
    let changes: Vec<Change> = vec![
        ("halted", Box::new(|desk, _| desk.engine.on_trading(TradingState::Halted))),
        ("reducing", Box::new(|desk, _| desk.engine.on_trading(TradingState::Reducing))),
        ("position unknown", Box::new(|desk, _| desk.engine.on_position_unknown(&aapl()))),
        ("order open", {
            let position = Position { open_order: Some(order.clone()), ..flat() };
            Box::new(move |desk, _| desk.engine.on_position(&position))
        }),
        ("frozen", {
            let position = Position { unresolved: Some(order), ..flat() };
            Box::new(move |desk, _| desk.engine.on_position(&position))
        }),
        ("delayed", Box::new(|_, tick| tick.delayed = true)),
        ("suspect", Box::new(|_, tick| tick.suspect = Some(Suspect::Outlier))),
        ("the running day's price", Box::new(|_, tick| tick.field = PriceField::Day)),
        ("after the session", Box::new(|_, tick| tick.session = Session::Post)),
        ("a closed market", Box::new(|_, tick| tick.session = Session::Closed)),
        ("minutes missing", Box::new(|_, tick| tick.gap = true)),
        ("yesterday's price", Box::new(|_, tick| tick.field = PriceField::PrevDay)),
        ("before the session", Box::new(|_, tick| tick.session = Session::Pre)),
        (
            "after a silence",
            Box::new(|desk, tick| {
                tick.time_ns += (desk.engine.book.default.max_silence_ms) * 1_000_000;
            }),
        ),
    ];
    for (name, change) in changes {
        let mut desk = Desk::open();
        desk.turn();
        let mut tick = desk.next(99.0, MINUTE_MS);
        change(&mut desk, &mut tick);
        assert_eq!(desk.decide(&tick), None, "{name}");
    }
    assert!(Desk::open().entry().is_some(), "without any of it");
}

#[test]
fn the_close_of_a_second_or_of_a_minute_is_as_good_as_a_trade() {
    for field in [PriceField::Trade, PriceField::Second, PriceField::Minute] {
        let mut desk = Desk::open();
        desk.turn();
        let tick = Tick { field, ..desk.next(99.0, MINUTE_MS) };
        assert!(desk.decide(&tick).is_some(), "{field:?}");
    }
}

#[test]
fn nothing_is_sold_by_a_price_that_is_late_or_out_of_session() {
    type Change = fn(&mut Tick);
    let changes: [Change; 4] = [
        |tick| tick.delayed = true,
        |tick| tick.session = Session::Pre,
        |tick| tick.session = Session::Post,
        |tick| tick.field = PriceField::PrevDay,
    ];
    for change in changes {
        let mut desk = Desk::open();
        desk.tick(100.0, MINUTE_MS);
        desk.hold();
        let mut tick = desk.next(90.0, 1_000);
        change(&mut tick);
        assert_eq!(desk.decide(&tick), None, "{tick:?}");
        assert_eq!(desk.tick(90.0, 1_000).unwrap().reason, Reason::StopLoss);
    }
}

#[test]
fn stale_ticks_enter_nothing_and_still_count() {
    for (age_ms, expected) in [(5_000, true), (5_001, false)] {
        let params = Params { max_tick_age_ms: 5_000, ..params() };
        let mut desk = Desk::new(params, SessionClock::AlwaysOpen);
        desk.turn();
        let tick = desk.next(99.0, MINUTE_MS);
        let intent = desk.engine.on_tick(1, &tick, tick.time_ms() + age_ms);
        assert_eq!(intent.is_some(), expected, "{age_ms}");
    }
}

#[test]
fn a_tick_seen_before_changes_nothing() {
    let mut desk = Desk::open();
    desk.turn();
    let tick = desk.next(99.0, MINUTE_MS);
    assert!(desk.decide(&tick).is_some());
    assert_eq!(desk.decide(&tick), None);
}

#[test]
fn a_position_is_left_whole_with_the_reason() {
    for (price, expected) in
        [(99.5, None), (99.0, Some(Reason::StopLoss)), (102.0, Some(Reason::TakeProfit))]
    {
        let mut desk = Desk::open();
        desk.tick(100.0, MINUTE_MS);
        desk.hold();
        let intent = desk.tick(price, 1_000);
        assert_eq!(intent.as_ref().map(|intent| intent.reason), expected);
        if let Some(intent) = intent {
            assert_eq!((intent.side, intent.kind), (Side::Sell, IntentKind::Exit));
            assert_eq!(intent.quantity, Decimal::TEN);
            assert_eq!(intent.id.as_str(), "AAPL-2-S");
        }
    }
}

#[test]
fn the_stop_trails_the_highest_price_since_entry() {
    let mut desk = Desk::open();
    desk.tick(150.0, MINUTE_MS);
    desk.hold();
    assert_eq!(desk.tick(101.0, 1_000), None);
    assert_eq!(desk.tick(100.6, 1_000), None);
    assert_eq!(desk.tick(100.4, 1_000).unwrap().reason, Reason::TrailingStop);
}

#[test]
fn a_restart_finds_the_peak_in_bars_and_ticks() {
    let mut desk = Desk::open();
    desk.tick(100.0, MINUTE_MS);
    desk.hold();
    let peak = desk.next(101.0, 1_000);
    desk.engine.observe(&peak);
    assert_eq!(desk.tick(100.4, 1_000).unwrap().reason, Reason::TrailingStop);
}

#[test]
fn a_position_is_not_held_for_ever() {
    let mut desk = Desk::open();
    desk.tick(100.0, MINUTE_MS);
    desk.hold();
    assert_eq!(desk.tick(100.0, params().max_holding_ms - 1), None);
    assert_eq!(desk.tick(100.0, 1).unwrap().reason, Reason::MaxHolding);
}

#[test]
fn exits_pass_while_reducing_and_nothing_passes_while_halted() {
    for (trading, expected) in [(TradingState::Reducing, true), (TradingState::Halted, false)] {
        let mut desk = Desk::open();
        desk.tick(100.0, MINUTE_MS);
        desk.hold();
        desk.engine.on_trading(trading);
        assert_eq!(desk.tick(90.0, 1_000).is_some(), expected, "{trading:?}");
    }
}

#[test]
fn a_failed_exit_is_tried_again_after_its_wait() {
    let mut desk = Desk::open();
    desk.tick(100.0, MINUTE_MS);
    desk.hold();
    assert!(desk.tick(90.0, 1_000).is_some());
    let failed = Position {
        quantity: Decimal::TEN,
        average_price: Decimal::from(100),
        opened_ns: (desk.time_ms - 1_000) * 1_000_000,
        settled: Some(desk.settled(Side::Sell, OrderState::Rejected)),
        ..Position::flat(aapl())
    };
    desk.engine.on_position(&failed);
    assert_eq!(desk.tick(90.0, params().exit_retry_ms - 1), None);
    assert_eq!(desk.tick(90.0, 1).unwrap().id.as_str(), "AAPL-4-S");
}

#[test]
fn after_an_order_the_symbol_rests() {
    for (cool_down_ms, expected) in [(120_000, false), (60_000, true)] {
        let params = Params { cool_down_ms, ..params() };
        let mut desk = Desk::new(params, SessionClock::AlwaysOpen);
        for price in [100.0, 99.0, 98.0, 97.0, 96.0] {
            desk.tick(price, MINUTE_MS);
        }
        let settled = Some(desk.settled(Side::Sell, OrderState::Filled));
        desk.engine.on_position(&Position { settled, ..Position::flat(aapl()) });
        assert_eq!(desk.tick(99.0, MINUTE_MS), None);
        assert_eq!(desk.tick(99.0, MINUTE_MS - 1).is_some(), expected, "{cool_down_ms}");
    }
}

#[test]
fn a_crossing_gives_one_entry() {
    let params = Params { entry_bars: 10, cool_down_ms: 1, ..params() };
    let mut desk = Desk::new(params, SessionClock::AlwaysOpen);
    assert!(desk.entry().is_some());
    let settled = Some(desk.settled(Side::Buy, OrderState::Refused));
    desk.engine.on_position(&Position { settled, ..Position::flat(aapl()) });
    assert_eq!(desk.tick(100.0, MINUTE_MS), None);
    assert_eq!(desk.tick(101.0, MINUTE_MS), None);
}

#[test]
fn a_tick_decided_on_before_a_restart_is_not_decided_on_again() {
    let mut desk = Desk::open();
    desk.tick(100.0, MINUTE_MS);
    let exit = desk.next(90.0, 1_000);
    desk.hold(); // settled at the tick of the exit: bought there by the process before
    assert_eq!(desk.decide(&exit), None);
    assert!(desk.tick(90.0, 1_000).is_some());
}

#[test]
fn the_close_is_met_flat() {
    let clock = SessionClock::Exchange(Calendar::parse(CALENDAR).unwrap());
    let mut desk = Desk::new(params(), clock.clone());
    assert!(desk.entry().is_some(), "in the morning");

    let mut desk = Desk::new(params(), clock.clone());
    desk.time_ms += (TO_CLOSE - 30) * MINUTE_MS;
    assert_eq!(desk.entry(), None, "half an hour before the close");

    let mut desk = Desk::new(params(), clock);
    desk.time_ms = MORNING_MS + (TO_CLOSE - 6) * MINUTE_MS;
    desk.tick(100.0, 0);
    desk.hold();
    assert_eq!(desk.tick(100.0, MINUTE_MS - 1), None);
    assert_eq!(desk.tick(100.0, 1).unwrap().reason, Reason::FlatBeforeClose);
    assert_eq!(desk.tick(90.0, 10 * MINUTE_MS), None, "the session is over");
}

#[test]
fn bars_of_the_past_make_it_ready_at_once() {
    let mut desk = Desk::open();
    for (minute, close) in (0..).zip([100.0, 99.0, 98.0, 97.0, 96.0]) {
        desk.engine.warm_up(&Bar {
            v: VERSION,
            symbol: aapl(),
            start_ms: MORNING_MS - (5 - minute) * MINUTE_MS,
            open: close,
            high: close,
            low: close,
            close,
            volume: 0.0,
            vwap: close,
            count: 1,
            seq: 0,
            source: Source::Replay,
        });
    }
    assert_eq!(desk.tick(99.0, MINUTE_MS), None);
    assert!(desk.tick(99.0, MINUTE_MS).is_some());
}
