//! Real money takes the live feed, an armed account and passwords of one's own; one clear sentence for
//! each that is missing, and no order.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

mod support;

use executor::broker::trading212::{
    Environment, Settings, Trading212,
    client::{Credentials, Timeouts},
    matching::Patience,
};
use proto::Source;
use reqwest::Url;
use std::collections::BTreeMap;
use support::Running;
use testkit::{
    desk::Bench,
    trading212::{Fake, FakeConfig, Limits},
};

/// The number of the fake's live account.
const ACCOUNT: &str = "7654321";

/// Starts an executor on the live account; gives why it ends.
async fn refusal(bench: &Bench, fake: &Fake) -> String {
    let settings = Settings {
        environment: Environment::Live,
        base_url: Url::parse(&fake.live_url()).unwrap(),
        credentials: Credentials { key: "live-key".into(), secret: "live-secret".into() },
        timeouts: Timeouts::default(),
        cache_folder: None,
        pins: BTreeMap::new(),
        patience: Patience::default(),
    };
    let (account, _identity) = Trading212::connect(settings).await.unwrap();
    Running::start(bench, |_bus, _config| account).await.refusal().await
}

#[tokio::test]
async fn each_missing_condition_is_one_sentence_and_nothing_is_sent() {
    let bench = Bench::live().await;
    let fake = Fake::start(FakeConfig { limits: Limits::Off, ..FakeConfig::default() });
    let fake = fake.await.unwrap();
    assert!(refusal(&bench, &fake).await.contains("needs the polygon feed"));
    bench.feed(Source::Polygon).await;
    assert!(refusal(&bench, &fake).await.contains("no account is armed"));
    bench.arm("1").await;
    assert!(refusal(&bench, &fake).await.contains("account 1 is armed, the key is for"));
    bench.arm(ACCOUNT).await;
    assert!(refusal(&bench, &fake).await.contains("has the default password"));
    assert!(fake.orders().is_empty());
}
