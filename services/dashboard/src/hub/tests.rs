//! The hub: whatever a page missed, the next frame makes it whole.

mod properties;

use super::*;
use crate::fake::{MINUTE_MS, account, bar, feed, levels, order, position, symbol, tick};
use proto::{OrderState, Side, Source, Suspect, Transport};
use serde_json::Value;

const START: i64 = 1_795_186_800_000;

fn hub() -> Hub {
    let calendar =
        Calendar::parse(include_str!("../../../../config/market_calendar.toml")).unwrap();
    Hub::new("s".to_owned(), &[symbol("AAPL"), symbol("MSFT")], calendar)
}

fn json(frame: &Frame<'_>) -> Value {
    serde_json::to_value(frame).unwrap()
}

fn history(symbol: Symbol, ticks: Vec<Tick>) -> Event {
    let (bars, orders) = (Vec::new(), Vec::new());
    Event::History(Box::new(History { symbol, bars, ticks, orders, heard: u64::MAX }))
}

#[test]
fn a_quiet_hub_sends_no_frames() {
    let mut hub = hub();
    assert!(!hub.advance());
    hub.apply(Event::Account(Box::new(account())));
    assert!(hub.advance());
    assert!(!hub.advance());
    assert_eq!(hub.seq(), 1);
}

#[test]
fn a_delta_holds_only_what_changed() {
    let mut hub = hub();
    hub.apply(Event::Tick(tick(&symbol("AAPL"), 1, 101.0, START)));
    hub.advance();
    hub.apply(Event::Tick(tick(&symbol("MSFT"), 1, 102.0, START)));
    hub.advance();
    let delta = json(&hub.delta(1, 0));
    assert_eq!((&delta["from_seq"], &delta["to_seq"]), (&1.into(), &2.into()));
    let symbols: Vec<_> = delta["symbols"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(symbols, ["MSFT"]);
    assert_eq!(delta["symbols"]["MSFT"]["quote"]["price"], 102.0);
    assert!(delta.get("account").is_none());
}

#[test]
fn the_profit_of_a_holding_follows_the_price() {
    let mut hub = hub();
    let aapl = symbol("AAPL");
    hub.apply(Event::Position(aapl.clone(), Some(position(&aapl, 10, 100.0))));
    hub.apply(Event::Tick(tick(&aapl, 1, 101.0, START)));
    hub.advance();
    hub.apply(Event::Tick(tick(&aapl, 2, 102.5, START)));
    hub.advance();
    let delta = json(&hub.delta(1, 0));
    assert_eq!(delta["symbols"]["AAPL"]["position"]["unrealised"], 25.0);
    assert_eq!(delta["symbols"]["AAPL"]["position"]["total"], 43.4);
}

#[test]
fn a_price_that_is_not_believed_is_shown_as_held_and_as_nothing_else() {
    let mut hub = hub();
    let aapl = symbol("AAPL");
    hub.apply(history(aapl.clone(), Vec::new()));
    hub.apply(Event::Position(aapl.clone(), Some(position(&aapl, 10, 100.0))));
    hub.apply(Event::Tick(tick(&aapl, 1, 101.0, START)));
    hub.advance();
    let far = Tick { suspect: Some(Suspect::Outlier), ..tick(&aapl, 2, 500.0, START + 1_000) };
    assert_eq!(hub.apply(Event::Tick(far)), [], "it is no hole");
    hub.advance();
    let pane = json(&hub.snapshot(0))["symbols"]["AAPL"].clone();
    assert_eq!(pane["held"]["price"], 500.0);
    assert_eq!(pane["held"]["reason"], "outlier");
    assert_eq!((&pane["quote"]["price"], &pane["quote"]["seq"]), (&101.0.into(), &1.into()));
    assert_eq!(
        (&pane["forming"][2], &pane["position"]["unrealised"]),
        (&101.0.into(), &10.0.into())
    );
    hub.apply(Event::Tick(tick(&aapl, 3, 101.5, START + 2_000)));
    hub.advance();
    let delta = json(&hub.delta(2, 0))["symbols"]["AAPL"].clone();
    assert!(delta.get("held").is_some_and(Value::is_null), "the page is told that it is over");
    assert_eq!(delta["quote"]["price"], 101.5);
    hub.apply(Event::Tick(tick(&aapl, 4, 101.6, START + 3_000)));
    hub.advance();
    assert!(json(&hub.delta(3, 0))["symbols"]["AAPL"].get("held").is_none());
}

#[test]
fn history_that_ends_in_a_price_not_believed_shows_the_one_before() {
    let mut hub = hub();
    let aapl = symbol("AAPL");
    let far = Tick { suspect: Some(Suspect::CorporateAction), ..tick(&aapl, 6, 50.0, START) };
    hub.apply(history(aapl.clone(), vec![tick(&aapl, 5, 101.0, START), far]));
    let pane = json(&hub.snapshot(0))["symbols"]["AAPL"].clone();
    assert_eq!((&pane["quote"]["price"], &pane["held"]["price"]), (&101.0.into(), &50.0.into()));
    assert_eq!(hub.apply(Event::Tick(tick(&aapl, 7, 101.0, START))), []);
}

#[test]
fn the_strategys_levels_come_with_its_averages_and_change_with_it() {
    let mut hub = hub();
    let aapl = symbol("AAPL");
    hub.apply(Event::Tick(tick(&aapl, 1, 101.0, START)));
    hub.apply(Event::Levels(levels(&aapl, 100.0)));
    hub.advance();
    let shown = json(&hub.snapshot(0))["symbols"]["AAPL"]["levels"].clone();
    assert_eq!((&shown["ema_fast"], &shown["ema_slow"]), (&12.into(), &26.into()));
    assert_eq!((&shown["stop"], &shown["take_profit"]), (&99.5.into(), &100.8.into()));
    hub.apply(Event::Levels(Levels { entry: None, stop: None, ..levels(&aapl, 100.0) }));
    hub.advance();
    let delta = json(&hub.delta(1, 0))["symbols"]["AAPL"].clone();
    assert!(delta["levels"]["stop"].is_null() && delta.get("quote").is_none());
}

#[test]
fn a_minute_that_is_corrected_late_is_sent_again_alone() {
    let mut hub = hub();
    let aapl = symbol("AAPL");
    for minute in 0..30 {
        hub.apply(Event::Bar(bar(&aapl, START + minute * MINUTE_MS, 100.0, 101.0, 0)));
    }
    hub.advance();
    hub.apply(Event::Bar(bar(&aapl, START + 7 * MINUTE_MS, 100.0, 104.0, 0)));
    hub.advance();
    let delta = json(&hub.delta(1, 0))["symbols"]["AAPL"].clone();
    let bars = delta["bars"].as_array().unwrap();
    assert_eq!(bars.len(), 1);
    assert_eq!((&bars[0][0], &bars[0][4]), (&(START / 1_000 + 420).into(), &104.0.into()));
    assert!(delta.get("reset").is_none());
}

#[test]
fn an_order_is_sent_again_with_its_whole_history_when_it_changes() {
    let mut hub = hub();
    let event = |state| Event::Order(Box::new(order(&symbol("AAPL"), 7, Side::Buy, state, 101.0)));
    hub.apply(event(OrderState::Submitting));
    hub.apply(Event::Order(Box::new(order(
        &symbol("AAPL"),
        3,
        Side::Buy,
        OrderState::Refused,
        101.0,
    ))));
    hub.advance();
    hub.apply(event(OrderState::Accepted));
    hub.apply(event(OrderState::Filled));
    hub.advance();
    let delta = json(&hub.delta(1, 0))["symbols"]["AAPL"].clone();
    let orders = delta["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 1, "the other one has not changed");
    let states: Vec<_> =
        orders[0]["steps"].as_array().unwrap().iter().map(|s| &s["state"]).collect();
    assert_eq!(states, ["submitting", "accepted", "filled"]);
    assert_eq!((&orders[0]["filled"], &orders[0]["reason"]), (&12.0.into(), &"cross_up".into()));
}

#[test]
fn the_page_is_told_the_sessions_of_the_tape_it_shows() {
    let mut hub = hub();
    hub.clock(START);
    assert_eq!(json(&hub.snapshot(0))["sessions"]["always_open"], true, "nothing is known yet");
    hub.advance();
    let tape = FeedStatus { source: Source::Replay, ..feed(Vec::new()) };
    hub.apply(Event::Feed(Box::new(tape)));
    hub.apply(Event::Tick(tick(&symbol("AAPL"), 1, 101.0, START)));
    hub.clock(START + 365 * 24 * 60 * MINUTE_MS);
    let sessions = json(&hub.snapshot(0))["sessions"].clone();
    assert_eq!(sessions["always_open"], false);
    let first = sessions["days"][0][1].as_i64().unwrap();
    assert_eq!(START / 1_000 - first, 1_800, "by the tape's time, not by the wall's");
}

#[test]
fn a_hole_asks_for_its_history_and_a_reconnect_for_all() {
    let mut hub = hub();
    let aapl = symbol("AAPL");
    let first = hub.apply(Event::Joined);
    assert_eq!(first.len(), 2);
    assert!(first.iter().all(|load| load.since_ms.is_none()), "nothing is known yet");
    hub.apply(history(aapl.clone(), Vec::new()));
    assert_eq!(hub.apply(Event::Tick(tick(&aapl, 1, 101.0, START))), []);
    let before_ms = tick(&aapl, 1, 101.0, START).received_ns / 1_000_000;
    let loads = hub.apply(Event::Tick(tick(&aapl, 5, 101.0, START)));
    let [load] = loads.as_slice() else { panic!("{loads:?}") };
    assert!(load.symbol == aapl && load.since_ms.is_some_and(|since| since <= before_ms));
    assert_eq!(hub.apply(Event::Joined).len(), 2);
}

#[test]
fn a_fresh_store_that_counts_from_one_again_is_followed() {
    let mut hub = hub();
    let aapl = symbol("AAPL");
    hub.apply(Event::Tick(tick(&aapl, 900, 101.0, START)));
    let anew = Tick { received_ns: i64::MAX / 2, ..tick(&aapl, 1, 99.0, START) };
    hub.apply(Event::Tick(anew));
    hub.advance();
    assert_eq!(json(&hub.snapshot(0))["symbols"]["AAPL"]["quote"]["price"], 99.0);
}

#[test]
fn a_repeated_tick_is_shown_once() {
    let mut hub = hub();
    let one = tick(&symbol("AAPL"), 4, 101.0, START);
    hub.apply(Event::Tick(one.clone()));
    hub.advance();
    hub.apply(Event::Tick(one));
    hub.advance();
    assert!(json(&hub.delta(1, 0))["symbols"].as_object().unwrap().is_empty());
}

#[test]
fn symbols_of_others_leave_no_trace() {
    let mut hub = hub();
    let tsla = symbol("TSLA");
    hub.apply(Event::Tick(tick(&tsla, 1, 101.0, START)));
    hub.apply(Event::Bar(bar(&tsla, START, 1.0, 2.0, 1)));
    assert!(json(&hub.snapshot(0))["symbols"].get("TSLA").is_none());
}

#[test]
fn the_mode_says_whose_money_and_whose_prices() {
    let mut hub = hub();
    hub.apply(Event::Feed(Box::new(feed(vec![symbol("AAPL")]))));
    assert_eq!(json(&hub.snapshot(0))["desk"]["mode"], "sim");
    let live = Account { mode: proto::BrokerMode::Live, ..account() };
    hub.apply(Event::Account(Box::new(live)));
    assert_eq!(json(&hub.snapshot(0))["desk"]["mode"], "live");
}

#[test]
fn only_a_page_of_this_hub_can_resume() {
    let mut hub = hub();
    hub.apply(Event::Account(Box::new(account())));
    hub.advance();
    assert!(hub.can_resume("s", 1));
    assert!(!hub.can_resume("s", 2), "a frame of the future");
    assert!(!hub.can_resume("t", 1));
}

#[test]
fn an_account_that_was_only_written_again_is_sent_with_its_time_and_alone() {
    let mut hub = hub();
    hub.apply(Event::Tick(tick(&symbol("AAPL"), 1, 101.0, START)));
    hub.apply(Event::Feed(Box::new(feed(vec![symbol("AAPL")]))));
    hub.apply(Event::Account(Box::new(Account { at_ms: START, ..account() })));
    hub.advance();
    assert_eq!(json(&hub.snapshot(0))["account"]["at_ms"], START);
    let again = Event::Account(Box::new(Account { at_ms: START + 200, ..account() }));
    assert_eq!((again.haste(), Event::Joined.haste()), (Haste::Idle, Haste::Prompt));
    hub.apply(again);
    hub.advance();
    let delta = json(&hub.delta(1, 0));
    assert_eq!(delta["account"]["at_ms"], START + 200);
    let rest = ["desk", "control", "feed", "sessions"];
    assert!(rest.iter().all(|key| delta.get(key).is_none()), "{delta}");
    assert_eq!(delta["symbols"], serde_json::json!({}));
    assert!(delta.to_string().len() < 600, "{delta}");
}

#[test]
fn pages_are_told_where_prices_are_missing_until_they_are_there() {
    let mut hub = hub();
    let aapl = symbol("AAPL");
    hub.apply(history(aapl.clone(), Vec::new()));
    hub.apply(Event::Tick(tick(&aapl, 1, 101.0, START + 1_000)));
    hub.advance();
    assert_eq!(json(&hub.snapshot(0))["symbols"]["AAPL"]["gaps"], serde_json::json!([]));
    let back_ms = START + 2 * MINUTE_MS + 5_000;
    hub.apply(Event::Tick(Tick { gap: true, ..tick(&aapl, 2, 102.0, back_ms) }));
    hub.advance();
    let told = serde_json::json!([[START + 1_000, back_ms]]);
    for frame in [hub.snapshot(0), hub.delta(1, 0)] {
        assert_eq!(json(&frame)["symbols"]["AAPL"]["gaps"], told);
    }
    hub.apply(Event::Tick(tick(&aapl, 3, 102.0, back_ms + 1)));
    hub.advance();
    assert!(json(&hub.delta(2, 0))["symbols"]["AAPL"].get("gaps").is_none(), "they know");
    hub.apply(Event::Bar(bar(&aapl, START + MINUTE_MS, 101.0, 102.0, 1)));
    hub.advance();
    assert_eq!(json(&hub.delta(3, 0))["symbols"]["AAPL"]["gaps"], serde_json::json!([]));
}

#[test]
fn a_stream_may_be_quiet_in_one_symbol_but_not_in_all() {
    let limits = |transport| {
        let mut hub = hub();
        let polled = FeedStatus { transport, interval_ms: 30_000, speed: 8.0, ..feed(Vec::new()) };
        hub.apply(Event::Feed(Box::new(polled)));
        let feed = json(&hub.snapshot(0))["feed"].clone();
        assert_eq!((&feed["late_ms"], &feed["stale_ms"]), (&60_000.into(), &120_000.into()));
        assert_eq!(feed["speed"], 8.0);
        [&feed["page_late_ms"], &feed["page_stale_ms"]].map(|limit| limit.as_u64().unwrap())
    };
    assert_eq!(limits(Some(Transport::Stream)), [3_000, 10_000]);
    assert_eq!(limits(Some(Transport::Poll)), [60_000, 120_000]);
    assert_eq!(limits(None), [60_000, 120_000]);
}

#[test]
fn open_pages_forget_the_markers_of_a_run_that_is_over_and_keep_its_bars() {
    let mut hub = hub();
    let aapl = symbol("AAPL");
    let run = |run: &str, start_position| {
        let tape = FeedStatus { source: Source::Replay, ..feed(Vec::new()) };
        Event::Feed(Box::new(FeedStatus { run: run.to_owned(), start_position, ..tape }))
    };
    hub.apply(run("first", 0));
    hub.apply(Event::Bar(bar(&aapl, START, 100.0, 101.0, 1)));
    let refused = order(&aapl, 7, Side::Buy, OrderState::Refused, 101.0);
    hub.apply(Event::Order(Box::new(refused)));
    hub.advance();
    assert_eq!(json(&hub.snapshot(0))["symbols"]["AAPL"]["refusals"], 1);
    hub.apply(run("later", 50));
    hub.advance();
    let pane = json(&hub.delta(1, 0))["symbols"]["AAPL"].clone();
    assert_eq!((&pane["reset"], &pane["refusals"]), (&true.into(), &0.into()));
    assert_eq!((pane["bars"].as_array().unwrap().len(), pane.get("markers")), (1, None));
    hub.apply(run("third", 90));
    hub.advance();
    let delta = json(&hub.delta(2, 0));
    assert_eq!(delta["symbols"], serde_json::json!({}), "nothing of theirs was dropped");
}
