//! Additive evolution: services of different ages understand each other.
//!
//! These tests take messages apart as plain values, the way a service of another version would
//! write them.

use crate::wire::samples;
use proto::{OrderEvent, Position, Tick, decode};
use serde_json::{Value, json};

fn value(payload: &[u8]) -> serde_json::Map<String, Value> {
    rmp_serde::from_slice(payload).unwrap()
}

fn payload(fields: &serde_json::Map<String, Value>) -> Vec<u8> {
    rmp_serde::to_vec_named(fields).unwrap()
}

#[test]
fn golden_bytes_decode_to_the_message_they_were() {
    for sample in samples::all() {
        let decoded = (sample.decode)(&sample.golden).unwrap();
        assert_eq!(decoded, sample.text, "{}", sample.name);
    }
}

#[test]
fn every_message_encodes_to_its_golden_bytes() {
    let changed: Vec<String> = samples::all()
        .iter()
        .filter(|sample| sample.encoded != sample.golden)
        .map(|sample| {
            let hex: Vec<_> = sample.encoded.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{} is on the wire now {}", sample.name, hex.concat())
        })
        .collect();
    assert!(changed.is_empty(), "the wire has changed:\n{}", changed.join("\n"));
}

#[test]
fn fields_of_a_later_version_are_ignored() {
    for sample in samples::all() {
        let mut fields = value(&sample.golden);
        fields.insert("added_later".to_owned(), json!({ "deep": [1, "two", null, { "x": 3.5 }] }));
        fields.insert("another".to_owned(), json!(true));
        fields.insert("v".to_owned(), json!(2));
        let decoded = (sample.decode)(&payload(&fields)).unwrap();
        assert_eq!(decoded.replacen("v: 2", "v: 1", 1), sample.text, "{}", sample.name);
    }
}

#[test]
fn the_order_of_fields_does_not_matter() {
    for sample in samples::all() {
        let fields = value(&sample.golden);
        let mut reversed = vec![0xde, 0, u8::try_from(fields.len()).unwrap()];
        for (key, value) in fields.iter().rev() {
            reversed.extend(rmp_serde::to_vec_named(key).unwrap());
            reversed.extend(rmp_serde::to_vec_named(value).unwrap());
        }
        assert_eq!((sample.decode)(&reversed).unwrap(), sample.text, "{}", sample.name);
    }
}

#[test]
fn a_tick_of_the_first_version_decodes() {
    let mut fields = value(&samples::all()[0].golden);
    for optional in ["delayed", "bid", "ask", "prev_close", "gap", "suspect"] {
        assert!(fields.remove(optional).is_some(), "{optional}");
    }
    let tick: Tick = decode(&payload(&fields)).unwrap();
    assert_eq!((tick.gap, tick.suspect), (false, None));
    assert_eq!((tick.delayed, tick.bid, tick.ask, tick.prev_close), (false, None, None, None));
}

#[test]
fn whatever_is_optional_may_be_absent_or_null() {
    for (name, optional) in [
        ("tick", vec!["delayed", "bid", "ask", "prev_close", "gap", "suspect"]),
        ("feed status", vec!["missing", "delay_ms", "entitlement", "transport", "tape"]),
        ("levels", vec!["entry", "stop", "trailing", "take_profit", "leave_by_ms"]),
        (
            "order refused",
            vec!["tick_seq", "intent", "refusal", "fill", "broker_order_id", "message"],
        ),
        ("order accepted", vec!["broker_order_id"]),
        ("order partially filled", vec!["tick_seq", "fill"]),
        ("position", vec!["open_order", "unresolved", "settled"]),
    ] {
        let sample = samples::all().into_iter().find(|sample| sample.name == name).unwrap();
        let mut fields = value(&sample.golden);
        for field in optional {
            fields.remove(field);
        }
        let decoded = (sample.decode)(&payload(&fields));
        assert!(decoded.is_ok(), "{name}: {decoded:?}");
    }
    let event: OrderEvent = decode(&golden("order partially filled", "fill", Value::Null)).unwrap();
    assert_eq!(event.fill, None);
    let position: Position = decode(&golden("position", "settled", Value::Null)).unwrap();
    assert_eq!(position.settled, None);
}

/// The golden bytes of a message with one field replaced.
fn golden(name: &str, field: &str, by: Value) -> Vec<u8> {
    let sample = samples::all().into_iter().find(|sample| sample.name == name).unwrap();
    let mut fields = value(&sample.golden);
    fields.insert(field.to_owned(), by);
    payload(&fields)
}

#[test]
fn a_missing_required_field_is_an_error_that_names_the_message() {
    for sample in samples::all() {
        let mut fields = value(&sample.golden);
        assert!(fields.remove("v").is_some(), "{}", sample.name);
        let error = (sample.decode)(&payload(&fields)).unwrap_err().to_string();
        let name = sample.name.strip_prefix("flat ").unwrap_or(sample.name);
        let message = name.split(' ').next().unwrap();
        assert!(error.starts_with(message), "{}: {error}", sample.name);
    }
}

#[test]
fn values_that_make_no_sense_are_refused_by_field() {
    for (name, field, by, says) in [
        ("tick", "v", json!(0), "v must be at least 1"),
        ("tick", "price", json!(0.0), "price must be"),
        ("tick", "price", json!(-1.0), "price must be"),
        ("tick", "size", json!(-1.0), "size must be"),
        ("tick", "ask", json!(0.0), "ask must be"),
        ("bar", "high", json!(1.0), "high and low must enclose"),
        ("bar", "start_ms", json!(1), "start of a minute"),
        ("intent", "quantity", json!("0"), "quantity must be above zero"),
        ("intent", "price", json!(0.0), "price must be"),
    ] {
        let sample = samples::all().into_iter().find(|sample| sample.name == name).unwrap();
        let error = (sample.decode)(&golden(name, field, by)).unwrap_err().to_string();
        assert!(error.contains(says), "{name}.{field}: {error}");
    }
    for price in [f64::NAN, f64::INFINITY] {
        let odd = proto::encode(&Tick { price, ..samples::tick() }).unwrap();
        assert!(decode::<Tick>(&odd).is_err(), "{price}");
    }
}
