//! What only a person may decide: that real money is traded, and what became of an order that nobody
//! can find.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

mod support;

use executor::broker::trading212::{
    Environment, Settings, Trading212,
    client::{Credentials, Timeouts},
    matching::Patience,
};
use proto::{Account, OrderState, Side, Source, TradingState, Verdict, stream, subject::key};
use reqwest::Url;
use std::{collections::BTreeMap, time::Duration};
use support::Running;
use testkit::{
    desk::{Bench, intent},
    trading212::{
        AccountConfig, Endpoint, Fake, FakeConfig, Fault, Hours, Limits, OrderTypes, Timing,
    },
};

/// The number of the fake's live account.
const ACCOUNT: &str = "7654321";

/// The fake's live account, or its practice one.
fn settings(fake: &Fake, environment: Environment) -> Settings {
    let (url, word) = match environment {
        Environment::Live => (fake.live_url(), "live"),
        Environment::Demo => (fake.url(), "demo"),
    };
    let (key, secret) = (format!("{word}-key").into(), format!("{word}-secret").into());
    Settings {
        environment,
        base_url: Url::parse(&url).unwrap(),
        credentials: Credentials { key, secret },
        timeouts: Timeouts { order: Duration::from_millis(1_500), ..Timeouts::default() },
        cache_folder: None,
        pins: BTreeMap::new(),
        // Nothing is called absent while a test lasts: a person must say it.
        patience: Patience {
            absent_after: Duration::from_hours(1),
            haste: 50,
            ..Patience::default()
        },
    }
}

async fn executor(bench: &Bench, fake: &Fake, environment: Environment) -> Running {
    let (account, _identity) = Trading212::connect(settings(fake, environment)).await.unwrap();
    Running::start(bench, |_bus, _config| account).await
}

async fn fake() -> Fake {
    fake_with(100_000).await
}

/// A fake whose practice account begins with so many dollars.
async fn fake_with(cash: i64) -> Fake {
    let config = FakeConfig {
        accounts: vec![AccountConfig::demo().with_cash(cash, "USD"), AccountConfig::live()],
        timing: Timing::immediate(),
        limits: Limits::Off,
        hours: Hours::AlwaysOpen,
        ..FakeConfig::default()
    };
    Fake::start(config).await.unwrap()
}

#[tokio::test]
async fn each_missing_condition_is_one_sentence_and_nothing_is_sent() {
    let bench = Bench::live().await;
    let fake = fake().await;
    let refusal = async || executor(&bench, &fake, Environment::Live).await.refusal().await;
    assert!(refusal().await.contains("needs the polygon feed"));
    bench.feed(Source::Polygon).await;
    assert!(refusal().await.contains("no account is armed"));
    bench.arm("1").await;
    assert!(refusal().await.contains("account 1 is armed, the key is for"));
    bench.arm(ACCOUNT).await;
    assert!(refusal().await.contains("has the default password"));
    assert!(fake.orders().is_empty());
}

#[tokio::test]
async fn a_live_account_is_asked_which_orders_it_takes_and_none_comes_to_be() {
    for (types, refused) in
        [(OrderTypes::All, &[][..]), (OrderTypes::MarketOnly, &["LIMIT", "STOP", "STOP_LIMIT"])]
    {
        let live = AccountConfig { order_types: types, ..AccountConfig::live() };
        let config = FakeConfig {
            accounts: vec![AccountConfig::demo(), live],
            limits: Limits::Off,
            ..FakeConfig::default()
        };
        let fake = Fake::start(config).await.unwrap();
        let account = Trading212::open(settings(&fake, Environment::Live)).await.unwrap();
        assert_eq!(account.refused_kinds().collect::<Vec<_>>(), refused);
        assert!(fake.of(7_654_321).orders().is_empty());
    }
}

/// An intent whose order got no answer, up to the moment when the desk says so.
async fn unanswered(bench: &Bench, fake: &Fake, fault: Fault) -> proto::OrderId {
    fake.set_price("AAPL_US_EQ", 100);
    fake.fault(fault).on(Endpoint::PostMarket).once();
    let wish = intent(&bench.tick("AAPL", 100.0).await, Side::Buy, 10);
    bench.publish_intent(&wish).await;
    bench.wait_state("AAPL", OrderState::Unknown).await;
    wish.id
}

#[tokio::test]
async fn a_small_account_and_a_payment_out_are_no_loss() {
    let (bench, fake) = (Bench::live().await, fake_with(5_000).await);
    let running = executor(&bench, &fake, Environment::Demo).await;
    fake.set_price("AAPL_US_EQ", 100);
    for paid_out in [0, 3_000] {
        fake.deposit(-paid_out);
        let wish = intent(&bench.tick("AAPL", 100.0).await, Side::Buy, 1);
        bench.publish_intent(&wish).await;
        bench.wait_order(&wish, OrderState::Filled).await;
        let poorer = |account: &Account| account.cash < (5_000 - paid_out).into();
        let account = bench.wait_kv(&stream::ACCOUNT, key::ACCOUNT_SUMMARY, poorer).await;
        assert!(account.peak_equity <= (5_000 - paid_out).into() || paid_out == 0, "{account:?}");
        bench.tick("AAPL", 100.0).await;
    }
    assert_eq!(bench.trading().await.state, TradingState::Active);
    running.stop().await;
}

#[tokio::test]
async fn a_person_settles_an_order_that_never_arrived_and_the_symbol_trades_again() {
    let (bench, fake) = (Bench::live().await, fake().await);
    let running = executor(&bench, &fake, Environment::Demo).await;
    let id = unanswered(&bench, &fake, Fault::TimeoutBeforeAccept).await;
    bench.settle(&id, Verdict::Absent).await;
    let events = bench.wait_state("AAPL", OrderState::Absent).await;
    let words = events.last().unwrap().message.clone().unwrap();
    assert!(words.contains("tester") && words.contains("seen in the app"), "{words}");
    let again = intent(&bench.tick("AAPL", 100.0).await, Side::Buy, 10);
    bench.publish_intent(&again).await;
    bench.wait_order(&again, OrderState::Filled).await;
    assert_eq!(fake.orders().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_person_settles_an_order_as_placed_and_it_is_followed_to_its_fill() {
    let (bench, fake) = (Bench::live().await, fake().await);
    let running = executor(&bench, &fake, Environment::Demo).await;
    // It arrived, and no list shows it: only a person can know.
    fake.fault(Fault::EmptyLists).on(Endpoint::Orders).always();
    fake.fault(Fault::EmptyLists).on(Endpoint::HistoryOrders).always();
    let id = unanswered(&bench, &fake, Fault::AcceptThenTimeout).await;
    let number = fake.orders().first().unwrap().id.to_string();
    bench.settle(&id, Verdict::Placed { broker_order_id: number }).await;
    bench.wait_state("AAPL", OrderState::Accepted).await;
    fake.clear_faults();
    bench.wait_state("AAPL", OrderState::Filled).await;
    assert_eq!(fake.orders().len(), 1);
    running.stop().await;
}
