//! `/_fake/...`: the fake steered and looked at from another process, in JSON. No key is asked for:
//! it listens where the fake does, on the loopback unless told otherwise.
//!
//! | request | body or answer |
//! |---|---|
//! | `POST /_fake/price` | `{"ticker":"AAPL_US_EQ","price":251.5}` |
//! | `POST /_fake/clock` | `{"advance_ms":60000}` |
//! | `POST /_fake/fault` | `{"fault":"accept_then_timeout","on":["post_market"],"times":1}`; also `after`, `lasting_ms`; a fault with a value: `{"accept_then_status":502}`; neither `times` nor `lasting_ms`: until cleared |
//! | `DELETE /_fake/fault` | ends all faults |
//! | `POST /_fake/random` | `{"seed":7,"per_mille":200}` |
//! | `POST /_fake/app-order` | `{"ticker":"AAPL_US_EQ","quantity":2}`, answered with its id |
//! | `POST /_fake/tradable` | `{"ticker":"AAPL_US_EQ","tradable":"close_only"}` |
//! | `GET /_fake/orders`, `fills`, `positions`, `requests` | everything of the first account |

use super::{
    control::{AppOrder, Control},
    endpoint::Endpoint,
    fault::{Fault, RandomFaults},
    market::instruments::Tradable,
    order::{Fill, Order},
    wire::{json::Json, time},
    world::LoggedRequest,
};
use axum::{
    Json as Body, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// Why the fake did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The text is no decimal number.
    #[error("not a decimal number: {0}")]
    NotANumber(String),
    /// The order was refused.
    #[error("order refused: {0}")]
    Refused(String),
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    ticker: String,
    price: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    fault: Fault,
    #[serde(default)]
    on: Vec<Endpoint>,
    #[serde(default)]
    after: u32,
    times: Option<u32>,
    lasting_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chance {
    seed: u64,
    per_mille: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InApp {
    ticker: String,
    quantity: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trading {
    ticker: String,
    tradable: Tradable,
}

/// The routes below `/_fake`.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(control: Control) -> Router<S> {
    Router::new()
        .route("/price", post(set_price))
        .route("/clock", post(advance))
        .route("/fault", post(set_fault).delete(clear_faults))
        .route("/random", post(randomize))
        .route("/app-order", post(place_in_app))
        .route("/tradable", post(set_tradable))
        .route("/orders", get(orders))
        .route("/fills", get(fills))
        .route("/positions", get(positions))
        .route("/requests", get(requests))
        .with_state(control)
}

async fn set_price(
    State(control): State<Control>,
    Body(wanted): Body<Price>,
) -> Result<(), AdminError> {
    control.set_price(&wanted.ticker, number(&wanted.price)?);
    Ok(())
}

async fn advance(State(control): State<Control>, Body(wanted): Body<Advance>) {
    control.advance(Duration::from_millis(wanted.advance_ms));
}

async fn set_fault(State(control): State<Control>, Body(wanted): Body<Wanted>) {
    let start = control.fault(wanted.fault).after(wanted.after);
    let fault = wanted.on.into_iter().fold(start, super::FaultBuilder::on);
    match (wanted.times, wanted.lasting_ms) {
        (Some(times), _) => fault.times(times),
        (None, Some(ms)) => fault.lasting(Duration::from_millis(ms)),
        (None, None) => fault.always(),
    }
}

async fn clear_faults(State(control): State<Control>) {
    control.clear_faults();
}

async fn randomize(State(control): State<Control>, Body(wanted): Body<Chance>) {
    let usual = RandomFaults::seeded(wanted.seed);
    let per_mille = wanted.per_mille.unwrap_or(usual.per_mille);
    control.random_faults(Some(RandomFaults { per_mille, ..usual }));
}

async fn place_in_app(
    State(control): State<Control>,
    Body(wanted): Body<InApp>,
) -> Result<Response, AdminError> {
    let order = AppOrder::market(&wanted.ticker, number(&wanted.quantity)?);
    let id = control.place_in_app(order).map_err(AdminError::Refused)?;
    Ok(json(&Json::object([("id", id.into())])))
}

async fn set_tradable(State(control): State<Control>, Body(wanted): Body<Trading>) {
    control.set_tradable(&wanted.ticker, wanted.tradable);
}

async fn orders(State(control): State<Control>) -> Response {
    let show = |order: &Order| {
        Json::object([
            ("id", order.id.into()),
            ("ticker", order.ticker.as_str().into()),
            ("type", order.kind.name().into()),
            ("quantity", order.quantity.into()),
            ("filledQuantity", order.filled.into()),
            ("status", order.status.name().into()),
            ("initiatedFrom", order.origin.name().into()),
            ("createdAt", time::utc(order.created_ms).into()),
        ])
    };
    json(&Json::List(control.orders().iter().map(show).collect()))
}

async fn fills(State(control): State<Control>) -> Response {
    let show = |fill: &Fill| {
        Json::object([
            ("id", fill.id.into()),
            ("orderId", fill.order_id.into()),
            ("ticker", fill.ticker.as_str().into()),
            ("quantity", fill.quantity.into()),
            ("price", fill.price.into()),
            ("netValue", fill.net_value.into()),
            ("type", fill.kind.as_str().into()),
            ("filledAt", time::utc(fill.time_ms).into()),
        ])
    };
    json(&Json::List(control.fills().iter().map(show).collect()))
}

async fn positions(State(control): State<Control>) -> Response {
    let show = |position: &super::Position| {
        Json::object([
            ("ticker", position.ticker.as_str().into()),
            ("quantity", position.quantity.into()),
            ("averagePrice", position.average_price().into()),
        ])
    };
    json(&Json::List(control.positions().iter().map(show).collect()))
}

async fn requests(State(control): State<Control>) -> Response {
    let show = |request: &LoggedRequest| {
        let faults = request.faults.iter().map(|fault| format!("{fault:?}").into());
        Json::object([
            ("time", time::utc(request.time_ms).into()),
            ("method", request.method.as_str().into()),
            ("path", request.path.as_str().into()),
            ("query", request.query.as_str().into()),
            ("status", request.status.map(i64::from).into()),
            ("limited", request.limited.into()),
            ("faults", Json::List(faults.collect())),
        ])
    };
    json(&Json::List(control.requests().iter().map(show).collect()))
}

fn json(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// A number, or a text that is one.
fn number(raw: &RawValue) -> Result<Decimal, AdminError> {
    let text = raw.get().trim_matches('"');
    text.parse().map_err(|_| AdminError::NotANumber(text.to_owned()))
}
