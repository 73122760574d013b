//! Waiting for a call's turn: [`Limits`] on a monotonic clock, for calls that run side by side.
//!
//! Of the calls that could go, cancels go before orders and orders before reads, and each kind in
//! the order in which it came. Dropping a wait gives its place up.

use super::{
    endpoint::{Endpoint, Priority},
    limits::{Headers, Limits, Reply},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// The limits of one account. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Limiter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    started: Instant,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    limits: Limits,
    waiting: BTreeMap<(Priority, u64), Endpoint>,
    tickets: u64,
}

impl State {
    /// Lets the holder of `ticket` go, unless another that comes first could go too.
    fn ask(&mut self, ticket: (Priority, u64), now_ms: i64) -> Result<(), i64> {
        let Some(endpoint) = self.waiting.get(&ticket).copied() else {
            return Ok(());
        };
        self.limits.ready(endpoint, now_ms)?;
        let ahead: Vec<Endpoint> = self.waiting.range(..ticket).map(|(_, page)| *page).collect();
        if ahead.into_iter().any(|page| self.limits.ready(page, now_ms).is_ok()) {
            return Err(now_ms + 50);
        }
        self.limits.take(endpoint, now_ms)?;
        self.waiting.remove(&ticket);
        Ok(())
    }
}

/// A call that may be made. Dropped without a reply it counts as one that was lost.
#[derive(Debug)]
pub struct Permit {
    limiter: Limiter,
    endpoint: Endpoint,
    sent_ms: i64,
    replied: bool,
}

/// A place in the queue.
struct Ticket<'a> {
    limiter: &'a Limiter,
    place: (Priority, u64),
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.limiter.state().waiting.remove(&self.place);
        self.limiter.0.changed.notify_waiters();
    }
}

impl Default for Limiter {
    fn default() -> Self {
        let state = Mutex::default();
        Self(Arc::new(Shared { started: Instant::now(), state, changed: Notify::new() }))
    }
}

impl Limiter {
    /// Waits until `endpoint` may be called.
    pub async fn take(&self, endpoint: Endpoint) -> Permit {
        let ticket = self.enter(endpoint);
        let began = Instant::now();
        let mut told = false;
        loop {
            let changed = self.0.changed.notified();
            let asked = self.state().ask(ticket.place, self.now_ms());
            let until = match asked {
                Ok(()) => break,
                Err(until) => until,
            };
            if !told {
                self.tell(endpoint, until);
                told = true;
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(self.instant(until)) => {}
            }
        }
        drop(ticket);
        let waited =
            metrics::gauge!("trading212_limit_wait_seconds", "endpoint" => endpoint.label());
        waited.set(began.elapsed().as_secs_f64());
        self.show(endpoint);
        Permit { limiter: self.clone(), endpoint, sent_ms: self.now_ms(), replied: false }
    }

    /// How long `endpoint` has to wait; zero when it may be called at once.
    pub fn wait(&self, endpoint: Endpoint) -> Duration {
        let now_ms = self.now_ms();
        let ready = self.state().limits.ready(endpoint, now_ms);
        let until = ready.err().unwrap_or(now_ms);
        Duration::from_millis(u64::try_from(until - now_ms).unwrap_or(0))
    }

    fn enter(&self, endpoint: Endpoint) -> Ticket<'_> {
        let mut state = self.state();
        state.tickets += 1;
        let place = (endpoint.priority(), state.tickets);
        state.waiting.insert(place, endpoint);
        Ticket { limiter: self, place }
    }

    fn tell(&self, endpoint: Endpoint, until_ms: i64) {
        let why = self.state().limits.why(endpoint);
        let wait_ms = until_ms - self.now_ms();
        let endpoint_label = endpoint.label();
        if endpoint.priority() == Priority::Read {
            tracing::debug!(endpoint = endpoint_label, wait_ms, "a call waits: {why}");
        } else {
            tracing::info!(endpoint = endpoint_label, wait_ms, "a call waits: {why}");
        }
    }

    fn show(&self, endpoint: Endpoint) {
        let left = self.state().limits.remaining(endpoint, self.now_ms());
        let gauge = metrics::gauge!("trading212_limit_remaining", "endpoint" => endpoint.label());
        gauge.set(f64::from(left));
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn instant(&self, at_ms: i64) -> Instant {
        self.0.started + Duration::from_millis(u64::try_from(at_ms).unwrap_or(0))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; were it otherwise, counts are still counts.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The answer's headers, and whether it said that there were too many.
    pub fn replied(mut self, headers: Option<Headers>, refused: bool) {
        self.note(headers, refused);
    }

    /// The call was never made.
    pub fn unsent(mut self) {
        self.replied = true;
        self.limiter.state().limits.unsent(self.endpoint);
        self.limiter.show(self.endpoint);
        self.limiter.0.changed.notify_waiters();
    }

    fn note(&mut self, headers: Option<Headers>, refused: bool) {
        if !std::mem::replace(&mut self.replied, true) {
            let now_ms = self.limiter.now_ms();
            let reply = Reply { sent_ms: self.sent_ms, now_ms, headers, refused };
            self.limiter.state().limits.replied(self.endpoint, reply);
            self.limiter.show(self.endpoint);
            self.limiter.0.changed.notify_waiters();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.note(None, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt as _, future::join_all};

    #[tokio::test(start_paused = true)]
    async fn calls_beyond_the_window_wait_and_all_get_through() {
        let limiter = Limiter::default();
        let began = Instant::now();
        let calls = (0..120).map(|_| async {
            limiter.take(Endpoint::Market).await.replied(None, false);
        });
        join_all(calls).await;
        assert!(began.elapsed() >= Duration::from_mins(2), "{:?}", began.elapsed());
        assert!(began.elapsed() < Duration::from_secs(130), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_dropped_gives_its_place_up() {
        let limiter = Limiter::default();
        let held = limiter.take(Endpoint::Limit).await;
        assert!(limiter.take(Endpoint::Limit).now_or_never().is_none());
        assert!(limiter.state().waiting.is_empty());
        drop(held);
        assert!(limiter.wait(Endpoint::Limit) > Duration::ZERO, "a lost call counts");
        limiter.take(Endpoint::Limit).await.replied(None, false);
    }

    #[test]
    fn of_those_that_could_go_the_cancel_goes_first_and_reads_last() {
        let mut state = State::default();
        let mut enter = |page: Endpoint, number| {
            state.waiting.insert((page.priority(), number), page);
            (page.priority(), number)
        };
        let read = enter(Endpoint::Pending, 1);
        let first = enter(Endpoint::Market, 2);
        let second = enter(Endpoint::Market, 3);
        let cancel = enter(Endpoint::Cancel, 4);
        for (place, goes) in [(read, false), (second, false), (first, false), (cancel, true)] {
            assert_eq!(state.ask(place, 0).is_ok(), goes, "{place:?}");
        }
        assert!(state.ask(second, 0).is_err());
        for place in [first, second, read] {
            assert!(state.ask(place, 0).is_ok(), "{place:?}");
        }
    }
}
