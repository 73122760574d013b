//! How many requests may go out: a rolling window in front of every REST call.
//!
//! A refused request counts like any other, for nobody knows whether the service counts it. Nothing
//! is retried here. What can wait, history, leaves a part of every window to what cannot, polls.

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

/// The longest wait after refusals in a row.
const MOST_WAIT: Duration = Duration::from_mins(10);
/// This part of a window is kept from requests that can wait.
const KEPT: usize = 3;

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
    /// How often in a row it has said so.
    refusals: u32,
}

impl Limiter {
    /// Requests within `limit`.
    pub fn new(limit: Limit) -> Self {
        Self(Mutex::new(Window {
            limit,
            granted: VecDeque::new(),
            paused_until: None,
            refusals: 0,
        }))
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

    /// The service has refused a request and asks for `wait`. Nothing goes out for so long, doubled for
    /// each refusal in a row; gives how long that is. What was sent before a pause and is refused
    /// during it makes it no longer.
    pub fn refused(&self, wait: Duration) -> Duration {
        let paused = self.paused().is_some();
        let doublings = {
            let mut window = self.window();
            if !paused {
                window.refusals = window.refusals.saturating_add(1);
            }
            window.refusals.saturating_sub(1).min(16)
        };
        let wait = wait.saturating_mul(1 << doublings).min(MOST_WAIT);
        self.pause(wait);
        wait
    }

    /// The service has answered: the next refusal is the first in a row.
    pub fn accepted(&self) {
        if self.paused().is_none() {
            self.window().refusals = 0;
        }
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

    /// As [`Limiter::pass`], behind every request that cannot wait.
    pub async fn pass_behind(&self) {
        loop {
            let free = self.window().grant_behind(Instant::now());
            let Err(later) = free else { return };
            sleep_until(later).await;
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
        let at = self.free(now, self.limit.calls);
        self.take(at);
        at
    }

    /// Takes a request out now, or says when to ask again: none is reserved, for whoever cannot wait
    /// would stand behind it.
    fn grant_behind(&mut self, now: Instant) -> Result<(), Instant> {
        let at = self.free(now, self.limit.calls - self.limit.calls / KEPT);
        if at > now {
            return Err(at);
        }
        self.take(at);
        Ok(())
    }

    /// When the next request may go out, where there are so many `calls` in a window.
    fn free(&self, now: Instant, calls: usize) -> Instant {
        let mut at = self.paused_until.map_or(now, |until| until.max(now));
        if let Some(newest) = self.granted.back() {
            at = at.max(*newest);
        }
        let index = self.granted.len().checked_sub(calls.max(1));
        let full = index.and_then(|index| self.granted.get(index));
        full.map_or(at, |oldest| at.max(*oldest + self.limit.per))
    }

    fn take(&mut self, at: Instant) {
        self.granted.push_back(at);
        while self.granted.len() > self.limit.calls.max(Limit::PAID.calls) {
            self.granted.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn window(limit: Limit) -> Window {
        Window { limit, granted: VecDeque::new(), paused_until: None, refusals: 0 }
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

    #[test]
    fn a_poll_does_not_wait_for_history_however_much_of_it_there_is() {
        let start = Instant::now();
        let mut window = window(Limit::PAID);
        let mut had = 0;
        let ms = Duration::from_millis(1);
        for now in (0..3_000).map(|passed| start + passed * ms) {
            had += (0..8).filter(|_| window.grant_behind(now).is_ok()).count();
        }
        assert_eq!(had, 3 * 60, "two thirds of three seconds' requests");
        let now = start + 2_999 * ms;
        let at: Vec<Instant> = (0..30).map(|_| window.grant(now)).collect();
        assert_eq!(at, [now; 30], "a third is there at once");
        assert!(window.grant(now) <= now + SECOND);
        assert!(window.grant_behind(now).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn history_goes_out_after_a_pause_as_well() {
        let limiter = Limiter::new(Limit::FREE);
        let start = Instant::now();
        limiter.pause(30 * SECOND);
        limiter.pass_behind().await;
        assert!(start.elapsed() >= 30 * SECOND);
        for _ in 0..4 {
            limiter.pass_behind().await;
        }
        assert!(start.elapsed() >= 30 * SECOND + Limit::FREE.per, "one in five is kept");
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
    #[tokio::test(start_paused = true)]
    async fn refusals_in_a_row_double_the_wait_and_an_answer_ends_the_row() {
        let limiter = Limiter::new(Limit::PAID);
        let mut waits = Vec::new();
        for _ in 0..4 {
            waits.push(limiter.refused(SECOND));
            assert_eq!(limiter.refused(SECOND), waits[waits.len() - 1], "sent at the same time");
            // An answer to what was sent before says nothing about what comes after.
            limiter.accepted();
            limiter.pass().await;
        }
        assert_eq!(waits, [1, 2, 4, 8].map(|times| times * SECOND));
        limiter.accepted();
        assert_eq!(limiter.refused(SECOND), SECOND);
        assert_eq!(Limiter::new(Limit::PAID).refused(3_600 * SECOND), MOST_WAIT);
    }
}
