//! Whatever the server says, in whatever order, the conversation comes to a state that goes on.

use super::*;
use proptest::prelude::*;

const STATUSES: [&str; 11] = [
    "connected",
    "auth_success",
    "auth_failed",
    "auth_timeout",
    "auth_required",
    "success",
    "error",
    "max_connections",
    "force_disconnect",
    "slow_consumer",
    "shiny",
];

const MESSAGES: [&str; 9] = [
    "",
    "subscribed to: T.AAPL",
    "subscribed to: Q.AAPL,AM.AAPL",
    "subscribed to: A.AAPL",
    "unsubscribed to: AM.AAPL",
    "not authorized",
    "authentication failed",
    "Your plan doesn't include websocket access.",
    "subscribed to: ...,.A,T.*,\u{0}",
];

proptest! {
    #[test]
    fn it_never_hangs_and_ends_at_most_once(
        words in prop::collection::vec((0..STATUSES.len(), 0..MESSAGES.len(), 0_u64..4), 0..60),
    ) {
        let second = Duration::from_secs(1);
        let patience = Patience { handshake: second * 10, acknowledge: second * 5 };
        let symbols = [Symbol::parse("AAPL").unwrap()];
        let mut session = Session::new(&symbols, Entitlement::Advanced, patience).unwrap();
        session.opened(Duration::ZERO);
        let (mut now, mut ends) = (Duration::ZERO, 0);
        let mut count = |steps: &[Step]| ends += steps.iter().filter(|step| matches!(
            step, Step::Reconnect { .. } | Step::NotRealTime { .. } | Step::Refuse(_)
        )).count();
        for (status, message, passed) in words {
            now += second * u32::try_from(passed).unwrap();
            count(&session.overdue(now));
            count(&session.status(STATUSES[status], MESSAGES[message], now));
        }
        // Silence from here on: at most a few sets of topics are tried, then it is up or over.
        for _ in 0..6 {
            now += second * 11;
            count(&session.overdue(now));
        }
        prop_assert_eq!(session.deadline(), Duration::MAX);
        prop_assert!(ends <= 1, "{} ends", ends);
        prop_assert!(session.is_up() || ends == 1);
    }
}
