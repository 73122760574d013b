//! Faults: what can go wrong between a program and the vendor, one switch each.

mod arm;

use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(super) use arm::{Armed, Armoury};

/// A page of the REST service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// Snapshots of many tickers, v2.
    Snapshots,
    /// The snapshot of one ticker, v2.
    Snapshot,
    /// Unified snapshots, v3.
    Unified,
    /// The bars of all tickers of a day.
    Grouped,
    /// The previous close of one ticker.
    Previous,
    /// Custom bars.
    Bars,
    /// Whether the market is open.
    Now,
    /// Holidays to come.
    Upcoming,
    /// The last trade of one ticker.
    LastTrade,
    /// The last quote of one ticker.
    LastQuote,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// REST: this, instead of an answer.
    Status {
        /// HTTP status.
        status: u16,
        /// Content type; empty for none.
        kind: String,
        /// Body.
        body: String,
        /// Seconds, in `Retry-After`.
        retry_after: Option<u64>,
    },
    /// REST: the right answer, this many milliseconds of real time late.
    Slow(u64),
    /// REST: no answer, and the connection stays open.
    Hang,
    /// REST: the connection closes without an answer.
    Drop,
    /// REST: the connection breaks in mid-body.
    ResetMidBody,
    /// REST: the first half of a gzip stream, as if it were all of it.
    TruncatedGzip,
    /// REST: the first half of the JSON, as if it were all of it.
    TruncatedJson,
    /// REST: `results`, or `tickers`, is null.
    ResultsNull,
    /// REST: `results`, or `tickers`, is not there.
    ResultsAbsent,
    /// REST: `lastTrade.c` is null.
    NullConditions,
    /// REST: `lastTrade.c` is not there.
    NoConditions,
    /// REST: the second row, or the only one, has an object where a number belongs.
    BadRow,
    /// REST: all of today's values are zeros.
    Zeroed,
    /// REST: `next_url` points to this origin.
    ForeignNextUrl(String),
    /// REST: `next_url` is the page itself.
    NextUrlLoop,

    /// Socket: every event has a frame of its own.
    OneEventPerFrame,
    /// Socket: a status, an unknown kind and a halt stand in the frame with the events.
    MixedKinds,
    /// Socket: a frame of more than 1 MB, valid.
    HugeFrame,
    /// Socket: a text frame that is no JSON comes first.
    Garbage,
    /// Socket: a binary frame comes first.
    BinaryFrame,
    /// Socket: an event of an unknown kind in the frame.
    UnknownEvent,
    /// Socket: the frame is lost, and no ping is sent; until cleared: a silent stall.
    Stall,
    /// Socket: a TCP reset instead of the frame.
    Reset,
    /// Socket: the connection ends without a close frame, instead of the frame.
    DropSocket,

    /// Socket: a bar is sent as it was half-way, then as it is, with the same `s`.
    ReplayedBars,
    /// Socket: trades have no `c`.
    TradesWithoutConditions,
    /// Socket: events have only `ev` and the ticker.
    FieldsMissing,
    /// Socket: trades come twice.
    DuplicateTrades,
    /// Socket: a trade comes after the event that follows it.
    OutOfOrderTrades,

    /// Socket: no greeting.
    NoGreeting,
    /// Socket: no answer to `auth`.
    NoAuthAnswer,
    /// Socket: subscriptions are taken and not confirmed.
    NoAcks,
    /// Socket: 503 instead of an upgrade.
    RefuseUpgrade,
}

/// When a fault does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Reply,
    Frame,
    Trade,
    Bar,
    Event,
    Greeting,
    Auth,
    Ack,
    Upgrade,
}

impl Fault {
    /// A refusal in JSON, or a page of the edge.
    pub fn status(status: u16) -> Self {
        let body = if status >= 500 { edge(status) } else { r#"{"status":"ERROR"}"#.to_owned() };
        let kind = if status >= 500 { "text/html" } else { "application/json" };
        Self::Status { status, kind: kind.to_owned(), body, retry_after: None }
    }

    /// 502 with the HTML of the edge.
    pub fn bad_gateway() -> Self {
        Self::status(502)
    }

    /// 429 with nothing in it.
    pub fn empty_429() -> Self {
        Self::Status { status: 429, kind: String::new(), body: String::new(), retry_after: None }
    }

    /// 429 as the service words it.
    pub fn too_many(retry_after: Option<u64>) -> Self {
        let body = r#"{"status":"ERROR","request_id":"0","error":"You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue. https://polygon.io/pricing"}"#;
        let kind = "application/json".to_owned();
        Self::Status { status: 429, kind, body: body.to_owned(), retry_after }
    }

    /// 401 as the service words it.
    pub fn unknown_key() -> Self {
        let body = r#"{"status":"ERROR","request_id":"0","error":"Unknown API Key"}"#;
        let kind = "application/json".to_owned();
        Self::Status { status: 401, kind, body: body.to_owned(), retry_after: None }
    }

    /// The right answer, late by real time.
    pub fn slow(by: Duration) -> Self {
        Self::Slow(u64::try_from(by.as_millis()).unwrap_or(u64::MAX))
    }

    /// The fault of a name, as the program's command line has it: `bad-gateway`, `replayed-bars`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "bad-gateway" => Some(Self::bad_gateway()),
            "empty-429" => Some(Self::empty_429()),
            "too-many" => Some(Self::too_many(Some(60))),
            "unknown-key" => Some(Self::unknown_key()),
            "slow" => Some(Self::Slow(3_000)),
            "foreign-next-url" => Some(Self::ForeignNextUrl("http://127.0.0.1:9".to_owned())),
            plain => serde_json::from_value(plain.replace('-', "_").into()).ok(),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::Status { .. }
            | Self::Slow(_)
            | Self::Hang
            | Self::Drop
            | Self::ResetMidBody
            | Self::TruncatedGzip
            | Self::TruncatedJson
            | Self::ResultsNull
            | Self::ResultsAbsent
            | Self::NullConditions
            | Self::NoConditions
            | Self::BadRow
            | Self::Zeroed
            | Self::ForeignNextUrl(_)
            | Self::NextUrlLoop => Stage::Reply,
            Self::OneEventPerFrame
            | Self::MixedKinds
            | Self::HugeFrame
            | Self::Garbage
            | Self::BinaryFrame
            | Self::UnknownEvent
            | Self::Stall
            | Self::Reset
            | Self::DropSocket => Stage::Frame,
            Self::ReplayedBars => Stage::Bar,
            Self::FieldsMissing => Stage::Event,
            Self::TradesWithoutConditions | Self::DuplicateTrades | Self::OutOfOrderTrades => {
                Stage::Trade
            }
            Self::NoGreeting => Stage::Greeting,
            Self::NoAuthAnswer => Stage::Auth,
            Self::NoAcks => Stage::Ack,
            Self::RefuseUpgrade => Stage::Upgrade,
        }
    }
}

/// What nginx says.
fn edge(status: u16) -> String {
    let words = match status {
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        _ => "Error",
    };
    format!(
        "<html>\r\n<head><title>{status} {words}</title></head>\r\n<body>\r\n<center><h1>{status} \
         {words}</h1></center>\r\n<hr><center>nginx/1.19.2</center>\r\n</body>\r\n</html>\r\n"
    )
}
