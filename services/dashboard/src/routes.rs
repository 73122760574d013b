//! The HTTP side of a served slot: pages, socket, snapshot, assets, health.

use crate::{
    assets,
    control::{self, Control},
    csp,
    desk::{Desk, encode},
    hosts::{self, Hosts},
    pages,
    socket::{self, INBOUND_LIMIT, Resume},
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Query, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::from_fn_with_state,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use runtime::health::Health;
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};
use tokio_util::sync::CancellationToken;
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct Served {
    /// The slot.
    pub(crate) desk: Desk,
    /// The way of a person's word to the bus.
    pub(crate) control: Control,
    /// The names by which this port may be called.
    pub(crate) hosts: Arc<Hosts>,
    /// The process's health.
    pub(crate) health: Health,
    /// Cancelled when the port is given up.
    pub(crate) stopping: CancellationToken,
}

/// All routes.
pub(crate) fn router(served: Served) -> Router {
    let metrics = served.health.router();
    let known_names = from_fn_with_state(served.hosts.clone(), hosts::refuse_others);
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    Router::new()
        .route("/", get(page))
        .route("/wall", get(wall))
        .route("/api/snapshot", get(snapshot))
        .route("/assets/{name}", get(assets::asset))
        .layer(CompressionLayer::new())
        // The socket stands outside the compression: its frames are none of HTTP's.
        .route("/ws", get(ws))
        .route("/healthz", get(healthz))
        .route("/api/control", post(control::say))
        .layer(DefaultBodyLimit::max(INBOUND_LIMIT))
        .with_state(served)
        .fallback_service(metrics)
        .layer(known_names)
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
}

async fn page(State(served): State<Served>, uri: Uri, headers: HeaderMap) -> Response {
    if let Some(elsewhere) = elsewhere(&headers, &uri) {
        return elsewhere;
    }
    let policy = csp::page(host(&headers), &ports(&served.desk));
    html(pages::page(&served.desk), &policy)
}

async fn wall(State(served): State<Served>, uri: Uri, headers: HeaderMap) -> Response {
    if let Some(elsewhere) = elsewhere(&headers, &uri) {
        return elsewhere;
    }
    let policy = csp::wall(host(&headers), &ports(&served.desk));
    html(pages::wall(&served.desk), &policy)
}

fn elsewhere(headers: &HeaderMap, uri: &Uri) -> Option<Response> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    hosts::elsewhere(host(headers), path)
}

async fn snapshot(State(served): State<Served>) -> Response {
    let now_ms = runtime::clock::now_ms();
    let text = encode(&served.desk.hub().snapshot(now_ms));
    ([(header::CONTENT_TYPE, "application/json")], text.as_str().to_owned()).into_response()
}

async fn ws(
    State(served): State<Served>,
    Query(resume): Query<Resume>,
    headers: HeaderMap,
    request: WebSocketUpgrade,
) -> Response {
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    if !csp::same_origin(origin, host(&headers)) {
        metrics::counter!("dashboard_foreign_origins_total").increment(1);
        return (StatusCode::FORBIDDEN, "this socket is for pages of this dashboard")
            .into_response();
    }
    socket::upgrade(request, resume, served.desk, assets::build(), served.stopping)
}

async fn healthz(State(served): State<Served>) -> (StatusCode, Json<serde_json::Value>) {
    let (well, mut report) = served.health.report();
    let now_ms = runtime::clock::now_ms();
    let slot = &served.desk.slot;
    let hub = served.desk.hub();
    let ages = hub.received().map(|(symbol, at)| (symbol.as_str(), at.map(|at| now_ms - at)));
    let ages: BTreeMap<_, _> = ages.collect();
    if let Some(fields) = report.as_object_mut() {
        fields.insert("dashboard".to_owned(), json!(slot.id));
        fields.insert("port".to_owned(), json!(slot.port));
        fields.insert("symbols".to_owned(), json!(slot.symbols));
        fields.insert("seq".to_owned(), json!(hub.seq()));
        fields.insert("tick_age_ms".to_owned(), json!(ages));
    }
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}

fn html(rendered: Result<String, askama::Error>, policy: &str) -> Response {
    let Ok(policy) = HeaderValue::from_str(policy) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match rendered {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, policy)], Html(text)).into_response(),
        Err(error) => {
            tracing::error!("cannot render the page: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).and_then(|host| host.to_str().ok())
}

fn ports(desk: &Desk) -> Vec<u16> {
    desk.wall.slots.iter().map(|slot| slot.port).collect()
}
