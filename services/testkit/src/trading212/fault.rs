//! Faults: what can go wrong between a program and the vendor, one switch each.

pub(super) mod plan;
pub(super) mod rewrite;

use super::endpoint::Endpoint;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One thing that goes wrong. *Before* means that the service never saw the request: no order exists
/// and no request is counted. *Then* means that it did all it was asked, and the answer was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Connection closed before the service saw the request.
    DropBeforeAccept,
    /// No answer, and the service never saw the request.
    TimeoutBeforeAccept,
    /// A page of the edge with this status; the service never saw the request.
    StatusBeforeAccept(u16),
    /// A redirect with this status to the same address; the service never saw the request.
    Redirect(u16),
    /// 429 though the limit is not reached; the service never saw the request.
    RateLimited,
    /// 401 with an empty body, whatever the key. A storm of them: `.lasting(...)`.
    Unauthorized,
    /// 403 with a page of the edge.
    ForbiddenHtml,

    /// Done, then the connection closes without an answer.
    AcceptThenDrop,
    /// Done, then no answer; the connection stays open.
    AcceptThenTimeout,
    /// Done, then a page of the edge with this status: 408, 500, 502, 503.
    AcceptThenStatus(u16),
    /// Done, then a redirect with this status to the same address.
    AcceptThenRedirect(u16),
    /// Done, then 429.
    AcceptThenRateLimited,
    /// Done, then 200 with the first half of the JSON.
    Truncated,
    /// Done, then 200 whose connection breaks in mid-body.
    CutOff,
    /// Done, then 200 with nothing.
    Empty,
    /// Done, then 200 with an order that has no `id`.
    WithoutId,

    /// Positions as they were when the fault was set.
    StalePositions,
    /// `[]`, and no items in the history.
    EmptyLists,
    /// Cash 0 in the summary.
    CashZero,
    /// History rows show this much later than usual.
    HistoryLag(#[serde(with = "as_millis")] Duration),
    /// Every history row twice.
    DuplicateRows,
    /// 404 for the id of an order that is alive.
    HiddenById,
    /// Orders show this status.
    UnknownStatus(String),
    /// Values nobody documented for `initiatedFrom`, fill `type` and `tradingMethod`.
    UnknownEnums,
    /// Null in fields that may be absent.
    NullFields,
    /// Ten decimals, and `0E-10` for nothing.
    ExponentNumbers,
    /// `1.0` where an integer would do.
    FloatNumbers,
    /// Refusals in the form of 2024: `{"code","clarification"}`.
    LegacyErrors,
    /// `x-ratelimit-reset` and `date` are off by so many seconds.
    ClockSkew(i64),

    /// Orders placed now fill this much later than usual.
    DelayFill(#[serde(with = "as_millis")] Duration),
    /// Orders placed now stay `NEW` until they are canceled or filled by hand.
    StuckNew,
    /// Orders placed now fill in so many parts.
    PartialFills(u32),
    /// Orders placed now are taken, and refused after the latency of a fill.
    RejectAfterAccept,
    /// A cancel is taken, and the order fills before it takes effect.
    FillWinsCancel,
    /// A cancel is answered 200, and nothing happens.
    CancelIgnored,

    /// Answered correctly after this much real time.
    SlowReply(#[serde(with = "as_millis")] Duration),
}

/// When a fault does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Instead of the service.
    Before,
    /// Instead of the service's answer.
    After,
    /// Within the service or on its answer; many at once.
    Within,
}

impl Fault {
    /// Everything that leaves a program not knowing whether its order exists, and which it does.
    pub fn unknown_outcomes() -> Vec<Self> {
        let mut all = vec![
            Self::DropBeforeAccept,
            Self::TimeoutBeforeAccept,
            Self::Redirect(307),
            Self::RateLimited,
            Self::AcceptThenDrop,
            Self::AcceptThenTimeout,
            Self::AcceptThenRedirect(307),
            Self::AcceptThenRateLimited,
            Self::Truncated,
            Self::CutOff,
            Self::Empty,
            Self::WithoutId,
        ];
        for status in [408, 500, 502, 503] {
            all.push(Self::StatusBeforeAccept(status));
            all.push(Self::AcceptThenStatus(status));
        }
        all
    }

    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::DropBeforeAccept
            | Self::TimeoutBeforeAccept
            | Self::StatusBeforeAccept(_)
            | Self::Redirect(_)
            | Self::RateLimited
            | Self::Unauthorized
            | Self::ForbiddenHtml => Stage::Before,
            Self::AcceptThenDrop
            | Self::AcceptThenTimeout
            | Self::AcceptThenStatus(_)
            | Self::AcceptThenRedirect(_)
            | Self::AcceptThenRateLimited
            | Self::Truncated
            | Self::CutOff
            | Self::Empty => Stage::After,
            Self::WithoutId
            | Self::StalePositions
            | Self::EmptyLists
            | Self::CashZero
            | Self::HistoryLag(_)
            | Self::DuplicateRows
            | Self::HiddenById
            | Self::UnknownStatus(_)
            | Self::UnknownEnums
            | Self::NullFields
            | Self::ExponentNumbers
            | Self::FloatNumbers
            | Self::LegacyErrors
            | Self::ClockSkew(_)
            | Self::DelayFill(_)
            | Self::StuckNew
            | Self::PartialFills(_)
            | Self::RejectAfterAccept
            | Self::FillWinsCancel
            | Self::CancelIgnored
            | Self::SlowReply(_) => Stage::Within,
        }
    }

    /// Whether the fault means anything at an endpoint.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most mean something everywhere")]
    pub(super) fn concerns(&self, endpoint: Endpoint) -> bool {
        use Endpoint as E;
        match self {
            Self::WithoutId
            | Self::DelayFill(_)
            | Self::StuckNew
            | Self::PartialFills(_)
            | Self::RejectAfterAccept => endpoint.places(),
            Self::StalePositions => endpoint == E::Positions,
            Self::EmptyLists => {
                matches!(endpoint, E::Positions | E::Orders | E::LegacyPortfolio | E::HistoryOrders)
            }
            Self::CashZero => matches!(endpoint, E::Summary | E::LegacyCash),
            Self::HistoryLag(_) | Self::DuplicateRows => endpoint == E::HistoryOrders,
            Self::HiddenById => matches!(endpoint, E::OrderById | E::Cancel),
            Self::UnknownStatus(_) | Self::UnknownEnums => {
                endpoint.places() || matches!(endpoint, E::Orders | E::OrderById | E::HistoryOrders)
            }
            Self::FillWinsCancel | Self::CancelIgnored => endpoint == E::Cancel,
            _ => true,
        }
    }
}

/// A fault that did its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The fault.
    pub fault: Fault,
    /// Where.
    pub endpoint: Endpoint,
    /// When, on the fake's clock, milliseconds since 1970 UTC.
    pub time_ms: i64,
}

/// Faults by chance. The n-th request of an endpoint meets the same fault for the same seed, however
/// the requests of different endpoints fall together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RandomFaults {
    /// Another seed, other faults.
    pub seed: u64,
    /// Requests in a thousand that meet one.
    pub per_mille: u16,
    /// What to choose from; each endpoint meets only what concerns it.
    pub faults: Vec<Fault>,
}

impl RandomFaults {
    /// One request in five meets a fault that a careful program survives without a person: no 401,
    /// no 403, nothing that lasts.
    pub fn seeded(seed: u64) -> Self {
        let seconds = Duration::from_secs;
        let mut faults = Fault::unknown_outcomes();
        faults.extend([
            Fault::EmptyLists,
            Fault::CashZero,
            Fault::HistoryLag(seconds(30)),
            Fault::DuplicateRows,
            Fault::HiddenById,
            Fault::UnknownStatus("PENDING_REVIEW".to_owned()),
            Fault::UnknownEnums,
            Fault::NullFields,
            Fault::ExponentNumbers,
            Fault::FloatNumbers,
            Fault::ClockSkew(-7),
            Fault::ClockSkew(7),
            Fault::DelayFill(seconds(3)),
            Fault::PartialFills(3),
            Fault::FillWinsCancel,
            Fault::SlowReply(Duration::from_millis(300)),
        ]);
        Self { seed, per_mille: 200, faults }
    }
}

mod as_millis {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
