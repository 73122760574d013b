//! The hub: whatever a page missed, the next frame makes it whole.

use super::*;
use crate::{
    credit::Credit,
    fake::{MINUTE_MS, account, bar, feed, order, position, symbol, tick},
};
use proptest::prelude::*;
use proto::{OrderState, Side};
use serde_json::Value;
use std::collections::BTreeSet;

const START: i64 = 1_795_186_800_000;

fn hub() -> Hub {
    Hub::new("s".to_owned(), &[symbol("AAPL"), symbol("MSFT")])
}

fn json(frame: &Frame<'_>) -> Value {
    serde_json::to_value(frame).unwrap()
}

fn history(symbol: Symbol, ticks: Vec<Tick>) -> Event {
    Event::History(Box::new(History { symbol, bars: Vec::new(), ticks, orders: Vec::new() }))
}

/// A page, as `model.js` keeps it.
#[derive(Default, Debug, PartialEq)]
struct Page {
    seq: u64,
    bars: BTreeMap<(String, i64), Value>,
    markers: BTreeSet<String>,
    values: BTreeMap<String, Value>,
}

impl Page {
    fn apply(&mut self, frame: &Value) {
        if frame["type"] == "snapshot" {
            *self = Self::default();
            self.seq = frame["seq"].as_u64().unwrap();
        } else {
            let (from, to) =
                (frame["from_seq"].as_u64().unwrap(), frame["to_seq"].as_u64().unwrap());
            assert!(from <= self.seq && self.seq < to, "a gap: at {}, got {from}..{to}", self.seq);
            self.seq = to;
        }
        for (symbol, change) in frame["symbols"].as_object().unwrap() {
            self.apply_symbol(symbol, change);
        }
        for key in ["desk", "account", "control", "feed"] {
            self.set(key.to_owned(), &frame[key]);
        }
    }

    fn apply_symbol(&mut self, symbol: &str, change: &Value) {
        if change["reset"] == true {
            self.bars.retain(|(of, _), _| of != symbol);
            self.markers.retain(|id| !id.starts_with(symbol));
        }
        for bar in change["bars"].as_array().into_iter().flatten() {
            self.bars.insert((symbol.to_owned(), bar[0].as_i64().unwrap()), bar.clone());
        }
        for marker in change["markers"].as_array().into_iter().flatten() {
            self.markers.insert(marker["id"].as_str().unwrap().to_owned());
        }
        for key in ["quote", "position", "orders", "refusals"] {
            self.set(format!("{symbol}.{key}"), &change[key]);
        }
        if let Some(forming) = change.get("forming") {
            self.values.insert(format!("{symbol}.forming"), forming.clone());
        }
    }

    fn set(&mut self, key: String, value: &Value) {
        if !value.is_null() {
            self.values.insert(key, value.clone());
        }
    }
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

/// One thing that may happen between hub and page.
#[derive(Debug, Clone)]
enum Step {
    Tick { msft: bool, seconds: i64, skip: bool },
    Bar { minute: i64, close: i32 },
    Order { seq: u64, fill: bool },
    Account,
    Frame,
    Acknowledge,
    Resync,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (any::<bool>(), 0..50i64, prop::bool::weighted(0.05))
            .prop_map(|(msft, seconds, skip)| Step::Tick { msft, seconds, skip }),
        2 => (0..40i64, 90..110i32).prop_map(|(minute, close)| Step::Bar { minute, close }),
        2 => (0..30u64, any::<bool>()).prop_map(|(seq, fill)| Step::Order { seq, fill }),
        1 => Just(Step::Account),
        8 => Just(Step::Frame),
        3 => Just(Step::Acknowledge),
        1 => Just(Step::Resync),
    ];
    prop::collection::vec(step, 1..300)
}

/// Hub, socket and page; the socket sends as `socket.rs` does, the page may be slow.
struct World {
    hub: Hub,
    credit: Credit,
    page: Page,
    clock_ms: i64,
    seqs: [u64; 2],
}

impl World {
    fn new() -> Self {
        let (credit, page) = (Credit::new(None), Page::default());
        Self { hub: hub(), credit, page, clock_ms: START, seqs: [0, 0] }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Tick { msft, seconds, skip } => self.tick(usize::from(*msft), *seconds, *skip),
            Step::Bar { minute, close } => {
                let start_ms = START + minute * MINUTE_MS;
                let bar = bar(&symbol("AAPL"), start_ms, 100.0, f64::from(*close), 0);
                self.hub.apply(Event::Bar(bar));
            }
            Step::Order { seq, fill } => {
                let state = if *fill { OrderState::Filled } else { OrderState::Refused };
                let event = order(&symbol("AAPL"), *seq, Side::Buy, state, 100.0);
                self.hub.apply(Event::Order(Box::new(event)));
            }
            Step::Account => drop(self.hub.apply(Event::Account(Box::new(account())))),
            Step::Frame => {
                self.hub.advance();
                self.send();
            }
            Step::Acknowledge => {
                self.credit.acknowledge(self.page.seq);
                self.send();
            }
            Step::Resync => self.credit.forget(),
        }
    }

    fn tick(&mut self, which: usize, seconds: i64, skip: bool) {
        self.clock_ms += seconds * 1_000;
        self.seqs[which] += if skip { 5 } else { 1 };
        let symbol = symbol(["AAPL", "MSFT"][which]);
        let price = 100.0 + (self.clock_ms % 977) as f64 / 100.0;
        let event = Event::Tick(tick(&symbol, self.seqs[which], price, self.clock_ms));
        for load in self.hub.apply(event) {
            self.hub.apply(history(load.symbol, Vec::new()));
        }
    }

    fn send(&mut self) {
        if !self.credit.has_room() {
            return;
        }
        let frame = match self.credit.sent() {
            None => json(&self.hub.snapshot(0)),
            Some(sent) if sent < self.hub.seq() => json(&self.hub.delta(sent, 0)),
            Some(_) => return,
        };
        self.credit.note_sent(self.hub.seq());
        self.page.apply(&frame);
    }
}

proptest! {
    /// Whatever happens and however slow the page is: when it has caught up, it shows what a page
    /// that has just been opened shows. No closed bar, no marker, no value is lost or old.
    #[test]
    fn a_conflated_page_ends_up_with_everything(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.hub.apply(Event::Account(Box::new(account())));
        for last in [Step::Acknowledge, Step::Frame, Step::Acknowledge] {
            world.step(&last);
        }
        let mut fresh = Page::default();
        fresh.apply(&json(&world.hub.snapshot(0)));
        prop_assert_eq!(world.page, fresh);
    }

    /// History joined to live gives the same line as having listened all along, wherever the hole
    /// was and however much history and live overlap.
    #[test]
    fn a_hole_filled_from_history_leaves_no_trace(
        gaps in prop::collection::vec(1..40i64, 20..120),
        hole in 0..20usize,
        length in 1..40usize,
        overlap in 0..30usize,
        late in 0..10usize,
    ) {
        let aapl = symbol("AAPL");
        let mut time_ms = START;
        let ticks: Vec<Tick> = gaps.iter().enumerate().map(|(index, seconds)| {
            time_ms += seconds * 1_000;
            tick(&aapl, index as u64 + 1, 100.0 + index as f64 / 10.0, time_ms)
        }).collect();
        let after = (hole + 1 + length).min(ticks.len() - 1);
        let (mut whole, mut holed) = (hub(), hub());
        for hub in [&mut whole, &mut holed] {
            hub.apply(history(aapl.clone(), Vec::new()));
        }
        let mut loads = Vec::new();
        for tick in &ticks {
            whole.apply(Event::Tick(tick.clone()));
        }
        for tick in ticks[..=hole].iter().chain(&ticks[after..(after + late + 1).min(ticks.len())]) {
            loads.extend(holed.apply(Event::Tick(tick.clone())));
        }
        if after > hole + 1 {
            prop_assert_eq!(loads.len(), 1);
            let kept = &ticks[(hole + 1).saturating_sub(overlap)..(after + late / 2).min(ticks.len())];
            holed.apply(history(aapl.clone(), kept.to_vec()));
        }
        for tick in ticks.iter().skip(after + late + 1) {
            holed.apply(Event::Tick(tick.clone()));
        }
        let rows = |hub: &Hub| {
            let pane = json(&hub.snapshot(0))["symbols"]["AAPL"].clone();
            (pane["bars"].clone(), pane["forming"].clone(), pane["quote"]["seq"].clone())
        };
        prop_assert_eq!(rows(&holed), rows(&whole));
    }
}
