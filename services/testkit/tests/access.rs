//! Keys, scopes, limits, and the environments' separation.

mod support;

use std::collections::BTreeMap;
use support::{APPLE, Api, MONDAY, fake, seconds, with};
use testkit::trading212::{AccountConfig, ApiKey, Endpoint, Fault, Limit, Limits, Scope};

const SUMMARY: &str = "/equity/account/summary";

#[tokio::test]
async fn a_wrong_key_is_401_with_nothing_else() {
    let fake = fake().await;
    for key in [None, Some(("demo-key", "wrong")), Some(("live-key", "live-secret"))] {
        let got = Api::at(&fake.url(), key).get(SUMMARY).await;
        assert_eq!((got.status, got.text.as_str()), (401, ""));
        assert_eq!(got.header("x-ratelimit-limit"), None);
    }
    let live = Api::at(&fake.live_url(), Some(("live-key", "live-secret")));
    assert_eq!(live.get(SUMMARY).await.json()["id"], 7_654_321);
    assert_eq!(Api::new(&fake).get(SUMMARY).await.json()["id"], 1_234_567);
}

#[tokio::test]
async fn an_old_key_is_sent_as_it_is() {
    let fake = with(|config| {
        let keys = vec![ApiKey::legacy("old-key"), ApiKey::new("demo-key", "demo-secret")];
        config.accounts = vec![AccountConfig { keys, ..AccountConfig::demo() }];
    })
    .await;
    let api = Api::at(&fake.url(), None);
    assert_eq!(api.raw("old-key").await, 200);
    assert_eq!(api.raw("demo-key").await, 401);
}

#[tokio::test]
async fn a_missing_scope_is_403_by_name() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.revoke(Scope::OrdersExecute);
    let got = api.market(APPLE, "1").await;
    let said = "Scope( orders:execute ) missing for API key";
    assert_eq!(got.refusal(), (403, "forbidden".to_owned(), said.to_owned()));
    assert!(got.header("x-ratelimit-limit").is_some());
    assert_eq!(api.get("/equity/orders").await.status, 200);
    assert!(fake.orders().is_empty());
}

#[tokio::test]
async fn every_endpoint_asks_for_its_own_scope() {
    let endpoints = [
        (Scope::Account, SUMMARY),
        (Scope::Portfolio, "/equity/positions"),
        (Scope::OrdersRead, "/equity/orders"),
        (Scope::HistoryOrders, "/equity/history/orders"),
        (Scope::HistoryDividends, "/equity/history/dividends"),
        (Scope::HistoryTransactions, "/equity/history/transactions"),
        (Scope::Metadata, "/equity/metadata/instruments"),
    ];
    for (scope, path) in endpoints {
        let fake = fake().await;
        let api = Api::new(&fake);
        assert_eq!(api.get(path).await.status, 200, "{path}");
        fake.revoke(scope);
        assert_eq!(api.get(path).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn a_limit_is_a_fixed_window_with_five_headers() {
    let fake = with(|config| config.limits = Limits::Enforced(BTreeMap::new())).await;
    let api = Api::new(&fake);
    let headers = |got: &support::Got| {
        ["limit", "period", "remaining", "used", "reset"]
            .map(|name| got.header(&format!("x-ratelimit-{name}")).unwrap())
    };
    let first = api.get(SUMMARY).await;
    assert_eq!((first.status, headers(&first)), (200, [1, 5, 0, 1, MONDAY / 1_000 + 5]));
    fake.advance(seconds(4));
    let second = api.get(SUMMARY).await;
    assert_eq!((second.status, headers(&second)), (429, [1, 5, 0, 1, MONDAY / 1_000 + 5]));
    assert!(second.headers.get("retry-after").is_none());
    assert_eq!(fake.limited(), 1);
    fake.advance(seconds(1));
    assert_eq!(api.get(SUMMARY).await.status, 200);
}

#[tokio::test]
async fn fifty_market_orders_go_at_once_and_the_next_one_waits() {
    let fake = with(|config| config.limits = Limits::Enforced(BTreeMap::new())).await;
    let api = Api::new(&fake);
    for n in 0..50 {
        assert_eq!(api.market(APPLE, "0.1").await.status, 200, "{n}");
    }
    assert_eq!(api.market(APPLE, "0.1").await.status, 429);
    assert_eq!(fake.orders().len(), 50);
    fake.advance(seconds(60));
    assert_eq!(api.market(APPLE, "0.1").await.status, 200);
}

#[tokio::test]
async fn a_limit_is_by_endpoint_and_not_by_key_or_argument() {
    let two = vec![ApiKey::new("demo-key", "demo-secret"), ApiKey::new("other", "secret")];
    let limit = Limit { count: 2, period_s: 10 };
    let fake = with(|config| {
        config.limits = Limits::Enforced([(Endpoint::OrderById, limit)].into());
        config.accounts = vec![AccountConfig { keys: two, ..AccountConfig::demo() }];
    })
    .await;
    let (api, other) = (Api::new(&fake), Api::at(&fake.url(), Some(("other", "secret"))));
    assert_eq!(api.get("/equity/orders/1").await.status, 404);
    assert_eq!(other.get("/equity/orders/2").await.status, 404);
    assert_eq!(api.get("/equity/orders/3").await.status, 429);
    assert_eq!(api.get("/equity/orders").await.status, 200);
}

#[tokio::test]
async fn paths_that_do_not_exist_say_so() {
    let fake = fake().await;
    let api = Api::new(&fake);
    let got = api.get("/equity/quotes").await;
    assert_eq!((got.status, got.text.as_str()), (404, "404 page not found"));
    let gone = api.send(reqwest::Method::DELETE, "/equity/portfolio/X", None).await.unwrap();
    assert_eq!(gone.status, 405);
    let close = api.send(reqwest::Method::DELETE, "/equity/positions/X", None).await.unwrap();
    assert_eq!((close.status, close.text.as_str()), (404, "404 page not found"));
}

#[tokio::test]
async fn requests_are_kept_without_their_keys() {
    let fake = fake().await;
    let api = Api::new(&fake);
    fake.fault(Fault::Unauthorized).once();
    api.get(SUMMARY).await;
    api.get("/equity/orders").await;
    let seen: Vec<_> =
        fake.requests().into_iter().map(|r| (r.method, r.path, r.status, r.account)).collect();
    let get = || "GET".to_owned();
    assert_eq!(
        seen,
        [
            (get(), "/api/v0/equity/account/summary".to_owned(), Some(401), None),
            (get(), "/api/v0/equity/orders".to_owned(), Some(200), Some(1_234_567)),
        ]
    );
}
