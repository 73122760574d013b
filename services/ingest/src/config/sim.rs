//! `[sim]` of `config/ingest.toml`: the simulated market.

use crate::source::sim;
use proto::Symbol;
use runtime::config::{Rule, Section, between, positive};
use std::{collections::BTreeMap, time::Duration};

/// Reads the section.
pub(super) fn read(section: &Section<'_>) -> sim::Settings {
    let interval: Duration = section.required("interval", interval_rule());
    let profiles = section.optional_section("symbols").map(|table| read_profiles(&table));
    sim::Settings {
        seed: section.required("seed", Rule::any()),
        interval_ms: interval.as_millis() as u64,
        speed: section.required("speed", between(0.01, 1_000.0)),
        defaults: read_profile(&section.section("defaults")),
        profiles: profiles.unwrap_or_default(),
    }
}

/// Bars are minutes: a longer interval would leave some of them empty.
fn interval_rule() -> Rule<Duration> {
    let (least, most) = (Duration::from_millis(20), Duration::from_secs(30));
    Rule::new(move |interval: &Duration| {
        let outside = *interval < least || *interval > most;
        outside.then(|| format!("must be from 20ms to 30s, not {interval:?}"))
    })
}

fn read_profiles(table: &Section<'_>) -> BTreeMap<Symbol, sim::Profile> {
    let mut profiles = BTreeMap::new();
    for key in table.keys() {
        let profile = read_profile(&table.section(&key));
        match Symbol::parse(&key) {
            Ok(symbol) => drop(profiles.insert(symbol, profile)),
            Err(error) => table.fault(&key, error),
        }
    }
    profiles
}

fn read_profile(section: &Section<'_>) -> sim::Profile {
    sim::Profile {
        base_price: section.required("base_price", between(0.01, 1_000_000.0)),
        volatility: section.required("volatility", between(0.0, 0.5)),
        spread: section.required("spread", between(0.0, 0.05)),
        volume: section.required("volume", positive()),
    }
}
