//! One item as it stands on the wire, checked into an [`Event`]. Pure.

use super::{Band, Book, Event, Fair, Status, Trade, Window};
use crate::source::polygon::number::{integer, number};
use serde::Deserialize;
use std::borrow::Cow;

/// 2000 and 2100, milliseconds since 1970 UTC.
const SANE_MS: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    ev: Cow<'a, str>,
}

#[derive(Deserialize)]
struct WireStatus<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct WireTrade<'a> {
    #[serde(borrow)]
    sym: Cow<'a, str>,
    #[serde(default, deserialize_with = "number")]
    p: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    s: Option<f64>,
    #[serde(default)]
    c: Option<Vec<i64>>,
    #[serde(default, deserialize_with = "integer")]
    t: Option<i64>,
    #[serde(default, deserialize_with = "integer")]
    q: Option<i64>,
}

#[derive(Deserialize)]
struct WireBook<'a> {
    #[serde(borrow)]
    sym: Cow<'a, str>,
    #[serde(default, deserialize_with = "number")]
    bp: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    ap: Option<f64>,
    #[serde(default, deserialize_with = "integer")]
    t: Option<i64>,
    #[serde(default, deserialize_with = "integer")]
    q: Option<i64>,
}

#[derive(Deserialize)]
struct WireWindow<'a> {
    #[serde(borrow)]
    sym: Cow<'a, str>,
    #[serde(default, deserialize_with = "number")]
    o: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    h: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    l: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    c: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    v: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    vw: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    z: Option<f64>,
    #[serde(default, deserialize_with = "integer")]
    s: Option<i64>,
    #[serde(default, deserialize_with = "integer")]
    e: Option<i64>,
}

#[derive(Deserialize)]
struct WireFair<'a> {
    #[serde(borrow)]
    sym: Cow<'a, str>,
    #[serde(default, deserialize_with = "number")]
    fmv: Option<f64>,
    #[serde(default, deserialize_with = "integer")]
    t: Option<i64>,
}

#[derive(Deserialize)]
struct WireBand<'a> {
    #[serde(borrow, rename = "T")]
    ticker: Cow<'a, str>,
    #[serde(default, deserialize_with = "number")]
    h: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    l: Option<f64>,
    #[serde(default, deserialize_with = "integer")]
    t: Option<i64>,
}

/// Why an item cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    // Its own words would say the item's.
    #[error("no JSON of its kind: {:?} at {}", .0.classify(), .0.column())]
    Json(#[from] serde_json::Error),
    #[error("`{0}` is missing or no number")]
    Missing(&'static str),
    #[error("`{0}` is no time between 2000 and 2100")]
    Time(&'static str),
}

/// Reads one item; `None` when its kind is not known.
pub(super) fn item(text: &str) -> Result<Option<Event<'_>>, Fault> {
    let head: Head<'_> = serde_json::from_str(text)?;
    Ok(Some(match head.ev.as_ref() {
        "T" => Event::Trade(trade(serde_json::from_str(text)?)?),
        "Q" => Event::Book(book(serde_json::from_str(text)?)?),
        "A" => Event::Second(window(serde_json::from_str(text)?, 1_000)?),
        "AM" => Event::Minute(window(serde_json::from_str(text)?, 60_000)?),
        "FMV" => Event::Fair(fair(serde_json::from_str(text)?)?),
        "LULD" => Event::Band(band(serde_json::from_str(text)?)?),
        "status" => Event::Status(status(serde_json::from_str(text)?)),
        _ => return Ok(None),
    }))
}

fn status(wire: WireStatus<'_>) -> Status<'_> {
    Status { status: wire.status, message: wire.message.unwrap_or_default() }
}

fn trade(wire: WireTrade<'_>) -> Result<Trade<'_>, Fault> {
    Ok(Trade {
        ticker: wire.sym,
        price: finite("p", wire.p)?,
        size: wire.s.filter(|size| size.is_finite()).unwrap_or(0.0),
        conditions: wire.c.unwrap_or_default(),
        time_ms: millis("t", wire.t)?,
        sequence: wire.q.unwrap_or(0),
    })
}

fn book(wire: WireBook<'_>) -> Result<Book<'_>, Fault> {
    let known = |value: Option<f64>| value.filter(|value| value.is_finite() && *value > 0.0);
    let time_ms = match wire.t {
        Some(_) => Some(millis("t", wire.t)?),
        None => None,
    };
    let (bid, ask) = (known(wire.bp), known(wire.ap));
    Ok(Book { ticker: wire.sym, bid, ask, time_ms, sequence: wire.q.unwrap_or(0) })
}

fn window(wire: WireWindow<'_>, length_ms: i64) -> Result<Window<'_>, Fault> {
    let start_ms = millis("s", wire.s)?;
    let end_ms = match wire.e {
        Some(_) => millis("e", wire.e)?,
        None => start_ms + length_ms,
    };
    Ok(Window {
        ticker: wire.sym,
        open: finite("o", wire.o)?,
        high: finite("h", wire.h)?,
        low: finite("l", wire.l)?,
        close: finite("c", wire.c)?,
        volume: wire.v.filter(|volume| volume.is_finite() && *volume >= 0.0).unwrap_or(0.0),
        vwap: wire.vw,
        mean_size: wire.z,
        start_ms,
        end_ms,
    })
}

fn fair(wire: WireFair<'_>) -> Result<Fair<'_>, Fault> {
    Ok(Fair { ticker: wire.sym, price: finite("fmv", wire.fmv)?, time_ns: by_magnitude(wire.t)? })
}

fn band(wire: WireBand<'_>) -> Result<Band<'_>, Fault> {
    Ok(Band { ticker: wire.ticker, high: wire.h, low: wire.l, time_ns: by_magnitude(wire.t)? })
}

fn finite(field: &'static str, value: Option<f64>) -> Result<f64, Fault> {
    value.filter(|value| value.is_finite()).ok_or(Fault::Missing(field))
}

fn millis(field: &'static str, value: Option<i64>) -> Result<i64, Fault> {
    let value = value.ok_or(Fault::Missing(field))?;
    if SANE_MS.contains(&value) { Ok(value) } else { Err(Fault::Time(field)) }
}

/// Documented as nanoseconds and sent as milliseconds, or the other way round.
fn by_magnitude(value: Option<i64>) -> Result<i64, Fault> {
    let value = value.ok_or(Fault::Missing("t"))?;
    if SANE_MS.contains(&value) {
        Ok(value * 1_000_000)
    } else if SANE_MS.contains(&(value / 1_000_000)) {
        Ok(value)
    } else {
        Err(Fault::Time("t"))
    }
}
