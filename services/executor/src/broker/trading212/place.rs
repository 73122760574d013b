//! From an intent to what is really sent, and sending it.

use super::{
    Trading212,
    client::Gate,
    error::{CallError, Refusal},
    instruments::{Listing, ResolveError, resolve},
    matching::Sent,
    models::signed,
    quantity::{Asked, candidates, fit},
    request::OrderKind,
};
use crate::broker::SubmitError;
use proto::{Intent, OrderId, Side, Symbol, Venue};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The least an order may be worth, dollars: about one unit of the account's currency.
const LEAST_VALUE: Decimal = Decimal::ONE;
/// How often a call that proved to have made nothing is made again, for each reason.
const MOST_AGAIN: u32 = 2;
/// Wait before another try to connect.
const CONNECT_AGAIN: Duration = Duration::from_millis(500);
/// Wait for shares that were bought a moment ago.
const SETTLE_AGAIN: Duration = Duration::from_millis(1_500);

/// An order as it is going to be sent. Goes into the journal before it is sent: it is all by which
/// the order can be recognised if its fate is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The order.
    pub order_id: OrderId,
    /// The symbol.
    pub symbol: Symbol,
    /// Trading212's name for it.
    pub ticker: String,
    /// The security behind it.
    pub isin: String,
    /// Buy or sell.
    pub side: Side,
    /// Shares asked for, above zero.
    pub asked: Decimal,
    /// Shares that are sent, above zero, at most as many as asked for.
    pub quantity: Decimal,
    /// Shares held before it.
    pub held: Decimal,
    /// Its kind and prices.
    pub kind: OrderKind,
    /// Not sent before this, milliseconds since 1970 UTC.
    pub sent_ms: i64,
}

/// Why an intent cannot be sent; nothing was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// The symbol is no instrument that may be traded.
    #[error(transparent)]
    Instrument(#[from] ResolveError),
    /// Nothing is left of it, or too little for an order.
    #[error("{quantity} shares of {symbol} are worth too little for an order")]
    TooSmall {
        /// The symbol.
        symbol: Symbol,
        /// Shares left.
        quantity: Decimal,
    },
    /// More than Trading212 lets anybody hold.
    #[error("{symbol}: {wanted} shares would be held, Trading212 allows {most}")]
    TooLarge {
        /// The symbol.
        symbol: Symbol,
        /// Shares that would be held.
        wanted: Decimal,
        /// The most that may be.
        most: Decimal,
    },
    /// This kind of order was refused for this account before.
    #[error("{0} orders are not possible with this account")]
    Kind(&'static str),
}

/// The broker has the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The broker's id.
    pub id: i64,
    /// Shares that were really sent: fewer than prepared where decimals had to be mended.
    pub quantity: Decimal,
}

impl Prepared {
    /// An order as the journal has it: the intent, where it was sent and the time of its claim.
    pub fn from_journal(intent: &Intent, venue: &Venue, sent_ms: i64) -> Self {
        Self {
            order_id: intent.id.clone(),
            symbol: intent.symbol.clone(),
            ticker: venue.ticker.clone(),
            isin: venue.isin.clone(),
            side: intent.side,
            asked: intent.quantity,
            quantity: venue.quantity,
            held: venue.held,
            kind: OrderKind::MARKET,
            sent_ms,
        }
    }

    /// By what the order is recognised.
    pub fn sent(&self) -> Sent {
        let asked =
            Asked { id: &self.order_id, side: self.side, quantity: self.asked, held: self.held };
        let all = candidates(asked, self.quantity);
        Sent {
            ticker: self.ticker.clone(),
            quantities: all.into_iter().map(|quantity| signed(self.side, quantity)).collect(),
            kind: self.kind.clone(),
            sent_ms: self.sent_ms,
            baseline: Some(self.held),
        }
    }
}

/// What to do about a call that made nothing.
enum Again {
    With(Decimal),
    After(Duration),
}

/// How often each thing was tried again.
#[derive(Default)]
struct Tries {
    decimals: u32,
    connect: u32,
    settle: u32,
}

impl Trading212 {
    /// What will be sent for `intent`, with `held` shares in the books now. Sends nothing.
    ///
    /// # Errors
    /// [`PrepareError`], in words for people.
    pub fn prepare_order(
        &mut self,
        intent: &Intent,
        held: Decimal,
        kind: OrderKind,
    ) -> Result<Prepared, PrepareError> {
        if self.refused_kinds.contains(kind.word()) {
            return Err(PrepareError::Kind(kind.word()));
        }
        let listing = self.listing(&intent.symbol)?;
        let (side, symbol) = (intent.side, intent.symbol.clone());
        let wanted = held + intent.quantity;
        let most = listing.max_open_quantity.filter(|most| side == Side::Buy && wanted > *most);
        if let Some(most) = most {
            return Err(PrepareError::TooLarge { symbol, wanted, most });
        }
        let asked = Asked { id: &intent.id, side, quantity: intent.quantity, held };
        let taken: Vec<Decimal> = self.book.looked_for(&listing.ticker).collect();
        let quantity = fit(asked, self.decimals.of(&listing.ticker), &taken).unwrap_or_default();
        if quantity * crate::money(intent.price) < LEAST_VALUE {
            return Err(PrepareError::TooSmall { symbol, quantity });
        }
        Ok(Prepared {
            order_id: intent.id.clone(),
            symbol,
            ticker: listing.ticker,
            isin: listing.isin,
            side,
            asked: intent.quantity,
            quantity,
            held,
            kind,
            sent_ms: self.now_ms(),
        })
    }

    /// What `symbol` is, pinned from its first use on.
    pub(super) fn listing(&mut self, symbol: &Symbol) -> Result<Listing, ResolveError> {
        let pinned = self.pins.get(symbol).map(String::as_str);
        let listing = resolve(symbol, &self.listed.rows, pinned)?;
        self.pins.insert(symbol.clone(), listing.isin.clone());
        Ok(listing)
    }

    /// Sends a prepared order. One call reaches the broker, further ones only where it is proven
    /// that the one before made nothing: no connection, too many decimals, shares not settled.
    /// `gate` is asked before each.
    ///
    /// # Errors
    /// [`SubmitError`], which says whether the order can exist.
    pub async fn place(&mut self, order: &Prepared, gate: Gate<'_>) -> Result<Placed, SubmitError> {
        self.purse.spoil();
        let mut quantity = order.quantity;
        let mut tries = Tries::default();
        loop {
            let shares = signed(order.side, quantity);
            let error = match self.client.place(&order.ticker, shares, &order.kind, gate).await {
                Ok(placed) => {
                    self.book.know([placed.id]);
                    return Ok(Placed { id: placed.id, quantity });
                }
                Err(error) => error,
            };
            tracing::warn!(order.id = %order.order_id, "order {} was not taken: {error}", order.order_id);
            match self.again(order, quantity, &error, &mut tries).await {
                Some(Again::With(fewer)) => quantity = fewer,
                Some(Again::After(wait)) => tokio::time::sleep(wait).await,
                None => return Err(self.give_up(order, error)),
            }
        }
    }

    /// Whether the call may be made again, and how.
    async fn again(
        &mut self,
        order: &Prepared,
        quantity: Decimal,
        error: &CallError,
        tries: &mut Tries,
    ) -> Option<Again> {
        let (count, wait) = match error {
            CallError::NotSent(_) => (&mut tries.connect, Some(CONNECT_AGAIN)),
            CallError::Rejected { kind: Refusal::Precision(_), .. } => (&mut tries.decimals, None),
            CallError::Rejected { kind: Refusal::NotOwned, .. } if order.side == Side::Sell => {
                (&mut tries.settle, Some(SETTLE_AGAIN))
            }
            CallError::Rejected { .. }
            | CallError::Withheld(_)
            | CallError::Unknown(_)
            | CallError::RetryLater { .. }
            | CallError::Fatal { .. } => return None,
        };
        *count += 1;
        if *count > MOST_AGAIN {
            return None;
        }
        if let Some(wait) = wait {
            return Some(Again::After(wait));
        }
        self.fewer_decimals(order, quantity, error).await.map(Again::With)
    }

    /// Learns how many decimals the instrument allows.
    async fn fewer_decimals(
        &mut self,
        order: &Prepared,
        quantity: Decimal,
        error: &CallError,
    ) -> Option<Decimal> {
        let refused = quantity.normalize().scale();
        let next = self.decimals.learn(&order.ticker, refused, error.allowed_decimals())?;
        self.cache.keep_decimals(self.decimals.learned()).await;
        let (id, side) = (&order.order_id, order.side);
        fit(Asked { id, side, quantity: order.asked, held: order.held }, next, &[])
    }

    fn give_up(&mut self, order: &Prepared, error: CallError) -> SubmitError {
        match error {
            CallError::Unknown(words) => SubmitError::Unknown(words),
            CallError::Fatal { .. } => {
                self.fault = Some(error.to_string());
                SubmitError::Rejected(error.to_string())
            }
            CallError::Rejected { kind: Refusal::NotForRealMoney, .. } => {
                self.refused_kinds.insert(order.kind.word());
                SubmitError::Rejected(error.to_string())
            }
            CallError::Rejected { .. }
            | CallError::NotSent(_)
            | CallError::Withheld(_)
            | CallError::RetryLater { .. } => SubmitError::Rejected(error.to_string()),
        }
    }
}
