//! How many requests may go out: a rolling window in front of every REST call.
//!
//! A refused request counts like any other, for nobody knows whether the service counts it. Nothing
//! is retried here.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// So many requests within any such time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Requests.
    pub calls: usize,
    /// The length of the window.
    pub per: Duration,
}

impl Limit {
    /// Paid plans: the service asks for fewer than 100 a second.
    pub const PAID: Self = Self { calls: 90, per: Duration::from_secs(1) };
    /// The free plan: 5 a minute, as the service counts it, which is not when we send.
    pub const FREE: Self = Self { calls: 5, per: Duration::from_secs(61) };
}

/// Lets requests pass at their time.
#[derive(Debug)]
pub struct Limiter(Mutex<Window>);

#[derive(Debug)]
struct Window {
    limit: Limit,
    /// When the last requests went out or will, oldest first.
    granted: VecDeque<Instant>,
    /// The service wants to be left alone until then.
    paused_until: Option<Instant>,
}

impl Limiter {
    /// Requests within `limit`.
    pub fn new(limit: Limit) -> Self {
        Self(Mutex::new(Window { limit, granted: VecDeque::new(), paused_until: None }))
    }

    /// Another limit from now on; what went out before counts towards it.
    pub fn set(&self, limit: Limit) {
        self.window().limit = limit;
    }

    /// Nothing goes out for `wait`: the service has said so.
    pub fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut window = self.window();
        window.paused_until = Some(window.paused_until.map_or(until, |before| before.max(until)));
    }

    /// Waits until a request may go out. Whoever gives up waiting has used a request up.
    pub async fn pass(&self) {
        let granted = self.window().grant(Instant::now());
        sleep_until(granted).await;
        // A pause may have begun in the meantime.
        while let Some(until) = self.paused() {
            sleep_until(until).await;
        }
    }

    fn paused(&self) -> Option<Instant> {
        self.window().paused_until.filter(|until| *until > Instant::now())
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn grant(&mut self, now: Instant) -> Instant {
        let calls = self.limit.calls.max(1);
        let mut at = self.paused_until.map_or(now, |until| until.max(now));
        if let Some(newest) = self.granted.back() {
            at = at.max(*newest);
        }
        let full = self.granted.len().checked_sub(calls).and_then(|index| self.granted.get(index));
        if let Some(oldest) = full {
            at = at.max(*oldest + self.limit.per);
        }
        self.granted.push_back(at);
        while self.granted.len() > calls.max(Limit::PAID.calls) {
            self.granted.pop_front();
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn window(limit: Limit) -> Window {
        Window { limit, granted: VecDeque::new(), paused_until: None }
    }

    #[test]
    fn no_minute_whenever_it_begins_has_more_than_five_requests() {
        let start = Instant::now();
        let mut window = window(Limit::FREE);
        let at: Vec<Instant> = (0..23).map(|nth| window.grant(start + 3 * nth * SECOND)).collect();
        for (nth, first) in at.iter().enumerate() {
            let within = at[nth..].iter().filter(|time| **time < *first + 60 * SECOND).count();
            assert!(within <= 5, "{within} requests from the {nth}th on");
        }
        assert_eq!(at[4], start + 12 * SECOND, "the first five go at once");
    }

    #[test]
    fn a_tighter_limit_counts_what_went_out_before() {
        let start = Instant::now();
        let mut window = window(Limit::PAID);
        for _ in 0..7 {
            assert_eq!(window.grant(start), start);
        }
        window.limit = Limit::FREE;
        assert_eq!(window.grant(start + SECOND), start + Limit::FREE.per);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_goes_out_during_a_pause() {
        let limiter = Limiter::new(Limit::PAID);
        let start = Instant::now();
        limiter.pass().await;
        limiter.pause(30 * SECOND);
        limiter.pause(SECOND);
        limiter.pass().await;
        assert!(start.elapsed() >= 30 * SECOND);
    }
}
