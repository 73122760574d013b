//! Every rule, on an entry and on an exit.

use super::*;
use crate::test_support::{NOON_NS, intent, symbol};
use proto::{OrderId, Rule, Side};

fn limits() -> Limits {
    Limits {
        max_order_value: Decimal::from(5_000),
        max_position_value: Decimal::from(8_000),
        max_total_exposure: Decimal::from(20_000),
        max_orders_per_minute: 3,
        price_collar_percent: 2.0,
        max_tick_age: Duration::from_secs(90),
        cash_buffer_percent: Decimal::ONE,
        max_daily_loss: Decimal::from(1_000),
        max_drawdown_percent: Decimal::TEN,
        warn_at_percent: Decimal::from(60),
    }
}

/// A desk on which an order of 10 shares at 100 dollars breaks nothing.
fn calm() -> View {
    let mut position = Position::flat(symbol("AAPL"));
    position.quantity = Decimal::from(20);
    let now_ms = NOON_NS / 1_000_000 + 2_000;
    View {
        now_ms,
        trading: TradingState::Active,
        session_open: true,
        known: true,
        position,
        last: Some(LastPrice { price: 100.0, time_ms: now_ms - 1_000, seq: 1 }),
        worth: Worth {
            exposure: Decimal::from(2_000),
            equity: Decimal::from(50_000),
            unrealised: Decimal::ZERO,
            day_profit: Decimal::ZERO,
            drawdown_percent: Decimal::ZERO,
        },
        free_cash: Decimal::from(48_000),
        reserved: Decimal::ZERO,
        foreign: Decimal::ZERO,
        rate: Decimal::ONE,
        recent_orders: 0,
    }
}

/// What one spoiled thing on a calm desk does to an entry and to an exit.
fn check_both(spoil: impl Fn(&mut View), entry: Option<Rule>, exit: Option<Rule>) {
    let mut view = calm();
    spoil(&mut view);
    for (side, expected) in [(Side::Buy, entry), (Side::Sell, exit)] {
        let outcome = check(&intent("AAPL", 1, side, 10), &view, &limits());
        assert_eq!(outcome.err().map(|refusal| refusal.rule), expected, "{side:?} on {view:?}");
    }
}

#[test]
fn a_calm_desk_refuses_nothing() {
    check_both(|_| {}, None, None);
}

#[test]
fn what_makes_any_order_senseless_refuses_exits_too() {
    let both = |spoil: fn(&mut View), rule| check_both(spoil, Some(rule), Some(rule));
    both(|view| view.trading = TradingState::Halted, Rule::Halted);
    both(|view| view.now_ms += 120_000, Rule::Expired);
    let order = || OrderId::parse("AAPL-0-B").ok();
    both(|view| view.position.unresolved = OrderId::parse("AAPL-0-B").ok(), Rule::Frozen);
    check_both(
        |view| view.position.open_order = order(),
        Some(Rule::OrderOpen),
        Some(Rule::OrderOpen),
    );
    both(|view| view.session_open = false, Rule::Session);
    both(|view| view.last = None, Rule::NoPrice);
    both(|view| view.last.as_mut().unwrap().time_ms -= 90_000, Rule::TickAge);
    both(|view| view.last.as_mut().unwrap().price = 102.1, Rule::PriceCollar);
    both(|view| view.last.as_mut().unwrap().price = 97.9, Rule::PriceCollar);
}

#[test]
fn what_bounds_risk_refuses_entries_only() {
    let entry = |spoil: fn(&mut View), rule| check_both(spoil, Some(rule), None);
    entry(|view| view.trading = TradingState::Reducing, Rule::Reducing);
    entry(|view| view.known = false, Rule::UnknownSymbol);
    entry(|view| view.worth.day_profit = Decimal::from(-1_000), Rule::DailyLoss);
    entry(|view| view.worth.drawdown_percent = Decimal::TEN, Rule::Drawdown);
    entry(|view| view.recent_orders = 3, Rule::OrdersPerMinute);
    entry(|view| view.position.quantity = Decimal::from(71), Rule::PositionValue);
    entry(|view| view.worth.exposure = Decimal::from(19_001), Rule::TotalExposure);
    entry(|view| view.reserved = Decimal::from(17_001), Rule::TotalExposure);
    entry(|view| view.foreign = Decimal::from(17_001), Rule::TotalExposure);
    entry(|view| view.free_cash = Decimal::from(1_009), Rule::Cash);
}

#[test]
fn an_order_is_worth_the_worse_of_both_prices() {
    let mut view = calm();
    view.last.as_mut().unwrap().price = 101.0;
    let outcome = check(&intent("AAPL", 1, Side::Buy, 50), &view, &limits());
    assert_eq!(outcome.unwrap_err().rule, Rule::OrderValue);
}

#[test]
fn more_than_is_held_cannot_be_sold() {
    let outcome = check(&intent("AAPL", 1, Side::Sell, 21), &calm(), &limits());
    assert_eq!(outcome.unwrap_err().rule, Rule::NotOwned);
}

#[test]
fn limits_warn_at_sixty_percent_and_trip_when_reached() {
    let mut worth = calm().worth;
    assert!(warnings(&worth, 0, &limits()).is_empty());
    worth.day_profit = Decimal::from(-600);
    assert_eq!(warnings(&worth, 2, &limits()).len(), 2);
    assert_eq!(tripped(&worth, &limits()), None);
    worth.day_profit = Decimal::from(-1_000);
    assert!(tripped(&worth, &limits()).unwrap().contains("1000"));
}
