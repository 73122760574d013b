//! The whole desk on a practice account, over HTTP: at the fake Trading212 every order is one of the
//! journal's, and an account that is not right is refused in one sentence before anything is sent.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

#[expect(dead_code, reason = "this page is only looked at")]
mod browser;

use anyhow::{Context as _, ensure};
use browser::Browser;
use e2e::{Desk, Journal, SOON, Setup};
use futures_util::StreamExt as _;
use proto::{
    BrokerMode, Control, OrderEvent, OrderState, Side, Tick, TradingState, decode, stream, subject,
};
use runtime::{
    bus::Bus,
    testing::{eventually, free_port},
};
use rust_decimal::{Decimal, prelude::FromPrimitive as _};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};
use tempfile::TempDir;
use testkit::trading212::{
    AccountConfig, ApiKey, Control as Steering, Endpoint, Fake, FakeConfig, Limit, Limits, Scope,
};

/// A desk with the keys of a fake. Its simulated feed is twenty times as fast, and it sells soon what
/// it has bought.
struct Practice {
    url: String,
    secret: &'static str,
    /// Where its list of instruments is kept.
    cache: TempDir,
}

impl Practice {
    fn at(url: String) -> Self {
        Self { url, secret: "demo-secret", cache: tempfile::tempdir().unwrap() }
    }

    fn setup(&self) -> Setup {
        let cache = format!("\"{}\"", self.cache.path().display());
        Setup::new()
            .set("ingest.toml", "speed", "20.0")
            .set("strategy.toml", "max_holding", "\"1m\"")
            .set("executor.toml", "cache", &cache)
            .variable("TRADING212_BASE_URL", &self.url)
            .variable("TRADING212_API_KEY", "demo-key")
            .variable("TRADING212_API_SECRET", self.secret)
    }

    /// Starts a desk that refuses the account; gives its exit code and the one sentence it says.
    async fn refusal(&self) -> (i32, String) {
        let (code, said) = Desk::launch(self.setup()).unwrap().ended().await.unwrap();
        (code, sentence(&said))
    }
}

/// The one fault of a refusal, from what a desk said at its end.
fn sentence(said: &str) -> String {
    let faults = said.lines().skip_while(|line| !line.starts_with("configuration refused, 1 "));
    let faults: Vec<&str> = faults.skip(1).take_while(|line| line.starts_with(' ')).collect();
    assert_eq!(faults.len(), 1, "one sentence in\n{said}");
    assert!(!said.contains("-secret"), "a secret in\n{said}");
    faults.concat().trim().to_owned()
}

/// Sets the price of every tick at the fake, so that the two agree what things cost.
async fn same_prices(bus: Bus, fake: Steering) {
    let mut ticks = bus.subscribe(subject::TICKS.to_owned()).await.unwrap();
    while let Some(message) = ticks.next().await {
        let tick: Tick = decode(&message.payload).unwrap();
        let ticker = fake.us_ticker(tick.symbol.as_str()).unwrap();
        fake.set_price(&ticker, Decimal::from_f64(tick.price).unwrap());
    }
}

/// Waits until so many orders of a side were filled.
async fn filled(bus: &Bus, side: Side, orders: usize) -> anyhow::Result<()> {
    let done = async || {
        let journal = Journal::read(bus).await.ok()?;
        let filled = |event: &&OrderEvent| event.side == side && event.state == OrderState::Filled;
        (journal.events.iter().filter(filled).count() >= orders).then_some(())
    };
    eventually(SOON * 2, done).await.with_context(|| format!("{orders} {side:?} orders are filled"))
}

/// Stops trading and waits until every intent has come to its end.
async fn at_rest(bus: &Bus) -> anyhow::Result<Journal> {
    let control = Control {
        v: 1,
        state: TradingState::Halted,
        by: "tester".to_owned(),
        why: "to look at the books".to_owned(),
        at_ms: runtime::clock::now_ms(),
    };
    bus.kv(&stream::CONTROL).put(subject::key::CONTROL_TRADING, &control).await?;
    let rest = async || {
        let journal = Journal::read(bus).await.ok()?;
        let states = journal.last_states();
        let ended = states.values().all(|state| state.is_final());
        (ended && states.len() == journal.intents.len()).then_some(journal)
    };
    eventually(SOON * 2, rest).await.context("every intent comes to its end")
}

/// The fake has the journal's orders and no other, and both have the same shares.
fn same_orders(fake: &Fake, journal: &Journal) -> anyhow::Result<()> {
    let there: BTreeSet<String> = fake.orders().iter().map(|order| order.id.to_string()).collect();
    let events = || journal.events.iter();
    let here: BTreeSet<String> = events().filter_map(|e| e.broker_order_id.clone()).collect();
    ensure!(there == here, "at Trading212 {there:?}, in the journal {here:?}");
    let states = journal.last_states();
    let never_there = [OrderState::Refused, OrderState::Rejected];
    let taken = states.values().filter(|state| !never_there.contains(state)).count();
    ensure!(taken == there.len(), "{} orders at Trading212, {taken} in the journal", there.len());
    for (symbol, held) in journal.holdings() {
        let ticker = fake.us_ticker(symbol.as_str()).context("its ticker")?;
        let there = fake.held(&ticker);
        ensure!(there == held, "{symbol}: {held} by the journal, {there} at Trading212");
    }
    Ok(())
}

/// Every order that was filled says where, as what and as whose.
fn fills_say_where(journal: &Journal) -> anyhow::Result<()> {
    for event in journal.events.iter().filter(|event| event.state == OrderState::Filled) {
        let of_order = || journal.events.iter().filter(|other| other.order_id == event.order_id);
        ensure!(of_order().any(|event| event.broker_order_id.is_some()), "no id: {event:?}");
        let venue = of_order().find_map(|event| event.venue.as_ref()).context("no venue")?;
        ensure!(venue.mode == BrokerMode::Demo && venue.account_id == "1234567", "{venue:?}");
        ensure!(venue.ticker.ends_with("_US_EQ") && venue.currency == "USD", "{venue:?}");
    }
    Ok(())
}

/// The page says whose money it is, and shows orders.
async fn page_says_demo(desk: &Desk) {
    let port = desk.page_port(0);
    let demo = async || {
        let answer = reqwest::get(format!("http://127.0.0.1:{port}/api/snapshot")).await.ok()?;
        let snapshot: Value = answer.json().await.ok()?;
        (snapshot.pointer("/desk/mode")? == "demo").then_some(())
    };
    eventually(SOON, demo).await.unwrap();
    let browser = Browser::start().await.unwrap();
    browser.open(&format!("http://127.0.0.1:{port}/")).await;
    browser.until("document.querySelector('[data-part=mode]').textContent === 'DEMO'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_trades_a_practice_account_and_refuses_it_in_another_currency() {
    let listen = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    // The documented limit of looking at what was filled, in a tenth of the time.
    let limit = BTreeMap::from([(Endpoint::HistoryOrders, Limit { count: 6, period_s: 6 })]);
    let limits = Limits::Enforced(limit);
    let fake = Fake::start(FakeConfig { listen, limits, ..FakeConfig::default() }).await.unwrap();
    let practice = Practice::at(fake.url());
    let mut desk = Desk::start(practice.setup()).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    let prices = tokio::spawn(same_prices(bus.clone(), fake.control()));
    page_says_demo(&desk).await;
    filled(&bus, Side::Buy, 2).await.unwrap();
    filled(&bus, Side::Sell, 1).await.unwrap();
    let journal = at_rest(&bus).await.unwrap();
    journal.check().unwrap();
    journal.check_positions(&bus).await.unwrap();
    same_orders(&fake, &journal).unwrap();
    fills_say_where(&journal).unwrap();
    assert_eq!(fake.limited(), 0, "never one call too many");

    prices.abort();
    desk.hold_down("executor").unwrap();
    drop(fake);
    let euros = another_account(listen, AccountConfig::demo().with_cash(100_000, "EUR")).await;
    desk.release("executor").unwrap();
    let (code, said) = desk.ended().await.unwrap();
    let why = sentence(&said);
    assert_eq!(code, 64, "{said}");
    assert!(why.contains("USD") && why.contains("EUR"), "{why}");
    assert!(euros.requests().iter().any(|request| request.status == Some(200)), "it was asked");
    nothing_was_sent(&euros);
}

/// A fake where another one was a moment ago.
async fn another_account(listen: SocketAddr, account: AccountConfig) -> Fake {
    let started = eventually(SOON, async || {
        let config =
            FakeConfig { listen, accounts: vec![account.clone()], ..FakeConfig::default() };
        Fake::start(config).await.ok()
    });
    started.await.unwrap()
}

fn nothing_was_sent(fake: &Fake) {
    assert_eq!(fake.orders().len(), 0);
    assert!(!fake.requests().iter().any(|request| request.method == "POST"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_wrong_or_may_too_little_ends_the_desk_with_one_sentence() {
    let fake = Fake::start(FakeConfig::default()).await.unwrap();
    let wrong = Practice { secret: "no-secret-of-it", ..Practice::at(fake.url()) };
    let (code, why) = wrong.refusal().await;
    assert_eq!(code, 64, "{why}");
    assert!(why.contains("refuses the key"), "{why}");
    nothing_was_sent(&fake);

    let mut account = AccountConfig::demo();
    account.keys = vec![ApiKey::new("demo-key", "demo-secret").without(Scope::OrdersExecute)];
    let config = FakeConfig { accounts: vec![account], ..FakeConfig::default() };
    let fake = Fake::start(config).await.unwrap();
    let (code, why) = Practice::at(fake.url()).refusal().await;
    assert_eq!(code, 64, "{why}");
    assert!(why.contains("orders:execute"), "{why}");
    nothing_was_sent(&fake);

    let (code, why) = Practice::at(fake.live_url()).refusal().await;
    assert_eq!(code, 64, "{why}");
    assert!(why.contains("environment"), "{why}");
    nothing_was_sent(&fake);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_cannot_be_reached_is_said_and_asked_again_until_it_is_there() {
    let listen = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let practice = Practice::at(format!("http://{listen}/api/v0"));
    let desk = Desk::start(practice.setup()).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    let ended = async || desk.logs().contains("executor ended with 1,").then(|| desk.logs());
    let logs = eventually(SOON, ended).await.unwrap();
    let told = |line: &&str| line.contains("Trading212 gives no answer at 127.0.0.1: ");
    assert_eq!(logs.lines().filter(told).count(), 1, "one sentence in\n{logs}");
    assert!(Journal::read(&bus).await.unwrap().events.is_empty(), "nothing was sent");

    let fake = another_account(listen, AccountConfig::demo()).await;
    filled(&bus, Side::Buy, 1).await.unwrap();
    same_orders(&fake, &at_rest(&bus).await.unwrap()).unwrap();
}
