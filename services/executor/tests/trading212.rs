//! The Trading212 broker against the fake Trading212, over real HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at the first thing that is wrong"
)]

mod burst;

use executor::broker::{
    SubmitError,
    trading212::{
        ConnectError, Environment, Placed, Prepared, Settings, Trading212,
        client::{CancelAsked, Credentials, Timeouts},
        error::CallError,
        life::News,
        matching::{Patience, Verdict},
        request::{OrderKind, Validity},
    },
};
use proto::{Decimal, Indicators, Intent, IntentKind, OrderId, Reason, Side, Symbol};
use reqwest::Url;
use runtime::testing::SOON;
use std::{collections::BTreeMap, time::Duration};
use testkit::trading212::{
    AccountConfig, ApiKey, AppOrder, Endpoint, Fake, FakeConfig, Fault, Limits, Paging, Precision,
    Scope, Timing,
};

const AAPL: &str = "AAPL_US_EQ";

fn quick() -> FakeConfig {
    FakeConfig { timing: Timing::immediate(), limits: Limits::Off, ..FakeConfig::default() }
}

fn settings(url: &str) -> Settings {
    Settings {
        environment: Environment::Demo,
        base_url: Url::parse(url).unwrap(),
        credentials: Credentials { key: "demo-key".into(), secret: "demo-secret".into() },
        timeouts: Timeouts {
            connect: Duration::from_secs(2),
            order: Duration::from_millis(1_500),
            read: Duration::from_millis(1_500),
            list: Duration::from_secs(5),
        },
        cache_folder: None,
        pins: BTreeMap::new(),
        patience: Patience {
            absent_after: Duration::from_secs(3),
            apart: Duration::from_millis(500),
            haste: 40,
        },
    }
}

async fn start(config: FakeConfig) -> (Fake, Trading212) {
    let fake = Fake::start(config).await.unwrap();
    let (broker, _) = Trading212::connect(settings(&fake.url())).await.unwrap();
    (fake, broker)
}

fn intent(text: &str, seq: u64, side: Side, shares: &str) -> Intent {
    let symbol = Symbol::parse(text).unwrap();
    let now_ms = runtime::clock::now_ms();
    Intent {
        v: 1,
        id: OrderId::derive(&symbol, seq, side),
        symbol,
        side,
        kind: if side == Side::Buy { IntentKind::Entry } else { IntentKind::Exit },
        quantity: shares.parse().unwrap(),
        price: 100.0,
        tick_seq: seq,
        position: seq,
        time_ns: now_ms * 1_000_000,
        valid_until_ms: now_ms + 60_000,
        reason: Reason::CrossUp,
        indicators: Indicators::default(),
        strategy: "test".to_owned(),
        revision: "0".to_owned(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a gate that is always open")]
fn pass() -> Result<(), String> {
    Ok(())
}

fn buy(broker: &mut Trading212, symbol: &str, seq: u64) -> Prepared {
    let intent = intent(symbol, seq, Side::Buy, "10");
    broker.prepare_order(&intent, Decimal::ZERO, OrderKind::MARKET).unwrap()
}

fn follow(broker: &mut Trading212, order: &Prepared, placed: &Placed) {
    let signed = if order.side == Side::Buy { placed.quantity } else { -placed.quantity };
    broker.follow_order(order.order_id.clone(), placed.id, signed, order.sent_ms);
}

async fn news(broker: &mut Trading212) -> News {
    tokio::time::timeout(SOON, broker.next_news()).await.unwrap().1
}

/// Drives the looking until the fate is known.
async fn settle(broker: &mut Trading212, order: &Prepared) -> Verdict {
    let settled = async {
        loop {
            match broker.find_order(order) {
                Verdict::NotYet => {}
                verdict => return verdict,
            }
            // Dropped at its deadline on purpose, in the middle of whatever it is at.
            let driving = broker.next_news();
            drop(tokio::time::timeout(Duration::from_millis(20), driving).await);
        }
    };
    tokio::time::timeout(SOON, settled).await.unwrap()
}

#[tokio::test]
async fn an_order_is_placed_followed_and_filled_with_price_and_fees() {
    let account = AccountConfig::demo().with_cash(100_000, "EUR");
    let (fake, mut broker) = start(FakeConfig { accounts: vec![account], ..quick() }).await;
    let order = buy(&mut broker, "META", 4);
    assert_eq!(order.ticker, "FB_US_EQ");
    let placed = broker.place(&order, &pass).await.unwrap();
    follow(&mut broker, &order, &placed);
    let News::Traded(trade) = news(&mut broker).await else { panic!() };
    let fill = fake.fills().remove(0);
    assert_eq!((trade.quantity, trade.price), (placed.quantity, fill.price));
    assert!(trade.fee > Decimal::ZERO, "conversion costs");
    assert_eq!(trade.value.unwrap() + trade.fee, fill.net_value.abs());
    assert_eq!(fake.orders().len(), 1);
    assert!(broker.waiting().is_empty());
}

#[tokio::test]
async fn everything_that_was_bought_can_be_sold() {
    let (fake, mut broker) = start(quick()).await;
    let order = buy(&mut broker, "SOFI", 4);
    let placed = broker.place(&order, &pass).await.unwrap();
    let held = fake.held("IPOE_US_EQ");
    assert_eq!(held, placed.quantity);
    let wish = intent("SOFI", 5, Side::Sell, &held.to_string());
    let sale = broker.prepare_order(&wish, held, OrderKind::MARKET).unwrap();
    let sold = broker.place(&sale, &pass).await.unwrap();
    follow(&mut broker, &sale, &sold);
    assert!(matches!(news(&mut broker).await, News::Traded(trade) if trade.quantity == held));
    assert_eq!(fake.held("IPOE_US_EQ"), Decimal::ZERO);
}

/// The fault meets the one call; whatever it did, the fate is found and nothing is sent twice.
async fn check_unknown(fault: Fault) {
    let (fake, mut broker) = start(quick()).await;
    let order = buy(&mut broker, "AAPL", 4);
    fake.fault(fault.clone()).on(Endpoint::PostMarket).once();
    let outcome = broker.place(&order, &pass).await;
    assert!(matches!(outcome, Err(SubmitError::Unknown(_))), "{fault:?}: {outcome:?}");
    let posted = |path: &str| fake.requests().iter().filter(|r| r.path.ends_with(path)).count();
    assert_eq!(posted("/orders/market"), 1, "{fault:?}");
    let verdict = settle(&mut broker, &order).await;
    let existing: Vec<i64> = fake.orders().iter().map(|order| order.id).collect();
    match verdict {
        Verdict::Present(id, quantity) => {
            assert_eq!(existing, [id], "{fault:?}");
            follow(&mut broker, &order, &Placed { id, quantity });
            assert!(matches!(news(&mut broker).await, News::Traded(_)), "{fault:?}");
        }
        Verdict::Absent(_) => assert!(existing.is_empty(), "{fault:?}"),
        Verdict::Ambiguous(_) | Verdict::NotYet => panic!("{fault:?}: {verdict:?}"),
    }
    assert_eq!(posted("/orders/market"), 1, "{fault:?}");
}

#[tokio::test]
async fn every_unknown_outcome_is_found_out_and_nothing_is_sent_twice() {
    let faults = Fault::unknown_outcomes().into_iter();
    futures_util::future::join_all(faults.map(check_unknown)).await;
}

#[tokio::test]
async fn a_refused_key_is_definite_and_reported() {
    let (fake, mut broker) = start(quick()).await;
    for fault in [Fault::Unauthorized, Fault::ForbiddenHtml] {
        fake.fault(fault).on(Endpoint::PostMarket).once();
        let order = buy(&mut broker, "AAPL", 4);
        let outcome = broker.place(&order, &pass).await;
        assert!(matches!(outcome, Err(SubmitError::Rejected(_))), "{outcome:?}");
        assert!(broker.take_fault().is_some());
    }
    assert!(fake.orders().is_empty());
}

#[tokio::test]
async fn decimals_are_learned_and_remembered_whichever_way_the_number_is_meant() {
    for precision in [Precision::Allowed, Precision::Refused] {
        let precisions = BTreeMap::from([(AAPL.to_owned(), 0)]);
        let folder = tempfile::tempdir().unwrap();
        let fake = Fake::start(FakeConfig { precisions, precision, ..quick() }).await.unwrap();
        let settings =
            Settings { cache_folder: Some(folder.path().to_owned()), ..settings(&fake.url()) };
        let (mut broker, _) = Trading212::connect(settings.clone()).await.unwrap();
        let wish = intent("AAPL", 4, Side::Buy, "10.25");
        let order = broker.prepare_order(&wish, Decimal::ZERO, OrderKind::MARKET).unwrap();
        let placed = broker.place(&order, &pass).await.unwrap();
        assert!(placed.quantity <= order.asked && placed.quantity.scale() == 0);
        assert!(order.sent().quantities.contains(&placed.quantity), "recognisable after a crash");
        drop(broker);
        let (mut broker, _) = Trading212::connect(settings).await.unwrap();
        let order = broker.prepare_order(&wish, Decimal::ZERO, OrderKind::MARKET).unwrap();
        assert_eq!(order.quantity, placed.quantity, "{precision:?}");
        assert_eq!(fake.orders().len(), 1);
    }
}

#[tokio::test]
async fn a_gate_that_closes_holds_the_order_back() {
    let (fake, mut broker) = start(quick()).await;
    let order = buy(&mut broker, "AAPL", 4);
    let outcome = broker.place(&order, &|| Err("the lease was in doubt".to_owned())).await;
    assert!(matches!(outcome, Err(SubmitError::Rejected(_))), "{outcome:?}");
    assert!(fake.orders().is_empty());
    assert!(!fake.requests().iter().any(|request| request.method == "POST"));
}

#[tokio::test]
async fn a_limit_order_is_canceled_and_the_fills_of_a_lost_race_are_told() {
    let (fake, mut broker) = start(quick()).await;
    let limit = OrderKind::Limit { limit: Decimal::ONE, validity: Validity::GoodTillCancel };
    for lost in [false, true] {
        let wish = intent("AAPL", 4 + u64::from(lost), Side::Buy, "10");
        let order = broker.prepare_order(&wish, Decimal::ZERO, limit.clone()).unwrap();
        let placed = broker.place(&order, &pass).await.unwrap();
        follow(&mut broker, &order, &placed);
        if lost {
            fake.fault(Fault::FillWinsCancel).once();
        }
        let asked = broker.cancel(&order.order_id).await.unwrap();
        assert_eq!(asked, Some(CancelAsked::Taken));
        match news(&mut broker).await {
            News::Traded(trade) => assert!(lost && trade.quantity == placed.quantity),
            News::Canceled(_) => assert!(!lost),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn parts_lag_repeats_and_odd_words_change_nothing() {
    let (fake, mut broker) = start(quick()).await;
    for fault in [
        Fault::PartialFills(3),
        Fault::HistoryLag(Duration::from_millis(800)),
        Fault::DuplicateRows,
        Fault::UnknownStatus("MOON".to_owned()),
        Fault::NullFields,
        Fault::ExponentNumbers,
        Fault::HiddenById,
    ] {
        fake.fault(fault).always();
    }
    fake.fault(Fault::EmptyLists).times(3);
    let order = buy(&mut broker, "AAPL", 4);
    let placed = broker.place(&order, &pass).await.unwrap();
    follow(&mut broker, &order, &placed);
    let mut traded = Decimal::ZERO;
    for _ in 0..3 {
        let News::Traded(trade) = news(&mut broker).await else { panic!() };
        traded += trade.quantity;
    }
    assert_eq!(traded, placed.quantity);
}

#[tokio::test]
async fn strangers_orders_are_seen_and_never_adopted() {
    let (fake, mut broker) = start(quick()).await;
    let order = buy(&mut broker, "AAPL", 4);
    let stranger = AppOrder::limit(AAPL, order.quantity, 1);
    let stranger = fake.place_in_app(stranger).unwrap();
    fake.fault(Fault::DropBeforeAccept).on(Endpoint::PostMarket).once();
    broker.place(&order, &pass).await.unwrap_err();
    let verdict = settle(&mut broker, &order).await;
    assert!(matches!(verdict, Verdict::Absent(_)), "{verdict:?}");
    assert_eq!(broker.foreign().iter().map(|order| order.id).collect::<Vec<_>>(), [stranger]);
}

#[tokio::test]
async fn history_is_followed_through_every_spelling_of_its_next_page() {
    for paging in [Paging::FullPath, Paging::BareQuery, Paging::EmptyEnd, Paging::NullTextEnd] {
        let (fake, broker) = start(FakeConfig { paging, ..quick() }).await;
        for _ in 0..120 {
            fake.place_in_app(AppOrder::market(AAPL, 1)).unwrap();
        }
        let (mut next, mut rows) = (Some(broker.client().history_page(None).unwrap()), 0);
        while let Some(page) = next {
            let (found, following) = broker.client().history(page).await.unwrap();
            rows += found.items.items.len();
            next = following;
        }
        assert_eq!(rows, 120, "{paging:?}");
    }
    let (fake, broker) = start(FakeConfig { paging: Paging::ForeignOrigin, ..quick() }).await;
    for _ in 0..60 {
        fake.place_in_app(AppOrder::market(AAPL, 1)).unwrap();
    }
    let page = broker.client().history_page(None).unwrap();
    let found = broker.client().history(page).await;
    assert!(matches!(found, Err(CallError::Unknown(_))), "{found:?}");
}

/// One sentence about what is wrong.
async fn refused(settings: Settings) -> String {
    let error = Trading212::connect(settings).await.unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n') && !text.contains("demo-secret"), "{text}");
    text
}

#[tokio::test]
async fn what_keeps_it_from_coming_up_is_said_in_one_sentence() {
    let fake = Fake::start(quick()).await.unwrap();
    let wrong = Credentials { key: "demo-key".into(), secret: "wrong".into() };
    let text = refused(Settings { credentials: wrong, ..settings(&fake.url()) }).await;
    assert!(text.contains("refuses the key"), "{text}");
    let text = refused(settings(&fake.live_url())).await;
    assert!(text.contains("other environment"), "{text}");
    for scope in [
        Scope::Account,
        Scope::OrdersRead,
        Scope::OrdersExecute,
        Scope::HistoryOrders,
        Scope::Portfolio,
        Scope::Metadata,
    ] {
        let mut account = AccountConfig::demo();
        account.keys = vec![ApiKey::new("demo-key", "demo-secret").without(scope)];
        let config = FakeConfig { accounts: vec![account], ..quick() };
        let fake = Fake::start(config).await.unwrap();
        let text = refused(settings(&fake.url())).await;
        assert!(text.contains(scope.name()), "{text}");
        assert!(fake.orders().is_empty());
    }
}

#[tokio::test]
async fn an_unreachable_host_is_said_so() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Trading212::connect(settings(&format!("http://{free}/api/v0"))).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn who_it_is_is_told() {
    let fake = Fake::start(quick()).await.unwrap();
    let (_, who) = Trading212::connect(settings(&fake.url())).await.unwrap();
    assert_eq!((who.id, who.currency.as_str()), (1_234_567, "USD"));
}

#[tokio::test]
async fn a_symbol_that_became_another_security_is_refused() {
    let fake = Fake::start(quick()).await.unwrap();
    let meta = Symbol::parse("META").unwrap();
    let pins = BTreeMap::from([(meta, "US0000000000".to_owned())]);
    let (mut broker, _) =
        Trading212::connect(Settings { pins, ..settings(&fake.url()) }).await.unwrap();
    let wish = intent("META", 4, Side::Buy, "10");
    let refused = broker.prepare_order(&wish, Decimal::ZERO, OrderKind::MARKET).unwrap_err();
    assert!(refused.to_string().contains("US0000000000"), "{refused}");
}
