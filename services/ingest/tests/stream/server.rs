//! A WebSocket server that does what the test says, one connection at a time, and takers' helpers.

use futures_util::{SinkExt as _, StreamExt as _};
use ingest::source::{
    Quote,
    polygon::stream::{Stream, StreamEvent, StreamSettings, Timing},
};
use market::Calendar;
use proto::{Bar, Entitlement, Symbol};
use reqwest::Url;
use runtime::clock::Clock;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

/// Longer than anything here takes on a busy machine.
pub(crate) use runtime::testing::SOON;
pub(crate) const KEY: &str = "secret-key-4711";
const CALENDAR: &str = include_str!("../../../../config/market_calendar.toml");
/// Friday 2026-11-20 10:00 in New York.
pub(crate) const REGULAR_MS: i64 = 1_795_186_800_000;
/// The time by our clock, unless told otherwise: what is said to happen after 10:00 has happened.
pub(crate) const LATEST_MS: i64 = REGULAR_MS + 3 * 3_600_000;
/// Saturday 2026-11-21 10:00 in New York.
pub(crate) const CLOSED_MS: i64 = REGULAR_MS + 24 * 3_600_000;

/// Patient about what a busy machine may delay, quick about everything else.
pub(crate) fn quick() -> Timing {
    Timing {
        acknowledge: Duration::from_millis(500),
        ping: Duration::from_millis(20),
        look: Duration::from_millis(10),
        silence: Duration::from_hours(1),
        retry_first: Duration::from_millis(5),
        retry_most: Duration::from_millis(50),
        ..Timing::default()
    }
}

pub(crate) fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::parse(name).unwrap()).collect()
}

pub(crate) fn settings(url: &Url, names: &[&str]) -> StreamSettings {
    StreamSettings {
        url: url.clone(),
        key: KEY.into(),
        symbols: symbols(names),
        entitlement: Entitlement::Developer,
        delayed: false,
        calendar: Calendar::parse(CALENDAR).unwrap(),
        clock: Clock::standing_at(LATEST_MS * 1_000_000),
        ahead: Duration::from_secs(5),
    }
}

/// A server, and a stream of AAPL and BRK.B that connects to it.
pub(crate) async fn pair() -> (Server, Stream) {
    let server = Server::start().await;
    let stream = Stream::open_with(settings(&server.url, &["AAPL", "BRK.B"]), quick());
    (server, stream)
}

/// The same with everything said; the first word of the stream is taken.
pub(crate) async fn established() -> (Server, Peer, Stream) {
    let (server, mut stream) = pair().await;
    let mut peer = server.accept().await;
    peer.handshake().await;
    assert_eq!(next(&mut stream).await, up());
    (server, peer, stream)
}

pub(crate) fn up() -> StreamEvent {
    StreamEvent::Up { unconfirmed: Vec::new(), delayed: false }
}

/// The same of a stream that is behind the market.
pub(crate) fn up_delayed() -> StreamEvent {
    StreamEvent::Up { unconfirmed: Vec::new(), delayed: true }
}

pub(crate) async fn next(stream: &mut Stream) -> StreamEvent {
    timeout(SOON, stream.next()).await.expect("the stream says something")
}

/// Waits for the loss of the connection; gives its words.
pub(crate) async fn down(stream: &mut Stream) -> String {
    loop {
        match next(stream).await {
            StreamEvent::Down { words } => return words,
            StreamEvent::Refused(refusal) => panic!("{refusal}"),
            StreamEvent::Up { .. } | StreamEvent::Quotes(_) | StreamEvent::Bars(_) => {}
        }
    }
}

pub(crate) async fn quotes(stream: &mut Stream, count: usize) -> Vec<Quote> {
    let mut taken = Vec::new();
    while taken.len() < count {
        match next(stream).await {
            StreamEvent::Quotes(quotes) => taken.extend(quotes),
            StreamEvent::Bars(_) | StreamEvent::Up { .. } => {}
            event @ (StreamEvent::Down { .. } | StreamEvent::Refused(_)) => panic!("{event:?}"),
        }
    }
    taken
}

pub(crate) async fn bars(stream: &mut Stream, count: usize) -> Vec<Bar> {
    let mut taken = Vec::new();
    while taken.len() < count {
        match next(stream).await {
            StreamEvent::Bars(bars) => taken.extend(bars),
            StreamEvent::Quotes(_) | StreamEvent::Up { .. } => {}
            event @ (StreamEvent::Down { .. } | StreamEvent::Refused(_)) => panic!("{event:?}"),
        }
    }
    taken
}

pub(crate) fn status(status: &str, message: &str) -> Value {
    json!({ "ev": "status", "status": status, "message": message })
}

pub(crate) fn trade(symbol: &str, price: f64, size: f64, time_ms: i64) -> Value {
    json!({ "ev": "T", "sym": symbol, "p": price, "s": size, "t": time_ms, "q": 1, "new": {} })
}

/// A minute from 10:00 on, of this close.
pub(crate) fn minute(symbol: &str, number: i64, close: f64) -> Value {
    let start_ms = REGULAR_MS + number * 60_000;
    json!({ "ev": "AM", "sym": symbol, "o": 1.0, "h": 1e6, "l": 1.0, "c": close, "v": 10, "vw": 2.0,
            "a": 3.0, "z": 5, "s": start_ms, "e": start_ms + 60_000 })
}

pub(crate) struct Server {
    pub(crate) url: Url,
    listener: TcpListener,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { url: Url::parse(&format!("ws://{address}/stocks")).unwrap(), listener }
    }

    /// The next connection, before anything is said on it.
    pub(crate) async fn accept_raw(&self) -> TcpStream {
        timeout(SOON, self.listener.accept()).await.expect("a connection").unwrap().0
    }

    /// The next connection, upgraded.
    pub(crate) async fn accept(&self) -> Peer {
        let stream = self.accept_raw().await;
        let mut request = String::new();
        #[expect(clippy::result_large_err, reason = "the signature is the library's")]
        let note = |asked: &Request, response: Response| {
            request = format!("{} {:?}", asked.uri(), asked.headers());
            Ok(response)
        };
        let socket = accept_hdr_async(stream, note).await.unwrap();
        Peer { socket, request }
    }
}

/// The server's end of a connection.
pub(crate) struct Peer {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// What was asked for, with all headers.
    pub(crate) request: String,
}

impl Peer {
    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Sends one frame of these items.
    pub(crate) async fn say(&mut self, items: &[Value]) {
        self.send(Message::text(Value::from(items).to_string())).await;
    }

    /// The next request, pings passed over.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            let message = timeout(SOON, self.socket.next()).await.expect("a request");
            if let Message::Text(text) = message.unwrap().unwrap() {
                return serde_json::from_str(text.as_str()).unwrap();
            }
        }
    }

    /// Pings, and waits for the answer.
    pub(crate) async fn pinged(&mut self) {
        self.send(Message::Ping(b"end".as_slice().into())).await;
        let end = Message::Pong(b"end".as_slice().into());
        loop {
            let message = timeout(SOON, self.socket.next()).await.expect("a pong");
            if message.unwrap().unwrap() == end {
                return;
            }
        }
    }

    /// Waits until the other side hangs up.
    pub(crate) async fn gone(mut self) {
        let end = async { while let Some(Ok(_)) = self.socket.next().await {} };
        timeout(SOON, end).await.expect("the other side hangs up");
    }

    /// Greets, takes the key; gives the first subscription.
    pub(crate) async fn authenticate(&mut self) -> Vec<String> {
        self.say(&[status("connected", "Connected Successfully")]).await;
        assert_eq!(self.hear().await, json!({ "action": "auth", "params": KEY }));
        self.say(&[status("auth_success", "authenticated")]).await;
        self.subscription().await
    }

    /// The pairs of the next request, which is a subscription.
    pub(crate) async fn subscription(&mut self) -> Vec<String> {
        let request = self.hear().await;
        assert_eq!(request["action"], "subscribe");
        request["params"].as_str().unwrap().split(',').map(str::to_owned).collect()
    }

    /// Acknowledges pairs, in one frame each.
    pub(crate) async fn acknowledge(&mut self, pairs: &[String]) {
        for pair in pairs {
            self.say(&[status("success", &format!("subscribed to: {pair}"))]).await;
        }
    }

    /// The whole handshake of a stream with few symbols; gives its pairs.
    pub(crate) async fn handshake(&mut self) -> Vec<String> {
        let pairs = self.authenticate().await;
        self.acknowledge(&pairs).await;
        pairs
    }

    /// Cuts the TCP connection without a word.
    pub(crate) fn reset(self) {
        self.socket.get_ref().set_zero_linger().unwrap();
    }

    pub(crate) async fn close(mut self, code: CloseCode, reason: &'static str) {
        let close = CloseFrame { code, reason: reason.into() };
        self.socket.close(Some(close)).await.unwrap();
        self.gone().await;
    }
}
