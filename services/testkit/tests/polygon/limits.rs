//! Five calls a minute.

use crate::client::{Rest, at, with};
use std::time::Duration;
use testkit::polygon::Plan;

const OPEN: &str = "2026-08-10T10:00";
const PREVIOUS: &str = "/v2/aggs/ticker/AAPL/prev";

#[tokio::test]
async fn in_a_burst_five_pass_and_the_sixth_is_429_until_the_minute_rolls_on() {
    let polygon = with(OPEN, |config| config.refused_count = false).await;
    let rest = Rest::new(&polygon, Plan::Basic);
    for _ in 0..5 {
        assert_eq!(rest.get(PREVIOUS).await.status, 200);
        polygon.advance(Duration::from_secs(10));
    }
    let refused = rest.get(PREVIOUS).await;
    assert_eq!(refused.status, 429);
    let words = "You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue. https://polygon.io/pricing";
    assert_eq!(refused.json()["error"], words);
    assert!(refused.headers.get("retry-after").is_none());
    polygon.advance(Duration::from_secs(10));
    assert_eq!(rest.get(PREVIOUS).await.status, 200, "the first call is a minute old");
    assert_eq!(rest.get(PREVIOUS).await.status, 429);
}

#[tokio::test]
async fn refused_calls_count_unless_told_otherwise() {
    let polygon = at(OPEN).await;
    let rest = Rest::new(&polygon, Plan::Basic);
    for _ in 0..5 {
        assert_eq!(rest.get(PREVIOUS).await.status, 200);
    }
    for _ in 0..10 {
        polygon.advance(Duration::from_secs(20));
        rest.get(PREVIOUS).await;
        rest.get(PREVIOUS).await;
    }
    assert_eq!(rest.get(PREVIOUS).await.status, 429, "asking on and on keeps the door shut");
    polygon.advance(Duration::from_mins(1));
    assert_eq!(rest.get(PREVIOUS).await.status, 200);
}

#[tokio::test]
async fn other_plans_have_no_limit() {
    let polygon = at(OPEN).await;
    let rest = Rest::new(&polygon, Plan::Starter);
    for _ in 0..20 {
        assert_eq!(rest.get(PREVIOUS).await.status, 200);
    }
}
