//! Random lives of orders: the fold never leaves the table, repeats change nothing, holdings are the
//! sum of fills.

use super::*;
use crate::{
    orders::{self, Stamp},
    test_support::{intent, symbol},
};
use proptest::prelude::*;

/// One random happening: which of four symbols, which state next, how many shares at what price.
#[derive(Debug, Clone)]
struct Happening {
    symbol: usize,
    state: usize,
    shares: i64,
    cents: i64,
    fill: u8,
}

fn happening() -> impl Strategy<Value = Happening> {
    (0..4_usize, 0..OrderState::ALL.len(), 1..50_i64, 100..100_000_i64, 0..4_u8).prop_map(
        |(symbol, state, shares, cents, fill)| Happening { symbol, state, shares, cents, fill },
    )
}

/// The journal event that a happening would be for the symbol's current order.
fn event(happening: &Happening, life: usize) -> OrderEvent {
    let name = ["AAPL", "MSFT", "NVDA", "TSLA"][happening.symbol];
    let side = if life.is_multiple_of(2) { Side::Buy } else { Side::Sell };
    let wish = intent(name, life as u64, side, 100);
    let stamp = Stamp { writer: "test".to_owned(), at_ms: 0 };
    let mut event = orders::unknown(&wish, "test".to_owned(), stamp);
    event.state = OrderState::ALL[happening.state];
    if matches!(event.state, OrderState::Refused | OrderState::Submitting) {
        event.intent = Some(wish);
    }
    if matches!(event.state, OrderState::Filled | OrderState::PartiallyFilled) {
        event.fill = Some(Fill {
            id: format!("F{}", happening.fill),
            quantity: Decimal::from(happening.shares),
            price: Decimal::new(happening.cents, 2),
            fee: Decimal::ONE,
            value: None,
        });
    }
    event
}

/// Plays happenings into a ledger, beginning a new order whenever one is finished; gives what the
/// ledger accepted.
fn play(happenings: &[Happening]) -> (Ledger, Vec<(u64, OrderEvent)>) {
    let mut ledger = Ledger::new(Books::paper("USD"), Decimal::from(1_000_000));
    let (mut lives, mut seq, mut accepted) = ([0_usize; 4], 0, Vec::new());
    for happening in happenings {
        let event = event(happening, lives[happening.symbol]);
        if ledger.apply(seq + 1, &event).is_ok() {
            seq += 1;
            if event.state.is_final() {
                lives[happening.symbol] += 1;
            }
            accepted.push((seq, event));
        }
    }
    (ledger, accepted)
}

proptest! {
    #[test]
    fn folding_again_gives_the_same_books_and_repeats_change_nothing(
        happenings in prop::collection::vec(happening(), 0..200)
    ) {
        let (ledger, accepted) = play(&happenings);
        let mut again = Ledger::new(Books::paper("USD"), Decimal::from(1_000_000));
        for (seq, event) in &accepted {
            again.apply(*seq, event).unwrap();
            again.apply(*seq, event).unwrap();
        }
        for (seq, event) in &accepted {
            again.apply(*seq, event).unwrap();
        }
        prop_assert_eq!(ledger, again);
    }

    #[test]
    fn holdings_and_cash_are_the_sum_of_distinct_fills(
        happenings in prop::collection::vec(happening(), 0..200)
    ) {
        let (ledger, accepted) = play(&happenings);
        let (mut shares, mut cash) = (BTreeMap::new(), Decimal::from(1_000_000));
        let mut seen = BTreeSet::new();
        for (_, event) in &accepted {
            let Some(fill) = &event.fill else { continue };
            if !seen.insert((event.order_id.clone(), fill.id.clone())) {
                continue;
            }
            let sign = if event.side == Side::Buy { Decimal::ONE } else { -Decimal::ONE };
            *shares.entry(event.symbol.clone()).or_insert(Decimal::ZERO) += sign * fill.quantity;
            cash -= sign * fill.quantity * fill.price + fill.fee;
        }
        prop_assert_eq!(ledger.cash(), cash);
        for name in ["AAPL", "MSFT", "NVDA", "TSLA"] {
            let held = shares.get(&symbol(name)).copied().unwrap_or_default();
            prop_assert_eq!(ledger.position(&symbol(name)).quantity, held);
        }
    }

    #[test]
    fn an_illegal_event_changes_nothing(
        happenings in prop::collection::vec(happening(), 0..60), odd in happening()
    ) {
        let (mut ledger, _) = play(&happenings);
        let before = ledger.clone();
        if ledger.apply(u64::MAX, &event(&odd, 10_000)).is_err() {
            prop_assert_eq!(ledger, before);
        }
    }
}

#[test]
fn a_round_trip_realises_its_profit_after_fees() {
    let mut ledger = Ledger::new(Books::paper("USD"), Decimal::from(10_000));
    let stamp = || Stamp { writer: "test".to_owned(), at_ms: 0 };
    let mut seq = 0;
    let mut trade = |ledger: &mut Ledger, number, side, price: i64| {
        let wish = intent("AAPL", number, side, 10);
        let mut claim = orders::unknown(&wish, String::new(), stamp());
        (claim.state, claim.intent) = (OrderState::Submitting, Some(wish));
        let mut accept = claim.clone();
        (accept.state, accept.intent) = (OrderState::Accepted, None);
        let mut filled = accept.clone();
        filled.state = OrderState::Filled;
        let (quantity, price) = (Decimal::TEN, Decimal::from(price));
        filled.fill =
            Some(Fill { id: "1".to_owned(), quantity, price, fee: Decimal::ONE, value: None });
        for event in [claim, accept, filled] {
            seq += 1;
            ledger.apply(seq, &event).unwrap();
        }
    };
    trade(&mut ledger, 1, Side::Buy, 100);
    let held = ledger.position(&symbol("AAPL"));
    assert_eq!((held.quantity, held.average_price), (Decimal::TEN, Decimal::from(100)));
    assert_eq!(ledger.cash(), Decimal::from(8_999));
    trade(&mut ledger, 2, Side::Sell, 110);
    let flat = ledger.position(&symbol("AAPL"));
    assert_eq!((flat.quantity, flat.opened_ns), (Decimal::ZERO, 0));
    assert_eq!(flat.realised, Decimal::from(98));
    assert_eq!(ledger.cash(), Decimal::from(10_098));
    assert_eq!(flat.settled.unwrap().state, OrderState::Filled);
}
