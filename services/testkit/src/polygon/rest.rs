//! The REST service: who asks, what for, whether the plan has it, and the answer.

mod aggregates;
mod bars;
mod last;
mod question;
mod reply;
mod route;
mod snapshot;
mod spoil;
mod status;
mod unified;

pub(super) use question::Question;
pub(super) use reply::{Answer, Delivery, Refusal};
