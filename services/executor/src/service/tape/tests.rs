//! The tape against a real bus, on which somebody repeats what was said.

use super::*;
use crate::test_support::tick;
use proto::encode;
use runtime::testing::NatsServer;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

async fn next(tape: &mut Tape) -> (u64, u64) {
    let tick = tokio::time::timeout(SOON, tape.next_up_to(u64::MAX)).await.unwrap();
    (tick.seq, tape.position())
}

#[tokio::test]
async fn an_old_tick_that_is_delivered_to_the_stream_again_is_passed_over() {
    let server = NatsServer::provisioned().await.unwrap();
    let ingest = server.bus("ingest").await.unwrap();
    let page = server.bus("dashboard").await.unwrap();
    let say = async |seq, price| {
        let payload = encode(&tick("AAPL", seq, price)).unwrap();
        assert!(ingest.publish_now(subject::tick(&tick("AAPL", seq, price).symbol), payload).await);
        ingest.barrier().await.unwrap();
    };
    say(1, 100.0).await;
    say(2, 200.0).await;
    let create = r#"{"stream_name":"TICKS","action":"","config":{"name":"again","filter_subject":"ticks.AAPL",
        "deliver_policy":"all","ack_policy":"none","mem_storage":true,"inactive_threshold":60000000000}}"#;
    let api = "$JS.API.CONSUMER.CREATE.TICKS.again.ticks.AAPL";
    page.client().request(api, create.into()).await.unwrap();
    let (next_api, onto) = ("$JS.API.CONSUMER.MSG.NEXT.TICKS.again", "ticks.AAPL");
    page.client().publish_with_reply(next_api, onto, r#"{"batch":2}"#.into()).await.unwrap();
    page.barrier().await.unwrap();
    let mut echoed = page.read("TICKS", vec![subject::TICKS.to_owned()], Start::At(3));
    let first_echo = tokio::time::timeout(SOON, echoed.next()).await.unwrap();
    assert_eq!(proto::decode::<Tick>(&first_echo.payload).unwrap().seq, 1, "the server repeats it");
    say(3, 300.0).await;

    let mut tape = Tape::after(&server.bus("executor").await.unwrap(), 0);
    assert_eq!(next(&mut tape).await, (1, 1));
    assert_eq!(next(&mut tape).await, (2, 2));
    assert_eq!(next(&mut tape).await.0, 3, "the two echoes between are no prices");
}
