//! The network of the fake: REST, and an address for each cluster of sockets.

use super::{
    admin,
    config::Config,
    control::Control,
    event::Cluster,
    rest::{Answer, Delivery, Question},
    socket::{Door, upgrade},
    world::World,
};
use crate::severable::{Cut, SeverableListener};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, Method, Response, Uri, header},
    routing::get,
};
use futures_util::stream;
use std::{future::pending, io, net::SocketAddr, ops::Deref, time::Duration};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

/// How often the clock is looked at.
const HEARTBEAT: Duration = Duration::from_millis(10);

/// A running fake. It stops when it is dropped, and every connection with it. It is steered and
/// looked at by the methods of [`Control`].
#[derive(Debug)]
pub struct Polygon {
    control: Control,
    rest: SocketAddr,
    realtime: SocketAddr,
    delayed: SocketAddr,
    stopping: CancellationToken,
}

impl Deref for Polygon {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Drop for Polygon {
    fn drop(&mut self) {
        self.control.generators.stop();
        self.stopping.cancel();
    }
}

impl Polygon {
    /// Starts a fake: REST and both clusters of sockets, on free ports unless told otherwise.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn start(config: Config) -> io::Result<Self> {
        let rest = TcpListener::bind(config.listen).await?;
        let realtime = TcpListener::bind(config.listen_realtime).await?;
        let delayed = TcpListener::bind(config.listen_delayed).await?;
        let rest_url = format!("http://{}", rest.local_addr()?);
        let (admin, goes) = (config.admin, config.clock_goes);
        let control = Control::new(World::new(config, rest_url));
        let stopping = CancellationToken::new();
        let fake = Self {
            control: control.clone(),
            rest: rest.local_addr()?,
            realtime: realtime.local_addr()?,
            delayed: delayed.local_addr()?,
            stopping: stopping.clone(),
        };
        let desk = Desk { control: control.clone(), stopping: stopping.clone() };
        let steering = if admin { admin::routes(control.clone()) } else { Router::new() };
        let routes = Router::new().nest("/_fake", steering).fallback(answer).with_state(desk);
        serve(rest, routes, stopping.clone());
        for (listener, cluster) in [(realtime, Cluster::RealTime), (delayed, Cluster::Delayed)] {
            let door = Door { control: control.clone(), cluster, stopping: stopping.clone() };
            let routes = Router::new().route("/stocks", get(upgrade)).with_state(door);
            serve(listener, routes, stopping.clone());
        }
        tokio::spawn(beat(control, goes, stopping));
        Ok(fake)
    }

    /// Base address of REST, for `POLYGON_BASE_URL`.
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.rest)
    }

    /// Address of the real-time sockets, for `POLYGON_WS_URL`.
    pub fn realtime_ws_url(&self) -> String {
        format!("ws://{}/stocks", self.realtime)
    }

    /// Address of the delayed sockets.
    pub fn delayed_ws_url(&self) -> String {
        format!("ws://{}/stocks", self.delayed)
    }

    /// Base address of `/_fake/...`, where the configuration wants it served.
    pub fn admin_url(&self) -> String {
        format!("http://{}/_fake", self.rest)
    }

    /// A handle that lives on its own.
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

/// What a request needs to be answered.
#[derive(Clone)]
struct Desk {
    control: Control,
    stopping: CancellationToken,
}

fn serve(listener: TcpListener, routes: Router, stopping: CancellationToken) {
    let service = routes.into_make_service_with_connect_info::<Cut>();
    let served = axum::serve(SeverableListener(listener), service)
        .with_graceful_shutdown(stopping.cancelled_owned());
    tokio::spawn(async move {
        if let Err(error) = served.await {
            tracing::error!("fake polygon stopped: {error}");
        }
    });
}

/// Lets happen what falls due; a clock that `goes` is moved on by the time that has passed.
async fn beat(control: Control, goes: bool, stopping: CancellationToken) {
    let mut interval = tokio::time::interval(HEARTBEAT);
    let mut last = Instant::now();
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = interval.tick() => {
                let now = Instant::now();
                if goes {
                    control.advance(now - last);
                } else {
                    control.pump();
                }
                last = now;
            }
        }
    }
}

async fn answer(
    State(desk): State<Desk>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let question = question(&method, &uri, &headers);
    let answer = {
        let now_ns = desk.control.clock().now_ns();
        desk.control.lock().answer(&question, now_ns)
    };
    if answer.wait_ms > 0 {
        tokio::time::sleep(Duration::from_millis(answer.wait_ms)).await;
    }
    match answer.delivery {
        Delivery::Whole | Delivery::CutOff => respond(answer),
        Delivery::Never => {
            desk.stopping.cancelled().await;
            cut.now();
            pending().await
        }
        Delivery::Dropped => {
            cut.now();
            pending().await
        }
    }
}

fn question(method: &Method, uri: &Uri, headers: &HeaderMap) -> Question {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let parameters = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let accepts = header(header::ACCEPT_ENCODING).unwrap_or_default();
    Question {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        parameters: parameters.map(|Query(pairs)| pairs).unwrap_or_default(),
        authorization: header(header::AUTHORIZATION).map(str::to_owned),
        gzip: accepts.split(',').any(|kind| kind.trim().starts_with("gzip")),
    }
}

fn respond(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status.try_into().unwrap_or_default();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    *response.body_mut() = if answer.delivery == Delivery::CutOff {
        response.headers_mut().insert(header::CONTENT_LENGTH, answer.body.len().into());
        half(answer.body)
    } else {
        Body::from(answer.body)
    };
    response
}

/// The first half of a body, then a broken connection.
fn half(body: Vec<u8>) -> Body {
    let bytes = Bytes::from(body);
    let first = bytes.slice(..bytes.len() / 2);
    Body::from_stream(stream::iter([Ok(first), Err(io::Error::from(io::ErrorKind::BrokenPipe))]))
}
