//! What waits while an intent is in flight.

use super::*;
use proto::{
    Decimal, IntentKind, OrderState, PriceField, Reason, Session, Settled, Side, Source, VERSION,
};

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).unwrap()
}

fn tick(text: &str, seq: u64) -> Tick {
    Tick {
        v: VERSION,
        symbol: symbol(text),
        seq,
        price: 10.0,
        size: 1.0,
        time_ns: 0,
        received_ns: 0,
        source: Source::Sim,
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

fn intent(text: &str, seq: u64, position: u64) -> Intent {
    Intent {
        v: VERSION,
        id: OrderId::derive(&symbol(text), seq, Side::Buy),
        symbol: symbol(text),
        side: Side::Buy,
        kind: IntentKind::Entry,
        quantity: Decimal::ONE,
        price: 10.0,
        tick_seq: seq,
        position,
        time_ns: 0,
        valid_until_ms: 0,
        reason: Reason::CrossUp,
        indicators: proto::Indicators::default(),
        strategy: "test".to_owned(),
        revision: String::new(),
    }
}

fn ended(intent: &Intent) -> Position {
    let settled = Settled {
        order_id: intent.id.clone(),
        state: OrderState::Filled,
        tick_seq: Some(intent.tick_seq + 1),
        time_ns: 0,
        rule: None,
    };
    Position { settled: Some(settled), ..Position::flat(intent.symbol.clone()) }
}

#[test]
fn on_a_tape_nothing_passes_what_is_in_flight() {
    let mut gate = Gate::new(ClockKind::Tape, 4);
    let sent = intent("AAPL", 5, 50);
    gate.depart(sent.clone(), 0);
    assert!(!gate.is_open());
    assert_eq!(gate.settled(50), 49);
    let accepted = Position { open_order: Some(sent.id.clone()), ..Position::flat(symbol("AAPL")) };
    assert_eq!(gate.on_position(&accepted), None);
    assert_eq!(gate.on_position(&Position::flat(symbol("MSFT"))), None);
    assert!(!gate.is_open());
    assert_eq!(gate.on_position(&ended(&sent)).unwrap().intent, sent);
    assert!(gate.is_open());
    assert_eq!(gate.settled(50), 50);
}

#[test]
fn on_the_wall_clock_only_the_symbols_own_ticks_wait_and_keep_their_order() {
    let mut gate = Gate::new(ClockKind::Wall, 4);
    let sent = intent("AAPL", 5, 50);
    gate.depart(sent.clone(), 0);
    assert!(gate.is_open());
    assert_eq!(gate.admit(51, tick("AAPL", 6)), Admitted::Waits);
    assert_eq!(gate.admit(52, tick("MSFT", 1)), Admitted::Now(52, tick("MSFT", 1)));
    assert_eq!(gate.admit(53, tick("AAPL", 7)), Admitted::Waits);
    assert_eq!(gate.release(&symbol("AAPL")), None);
    gate.on_position(&ended(&sent));
    assert_eq!(gate.admit(54, tick("AAPL", 8)), Admitted::Waits, "others wait before it");
    let released: Vec<u64> = std::iter::from_fn(|| gate.release(&symbol("AAPL")))
        .map(|(position, _)| position)
        .collect();
    assert_eq!(released, [51, 53, 54]);
    assert_eq!(gate.admit(55, tick("AAPL", 9)), Admitted::Now(55, tick("AAPL", 9)));
}

#[test]
fn when_too_many_wait_the_oldest_makes_room() {
    let mut gate = Gate::new(ClockKind::Wall, 2);
    gate.depart(intent("AAPL", 5, 50), 0);
    assert_eq!(gate.admit(51, tick("AAPL", 6)), Admitted::Waits);
    assert_eq!(gate.admit(52, tick("AAPL", 7)), Admitted::Waits);
    assert_eq!(gate.admit(53, tick("AAPL", 8)), Admitted::Displaced(tick("AAPL", 6)));
    assert_eq!(gate.waiting(), 2);
}

#[test]
fn an_open_order_makes_its_symbol_wait_whoever_placed_it() {
    let mut gate = Gate::new(ClockKind::Wall, 2);
    let open_order = Some(OrderId::parse("MANUAL-1").unwrap());
    gate.on_position(&Position { open_order, ..Position::flat(symbol("AAPL")) });
    assert_eq!(gate.admit(51, tick("AAPL", 6)), Admitted::Waits);
    gate.on_position(&Position::flat(symbol("AAPL")));
    assert_eq!(gate.release(&symbol("AAPL")), Some((51, tick("AAPL", 6))));
}

#[test]
fn an_intent_is_said_again_until_its_end_is_known() {
    let mut gate = Gate::new(ClockKind::Tape, 2);
    let sent = intent("AAPL", 5, 50);
    gate.depart(sent.clone(), 1_000);
    assert_eq!(gate.due(1_000).len(), 1);
    gate.on_published(&sent.symbol, false, 1_000);
    assert_eq!((gate.due(1_999).len(), gate.next_due_ms()), (0, Some(2_000)));
    gate.on_published(&sent.symbol, true, 2_000);
    assert_eq!(gate.next_due_ms(), Some(2_000 + REPEAT_MS));
    let due = gate.due(2_000 + REPEAT_MS);
    assert_eq!((due[0].intent.id.clone(), due[0].stored), (sent.id.clone(), true));
    gate.on_position(&ended(&sent));
    assert_eq!(gate.next_due_ms(), None);
}

#[test]
fn the_end_of_an_earlier_order_is_not_the_intents() {
    let mut gate = Gate::new(ClockKind::Tape, 2);
    let earlier = intent("AAPL", 3, 30);
    gate.depart(intent("AAPL", 5, 50), 0);
    assert_eq!(gate.on_position(&ended(&earlier)), None);
    assert!(gate.on_position(&ended(&intent("AAPL", 9, 90))).is_some(), "a later one's says it");
}
