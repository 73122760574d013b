//! `[quality]` of `config/ingest.toml`: how far a price is believed.

use crate::normalize::Quality;
use runtime::config::{Rule, Section, at_least, between};
use std::time::Duration;

/// Reads the section.
pub(super) fn read(section: &Section<'_>) -> Quality {
    let outlier_percent = section.required("outlier_percent", between(0.1, 1_000.0));
    let jump_percent = section.required("jump_percent", between(0.1, 1_000.0));
    if jump_percent < outlier_percent {
        section.fault("jump_percent", format!("{jump_percent} must not be below outlier_percent"));
    }
    Quality {
        outlier_percent,
        jump_percent,
        outlier_ticks: section.required("outlier_ticks", at_least(1)),
        jump_ticks: section.required("jump_ticks", at_least(1)),
        jump_after_ns: nanoseconds(section.required("jump_after", Rule::any())),
        ahead_ns: nanoseconds(section.required("ahead", Rule::any())),
        on_tapes: section.required("on_tapes", Rule::any()),
    }
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::config::{Faults, with_toml};

    const FILE: &str = include_str!("../../../../config/ingest.toml");

    fn quality(text: &str) -> (Quality, Vec<String>) {
        let faults = Faults::default();
        let section = text.split("[quality]").nth(1).unwrap().split("\n[").next().unwrap();
        let read = with_toml("ingest.toml", section, &faults, read);
        let told = faults.into_result(()).err();
        (read, told.map(|told| told.faults().to_vec()).unwrap_or_default())
    }

    #[test]
    fn the_repositorys_numbers_are_the_documented_ones() {
        assert_eq!(quality(FILE), (Quality::default(), vec![]));
    }

    #[test]
    fn a_jump_is_no_smaller_than_an_outlier() {
        let (_, faults) = quality(&FILE.replace("jump_percent = 25.0", "jump_percent = 5.0"));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("must not be below outlier_percent"), "{faults:?}");
    }
}
