//! Limits must all be chosen, and be sound.

use super::*;

fn limits(text: &str) -> Result<Limits, Refused> {
    let faults = Faults::default();
    let limits = config::with_toml("executor.toml", text, &faults, |file| {
        read_limits(&file.section("risk"))
    });
    faults.into_result(limits)
}

const SOUND: &str = "[risk]\nmax_order_value = 5_000\nmax_position_value = 10_000\n\
    max_total_exposure = 80_000\nmax_orders_per_minute = 20\nprice_collar_percent = 2.0\n\
    max_tick_age = '90s'\ncash_buffer_percent = 1.0\nmax_daily_loss = 2_000\n\
    max_drawdown_percent = 10.0\nwarn_at_percent = 60\n";

#[test]
fn sound_limits_are_read() {
    assert_eq!(limits(SOUND).unwrap().max_daily_loss, Decimal::from(2_000));
}

#[test]
fn no_limit_has_a_default() {
    for line in SOUND.lines().skip(1) {
        let name = line.split(' ').next().unwrap();
        let without = SOUND.replace(line, "");
        let told = limits(&without).unwrap_err().to_string();
        assert!(told.contains(&format!("risk.{name}: is missing")), "{told}");
    }
}

#[test]
fn negative_limits_are_all_named() {
    let negative = SOUND.replace("= 5_000", "= -1").replace("= 2_000", "= -5");
    let told = limits(&negative).unwrap_err().to_string();
    assert!(told.contains("risk.max_order_value: must be above 0, not -1"), "{told}");
    assert!(told.contains("risk.max_daily_loss: must be above 0, not -5"), "{told}");
}
