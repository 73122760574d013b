//! The stream against the fake Polygon: plans, faults, and everything that comes over a socket.

use crate::server::{REGULAR_MS, SOON, down, next, quick, quotes, settings, up, up_delayed};
use futures_util::{SinkExt as _, StreamExt as _};
use ingest::source::polygon::stream::{Stream, StreamEvent, StreamRefusal, StreamSettings, Timing};
use proto::Entitlement;
use reqwest::Url;
use runtime::{clock::Clock, testing::eventually};
use std::{collections::BTreeMap, time::Duration};
use testkit::polygon::{Acks, Bar, Config, Fault, Load, Numbers, Plan, Polygon, Surplus, Trade};
use tokio_tungstenite::tungstenite::Message;

const NOW_NS: i64 = REGULAR_MS * 1_000_000;
const NAMES: [&str; 2] = ["AAPL", "BRK.B"];

async fn fake(change: impl FnOnce(&mut Config)) -> Polygon {
    let mut config = Config { clock: Clock::standing_at(NOW_NS), ..Config::default() };
    config.derive_bars = false;
    change(&mut config);
    Polygon::start(config).await.unwrap()
}

fn asked(polygon: &Polygon, plan: Plan, entitlement: Entitlement) -> StreamSettings {
    let delayed = !matches!(plan, Plan::Advanced | Plan::Business);
    let url = if delayed { polygon.delayed_ws_url() } else { polygon.realtime_ws_url() };
    StreamSettings {
        key: plan.key().into(),
        entitlement,
        delayed,
        ..settings(&Url::parse(&url).unwrap(), &NAMES)
    }
}

/// A stream of the Advanced plan that is up.
async fn advanced(polygon: &Polygon, timing: Timing) -> Stream {
    let settings = asked(polygon, Plan::Advanced, Entitlement::Advanced);
    let mut stream = Stream::open_with(settings, timing);
    assert_eq!(next(&mut stream).await, up());
    stream
}

async fn one(stream: &mut Stream) -> f64 {
    quotes(stream, 1).await[0].price
}

/// Waits for the next connection that is up.
async fn up_again(stream: &mut Stream) {
    while next(stream).await != up() {}
}

fn pairs(polygon: &Polygon) -> Vec<String> {
    polygon.control().subscriptions().into_iter().collect()
}

#[tokio::test]
async fn every_plan_streams_what_it_may_whatever_it_was_taken_for() {
    let developer = ["AM.AAPL", "AM.BRK.B", "T.AAPL", "T.BRK.B"].as_slice();
    let starter = ["A.AAPL", "A.BRK.B", "AM.AAPL", "AM.BRK.B"].as_slice();
    let all = ["AM.AAPL", "AM.BRK.B", "Q.AAPL", "Q.BRK.B", "T.AAPL", "T.BRK.B"].as_slice();
    for acks in [Acks::OneByOne, Acks::Batched] {
        for (plan, taken_for, expected) in [
            (Plan::Business, Entitlement::Business, all),
            (Plan::Advanced, Entitlement::Advanced, all),
            (Plan::Developer, Entitlement::Advanced, developer),
            (Plan::Developer, Entitlement::Developer, developer),
            (Plan::Starter, Entitlement::Advanced, starter),
            (Plan::Starter, Entitlement::Developer, starter),
            (Plan::Starter, Entitlement::Starter, starter),
        ] {
            let polygon = fake(|config| config.acks = acks).await;
            let mut stream = Stream::open_with(asked(&polygon, plan, taken_for), quick());
            let delayed = !matches!(plan, Plan::Advanced | Plan::Business);
            let expected_up = if delayed { up_delayed() } else { up() };
            assert_eq!(next(&mut stream).await, expected_up, "{plan:?} taken for {taken_for:?}");
            assert_eq!(pairs(&polygon), expected, "{plan:?} taken for {taken_for:?}");
        }
    }
}

#[tokio::test]
async fn keys_and_plans_that_may_not_stream_are_refused_and_not_tried_again() {
    let polygon = fake(|_| {}).await;
    let refused = async |settings| {
        let mut stream = Stream::open_with(settings, quick());
        let StreamEvent::Refused(refusal) = next(&mut stream).await else {
            panic!("not refused");
        };
        refusal
    };
    let mut unknown = asked(&polygon, Plan::Advanced, Entitlement::Advanced);
    unknown.key = "nobody's".into();
    assert!(matches!(refused(unknown).await, StreamRefusal::Key { .. }));
    let basic = asked(&polygon, Plan::Basic, Entitlement::Starter);
    assert!(matches!(refused(basic).await, StreamRefusal::Plan { .. }));
    let mut real_time = asked(&polygon, Plan::Developer, Entitlement::Developer);
    real_time.url = Url::parse(&polygon.realtime_ws_url()).unwrap();
    assert!(matches!(refused(real_time).await, StreamRefusal::RealTime { .. }));
    assert_eq!(polygon.control().sockets_ever(), 3);
}

#[tokio::test]
async fn prices_survive_every_fault_of_frames_and_every_way_to_write_a_number() {
    let polygon = fake(|_| {}).await;
    let control = polygon.control();
    let mut stream = advanced(&polygon, quick()).await;
    let mut time_ns = NOW_NS - 60_000_000_000;
    let mut price = 100.0;
    for fault in [
        Fault::OneEventPerFrame,
        Fault::MixedKinds,
        Fault::HugeFrame,
        Fault::Garbage,
        Fault::BinaryFrame,
        Fault::UnknownEvent,
        Fault::TradesWithoutConditions,
    ] {
        for numbers in [Numbers::Go, Numbers::Point, Numbers::Plain, Numbers::Exponent] {
            control.set_numbers(numbers);
            control.fault(fault.clone()).always();
            (price, time_ns) = (price + 1.0, time_ns + 1_000_000);
            control.trade("AAPL", price, 1_091_202.0, time_ns);
            let taken = quotes(&mut stream, 1).await;
            let taken = (taken[0].price, taken[0].size, taken[0].time_ns);
            assert_eq!(taken, (price, 1_091_202.0, time_ns), "{fault:?} {numbers:?}");
            control.clear_faults();
        }
    }
    assert_eq!(control.sockets_ever(), 1, "none of it costs the connection");
}

#[tokio::test]
async fn events_without_their_fields_are_counted_and_cost_no_more_than_themselves() {
    let polygon = fake(|_| {}).await;
    let control = polygon.control();
    let mut stream = advanced(&polygon, quick()).await;
    control.fault(Fault::FieldsMissing).once();
    control.together(|polygon| {
        polygon.trade("AAPL", 1.0, 1.0, NOW_NS - 3_000_000);
        polygon.trade("AAPL", 2.0, 1.0, NOW_NS - 2_000_000);
    });
    assert_eq!(one(&mut stream).await, 2.0);
}

#[tokio::test]
async fn late_and_double_trades_are_left_to_the_normalizer_and_sorted_within_a_frame() {
    let polygon = fake(|_| {}).await;
    let control = polygon.control();
    let mut stream = advanced(&polygon, quick()).await;
    control.together(|polygon| {
        polygon.trade("AAPL", 3.0, 1.0, NOW_NS - 1_000_000);
        polygon.trade("AAPL", 2.0, 1.0, NOW_NS - 2_000_000);
        polygon.trade("AAPL", 1.0, 1.0, NOW_NS - 3_000_000);
    });
    let prices: Vec<_> = quotes(&mut stream, 3).await.iter().map(|quote| quote.price).collect();
    assert_eq!(prices, [1.0, 2.0, 3.0]);
    control.fault(Fault::DuplicateTrades).once();
    control.trade("AAPL", 4.0, 1.0, NOW_NS);
    let taken = quotes(&mut stream, 2).await;
    assert_eq!(taken[0], taken[1]);
}

#[tokio::test]
async fn bids_and_asks_are_carried_and_odd_lots_are_no_price() {
    let polygon = fake(|_| {}).await;
    let control = polygon.control();
    let mut stream = advanced(&polygon, quick()).await;
    control.quote("AAPL", 9.5, 10.5, NOW_NS - 9_000_000);
    control.push_trade(Trade::new("AAPL", 8.0, 5.0, NOW_NS - 8_000_000).with_conditions([37]));
    control.trade("AAPL", 10.0, 100.0, NOW_NS - 7_000_000);
    let taken = quotes(&mut stream, 1).await;
    let taken = (taken[0].price, taken[0].size, taken[0].bid, taken[0].ask);
    assert_eq!(taken, (10.0, 105.0, Some(9.5), Some(10.5)));
}

#[tokio::test]
async fn a_delayed_plan_gets_seconds_and_minutes_and_they_say_delayed() {
    let polygon = fake(|_| {}).await;
    let control = polygon.control();
    let settings = asked(&polygon, Plan::Starter, Entitlement::Starter);
    let mut stream = Stream::open_with(settings, quick());
    assert_eq!(next(&mut stream).await, up_delayed());
    let start_ms = REGULAR_MS - 30 * 60_000;
    control.fault(Fault::ReplayedBars).always();
    control.second_bar("AAPL", Bar::new(start_ms, [1.0, 4.0, 1.0, 3.0], 70.0));
    let second = quotes(&mut stream, 1).await;
    assert_eq!(second.len(), 1, "told twice, a price once");
    assert!(second[0].delayed);
    assert_eq!(second[0].time_ns, (start_ms + 999) * 1_000_000);
    control.minute_bar("AAPL", Bar::new(start_ms, [1.0, 4.0, 1.0, 3.0], 70.0));
    let minutes = crate::server::bars(&mut stream, 1).await;
    let last = minutes.last().unwrap();
    let last = if last.close == 3.0 {
        last.clone()
    } else {
        crate::server::bars(&mut stream, 1).await.pop().unwrap()
    };
    assert_eq!((last.start_ms, last.close, last.volume), (start_ms, 3.0, 70.0));
}

/// What costs the connection.
type Loss = fn(&Polygon);

#[tokio::test]
async fn every_way_to_lose_a_connection_is_made_good() {
    let polygon = fake(|_| {}).await;
    let control = polygon.control();
    let mut stream = advanced(&polygon, quick()).await;
    let ways: [(&str, Loss); 7] = [
        ("reset", |polygon| polygon.control().reset_sockets()),
        ("drop", |polygon| polygon.control().drop_sockets()),
        ("close", |polygon| polygon.control().close_sockets(1012, "nightly")),
        ("slow_consumer", |polygon| polygon.control().slow_consumer()),
        ("force_disconnect", |polygon| polygon.control().disconnect()),
        ("reset instead of a frame", |polygon| {
            polygon.control().fault(Fault::Reset).once();
            polygon.control().trade("AAPL", 1.0, 1.0, NOW_NS);
        }),
        ("end instead of a frame", |polygon| {
            polygon.control().fault(Fault::DropSocket).once();
            polygon.control().trade("AAPL", 1.0, 1.0, NOW_NS);
        }),
    ];
    for (number, (way, lose)) in (1..).zip(ways) {
        lose(&polygon);
        down(&mut stream).await;
        up_again(&mut stream).await;
        assert_eq!(pairs(&polygon).len(), 6, "{way}");
        let price = 100.0 + f64::from(number);
        control.trade("BRK.B", price, 1.0, NOW_NS);
        let taken = quotes(&mut stream, 1).await;
        assert_eq!((taken[0].price, taken[0].gap), (price, true), "{way}");
    }
}

#[tokio::test]
async fn every_failed_handshake_is_made_good() {
    for fault in [Fault::NoGreeting, Fault::NoAuthAnswer, Fault::RefuseUpgrade] {
        let polygon = fake(|_| {}).await;
        polygon.control().fault(fault.clone()).once();
        let mut timing = quick();
        timing.handshake = Duration::from_millis(300);
        let settings = asked(&polygon, Plan::Advanced, Entitlement::Advanced);
        let mut stream = Stream::open_with(settings, timing);
        assert!(matches!(next(&mut stream).await, StreamEvent::Down { .. }), "{fault:?}");
        up_again(&mut stream).await;
        polygon.control().trade("AAPL", 5.0, 1.0, NOW_NS);
        assert_eq!(one(&mut stream).await, 5.0, "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_acknowledges_is_streamed_from_and_told_as_unconfirmed() {
    let polygon = fake(|_| {}).await;
    polygon.control().fault(Fault::NoAcks).always();
    let settings = asked(&polygon, Plan::Advanced, Entitlement::Advanced);
    let mut stream = Stream::open_with(settings, quick());
    let StreamEvent::Up { unconfirmed, .. } = next(&mut stream).await else { panic!("not up") };
    assert_eq!(unconfirmed.len(), 6);
    polygon.control().trade("AAPL", 5.0, 1.0, NOW_NS);
    assert_eq!(one(&mut stream).await, 5.0);
}

#[tokio::test]
async fn a_silent_stall_is_noticed_and_left() {
    let polygon = fake(|_| {}).await;
    let control = polygon.control();
    let mut timing = quick();
    timing.silence = Duration::from_millis(100);
    let mut stream = advanced(&polygon, timing).await;
    control.fault(Fault::Stall).always();
    control.trade("AAPL", 1.0, 1.0, NOW_NS);
    assert!(down(&mut stream).await.contains("no price came"));
    control.clear_faults();
    up_again(&mut stream).await;
}

/// Another program with the same key: greets nobody, reads on.
async fn rival(polygon: &Polygon) -> tokio::task::JoinHandle<()> {
    let (mut socket, _) =
        tokio_tungstenite::connect_async(polygon.realtime_ws_url()).await.unwrap();
    let auth = serde_json::json!({ "action": "auth", "params": Plan::Advanced.key() });
    socket.send(Message::text(auth.to_string())).await.unwrap();
    tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} })
}

#[tokio::test]
async fn a_rival_with_the_same_key_is_told_and_waited_out_whichever_socket_the_server_closes() {
    for surplus in [Surplus::OlderGoes, Surplus::NewerGoes] {
        let polygon = fake(|config| config.surplus = surplus).await;
        let mut timing = quick();
        timing.cool_down = Duration::from_millis(300);
        let settings = asked(&polygon, Plan::Advanced, Entitlement::Advanced);
        let (other, mut stream) = if surplus == Surplus::OlderGoes {
            let mut stream = Stream::open_with(settings, timing);
            assert_eq!(next(&mut stream).await, up());
            (rival(&polygon).await, stream)
        } else {
            let other = rival(&polygon).await;
            let there = async || (polygon.authenticated_sockets() == 1).then_some(());
            eventually(SOON, there).await.expect("the rival is there");
            (other, Stream::open_with(settings, timing))
        };
        let words = down(&mut stream).await;
        assert!(words.contains("another program"), "{surplus:?}: {words}");
        other.abort();
        up_again(&mut stream).await;
    }
}

#[tokio::test]
async fn not_one_trade_of_a_heavy_load_is_lost() {
    let polygon = fake(|config| config.clock = Clock::wall()).await;
    let control = polygon.control();
    let settings = StreamSettings {
        clock: Clock::wall(),
        ..asked(&polygon, Plan::Advanced, Entitlement::Advanced)
    };
    let mut stream = Stream::open_with(settings, quick());
    assert_eq!(next(&mut stream).await, up());
    control.load(Load { per_second: 20_000, events_per_frame: 500 });
    let mut got: BTreeMap<String, u64> = BTreeMap::new();
    let mut count = |taken: Vec<ingest::source::Quote>| {
        for quote in taken {
            assert!(!quote.gap, "nothing was merged");
            *got.entry(quote.symbol.to_string()).or_default() += 1;
        }
    };
    let mut taken = 0;
    while taken < 40_000 {
        let quotes = quotes(&mut stream, 1).await;
        taken += quotes.len();
        count(quotes);
    }
    control.stop_load();
    let sent: u64 = control.load_sent().values().sum();
    while taken < usize::try_from(sent).unwrap() {
        let quotes = quotes(&mut stream, 1).await;
        taken += quotes.len();
        count(quotes);
    }
    assert_eq!(got, control.load_sent());
}
