//! What holds for every tape: the intents of one, and of the same again.

use super::*;
use proptest::{
    prelude::{prop, prop_assert_eq, proptest},
    strategy::Strategy as Generator,
};

/// Runs a tape through an engine and a broker that fills at the next tick; gives the intents.
fn run(prices: &[u32], step_ms: i64) -> Vec<Intent> {
    let mut desk = Desk::new(Params { entry_bars: 3, ..params() }, SessionClock::AlwaysOpen);
    let mut intents: Vec<Intent> = Vec::new();
    let mut open: Option<Intent> = None;
    for cents in prices {
        let tick = desk.next(f64::from(*cents) / 100.0, step_ms);
        if let Some(intent) = open.take() {
            desk.engine.on_position(&filled(&intent, &tick));
        }
        if let Some(intent) = desk.decide(&tick) {
            intents.push(intent.clone());
            open = Some(intent);
        }
    }
    intents
}

fn filled(intent: &Intent, tick: &Tick) -> Position {
    let bought = intent.side == Side::Buy;
    Position {
        quantity: if bought { intent.quantity } else { Decimal::ZERO },
        average_price: Decimal::try_from(tick.price).unwrap(),
        opened_ns: if bought { tick.time_ns } else { 0 },
        settled: Some(Settled {
            order_id: intent.id.clone(),
            state: OrderState::Filled,
            tick_seq: Some(tick.seq),
            time_ns: tick.time_ns,
            rule: None,
        }),
        ..Position::flat(aapl())
    }
}

fn walk() -> impl Generator<Value = Vec<u32>> {
    prop::collection::vec(-80i32..=80, 50..400).prop_map(|steps| {
        let mut price = 10_000;
        let step = |step: i32| {
            price = (price + step).max(100);
            price.unsigned_abs()
        };
        steps.into_iter().map(step).collect()
    })
}

#[test]
fn a_tape_that_swings_is_traded_both_ways() {
    let swing = |second: u32| (10_000.0 + 300.0 * (f64::from(second) / 20.0).sin()) as u32;
    let prices: Vec<u32> = (0..400).map(swing).collect();
    let intents = run(&prices, 20_000);
    assert!(intents.len() >= 4, "{intents:?}");
    assert!(intents.iter().any(|intent| intent.side == Side::Sell));
}

proptest! {
    #[test]
    fn the_same_tape_gives_the_same_intents_byte_for_byte(prices in walk()) {
        let bytes = |intents: Vec<Intent>| -> Vec<Vec<u8>> {
            intents.iter().map(|intent| encode(intent).unwrap()).collect()
        };
        prop_assert_eq!(bytes(run(&prices, 20_000)), bytes(run(&prices, 20_000)));
    }

    #[test]
    fn entries_and_exits_alternate_and_no_id_comes_twice(prices in walk()) {
        let intents = run(&prices, 20_000);
        let sides: Vec<Side> = intents.iter().map(|intent| intent.side).collect();
        for (index, side) in sides.iter().enumerate() {
            prop_assert_eq!(*side, if index % 2 == 0 { Side::Buy } else { Side::Sell });
        }
        let ids: std::collections::BTreeSet<_> = intents.iter().map(|i| &i.id).collect();
        prop_assert_eq!(ids.len(), intents.len());
        for intent in &intents {
            prop_assert_eq!(proto::Message::check(intent), Ok(()));
        }
    }
}
