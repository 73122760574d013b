//! Whatever happens in whatever order: nothing is lost between hub and page.

use super::*;
use crate::credit::Credit;
use proptest::prelude::*;
use std::collections::BTreeSet;

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
        for key in ["desk", "account", "control", "feed", "sessions"] {
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
        for order in change["orders"].as_array().into_iter().flatten() {
            self.set(format!("{symbol}.order.{}", order["id"]), order);
        }
        for key in ["quote", "position", "levels", "refusals", "gaps"] {
            self.set(format!("{symbol}.{key}"), &change[key]);
        }
        if let Some(held) = change.get("held") {
            self.values.insert(format!("{symbol}.held"), held.clone());
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

/// One thing that may happen between hub and page.
#[derive(Debug, Clone)]
enum Step {
    Tick { msft: bool, seconds: i64, skip: bool },
    Bar { minute: i64, close: i32 },
    Order { seq: u64, fill: bool },
    Levels { cents: u32 },
    Suspect,
    Away { minutes: i64 },
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
        1 => (1..10_000u32).prop_map(|cents| Step::Levels { cents }),
        1 => Just(Step::Suspect),
        1 => (0..9i64).prop_map(|minutes| Step::Away { minutes }),
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
            Step::Levels { cents } => {
                let levels = levels(&symbol("AAPL"), f64::from(*cents) / 100.0);
                self.hub.apply(Event::Levels(levels));
            }
            Step::Suspect => {
                self.seqs[0] += 1;
                let far = tick(&symbol("AAPL"), self.seqs[0], 900.0, self.clock_ms);
                self.hub.apply(Event::Tick(Tick { suspect: Some(Suspect::Outlier), ..far }));
            }
            Step::Away { minutes } => {
                self.clock_ms += minutes * MINUTE_MS;
                self.seqs[0] += 1;
                let back = tick(&symbol("AAPL"), self.seqs[0], 101.0, self.clock_ms);
                self.hub.apply(Event::Tick(Tick { gap: true, ..back }));
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

/// What may happen to the prices of a symbol on their way.
#[derive(Debug, Clone)]
enum Way {
    /// One is stored and heard, so many seconds after the one before.
    Heard(i64),
    /// One is stored, and not heard.
    Lost(i64),
    /// The loader reads the streams for the oldest load that waits.
    Read,
    /// What it has read arrives.
    Answer,
    /// The connection was lost and is there again.
    Reconnect,
}

fn ways() -> impl Strategy<Value = Vec<Way>> {
    let way = prop_oneof![
        6 => (1..40i64).prop_map(Way::Heard),
        3 => (1..40i64).prop_map(Way::Lost),
        3 => Just(Way::Read),
        3 => Just(Way::Answer),
        1 => Just(Way::Reconnect),
    ];
    prop::collection::vec(way, 1..200)
}

/// A hub that misses prices, its loader, the stream, and a hub that misses none.
struct Line {
    holed: Hub,
    whole: Hub,
    stored: Vec<Tick>,
    waiting: Loads,
    read: Option<(Load, Vec<Tick>)>,
    clock_ms: i64,
}

impl Line {
    fn new() -> Self {
        let (mut holed, mut whole) = (hub(), hub());
        let first = holed.apply(Event::Joined);
        let waiting = Loads::default();
        whole.apply(history(symbol("AAPL"), Vec::new()));
        let stored = Vec::new();
        let mut line = Self { holed, whole, stored, waiting, read: None, clock_ms: START };
        line.wait(first);
        // Nobody can tell that the very first price of all is missing.
        line.step(&Way::Heard(1));
        line
    }

    fn step(&mut self, way: &Way) {
        match way {
            Way::Heard(seconds) => {
                let tick = self.store(*seconds);
                let loads = self.holed.apply(Event::Tick(tick));
                self.wait(loads);
            }
            Way::Lost(seconds) => drop(self.store(*seconds)),
            Way::Read => self.read(),
            Way::Answer => {
                let Some((Load { symbol, heard, .. }, ticks)) = self.read.take() else { return };
                let (bars, orders) = (Vec::new(), Vec::new());
                let answer = History { symbol, bars, ticks, orders, heard };
                let loads = self.holed.apply(Event::History(Box::new(answer)));
                self.wait(loads);
            }
            Way::Reconnect => {
                let loads = self.holed.apply(Event::Joined);
                self.wait(loads);
            }
        }
    }

    fn store(&mut self, seconds: i64) -> Tick {
        self.clock_ms += seconds * 1_000;
        let seq = self.stored.len() as u64 + 1;
        let price = 100.0 + (self.clock_ms % 977) as f64 / 100.0;
        let tick = tick(&symbol("AAPL"), seq, price, self.clock_ms);
        let tick = Tick { received_ns: tick.time_ns, ..tick };
        self.stored.push(tick.clone());
        self.whole.apply(Event::Tick(tick.clone()));
        tick
    }

    fn wait(&mut self, loads: Vec<Load>) {
        for load in loads {
            self.waiting.add(load);
        }
    }

    fn read(&mut self) {
        if self.read.is_some() {
            return;
        }
        let Some(load) = self.waiting.take() else { return };
        let since_ms = load.since_ms.map_or(i64::MIN, |since_ms| since_ms - 2_000);
        let kept = self
            .stored
            .iter()
            .filter(|tick| tick.symbol == load.symbol && tick.received_ns / 1_000_000 >= since_ms);
        let kept = kept.cloned().collect();
        self.read = Some((load, kept));
    }

    /// Answers every load, also those that answers ask for; gives how many there were.
    fn settle(&mut self) -> usize {
        let mut answered = 0;
        while self.read.is_some() || !self.waiting.is_empty() {
            self.read();
            self.step(&Way::Answer);
            answered += 1;
            assert!(answered < 100, "loads without end");
        }
        answered
    }
}

fn line_of(hub: &Hub) -> [Value; 4] {
    let pane = json(&hub.snapshot(0))["symbols"]["AAPL"].clone();
    [&pane["bars"], &pane["forming"], &pane["quote"]["seq"], &pane["gaps"]].map(Value::clone)
}

proptest! {
    /// Whatever goes missing, before, while and after it is loaded, and however often the connection
    /// is lost meanwhile: in the end the line is what it would be without any hole, and loading ends.
    #[test]
    fn holes_at_any_moment_leave_no_trace(ways in ways()) {
        let mut line = Line::new();
        for way in &ways {
            line.step(way);
        }
        line.step(&Way::Heard(1));
        let asked = line.waiting.len() + usize::from(line.read.is_some());
        let answered = line.settle();
        prop_assert!(answered <= 2 * asked + 1, "{} loads for {}", answered, asked);
        prop_assert_eq!(line_of(&line.holed), line_of(&line.whole));
        let history = json(&line.holed.snapshot(0))["desk"]["history"].clone();
        prop_assert_eq!(history, true, "nothing is being waited for");
    }

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
        prop_assert_eq!(line_of(&holed), line_of(&whole));
    }
}
