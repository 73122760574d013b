//! The rules, each by its name: `None` when it is kept, else what is wrong in words.

use super::{Limits, View};
use crate::{money, valuation::Worth};
use proto::{Intent, Rule, Side, TradingState};
use rust_decimal::Decimal;

/// What a rule judges.
pub(super) struct Case<'a> {
    pub(super) intent: &'a Intent,
    pub(super) view: &'a View,
    pub(super) limits: &'a Limits,
}

type Named = (Rule, fn(&Case<'_>) -> Option<String>);

/// Rules for every intent.
pub(super) const ALWAYS: [Named; 8] = [
    (Rule::Halted, halted),
    (Rule::Expired, expired),
    (Rule::Frozen, frozen),
    (Rule::OrderOpen, order_open),
    (Rule::Session, session),
    (Rule::NoPrice, no_price),
    (Rule::TickAge, tick_age),
    (Rule::PriceCollar, price_collar),
];

/// Rules for what opens risk.
pub(super) const ENTRIES: [Named; 9] = [
    (Rule::UnknownSymbol, unknown_symbol),
    (Rule::DailyLoss, |case| daily_loss(&case.view.worth, case.limits)),
    (Rule::Drawdown, |case| drawdown(&case.view.worth, case.limits)),
    (Rule::Reducing, reducing),
    (Rule::OrdersPerMinute, orders_per_minute),
    (Rule::OrderValue, order_value),
    (Rule::PositionValue, position_value),
    (Rule::TotalExposure, total_exposure),
    (Rule::Cash, cash),
];

/// Rules for what closes it.
pub(super) const EXITS: [Named; 1] = [(Rule::NotOwned, not_owned)];

impl Case<'_> {
    /// The order's value at the worse of the intent's and the last price, account currency.
    fn value(&self) -> Decimal {
        let last = self.view.last.map_or(0.0, |last| last.price);
        self.intent.quantity * money(last.max(self.intent.price)) * self.view.rate
    }
}

fn halted(case: &Case<'_>) -> Option<String> {
    (case.view.trading == TradingState::Halted).then(|| "trading is halted".to_owned())
}

fn reducing(case: &Case<'_>) -> Option<String> {
    let reducing = case.view.trading == TradingState::Reducing;
    reducing.then(|| "the desk only reduces: no new positions".to_owned())
}

fn expired(case: &Case<'_>) -> Option<String> {
    let late = case.view.now_ms - case.intent.valid_until_ms;
    (late > 0).then(|| format!("the intent ran out {late} ms ago"))
}

fn unknown_symbol(case: &Case<'_>) -> Option<String> {
    (!case.view.known).then(|| format!("{} is on no dashboard", case.intent.symbol))
}

fn frozen(case: &Case<'_>) -> Option<String> {
    let order = case.view.position.unresolved.as_ref()?;
    Some(format!("the fate of order {order} is not known yet"))
}

fn order_open(case: &Case<'_>) -> Option<String> {
    let order = case.view.position.open_order.as_ref()?;
    Some(format!("order {order} of the symbol is still open"))
}

fn session(case: &Case<'_>) -> Option<String> {
    (!case.view.session_open).then(|| "the market is closed".to_owned())
}

fn no_price(case: &Case<'_>) -> Option<String> {
    case.view.last.is_none().then(|| "there is no price to judge the order by".to_owned())
}

fn tick_age(case: &Case<'_>) -> Option<String> {
    let age = case.view.now_ms - case.view.last?.time_ms;
    let most = i64::try_from(case.limits.max_tick_age.as_millis()).unwrap_or(i64::MAX);
    (age > most).then(|| format!("the last tick is {age} ms old, at most {most} ms are allowed"))
}

fn price_collar(case: &Case<'_>) -> Option<String> {
    let last = case.view.last?.price;
    let away = (last - case.intent.price).abs() / case.intent.price * 100.0;
    let most = case.limits.price_collar_percent;
    let broken = away > most;
    broken.then(|| {
        let intent = case.intent.price;
        format!("the last price {last} is {away:.2} % from the intent's {intent}, at most {most} %")
    })
}

fn orders_per_minute(case: &Case<'_>) -> Option<String> {
    let (recent, most) = (case.view.recent_orders, case.limits.max_orders_per_minute);
    let full = recent >= usize::try_from(most).unwrap_or(usize::MAX);
    full.then(|| format!("{recent} orders in the last minute, at most {most}"))
}

fn order_value(case: &Case<'_>) -> Option<String> {
    above("the order is worth", case.value(), case.limits.max_order_value)
}

fn position_value(case: &Case<'_>) -> Option<String> {
    let held = case.view.last.map_or(Decimal::ZERO, |last| money(last.price));
    let value = held * case.view.position.quantity * case.view.rate + case.value();
    above("the position would be worth", value, case.limits.max_position_value)
}

fn total_exposure(case: &Case<'_>) -> Option<String> {
    let value = case.view.worth.exposure + case.view.reserved + case.view.foreign + case.value();
    above("all positions would be worth", value, case.limits.max_total_exposure)
}

fn cash(case: &Case<'_>) -> Option<String> {
    if case.intent.side == Side::Sell {
        return None;
    }
    let buffer = Decimal::ONE + case.limits.cash_buffer_percent / Decimal::ONE_HUNDRED;
    let needed = (case.value() * buffer).round_dp(2);
    let free = case.view.free_cash.round_dp(2);
    (needed > free).then(|| format!("the order needs {needed} with its buffer, {free} is free"))
}

fn not_owned(case: &Case<'_>) -> Option<String> {
    let (asked, held) = (case.intent.quantity, case.view.position.quantity);
    let wrong = case.intent.side != Side::Sell || asked > held;
    wrong.then(|| format!("an exit of {asked} shares, {held} are held"))
}

/// The day's loss has reached its limit.
pub(super) fn daily_loss(worth: &Worth, limits: &Limits) -> Option<String> {
    let (loss, most) = ((-worth.day_profit).round_dp(2), limits.max_daily_loss);
    (loss >= most).then(|| format!("the day's loss of {loss} has reached its limit of {most}"))
}

/// The fall from the peak has reached its limit.
pub(super) fn drawdown(worth: &Worth, limits: &Limits) -> Option<String> {
    let (fall, most) = (worth.drawdown_percent.round_dp(2), limits.max_drawdown_percent);
    (fall >= most)
        .then(|| format!("equity is {fall} % below its peak, at most {most} % are allowed"))
}

fn above(what: &str, value: Decimal, limit: Decimal) -> Option<String> {
    (value > limit).then(|| format!("{what} {}, at most {limit}", value.round_dp(2)))
}
