//! Whoever has a service's password tries to have the server say what the service may not: answers
//! and deliveries sent to subjects that it cannot publish on. Real attacks on the real configuration.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use async_nats::HeaderMap;
use proto::{
    Control, Intent, Lease, Message, OrderEvent, Position, Symbol, TradingState, VERSION, decode,
    stream, subject::key,
};
use runtime::{
    bus::{Bus, Start},
    testing::{NatsServer, SOON, eventually},
};
use std::fmt::Debug;

/// A request whose answer the server sends to `target`.
async fn ask_onto(bus: &Bus, request: String, payload: String, target: &str) {
    let (target, payload) = (target.to_owned(), payload.into());
    bus.client().publish_with_reply(request, target, payload).await.unwrap();
    bus.barrier().await.unwrap();
}

/// Has everything of `filter` in `stream` delivered to `target`, by a consumer that pushes and by one
/// that is pulled from.
async fn relay(bus: &Bus, stream: &str, filter: &str, target: &str) {
    let consumer = |name: &str, more: &str| {
        format!(
            r#"{{"stream_name":"{stream}","action":"","config":{{"name":"{name}","filter_subject":"{filter}",
               "deliver_policy":"all","ack_policy":"none","mem_storage":true,"inactive_threshold":60000000000{more}}}}}"#
        )
    };
    let create = |name: &str| format!("$JS.API.CONSUMER.CREATE.{stream}.{name}.{filter}");
    let inbox = || bus.client().new_inbox();
    let push = consumer("pushes", &format!(r#","deliver_subject":"{target}""#));
    ask_onto(bus, create("pushes"), push, &inbox()).await;
    let pull = bus.client().request(create("pulled"), consumer("pulled", "").into()).await.unwrap();
    assert!(!String::from_utf8_lossy(&pull.payload).contains("\"error\""), "{pull:?}");
    let next = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.pulled");
    ask_onto(bus, next, r#"{"batch":10,"no_wait":true}"#.to_owned(), target).await;
}

/// The last sequence of a stream.
async fn last_sequence(bus: &Bus, stream: &str) -> u64 {
    bus.jetstream().get_stream(stream).await.unwrap().cached_info().state.last_sequence
}

/// Nothing that decodes has been stored after `before`. (What may be is the server's own "no more
/// messages", which has no payload.)
async fn assert_only_noise_since<M: Message + Debug>(
    server: &NatsServer,
    stream: &'static str,
    before: u64,
) {
    let bus = server.bus("executor").await.unwrap();
    let all = bus.history(stream, ">".to_owned(), Start::At(before + 1)).await.unwrap();
    for stored in all {
        let read = decode::<M>(&stored.payload);
        assert!(read.is_err() && !stored.erased, "{} became {read:?}", stored.subject);
    }
}

fn control(state: TradingState) -> Control {
    Control { v: VERSION, state, by: "test".to_owned(), why: "test".to_owned(), at_ms: 1 }
}

#[tokio::test]
async fn what_a_page_writes_into_its_lease_never_reaches_another_subject_as_it_is() {
    let server = NatsServer::provisioned().await.unwrap();
    let page = server.bus("dashboard").await.unwrap();
    let own = format!("$KV.leases.{}", key::lease_dashboard(1));
    page.client().publish(own.clone(), "an intent, byte for byte".into()).await.unwrap();
    for request in ["$JS.API.DIRECT.GET.KV_leases", "$JS.API.STREAM.MSG.GET.KV_leases"] {
        let last = format!(r#"{{"last_by_subj":"{own}","no_hdr":true}}"#);
        ask_onto(&page, request.to_owned(), last, "intents.AAPL").await;
    }
    let direct = format!("$JS.API.DIRECT.GET.KV_leases.{own}");
    ask_onto(&page, direct, r#"{"no_hdr":true}"#.to_owned(), "intents.AAPL").await;

    let executor = server.bus("executor").await.unwrap();
    let mut intents = executor.pull(stream::INTENTS.name, stream::INTENTS_CONSUMER);
    let delivery = tokio::time::timeout(SOON, intents.next()).await.unwrap();
    let text = String::from_utf8_lossy(delivery.payload()).into_owned();
    assert!(text.contains("io.nats.jetstream.api.v1.stream_msg_get_response"), "{text}");
    assert!(decode::<Intent>(delivery.payload()).is_err());
    delivery.done().await;
    assert_eq!(last_sequence(&executor, "INTENTS").await, 1, "and that is all that came");
}

#[tokio::test]
async fn messages_relayed_onto_another_kind_of_subject_do_not_decode_there() {
    let server = NatsServer::provisioned().await.unwrap();
    let ingest = server.bus("ingest").await.unwrap();
    let tick: Vec<u8> = proto::encode(&control(TradingState::Active)).unwrap();
    assert!(ingest.publish_now("ticks.AAPL".to_owned(), tick).await);
    ingest.barrier().await.unwrap();
    for user in ["dashboard", "strategy"] {
        let thief = server.bus(user).await.unwrap();
        for target in ["intents.AAPL", "orders.AAPL.X"] {
            relay(&thief, "TICKS", "ticks.AAPL", target).await;
        }
    }
    let executor = server.bus("executor").await.unwrap();
    let relayed = async || (last_sequence(&executor, "ORDERS").await > 0).then_some(());
    eventually(SOON, relayed).await.expect("the server does relay");
    let orders = executor.history("ORDERS", "orders.>".to_owned(), Start::Beginning).await.unwrap();
    assert!(orders.iter().all(|stored| decode::<OrderEvent>(&stored.payload).is_err()));
}

#[tokio::test]
async fn a_desk_that_was_halted_is_not_made_active_by_an_old_word() {
    let server = NatsServer::provisioned().await.unwrap();
    let person = server.bus("operator").await.unwrap();
    let words = person.kv::<Control>(&stream::CONTROL);
    words.put(key::CONTROL_TRADING, &control(TradingState::Active)).await.unwrap();
    words.put(key::CONTROL_TRADING, &control(TradingState::Halted)).await.unwrap();
    let before = last_sequence(&person, "KV_control").await;
    for user in ["dashboard", "strategy"] {
        let thief = server.bus(user).await.unwrap();
        let target = format!("$KV.control.{}", key::CONTROL_TRADING);
        relay(&thief, "KV_control", &target, &target).await;
    }
    assert_only_noise_since::<Control>(&server, "KV_control", before).await;
    let now = words.get(key::CONTROL_TRADING).await;
    assert!(!matches!(now, Ok(Some(ref word)) if word.state != TradingState::Halted), "{now:?}");
    // And a person's next word counts, whatever stands there.
    words.put(key::CONTROL_TRADING, &control(TradingState::Reducing)).await.unwrap();
    let now = words.get(key::CONTROL_TRADING).await.unwrap().unwrap();
    assert_eq!(now.state, TradingState::Reducing);
}

#[tokio::test]
async fn a_holding_is_not_put_back_to_what_it_was() {
    let server = NatsServer::provisioned().await.unwrap();
    let executor = server.bus("executor").await.unwrap();
    let holdings = executor.kv::<Position>(&stream::POSITIONS);
    let apple = Symbol::parse("AAPL").unwrap();
    for average in [1, 2] {
        let mut position = Position::flat(apple.clone());
        position.average_price = average.into();
        holdings.put("AAPL", &position).await.unwrap();
    }
    let before = last_sequence(&executor, "KV_positions").await;
    for user in ["dashboard", "strategy"] {
        let thief = server.bus(user).await.unwrap();
        relay(&thief, "KV_positions", "$KV.positions.AAPL", "$KV.positions.AAPL").await;
    }
    assert_only_noise_since::<Position>(&server, "KV_positions", before).await;
}

#[tokio::test]
async fn a_page_cannot_sweep_away_the_leases_of_others() {
    let server = NatsServer::provisioned().await.unwrap();
    let executor = server.bus("executor").await.unwrap();
    let lease = executor.lease(key::LEASE_EXECUTOR, "one").await.unwrap();
    let page = server.bus("dashboard").await.unwrap();
    for scope in ["all", "sub"] {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Rollup", scope);
        let own = format!("$KV.leases.{}", key::lease_dashboard(1));
        page.client().publish_with_headers(own, headers, "x".into()).await.unwrap();
    }
    page.barrier().await.unwrap();
    let held = executor.kv::<Lease>(&stream::LEASES).get(key::LEASE_EXECUTOR).await.unwrap();
    assert_eq!(held.map(|lease| lease.holder).as_deref(), Some("one"));
    lease.release().await;
}

#[tokio::test]
async fn an_erased_word_stays_erased_and_the_next_one_counts() {
    let server = NatsServer::provisioned().await.unwrap();
    let person = server.bus("operator").await.unwrap();
    let executor = server.bus("executor").await.unwrap();
    let said = person.kv::<Control>(&stream::CONTROL);
    let heard = executor.kv::<Control>(&stream::CONTROL);
    for round in 0..3 {
        said.put(key::CONTROL_FLATTEN, &control(TradingState::Halted)).await.unwrap();
        assert!(heard.get(key::CONTROL_FLATTEN).await.unwrap().is_some(), "round {round}");
        heard.erase(key::CONTROL_FLATTEN).await.unwrap();
        assert_eq!(said.get(key::CONTROL_FLATTEN).await.unwrap(), None, "round {round}");
    }
}
