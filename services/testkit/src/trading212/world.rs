//! The whole fake without its network: accounts, market, limits, faults, and what was asked of it.

mod auth;
mod handle;
mod limiter;
mod pipeline;

use super::{
    account::Account,
    config::{Environment, FakeConfig},
    endpoint::Endpoint,
    fault::{Fault, plan::Plan},
    market::Market,
    wire::reply::Reply,
};
use limiter::Limiter;
use std::{collections::VecDeque, time::Duration};

/// Requests that are remembered: a program may run for weeks.
const REMEMBERED: usize = 100_000;

/// The whole fake without its network.
#[derive(Debug)]
pub(super) struct World {
    pub config: FakeConfig,
    pub market: Market,
    pub accounts: Vec<Account>,
    pub faults: Plan,
    /// The latest ones.
    pub log: VecDeque<LoggedRequest>,
    /// Requests the limiter refused.
    pub limited: usize,
    limiter: Limiter,
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    pub environment: Environment,
    pub method: String,
    pub path: String,
    pub query: String,
    pub authorization: Option<String>,
    pub body: String,
}

/// What the network is to do.
#[derive(Debug)]
pub(super) struct Answer {
    pub reply: Reply,
    pub delivery: Delivery,
    /// Real time to wait first.
    pub wait: Duration,
}

/// How a reply reaches the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// As it is.
    Whole,
    /// The connection breaks in mid-body.
    CutOff,
    /// The connection closes without a word.
    Dropped,
    /// Nothing ever comes.
    Never,
}

/// A request for tests to look at. Keys are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// When, on the fake's clock, milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// `GET`, `POST`, ...
    pub method: String,
    /// With `/api/v0`, without the query.
    pub path: String,
    /// Without the question mark.
    pub query: String,
    /// The body.
    pub body: String,
    /// What it came to, where the path is one of the API's.
    pub endpoint: Option<Endpoint>,
    /// Whose key it carried, where the service saw it and the key was good.
    pub account: Option<i64>,
    /// The status it was answered with; none where there was no answer.
    pub status: Option<u16>,
    /// The limiter refused it.
    pub limited: bool,
    /// The faults it met.
    pub faults: Vec<Fault>,
}

impl World {
    pub(super) fn new(config: FakeConfig, now_ms: i64) -> Self {
        let market = Market::new(&config, now_ms);
        let accounts = config.accounts.iter().cloned();
        Self {
            accounts: accounts.map(|account| Account::new(account, now_ms)).collect(),
            limiter: Limiter::new(config.limits.clone()),
            market,
            config,
            faults: Plan::default(),
            log: VecDeque::new(),
            limited: 0,
        }
    }

    /// Works out everything that happened until `now_ms`.
    pub(super) fn advance(&mut self, now_ms: i64) {
        for account in &mut self.accounts {
            account.advance(&self.market, now_ms);
        }
    }

    fn remember(&mut self, request: LoggedRequest) {
        self.limited += usize::from(request.limited);
        if self.log.len() >= REMEMBERED {
            self.log.pop_front();
        }
        self.log.push_back(request);
    }

    pub(super) fn account(&self, id: i64) -> Option<&Account> {
        self.accounts.iter().find(|account| account.config.id == id)
    }
}
