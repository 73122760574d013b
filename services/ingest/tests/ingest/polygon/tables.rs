//! The tables of what the service says and of what its users hit: each row has a test by its name.
//!
//! | table    | row                                     | test                                                                      |
//! |----------|-----------------------------------------|---------------------------------------------------------------------------|
//! | errors   | 401 unknown key                         | `http_401_unknown_key`                                                    |
//! | errors   | 401 no key                              | `http_401_key_not_provided`                                               |
//! | errors   | 403 page not in the plan                | `free_has_the_closes_of_the_last_session_in_one_call_and_is_not_asked_in_a_loop` |
//! | errors   | 403 dates not in the plan               | `free_goes_back_a_session_when_the_last_one_is_refused_or_empty`          |
//! | errors   | 404 unknown ticker                      | `http_404_with_words`                                                     |
//! | errors   | 404 unrouted path                       | `http_404_of_a_wrong_address`                                             |
//! | errors   | 400 bad parameter                       | `http_400_bad_parameter`                                                  |
//! | errors   | 429, and nobody says for how long       | `http_429_waits_a_minute_where_the_service_does_not_say`                  |
//! | errors   | 429 with a time                         | `http_429_waits_as_long_as_the_service_says`                              |
//! | errors   | 5xx, no JSON                            | `http_5xx_that_is_no_json_is_asked_again_soon`                            |
//! | errors   | all of them, by the faithful fake       | `every_refusal_of_the_service_is_sorted_by_what_can_be_done_about_it`     |
//! | plans    | Basic                                   | `basic_has_closes_and_the_minutes_of_sessions_that_are_over`              |
//! | plans    | Starter, Developer, Advanced, Business  | `every_plan_is_found_out_by_what_it_has`                                  |
//! | plans    | which topics each may stream            | `every_plan_streams_what_it_may_whatever_it_was_taken_for`                |
//! | statuses | connected                               | `connected_is_answered_with_the_key_and_nothing_is_sent_before_it`        |
//! | statuses | auth success                            | `auth_success_is_answered_with_every_subscription_of_the_plan`            |
//! | statuses | auth failed, bad key                    | `a_bad_key_is_refused_for_good_though_the_server_drops_the_connection`    |
//! | statuses | auth failed, cluster not in the plan    | `a_plan_without_websocket_access_is_refused_for_good`                     |
//! | statuses | auth timeout, auth required, force disconnect, slow consumer | `auth_timeout_auth_required_force_disconnect_and_slow_consumer_come_back_subscribed` |
//! | statuses | success, one by one or batched          | `acknowledgements_are_counted_one_by_one_or_batched`                      |
//! | statuses | error: not authorized                   | `a_topic_that_is_not_authorized_is_given_up_and_the_rest_is_streamed`     |
//! | statuses | error: no access to real-time data      | `a_delayed_plan_on_another_host_of_real_time_is_refused_with_the_host_to_use` |
//! | statuses | max connections, 1008                   | `too_many_connections_wait_for_the_cool_down_whether_told_or_only_closed_with_1008` |
//! | statuses | no acknowledgement at all               | `pairs_that_are_never_acknowledged_are_told_as_unconfirmed`               |
//! | symptoms | integers arrive as floats               | `int_fields_arrive_as_floats`                                             |
//! | symptoms | nanoseconds lose precision              | `ns_values_keep_their_precision`                                          |
//! | symptoms | results null or missing                 | `results_null_or_missing`                                                 |
//! | symptoms | conditions of the last trade null or absent              | `last_trade_c_null_or_absent`                                             |
//! | symptoms | zeros taken as price 0                  | `zeros_on_holidays_and_before_the_open_are_no_price`                      |
//! | symptoms | day zero at 18:00                       | `day_zero_at_eighteen_hours_is_no_price`                                  |
//! | symptoms | 404 on snapshots of odd tickers         | `http_404_of_one_odd_ticker_does_not_fail_the_batch`                      |
//! | symptoms | 403 in a loop                           | `free_where_not_even_closes_are_allowed_says_so_once_and_waits`           |
//! | symptoms | 429, retries exhausted                  | `http_429_is_not_provoked_by_the_free_plan_and_not_retried_blindly`       |
//! | symptoms | only the first element of a frame       | `every_element_of_a_frame_is_handled_not_only_the_first`                  |
//! | symptoms | late, missing or duplicate bars         | `late_missing_or_duplicate_bars`                                          |
//! | symptoms | A against AM: bars sent again           | `a_replayed_bar_of_the_same_start_goes_out_again_and_is_not_summed`       |
//! | symptoms | disconnects                             | `every_way_to_lose_a_connection_is_made_good`                             |
//! | symptoms | slow consumer                           | `a_slow_taker_makes_no_slow_consumer_and_gets_the_newest_price_all_shares_and_all_bars` |
//! | symptoms | silent sockets                          | `a_silent_stall_is_noticed_and_left`                                      |
//! | symptoms | no end-of-backlog marker                | `no_end_of_backlog_marker_is_waited_for_a_snapshot_closes_the_gap`        |
//! | symptoms | subscriptions lost, client gives up     | `in_a_storm_of_resets_no_bar_is_wrong_or_missing_and_those_sent_again_replace` |
//!
//! Here stand those that need the faithful fake.

use super::{stream::desk, *};
use ingest::source::polygon::{
    client::{Rest, Span},
    error::PollError,
};
use proto::{Entitlement, FeedState, PriceField, Transport};
use std::{collections::BTreeSet, path::Path};
use testkit::polygon::{Config, Fault, Page, Plan, Polygon as Service};

const SECOND: i64 = 1_000_000_000;

#[test]
fn every_row_names_a_test_that_is_there() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    collect(&here.join("src"), &mut names);
    collect(&here.join("tests"), &mut names);
    let rows = include_str!("tables.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    let tests: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert!(tests.len() > 40, "{tests:?}");
    for name in tests {
        assert!(names.contains(name), "there is no test {name}");
    }
}

/// The names of all functions below `folder` that follow a test attribute.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let tests = text.split("test]\n").skip(1).filter_map(|after| {
                let (before, after) = after.split_once("fn ")?;
                before.trim().trim_end_matches("async").trim().is_empty().then_some(())?;
                after.split('(').next().map(str::to_owned)
            });
            names.extend(tests);
        }
    }
}

async fn service(change: impl FnOnce(&mut Config)) -> Service {
    let mut config = Config { clock: Clock::standing_at(NOW_NS), ..Config::default() };
    change(&mut config);
    Service::start(config).await.unwrap()
}

fn rest(base: &str, key: &str) -> Rest {
    Rest::new(&base.parse().unwrap(), key.to_owned().into()).unwrap()
}

#[tokio::test]
async fn every_refusal_of_the_service_is_sorted_by_what_can_be_done_about_it() {
    let service = service(|_| {}).await;
    let (url, aapl) = (service.rest_url(), crate::desk::symbols(&["AAPL"]));
    let [basic, advanced] = [Plan::Basic, Plan::Advanced].map(|plan| rest(&url, plan.key()));
    let error = async |rest: &Rest| rest.snapshots(&aapl).await.unwrap_err();
    let unknown = error(&rest(&url, "nobody")).await;
    assert!(matches!(&unknown, PollError::Auth { words } if words.contains("Unknown API Key")));
    let none = error(&rest(&url, "")).await;
    assert!(matches!(&none, PollError::Auth { .. }), "{none}");
    let plan = error(&basic).await;
    assert!(matches!(&plan, PollError::NotEntitled { words } if words.contains("not entitled")));
    let today = basic.grouped("2025-08-08").await.unwrap_err();
    assert!(matches!(&today, PollError::Timeframe { words } if words.contains("timeframe")));
    let odd = format!("{url}/v2/snapshot/locale/us/markets/stocks/tickers/NONE");
    let odd = advanced.follow(&odd).await.unwrap_err();
    assert!(matches!(&odd, PollError::NotFound { words } if words.contains("Ticker not found.")));
    let path = error(&rest(&format!("{url}/wrong"), Plan::Advanced.key())).await;
    assert!(matches!(&path, PollError::NotFound { words } if words == "HTTP 404"), "{path}");
    let span = Span { from: "soon".to_owned(), to: "later".to_owned() };
    let parameter = advanced.minutes(&aapl[0], &span).await.unwrap_err();
    assert!(matches!(&parameter, PollError::Malformed { words } if words.contains("HTTP 400")));
    service.fault(Fault::bad_gateway()).once();
    assert!(error(&advanced).await.is_transient());
    for fault in [Fault::TruncatedJson, Fault::TruncatedGzip, Fault::ResetMidBody, Fault::Drop] {
        service.fault(fault.clone()).once();
        let error = error(&advanced).await;
        let passing = matches!(error, PollError::Malformed { .. } | PollError::Transient { .. });
        assert!(passing, "{fault:?}: {error}");
    }
    // Two calls are gone: in a burst five pass.
    for _ in 0..3 {
        basic.previous(&aapl[0]).await.unwrap();
    }
    let sixth = basic.previous(&aapl[0]).await.unwrap_err();
    assert!(matches!(&sixth, PollError::RateLimited { .. }), "{sixth}");
    assert_eq!(sixth.wait(), Some(Duration::from_mins(1)), "where the service does not say");
}

#[tokio::test]
async fn every_plan_is_found_out_by_what_it_has() {
    for (plan, entitlement, delay_ms, field, bid) in [
        (Plan::Starter, Entitlement::Starter, 900_000, PriceField::Minute, None),
        (Plan::Developer, Entitlement::Developer, 900_000, PriceField::Trade, None),
        (Plan::Advanced, Entitlement::Advanced, 0, PriceField::Trade, Some(250.4)),
        (Plan::Business, Entitlement::Business, 0, PriceField::Trade, Some(250.4)),
    ] {
        let desk = desk(plan, Wish::Poll, |service| {
            service.quote("AAPL", 250.4, 250.6, NOW_NS - 1_000 * SECOND);
            service.trade("AAPL", 250.5, 100.0, NOW_NS - 1_000 * SECOND);
            service.trade("AAPL", 250.5, 100.0, NOW_NS - SECOND);
        })
        .await;
        let status = desk.bench.state(FeedState::Live).await;
        let said = (status.entitlement, status.delay_ms, status.transport);
        assert_eq!(said, (Some(entitlement), delay_ms, Some(Transport::Poll)), "{plan:?}");
        let tick = desk.bench.ticks_from(1).await.remove(0).1;
        assert_eq!((tick.price, tick.field, tick.bid), (250.5, field, bid), "{plan:?}");
        assert_eq!(tick.delayed, delay_ms > 0, "{plan:?}");
        desk.running.stop().await;
    }
}

/// A feed of AAPL with the free plan's key, where the service has minutes of the past.
async fn free(bench: &Bench, service: &Service) -> Running {
    let mut settings = settings(&service.rest_url());
    settings.key = Plan::Basic.key().to_owned().into();
    let feed = Polygon::new(settings, &bench.symbols, &calendar(), &bench.clock).unwrap();
    bench.start(feed).await
}

#[tokio::test]
async fn basic_has_closes_and_the_minutes_of_sessions_that_are_over() {
    let bench = bench(&["AAPL"]).await;
    let config = Config { clock: bench.clock.clone(), history_minutes: true, ..Config::default() };
    let service = Service::start(config).await.unwrap();
    let running = free(&bench, &service).await;
    let tick = bench.ticks_from(1).await.remove(0).1;
    assert_eq!((tick.price, tick.field, tick.delayed), (250.0, PriceField::PrevDay, true));
    let whole = async || {
        let bars = bench.bars(&bench.symbols[0]).await;
        (bars.len() == 390).then_some(bars)
    };
    let bars = eventually(SOON, whole).await.expect("yesterday's minutes");
    // From Thursday 09:30 to the minute before its close, and none that the close itself would make.
    let closed_ms = CLOSED_NS / 1_000_000;
    assert_eq!(*bars.keys().next().unwrap(), closed_ms - 390 * 60_000);
    assert_eq!(bars[&(closed_ms - 60_000)].close, 250.0);
    let asked = service.requests();
    assert!(asked.iter().all(|seen| seen.status != Some(429)), "{asked:?}");
    assert_eq!(asked.len(), 3, "the plan, the closes, the minutes: {asked:?}");
    running.stop().await;
}

#[tokio::test]
async fn http_429_is_not_provoked_by_the_free_plan_and_not_retried_blindly() {
    let bench = bench(&["AAPL", "MSFT"]).await;
    let config = Config { clock: bench.clock.clone(), ..Config::default() };
    let service = Service::start(config).await.unwrap();
    // Somebody else uses the key: the closes are refused, and what follows waits its minute.
    service.fault(Fault::too_many(None)).on(Page::Grouped).once();
    let running = free(&bench, &service).await;
    let status = bench.state(FeedState::Failing).await;
    assert!(status.detail.contains("request limit is reached"), "{}", status.detail);
    let asked = service.requests().len();
    let again = async || (service.requests().len() > asked + 1).then_some(());
    assert!(eventually(Duration::from_secs(4), again).await.is_none(), "{:?}", service.requests());
    running.stop().await;
}

#[tokio::test]
async fn a_free_key_that_was_upgraded_is_found_out_with_the_next_session() {
    let bench = bench(&["AAPL"]).await;
    let config = Config { clock: bench.clock.clone(), ..Config::default() };
    let service = Service::start(config).await.unwrap();
    let running = free(&bench, &service).await;
    let status = bench.state(FeedState::Live).await;
    assert_eq!(status.entitlement, Some(Entitlement::Free));
    service.set_key(Plan::Basic.key(), Plan::Advanced);
    let monday_ns = NOW_NS + 3 * 86_400 * SECOND;
    service.set_time(monday_ns);
    service.trade("AAPL", 251.0, 10.0, monday_ns - SECOND);
    let status = bench.status(|status| status.entitlement != Some(Entitlement::Free)).await;
    assert_eq!(status.entitlement, Some(Entitlement::Advanced));
    let tick = bench.ticks_from(2).await.remove(1).1;
    assert_eq!((tick.price, tick.field, tick.delayed), (251.0, PriceField::Trade, false));
    running.stop().await;
}

#[tokio::test]
async fn zeros_on_holidays_and_before_the_open_are_no_price() {
    // Thanksgiving, 11:00 in New York, and the morning after at 03:31 and 04:10.
    for at_ns in [1_795_708_800, 1_795_768_260, 1_795_770_600].map(|s: i64| s * SECOND) {
        let mut bench = bench(&["AAPL"]).await;
        bench.clock = Clock::standing_at(at_ns);
        let config = Config { clock: bench.clock.clone(), ..Config::default() };
        let service = Service::start(config).await.unwrap();
        let mut settings = settings(&service.rest_url());
        settings.key = Plan::Advanced.key().to_owned().into();
        let feed = Polygon::new(settings, &bench.symbols, &calendar(), &bench.clock).unwrap();
        let running = bench.start(feed).await;
        let tick = bench.ticks_from(1).await.remove(0).1;
        assert_eq!((tick.price, tick.field), (250.0, PriceField::PrevDay), "{at_ns}");
        // Wednesday 2026-11-25 16:00 in New York.
        assert_eq!(tick.time_ns, 1_795_640_400 * SECOND, "{at_ns}");
        let status = bench.state(FeedState::Live).await;
        assert_eq!((status.delay_ms, status.missing.len()), (0, 0), "{status:?}");
        let bars = bench.bars(&bench.symbols[0]).await;
        assert!(bars.is_empty(), "a previous close is no minute: {bars:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn day_zero_at_eighteen_hours_is_no_price() {
    let mut bench = bench(&["AAPL"]).await;
    let evening_ns = NOW_NS + 27_000 * SECOND;
    bench.clock = Clock::standing_at(evening_ns);
    let row = format!(
        r#"{{"ticker":"AAPL","day":{{"o":0,"h":0,"l":0,"c":0,"v":0,"vw":0}},
            "min":{{"c":10.5,"t":{}}},"prevDay":{{"c":10}}}}"#,
        (evening_ns - 3_600 * SECOND) / 1_000_000
    );
    let fake = Fake::answering(&[ok(page(&[row]))]);
    let running = fake.feed(&bench).await;
    let tick = bench.ticks_from(1).await.remove(0).1;
    assert_eq!((tick.price, tick.field), (10.5, PriceField::Minute));
    assert_eq!(tick.session, proto::Session::Post);
    running.stop().await;
}

#[tokio::test]
async fn http_404_of_one_odd_ticker_does_not_fail_the_batch() {
    let bench = bench(&["AAPL", "ODD"]).await;
    let refusal = r#"{"status":"NOT_AUTHORIZED","message":"You are not entitled to this data."}"#;
    let fake = Fake::answering(&[refused(403, refusal)]);
    let day = r#"{"resultsCount":1,"results":[{"T":"AAPL","c":156.8,"t":1754596800000}]}"#;
    fake.say(GROUPED, &[ok(day)]);
    fake.say(PREVIOUS, &[refused(404, r#"{"status":"NotFound"}"#)]);
    let running = fake.feed(&bench).await;
    fake.asked_times(PREVIOUS, 1).await;
    let status = bench.status(|status| status.missing == bench.symbols[1..]).await;
    assert_eq!(status.state, FeedState::Live, "{}", status.detail);
    assert_eq!(bench.ticks_from(1).await[0].1.price, 156.8);
    running.stop().await;
}

#[tokio::test]
async fn an_unknown_ticker_is_left_out_of_the_answer_and_named() {
    let bench = bench(&["AAPL", "ODD"]).await;
    let config = Config { clock: bench.clock.clone(), ..Config::default() };
    let service = Service::start(config).await.unwrap();
    service.trade("AAPL", 250.5, 10.0, NOW_NS - SECOND);
    let mut settings = settings(&service.rest_url());
    settings.key = Plan::Advanced.key().to_owned().into();
    let feed = Polygon::new(settings, &bench.symbols, &calendar(), &bench.clock).unwrap();
    let running = bench.start(feed).await;
    let tick = bench.ticks_from(1).await.remove(0).1;
    assert_eq!((tick.symbol.as_str(), tick.price), ("AAPL", 250.5));
    let status = bench.state(FeedState::Live).await;
    assert_eq!(status.missing, bench.symbols[1..]);
    assert!(status.detail.contains("unknown there: ODD"), "{}", status.detail);
    running.stop().await;
}

#[tokio::test]
async fn no_end_of_backlog_marker_is_waited_for_a_snapshot_closes_the_gap() {
    let desk = desk(Plan::Advanced, Wish::Auto, |service| {
        service.trade("AAPL", 250.5, 100.0, NOW_NS - SECOND);
    })
    .await;
    desk.bench.status(|status| status.transport == Some(Transport::Stream)).await;
    let (service, before) = (&desk.service, desk.service.requests_for(Page::Snapshots));
    service.fault(Fault::RefuseUpgrade).always();
    service.drop_sockets();
    desk.bench.status(|status| status.transport == Some(Transport::Poll)).await;
    // It is traded while nobody listens, and never again.
    service.trade("AAPL", 251.5, 10.0, NOW_NS);
    service.clear_faults();
    desk.bench.status(|status| status.transport == Some(Transport::Stream)).await;
    let tick = desk.bench.ticks_from(2).await.remove(1).1;
    assert_eq!((tick.price, tick.time_ns), (251.5, NOW_NS));
    assert!(service.requests_for(Page::Snapshots) > before);
    desk.running.stop().await;
}

#[tokio::test]
async fn a_plan_that_has_grown_is_streamed_and_one_that_has_shrunk_is_behind_again() {
    let desk = desk_at(Plan::Developer).await;
    let (bench, key) = (&desk.bench, Plan::Developer.key());
    let refused = bench.status(|status| status.detail.contains("; polled: ")).await;
    assert_eq!((refused.transport, refused.delay_ms), (Some(Transport::Poll), 900_000));
    desk.service.set_key(key, Plan::Advanced);
    let grown = bench.status(|status| status.transport == Some(Transport::Stream)).await;
    assert_eq!((grown.entitlement, grown.delay_ms), (Some(Entitlement::Advanced), 0));
    desk.service.set_key(key, Plan::Developer);
    desk.service.drop_sockets();
    let shrunk = bench.status(|status| status.entitlement == Some(Entitlement::Developer)).await;
    assert_eq!((shrunk.transport, shrunk.delay_ms), (Some(Transport::Poll), 900_000));
    desk.running.stop().await;
}

/// A feed whose key has this plan at the address of real time.
async fn desk_at(plan: Plan) -> super::stream::Desk {
    let bench = bench(&["AAPL"]).await;
    let config = Config { clock: bench.clock.clone(), ..Config::default() };
    let service = Service::start(config).await.unwrap();
    service.trade("AAPL", 250.5, 100.0, NOW_NS - 1_000 * SECOND);
    service.trade("AAPL", 250.5, 100.0, NOW_NS - SECOND);
    let mut settings = settings(&service.rest_url());
    settings.key = plan.key().to_owned().into();
    settings.ws_url = Some(service.realtime_ws_url().parse().unwrap());
    settings.transport = Wish::Auto;
    let feed = Polygon::new(settings, &bench.symbols, &calendar(), &bench.clock).unwrap();
    let running = bench.start(feed).await;
    super::stream::Desk { bench, service, running }
}
