//! Hostile bytes: always an error, never a panic, and soon.

use crate::wire::samples::{self, Sample};
use proptest::prelude::*;
use proto::codec::MAX_BYTES;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Far above what any refusal takes, far below what a runaway one would.
const SOON: Duration = Duration::from_secs(1);

/// Decodes as `sample`'s message, checks that it is an error and that it came soon.
fn refused(sample: &Sample, payload: &[u8], what: &str) {
    let begun = Instant::now();
    let outcome = (sample.decode)(payload);
    let took = begun.elapsed();
    assert!(outcome.is_err(), "{}, {what}: {outcome:?}", sample.name);
    assert!(took < SOON, "{}, {what}: took {took:?}", sample.name);
}

/// The same bytes as every message.
fn refused_by_all(payload: &[u8], what: &str) {
    for sample in samples::all() {
        refused(&sample, payload, what);
    }
}

fn fields(sample: &Sample) -> Map<String, Value> {
    rmp_serde::from_slice(&sample.golden).unwrap()
}

/// The golden bytes with one more field whose value is `value`.
fn with_extra_field(sample: &Sample, value: &[u8]) -> Vec<u8> {
    let fields = fields(sample);
    let mut payload = vec![0xde, 0, u8::try_from(fields.len() + 1).unwrap()];
    for (key, value) in &fields {
        payload.extend(rmp_serde::to_vec_named(key).unwrap());
        payload.extend(rmp_serde::to_vec_named(value).unwrap());
    }
    payload.extend(b"\xa5extra");
    payload.extend(value);
    payload
}

#[test]
fn every_truncation_of_every_message_is_an_error() {
    for sample in samples::all() {
        for length in 0..sample.golden.len() {
            refused(&sample, &sample.golden[..length], &format!("cut to {length} bytes"));
        }
    }
}

#[test]
fn a_value_of_another_type_is_an_error_in_every_field() {
    for sample in samples::all() {
        let message = Value::Object(fields(&sample));
        for path in leaves(&message) {
            let mut wrong = message.clone();
            let place = wrong.pointer_mut(&path).unwrap();
            *place = if place.is_boolean() { json!("yes") } else { json!(true) };
            refused(&sample, &rmp_serde::to_vec_named(&wrong).unwrap(), &path);
        }
    }
}

/// JSON pointers of every value below `value`, inner ones too.
fn leaves(value: &Value) -> Vec<String> {
    let below = |key: &str, inner: &Value| {
        let mut paths: Vec<_> = leaves(inner).iter().map(|path| format!("/{key}{path}")).collect();
        paths.push(format!("/{key}"));
        paths
    };
    match value {
        Value::Object(map) => map.iter().flat_map(|(key, inner)| below(key, inner)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(at, inner)| below(&at.to_string(), inner)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[test]
fn values_of_every_kind_in_every_field_never_panic() {
    let kinds = [
        json!(null),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(""),
        json!("a text"),
        json!("\u{0}*.>"),
        json!([]),
        json!([[1]]),
        json!({}),
        json!({ "a": 1 }),
    ];
    for sample in samples::all() {
        let message = Value::Object(fields(&sample));
        for path in leaves(&message) {
            for kind in &kinds {
                let mut odd = message.clone();
                *odd.pointer_mut(&path).unwrap() = kind.clone();
                let begun = Instant::now();
                // Some are legal (an empty list of symbols); none may panic or linger.
                let outcome = (sample.decode)(&rmp_serde::to_vec_named(&odd).unwrap());
                assert!(begun.elapsed() < SOON, "{}{path}: {outcome:?}", sample.name);
            }
        }
    }
}

#[test]
fn one_megabyte_is_refused_before_it_is_parsed() {
    refused_by_all(&vec![0; 1 << 20], "zeros");
    refused_by_all(&vec![0xc1; 1 << 20], "the reserved byte");
    let mut text = vec![0xdb, 0, 0x10, 0, 0];
    text.resize(5 + (1 << 20), b'x');
    for sample in samples::all() {
        let payload = with_extra_field(&sample, &text);
        refused(&sample, &payload, "an otherwise good message");
        let error = (sample.decode)(&payload).unwrap_err();
        assert!(matches!(error, proto::WireError::TooLarge { .. }), "{error}");
    }
}

#[test]
fn the_largest_payload_that_is_parsed_ends_exactly_at_the_limit() {
    for sample in samples::all() {
        let room = MAX_BYTES - with_extra_field(&sample, &[]).len();
        let text = |length: usize| {
            let length = u16::try_from(length).unwrap();
            let mut value = vec![0xda];
            value.extend(length.to_be_bytes());
            value.resize(3 + usize::from(length), b'x');
            value
        };
        let largest = with_extra_field(&sample, &text(room - 3));
        assert_eq!(largest.len(), MAX_BYTES);
        assert_eq!((sample.decode)(&largest).unwrap(), sample.text, "{}", sample.name);
        refused(&sample, &with_extra_field(&sample, &text(room - 2)), "one byte more");
    }
}

/// One level of nesting: an array of one, a map of one with an empty key, and with a map as key.
const LEVELS: [(&str, &[u8]); 3] =
    [("arrays", &[0x91]), ("maps", &[0x81, 0xa0]), ("maps as keys", &[0x81])];

#[test]
fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
    for (what, level) in LEVELS {
        refused_by_all(&level.repeat(100_000), what);
        // Below the limit of size, so that it is the depth that is refused.
        let deepest = level.repeat(60_000 / level.len());
        refused_by_all(&deepest, what);
        for sample in samples::all() {
            refused(&sample, &with_extra_field(&sample, &deepest), what);
            for field in fields(&sample).keys() {
                let mut nested = vec![0x81];
                nested.extend(rmp_serde::to_vec_named(field).unwrap());
                nested.extend(&deepest);
                refused(&sample, &nested, &format!("{what} in {field}"));
            }
        }
    }
}

#[test]
fn a_length_that_promises_four_gigabytes_is_an_error() {
    for marker in [0xc6, 0xc9, 0xdb, 0xdd, 0xdf] {
        let promise = [marker, 0xff, 0xff, 0xff, 0xff];
        let what = format!("marker {marker:02x}");
        refused_by_all(&promise, &what);
        for sample in samples::all() {
            refused(&sample, &with_extra_field(&sample, &promise), &what);
            for field in fields(&sample).keys() {
                let mut payload = vec![0x81];
                payload.extend(rmp_serde::to_vec_named(field).unwrap());
                payload.extend(promise);
                refused(&sample, &payload, &format!("{what} in {field}"));
            }
        }
    }
}

#[test]
fn a_message_taken_for_another_is_an_error() {
    let samples = samples::all();
    for sample in &samples {
        for other in &samples {
            let (mine, theirs) = (kind(sample.name), kind(other.name));
            if mine != theirs {
                refused(sample, &other.golden, &format!("bytes of {}", other.name));
            }
        }
    }
}

/// What a sample's name says about its type.
fn kind(name: &str) -> &str {
    [
        "tick",
        "bar",
        "feed",
        "progress",
        "levels",
        "intent",
        "order",
        "position",
        "account",
        "control",
        "lease",
        "settlement",
        "flatten",
        "live",
    ]
    .into_iter()
    .find(|kind| name.contains(kind))
    .unwrap()
}

proptest! {
    #[test]
    fn random_bytes_are_an_error(payload in prop::collection::vec(any::<u8>(), 0..2_048)) {
        refused_by_all(&payload, "random bytes");
    }

    #[test]
    fn bytes_changed_at_random_never_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let samples = samples::all();
        let sample = which.get(&samples);
        let mut payload = sample.golden.clone();
        for (at, byte) in changes {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        let begun = Instant::now();
        // A changed digit of a price is still a message.
        let outcome = (sample.decode)(&payload);
        prop_assert!(begun.elapsed() < SOON, "{}: {outcome:?}", sample.name);
    }
}
