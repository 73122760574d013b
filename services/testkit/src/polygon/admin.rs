//! `/_fake/...`: the fake steered and looked at from another process, in JSON. No key is asked for:
//! it listens where REST does, on the loopback unless told otherwise.
//!
//! | request | body or answer |
//! |---|---|
//! | `POST /_fake/plan` | `{"key":"fake-key","plan":"starter"}`; without a plan the key is unknown from here on. A socket that is open keeps its plan until it connects again |
//! | `POST /_fake/clock` | `{"advance_ms":60000}`, or `{"at":"2026-11-20T09:29:50"}`, New York time; not where the fake has the wall's clock (`--at`) |
//! | `POST /_fake/fault` | `{"fault":"bad-gateway","on":["snapshots"],"times":1}`; also `after`; a fault with a value: `{"slow":3000}`; without `times`: until cleared |
//! | `DELETE /_fake/fault` | ends all faults |
//! | `POST /_fake/numbers` | `{"numbers":"point"}`; `go`, `point`, `plain`, `exponent` |
//! | `POST /_fake/trade` | `{"ticker":"AAPL","price":251.5,"size":100,"conditions":[14,41]}`, now |
//! | `POST /_fake/walk` | `{"seed":7,"per_second":20}`; `DELETE` ends it |
//! | `POST /_fake/sockets` | `{"all":"reset"}`; `drop`, `slow_consumer`, `disconnect` |
//! | `GET /_fake/requests` | everything that was asked of REST |
//! | `GET /_fake/state` | time, session, open sockets, subscriptions |

use super::{
    control::{Control, FaultBuilder},
    event::Trade,
    fault::{Fault, Page},
    generate::Walk,
    numbers::Numbers,
    plan::Plan,
    time::new_york,
};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Why the fake did not do what it was told.
#[derive(Debug, thiserror::Error)]
enum AdminError {
    #[error("there is no fault {0}")]
    NoFault(Value),
    #[error("not a New York time such as 2026-11-20T10:00: {0}")]
    NoTime(String),
    #[error("tell advance_ms or at")]
    NothingTold,
    #[error("the fake has the wall's clock: start it with --at")]
    WallClock,
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keyed {
    key: String,
    plan: Option<Plan>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    advance_ms: Option<u64>,
    at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    fault: Value,
    #[serde(default)]
    on: Vec<Page>,
    #[serde(default)]
    after: u32,
    times: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    numbers: Numbers,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Traded {
    ticker: String,
    price: f64,
    size: f64,
    conditions: Option<Vec<i32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Walked {
    seed: u64,
    per_second: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sockets {
    all: Deed,
}

/// What is done to every socket.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Deed {
    Reset,
    Drop,
    SlowConsumer,
    Disconnect,
}

/// The routes below `/_fake`.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(control: Control) -> Router<S> {
    Router::new()
        .route("/plan", post(set_plan))
        .route("/clock", post(set_clock))
        .route("/fault", post(set_fault).delete(clear_faults))
        .route("/numbers", post(set_numbers))
        .route("/trade", post(trade))
        .route("/walk", post(walk).delete(stop_walk))
        .route("/sockets", post(do_to_sockets))
        .route("/requests", get(requests))
        .route("/state", get(state))
        .with_state(control)
}

async fn set_plan(State(control): State<Control>, Json(told): Json<Keyed>) {
    match told.plan {
        Some(plan) => control.set_key(&told.key, plan),
        None => control.remove_key(&told.key),
    }
}

async fn set_clock(
    State(control): State<Control>,
    Json(told): Json<Moved>,
) -> Result<(), AdminError> {
    if !control.can_be_set() {
        return Err(AdminError::WallClock);
    }
    match (told.at, told.advance_ms) {
        (Some(at), _) => control.set_time(new_york(&at).ok_or(AdminError::NoTime(at))?),
        (None, Some(ms)) => control.advance(Duration::from_millis(ms)),
        (None, None) => return Err(AdminError::NothingTold),
    }
    Ok(())
}

async fn set_fault(
    State(control): State<Control>,
    Json(told): Json<Wanted>,
) -> Result<(), AdminError> {
    let named = told.fault.as_str().and_then(Fault::named);
    let fault = named.or_else(|| serde_json::from_value(told.fault.clone()).ok());
    let fault = fault.ok_or(AdminError::NoFault(told.fault))?;
    let start = control.fault(fault).after(told.after);
    let fault = told.on.into_iter().fold(start, FaultBuilder::on);
    match told.times {
        Some(times) => fault.times(times),
        None => fault.always(),
    }
    Ok(())
}

async fn clear_faults(State(control): State<Control>) {
    control.clear_faults();
}

async fn set_numbers(State(control): State<Control>, Json(told): Json<Written>) {
    control.set_numbers(told.numbers);
}

async fn trade(State(control): State<Control>, Json(told): Json<Traded>) {
    let now_ns = control.clock().now_ns();
    let plain = Trade::new(&told.ticker, told.price, told.size, now_ns);
    control.push_trade(match told.conditions {
        Some(codes) => plain.with_conditions(codes),
        None => plain,
    });
}

async fn walk(State(control): State<Control>, Json(told): Json<Walked>) {
    control.walk(Walk { seed: told.seed, per_second: told.per_second });
}

async fn stop_walk(State(control): State<Control>) {
    control.stop_walk();
}

async fn do_to_sockets(State(control): State<Control>, Json(told): Json<Sockets>) {
    match told.all {
        Deed::Reset => control.reset_sockets(),
        Deed::Drop => control.drop_sockets(),
        Deed::SlowConsumer => control.slow_consumer(),
        Deed::Disconnect => control.disconnect(),
    }
}

async fn requests(State(control): State<Control>) -> Json<Value> {
    // A key in a query is a fake's own, and nobody's secret.
    let show = |seen: &super::Seen| {
        json!({"time_ns": seen.time_ns, "method": seen.method, "path": seen.path,
            "query": seen.query})
    };
    Json(control.requests().iter().map(show).collect())
}

async fn state(State(control): State<Control>) -> Json<Value> {
    Json(json!({
        "time_ns": control.clock().now_ns(),
        "session": control.session(),
        "sockets": control.open_sockets(),
        "subscriptions": control.subscriptions(),
    }))
}
