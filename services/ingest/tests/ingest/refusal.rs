//! The program refuses a configuration that is not sound, with every fault, before it opens anything.

use runtime::testing::repository;
use std::{fs, path::Path, process::Command};

/// Runs the program with the files of the repository, changed by `edit`; exit code and words.
fn run(edit: impl Fn(&Path), variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ingest.toml", "market_calendar.toml", "dashboard_config.json"] {
        fs::copy(repository().join("config").join(name), folder.path().join(name)).unwrap();
    }
    edit(folder.path());
    let output = Command::new(env!("CARGO_BIN_EXE_ingest"))
        .env_clear()
        // Nobody listens there: a program that got this far would not end.
        .env("NATS_URL", "nats://127.0.0.1:1")
        .env("CONFIG_DIR", folder.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn every_fault_is_named_in_one_run() {
    let edit = |folder: &Path| {
        let path = folder.join("ingest.toml");
        let text = fs::read_to_string(&path).unwrap();
        let text = text
            .replace("interval = \"1s\"", "interval = \"1\"")
            .replace("speed = 1.0", "spede = 1.0")
            .replace("interval = \"30s\"", "interval = \"0s\"")
            .replace("AXSM = { base_price = 122.0", "axsm = { base_price = -1");
        fs::write(path, text).unwrap();
    };
    let (code, words) = run(
        edit,
        &[
            ("FEED", "replay:/nowhere/tape.csv@60"),
            ("SYMBOLS", "AAPL,what?"),
            ("POLYGON_BASE_URL", "https://me:secret@host"),
            ("REPLAY_UNTIL", "teatime"),
            ("POLYGON_API_KEY_FILE", "/nowhere/key"),
        ],
    );
    assert_eq!(code, Some(64), "{words}");
    for fault in [
        "sim.interval",
        "sim.spede",
        "sim.speed: is missing",
        "polygon.interval",
        "sim.symbols.axsm",
        "base_price: must be",
        "/nowhere/tape.csv",
        "\"what?\" is not a symbol",
        "POLYGON_BASE_URL",
        "must be a New York time such as 10:30",
        "POLYGON_API_KEY_FILE",
    ] {
        assert!(words.contains(fault), "{fault} is not in:\n{words}");
    }
    assert!(!words.contains("me:secret"), "{words}");
}

#[test]
fn polygon_without_a_key_and_a_file_that_is_no_tape_are_refused() {
    let (code, words) = run(|_| (), &[("FEED", "polygon")]);
    assert_eq!(code, Some(64));
    assert!(words.contains("POLYGON_API_KEY"), "{words}");
    let no_tape = format!("replay:{}", repository().join("Cargo.toml").display());
    let (code, words) = run(|_| (), &[("FEED", &no_tape)]);
    assert_eq!(code, Some(64));
    assert!(words.contains("the first line is neither the header of trades_v1"), "{words}");
}
