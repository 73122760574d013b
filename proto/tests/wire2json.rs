//! The real `wire2json`, fed as `nats sub --translate` feeds it: one payload on standard input.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use proto::{PriceField, Session, Source, Symbol, Tick, VERSION, encode};
use serde_json::{Value, json};
use std::{
    io::Write as _,
    process::{Command, Stdio},
};

/// The one line that comes out for `payload`, as JSON.
fn translate(payload: &[u8]) -> Value {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wire2json"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(payload).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line:?} is more than one line");
    serde_json::from_str(line).unwrap()
}

fn tick() -> Tick {
    Tick {
        v: VERSION,
        symbol: Symbol::parse("BRK.B").unwrap(),
        seq: 7,
        price: 501.25,
        size: 300.0,
        time_ns: 1_772_811_000_000_000_000,
        received_ns: 1_772_811_000_001_500_000,
        source: Source::Sim,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: false,
        bid: Some(501.2),
        ask: None,
        prev_close: None,
        gap: false,
        suspect: None,
    }
}

#[test]
fn a_tick_is_one_line_of_json_with_the_names_of_the_wire() {
    let expected = json!({
        "v": 1, "symbol": "BRK.B", "seq": 7, "price": 501.25, "size": 300.0,
        "time_ns": 1_772_811_000_000_000_000_i64, "received_ns": 1_772_811_000_001_500_000_i64,
        "source": "sim", "field": "trade", "session": "regular", "delayed": false, "bid": 501.2,
    });
    assert_eq!(translate(&encode(&tick()).unwrap()), expected);
}

#[test]
fn a_text_with_a_line_break_is_still_one_line() {
    assert_eq!(translate(b"\xa3a\nb"), json!("a\nb"));
}

#[test]
fn garbage_is_said_to_be_garbage() {
    let line = translate(&[0xc1, 1, 2]);
    assert!(line["not_msgpack"].is_string(), "{line}");
    assert_eq!(line["bytes"], json!(3));
}

#[test]
fn nothing_at_all_is_said_to_be_nothing() {
    let line = translate(b"");
    assert!(line["not_msgpack"].is_string(), "{line}");
    assert_eq!(line["bytes"], json!(0));
}

#[test]
fn a_cut_tick_is_garbage() {
    let payload = encode(&tick()).unwrap();
    let line = translate(&payload[..payload.len() - 1]);
    assert!(line["not_msgpack"].is_string(), "{line}");
}

#[test]
fn deep_nesting_is_garbage_and_not_a_stack_overflow() {
    for level in [&[0x91][..], &[0x81, 0xa0]] {
        let line = translate(&level.repeat(100_000));
        assert!(line["not_msgpack"].is_string(), "{line}");
    }
}

#[test]
fn a_promise_of_four_gigabytes_is_garbage() {
    for marker in [0xc6, 0xdb, 0xdd, 0xdf] {
        let line = translate(&[marker, 0xff, 0xff, 0xff, 0xff]);
        assert!(line["not_msgpack"].is_string(), "{line}");
    }
}
