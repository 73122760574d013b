//! The configuration as the program meets it: a sound one, and every fault of another at once.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[expect(clippy::unwrap_used, reason = "it serves tests only")]
/// Runs the program; gives its exit code and what it said. The address of the bus is at fault, so
/// that it never gets further than the configuration.
fn refused(config: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_strategy"))
        .env("CONFIG_DIR", config)
        .env("NATS_URL", "no address")
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_configuration_of_the_repository_is_sound() {
    let (code, told) = refused(&repository().join("config"));
    assert_eq!(code, Some(64));
    assert!(told.contains("1 fault") && told.contains("NATS_URL"), "{told}");
}

#[test]
fn every_fault_is_named_at_once() {
    let config = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults");
    std::fs::create_dir_all(&config).unwrap();
    let sound = std::fs::read_to_string(repository().join("config/strategy.toml")).unwrap();
    let faulty = sound
        .replace("ema_fast = 12", "ema_fast = 26")
        .replace("rsi_min = 45.0", "rsi_min = 80.0")
        .replace("stop_loss_percent = 0.5", "stop_loss_percent = -0.5")
        .replace("cool_down = \"3m\"", "cool_down = \"3 weeks\"")
        .replace("order_value = 2_000.0", "")
        .replace("max_holding = \"10m\"", "max_holding = \"0s\"")
        + "\n[symbols.aapl]\norder_value = 5\n[symbols.MSFT]\nunknown = 1\nema_slow = 1\n";
    std::fs::write(config.join("strategy.toml"), faulty).unwrap();
    std::fs::write(config.join("market_calendar.toml"), "[2026.closed]\n2026-01-01 = \"Fri\"\n")
        .unwrap();
    let (code, told) = refused(&config);
    assert_eq!(code, Some(64), "{told}");
    for fault in [
        "strategy.toml: default.ema_fast: 26 must be below",
        "strategy.toml: default.rsi_min: ",
        "strategy.toml: default.stop_loss_percent: ",
        "strategy.toml: default.cool_down: ",
        "strategy.toml: default.order_value: is missing",
        "strategy.toml: default.max_holding: must be longer",
        "strategy.toml: symbols.aapl: \"aapl\" is not a symbol",
        "strategy.toml: symbols.MSFT.unknown: ",
        "strategy.toml: symbols.MSFT.ema_slow: ",
        "market_calendar.toml: 2026.early is missing",
        "market_calendar.toml: 2026.closed: 2026-01-01 is a Thu",
    ] {
        assert!(told.contains(fault), "{fault:?} is not named in:\n{told}");
    }
}
