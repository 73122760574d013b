//! A client as plain as can be, and fakes whose clock stands still.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is wrong"
)]
#![allow(dead_code, reason = "each test file uses its part")]

use reqwest::{Method, StatusCode, header::HeaderMap, redirect::Policy};
use rust_decimal::Decimal;
use serde_json::Value;
use std::time::Duration;
use testkit::trading212::{Fake, FakeClock, FakeConfig, Limits};

/// Monday 10 August 2026, 14:00 UTC: the regular session of New York.
pub(crate) const MONDAY: i64 = 1_786_370_400_000;

pub(crate) const APPLE: &str = "AAPL_US_EQ";

/// How long a client waits for an answer that does not come.
pub(crate) const PATIENCE: Duration = Duration::from_millis(300);

/// A fake whose clock stands still, without limits.
pub(crate) async fn fake() -> Fake {
    with(|_| {}).await
}

/// The same, configured further.
pub(crate) async fn with(change: impl FnOnce(&mut FakeConfig)) -> Fake {
    let clock = FakeClock::manual(MONDAY);
    let mut config = FakeConfig { clock, limits: Limits::Off, ..FakeConfig::default() };
    change(&mut config);
    Fake::start(config).await.unwrap()
}

/// A client of one key.
pub(crate) struct Api {
    client: reqwest::Client,
    base: String,
    key: Option<(String, String)>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Api {
    pub(crate) fn new(fake: &Fake) -> Self {
        Self::at(&fake.url(), Some(("demo-key", "demo-secret")))
    }

    pub(crate) fn at(base: &str, key: Option<(&str, &str)>) -> Self {
        runtime::tls::install();
        let client = reqwest::Client::builder().no_proxy().redirect(Policy::none());
        let key = key.map(|(key, secret)| (key.to_owned(), secret.to_owned()));
        Self { client: client.timeout(PATIENCE * 100).build().unwrap(), base: base.to_owned(), key }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
    ) -> Result<Got, reqwest::Error> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some((key, secret)) = &self.key {
            request = request.basic_auth(key, Some(secret));
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Got { status: status.as_u16(), headers, text: response.text().await? })
    }

    pub(crate) async fn raw(&self, authorization: &str) -> StatusCode {
        let request = self.client.get(format!("{}/equity/account/summary", self.base));
        request.header("authorization", authorization).send().await.unwrap().status()
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.send(Method::GET, path, None).await.unwrap()
    }

    pub(crate) async fn delete(&self, id: i64) -> Got {
        self.send(Method::DELETE, &format!("/equity/orders/{id}"), None).await.unwrap()
    }

    pub(crate) async fn post(&self, kind: &str, body: &str) -> Got {
        let path = format!("/equity/orders/{kind}");
        self.send(Method::POST, &path, Some(body)).await.unwrap()
    }

    /// A market order that may meet a fault.
    pub(crate) async fn try_buy(&self) -> Result<Got, reqwest::Error> {
        let body = market(APPLE, "1");
        self.send(Method::POST, "/equity/orders/market", Some(&body)).await
    }

    /// A market order; its answer.
    pub(crate) async fn market(&self, ticker: &str, quantity: &str) -> Got {
        self.post("market", &market(ticker, quantity)).await
    }

    /// A market order that is taken; its number.
    pub(crate) async fn placed(&self, ticker: &str, quantity: &str) -> i64 {
        self.market(ticker, quantity).await.id()
    }

    /// A limit order until canceled; its answer.
    pub(crate) async fn limit(&self, quantity: &str, limit: &str) -> Got {
        self.post("limit", &limited(quantity, limit, "GOOD_TILL_CANCEL")).await
    }
}

pub(crate) fn market(ticker: &str, quantity: &str) -> String {
    format!(r#"{{"ticker":"{ticker}","quantity":{quantity},"extendedHours":false}}"#)
}

pub(crate) fn limited(quantity: &str, limit: &str, validity: &str) -> String {
    format!(
        r#"{{"ticker":"{APPLE}","quantity":{quantity},"limitPrice":{limit},"timeValidity":"{validity}"}}"#
    )
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(crate) fn id(&self) -> i64 {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["id"].as_i64().unwrap()
    }

    /// Status, kind and detail of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        let json = self.json();
        assert_eq!(json["status"], self.status);
        let kind = json["type"].as_str().unwrap().strip_prefix("/api-errors/").unwrap();
        (self.status, kind.to_owned(), json["detail"].as_str().unwrap().to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> Option<i64> {
        self.headers.get(name).map(|value| value.to_str().unwrap().parse().unwrap())
    }

    pub(crate) fn rows(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{self:?}");
        self.json().as_array().unwrap().clone()
    }

    pub(crate) fn items(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["items"].as_array().unwrap().clone()
    }
}

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}
