//! Windows of calls against a server whose clock is apart from ours.

use super::*;
use proptest::prelude::*;

/// The service's own side: fixed windows that open with a call, on a clock that is apart from ours.
struct Server {
    limit: u32,
    period_ms: i64,
    apart_ms: i64,
    round_up: bool,
    opened: Option<i64>,
    used: u32,
}

impl Server {
    fn new(endpoint: Endpoint, apart_ms: i64) -> Self {
        let (limit, period_ms) = endpoint.documented();
        Self { limit, period_ms, apart_ms, round_up: false, opened: None, used: 0 }
    }

    /// Serves a call at `at_ms` on our clock; the headers, and whether it was one too many.
    fn serve(&mut self, at_ms: i64) -> (Headers, bool) {
        let now = at_ms + self.apart_ms;
        if self.opened.is_none_or(|opened| now >= opened + self.period_ms) {
            (self.opened, self.used) = (Some(now), 0);
        }
        let refused = self.used >= self.limit;
        self.used = (self.used + 1).min(self.limit);
        let exact = self.opened.unwrap() + self.period_ms;
        let up = if self.round_up { 999 } else { 0 };
        let headers = Headers {
            limit: self.limit,
            period_ms: self.period_ms,
            remaining: self.limit - self.used,
            reset_ms: (exact + up).div_euclid(1_000) * 1_000,
        };
        (headers, refused)
    }
}

/// Makes `calls` one after the other, each as early as allowed; when the last one was sent.
fn run(server: &mut Server, endpoint: Endpoint, latencies: &[i64]) -> Result<i64, String> {
    let (mut limits, mut now, mut last) = (Limits::default(), 1_000_000, 0);
    for latency in latencies {
        while let Err(until) = limits.take(endpoint, now) {
            if until <= now {
                return Err("waits for nothing".to_owned());
            }
            now = until;
        }
        last = now;
        let (headers, refused) = server.serve(now + latency / 2);
        if refused {
            return Err(format!("one too many at {now}"));
        }
        let reply = Reply { sent_ms: now, now_ms: now + latency, headers: Some(headers), refused };
        now += latency;
        limits.replied(endpoint, reply);
    }
    Ok(last - 1_000_000)
}

#[test]
fn a_burst_uses_the_window_up_to_the_reserve_and_waits_for_the_next() {
    let mut server = Server::new(Endpoint::Market, 0);
    let last = run(&mut server, Endpoint::Market, &[20; 120]).unwrap();
    // Two whole windows and the rest at once.
    assert!((120_000..132_000).contains(&last), "{last}");
}

#[test]
fn calls_under_way_count() {
    let mut limits = Limits::default();
    for _ in 0..49 {
        limits.take(Endpoint::Market, 0).unwrap();
    }
    assert!(limits.take(Endpoint::Market, 0).is_err());
    // The window is long over, but nobody answered: they may arrive any moment.
    assert!(limits.take(Endpoint::Market, 100_000).is_err());
}

#[test]
fn a_call_that_was_never_made_costs_nothing() {
    let mut limits = Limits::default();
    for _ in 0..10 {
        limits.take(Endpoint::Summary, 0).unwrap();
        limits.unsent(Endpoint::Summary);
    }
    assert_eq!(limits.remaining(Endpoint::Summary, 0), 1);
}

#[test]
fn a_refusal_closes_the_window_for_a_period_at_least() {
    let mut limits = Limits::default();
    limits.take(Endpoint::History, 0).unwrap();
    let reply = Reply { sent_ms: 0, now_ms: 100, headers: None, refused: true };
    limits.replied(Endpoint::History, reply);
    let until = limits.take(Endpoint::History, 100).unwrap_err();
    assert!((60_100..=120_100).contains(&until), "{until}");
    assert!(limits.take(Endpoint::History, until).is_ok());
}

#[test]
fn calls_of_others_on_the_account_count() {
    let mut limits = Limits::default();
    limits.take(Endpoint::Market, 0).unwrap();
    let headers = Headers { limit: 50, period_ms: 60_000, remaining: 1, reset_ms: 5_000_000 };
    let reply = Reply { sent_ms: 0, now_ms: 10, headers: Some(headers), refused: false };
    limits.replied(Endpoint::Market, reply);
    assert!(limits.take(Endpoint::Market, 20).is_err(), "the last one is the reserve");
}

#[test]
fn a_single_call_window_has_no_reserve() {
    let mut limits = Limits::default();
    assert_eq!(limits.remaining(Endpoint::Pending, 0), 1);
    assert!(limits.take(Endpoint::Pending, 0).is_ok());
    assert!(limits.ready(Endpoint::Pending, 0).is_err());
}

proptest! {
    #[test]
    fn the_server_never_says_too_many_however_far_its_clock_is_off(
        page in 0..Endpoint::ALL.len(),
        apart_ms in prop_oneof![-5_000..5_000_i64, any::<i32>().prop_map(i64::from)],
        round_up in any::<bool>(),
        latencies in prop::collection::vec(0..3_000_i64, 1..130),
    ) {
        let endpoint = Endpoint::ALL[page];
        let mut server = Server { round_up, ..Server::new(endpoint, apart_ms) };
        prop_assert!(run(&mut server, endpoint, &latencies).is_ok());
    }
}
