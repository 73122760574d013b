//! Suspect prices, missing minutes, and prices that cannot be compared.

use super::*;

fn suspect(tick: Tick) -> Tick {
    Tick { suspect: Some(Suspect::CorporateAction), ..tick }
}

fn gap(tick: Tick) -> Tick {
    Tick { gap: true, ..tick }
}

fn bar(start_ms: i64, close: f64) -> Bar {
    Bar {
        v: VERSION,
        symbol: aapl(),
        start_ms,
        open: close,
        high: close,
        low: close,
        close,
        volume: 0.0,
        vwap: close,
        count: 1,
        seq: 0,
        source: Source::Replay,
    }
}

impl Desk {
    fn held_at_100() -> Self {
        let mut desk = Self::open();
        desk.tick(100.0, MINUTE_MS);
        desk.hold();
        desk
    }

    /// Six suspect ticks at `price`, and the good one that ends them.
    fn jump_to(&mut self, price: f64) -> Option<Intent> {
        for _ in 0..6 {
            let tick = suspect(self.next(price, 15_000));
            assert_eq!(self.decide(&tick), None);
        }
        let tick = gap(self.next(price, 15_000));
        self.decide(&tick)
    }

    fn stopped(&self) -> bool {
        !self.engine.stopped().is_empty()
    }
}

#[test]
fn a_suspect_price_sells_nothing_and_moves_no_stop() {
    let mut desk = Desk::held_at_100();
    for price in [50.0, 150.0] {
        let tick = suspect(desk.next(price, 1_000));
        assert_eq!(desk.decide(&tick), None, "{price}");
    }
    assert_eq!(desk.tick(100.0, 1_000), None, "the stop does not trail a price that was none");
    assert_eq!(desk.tick(99.0, 1_000).unwrap().reason, Reason::StopLoss);
}

#[test]
fn a_suspect_price_makes_no_bar_and_is_counted_all_the_same() {
    let mut desk = Desk::open();
    desk.turn();
    let wrong = suspect(desk.next(9.0, 1_000));
    assert_eq!(desk.decide(&wrong), None);
    assert_eq!(desk.decide(&Tick { suspect: None, ..wrong }), None, "it was counted");
    let entry = desk.tick(99.0, MINUTE_MS - 1_000).unwrap();
    let mut plain = Desk::open();
    assert_eq!(entry.indicators, plain.entry().unwrap().indicators);
}

#[test]
fn after_suspect_minutes_nothing_is_entered_on_averages_that_join_them() {
    let mut desk = Desk::open();
    desk.turn();
    for _ in 0..3 {
        let tick = suspect(desk.next(9.0, MINUTE_MS));
        assert_eq!(desk.decide(&tick), None);
    }
    assert_eq!(desk.tick(99.0, MINUTE_MS), None);
}

#[test]
fn missing_minutes_are_read_again_before_anything_is_entered() {
    let mut desk = Desk::open();
    desk.turn();
    let tick = gap(desk.next(96.0, 2 * MINUTE_MS));
    assert_eq!(desk.decide(&tick), None);
    assert!(!desk.engine.wants_bars(&aapl()), "the source has had no time to fill them in");
    assert_eq!(desk.tick(99.0, MINUTE_MS), None);
    assert!(desk.engine.wants_bars(&aapl()));
    // What the source says of the time: it went on falling, up to the minute of the gap.
    let start_ms = minute_start(tick.time_ms());
    let bars: Vec<Bar> = (0..9).map(|n| bar(start_ms - n * MINUTE_MS, 96.0 + n as f64)).collect();
    let bars: Vec<Bar> = bars.into_iter().rev().collect();
    desk.engine.warm_up_again(&aapl(), &bars);
    assert!(!desk.engine.wants_bars(&aapl()));
    assert!(desk.tick(99.0, MINUTE_MS).is_some(), "the crossing of the minute after the gap");
}

#[test]
fn where_nothing_can_be_read_again_it_goes_on_with_what_there_is() {
    let mut desk = Desk::open();
    for price in [100.0, 99.0, 98.0, 97.0, 96.0] {
        desk.tick(price, MINUTE_MS);
    }
    let tick = gap(desk.next(96.0, 2 * MINUTE_MS));
    desk.decide(&tick);
    desk.tick(99.0, MINUTE_MS);
    desk.engine.warm_up_again(&aapl(), &[]);
    assert_eq!(desk.engine.trader(&aapl()).indicators().ema_slow, 97.5, "96 after the hole");
    assert!(desk.tick(99.0, MINUTE_MS).is_some());
}

#[test]
fn a_gap_within_the_minute_is_no_missing_minute() {
    let mut desk = Desk::open();
    desk.turn();
    let tick = gap(desk.next(99.0, 1_000));
    assert_eq!(desk.decide(&tick), None);
    assert!(desk.tick(99.0, MINUTE_MS - 1_000).is_some());
}

#[test]
fn a_position_held_over_a_split_is_left_to_a_person() {
    let mut desk = Desk::held_at_100();
    assert_eq!(desk.jump_to(25.0), None, "no stop by a price that means something else");
    assert!(desk.stopped());
    assert_eq!(desk.tick(25.0, 1_000), None);
    desk.engine.on_trading(TradingState::Reducing);
    assert_eq!(desk.tick(25.0, 1_000), None);
    desk.engine.on_trading(TradingState::Active);
    assert!(!desk.stopped());
    assert_eq!(desk.tick(25.0, 1_000).unwrap().reason, Reason::StopLoss, "a person resumed");
}

#[test]
fn a_position_that_a_person_has_sold_is_nobodys_any_more() {
    let mut desk = Desk::held_at_100();
    desk.jump_to(25.0);
    desk.engine.on_position_unknown(&aapl());
    assert!(desk.stopped());
    desk.engine.on_position(&Position::flat(aapl()));
    assert!(!desk.stopped());
}

#[test]
fn a_fall_that_is_no_split_is_sold() {
    let mut desk = Desk::held_at_100();
    assert_eq!(desk.jump_to(88.0).unwrap().reason, Reason::StopLoss);
    assert!(!desk.stopped());
}

#[test]
fn averages_begin_anew_after_a_split() {
    let mut desk = Desk::open();
    desk.turn();
    assert_eq!(desk.jump_to(25.0), None);
    assert!(!desk.stopped(), "nothing was held");
    // Four closed minutes make the slow average; until then there is nothing to go by.
    for price in [24.0, 23.0, 22.0] {
        assert_eq!(desk.tick(price, MINUTE_MS), None);
        assert_eq!(desk.engine.trader(&aapl()).indicators(), proto::Indicators::default());
    }
    assert_eq!(desk.tick(21.0, MINUTE_MS), None);
    assert_eq!(desk.engine.trader(&aapl()).indicators().ema_slow, 23.5);
}

#[test]
fn a_restart_finds_the_split_again() {
    let mut before = Desk::held_at_100();
    let mut after = Desk::open();
    after.engine.observe(&tick(before.seq, before.time_ms, 100.0));
    after.engine.on_trading(TradingState::Active);
    for _ in 0..3 {
        after.engine.observe(&suspect(before.next(25.0, 15_000)));
    }
    (after.seq, after.time_ms) = (1, MORNING_MS + 10_000);
    after.hold();
    after.engine.observe(&gap(before.next(25.0, 15_000)));
    assert!(after.stopped());
    assert_eq!(after.decide(&before.next(25.0, 1_000)), None);
}

#[test]
fn bars_of_before_a_split_are_not_joined_with_those_after() {
    let mut desk = Desk::open();
    for (minute, close) in (0..).zip([100.0, 100.0, 100.0, 100.0, 25.0, 25.0, 25.0]) {
        desk.engine.warm_up(&bar(MORNING_MS - (9 - minute) * MINUTE_MS, close));
    }
    assert_eq!(desk.engine.trader(&aapl()).indicators(), proto::Indicators::default());
    desk.engine.warm_up(&bar(MORNING_MS - 2 * MINUTE_MS, 25.0));
    assert_eq!(desk.engine.trader(&aapl()).indicators().ema_slow, 25.0);
}
