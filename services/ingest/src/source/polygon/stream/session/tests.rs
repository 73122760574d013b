//! Every status of the service, and what the session makes of it.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::parse(name).unwrap()).collect()
}

fn session_of(names: &[&str], entitlement: Entitlement) -> Session {
    let patience = Patience { handshake: SECOND * 10, acknowledge: SECOND * 5 };
    let mut session = Session::new(&symbols(names), entitlement, patience).unwrap();
    session.opened(Duration::ZERO);
    session
}

fn session(entitlement: Entitlement) -> Session {
    session_of(&["AAPL", "BRK.B"], entitlement)
}

/// Greets and authenticates; gives the requests that follow.
fn authenticated(session: &mut Session) -> Vec<String> {
    let greeted = session.status("connected", "Connected Successfully", Duration::ZERO);
    assert_eq!(greeted, [Step::Authenticate]);
    requests(session.status("auth_success", "authenticated", Duration::ZERO))
}

fn requests(steps: Vec<Step>) -> Vec<String> {
    let request = |step| {
        let Step::Send(request) = step else { panic!("{step:?}") };
        let request: serde_json::Value = serde_json::from_str(&request).unwrap();
        let text = |field: &str| request[field].as_str().unwrap().to_owned();
        format!("{} {}", text("action"), text("params"))
    };
    steps.into_iter().map(request).collect()
}

fn acknowledge(session: &mut Session, pairs: &[&str]) -> Vec<Step> {
    let mut steps = Vec::new();
    for pair in pairs {
        steps.extend(session.status("success", &format!("subscribed to: {pair}"), Duration::ZERO));
    }
    steps
}

fn up(unconfirmed: &[&str]) -> Vec<Step> {
    let unconfirmed = unconfirmed.iter().map(|pair| (*pair).to_owned()).collect();
    vec![Step::Up { unconfirmed }]
}

fn reconnect(steps: &[Step]) -> Pause {
    match steps {
        [Step::Reconnect { pause, words }] => {
            assert!(!words.is_empty());
            *pause
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn connected_is_answered_with_the_key_and_nothing_is_sent_before_it() {
    let mut session = session(Entitlement::Advanced);
    assert_eq!(session.overdue(SECOND * 9), []);
    for greeting in ["connected", "success"] {
        session.opened(Duration::ZERO);
        assert_eq!(session.status(greeting, "", Duration::ZERO), [Step::Authenticate]);
        assert_eq!(session.status(greeting, "", Duration::ZERO), [], "once");
    }
}

#[test]
fn auth_success_is_answered_with_every_subscription_of_the_plan() {
    for (entitlement, expected) in [
        (Entitlement::Business, "T.AAPL,T.BRK.B,Q.AAPL,Q.BRK.B,AM.AAPL,AM.BRK.B"),
        (Entitlement::Advanced, "T.AAPL,T.BRK.B,Q.AAPL,Q.BRK.B,AM.AAPL,AM.BRK.B"),
        (Entitlement::Developer, "T.AAPL,T.BRK.B,AM.AAPL,AM.BRK.B"),
        (Entitlement::Starter, "A.AAPL,A.BRK.B,AM.AAPL,AM.BRK.B"),
    ] {
        let requests = authenticated(&mut session(entitlement));
        assert_eq!(requests, [format!("subscribe {expected}")], "{entitlement:?}");
    }
}

#[test]
fn subscriptions_are_sent_in_batches_of_a_hundred_pairs() {
    let names: Vec<String> = (0..120).map(|number| format!("S{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sizes: Vec<usize> = authenticated(&mut session_of(&names, Entitlement::Starter))
        .iter()
        .map(|request| request.split(',').count())
        .collect();
    assert_eq!(sizes, [100, 100, 40]);
}

#[test]
fn subscriptions_are_not_lost_after_reconnects() {
    let mut session = session(Entitlement::Developer);
    let first = authenticated(&mut session);
    let pairs = ["T.AAPL", "T.BRK.B", "AM.AAPL", "AM.BRK.B"];
    assert_eq!(acknowledge(&mut session, &pairs), up(&[]));
    session.opened(SECOND * 100);
    assert!(!session.is_up());
    assert_eq!(authenticated(&mut session), first, "a new socket has nothing");
    assert_eq!(acknowledge(&mut session, &pairs), up(&[]));
}

#[test]
fn auth_failed_is_terminal_a_bad_key() {
    let mut session = session(Entitlement::Advanced);
    session.status("connected", "", Duration::ZERO);
    let steps = session.status("auth_failed", "authentication failed", Duration::ZERO);
    let words = "authentication failed".to_owned();
    assert_eq!(steps, [Step::Refuse(StreamRefusal::Key { words })]);
    assert_eq!(session.status("connected", "", Duration::ZERO), [], "nothing follows");
}

#[test]
fn auth_failed_is_terminal_a_plan_without_websocket_access() {
    let mut session = session(Entitlement::Advanced);
    session.status("connected", "", Duration::ZERO);
    let message = "Your plan doesn't include websocket access.";
    let steps = session.status("auth_failed", message, Duration::ZERO);
    let words = message.to_owned();
    assert_eq!(steps, [Step::Refuse(StreamRefusal::Plan { words })]);
}

#[test]
fn a_free_plan_is_refused_without_a_connection() {
    let patience = Patience { handshake: SECOND, acknowledge: SECOND };
    let refused = Session::new(&symbols(&["A"]), Entitlement::Free, patience);
    assert!(matches!(refused, Err(StreamRefusal::Plan { .. })));
}

#[test]
fn auth_timeout_auth_required_force_disconnect_and_slow_consumer_reconnect() {
    for status in ["auth_timeout", "auth_required", "force_disconnect", "slow_consumer"] {
        for messages in [0, 1, 5] {
            let mut session = session(Entitlement::Developer);
            let before = [
                ("connected", "Connected Successfully"),
                ("auth_success", "authenticated"),
                ("success", "subscribed to: T.AAPL"),
                ("success", "subscribed to: T.BRK.B"),
                ("success", "subscribed to: AM.AAPL,AM.BRK.B"),
            ];
            for (status, message) in before.into_iter().take(messages) {
                session.status(status, message, Duration::ZERO);
            }
            let steps = session.status(status, "", Duration::ZERO);
            assert_eq!(reconnect(&steps), Pause::Usual, "{status} after {messages}");
            assert_eq!(session.status(status, "", Duration::ZERO), [], "once");
        }
    }
}

#[test]
fn max_connections_cools_down_also_after_everything_was_acknowledged() {
    for message in [
        "Maximum number of websocket connections exceeded.",
        "You may only use 1 connections at a time.",
    ] {
        let mut session = session(Entitlement::Starter);
        authenticated(&mut session);
        let pairs = ["A.AAPL", "A.BRK.B", "AM.AAPL", "AM.BRK.B"];
        assert_eq!(acknowledge(&mut session, &pairs), up(&[]));
        let steps = session.status("max_connections", message, Duration::ZERO);
        assert_eq!(reconnect(&steps), Pause::CoolDown);
    }
}

#[test]
fn acknowledgements_are_counted_one_by_one_or_batched() {
    let pairs = ["T.AAPL", "T.BRK.B", "AM.AAPL", "AM.BRK.B"];
    let mut one_by_one = session(Entitlement::Developer);
    authenticated(&mut one_by_one);
    assert_eq!(acknowledge(&mut one_by_one, &pairs[..3]), []);
    assert_eq!(acknowledge(&mut one_by_one, &pairs[3..]), up(&[]));
    let mut batched = session(Entitlement::Developer);
    authenticated(&mut batched);
    assert_eq!(acknowledge(&mut batched, &["T.AAPL,T.BRK.B, AM.AAPL,AM.BRK.B"]), up(&[]));
}

#[test]
fn what_is_never_acknowledged_is_told_and_not_waited_for() {
    let mut session = session(Entitlement::Developer);
    authenticated(&mut session);
    acknowledge(&mut session, &["T.AAPL", "AM.AAPL", "ZZ.AAPL", "T.UNASKED", "T.AAPL"]);
    assert_eq!(session.overdue(SECOND * 4), []);
    assert_eq!(session.overdue(SECOND * 5), up(&["T.BRK.B", "AM.BRK.B"]));
    assert_eq!(session.overdue(SECOND * 500), [], "once");
    assert_eq!(acknowledge(&mut session, &["T.BRK.B"]), [], "late, and no second word");
}

#[test]
fn the_wait_for_acknowledgements_begins_anew_with_each() {
    let mut session = session(Entitlement::Starter);
    authenticated(&mut session);
    session.status("success", "subscribed to: A.AAPL", SECOND * 4);
    assert_eq!(session.overdue(SECOND * 8), []);
    assert_eq!(session.deadline(), SECOND * 9);
}

#[test]
fn no_greeting_and_no_answer_to_the_key_reconnect() {
    let mut session = session(Entitlement::Starter);
    assert_eq!(reconnect(&session.overdue(SECOND * 10)), Pause::Usual);
    session.opened(SECOND * 20);
    session.status("connected", "", SECOND * 21);
    assert_eq!(session.overdue(SECOND * 30), []);
    assert_eq!(reconnect(&session.overdue(SECOND * 31)), Pause::Usual);
}

#[test]
fn not_authorized_names_nothing_and_costs_only_the_topic_that_is_not_acknowledged() {
    let mut session = session(Entitlement::Advanced);
    authenticated(&mut session);
    assert_eq!(session.status("error", "not authorized", Duration::ZERO), []);
    let trades_and_minutes = ["AM.AAPL", "AM.BRK.B", "T.AAPL", "T.BRK.B"];
    assert_eq!(acknowledge(&mut session, &trades_and_minutes), []);
    assert_eq!(session.overdue(SECOND * 5), up(&[]), "quotes are given up");
    session.opened(SECOND * 50);
    let again = authenticated(&mut session);
    assert_eq!(again, ["subscribe T.AAPL,T.BRK.B,AM.AAPL,AM.BRK.B"], "it is remembered");
}

#[test]
fn not_authorized_for_trades_and_quotes_goes_down_to_seconds_in_one_step() {
    let mut session = session(Entitlement::Advanced);
    authenticated(&mut session);
    session.status("error", "not authorized", Duration::ZERO);
    acknowledge(&mut session, &["AM.AAPL", "AM.BRK.B"]);
    let steps = session.overdue(SECOND * 5);
    assert_eq!(
        requests(steps),
        ["subscribe A.AAPL,A.BRK.B"],
        "what is held is not asked for again"
    );
    assert_eq!(acknowledge(&mut session, &["A.AAPL", "A.BRK.B"]), up(&[]));
}

#[test]
fn not_authorized_after_the_acknowledgements_of_the_request_counts_as_well() {
    let mut session = session(Entitlement::Developer);
    authenticated(&mut session);
    acknowledge(&mut session, &["AM.AAPL", "AM.BRK.B"]);
    assert_eq!(session.status("error", "not authorized", Duration::ZERO), []);
    assert_eq!(requests(session.overdue(SECOND * 5)), ["subscribe A.AAPL,A.BRK.B"]);
}

#[test]
fn not_authorized_that_comes_when_the_wait_is_over_counts_as_well() {
    let mut session = session(Entitlement::Developer);
    authenticated(&mut session);
    acknowledge(&mut session, &["AM.AAPL", "AM.BRK.B"]);
    assert_eq!(session.overdue(SECOND * 5), up(&["T.AAPL", "T.BRK.B"]));
    let steps = session.status("error", "not authorized", SECOND * 6);
    assert_eq!(requests(steps), ["subscribe A.AAPL,A.BRK.B"]);
}

#[test]
fn topics_that_are_left_are_unsubscribed() {
    let mut session = session(Entitlement::Advanced);
    authenticated(&mut session);
    session.status("error", "not authorized", Duration::ZERO);
    acknowledge(&mut session, &["Q.AAPL", "Q.BRK.B", "AM.AAPL", "AM.BRK.B"]);
    let steps = session.overdue(SECOND * 5);
    let expected = ["unsubscribe Q.AAPL,Q.BRK.B", "subscribe A.AAPL,A.BRK.B"];
    assert_eq!(requests(steps), expected);
    session.status("success", "unsubscribed to: Q.AAPL", Duration::ZERO);
    assert_eq!(acknowledge(&mut session, &["A.AAPL", "A.BRK.B"]), up(&[]));
}

#[test]
fn not_authorized_for_anything_goes_down_step_by_step_and_is_terminal() {
    let mut session = session(Entitlement::Advanced);
    authenticated(&mut session);
    let mut now = Duration::ZERO;
    for expected in
        [Some("T.AAPL,T.BRK.B,AM.AAPL,AM.BRK.B"), Some("A.AAPL,A.BRK.B,AM.AAPL,AM.BRK.B"), None]
    {
        assert_eq!(session.status("error", "not authorized", now), []);
        now += SECOND * 5;
        let steps = session.overdue(now);
        match expected {
            Some(pairs) => assert_eq!(requests(steps), [format!("subscribe {pairs}")]),
            None => assert!(matches!(steps.as_slice(), [Step::Refuse(StreamRefusal::Plan { .. })])),
        }
    }
}

#[test]
fn minutes_alone_are_no_stream_of_prices() {
    let mut session = session(Entitlement::Starter);
    authenticated(&mut session);
    session.status("error", "not authorized", Duration::ZERO);
    acknowledge(&mut session, &["AM.AAPL", "AM.BRK.B"]);
    let steps = session.overdue(SECOND * 5);
    assert!(matches!(steps.as_slice(), [Step::Refuse(StreamRefusal::Plan { .. })]), "{steps:?}");
}

#[test]
fn a_delayed_plan_on_the_host_of_real_time_is_told_from_other_errors() {
    let message = "You don't have access real-time data. If your plan only includes delayed data, \
                   you can connect to the delayed websocket at wss://delayed.polygon.io/stocks.";
    let mut session = session(Entitlement::Developer);
    authenticated(&mut session);
    let steps = session.status("error", message, Duration::ZERO);
    assert!(matches!(steps.as_slice(), [Step::NotRealTime { .. }]), "{steps:?}");
}

#[test]
fn a_status_that_is_not_known_changes_nothing() {
    let mut session = session(Entitlement::Starter);
    authenticated(&mut session);
    for (status, message) in [("error", "something else"), ("shiny", "new"), ("auth_success", "")] {
        assert_eq!(session.status(status, message, Duration::ZERO), []);
    }
    let pairs = ["A.AAPL", "A.BRK.B", "AM.AAPL", "AM.BRK.B"];
    assert_eq!(acknowledge(&mut session, &pairs), up(&[]));
}

#[test]
fn a_pair_is_split_at_its_first_dot() {
    let pair = Pair::parse("T.BRK.B").unwrap();
    assert_eq!((pair.topic, pair.symbol.as_str()), (Topic::Trades, "BRK.B"));
    assert_eq!(pair.to_string(), "T.BRK.B");
    for text in ["", "T", "T.", "ZZ.AAPL", "T.*"] {
        assert_eq!(Pair::parse(text), None, "{text}");
    }
}

#[test]
fn a_refused_key_is_told_by_both_of_its_names() {
    let text = StreamRefusal::Key { words: "no".to_owned() }.to_string();
    assert!(text.contains("POLYGON_API_KEY or MASSIVE_API_KEY"), "{text}");
}
