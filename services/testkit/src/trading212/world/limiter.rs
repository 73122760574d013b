//! Request limits: a fixed window per account and endpoint, which opens with its first request.

use crate::trading212::{
    config::Limits,
    endpoint::{Endpoint, Limit},
};
use std::collections::BTreeMap;

/// Windows by account and endpoint.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: Limits,
    windows: BTreeMap<(i64, Endpoint), Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start_ms: i64,
    used: u32,
}

/// Where a window stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quota {
    pub limit: Limit,
    pub used: u32,
    /// When the window ends, seconds since 1970 UTC, rounded up.
    pub reset_s: i64,
    /// The request is within the limit.
    pub allowed: bool,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, windows: BTreeMap::new() }
    }

    /// Counts a request.
    pub(super) fn take(&mut self, account: i64, endpoint: Endpoint, now_ms: i64) -> Quota {
        let limit = self.limit(endpoint);
        let mut window = self.window(account, endpoint, now_ms);
        let allowed = window.used < limit.count;
        window.used += u32::from(allowed);
        self.windows.insert((account, endpoint), window);
        quota(limit, window, allowed)
    }

    /// Looks without counting.
    pub(super) fn peek(&self, account: i64, endpoint: Endpoint, now_ms: i64) -> Quota {
        quota(self.limit(endpoint), self.window(account, endpoint, now_ms), true)
    }

    fn window(&self, account: i64, endpoint: Endpoint, now_ms: i64) -> Window {
        let period_ms = i64::from(self.limit(endpoint).period_s) * 1_000;
        let known = self.windows.get(&(account, endpoint)).copied();
        let current = known.filter(|window| now_ms < window.start_ms + period_ms);
        current.unwrap_or(Window { start_ms: now_ms, used: 0 })
    }

    fn limit(&self, endpoint: Endpoint) -> Limit {
        match &self.limits {
            Limits::Enforced(changed) => {
                changed.get(&endpoint).copied().unwrap_or_else(|| endpoint.limit())
            }
            Limits::Off => Limit { count: 1_000_000, ..endpoint.limit() },
        }
    }
}

fn quota(limit: Limit, window: Window, allowed: bool) -> Quota {
    let end_ms = window.start_ms + i64::from(limit.period_s) * 1_000;
    Quota { limit, used: window.used, reset_s: (end_ms + 999).div_euclid(1_000), allowed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_opens_with_its_first_request_and_is_the_accounts_own() {
        let mut limiter = Limiter::new(Limits::Enforced(BTreeMap::new()));
        let mut take = |account, now_ms| {
            let quota = limiter.take(account, Endpoint::Summary, now_ms);
            (quota.allowed, quota.used, quota.reset_s)
        };
        assert_eq!(take(1, 10_200), (true, 1, 16));
        assert_eq!(take(1, 15_199), (false, 1, 16));
        assert_eq!(take(2, 15_199), (true, 1, 21));
        assert_eq!(take(1, 15_200), (true, 1, 21));
    }
}
