//! The order journal: what the executor writes on `orders.<SYMBOL>.<ORDER_ID>`, one event per change.
//!
//! The last event of a subject is the order's state; the fold of all events is every position and
//! the cash. Every write is compare-and-set on the subject, so two executors cannot both own an order.

use crate::{
    codec::Message,
    intent::{Intent, OrderId, Side},
    symbol::Symbol,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// A risk rule refused the intent; nothing was sent. Final.
    Refused,
    /// Claimed: the broker is about to be called, or was being called when the executor died.
    Submitting,
    /// The call's outcome is not known. The symbol is frozen until it is settled.
    Unknown,
    /// The broker has the order.
    Accepted,
    /// The broker said no and nothing exists there. Final.
    Rejected,
    /// Some shares have traded.
    PartiallyFilled,
    /// All shares have traded. Final.
    Filled,
    /// A cancel was sent and not yet confirmed; fills may still come.
    Canceling,
    /// Canceled at the broker; what had filled stays filled. Final.
    Canceled,
    /// Ran out of time at the broker; what had filled stays filled. Final.
    Expired,
    /// Proven never to have reached the broker. Final.
    Absent,
}

impl OrderState {
    /// All states, in the order an order may meet them.
    pub const ALL: [Self; 11] = [
        Self::Refused,
        Self::Submitting,
        Self::Unknown,
        Self::Accepted,
        Self::Rejected,
        Self::PartiallyFilled,
        Self::Filled,
        Self::Canceling,
        Self::Canceled,
        Self::Expired,
        Self::Absent,
    ];

    /// Nothing can follow.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::Rejected
                | Self::Filled
                | Self::Canceled
                | Self::Expired
                | Self::Absent
        )
    }

    /// The broker may or may not have it: the symbol is frozen until a reconcile settles it.
    pub fn is_unresolved(self) -> bool {
        matches!(self, Self::Submitting | Self::Unknown)
    }
}

/// A change the table does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order in state {from:?} cannot become {to:?}")]
pub struct IllegalTransition {
    /// The state before; `None` when the order does not exist yet.
    pub from: Option<OrderState>,
    /// The state asked for.
    pub to: OrderState,
}

/// The one table of legal changes. `from` is `None` for an order that does not exist yet.
///
/// An unresolved order can never become `Rejected` by inference: only the broker's own answer to the
/// call says that, and it comes straight from `Submitting`.
///
/// # Errors
/// [`IllegalTransition`] for every pair that is not listed.
#[rustfmt::skip]
#[expect(clippy::match_same_arms, reason = "a table: one line per state before")]
pub fn check_transition(from: Option<OrderState>, to: OrderState) -> Result<(), IllegalTransition> {
    use OrderState::{
        Absent, Accepted, Canceled, Canceling, Expired, Filled, PartiallyFilled, Refused, Rejected,
        Submitting, Unknown,
    };
    let legal = match (from, to) {
        (None,                  Refused | Submitting) => true,
        (Some(Submitting),      Accepted | Rejected | Unknown) => true,
        (Some(Unknown),         Accepted | Absent) => true, // a reconcile found it, or proved it absent
        (Some(Accepted),        PartiallyFilled | Filled | Canceling | Canceled | Expired) => true,
        (Some(Accepted),        Rejected) => true,          // brokers accept first and check afterwards
        (Some(PartiallyFilled), PartiallyFilled | Filled | Canceling | Canceled | Expired) => true,
        (Some(Canceling),       PartiallyFilled | Filled | Canceled | Expired) => true,
        (Some(Canceling),       Accepted) => true,          // the cancel was refused, the order lives
        _ => false,
    };
    if legal { Ok(()) } else { Err(IllegalTransition { from, to }) }
}

/// The risk rules and gates an intent must pass, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The desk is halted.
    Halted,
    /// The desk only reduces.
    Reducing,
    /// The intent is older than it allows itself to be.
    Expired,
    /// No dashboard shows the symbol: nobody asked to trade it.
    UnknownSymbol,
    /// An order of the symbol is unresolved.
    Frozen,
    /// Another order of the symbol is still open.
    OrderOpen,
    /// The market is closed.
    Session,
    /// There is no price to judge the order by.
    NoPrice,
    /// The last tick is too old.
    TickAge,
    /// The last tick is too far from the intent's price.
    PriceCollar,
    /// The order is worth too much.
    OrderValue,
    /// The position would be worth too much.
    PositionValue,
    /// All positions would be worth too much.
    TotalExposure,
    /// Too many orders in a minute.
    OrdersPerMinute,
    /// Not enough cash.
    Cash,
    /// More shares than are held.
    NotOwned,
    /// The day's loss has reached its limit.
    DailyLoss,
    /// The fall from the peak has reached its limit.
    Drawdown,
    /// The journal holds another order under this id.
    IdCollision,
    /// The broker has no such instrument, or another one than before.
    Instrument,
}

/// Why an intent was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// A sentence for people, with the value and the limit.
    pub message: String,
}

/// Shares that traded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Identity at the broker; a fill is counted once per id.
    pub id: String,
    /// Shares, above zero.
    pub quantity: Decimal,
    /// Price per share, in the instrument's currency.
    pub price: Decimal,
    /// Fees and taxes, in the account's currency.
    pub fee: Decimal,
    /// What the shares cost or brought before fees, in the account's currency, where that is not
    /// the instrument's: the broker's own conversion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
}

/// Whose money it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerMode {
    /// The built-in paper broker.
    Paper,
    /// A practice account at Trading212.
    Demo,
    /// Real money at Trading212.
    Live,
}

/// The account an order belongs to and how it was sent there. Stands in an order's first event;
/// absent on paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Venue {
    /// Whose money it is.
    pub mode: BrokerMode,
    /// The account at the broker.
    pub account_id: String,
    /// ISO code of the account's currency.
    pub currency: String,
    /// The broker's name for the instrument.
    pub ticker: String,
    /// International number of the instrument; pins what the symbol means from its first order on.
    pub isin: String,
    /// Shares held before it, by the books.
    pub held: Decimal,
    /// Shares as sent, above zero: the intent's, cut to what the broker takes and told apart from
    /// other orders of the instrument by its last decimal.
    pub quantity: Decimal,
}

/// One change of one order. Written by the executor on `orders.<SYMBOL>.<ORDER_ID>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Message version.
    pub v: u8,
    /// The order; equals the intent's id.
    pub order_id: OrderId,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// The state after this event.
    pub state: OrderState,
    /// When it took effect on the feed's clock, nanoseconds since 1970 UTC.
    pub time_ns: i64,
    /// `seq` of the tick at which it took effect, where a tick decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tick_seq: Option<u64>,
    /// The intent, on an order's first event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// Why, when `state` is `refused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// What traded, when shares did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
    /// The broker's name for the order, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker_order_id: Option<String>,
    /// Where it was sent, on an order's first event; absent on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<Venue>,
    /// A sentence for people: the broker's words, how a reconcile settled it, who did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Which process wrote it. Wall-clock field: differs between runs.
    pub writer: String,
    /// When it was written, milliseconds since 1970 UTC. Wall-clock field: differs between runs.
    pub at_ms: i64,
}

impl Message for OrderEvent {
    const NAME: &'static str = "order event";
    fn version(&self) -> u8 {
        self.v
    }
    fn check(&self) -> Result<(), String> {
        let fill = self.fill.as_ref();
        if fill.is_some_and(|fill| fill.quantity <= Decimal::ZERO || fill.price <= Decimal::ZERO) {
            return Err("fill.quantity and fill.price must be above zero".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_a_final_state() {
        for from in OrderState::ALL.into_iter().filter(|state| state.is_final()) {
            for to in OrderState::ALL {
                assert!(check_transition(Some(from), to).is_err(), "{from:?} -> {to:?}");
            }
        }
    }

    #[test]
    fn every_open_state_can_reach_an_end() {
        for from in OrderState::ALL.into_iter().filter(|state| !state.is_final()) {
            let mut reached = vec![from];
            let mut next = 0;
            while let Some(&state) = reached.get(next) {
                next += 1;
                for to in OrderState::ALL {
                    if check_transition(Some(state), to).is_ok() && !reached.contains(&to) {
                        reached.push(to);
                    }
                }
            }
            assert!(reached.iter().any(|state| state.is_final()), "{from:?} is a trap");
        }
    }

    #[test]
    fn an_unknown_order_is_never_called_rejected() {
        assert!(check_transition(Some(OrderState::Unknown), OrderState::Rejected).is_err());
    }

    #[test]
    fn an_order_begins_refused_or_submitting() {
        let begins: Vec<_> =
            OrderState::ALL.into_iter().filter(|to| check_transition(None, *to).is_ok()).collect();
        assert_eq!(begins, [OrderState::Refused, OrderState::Submitting]);
    }
}
