//! What is read from an answer besides its body, and where calls go.

use super::*;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    pairs.iter().map(pair).collect()
}

fn client(base: &str) -> Client {
    let credentials = Credentials { key: "the-key".into(), secret: "the-secret".into() };
    Client::new(&Url::parse(base).unwrap(), credentials, Timeouts::default()).unwrap()
}

#[test]
fn limits_are_read_whole_or_not_at_all() {
    let whole = [
        ("x-ratelimit-limit", "50"),
        ("x-ratelimit-period", "60"),
        ("x-ratelimit-remaining", "49"),
        ("x-ratelimit-reset", "1788580640"),
    ];
    let expected =
        Headers { limit: 50, period_ms: 60_000, remaining: 49, reset_ms: 1_788_580_640_000 };
    assert_eq!(limits(&headers(&whole)), Some(expected));
    for left_out in 0..whole.len() {
        let mut some = whole.to_vec();
        some.remove(left_out);
        assert_eq!(limits(&headers(&some)), None);
        let mut odd = whole;
        odd[left_out].1 = "soon";
        assert_eq!(limits(&headers(&odd)), None);
    }
}

#[test]
fn the_servers_date_is_read() {
    let date = headers(&[("date", "Sun, 09 Aug 2026 05:48:51 GMT")]);
    assert_eq!(date_ms(&date), Some(1_786_254_531_000));
    assert_eq!(date_ms(&headers(&[("date", "yesterday")])), None);
}

#[test]
fn the_key_is_in_no_debug_text() {
    let text = format!("{:?}", client("https://demo.trading212.com/api/v0"));
    assert!(!text.contains("the-key") && !text.contains("the-secret"), "{text}");
}

#[test]
fn a_base_address_may_end_in_a_slash_or_have_no_path() {
    for base in ["http://h:1", "http://h:1/", "http://h:1/api/v0", "http://h:1/api/v0/"] {
        let page = client(base).below(Endpoint::OrderById, 53_150_556_577).unwrap();
        assert_eq!(page.as_str(), "http://h:1/api/v0/equity/orders/53150556577", "{base}");
    }
}
