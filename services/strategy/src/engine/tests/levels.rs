//! The levels that are shown are those that are acted on.

use super::*;

#[test]
fn levels_appear_with_a_position_trail_and_vanish() {
    let mut desk = Desk::open();
    desk.tick(100.0, MINUTE_MS);
    let flat = desk.engine.levels(&aapl());
    assert_eq!((flat.ema_fast, flat.ema_slow), (2, 4));
    assert_eq!(
        (flat.entry, flat.stop, flat.take_profit, flat.leave_by_ms),
        (None, None, None, None)
    );
    desk.hold();
    let held = desk.engine.levels(&aapl());
    assert_eq!((held.entry, held.stop, held.take_profit), (Some(100.0), Some(99.0), Some(102.0)));
    assert_eq!((held.trailing, held.tick_seq), (false, 1));
    assert_eq!(held.leave_by_ms, Some(desk.time_ms + params().max_holding_ms));
    desk.tick(101.0, 1_000);
    let trailing = desk.engine.levels(&aapl());
    assert!(trailing.trailing);
    assert_eq!(trailing.stop, Some(101.0 * 0.995));
    assert_eq!(desk.tick(101.0 * 0.995, 1_000).unwrap().reason, Reason::TrailingStop);
    desk.engine.on_position(&Position::flat(aapl()));
    let gone = desk.engine.levels(&aapl());
    assert_eq!(Levels { tick_seq: 1, ..gone }, flat);
}

#[test]
fn the_higher_of_two_stops_is_the_one_in_force() {
    let params = Params { trailing_start_percent: 0.0, trailing_stop_percent: 5.0, ..params() };
    let mut desk = Desk::new(params, SessionClock::AlwaysOpen);
    desk.tick(100.0, MINUTE_MS);
    desk.hold();
    assert_eq!(desk.engine.levels(&aapl()).stop, Some(99.0));
}

#[test]
fn the_close_may_come_before_the_longest_time() {
    let clock = SessionClock::Exchange(Calendar::parse(CALENDAR).unwrap());
    let mut desk = Desk::new(params(), clock);
    desk.time_ms = MORNING_MS + (TO_CLOSE - 6) * MINUTE_MS;
    desk.tick(100.0, 0);
    desk.hold();
    let flat_by_ms = MORNING_MS + (TO_CLOSE - 5) * MINUTE_MS;
    assert_eq!(desk.engine.levels(&aapl()).leave_by_ms, Some(flat_by_ms));
}

#[test]
fn what_is_left_to_a_person_has_no_levels_but_its_entry() {
    let mut desk = Desk::open();
    desk.tick(100.0, MINUTE_MS);
    desk.hold();
    let split = Tick { gap: true, ..desk.next(25.0, 1_000) };
    assert_eq!(desk.decide(&split), None);
    let levels = desk.engine.levels(&aapl());
    assert_eq!((levels.entry, levels.stop, levels.take_profit), (Some(100.0), None, None));
    assert_eq!((levels.leave_by_ms, levels.trailing), (None, false));
}
