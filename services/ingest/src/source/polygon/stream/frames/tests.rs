//! What a frame amounts to.

use super::*;

/// The vendor's sample of every kind, in one frame.
const MIXED: &str = r#"[{"ev":"T","sym":"MSFT","x":4,"i":"12345","z":3,"p":114.125,"s":100,"c":[0,12],"t":1536036818784,"q":3681328},
 {"ev":"Q","sym":"MSFT","bx":4,"bp":114.125,"bs":100,"ax":7,"ap":114.128,"as":160,"c":0,"i":[604],"t":1536036818784,"q":50385480,"z":3},
 {"ev":"A","sym":"SPCE","v":200,"av":8642007,"op":25.66,"vw":25.3981,"o":25.39,"c":25.39,"h":25.39,"l":25.39,"a":25.3714,"z":50,"s":1610144868000,"e":1610144869000},
 {"ev":"AM","sym":"GTE","v":4110,"av":9470157,"op":0.4372,"vw":0.4488,"o":0.4488,"c":0.4486,"h":0.4489,"l":0.4486,"a":0.4352,"z":685,"s":1610144640000,"e":1610144700000},
 {"ev":"FMV","fmv":189.22,"sym":"AAPL","t":1678220098130},
 {"ev":"LULD","T":"MSFT","h":218.94,"l":198.1,"i":[7],"z":3,"t":1601388133000123456,"q":3681328},
 {"ev":"status","status":"success","message":"subscribed to: T.AAPL"}]"#;

fn only(text: &str) -> Event<'_> {
    let frame = decode(text.as_bytes());
    assert_eq!((frame.events.len(), frame.malformed, frame.unknown), (1, 0, 0), "{text}");
    frame.events.into_iter().next().unwrap()
}

fn trade(fields: &str) -> Option<(f64, f64, i64)> {
    let text = format!(r#"[{{"ev":"T","sym":"A",{fields}}}]"#);
    let frame = decode(text.as_bytes());
    let Some(Event::Trade(trade)) = frame.events.first() else {
        assert_eq!(frame.malformed, 1, "{text}");
        return None;
    };
    Some((trade.price, trade.size, trade.time_ms))
}

#[test]
fn every_element_of_a_mixed_frame_is_handled_not_only_the_first() {
    let frame = decode(MIXED.as_bytes());
    assert_eq!((frame.events.len(), frame.malformed, frame.unknown), (7, 0, 0));
    let [
        Event::Trade(trade),
        Event::Book(book),
        Event::Second(second),
        Event::Minute(minute),
        Event::Fair(fair),
        Event::Band(band),
        Event::Status(status),
    ] = frame.events.as_slice()
    else {
        panic!("{:?}", frame.events);
    };
    assert_eq!((trade.price, trade.size, trade.time_ms), (114.125, 100.0, 1_536_036_818_784));
    assert_eq!((trade.conditions.as_slice(), trade.sequence), ([0, 12].as_slice(), 3_681_328));
    assert_eq!((book.bid, book.ask), (Some(114.125), Some(114.128)));
    assert_eq!((second.start_ms, second.end_ms), (1_610_144_868_000, 1_610_144_869_000));
    assert_eq!((minute.open, minute.close, minute.volume), (0.4488, 0.4486, 4_110.0));
    assert_eq!(minute.vwap, Some(0.4488), "the average of the window, not of the day");
    assert_eq!((fair.price, fair.time_ns), (189.22, 1_678_220_098_130_000_000));
    assert_eq!((band.ticker.as_ref(), band.time_ns), ("MSFT", 1_601_388_133_000_123_456));
    assert_eq!(
        (status.status.as_ref(), status.message.as_ref()),
        ("success", "subscribed to: T.AAPL")
    );
}

#[test]
fn a_bad_item_costs_itself_and_no_other() {
    for bad in [
        "7",
        "null",
        "[]",
        "{}",
        r#"{"ev":3}"#,
        r#"{"ev":"T"}"#,
        r#"{"ev":"T","sym":"A","p":{},"t":1536036818784}"#,
        r#"{"ev":"AM","sym":"A","o":1,"h":1,"l":1,"s":1610144640000}"#,
        r#"{"ev":"status"}"#,
    ] {
        let good = r#"{"ev":"T","sym":"A","p":1,"t":1536036818784}"#;
        let text = format!("[{good},{bad},{good}]");
        let frame = decode(text.as_bytes());
        assert_eq!((frame.events.len(), frame.malformed), (2, 1), "{bad}");
    }
}

#[test]
fn a_frame_that_breaks_off_gives_what_stands_before_the_break() {
    let text = r#"[{"ev":"T","sym":"A","p":1,"t":1536036818784},{"ev":"T","sym":"B","p":"#;
    let frame = decode(text.as_bytes());
    assert_eq!((frame.events.len(), frame.malformed), (1, 1));
    for text in ["", "7", "\"[]\"", "[[", "[] []", "\u{feff}[]"] {
        assert_eq!(decode(text.as_bytes()).malformed, 1, "{text:?}");
    }
    assert_eq!(decode(&[0xff, 0xfe]).malformed, 1);
    assert_eq!(decode(b" [] "), Frame::default());
}

#[test]
fn unknown_kinds_and_unknown_fields_are_passed_over() {
    let frame = decode(br#"[{"ev":"NOI","T":"A","t":1},{"ev":"XX"}]"#);
    assert_eq!((frame.events.len(), frame.malformed, frame.unknown), (0, 0, 2));
    assert!(matches!(
        only(r#"[{"ev":"T","sym":"A","p":1,"t":1536036818784,"ds":"2416.0","new":{"x":[1]}}]"#),
        Event::Trade(_)
    ));
}

#[test]
fn a_single_object_without_its_array_is_read_too() {
    assert!(matches!(only(r#"{"ev":"status","status":"connected"}"#), Event::Status(_)));
}

#[test]
fn sizes_are_read_however_they_are_written() {
    for (text, expected) in [
        ("100", 100.0),
        ("100.0", 100.0),
        ("1.091202e+06", 1_091_202.0),
        ("3.0048725e+07", 30_048_725.0),
        ("0.5", 0.5),
        ("\"2416.0\"", 2_416.0),
        ("null", 0.0),
    ] {
        let fields = format!(r#""p":1,"t":1536036818784,"s":{text}"#);
        assert_eq!(trade(&fields), Some((1.0, expected, 1_536_036_818_784)), "{text}");
    }
    assert_eq!(trade(r#""p":6e-05,"t":1536036818784"#), Some((6e-05, 0.0, 1_536_036_818_784)));
}

#[test]
fn a_trade_without_conditions_is_a_trade() {
    for conditions in ["", r#","c":null"#, r#","c":[]"#] {
        let text = format!(r#"[{{"ev":"T","sym":"A","p":1,"t":1536036818784{conditions}}}]"#);
        let Event::Trade(trade) = only(&text) else { panic!("{text}") };
        assert!(trade.conditions.is_empty());
    }
}

#[test]
fn a_quote_may_lack_everything_but_its_ticker() {
    let book = |text: &str| {
        let Event::Book(book) = only(text) else { panic!("{text}") };
        (book.bid, book.ask, book.time_ms)
    };
    assert_eq!(book(r#"[{"ev":"Q","sym":"A"}]"#), (None, None, None));
    assert_eq!(book(r#"[{"ev":"Q","sym":"A","bp":1.5,"ap":0}]"#), (Some(1.5), None, None));
}

#[test]
fn times_in_another_unit_are_malformed_and_not_guessed() {
    let good = 1_536_036_818_784_i64;
    for time in ["1536036818784000000", "1536036818", "0", "-1", "null", "\"x\""] {
        assert_eq!(trade(&format!(r#""p":1,"t":{time}"#)), None, "{time}");
    }
    assert_eq!(trade(r#""p":1,"t":1.536036818784e12"#), Some((1.0, 0.0, good)));
    for kind in ["A", "AM"] {
        let text =
            format!(r#"[{{"ev":"{kind}","sym":"A","o":1,"h":1,"l":1,"c":1,"s":1610144640}}]"#);
        assert_eq!(decode(text.as_bytes()).malformed, 1, "{text}");
    }
}

#[test]
fn only_fair_values_and_bands_take_their_unit_by_magnitude() {
    for (time, expected) in [
        ("1678220098130", Some(1_678_220_098_130_000_000)),
        ("1678220098130000001", Some(1_678_220_098_130_000_001)),
        ("1678220098", None),
    ] {
        let fair = format!(r#"[{{"ev":"FMV","sym":"A","fmv":1.5,"t":{time}}}]"#);
        let band = format!(r#"[{{"ev":"LULD","T":"A","h":1.5,"l":1,"t":{time}}}]"#);
        let frames = [&fair, &band].map(|text| decode(text.as_bytes()));
        let times = match (frames[0].events.as_slice(), frames[1].events.as_slice()) {
            ([Event::Fair(fair)], [Event::Band(band)]) => (Some(fair.time_ns), Some(band.time_ns)),
            (fair, band) => {
                assert_eq!((fair, band), (&[][..], &[][..]));
                (None, None)
            }
        };
        assert_eq!(times, (expected, expected), "{time}");
    }
}

#[test]
fn a_window_without_its_end_ends_by_its_length() {
    for (kind, length) in [("A", 1_000), ("AM", 60_000)] {
        let text =
            format!(r#"[{{"ev":"{kind}","sym":"A","o":1,"h":1,"l":1,"c":1,"s":1610144640000}}]"#);
        let (Event::Second(window) | Event::Minute(window)) = only(&text) else { panic!("{text}") };
        assert_eq!(window.end_ms - window.start_ms, length);
    }
}
