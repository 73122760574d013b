//! The network of the fake: an address for each environment, and connections that can be cut.

use super::{
    admin,
    config::{Environment, FakeConfig},
    control::Control,
    world::{Delivery, Incoming, World},
};
use crate::severable::{Cut, SeverableListener};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    http::{HeaderMap, Method, Response, Uri, header},
};
use futures_util::stream;
use std::{future::pending, io, net::SocketAddr, ops::Deref, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How often a wall clock's events are worked out.
const HEARTBEAT: Duration = Duration::from_millis(100);

/// A running fake. It stops when it is dropped, and every connection with it. It is steered and
/// looked at by the methods of [`Control`].
#[derive(Debug)]
pub struct Fake {
    control: Control,
    demo: SocketAddr,
    live: SocketAddr,
    stopping: CancellationToken,
}

impl Deref for Fake {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl Fake {
    /// Starts a fake: the practice environment where the configuration says, real money on a free
    /// port of the loopback.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn start(config: FakeConfig) -> io::Result<Self> {
        let demo = TcpListener::bind(config.listen).await?;
        let live = TcpListener::bind(("127.0.0.1", 0)).await?;
        let clock = config.clock.clone();
        let admin = config.admin;
        let control = Control::new(World::new(config, clock.now_ms()), clock);
        let stopping = CancellationToken::new();
        let fake = Self {
            demo: demo.local_addr()?,
            live: live.local_addr()?,
            control: control.clone(),
            stopping: stopping.clone(),
        };
        for (listener, environment) in [(demo, Environment::Demo), (live, Environment::Live)] {
            let desk = Desk { control: control.clone(), environment, stopping: stopping.clone() };
            tokio::spawn(serve(listener, desk, admin));
        }
        if control.clock().is_wall() {
            tokio::spawn(beat(control, stopping));
        }
        Ok(fake)
    }

    /// Base address of the practice environment, for `TRADING212_BASE_URL`.
    pub fn url(&self) -> String {
        format!("http://{}/api/v0", self.demo)
    }

    /// Base address of the real-money environment.
    pub fn live_url(&self) -> String {
        format!("http://{}/api/v0", self.live)
    }

    /// Base address of `/_fake/...`, where the configuration wants it served.
    pub fn admin_url(&self) -> String {
        format!("http://{}/_fake", self.demo)
    }

    /// A handle that lives on its own.
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

/// What a connection needs to answer.
#[derive(Clone)]
struct Desk {
    control: Control,
    environment: Environment,
    stopping: CancellationToken,
}

async fn serve(listener: TcpListener, desk: Desk, with_admin: bool) {
    let stopping = desk.stopping.clone();
    let steering = if with_admin { admin::routes(desk.control.clone()) } else { Router::new() };
    let routes = Router::new().nest("/_fake", steering).fallback(answer).with_state(desk);
    let service = routes.into_make_service_with_connect_info::<Cut>();
    let served = axum::serve(SeverableListener(listener), service)
        .with_graceful_shutdown(stopping.cancelled_owned());
    if let Err(error) = served.await {
        tracing::error!("fake trading212 stopped: {error}");
    }
}

async fn beat(control: Control, stopping: CancellationToken) {
    let mut interval = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = interval.tick() => drop(control.up_to_date()),
        }
    }
}

async fn answer(
    State(desk): State<Desk>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let request = Incoming {
        environment: desk.environment,
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        authorization: authorization.map(str::to_owned),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let answer = {
        let now_ms = desk.control.clock().now_ms();
        desk.control.lock().answer(&request, now_ms)
    };
    if !answer.wait.is_zero() {
        tokio::time::sleep(answer.wait).await;
    }
    match answer.delivery {
        Delivery::Whole | Delivery::CutOff => {}
        Delivery::Never => {
            desk.stopping.cancelled().await;
            cut.now();
            pending::<()>().await;
        }
        Delivery::Dropped => {
            cut.now();
            pending::<()>().await;
        }
    }
    let text = answer.reply.bytes();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.reply.status.try_into().unwrap_or_default();
    let fields = answer.reply.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let kind = answer.reply.content_type().map(|kind| (header::CONTENT_TYPE.as_str(), kind));
    for (name, value) in fields.chain(kind) {
        if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    if answer.delivery == Delivery::CutOff {
        response.headers_mut().insert(header::CONTENT_LENGTH, text.len().into());
        *response.body_mut() = half(&text);
    } else {
        *response.body_mut() = Body::from(text);
    }
    response
}

/// The first half of a text, then a broken connection.
fn half(text: &str) -> Body {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    let first = bytes.slice(..bytes.len() / 2);
    Body::from_stream(stream::iter([Ok(first), Err(io::Error::from(io::ErrorKind::BrokenPipe))]))
}
