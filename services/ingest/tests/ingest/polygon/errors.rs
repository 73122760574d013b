//! Every row of the service's table of errors: what is said, and when it is asked again.

use super::*;
use proto::FeedState;

/// What the status says after an answer that is asked for again soon, and the good one is fetched.
async fn asked_again(reply: Reply) -> String {
    after(reply, true).await
}

/// What the status says after an answer after which nobody asks for a few intervals.
async fn left_alone(reply: Reply) -> String {
    after(reply, false).await
}

async fn after(reply: Reply, again: bool) -> String {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[reply, good()]);
    let running = fake.feed(&bench).await;
    let detail = bench.state(FeedState::Failing).await.detail;
    assert!(!detail.contains(KEY) && !detail.contains('\n'), "{detail}");
    let patience = if again { SOON } else { Duration::from_secs(4) };
    let asked = async || (fake.asked(SNAPSHOTS).len() > 1).then_some(());
    assert_eq!(eventually(patience, asked).await.is_some(), again, "{detail}");
    if again {
        bench.ticks_from(1).await;
    }
    running.stop().await;
    detail
}

#[tokio::test]
async fn http_401_unknown_key() {
    let body = r#"{"status":"ERROR","request_id":"1","error":"Unknown API Key"}"#;
    let detail = left_alone(refused(401, body)).await;
    let words = "Polygon refuses the key (HTTP 401: Unknown API Key): give the right one in POLYGON_API_KEY or MASSIVE_API_KEY";
    assert_eq!(detail, words);
}

#[tokio::test]
async fn http_401_key_not_provided() {
    let body = r#"{"status":"ERROR","request_id":"1","error":"API Key was not provided"}"#;
    let detail = left_alone(refused(401, body)).await;
    assert!(detail.contains("HTTP 401: API Key was not provided"), "{detail}");
}

#[tokio::test]
async fn http_401_is_looked_at_again_after_growing_pauses() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[refused(401, "{}"), refused(401, "{}"), good()]);
    let pauses = [200, 400, 60_000].map(Duration::from_millis);
    let running = fake.feed_with(&bench, |settings| settings.pace.refused = pauses).await;
    bench.ticks_from(1).await;
    bench.state(FeedState::Live).await;
    running.stop().await;
}

#[tokio::test]
async fn http_404_with_words() {
    let body = r#"{"status":"NOT_FOUND","request_id":"1","message":"Ticker not found."}"#;
    let detail = left_alone(refused(404, body)).await;
    assert!(detail.contains("HTTP 404: Ticker not found."), "{detail}");
}

#[tokio::test]
async fn http_404_of_a_wrong_address() {
    let detail = left_alone(refused(404, "404 page not found").plain()).await;
    assert!(detail.contains("check POLYGON_BASE_URL"), "{detail}");
}

#[tokio::test]
async fn http_400_bad_parameter() {
    let body = r#"{"status":"ERROR","request_id":"1","error":"Could not parse the date"}"#;
    let detail = asked_again(refused(400, body)).await;
    assert!(detail.contains("HTTP 400: Could not parse the date"), "{detail}");
}

#[tokio::test]
async fn http_429_waits_a_minute_where_the_service_does_not_say() {
    let body = r#"{"status":"ERROR","request_id":"1","error":"You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue. https://polygon.io/pricing"}"#;
    let detail = left_alone(refused(429, body)).await;
    assert!(detail.contains("request limit is reached (HTTP 429: You've exceeded"), "{detail}");
}

#[tokio::test]
async fn http_429_waits_as_long_as_the_service_says() {
    let detail = asked_again(refused(429, "").retry_after("1")).await;
    assert!(detail.contains("HTTP 429"), "{detail}");
}

#[tokio::test]
async fn http_5xx_that_is_no_json_is_asked_again_soon() {
    for reply in [
        refused(500, ""),
        refused(502, "<html><head><title>502 Bad Gateway</title></head></html>").plain(),
        refused(503, "{\"status\":"),
        refused(504, "upstream"),
    ] {
        let detail = asked_again(reply).await;
        assert!(detail.contains("does not answer (HTTP 50"), "{detail}");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_is_asked_again() {
    for body in ["{\"tickers\":[", "", "null", "[]", "{\"tickers\":7}"] {
        let detail = asked_again(ok(body)).await;
        assert!(detail.contains("cannot be read"), "{body}: {detail}");
    }
}

#[tokio::test]
async fn a_gateway_that_says_the_key_back_does_not_have_it_published() {
    let echo = format!("unknown header Authorization: Bearer {KEY}");
    let detail = asked_again(refused(503, format!(r#"{{"error":"{echo}"}}"#))).await;
    assert!(detail.contains("Authorization: Bearer ***"), "{detail}");
    let detail = asked_again(ok(format!(r#"{{"tickers":"{echo}"}}"#))).await;
    assert!(detail.contains("cannot be read"), "{detail}");
    let detail = asked_again(ok(format!(r#"{{"status":[],"x":"{echo}"}}"#))).await;
    assert!(detail.contains("cannot be read"), "{detail}");
}

#[tokio::test]
async fn http_429_that_asks_for_no_wait_is_waited_for_all_the_same() {
    let bench = bench(&["AAPL"]).await;
    let limited = refused(429, "").retry_after("0");
    let fake = Fake::answering(&[limited.clone(), limited, good()]);
    // A poll every 50 ms, if there were no wait: 1 and 2 s.
    let interval = Duration::from_millis(50);
    let begun = std::time::Instant::now();
    let running = fake.feed_with(&bench, |settings| settings.interval = interval).await;
    bench.ticks_from(1).await;
    assert!(begun.elapsed() >= Duration::from_secs(3), "{:?}", begun.elapsed());
    running.stop().await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[refused(301, "moved"), good()]);
    let running = fake.feed(&bench).await;
    let status = bench.state(FeedState::Failing).await;
    let words = "127.0.0.1 sends us elsewhere (HTTP 301): check the address in POLYGON_BASE_URL";
    assert_eq!(status.detail, words);
    bench.ticks_from(1).await;
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_asked_again_for_ever() {
    let bench = bench(&["AAPL"]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let settings = settings(&format!("http://{address}"));
    let polygon = Polygon::new(settings, &bench.symbols, &calendar(), &bench.clock).unwrap();
    let running = bench.start(polygon).await;
    let status = bench.state(FeedState::Failing).await;
    assert!(status.detail.starts_with("Polygon does not answer ("), "{}", status.detail);
    assert!(!status.detail.contains("http://"), "{}", status.detail);
    running.stop().await;
}
