//! Placing: the checks in the vendor's order, then the order. A refusal changes nothing.

use super::Account;
use crate::trading212::{
    config::{OrderTypes, Precision},
    market::{
        self, Market,
        clock::millis,
        instruments::{Instrument, Tradable},
    },
    order::{Order, OrderKind, Origin, Plan, Status, TimeInForce},
    wire::{body::Ticket, refusal::Refusal},
};
use rust_decimal::{Decimal, RoundingStrategy};
use std::time::Duration;

/// The most pending orders of a ticker.
const MOST_PENDING: usize = 50;

/// The least an order, and what is left of a position, must be worth in account currency.
const LEAST_VALUE: Decimal = Decimal::ONE;

/// How a placed order is to differ from an ordinary one.
#[derive(Debug, Clone, Default)]
pub(in crate::trading212) struct PlacePlan {
    /// Added to the ordinary latency.
    pub delay: Duration,
    /// Fills to split it into; 0 is 1.
    pub pieces: u32,
    /// Never filled by itself.
    pub held: bool,
    /// Refused after it was taken.
    pub rejected: bool,
}

/// One order on its way through the checks.
struct Check<'a> {
    account: &'a Account,
    market: &'a Market,
    instrument: &'a Instrument,
    ticket: &'a Ticket,
    now_ms: i64,
}

impl Account {
    /// Takes an order, as `NEW` and with nothing filled, or refuses it.
    pub(in crate::trading212) fn place(
        &mut self,
        market: &Market,
        ticket: Ticket,
        (origin, wanted): (Origin, &PlacePlan),
        meaning: Precision,
        now_ms: i64,
    ) -> Result<Order, Refusal> {
        let Some(instrument) = market.instruments.get(&ticket.ticker) else {
            return Err(Refusal::unknown_ticker(&ticket.ticker));
        };
        let check = Check { account: self, market, instrument, ticket: &ticket, now_ms };
        let reserved = check.all(meaning)?;
        let plan = self.plan(market, instrument, &ticket, wanted, (reserved, now_ms));
        let order = Order {
            id: market.next_id(),
            account: self.config.id,
            ticker: ticket.ticker,
            quantity: ticket.quantity,
            filled: Decimal::ZERO,
            kind: ticket.kind,
            status: Status::New,
            extended_hours: ticket.extended_hours,
            origin,
            time_in_force: ticket.time_in_force,
            created_ms: now_ms,
            plan,
        };
        self.pending.insert(order.id);
        self.orders.insert(order.id, order.clone());
        Ok(order)
    }

    fn plan(
        &self,
        market: &Market,
        instrument: &Instrument,
        ticket: &Ticket,
        wanted: &PlacePlan,
        (reserved, now_ms): (Decimal, i64),
    ) -> Plan {
        let latency = millis(market.timing.fill_latency + wanted.delay);
        let midnight = || market.schedule.next_midnight_ms(instrument.schedule_id, now_ms);
        Plan {
            fill_from_ms: now_ms.saturating_add(latency),
            pieces: wanted.pieces.max(1),
            held: wanted.held || self.hold_fills,
            reject_ms: wanted.rejected.then(|| now_ms.saturating_add(latency)),
            expire_ms: (ticket.time_in_force == Some(TimeInForce::Day)).then(midnight),
            reserved,
            ..Plan::default()
        }
    }
}

impl Check<'_> {
    /// All checks in order; what is to be held back of the cash.
    fn all(&self, meaning: Precision) -> Result<Decimal, Refusal> {
        self.tradable()?;
        self.precision(meaning)?;
        self.least_value()?;
        self.owned()?;
        self.most_held()?;
        self.price_too_far()?;
        let reserved = self.cash()?;
        self.most_pending()?;
        Ok(reserved)
    }

    fn tradable(&self) -> Result<(), Refusal> {
        let refused = |kind, detail: &str| Err(Refusal::order(kind, detail));
        let config = &self.account.config;
        if config.order_types == OrderTypes::MarketOnly && self.ticket.kind != OrderKind::Market {
            return Err(Refusal::not_for_real_money());
        }
        if config.isa_ineligible.contains(&self.ticket.ticker) {
            return refused("i-s-a-ineligible-instrument", "Instrument is not eligible for ISA");
        }
        match self.instrument.tradable {
            Tradable::Disabled => {
                return refused("instrument-disabled", "Instrument can not be traded.");
            }
            Tradable::Invisible => {
                return refused("instrument-invisible", "Instrument can not be traded.");
            }
            Tradable::CloseOnly if self.buys() => {
                return refused("instrument-close-only-mode", "Close only mode");
            }
            Tradable::CloseOnly | Tradable::Yes => {}
        }
        if self.ticket.extended_hours && !self.instrument.extended_hours {
            return refused(
                "extended-hours-trading-not-allowed",
                "Extended hours trading is not allowed for this instrument",
            );
        }
        Ok(())
    }

    fn precision(&self, meaning: Precision) -> Result<(), Refusal> {
        let allowed = self.market.precision(&self.ticket.ticker);
        let sent = self.ticket.quantity.normalize().scale();
        if sent <= allowed {
            return Ok(());
        }
        let said = match meaning {
            Precision::Allowed => allowed,
            Precision::Refused => sent,
        };
        let detail = format!("invalid quantity precision {said}");
        Err(Refusal::order("quantity-precision-mismatch", detail))
    }

    fn least_value(&self) -> Result<(), Refusal> {
        let Some(share) = self.price().map(|price| price * self.rate()) else { return Ok(()) };
        if self.shares() * share >= LEAST_VALUE || share.is_zero() {
            return Ok(());
        }
        let least = (LEAST_VALUE / share).round_dp_with_strategy(8, RoundingStrategy::AwayFromZero);
        Err(Refusal::order("min-quantity-exceeded", format!("must trade at least {least}")))
    }

    fn owned(&self) -> Result<(), Refusal> {
        if self.buys() {
            return Ok(());
        }
        let ticker = &self.ticket.ticker;
        let available = self.account.available(ticker, self.now_ms);
        if self.shares() > available {
            let detail =
                format!("Selling more equities than owned, owned: {}", available.normalize());
            return Err(Refusal::order("selling-equity-not-owned", detail));
        }
        let left = self.account.held(ticker) - self.shares();
        let worth = self.price().map(|price| left * price * self.rate());
        if left > Decimal::ZERO && worth.is_some_and(|worth| worth < LEAST_VALUE) {
            let detail = "must have opened position at least 1.00";
            return Err(Refusal::order("min-opened-position-exceeded", detail));
        }
        Ok(())
    }

    fn most_held(&self) -> Result<(), Refusal> {
        let buying =
            self.account.pending().filter(|o| o.ticker == self.ticket.ticker && o.is_buy());
        let buying: Decimal = buying.map(Order::remaining).sum();
        let after = self.account.held(&self.ticket.ticker) + buying + self.shares();
        let most = self.instrument.max_open;
        if self.buys() && after > most {
            let detail = format!("Maximum position quantity is {}", most.normalize());
            return Err(Refusal::order("max-position-quantity-exceeded", detail));
        }
        Ok(())
    }

    /// A stop must be within 30 % of the market; a limit may be anywhere.
    fn price_too_far(&self) -> Result<(), Refusal> {
        let (Some(stop), Some(last)) = (self.ticket.kind.stop(), self.last()) else {
            return Ok(());
        };
        if (stop - last).abs() > last * Decimal::new(30, 2) {
            return Err(Refusal::order("price-too-far", "Target price is too far"));
        }
        Ok(())
    }

    /// Of what is priced by the market only 95 % of the cash may be spent.
    fn cash(&self) -> Result<Decimal, Refusal> {
        let Some(price) = self.price().filter(|_| self.buys()) else { return Ok(Decimal::ZERO) };
        let currency = &self.account.config.currency;
        let fee = Decimal::ONE + market::fx_fee(self.instrument, currency);
        let cost = (self.shares() * price * self.rate() * fee).round_dp(2);
        let share = if self.ticket.kind.limit().is_some() { 100 } else { 95 };
        let usable = self.account.cash(self.now_ms).available * Decimal::new(share, 2);
        if cost > usable {
            return Err(Refusal::order("insufficient-free-for-stocks-buy", "Insufficient funds"));
        }
        Ok(cost)
    }

    /// The kind is the fake's own: the vendor documents the limit and not its refusal.
    fn most_pending(&self) -> Result<(), Refusal> {
        let same = self.account.pending().filter(|order| order.ticker == self.ticket.ticker);
        if same.count() >= MOST_PENDING {
            let detail = format!("Maximum of {MOST_PENDING} pending orders per ticker reached");
            return Err(Refusal::order("max-pending-orders-exceeded", detail));
        }
        Ok(())
    }

    fn buys(&self) -> bool {
        self.ticket.quantity.is_sign_positive()
    }

    fn shares(&self) -> Decimal {
        self.ticket.quantity.abs()
    }

    fn rate(&self) -> Decimal {
        market::rate(self.instrument, &self.account.config.currency)
    }

    fn last(&self) -> Option<Decimal> {
        self.market.prices.at(&self.ticket.ticker, self.now_ms)
    }

    /// What the order is valued at: its limit, else its stop, else the market.
    fn price(&self) -> Option<Decimal> {
        let kind = self.ticket.kind;
        kind.limit().or(kind.stop()).or_else(|| self.last())
    }
}
