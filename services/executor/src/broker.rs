//! Brokers: who turns an approved order into fills.
//!
//! A broker sends once and never retries; what it cannot say for sure it calls unknown. It keeps no
//! books: the journal does, and hands a broker its open orders back after a restart.

pub mod paper;
pub mod trading212;

use crate::{
    ledger::{Books, Ledger, OpenOrder},
    risk::Approved,
};
use proto::{Decimal, Fill, OrderId, Venue};
use std::{sync::Arc, time::Duration};

/// `Err` holds an order back, with why; nothing is sent then.
pub type Gate = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The account at the broker, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    /// Cash that is not invested, account currency; `None` where the journal knows better.
    pub cash: Option<Decimal>,
    /// Value of what others than this desk hold and have ordered there, account currency.
    pub foreign: Decimal,
}

/// The broker has the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its name for it.
    pub broker_order_id: String,
    /// Shares it took, where that is not what was sent at first.
    pub quantity: Option<Decimal>,
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
    fn books(&self) -> Books;

    /// Asks `gate` right before each order is sent, however long it had to wait for its turn.
    fn guard(&mut self, gate: Gate);

    /// How long an order would have to wait for its turn now.
    fn wait(&self) -> Duration;

    /// Takes note of what the journal knows: what symbols meant, which orders are the desk's own.
    fn recall(&mut self, ledger: &Ledger);

    /// Where and how an order would be sent, with `held` shares in the books. Sends nothing.
    /// `None` where there is nothing to say, on paper.
    ///
    /// # Errors
    /// A sentence on why it cannot be sent.
    fn prepare(&mut self, order: &Approved, held: Decimal) -> Result<Option<Venue>, String>;

    /// Sends a claimed order, once.
    ///
    /// # Errors
    /// [`SubmitError`], which says whether the order can exist.
    fn submit(
        &mut self,
        order: &OpenOrder,
    ) -> impl Future<Output = Result<Accepted, SubmitError>> + Send;

    /// Follows an accepted order to its end, after a submit or a restart.
    fn follow(&mut self, order: &OpenOrder);

    /// Asks about an order whose fate is not known.
    fn find(&mut self, order: &OpenOrder) -> impl Future<Output = Found> + Send;

    /// What a person should know: orders that cannot be settled without one, a service that fails.
    fn concerns(&self) -> Vec<String>;

    /// The broker refuses us for good, with why: the desk must stop until a person has mended it.
    /// Said once.
    fn take_refusal(&mut self) -> Option<String>;

    /// A person has settled an order: it is not looked for any more.
    fn forget(&mut self, order: &OrderId);

    /// The account as last seen.
    fn wallet(&self) -> Wallet;

    /// The next thing that happens to a followed order. Dropping the future loses nothing.
    fn next_event(&mut self) -> impl Future<Output = BrokerEvent> + Send;
}
