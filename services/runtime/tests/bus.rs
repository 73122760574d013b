//! The bus against a real nats-server with the desk's real configuration.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use proto::{Control, TradingState, VERSION, stream, subject};
use runtime::{
    bus::{Bus, Expect, LeaseEvent, PublishError, Start},
    testing::{NatsServer, SOON, bus_config, eventually, free_port},
};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn control(why: &str) -> Control {
    let by = "test".to_owned();
    Control { v: VERSION, state: TradingState::Active, by, why: why.to_owned(), at_ms: 1 }
}

/// Publishes `count` numbered messages on one subject.
async fn publish_numbers(bus: &Bus, from: u64, count: u64) {
    for number in from..from + count {
        let payload = number.to_string().into_bytes();
        bus.publish_stored("orders.AAPL.N", payload, Expect::Anything).await.unwrap();
    }
}

#[tokio::test]
async fn provision_can_run_again_and_services_find_what_the_table_says() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("provision").await.unwrap();
    runtime::bus::provision(&bus, 1).await.unwrap();
    bus.verify(&stream::STREAMS, &stream::BUCKETS).await.unwrap();
}

#[tokio::test]
async fn a_service_refuses_a_bus_that_was_not_provisioned() {
    let server = NatsServer::start().await.unwrap();
    let bus = server.bus("executor").await.unwrap();
    let error = bus.verify(&[stream::ORDERS], &[]).await.unwrap_err();
    assert!(format!("{error:#}").contains("has provision run?"), "{error:#}");
}

#[tokio::test]
async fn a_reader_misses_nothing_when_the_server_is_killed() {
    let mut server = NatsServer::provisioned().await.unwrap();
    let writer = server.bus("executor").await.unwrap();
    let reading = server.bus("dashboard").await.unwrap();
    let mut reader =
        reading.read(stream::ORDERS.name, vec![subject::ORDERS.to_owned()], Start::Beginning);
    publish_numbers(&writer, 0, 50).await;
    for expected in 0..30 {
        assert_eq!(reader.next().await.payload, expected.to_string().into_bytes());
    }
    server.kill();
    server.restart().await.unwrap();
    publish_numbers(&writer, 50, 10).await;
    for expected in 30..60 {
        let next = tokio::time::timeout(SOON, reader.next()).await.unwrap();
        assert_eq!(next.payload, expected.to_string().into_bytes());
    }
}

#[tokio::test]
async fn history_is_finite_and_begins_where_asked() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("executor").await.unwrap();
    let reader = server.bus("dashboard").await.unwrap();
    let all = || reader.history("ORDERS", "orders.AAPL.*".to_owned(), Start::Beginning);
    assert!(all().await.unwrap().is_empty());
    publish_numbers(&bus, 0, 1_200).await;
    assert_eq!(all().await.unwrap().len(), 1_200);
    let tail = reader.history("ORDERS", "orders.AAPL.*".to_owned(), Start::At(1_191));
    let tail = tail.await.unwrap();
    assert_eq!(tail.len(), 10);
}

#[tokio::test]
async fn compare_and_set_lets_exactly_one_writer_through() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("executor").await.unwrap();
    let claim = |text: &str| {
        let payload = text.as_bytes().to_vec();
        let bus = bus.clone();
        async move { bus.publish_stored("orders.AAPL.X", payload, Expect::SubjectAt(0)).await }
    };
    let (first, second) = tokio::join!(claim("one"), claim("two"));
    assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
    let lost = first.err().or(second.err()).unwrap();
    assert!(matches!(lost, PublishError::Conflict { .. }), "{lost}");
    let winner = bus.last("ORDERS", "orders.AAPL.X").await.unwrap().unwrap();
    assert_eq!(winner.position, 1);
    assert!(bus.last("ORDERS", "orders.AAPL.Y").await.unwrap().is_none());
}

#[tokio::test]
async fn a_message_id_is_stored_once_even_across_a_crash() {
    let mut server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("strategy").await.unwrap();
    let send = || bus.publish_stored("intents.AAPL", vec![1], Expect::NewId("A".to_owned()));
    let first = send().await.unwrap();
    server.kill();
    server.restart().await.unwrap();
    assert_eq!(send().await.unwrap(), first);
}

#[tokio::test]
async fn a_watch_begins_with_present_values_and_sees_changes() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("executor").await.unwrap();
    let kv = bus.kv::<Control>(&stream::CONTROL);
    assert_eq!(kv.get("trading").await.unwrap(), None);
    kv.put("trading", &control("a")).await.unwrap();
    kv.put("trading", &control("b")).await.unwrap();
    let mut watch = kv.watch(&[">".to_owned()]);
    assert_eq!(watch.next().await.value.unwrap().why, "b");
    kv.put("trading", &control("c")).await.unwrap();
    let entry = watch.next().await;
    assert_eq!((entry.key.as_str(), entry.value.unwrap().why.as_str()), ("trading", "c"));
    assert_eq!(kv.get("trading").await.unwrap().unwrap().why, "c");
}

#[tokio::test]
async fn a_released_lease_is_free_at_once_and_a_held_one_is_not() {
    let server = NatsServer::provisioned().await.unwrap();
    let (one, two) = (server.bus("executor").await.unwrap(), server.bus("executor").await.unwrap());
    let held = one.try_lease("executor", "one").await.unwrap().unwrap();
    assert!(held.secure());
    assert!(two.try_lease("executor", "two").await.unwrap().is_none());
    held.release().await;
    let taken = two.try_lease("executor", "two").await.unwrap().unwrap();
    assert!(taken.secure());
}

#[tokio::test]
async fn an_abandoned_lease_runs_out_and_passes_to_the_next() {
    let server = NatsServer::provisioned().await.unwrap();
    let (one, two) = (server.bus("executor").await.unwrap(), server.bus("executor").await.unwrap());
    drop(one.try_lease("executor", "one").await.unwrap().unwrap());
    assert!(
        two.try_lease("executor", "two").await.unwrap().is_none(),
        "nobody knows that one died"
    );
    let taken = tokio::time::timeout(SOON, two.lease("executor", "two")).await.unwrap().unwrap();
    assert!(taken.secure());
}

#[tokio::test]
async fn the_lease_of_a_process_that_is_provably_gone_is_taken_at_once() {
    let server = NatsServer::provisioned().await.unwrap();
    let (one, two) = (server.bus("executor").await.unwrap(), server.bus("executor").await.unwrap());
    let mut dead = std::process::Command::new("true").spawn().unwrap();
    let me = runtime::bus::identity("executor");
    let gone = me.replace(&format!("/{}/", std::process::id()), &format!("/{}/", dead.id()));
    dead.wait().unwrap();
    let held = one.try_lease("executor", &gone).await.unwrap().unwrap();
    assert!(two.try_lease("executor", &me).await.unwrap().unwrap().secure());
    drop(held);
}

#[tokio::test]
async fn a_holder_that_cannot_renew_fences_itself_and_learns_what_became_of_its_lease() {
    let mut server = NatsServer::provisioned().await.unwrap();
    let one = server.bus("executor").await.unwrap();
    let mut held = one.try_lease("executor", "one").await.unwrap().unwrap();
    server.kill();
    eventually(SOON, async || (!held.secure()).then_some(())).await.unwrap();
    server.restart().await.unwrap();
    // Either it renewed in time, without a break, or it knows that there was one.
    eventually(SOON, async || held.secure().then_some(())).await.unwrap();
    let told = tokio::time::timeout(Duration::ZERO, held.changed()).await;
    assert!(matches!(told, Err(_) | Ok(LeaseEvent::Broken)), "{told:?}");
}

#[tokio::test]
async fn a_wrong_password_is_a_clear_error_not_a_hang() {
    let server = NatsServer::start().await.unwrap();
    let wrong = server.bus_config("operator").unwrap().with_password("wrong");
    let wrong = wrong.deadline(Duration::from_millis(500));
    let error = format!("{:#}", Bus::connect(&wrong).await.err().unwrap());
    assert!(error.contains("NATS_OPERATOR_PASSWORD"), "{error}");
}

#[tokio::test]
async fn default_passwords_are_found_out() {
    let server = NatsServer::start().await.unwrap();
    let config = server.bus_config("executor").unwrap();
    assert!(config.knows_default_password("ingest").await.unwrap());
    assert!(!config.knows_default_password("nobody").await.unwrap());
}

#[tokio::test]
async fn who_cannot_be_asked_about_a_default_password_is_no_proof_of_another() {
    let mut server = NatsServer::start().await.unwrap();
    let (alive, away) = (server.url(), format!("nats://127.0.0.1:{}", free_port().unwrap()));
    let several = bus_config("executor", &format!("{away},{alive}")).unwrap();
    assert!(several.knows_default_password("ingest").await.unwrap(), "the second is asked too");
    assert!(!several.knows_default_password("nobody").await.unwrap());
    server.kill();
    let error = several.knows_default_password("ingest").await.unwrap_err();
    assert!(format!("{error:#}").contains("whether ingest has the default password"), "{error:#}");
}

#[tokio::test]
async fn a_server_too_busy_to_judge_a_password_gives_no_answer() {
    let busy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", busy.local_addr().unwrap());
    let config = bus_config("executor", &url).unwrap();
    let (asked, ()) = tokio::join!(config.knows_default_password("ingest"), async {
        let (mut client, _) = busy.accept().await.unwrap();
        let info = "INFO {\"server_id\":\"x\",\"version\":\"2.15.1\",\"max_payload\":1048576}\r\n";
        client
            .write_all(format!("{info}-ERR 'Authentication Timeout'\r\n").as_bytes())
            .await
            .unwrap();
        // Read to its end, so that what was said is not lost with the connection.
        client.read_to_end(&mut Vec::new()).await.unwrap_or_default();
    });
    let words = format!("{:#}", asked.unwrap_err());
    assert!(words.contains("Authentication Timeout"), "{words}");
}
