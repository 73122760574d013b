//! Polygon over HTTP: what is asked, what becomes of the answers, what is said of refusals.
//!
//! The service here says what it is told to, word for word as the real one was recorded.

mod errors;
mod fields;
mod minutes;
mod plans;
mod service;
mod stream;
mod symptoms;
mod tables;

use crate::desk::{Bench, Running, SOON, calendar};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use ingest::source::polygon::{Pace, Polygon, Settings, Wish};
use runtime::{clock::Clock, testing::eventually};
use std::{
    collections::VecDeque,
    io::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Semaphore;

pub(crate) const KEY: &str = "key-that-nobody-may-see";
/// Friday 2025-08-08, 10:30:30 in New York.
pub(crate) const NOW_NS: i64 = 1_754_663_430_000_000_000;
/// The minute of that moment.
pub(crate) const NOW_MINUTE_MS: i64 = 1_754_663_400_000;
/// Thursday's close, 16:00 in New York.
pub(crate) const CLOSED_NS: i64 = 1_754_596_800_000_000_000;

/// Parts of paths, by which pages are told apart.
pub(crate) const SNAPSHOTS: &str = "/v2/snapshot/";
pub(crate) const GROUPED: &str = "/v2/aggs/grouped/";
pub(crate) const PREVIOUS: &str = "/prev";
pub(crate) const MINUTES: &str = "/range/1/minute/";

/// A service that answers what it is told to, and remembers what it was asked.
#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    /// The next answers of each page, the last of which stays. Of two that fit the one told last counts.
    answers: Vec<(&'static str, VecDeque<Reply>)>,
    asked: Vec<Asked>,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    status: u16,
    body: String,
    retry_after: Option<&'static str>,
    plain: bool,
    slow: Duration,
    held: Option<Arc<Semaphore>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
}

/// A good answer.
pub(crate) fn ok(body: impl Into<String>) -> Reply {
    refused(200, body)
}

/// An answer with another status.
pub(crate) fn refused(status: u16, body: impl Into<String>) -> Reply {
    Reply { status, body: body.into(), ..Reply::default() }
}

impl Reply {
    pub(crate) fn retry_after(self, value: &'static str) -> Self {
        Self { retry_after: Some(value), ..self }
    }

    /// Not packed.
    pub(crate) fn plain(self) -> Self {
        Self { plain: true, ..self }
    }

    /// Given when the test says so.
    pub(crate) fn held(self, gate: &Arc<Semaphore>) -> Self {
        Self { held: Some(gate.clone()), ..self }
    }

    pub(crate) fn slow(self, slow: Duration) -> Self {
        Self { slow, ..self }
    }
}

impl Fake {
    /// No minutes, and these answers to questions for snapshots.
    pub(crate) fn answering(answers: &[Reply]) -> Self {
        let fake = Self::default();
        fake.say(MINUTES, &[ok(r#"{"queryCount":0,"resultsCount":0,"status":"OK"}"#)]);
        fake.say(SNAPSHOTS, answers);
        fake
    }

    /// What a page says from here on.
    pub(crate) fn say(&self, page: &'static str, answers: &[Reply]) {
        let told = &mut self.0.lock().unwrap().answers;
        told.retain(|(before, _)| *before != page);
        told.insert(0, (page, answers.to_vec().into()));
    }

    pub(crate) fn asked(&self, page: &str) -> Vec<Asked> {
        let asked = self.0.lock().unwrap().asked.clone();
        asked.into_iter().filter(|asked| asked.uri.contains(page)).collect()
    }

    /// What a page was asked, once it has been asked so often.
    pub(crate) async fn asked_times(&self, page: &str, count: usize) -> Vec<Asked> {
        let enough = async || {
            let asked = self.asked(page);
            (asked.len() >= count).then_some(asked)
        };
        eventually(SOON, enough).await.unwrap_or_else(|| panic!("{page} is asked {count} times"))
    }

    pub(crate) async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        format!("http://{address}")
    }

    /// Starts a feed that polls this service every second.
    pub(crate) async fn feed(&self, bench: &Bench) -> Running {
        self.feed_with(bench, |_settings| {}).await
    }

    /// The same, but for what `change` changes.
    pub(crate) async fn feed_with(
        &self,
        bench: &Bench,
        change: impl FnOnce(&mut Settings),
    ) -> Running {
        let mut settings = settings(&self.serve().await);
        change(&mut settings);
        let polygon = Polygon::new(settings, &bench.symbols, &calendar(), &bench.clock).unwrap();
        bench.start(polygon).await
    }
}

/// A poll a second, and nobody waits for long.
pub(crate) fn settings(base_url: &str) -> Settings {
    Settings {
        key: KEY.to_owned().into(),
        base_url: base_url.parse().unwrap(),
        ws_url: None,
        interval: Duration::from_secs(1),
        transport: Wish::Poll,
        backfill_days: 1,
        pace: Pace::default(),
    }
}

/// A desk at [`NOW_NS`].
pub(crate) async fn bench(names: &[&str]) -> Bench {
    let mut bench = Bench::new(names).await;
    bench.clock = Clock::standing_at(NOW_NS);
    bench
}

async fn answer(State(fake): State<Fake>, request: Request) -> Response {
    let uri = request.uri().to_string();
    let reply = {
        let mut inside = fake.0.lock().unwrap();
        inside.asked.push(Asked { uri: uri.clone(), headers: request.headers().clone() });
        let page = inside.answers.iter_mut().find(|(page, _)| uri.contains(*page));
        match page {
            Some((_, answers)) if answers.len() > 1 => answers.pop_front().unwrap(),
            Some((_, answers)) => answers[0].clone(),
            None => refused(404, "404 page not found"),
        }
    };
    tokio::time::sleep(reply.slow).await;
    if let Some(gate) = &reply.held {
        gate.acquire().await.unwrap().forget();
    }
    let mut headers = HeaderMap::new();
    if let Some(value) = reply.retry_after {
        headers.insert(header::RETRY_AFTER, value.parse().unwrap());
    }
    let status = StatusCode::from_u16(reply.status).unwrap();
    if reply.plain {
        return (status, headers, reply.body).into_response();
    }
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(reply.body.as_bytes()).unwrap();
    headers.insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    (status, headers, zipped.finish().unwrap()).into_response()
}

/// A row of the Advanced plan.
pub(crate) fn trade(ticker: &str, price: f64, time_ns: i64) -> String {
    format!(
        r#"{{"ticker":"{ticker}","lastTrade":{{"c":null,"p":{price},"s":1.5e+01,"t":{time_ns}}},
            "lastQuote":{{"P":{},"p":0}},"prevDay":{{"c":9}},"unknown":[1,{{}}]}}"#,
        price + 0.01
    )
}

pub(crate) fn page(rows: &[String]) -> String {
    format!(r#"{{"count":{},"status":"OK","tickers":[{}]}}"#, rows.len(), rows.join(","))
}

/// A page with one trade of AAPL a second ago.
pub(crate) fn good() -> Reply {
    ok(page(&[trade("AAPL", 10.0, NOW_NS - 1_000_000_000)]))
}

/// A page of minutes, flat at a price.
pub(crate) fn minutes(starts_ms: &[i64], price: f64) -> String {
    let row = |start_ms: &i64| {
        format!(
            r#"{{"v":6.3e+06,"vw":{price},"o":{price},"c":{price},"h":{price},"l":{price},"t":{start_ms},"n":12}}"#
        )
    };
    let rows: Vec<String> = starts_ms.iter().map(row).collect();
    format!(r#"{{"ticker":"X","resultsCount":{},"results":[{}]}}"#, rows.len(), rows.join(","))
}
