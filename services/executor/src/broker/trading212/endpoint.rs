//! The pages of the API that are used, each with its rate limit. Pure.

/// What goes first when several calls wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Getting out.
    Cancel,
    /// Getting in.
    Place,
    /// Looking.
    Read,
}

/// One page, as the limits of an account count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `GET /equity/account/summary`
    Summary,
    /// `GET /equity/positions`
    Positions,
    /// `GET /equity/orders`
    Pending,
    /// `GET /equity/orders/{id}`
    OrderById,
    /// `POST /equity/orders/market`
    Market,
    /// `POST /equity/orders/limit`
    Limit,
    /// `POST /equity/orders/stop`
    Stop,
    /// `POST /equity/orders/stop_limit`
    StopLimit,
    /// `DELETE /equity/orders/{id}`
    Cancel,
    /// `GET /equity/history/orders`
    History,
    /// `GET /equity/metadata/instruments`
    Instruments,
    /// `GET /equity/metadata/exchanges`
    Exchanges,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Summary,
        Self::Positions,
        Self::Pending,
        Self::OrderById,
        Self::Market,
        Self::Limit,
        Self::Stop,
        Self::StopLimit,
        Self::Cancel,
        Self::History,
        Self::Instruments,
        Self::Exchanges,
    ];

    /// Its path below the base address, without the id where one follows.
    pub fn path(self) -> &'static str {
        match self {
            Self::Summary => "equity/account/summary",
            Self::Positions => "equity/positions",
            Self::Pending | Self::OrderById | Self::Cancel => "equity/orders",
            Self::Market => "equity/orders/market",
            Self::Limit => "equity/orders/limit",
            Self::Stop => "equity/orders/stop",
            Self::StopLimit => "equity/orders/stop_limit",
            Self::History => "equity/history/orders",
            Self::Instruments => "equity/metadata/instruments",
            Self::Exchanges => "equity/metadata/exchanges",
        }
    }

    /// Its name in metrics and the log.
    pub fn label(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Positions => "positions",
            Self::Pending => "pending",
            Self::OrderById => "order_by_id",
            Self::Market => "place_market",
            Self::Limit => "place_limit",
            Self::Stop => "place_stop",
            Self::StopLimit => "place_stop_limit",
            Self::Cancel => "cancel",
            Self::History => "history",
            Self::Instruments => "instruments",
            Self::Exchanges => "exchanges",
        }
    }

    /// Documented calls and the milliseconds in which they may be made.
    pub fn documented(self) -> (u32, i64) {
        match self {
            Self::Summary | Self::Pending => (1, 5_000),
            Self::Positions | Self::OrderById => (1, 1_000),
            Self::Market | Self::Cancel => (50, 60_000),
            Self::Limit | Self::Stop | Self::StopLimit => (1, 2_000),
            Self::History => (6, 60_000),
            Self::Instruments => (1, 50_000),
            Self::Exchanges => (1, 30_000),
        }
    }

    /// What it goes before.
    pub fn priority(self) -> Priority {
        match self {
            Self::Cancel => Priority::Cancel,
            Self::Market | Self::Limit | Self::Stop | Self::StopLimit => Priority::Place,
            Self::Summary
            | Self::Positions
            | Self::Pending
            | Self::OrderById
            | Self::History
            | Self::Instruments
            | Self::Exchanges => Priority::Read,
        }
    }
}
