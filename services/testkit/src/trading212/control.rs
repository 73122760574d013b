//! A test's hand in the fake: time, prices, faults, orders placed in the app, and a look at it all.

mod inspect;

use super::{
    account::{Account, PlacePlan},
    config::Scope,
    endpoint::Endpoint,
    fault::{Fault, RandomFaults, plan::Armed},
    market::{
        self, Market,
        clock::{FakeClock, millis},
        instruments::{Instrument, Tradable},
    },
    order::{OrderKind, Origin, Status, TimeInForce},
    wire::{body::Ticket, json::Json, time},
    world::World,
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A test's hand in the fake. Clones are the same fake; it speaks of one account, at first the first.
#[derive(Clone)]
pub struct Control {
    world: Arc<Mutex<World>>,
    clock: FakeClock,
    account: i64,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("account", &self.account).finish_non_exhaustive()
    }
}

/// An order a person places in the app.
#[derive(Debug, Clone)]
pub struct AppOrder {
    /// The instrument.
    pub ticker: String,
    /// Shares; a sell is negative.
    pub quantity: Decimal,
    /// With prices in the instrument's currency.
    pub kind: OrderKind,
    /// How long it holds; market orders have none.
    pub time_in_force: Option<TimeInForce>,
    /// From which app.
    pub origin: Origin,
}

impl AppOrder {
    /// A market order from a telephone.
    pub fn market(ticker: &str, quantity: impl Into<Decimal>) -> Self {
        Self {
            ticker: ticker.to_owned(),
            quantity: quantity.into(),
            kind: OrderKind::Market,
            time_in_force: None,
            origin: Origin::Ios,
        }
    }

    /// A limit order from a telephone, until canceled.
    pub fn limit(ticker: &str, quantity: impl Into<Decimal>, limit: impl Into<Decimal>) -> Self {
        let kind = OrderKind::Limit { limit: limit.into() };
        let time_in_force = Some(TimeInForce::GoodTillCancel);
        Self { kind, time_in_force, ..Self::market(ticker, quantity) }
    }
}

impl Control {
    pub(super) fn new(world: World, clock: FakeClock) -> Self {
        let account = world.accounts.first().map_or(0, |account| account.config.id);
        Self { world: Arc::new(Mutex::new(world)), clock, account }
    }

    /// The same fake, speaking of another account.
    #[must_use]
    pub fn of(&self, account: i64) -> Self {
        Self { account, ..self.clone() }
    }

    /// Its clock.
    pub fn clock(&self) -> &FakeClock {
        &self.clock
    }

    /// Moves the clock on and works out what happened meanwhile.
    pub fn advance(&self, by: Duration) {
        // What was due before sees the prices of before.
        drop(self.up_to_date());
        self.clock.advance(by);
        drop(self.up_to_date());
    }

    /// The price from here on, in the instrument's currency.
    pub fn set_price(&self, ticker: &str, price: impl Into<Decimal>) {
        self.up_to_date().0.market.prices.set(ticker, price.into());
        drop(self.up_to_date());
    }

    /// Whether orders are taken for an instrument.
    pub fn set_tradable(&self, ticker: &str, tradable: Tradable) {
        if let Some(row) = self.up_to_date().0.market.instruments.get_mut(ticker) {
            row.tradable = tradable;
        }
    }

    /// Decimals allowed in a quantity.
    pub fn set_precision(&self, ticker: &str, decimals: u32) {
        self.up_to_date().0.market.precisions.insert(ticker.to_owned(), decimals);
    }

    /// Adds an instrument, or replaces the one of its ticker.
    pub fn add_instrument(&self, instrument: Instrument) {
        self.up_to_date().0.market.instruments.add(instrument);
    }

    /// Takes an instrument off the list.
    pub fn remove_instrument(&self, ticker: &str) {
        self.up_to_date().0.market.instruments.remove(ticker);
    }

    /// Takes a scope from all keys of the account.
    pub fn revoke(&self, scope: Scope) {
        self.account_mut(|account, _, _| {
            account.config.keys.iter_mut().for_each(|key| {
                key.scopes.remove(&scope);
            });
        });
    }

    /// Adds cash, or takes it away, in account currency.
    pub fn deposit(&self, amount: impl Into<Decimal>) {
        let amount = amount.into();
        self.account_mut(|account, _, now_ms| account.deposit(amount, now_ms));
    }

    /// Shares out of nowhere, at a cost in the instrument's currency; no order, no history.
    pub fn give(&self, ticker: &str, quantity: impl Into<Decimal>, price: impl Into<Decimal>) {
        let (quantity, price) = (quantity.into(), price.into());
        self.account_mut(|account, market, now_ms| {
            let row = market.instruments.get(ticker);
            let currency = &account.config.currency;
            let rate = row.map_or(Decimal::ONE, |row| market::rate(row, currency));
            account.give((ticker, quantity, price), rate, now_ms);
        });
    }

    /// So many of the shares are in pies.
    pub fn put_in_pies(&self, ticker: &str, quantity: impl Into<Decimal>) {
        let quantity = quantity.into();
        self.account_mut(|account, _, _| account.put_in_pies(ticker, quantity));
    }

    /// A dividend, in account currency.
    pub fn add_dividend(&self, ticker: &str, amount: impl Into<Decimal>) {
        let amount = amount.into();
        self.account_mut(|account, _, now_ms| {
            let paid = Json::object([
                ("ticker", ticker.into()),
                ("amount", amount.into()),
                ("currency", account.config.currency.as_str().into()),
                ("paidOn", time::utc(now_ms).into()),
                ("type", "ORDINARY".into()),
            ]);
            account.add_dividend(paid, amount);
        });
    }

    /// Shares come or go by themselves; `kind` is a fill type other than `TRADE`.
    pub fn corporate_action(&self, ticker: &str, kind: &str, quantity: impl Into<Decimal>) {
        let quantity = quantity.into();
        self.account_mut(|account, market, now_ms| {
            account.corporate_action(market, (ticker, kind, quantity), market.next_id(), now_ms);
        });
    }

    /// Orders placed from here on fill by [`fill`](Self::fill) only, or fill by themselves again.
    pub fn hold_fills(&self, hold: bool) {
        self.account_mut(|account, _, _| account.hold_fills = hold);
    }

    /// Shares of a pending order trade now, at a price; `None`: all that is left of it.
    pub fn fill(&self, id: i64, shares: Option<Decimal>, price: impl Into<Decimal>) {
        let price = price.into();
        self.account_mut(|account, market, now_ms| {
            let Some(order) = account.order(id) else { return };
            let (left, buys) = (order.remaining(), order.is_buy());
            let signed = |shares: Decimal| if buys { shares.abs() } else { -shares.abs() };
            account.trade(market, id, (shares.map_or(left, signed), price), now_ms);
        });
    }

    /// A pending order is refused after it was taken.
    pub fn reject(&self, id: i64) {
        self.account_mut(|account, market, now_ms| {
            if account.pending().any(|order| order.id == id) {
                account.end(market, id, Status::Rejected, now_ms);
            }
        });
    }

    /// A person cancels an order in the app; it ends after the usual latency.
    pub fn cancel_in_app(&self, id: i64) {
        self.account_mut(|account, market, now_ms| account.cancel(market, id, now_ms));
    }

    /// A person places an order in the app; its number.
    ///
    /// # Errors
    /// The detail of the refusal: the checks are the same.
    pub fn place_in_app(&self, order: AppOrder) -> Result<i64, String> {
        let ticket = Ticket {
            ticker: order.ticker,
            quantity: order.quantity,
            kind: order.kind,
            extended_hours: false,
            time_in_force: order.time_in_force,
        };
        let (mut world, now_ms) = self.up_to_date();
        let World { market, accounts, config, .. } = &mut *world;
        let mut mine = accounts.iter_mut().filter(|account| account.config.id == self.account);
        let account = mine.next().ok_or("no such account")?;
        let origin = (order.origin, &PlacePlan::default());
        let placed = account.place(market, ticket, origin, config.precision, now_ms);
        placed.map(|order| order.id).map_err(|refusal| refusal.detail)
    }

    /// Begins to set a fault: `fake.fault(Fault::AcceptThenTimeout).on(Endpoint::PostMarket).once()`.
    pub fn fault(&self, fault: Fault) -> FaultBuilder<'_> {
        FaultBuilder { control: self, fault, endpoints: BTreeSet::new(), skip: 0 }
    }

    /// Faults by chance, or none of them.
    pub fn random_faults(&self, random: Option<RandomFaults>) {
        self.lock().faults.randomize(random);
    }

    /// Ends all faults, those by chance too.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    fn account_mut(&self, change: impl FnOnce(&mut Account, &Market, i64)) {
        let (mut world, now_ms) = self.up_to_date();
        let World { market, accounts, .. } = &mut *world;
        if let Some(account) = accounts.iter_mut().find(|a| a.config.id == self.account) {
            change(account, market, now_ms);
        }
        world.advance(now_ms);
    }

    /// The world as of now, and now.
    pub(super) fn up_to_date(&self) -> (MutexGuard<'_, World>, i64) {
        let mut world = self.lock();
        let now_ms = self.clock.now_ms();
        world.advance(now_ms);
        (world, now_ms)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        // What a panicking test left behind is still worth looking at.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fault on its way to being set. It is set by [`once`](Self::once), [`times`](Self::times),
/// [`lasting`](Self::lasting) or [`always`](Self::always).
#[must_use = "a fault is set by once, times, lasting or always"]
#[derive(Debug)]
pub struct FaultBuilder<'c> {
    control: &'c Control,
    fault: Fault,
    endpoints: BTreeSet<Endpoint>,
    skip: u32,
}

impl FaultBuilder<'_> {
    /// Only at this endpoint; again for more. Else wherever the fault means something.
    pub fn on(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.insert(endpoint);
        self
    }

    /// Lets so many requests pass first.
    pub fn after(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// For the next request.
    pub fn once(self) {
        self.times(1);
    }

    /// For so many requests.
    pub fn times(self, requests: u32) {
        self.arm(Some(requests), None);
    }

    /// For so long, on the fake's clock.
    pub fn lasting(self, time: Duration) {
        self.arm(None, Some(time));
    }

    /// Until faults are cleared.
    pub fn always(self) {
        self.arm(None, None);
    }

    fn arm(self, left: Option<u32>, time: Option<Duration>) {
        let (mut world, now_ms) = self.control.up_to_date();
        let rows = |a: &Account| (a.config.id, a.position_rows(&world.market, now_ms));
        let stale = self.fault == Fault::StalePositions;
        let positions =
            if stale { world.accounts.iter().map(rows).collect() } else { BTreeMap::new() };
        world.faults.arm(Armed {
            fault: self.fault,
            endpoints: self.endpoints,
            skip: self.skip,
            left,
            until_ms: time.map(|time| now_ms.saturating_add(millis(time))),
            positions,
        });
    }
}
