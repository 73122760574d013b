//! What falls due by a time: fills, triggers, ends. Applied one by one in the order of their times,
//! so that a clock that jumps gives the same as one that creeps.

use super::Account;
use crate::trading212::{
    market::{Market, clock::millis},
    order::{Order, OrderKind, Status},
};
use rust_decimal::{Decimal, RoundingStrategy};

/// What can fall due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Trades at a price.
    Fill(Decimal),
    /// Its stop is reached.
    Trigger,
    /// Ends as.
    End(Status),
}

impl Account {
    /// Works out everything that happened until `now_ms`.
    pub(in crate::trading212) fn advance(&mut self, market: &Market, now_ms: i64) {
        while let Some((at_ms, id, due)) = self.next_due(market, now_ms) {
            match due {
                Due::Fill(price) => self.fill_piece(market, id, price, at_ms),
                Due::Trigger => {
                    if let Some(order) = self.orders.get_mut(&id) {
                        order.plan.triggered = true;
                    }
                }
                Due::End(status) => self.end(market, id, status, at_ms),
            }
        }
        self.settle(now_ms);
    }

    /// Asks for an order's end; it may still fill until then.
    pub(in crate::trading212) fn cancel(&mut self, market: &Market, id: i64, now_ms: i64) {
        let latency = millis(market.timing.cancel_latency);
        if let Some(order) = self.orders.get_mut(&id).filter(|order| !order.status.is_final()) {
            order.status = Status::Cancelling;
            order.plan.cancel_ms.get_or_insert(now_ms + latency);
        }
    }

    /// Ends an order that is still pending.
    pub(in crate::trading212) fn end(
        &mut self,
        market: &Market,
        id: i64,
        status: Status,
        at_ms: i64,
    ) {
        self.pending.remove(&id);
        let Some(order) = self.orders.get_mut(&id) else { return };
        order.status = status;
        order.plan.reserved = Decimal::ZERO;
        if order.filled.is_zero() {
            self.record_end(market, id, at_ms);
        }
    }

    fn next_due(&self, market: &Market, now_ms: i64) -> Option<(i64, i64, Due)> {
        let due = self.pending().flat_map(|order| {
            let ends = ends(order).into_iter().flatten();
            let trades = trade(order, market, now_ms).into_iter();
            // A fill comes first where both are due at once.
            trades.chain(ends).map(|(at_ms, due)| (at_ms, order.id, due))
        });
        due.filter(|(at_ms, _, _)| *at_ms <= now_ms).min_by_key(|(at_ms, id, _)| (*at_ms, *id))
    }

    fn fill_piece(&mut self, market: &Market, id: i64, price: Decimal, at_ms: i64) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let remaining = order.remaining();
        let decimals = market.precision(&order.ticker);
        let even = remaining / Decimal::from(order.plan.pieces.max(1));
        let piece = even.round_dp_with_strategy(decimals, RoundingStrategy::ToZero);
        let quantity = if piece.is_zero() { remaining } else { piece };
        order.plan.pieces = order.plan.pieces.saturating_sub(1).max(1);
        order.plan.fill_from_ms = at_ms + millis(market.timing.fill_latency);
        self.trade(market, id, (quantity, price), at_ms);
    }
}

fn ends(order: &Order) -> [Option<(i64, Due)>; 3] {
    let plan = &order.plan;
    [
        plan.reject_ms.map(|at| (at, Due::End(Status::Rejected))),
        plan.cancel_ms.map(|at| (at, Due::End(Status::Cancelled))),
        plan.expire_ms.map(|at| (at, Due::End(Status::Cancelled))),
    ]
}

/// When and at what price an order trades next. A market order trades at the price of its own time;
/// what waits for a price sees the price of `now_ms` only.
fn trade(order: &Order, market: &Market, now_ms: i64) -> Option<(i64, Due)> {
    let plan = &order.plan;
    if let Some(at_ms) = plan.forced_ms.filter(|at| *at <= now_ms) {
        return Some((at_ms, Due::Fill(market.prices.at(&order.ticker, at_ms)?)));
    }
    if plan.held || plan.reject_ms.is_some() || plan.fill_from_ms > now_ms {
        return None;
    }
    let schedule_id = market.instruments.get(&order.ticker)?.schedule_id;
    let opens = |from| market.schedule.next_trade_ms(schedule_id, from, order.extended_hours);
    if order.kind == OrderKind::Market {
        let at_ms = opens(plan.fill_from_ms)?;
        return Some((at_ms, Due::Fill(market.prices.at(&order.ticker, at_ms)?)));
    }
    if opens(now_ms)? > now_ms {
        return None;
    }
    let last = market.prices.at(&order.ticker, now_ms)?;
    due_at(order, last).map(|due| (now_ms, due))
}

fn due_at(order: &Order, last: Decimal) -> Option<Due> {
    let stopped = |stop| if order.is_buy() { last >= stop } else { last <= stop };
    let within = |limit| if order.is_buy() { last <= limit } else { last >= limit };
    match order.kind {
        OrderKind::Market => Some(Due::Fill(last)),
        OrderKind::Stop { stop } => stopped(stop).then_some(Due::Fill(last)),
        OrderKind::StopLimit { stop, .. } if !order.plan.triggered => {
            stopped(stop).then_some(Due::Trigger)
        }
        OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => {
            within(limit).then_some(Due::Fill(last))
        }
    }
}
