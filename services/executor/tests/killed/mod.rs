//! Executors that are killed and frozen, and what must hold all the same.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is wrong"
)]

pub(crate) mod lane;
pub(crate) mod ledgers;
pub(crate) mod plan;
pub(crate) mod process;
