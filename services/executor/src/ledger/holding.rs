//! What a fill does to a holding.

use proto::{Fill, Position, Side};
use rust_decimal::Decimal;

/// Decimals an average price is kept to.
const AVERAGE_DECIMALS: u32 = 8;

/// Books `fill`, worth `value` in the account's currency, at feed time `time_ns`: average cost for
/// buys, realised profit for sells, fees at once.
pub(super) fn apply(
    position: &mut Position,
    side: Side,
    fill: &Fill,
    value: Decimal,
    time_ns: i64,
) {
    position.fees += fill.fee;
    position.realised -= fill.fee;
    match side {
        Side::Buy => buy(position, fill, value, time_ns),
        Side::Sell => sell(position, fill, value),
    }
}

fn buy(position: &mut Position, fill: &Fill, value: Decimal, time_ns: i64) {
    if position.quantity.is_zero() {
        position.opened_ns = time_ns;
    }
    position.cost += value;
    let paid = position.average_price * position.quantity + fill.price * fill.quantity;
    position.quantity += fill.quantity;
    position.average_price =
        paid.checked_div(position.quantity).unwrap_or(Decimal::ZERO).round_dp(AVERAGE_DECIMALS);
}

fn sell(position: &mut Position, fill: &Fill, value: Decimal) {
    let part = if fill.quantity == position.quantity {
        position.cost
    } else {
        let whole = position.cost * fill.quantity;
        whole.checked_div(position.quantity).unwrap_or(Decimal::ZERO).round_dp(AVERAGE_DECIMALS)
    };
    position.realised += value - part;
    position.cost -= part;
    position.quantity -= fill.quantity;
    if position.quantity.is_zero() {
        position.average_price = Decimal::ZERO;
        position.opened_ns = 0;
    }
}
