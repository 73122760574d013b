//! The desk's mind: books, prices, limits and the trading state in one place, and every decision
//! made from them. Pure: it is told the time, and it sends nothing.

use crate::{
    ledger::{Ledger, LedgerError},
    risk::{self, Approved, Limits, View},
    valuation::{Earlier, LastPrice, Valuation},
};
use market::{Calendar, SessionClock};
use proto::{
    Account, ClockKind, Control, FeedStatus, Intent, OrderEvent, OrderId, Refusal, Symbol, Tick,
    TradingState, VERSION,
};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// What stays the same for the life of the process.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The limits.
    pub limits: Limits,
    /// The symbols on the wall.
    pub symbols: BTreeSet<Symbol>,
    /// The exchanges' calendar.
    pub calendar: Calendar,
}

/// The desk.
#[derive(Debug, Clone)]
pub struct Desk {
    setup: Setup,
    ledger: Ledger,
    valuation: Valuation,
    clock: ClockKind,
    sessions: SessionClock,
    control: Option<Control>,
    /// Value at the broker that is not this desk's, account currency.
    foreign: Decimal,
    /// What the broker wants a person to know.
    concerns: Vec<String>,
    /// The limits are reached; said once until they are no longer.
    tripped: bool,
    /// Feed time of the last tick, nanoseconds since 1970 UTC.
    tape_ns: i64,
}

impl Desk {
    /// A desk with these books on this feed. `earlier` is the account as last published: it keeps
    /// what the journal does not, the day's first equity and the peak.
    pub fn new(
        setup: Setup,
        ledger: Ledger,
        feed: &FeedStatus,
        earlier: Option<Earlier<'_>>,
    ) -> Self {
        let valuation = Valuation::new(&ledger, earlier);
        let sessions = SessionClock::for_source(feed.source, &setup.calendar);
        let clock = feed.clock;
        Self {
            setup,
            ledger,
            valuation,
            clock,
            sessions,
            control: None,
            foreign: Decimal::ZERO,
            concerns: Vec::new(),
            tripped: false,
            tape_ns: 0,
        }
    }

    /// The books.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Applies a journal event to the books.
    ///
    /// # Errors
    /// When the journal makes no sense.
    pub fn apply(&mut self, seq: u64, event: &OrderEvent) -> Result<(), LedgerError> {
        self.ledger.apply(seq, event)
    }

    /// Takes the trading state a person set. Until one is known the desk is halted.
    pub fn on_control(&mut self, control: Control) {
        self.control = Some(control);
    }

    /// Takes over the cash that the broker names. What the books do not explain was paid in or out,
    /// or is somebody else's trade: neither profit nor loss of this desk. `true` when it differs.
    pub fn set_cash(&mut self, cash: Decimal) -> bool {
        let unexplained = cash - self.ledger.cash();
        self.valuation.shift(unexplained);
        self.ledger.set_cash(cash);
        !unexplained.is_zero()
    }

    /// Takes over what the broker wants a person to know. `true` when that has changed.
    pub fn set_concerns(&mut self, concerns: Vec<String>) -> bool {
        let changed = concerns != self.concerns;
        self.concerns = concerns;
        changed
    }

    /// Takes over what others than this desk hold and have ordered in the account. `true` when it
    /// has changed.
    pub fn set_foreign(&mut self, foreign: Decimal) -> bool {
        std::mem::replace(&mut self.foreign, foreign) != foreign
    }

    /// The last price of a symbol.
    pub fn last(&self, symbol: &Symbol) -> Option<LastPrice> {
        self.valuation.last(symbol)
    }

    /// What the desk may do, as far as is known.
    pub fn trading(&self) -> TradingState {
        self.control.as_ref().map_or(TradingState::Halted, |control| control.state)
    }

    /// Takes a price in. Gives the reason when it makes a limit of loss be reached: the desk must
    /// stop opening positions, and people be told.
    pub fn on_tick(&mut self, tick: &Tick) -> Option<String> {
        self.tape_ns = tick.time_ns;
        self.valuation.on_tick(tick, &self.ledger, &self.sessions);
        let held = !self.ledger.position(&tick.symbol).quantity.is_zero();
        if !held && !self.tripped {
            return None;
        }
        let reason = risk::tripped(&self.valuation.worth(&self.ledger), &self.setup.limits);
        let newly = reason.is_some() && !self.tripped;
        self.tripped = reason.is_some();
        reason.filter(|_| newly && self.trading() == TradingState::Active)
    }

    /// Now on the feed's clock, milliseconds since 1970 UTC. A tape's now is the decision's own
    /// tick, whatever has been read since.
    fn now_ms(&self, intent: &Intent, wall_ms: i64) -> i64 {
        match self.clock {
            ClockKind::Wall => wall_ms,
            ClockKind::Tape => intent.time_ns.div_euclid(1_000_000),
        }
    }

    /// Holds an intent against every rule.
    ///
    /// # Errors
    /// The rule that refuses.
    pub fn decide(&self, intent: &Intent, wall_ms: i64) -> Result<Approved, Refusal> {
        let now_ms = self.now_ms(intent, wall_ms);
        let worth = self.valuation.worth(&self.ledger);
        let reserved = self.ledger.reserved();
        let view = View {
            now_ms,
            trading: self.trading(),
            session_open: self.sessions.is_regular(now_ms),
            known: self.setup.symbols.contains(&intent.symbol),
            position: self.ledger.position(&intent.symbol),
            last: self.valuation.last(&intent.symbol),
            worth,
            free_cash: self.ledger.cash() - reserved,
            reserved,
            foreign: self.foreign,
            rate: self.ledger.rate(),
            recent_orders: self.ledger.claims_in_minute(now_ms.saturating_mul(1_000_000)),
        };
        risk::check(intent, &view, &self.setup.limits)
    }

    /// The account as it stands.
    pub fn account(&self, writer: &str, at_ms: i64) -> Account {
        let worth = self.valuation.worth(&self.ledger);
        let (day, day_start_equity, peak_equity) = self.valuation.marks();
        let positions = self.ledger.positions();
        let recent = self.ledger.claims_in_minute(self.tape_ns);
        let unresolved = |order: &&crate::ledger::OpenOrder| order.state.is_unresolved();
        let ids = self.ledger.open_orders().filter(unresolved);
        let unresolved: Vec<OrderId> = ids.map(|order| order.intent.id.clone()).collect();
        Account {
            v: VERSION,
            mode: self.ledger.books().mode,
            currency: self.ledger.books().currency.clone(),
            account_id: self.ledger.books().account_id.clone(),
            foreign: self.foreign,
            cash: self.ledger.cash(),
            exposure: worth.exposure,
            equity: worth.equity,
            realised: positions.map(|position| position.realised).sum(),
            unrealised: worth.unrealised,
            day_profit: worth.day_profit,
            day_start_equity,
            day: day.to_owned(),
            peak_equity,
            open_orders: self.ledger.open_orders().count() as u64,
            unresolved,
            refusals: self.ledger.refusals().clone(),
            warnings: {
                let limits = risk::warnings(&worth, recent, &self.setup.limits);
                limits.into_iter().chain(self.concerns.clone()).collect()
            },
            journal_seq: self.ledger.journal_seq(),
            writer: writer.to_owned(),
            at_ms,
        }
    }
}
