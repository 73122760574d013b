//! Brokers: who turns an approved order into fills.
//!
//! A broker sends once and never retries; what it cannot say for sure it calls unknown. It keeps no
//! books: the journal does, and hands a broker its open orders back after a restart.

pub mod paper;

use crate::{ledger::OpenOrder, risk::Approved};
use proto::{BrokerMode, Fill, OrderId};

/// The broker has the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its name for it.
    pub broker_order_id: String,
}

/// Why a submit did not end in [`Accepted`], by remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The broker said no; nothing exists there.
    #[error("rejected: {0}")]
    Rejected(String),
    /// It may or may not exist: reconcile, never send again.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// What a broker knows of an order whose fate was not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It has the order; follow it.
    Present(Accepted),
    /// It proves that the order never arrived, with how.
    Absent(String),
    /// It cannot say yet; ask again.
    NotYet,
}

/// Something that happened to an accepted order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerEvent {
    /// The order.
    pub order_id: OrderId,
    /// What happened.
    pub kind: BrokerEventKind,
    /// When, on the feed's clock, nanoseconds since 1970 UTC.
    pub time_ns: i64,
    /// `seq` of the tick that decided it, where one did.
    pub tick_seq: Option<u64>,
}

/// What can happen to an accepted order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerEventKind {
    /// Shares traded.
    Traded(Fill),
    /// It was canceled, with the broker's words.
    Canceled(String),
    /// It ran out of time.
    Expired(String),
    /// It was accepted first and refused afterwards.
    Rejected(String),
}

/// A place where orders are filled.
pub trait Broker: Send + 'static {
    /// Whose money it moves.
    fn mode(&self) -> BrokerMode;

    /// Sends an order, once.
    ///
    /// # Errors
    /// [`SubmitError`], which says whether the order can exist.
    fn submit(
        &mut self,
        order: &Approved,
    ) -> impl Future<Output = Result<Accepted, SubmitError>> + Send;

    /// Follows an accepted order to its end, after a submit or a restart.
    fn follow(&mut self, order: &OpenOrder);

    /// Asks about an order whose fate is not known.
    fn find(&mut self, order: &OpenOrder) -> impl Future<Output = Found> + Send;

    /// The next thing that happens to a followed order. Dropping the future loses nothing.
    fn next_event(&mut self) -> impl Future<Output = BrokerEvent> + Send;
}
