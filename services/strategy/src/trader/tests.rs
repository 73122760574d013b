//! One symbol, from bars to decisions.

use super::*;
use crate::params::tests::params;
use proto::OrderId;

fn settled(id: &str, state: OrderState, tick_seq: Option<u64>) -> Settled {
    let order_id = OrderId::parse(id).unwrap();
    Settled { order_id, state, tick_seq, time_ns: 0, rule: None }
}

#[test]
fn a_quantity_is_rounded_down_and_never_zero() {
    let order_value = Decimal::from(1_000);
    let whole = Params { order_value, quantity_decimals: 0, ..params() };
    let parts = Params { order_value, quantity_decimals: 3, ..params() };
    for (params, price, expected) in [
        (&whole, 300.0, Some("3")),
        (&whole, 1_000.0, Some("1")),
        (&whole, 1_000.01, None),
        (&parts, 1_000.01, Some("0.999")),
        (&parts, 400.0, Some("2.5")),
        (&parts, 9e9, None),
        (&whole, f64::NAN, None),
        (&whole, 0.0, None),
        (&whole, 1e-300, None),
    ] {
        let quantity = quantity(params, price).map(|quantity| quantity.to_string());
        assert_eq!(quantity.as_deref(), expected, "{price}");
    }
}

#[test]
fn ticks_are_decided_on_up_to_the_orders_own_or_its_effect() {
    for (id, tick_seq, expected) in [
        ("AAPL-17-B", None, 17),
        ("AAPL-17-B", Some(19), 19),
        ("BRK-B-17-S", Some(4), 17),
        ("MANUAL", Some(4), 4),
        ("MANUAL", None, 0),
    ] {
        assert_eq!(decided_seq(&settled(id, OrderState::Filled, tick_seq)), expected, "{id}");
    }
}

#[test]
fn only_an_exit_that_did_not_fill_is_a_failed_one() {
    assert!(is_failed_exit(&settled("AAPL-1-S", OrderState::Refused, None)));
    assert!(!is_failed_exit(&settled("AAPL-1-S", OrderState::Filled, None)));
    assert!(!is_failed_exit(&settled("AAPL-1-B", OrderState::Refused, None)));
}
