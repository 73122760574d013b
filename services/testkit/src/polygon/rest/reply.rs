//! Answers and refusals, as they are written. Pure, but for the compression.

use crate::polygon::{json::Json, numbers::Numbers};
use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;

/// What the network is to do.
#[derive(Debug)]
pub(in crate::polygon) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    pub delivery: Delivery,
    /// Milliseconds of real time to wait first.
    pub wait_ms: u64,
}

/// How an answer reaches the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::polygon) enum Delivery {
    /// As it is.
    Whole,
    /// The connection breaks in mid-body.
    CutOff,
    /// The connection closes without a word.
    Dropped,
    /// Nothing ever comes.
    Never,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::polygon) enum Refusal {
    UnknownKey,
    NoKey,
    NotEntitled,
    Timeframe,
    UnknownTicker,
    NoRoute,
    BadDate,
    BadParameter,
    TooMany,
}

impl Refusal {
    pub(in crate::polygon) fn status(self) -> u16 {
        match self {
            Self::UnknownKey | Self::NoKey => 401,
            Self::NotEntitled | Self::Timeframe => 403,
            Self::UnknownTicker | Self::NoRoute => 404,
            Self::BadDate | Self::BadParameter => 400,
            Self::TooMany => 429,
        }
    }

    /// The words, and the field that holds them.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::UnknownKey => ("ERROR", "error", "Unknown API Key"),
            Self::NoKey => ("ERROR", "error", "API Key was not provided"),
            Self::NotEntitled => (
                "NOT_AUTHORIZED",
                "message",
                "You are not entitled to this data. Please upgrade your plan at https://massive.com/pricing",
            ),
            Self::Timeframe => (
                "NOT_AUTHORIZED",
                "message",
                "Your plan doesn't include this data timeframe. Please upgrade your plan at https://polygon.io/pricing",
            ),
            Self::UnknownTicker => ("NOT_FOUND", "message", "Ticker not found."),
            Self::NoRoute => ("", "", "404 page not found"),
            Self::BadDate => {
                ("ERROR", "error", "Could not parse the date: use YYYY-MM-DD or milliseconds")
            }
            Self::BadParameter => ("ERROR", "error", "Could not parse a parameter of the request"),
            Self::TooMany => (
                "ERROR",
                "error",
                "You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue. https://polygon.io/pricing",
            ),
        }
    }

    pub(in crate::polygon) fn json(self, id: &str) -> Json {
        let (status, field, words) = self.words();
        Json::Object(vec![
            ("status", Json::text(status)),
            ("request_id", Json::text(id)),
            (field, Json::text(words)),
        ])
    }
}

impl Answer {
    /// The service's own answers carry the headers that were recorded.
    pub(in crate::polygon) fn json(status: u16, json: &Json, numbers: Numbers, id: &str) -> Self {
        let headers = vec![
            ("server", "nginx/1.19.2".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("vary", "Accept-Encoding".to_owned()),
            ("x-request-id", id.to_owned()),
            ("strict-transport-security", "max-age=15724800; includeSubDomains".to_owned()),
        ];
        Self::whole(status, headers, json.write(numbers).into_bytes())
    }

    /// The answer of a path nobody serves.
    pub(in crate::polygon) fn no_route() -> Self {
        let kind = vec![("content-type", "text/plain; charset=utf-8".to_owned())];
        Self::whole(404, kind, b"404 page not found".to_vec())
    }

    pub(in crate::polygon) fn whole(
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Self {
        Self { status, headers, body, delivery: Delivery::Whole, wait_ms: 0 }
    }

    /// What the edge answers by itself.
    pub(in crate::polygon) fn edge(
        status: u16,
        kind: String,
        body: String,
        retry_after: Option<u64>,
    ) -> Self {
        let mut headers = Vec::new();
        if !kind.is_empty() {
            headers.push(("content-type", kind));
        }
        headers.extend(retry_after.map(|seconds| ("retry-after", seconds.to_string())));
        Self::whole(status, headers, body.into_bytes())
    }

    pub(in crate::polygon) fn gzip(&mut self) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let packed = encoder.write_all(&self.body).and_then(|()| encoder.finish());
        if let Ok(packed) = packed {
            self.body = packed;
            self.headers.push(("content-encoding", "gzip".to_owned()));
        }
    }

    pub(in crate::polygon) fn halve(&mut self) {
        self.body.truncate(self.body.len() / 2);
    }
}
