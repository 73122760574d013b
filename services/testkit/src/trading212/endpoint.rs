//! The API's endpoints: path, limit and scope of each, in one table.

use super::config::Scope;
use serde::{Deserialize, Serialize};

/// One endpoint of the API; the unit limits and faults are set by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `GET /equity/account/summary`
    Summary,
    /// `GET /equity/positions`
    Positions,
    /// `GET /equity/orders`, the pending ones.
    Orders,
    /// `GET /equity/orders/{id}`
    OrderById,
    /// `POST /equity/orders/market`
    PostMarket,
    /// `POST /equity/orders/limit`
    PostLimit,
    /// `POST /equity/orders/stop`
    PostStop,
    /// `POST /equity/orders/stop_limit`
    PostStopLimit,
    /// `DELETE /equity/orders/{id}`
    Cancel,
    /// `GET /equity/history/orders`
    HistoryOrders,
    /// `GET /equity/history/dividends`
    HistoryDividends,
    /// `GET /equity/history/transactions`
    HistoryTransactions,
    /// `GET /equity/metadata/instruments`
    Instruments,
    /// `GET /equity/metadata/exchanges`
    Exchanges,
    /// `GET /equity/account/cash`, of 2024.
    LegacyCash,
    /// `GET /equity/account/info`, of 2024.
    LegacyInfo,
    /// `GET /equity/portfolio`, of 2024.
    LegacyPortfolio,
    /// `GET /equity/portfolio/{ticker}`, of 2024.
    LegacyPosition,
}

/// So many requests in so many seconds, from the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Requests.
    pub count: u32,
    /// Length of the window in seconds.
    pub period_s: u32,
}

struct Row {
    endpoint: Endpoint,
    method: &'static str,
    /// Ends in `/` where the last part of the path is an argument.
    path: &'static str,
    limit: Limit,
    scope: Scope,
}

const fn row(
    endpoint: Endpoint,
    method: &'static str,
    path: &'static str,
    (count, period_s): (u32, u32),
    scope: Scope,
) -> Row {
    Row { endpoint, method, path, limit: Limit { count, period_s }, scope }
}

#[rustfmt::skip]
const TABLE: [Row; 18] = [
    row(Endpoint::Summary,             "GET",    "/equity/account/summary",       (1, 5),   Scope::Account),
    row(Endpoint::Positions,           "GET",    "/equity/positions",             (1, 1),   Scope::Portfolio),
    row(Endpoint::Orders,              "GET",    "/equity/orders",                (1, 5),   Scope::OrdersRead),
    row(Endpoint::OrderById,           "GET",    "/equity/orders/",               (1, 1),   Scope::OrdersRead),
    row(Endpoint::PostMarket,          "POST",   "/equity/orders/market",         (50, 60), Scope::OrdersExecute),
    row(Endpoint::PostLimit,           "POST",   "/equity/orders/limit",          (1, 2),   Scope::OrdersExecute),
    row(Endpoint::PostStop,            "POST",   "/equity/orders/stop",           (1, 2),   Scope::OrdersExecute),
    row(Endpoint::PostStopLimit,       "POST",   "/equity/orders/stop_limit",     (1, 2),   Scope::OrdersExecute),
    row(Endpoint::Cancel,              "DELETE", "/equity/orders/",               (50, 60), Scope::OrdersExecute),
    row(Endpoint::HistoryOrders,       "GET",    "/equity/history/orders",        (6, 60),  Scope::HistoryOrders),
    row(Endpoint::HistoryDividends,    "GET",    "/equity/history/dividends",     (6, 60),  Scope::HistoryDividends),
    row(Endpoint::HistoryTransactions, "GET",    "/equity/history/transactions",  (6, 60),  Scope::HistoryTransactions),
    row(Endpoint::Instruments,         "GET",    "/equity/metadata/instruments",  (1, 50),  Scope::Metadata),
    row(Endpoint::Exchanges,           "GET",    "/equity/metadata/exchanges",    (1, 30),  Scope::Metadata),
    row(Endpoint::LegacyCash,          "GET",    "/equity/account/cash",          (1, 2),   Scope::Account),
    row(Endpoint::LegacyInfo,          "GET",    "/equity/account/info",          (1, 30),  Scope::Account),
    row(Endpoint::LegacyPortfolio,     "GET",    "/equity/portfolio",             (1, 5),   Scope::Portfolio),
    row(Endpoint::LegacyPosition,      "GET",    "/equity/portfolio/",            (1, 1),   Scope::Portfolio),
];

impl Endpoint {
    /// Every endpoint.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.endpoint)
    }

    /// The documented limit.
    pub fn limit(self) -> Limit {
        self.row().map_or(Limit { count: 1, period_s: 1 }, |row| row.limit)
    }

    /// Whether it places an order.
    pub fn places(self) -> bool {
        matches!(self, Self::PostMarket | Self::PostLimit | Self::PostStop | Self::PostStopLimit)
    }

    pub(super) fn scope(self) -> Scope {
        self.row().map_or(Scope::Account, |row| row.scope)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.endpoint == self)
    }
}

/// What a method and a path come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// An endpoint, with the last part of its path where that is an argument.
    To(Endpoint, String),
    /// The path exists for other methods.
    WrongMethod,
    /// No such path.
    Nothing,
}

/// Finds the endpoint of a path, which begins after `/api/v0`.
pub(super) fn route(method: &str, path: &str) -> Route {
    let mut wrong_method = false;
    for row in &TABLE {
        let Some(argument) = matches(row.path, path) else { continue };
        if row.method == method {
            return Route::To(row.endpoint, argument.to_owned());
        }
        wrong_method = true;
    }
    if wrong_method { Route::WrongMethod } else { Route::Nothing }
}

fn matches<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix(pattern)?;
    if pattern.ends_with('/') {
        (!rest.is_empty()).then_some(rest)
    } else {
        rest.is_empty().then_some("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_their_endpoints() {
        let to = |endpoint, argument: &str| Route::To(endpoint, argument.to_owned());
        assert_eq!(route("GET", "/equity/orders"), to(Endpoint::Orders, ""));
        assert_eq!(route("GET", "/equity/orders/7"), to(Endpoint::OrderById, "7"));
        assert_eq!(route("DELETE", "/equity/orders/7"), to(Endpoint::Cancel, "7"));
        assert_eq!(route("POST", "/equity/orders/market"), to(Endpoint::PostMarket, ""));
        assert_eq!(route("DELETE", "/equity/portfolio/X"), Route::WrongMethod);
        assert_eq!(route("GET", "/equity/quotes"), Route::Nothing);
    }
}
