//! What to do with an order that the journal holds open. Pure; the same after a crash and after a
//! call without an answer.
//!
//! 1. An order is never sent again.
//! 2. A claim without an outcome is first called unknown, in the journal, before anybody is asked.
//! 3. Only the broker's word settles an unknown order.

use crate::ledger::OpenOrder;
use proto::OrderState;

/// The next step for an open order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The executor died around the call: journal that its outcome is unknown.
    DeclareUnknown,
    /// Ask the broker what it knows.
    Find,
    /// The broker has it: follow it to its end.
    Follow,
    /// Nothing is left to do.
    Nothing,
}

/// The next step for `order`.
pub fn next_step(order: &OpenOrder) -> Step {
    match order.state {
        OrderState::Submitting => Step::DeclareUnknown,
        OrderState::Unknown => Step::Find,
        OrderState::Accepted | OrderState::PartiallyFilled | OrderState::Canceling => Step::Follow,
        OrderState::Refused
        | OrderState::Rejected
        | OrderState::Filled
        | OrderState::Canceled
        | OrderState::Expired
        | OrderState::Absent => Step::Nothing,
    }
}
