//! Trading212: real orders, practice or live.
//!
//! 1. An order is sent once. Only a call that is proven to have made nothing is made again.
//! 2. There is no name of ours on an order there, and no page shows everything at once: what is not
//!    known for sure is looked for until it is ([`matching`]), and what is not shown is no proof.
//! 3. Shares, prices and fees come from history alone ([`life`]).
//! 4. Nothing runs in the background: [`Trading212::next_news`] asks whenever it is polled, at most
//!    as often as the limits allow ([`limits`]).
//!
//! It keeps no books. The journal keeps [`Prepared`] before a call and hands it back after a
//! restart.

mod adapter;
pub mod book;
pub mod cache;
pub mod client;
mod connect;
pub mod endpoint;
pub mod error;
pub mod instruments;
pub mod life;
pub mod limiter;
pub mod limits;
pub mod matching;
pub mod models;
pub mod number;
pub mod pages;
mod place;
mod poll;
mod probe;
pub mod purse;
pub mod quantity;
pub mod request;

pub use connect::{AccountIdentity, ConnectError};
pub use place::{Placed, PrepareError, Prepared};

use crate::ledger::OpenOrder;
use book::Book;
use cache::{Cache, Listed};
use client::{CancelAsked, Client, Credentials, Timeouts};
use endpoint::Endpoint;
use error::CallError;
use futures_util::{future::BoxFuture, stream::FuturesUnordered};
use life::{Life, Standing};
use matching::{Foreign, Patience, Verdict};
use poll::Answer;
use proto::{BrokerMode, OrderId, Symbol};
use purse::Purse;
use quantity::Decimals;
use reqwest::Url;
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// Practice or real money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A practice account.
    Demo,
    /// Real money.
    Live,
}

impl Environment {
    /// Its word in file names and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Live => "live",
        }
    }

    /// Where its API is.
    pub fn base_url(self) -> &'static str {
        match self {
            Self::Demo => "https://demo.trading212.com/api/v0",
            Self::Live => "https://live.trading212.com/api/v0",
        }
    }

    /// Whose money it moves.
    pub fn mode(self) -> BrokerMode {
        match self {
            Self::Demo => BrokerMode::Demo,
            Self::Live => BrokerMode::Live,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// How to come to an account.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Practice or real money.
    pub environment: Environment,
    /// Where its API is.
    pub base_url: Url,
    /// Key and secret.
    pub credentials: Credentials,
    /// How long calls may take.
    pub timeouts: Timeouts,
    /// Where the list of instruments and learned decimals are kept; nowhere without it.
    pub cache_folder: Option<PathBuf>,
    /// Securities by symbol, from the journal: another one under the same symbol is refused.
    pub pins: BTreeMap<Symbol, String>,
    /// How long it takes to be sure.
    pub patience: Patience,
}

/// Asked right before an order is sent; `Err` holds it back, with why.
pub type SharedGate = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The broker.
pub struct Trading212 {
    client: Client,
    identity: AccountIdentity,
    cache: Cache,
    listed: Listed,
    list_due_ms: i64,
    pins: BTreeMap<Symbol, String>,
    decimals: Decimals,
    book: Book,
    reads: FuturesUnordered<BoxFuture<'static, Answer>>,
    /// Followed orders as the journal had them when they were handed over.
    followed: BTreeMap<OrderId, OpenOrder>,
    /// Shares that are the desk's, by ticker.
    ours: BTreeMap<String, Decimal>,
    purse: Purse,
    purse_due_ms: i64,
    gate: SharedGate,
    /// Kinds of orders that the account refused for what it is.
    refused_kinds: BTreeSet<&'static str>,
    fault: Option<String>,
    began: (Instant, i64),
}

/// An order that is not settled, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The order.
    pub order_id: OrderId,
    /// What is waited for.
    pub words: String,
    /// It does not come to an end without a person.
    pub needs_person: bool,
}

impl Trading212 {
    /// Takes an order that was placed, in this run or an earlier one, to its end. `quantity` is what
    /// was really sent, below zero for a sale.
    pub fn follow_order(&mut self, order_id: OrderId, id: i64, quantity: Decimal, sent_ms: i64) {
        let now_ms = self.now_ms();
        self.book.follow(order_id, Life::new(id, quantity, sent_ms), now_ms);
    }

    /// What is known of an order whose fate is not known. Never waits: the looking is done by
    /// [`Self::next_news`], and this is to be asked again until it is settled.
    pub fn find_order(&mut self, order: &Prepared) -> Verdict {
        let now_ms = self.now_ms();
        self.book.find(&order.order_id, || order.sent(), now_ms)
    }

    /// Asks for a cancel of a followed order; its fate comes as news. `None` when it is not followed.
    ///
    /// # Errors
    /// [`CallError`]; the order lives on unless news says otherwise.
    pub async fn cancel(&mut self, order_id: &OrderId) -> Result<Option<CancelAsked>, CallError> {
        let Some(life) = self.book.life_mut(order_id) else {
            return Ok(None);
        };
        life.cancel_asked();
        let id = life.id();
        self.client.cancel(id).await.map(Some)
    }

    /// Asks `gate` right before each order is sent, after it has waited for its turn.
    pub fn set_gate(&mut self, gate: SharedGate) {
        self.gate = gate;
    }

    /// A person has settled the order: it is neither looked for nor followed any more.
    pub fn forget_order(&mut self, order_id: &OrderId) {
        self.followed.remove(order_id);
        self.book.forget(order_id);
    }

    /// Notes ids of orders in the journal: they are no strangers, and never taken for another order.
    pub fn know(&mut self, ids: impl IntoIterator<Item = i64>) {
        self.book.know(ids);
    }

    /// Pending orders of the account that are none of ours, as last seen.
    pub fn foreign(&self) -> &[Foreign] {
        self.book.foreign()
    }

    /// What a person has to mend: the key was refused. `None` again once it was read.
    pub fn take_fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    /// How long an order of this kind would have to wait for its turn.
    pub fn order_wait(&self, kind: &request::OrderKind) -> Duration {
        self.client.limiter().wait(kind.endpoint())
    }

    /// How long a market order would have to wait for its turn.
    pub fn market_wait(&self) -> Duration {
        self.client.limiter().wait(Endpoint::Market)
    }

    /// The client, for reads that the broker does not make by itself.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Securities by symbol, as far as they were used.
    pub fn pins(&self) -> &BTreeMap<Symbol, String> {
        &self.pins
    }

    /// Orders that are not settled, and what is waited for.
    pub fn waiting(&self) -> Vec<Waiting> {
        let followed = self.book.standings().map(|(id, standing)| {
            let words = match standing {
                Standing::Pending => "pending at Trading212",
                Standing::OutOfSight => "accepted; neither pending nor in history yet",
                Standing::PricePending => "filled; the price is pending",
                Standing::Ending => "ended; history is to confirm what was filled",
            };
            (id, words.to_owned(), false)
        });
        let sought = self.book.looking(self.now_ms()).map(|(id, verdict)| match verdict {
            Verdict::Present(..) | Verdict::NotYet => {
                (id, "looked for at Trading212".to_owned(), false)
            }
            Verdict::Absent(how) => (id, how, false),
            Verdict::Ambiguous(ids) => {
                (id, format!("a person must say which of {ids:?} it is, if any"), true)
            }
        });
        let told = |(id, words, needs_person): (&OrderId, String, bool)| Waiting {
            order_id: id.clone(),
            words,
            needs_person,
        };
        followed.chain(sought).map(told).collect()
    }

    /// The wall clock of the start plus what has gone by: a clock that is set back moves nothing.
    fn now_ms(&self) -> i64 {
        let (began, at_ms) = self.began;
        at_ms + i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX - at_ms)
    }
}

impl fmt::Debug for Trading212 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.waiting();
        out.debug_struct("Trading212")
            .field("account", &self.identity)
            .field("waiting", &waiting)
            .finish_non_exhaustive()
    }
}
