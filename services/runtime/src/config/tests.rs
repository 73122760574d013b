//! Faults are all told at once, each with its place.

use super::{value::*, *};
use rust_decimal::Decimal;
use secrecy::ExposeSecret as _;
use std::time::Duration;

fn section(text: &str, faults: &Faults, read: impl FnOnce(&Section<'_>)) {
    let parsed = toml::from_str(text).map_err(|error| error.to_string());
    read(&root("test.toml", Path::new("test.toml"), parsed, faults));
}

#[test]
fn every_fault_of_a_file_is_told_at_once() {
    let faults = Faults::default();
    let text = "wait = '5 parsecs'\nport = 70000\nlimit = -1\ntypo = 1\n[risk]\nother = 2";
    section(text, &faults, |file| {
        let _: Duration = file.required("wait", Rule::any());
        let _: u16 = file.required("port", Rule::any());
        let _: f64 = file.required("limit", positive());
        let _: f64 = file.section("risk").required("cash", positive());
    });
    let refused = faults.into_result(()).unwrap_err();
    let told = refused.to_string();
    for place in ["wait", "port", "limit", "typo", "risk.cash", "risk.other"] {
        assert!(told.contains(&format!("test.toml: {place}: ")), "{place} is not in:\n{told}");
    }
    assert_eq!(refused.faults().len(), 6, "{told}");
}

#[test]
fn a_sound_file_gives_its_values() {
    let faults = Faults::default();
    section("wait = '250ms'\nsize = 1.10\nname = 'x'", &faults, |file| {
        assert_eq!(file.required::<Duration>("wait", Rule::any()), Duration::from_millis(250));
        assert_eq!(file.required::<Decimal>("size", positive()).to_string(), "1.1");
        assert_eq!(file.optional::<String>("name", not_empty()).unwrap(), "x");
        assert_eq!(file.optional::<bool>("flag", Rule::any()), None);
    });
    faults.into_result(()).unwrap();
}

#[test]
fn a_syntax_error_names_line_and_column() {
    let faults = Faults::default();
    section("a = 1\nb = = 2", &faults, |_| {});
    let told = faults.into_result(()).unwrap_err().to_string();
    assert!(told.contains("line 2, column"), "{told}");
}

#[test]
fn an_absent_table_is_one_fault_not_many() {
    let faults = Faults::default();
    section("a = 1", &faults, |file| {
        let _: u64 = file.required("a", Rule::any());
        let risk = file.section("risk");
        let _: u64 = risk.required("one", Rule::any());
        let _: u64 = risk.required("two", Rule::any());
    });
    assert_eq!(faults.into_result(()).unwrap_err().faults().len(), 1);
}

#[test]
fn the_line_end_of_a_secret_is_no_part_of_it_wherever_it_comes_from() {
    let faults = Faults::default();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "pA1\n").unwrap();
    let file = file.to_str().unwrap().to_owned();
    for (value, file) in [(Some(" pA1\n".to_owned()), None), (None, Some(file))] {
        let secret = secret_of("NATS_INGEST_PASSWORD", value, file, &faults).unwrap();
        assert_eq!(secret.expose_secret(), "pA1");
    }
    faults.into_result(()).unwrap();
}

#[test]
fn a_secret_that_is_given_twice_or_in_an_empty_file_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty");
    std::fs::write(&file, "\n").unwrap();
    let file = file.to_str().unwrap().to_owned();
    for (value, place) in [(Some("pA1".to_owned()), "KEY: "), (None, "KEY_FILE: ")] {
        let faults = Faults::default();
        assert!(secret_of("KEY", value, Some(file.clone()), &faults).is_none());
        let told = faults.into_result(()).unwrap_err().to_string();
        assert!(told.contains(place), "{told}");
    }
}
