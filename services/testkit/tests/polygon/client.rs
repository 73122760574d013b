//! Clients as plain as can be, and times as people say them.

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::HeaderMap;
use runtime::{clock::Clock, testing::SOON};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::polygon::{Config, Plan, Polygon};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite};
use tungstenite::{Message, protocol::WebSocketConfig};

pub(crate) const MS: i64 = 1_000_000;
pub(crate) const SECOND: i64 = 1_000 * MS;
pub(crate) const MINUTE: i64 = 60 * SECOND;

pub(crate) const SNAPSHOTS: &str = "/v2/snapshot/locale/us/markets/stocks/tickers";

/// New York's wall time as nanoseconds: `et("2026-08-10T10:00")`.
pub(crate) fn et(text: &str) -> i64 {
    let time: jiff::civil::DateTime = text.parse().unwrap();
    let zoned = time.in_tz("America/New_York").unwrap();
    i64::try_from(zoned.timestamp().as_nanosecond()).unwrap()
}

/// A fake whose clock stands in New York's time.
pub(crate) async fn at(text: &str) -> Polygon {
    with(text, |_| {}).await
}

/// The same, configured further.
pub(crate) async fn with(text: &str, change: impl FnOnce(&mut Config)) -> Polygon {
    let mut config = Config { clock: Clock::standing_at(et(text)), ..Config::default() };
    change(&mut config);
    Polygon::start(config).await.unwrap()
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The row of a ticker, in a good answer.
    pub(crate) fn row(&self, ticker: &str) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        let json = self.json();
        let rows = json["tickers"].as_array().unwrap();
        rows.iter().find(|row| row["ticker"] == ticker).unwrap_or(&Value::Null).clone()
    }
}

/// A REST client of a plan's key.
pub(crate) struct Rest {
    client: reqwest::Client,
    base: String,
    key: Option<String>,
}

impl Rest {
    pub(crate) fn new(polygon: &Polygon, plan: Plan) -> Self {
        Self::keyed(polygon, Some(plan.key()))
    }

    pub(crate) fn keyed(polygon: &Polygon, key: Option<&str>) -> Self {
        runtime::tls::install();
        let client = reqwest::Client::builder().no_proxy().timeout(SOON).build().unwrap();
        Self { client, base: polygon.rest_url(), key: key.map(str::to_owned) }
    }

    pub(crate) async fn try_get(&self, path: &str) -> Result<Got, reqwest::Error> {
        let url = if path.starts_with("http") { path.to_owned() } else { self.base.clone() + path };
        let mut request = self.client.get(url);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Got { status, headers, text: response.text().await? })
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.try_get(path).await.unwrap()
    }

    pub(crate) async fn snapshots(&self, tickers: &str) -> Got {
        self.get(&format!("{SNAPSHOTS}?tickers={tickers}")).await
    }

    pub(crate) async fn row(&self, ticker: &str) -> Value {
        self.snapshots(ticker).await.row(ticker)
    }
}

/// A socket.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(url: &str) -> Self {
        let config = WebSocketConfig::default().max_message_size(Some(64 << 20));
        let opened = tokio_tungstenite::connect_async_with_config(url, Some(config), false);
        Self(opened.await.unwrap().0)
    }

    /// Greeted and authenticated, with pairs subscribed to and confirmed.
    pub(crate) async fn subscribed(url: &str, plan: Plan, pairs: &str) -> Self {
        let mut socket = Self::open(url).await;
        assert_eq!(socket.statuses(1).await, [said("connected", "Connected Successfully")]);
        socket.auth(plan.key()).await;
        assert_eq!(socket.statuses(1).await, [said("auth_success", "authenticated")]);
        if !pairs.is_empty() {
            socket.subscribe(pairs).await;
            let acks = socket.statuses(pairs.split(',').count()).await;
            assert!(acks.iter().all(|ack| ack["status"] == "success"), "{acks:?}");
        }
        socket
    }

    pub(crate) async fn send(&mut self, text: String) {
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    pub(crate) async fn auth(&mut self, key: &str) {
        self.send(json!({"action": "auth", "params": key}).to_string()).await;
    }

    pub(crate) async fn subscribe(&mut self, pairs: &str) {
        self.send(json!({"action": "subscribe", "params": pairs}).to_string()).await;
    }

    pub(crate) async fn unsubscribe(&mut self, pairs: &str) {
        self.send(json!({"action": "unsubscribe", "params": pairs}).to_string()).await;
    }

    /// The next message that is no ping, or how it ended.
    pub(crate) async fn next(&mut self) -> Result<Message, String> {
        loop {
            let next = tokio::time::timeout(SOON, self.0.next()).await.unwrap();
            match next {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Ok(message),
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("end".to_owned()),
            }
        }
    }

    /// The next message, pings too.
    pub(crate) async fn any(&mut self) -> Message {
        tokio::time::timeout(SOON, self.0.next()).await.unwrap().unwrap().unwrap()
    }

    /// The next frame, an array of events.
    pub(crate) async fn frame(&mut self) -> Vec<Value> {
        let message = self.next().await.unwrap();
        let text = message.into_text().unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// So many statuses, over as many frames as it takes.
    pub(crate) async fn statuses(&mut self, count: usize) -> Vec<Value> {
        self.events(count).await
    }

    /// So many events, over as many frames as it takes.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        while events.len() < count {
            events.extend(self.frame().await);
        }
        assert_eq!(events.len(), count, "{events:?}");
        events
    }
}

pub(crate) fn said(status: &str, message: &str) -> Value {
    json!({"ev": "status", "status": status, "message": message})
}

pub(crate) fn names(rows: &Value) -> BTreeSet<String> {
    let rows = rows.as_array().unwrap();
    rows.iter().map(|row| row["ticker"].as_str().unwrap().to_owned()).collect()
}
