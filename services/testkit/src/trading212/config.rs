//! How a fake is set up: accounts and keys, timing, limits, hours, prices, and the open questions of
//! the API as switches. The defaults are what the vendor documents or what was measured.

use super::{
    endpoint::{Endpoint, Limit},
    market::{clock::FakeClock, prices::PriceSource, schedule::Hours},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

/// Everything a fake can be told before it starts.
#[derive(Debug, Clone)]
pub struct FakeConfig {
    /// Where the practice environment listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The accounts; the first is the one [`Control`](super::Control) speaks of.
    pub accounts: Vec<AccountConfig>,
    /// Its time.
    pub clock: FakeClock,
    /// How long things take.
    pub timing: Timing,
    /// Request limits.
    pub limits: Limits,
    /// When markets are open.
    pub hours: Hours,
    /// Where prices come from until they are set.
    pub prices: PriceSource,
    /// Decimals allowed in a quantity, by ticker; two where a ticker is not named.
    pub precisions: BTreeMap<String, u32>,
    /// What the number in a precision refusal means.
    pub precision: Precision,
    /// The form of `nextPagePath`.
    pub paging: Paging,
    /// Signs of filled quantities on sells.
    pub signs: Signs,
    /// Serve `/_fake/...`, for other processes to steer the fake by.
    pub admin: bool,
}

impl Default for FakeConfig {
    fn default() -> Self {
        let precisions = [("INTC_US_EQ", 3), ("IPOE_US_EQ", 3), ("NVDA_US_EQ", 4)];
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            accounts: vec![AccountConfig::demo(), AccountConfig::live()],
            clock: FakeClock::wall(),
            timing: Timing::default(),
            limits: Limits::Enforced(BTreeMap::new()),
            hours: Hours::AlwaysOpen,
            prices: PriceSource::Reference,
            precisions: precisions.map(|(ticker, n)| (ticker.to_owned(), n)).into(),
            precision: Precision::Allowed,
            paging: Paging::FullPath,
            signs: Signs::Signed,
            admin: false,
        }
    }
}

/// Practice or real money. Each has an address of its own; a key works at one of them only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// The practice environment.
    Demo,
    /// Real money.
    Live,
}

/// One account.
#[derive(Debug, Clone)]
pub struct AccountConfig {
    /// Its number.
    pub id: i64,
    /// Where it lives.
    pub environment: Environment,
    /// Currency of its cash.
    pub currency: String,
    /// Cash it begins with, in its currency.
    pub cash: Decimal,
    /// Its keys.
    pub keys: Vec<ApiKey>,
    /// Orders it may place.
    pub order_types: OrderTypes,
    /// Tickers refused as not eligible, if it is an ISA.
    pub isa_ineligible: BTreeSet<String>,
}

impl AccountConfig {
    /// A practice account with 100,000 USD, number 1234567, key `demo-key` and secret `demo-secret`.
    pub fn demo() -> Self {
        Self {
            id: 1_234_567,
            environment: Environment::Demo,
            currency: "USD".to_owned(),
            cash: Decimal::from(100_000),
            keys: vec![ApiKey::new("demo-key", "demo-secret")],
            order_types: OrderTypes::All,
            isa_ineligible: BTreeSet::new(),
        }
    }

    /// A real-money account, number 7654321, key `live-key` and secret `live-secret`.
    pub fn live() -> Self {
        Self {
            id: 7_654_321,
            environment: Environment::Live,
            keys: vec![ApiKey::new("live-key", "live-secret")],
            ..Self::demo()
        }
    }

    /// The same account with other money.
    #[must_use]
    pub fn with_cash(mut self, cash: impl Into<Decimal>, currency: &str) -> Self {
        self.cash = cash.into();
        currency.clone_into(&mut self.currency);
        self
    }
}

/// Orders an account may place over the API: real money was limited to market orders before 2026.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderTypes {
    /// All four, and cancels.
    All,
    /// Market orders; everything else is 400 `NotAvailableForRealMoneyAccounts`.
    MarketOnly,
}

/// A key, its secret and what it may do.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The key.
    pub key: String,
    /// The secret of the HTTP Basic pair; a one-part key of the older kind has none.
    pub secret: Option<String>,
    /// The key alone is taken too, without `Basic`.
    pub raw: bool,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
}

impl ApiKey {
    /// A key pair with every scope.
    pub fn new(key: &str, secret: &str) -> Self {
        let (key, secret) = (key.to_owned(), Some(secret.to_owned()));
        Self { key, secret, raw: false, scopes: Scope::ALL.into() }
    }

    /// A one-part key with every scope, sent as it is.
    pub fn legacy(key: &str) -> Self {
        Self { key: key.to_owned(), secret: None, raw: true, scopes: Scope::ALL.into() }
    }

    /// The same key without a scope.
    #[must_use]
    pub fn without(mut self, scope: Scope) -> Self {
        self.scopes.remove(&scope);
        self
    }
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// `account`
    Account,
    /// `metadata`
    Metadata,
    /// `portfolio`
    Portfolio,
    /// `orders:read`
    OrdersRead,
    /// `orders:execute`
    OrdersExecute,
    /// `history:orders`
    HistoryOrders,
    /// `history:dividends`
    HistoryDividends,
    /// `history:transactions`
    HistoryTransactions,
}

impl Scope {
    /// Every scope the fake knows.
    pub const ALL: [Self; 8] = [
        Self::Account,
        Self::Metadata,
        Self::Portfolio,
        Self::OrdersRead,
        Self::OrdersExecute,
        Self::HistoryOrders,
        Self::HistoryDividends,
        Self::HistoryTransactions,
    ];

    /// Its name at the vendor.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Metadata => "metadata",
            Self::Portfolio => "portfolio",
            Self::OrdersRead => "orders:read",
            Self::OrdersExecute => "orders:execute",
            Self::HistoryOrders => "history:orders",
            Self::HistoryDividends => "history:dividends",
            Self::HistoryTransactions => "history:transactions",
        }
    }
}

/// How long things take, on the fake's clock.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From placing to the first fill, and between partial fills.
    pub fill_latency: Duration,
    /// How long an order is 404 by its id.
    pub visibility_delay: Duration,
    /// From a fill or an end to its row in the history.
    pub history_delay: Duration,
    /// From a cancel's 200 to the order's end.
    pub cancel_latency: Duration,
    /// How long bought shares cannot be sold.
    pub share_settle: Duration,
    /// How long the proceeds of a sale cannot be spent.
    pub proceeds_settle: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            fill_latency: Duration::from_millis(200),
            visibility_delay: Duration::from_secs(1),
            history_delay: Duration::from_secs(1),
            cancel_latency: Duration::from_millis(300),
            share_settle: Duration::from_secs(2),
            proceeds_settle: Duration::from_secs(20),
        }
    }
}

impl Timing {
    /// Everything at once. A new order is still `NEW` in the answer to its own request.
    pub fn immediate() -> Self {
        Self {
            fill_latency: Duration::ZERO,
            visibility_delay: Duration::ZERO,
            history_delay: Duration::ZERO,
            cancel_latency: Duration::ZERO,
            share_settle: Duration::ZERO,
            proceeds_settle: Duration::ZERO,
        }
    }
}

/// Request limits.
#[derive(Debug, Clone)]
pub enum Limits {
    /// The documented ones, but for these endpoints.
    Enforced(BTreeMap<Endpoint, Limit>),
    /// A million a period; the headers are still there.
    Off,
}

/// What N means in `invalid quantity precision N`: sources differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// The decimals that are allowed.
    Allowed,
    /// The decimals that were sent.
    Refused,
}

/// The form of `nextPagePath`, all of them met in the wild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `/api/v0/equity/history/orders?...`, and null at the end.
    FullPath,
    /// `limit=20&cursor=...`, and null at the end.
    BareQuery,
    /// The full path, and `""` at the end.
    EmptyEnd,
    /// The full path, and the text `null?...` at the end.
    NullTextEnd,
    /// Another host: not to be followed.
    ForeignOrigin,
}

/// Signs of `filledQuantity` and of `fill.quantity` on sells: sources differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    /// Negative, as `quantity` is.
    Signed,
    /// Positive.
    Absolute,
}
