//! A bucket that is kept at what was said last, through an outage.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use proto::{Control, TradingState, VERSION, stream, subject::key};
use runtime::{
    bus::Newest,
    testing::{NatsServer, SOON, eventually},
};

fn control(why: &str) -> Control {
    let by = "test".to_owned();
    Control { v: VERSION, state: TradingState::Active, by, why: why.to_owned(), at_ms: 1 }
}

#[tokio::test]
async fn the_newest_word_gets_there_through_an_outage_and_nobody_waits_for_it() {
    let mut server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("operator").await.unwrap();
    let newest = Newest::start(&bus, &stream::CONTROL);
    newest.say(key::CONTROL_TRADING, control("first"));
    newest.settle(key::CONTROL_TRADING).await;
    let kv = bus.kv::<Control>(&stream::CONTROL);
    assert_eq!(kv.get(key::CONTROL_TRADING).await.unwrap().unwrap().why, "first");
    server.kill();
    for number in 0..1_000 {
        newest.say(key::CONTROL_TRADING, control(&number.to_string()));
    }
    newest.say(key::CONTROL_TRADING, control("last"));
    server.restart().await.unwrap();
    let stored = eventually(SOON, async || {
        let control = kv.get(key::CONTROL_TRADING).await.ok().flatten();
        control.filter(|control| control.why == "last")
    });
    assert!(stored.await.is_some());
    // A thousand words were overtaken: few of them were ever stored.
    assert!(kv.revision(key::CONTROL_TRADING).await.unwrap() < 20);
}

#[tokio::test]
async fn every_key_has_its_own_last_word() {
    let server = NatsServer::provisioned().await.unwrap();
    let bus = server.bus("strategy").await.unwrap();
    let newest = Newest::start(&bus, &stream::LEVELS);
    let kv = bus.kv::<proto::Levels>(&stream::LEVELS);
    for (name, tick_seq) in [("AAPL", 1), ("SPY", 2), ("AAPL", 3)] {
        newest.say(name, levels(name, tick_seq));
    }
    for (name, tick_seq) in [("AAPL", 3), ("SPY", 2)] {
        newest.settle(name).await;
        assert_eq!(kv.get(name).await.unwrap(), Some(levels(name, tick_seq)));
    }
}

fn levels(name: &str, tick_seq: u64) -> proto::Levels {
    proto::Levels {
        v: VERSION,
        symbol: proto::Symbol::parse(name).unwrap(),
        ema_fast: 12,
        ema_slow: 26,
        entry: None,
        stop: None,
        trailing: false,
        take_profit: None,
        leave_by_ms: None,
        tick_seq,
    }
}
