//! Polygon over HTTP: what is asked, what becomes of the answers, what is said of refusals.

use crate::desk::{Bench, Running, SOON, calendar};
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use ingest::source::polygon::{Polygon, Settings};
use proto::{ClockKind, FeedState, PriceField, Source};
use runtime::testing::eventually;
use std::{
    io::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

const KEY: &str = "key-that-nobody-may-see";

/// A service that answers what it is told to, and remembers what it was asked.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    /// The next answers; the last one stays.
    answers: Vec<(u16, String)>,
    asked: Vec<Asked>,
}

#[derive(Clone, Debug)]
struct Asked {
    uri: String,
    authorization: String,
}

impl Fake {
    fn answering(answers: &[(u16, String)]) -> Self {
        let fake = Self::default();
        fake.0.lock().unwrap().answers = answers.to_vec();
        fake
    }

    fn answer(&self, status: u16, body: &str) {
        self.0.lock().unwrap().answers = vec![(status, body.to_owned())];
    }

    fn asked(&self) -> Vec<Asked> {
        self.0.lock().unwrap().asked.clone()
    }

    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        format!("http://{address}")
    }

    /// Starts a feed that polls this service every second.
    async fn feed(&self, bench: &Bench) -> Running {
        let settings = Settings {
            key: KEY.to_owned().into(),
            base_url: self.serve().await.parse().unwrap(),
            interval: Duration::from_secs(1),
        };
        bench.start(Polygon::new(&settings, &bench.symbols, &calendar()).unwrap()).await
    }
}

async fn answer(State(fake): State<Fake>, request: Request) -> Response {
    let mut inside = fake.0.lock().unwrap();
    let authorization = request.headers()[header::AUTHORIZATION].to_str().unwrap().to_owned();
    inside.asked.push(Asked { uri: request.uri().to_string(), authorization });
    let (status, body) =
        if inside.answers.len() > 1 { inside.answers.remove(0) } else { inside.answers[0].clone() };
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(body.as_bytes()).unwrap();
    let headers = [(header::CONTENT_ENCODING, "gzip")];
    (StatusCode::from_u16(status).unwrap(), headers, zipped.finish().unwrap()).into_response()
}

/// The middle of a minute that has not come: no clock closes its bar while the test runs.
fn future_ns() -> i64 {
    (runtime::clock::now_ms() / 60_000 + 10) * 60_000_000_000 + 30_000_000_000
}

fn trade(ticker: &str, price: f64, time_ns: i64) -> String {
    format!(
        r#"{{"ticker":"{ticker}","lastTrade":{{"c":null,"p":{price},"s":1.5e+01,"t":{time_ns}}},
            "lastQuote":{{"P":{},"p":0}},"prevDay":{{"c":9}},"unknown":[1,{{}}]}}"#,
        price + 0.01
    )
}

fn page(rows: &[String]) -> String {
    format!(r#"{{"count":{},"status":"OK","tickers":[{}]}}"#, rows.len(), rows.join(","))
}

#[tokio::test]
async fn all_symbols_are_asked_for_at_once_and_what_repeats_itself_counts_once() {
    let bench = Bench::new(&["AAPL", "BRK.B", "NONE"]).await;
    let time_ns = future_ns();
    let zero = r#"{"ticker":"BRK.B","lastTrade":{"p":0,"t":0},"min":{"c":0,"t":0},
        "day":{"c":0},"prevDay":{"c":480.5}}"#;
    let first = page(&[zero.to_owned(), trade("AAPL", 10.0, time_ns), "17".to_owned()]);
    let fake = Fake::answering(&[(200, first.clone()), (200, first)]);
    let running = fake.feed(&bench).await;
    let status = bench.state(FeedState::Live).await;
    assert_eq!(
        (status.source, status.clock, status.interval_ms),
        (Source::Polygon, ClockKind::Wall, 1_000)
    );
    assert_eq!(status.missing, [bench.symbols[2].clone()]);
    assert!(status.detail.contains("unknown there: NONE"), "{status:?}");
    eventually(SOON, async || (fake.asked().len() >= 3).then_some(())).await.expect("three polls");
    fake.answer(200, &page(&[zero.to_owned(), trade("AAPL", 11.0, time_ns + 5)]));
    let ticks = bench.ticks_from(3).await;
    let said: Vec<_> = ticks
        .iter()
        .map(|(_, tick)| (tick.symbol.as_str(), tick.seq, tick.price, tick.field))
        .collect();
    let expected = [
        ("AAPL", 1, 10.0, PriceField::Trade),
        ("BRK.B", 1, 480.5, PriceField::PrevDay),
        ("AAPL", 2, 11.0, PriceField::Trade),
    ];
    assert_eq!(said, expected);
    let aapl = &ticks[0].1;
    assert_eq!((aapl.time_ns, aapl.size, aapl.bid, aapl.ask), (time_ns, 15.0, None, Some(10.01)));
    assert_eq!(aapl.prev_close, Some(9.0));
    for asked in fake.asked() {
        assert_eq!(asked.authorization, format!("Bearer {KEY}"));
        let expected = "/v2/snapshot/locale/us/markets/stocks/tickers?tickers=AAPL%2CBRK.B%2CNONE&include_otc=false";
        assert_eq!(asked.uri, expected);
    }
    running.stop().await;
}

#[tokio::test]
async fn a_refusal_for_good_stands_in_the_status_and_is_not_repeated() {
    let bench = Bench::new(&["AAPL"]).await;
    let body = r#"{"status":"NOT_AUTHORIZED","message":"You are not entitled to this data."}"#;
    let fake = Fake::answering(&[(403, body.to_owned())]);
    let running = fake.feed(&bench).await;
    let status = bench.state(FeedState::Failing).await;
    assert_eq!(
        status.detail,
        "the plan of the key has no snapshots (HTTP 403: You are not entitled to this data.)"
    );
    let (well, report) = bench.health.report();
    assert!(!well && !report.to_string().contains(KEY), "{report}");
    // The next poll of the grid would come within a second.
    let again = eventually(Duration::from_secs(3), async || (fake.asked().len() > 1).then_some(()));
    assert!(again.await.is_none(), "a refusal for good is left alone for minutes");
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_stumbles_is_asked_again_soon() {
    let bench = Bench::new(&["AAPL"]).await;
    let good = page(&[trade("AAPL", 10.0, future_ns())]);
    let fake = Fake::answering(&[
        (502, "<html>".to_owned()),
        (200, "{\"tickers\":[".to_owned()),
        (200, good),
    ]);
    let running = fake.feed(&bench).await;
    assert_eq!(bench.ticks_from(1).await[0].1.price, 10.0);
    let status = bench.state(FeedState::Live).await;
    assert!(!status.detail.contains(KEY));
    running.stop().await;
}

#[tokio::test]
async fn the_forming_bar_is_whole_after_a_restart_and_thin_symbols_are_closed_by_the_clock() {
    let bench = Bench::new(&["AAPL"]).await;
    let time_ns = future_ns();
    let fake = Fake::answering(&[(200, page(&[trade("AAPL", 10.0, time_ns)]))]);
    let first = fake.feed(&bench).await;
    bench.ticks_from(1).await;
    fake.answer(200, &page(&[trade("AAPL", 8.0, time_ns + 1)]));
    bench.ticks_from(2).await;
    first.kill().await;
    fake.answer(200, &page(&[trade("AAPL", 11.0, time_ns + 2)]));
    let second = fake.feed(&bench).await;
    bench.ticks_from(3).await;
    fake.answer(200, &page(&[trade("AAPL", 11.0, time_ns + 60_000_000_000)]));
    let symbol = bench.symbols[0].clone();
    let bar = eventually(SOON, async || bench.bars(&symbol).await.into_values().next());
    let bar = bar.await.expect("the bar of the first minute");
    assert_eq!((bar.open, bar.low, bar.high, bar.close), (10.0, 8.0, 11.0, 11.0));
    assert_eq!((bar.count, bar.seq, bar.volume), (3, 3, 45.0));
    second.stop().await;

    let past_ns = runtime::clock::now_ns() - 120_000_000_000;
    let thin = Bench::new(&["THIN"]).await;
    let fake = Fake::answering(&[(200, page(&[trade("THIN", 3.0, past_ns)]))]);
    let running = fake.feed(&thin).await;
    let symbol = thin.symbols[0].clone();
    let bar = eventually(SOON, async || thin.bars(&symbol).await.into_values().next());
    assert_eq!(bar.await.expect("a bar without a later tick").close, 3.0);
    running.stop().await;
}
