//! The wall: which dashboard shows which symbols on which port. `config/dashboard_config.json`.
//!
//! The file is all there is to edit for more dashboards or symbols: ingest serves the union of all
//! slots' symbols, the executor trades no others.

use crate::config::{Faults, Rule, Section, between, json_file, not_empty, variable};
use proto::Symbol;
use std::{collections::BTreeSet, time::Duration};

/// The file's name in the configuration folder.
pub const FILE: &str = "dashboard_config.json";
/// Symbols a page has room for.
const MAX_SYMBOLS: usize = 4;

/// One dashboard: a page on its own port.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Its number, from 1.
    pub id: u32,
    /// Its TCP port.
    pub port: u16,
    /// Its symbols, at most four, in the order of the panes.
    pub symbols: Vec<Symbol>,
    /// Its name on the page.
    pub title: Option<String>,
    /// `dark` or `light`; the viewer's system decides when unset.
    pub theme: Option<String>,
    /// How often the page is sent a frame.
    pub update_interval: Duration,
    /// Height of a pane relative to the others' default of 4.
    pub chart_height: Option<f64>,
    /// One accent colour per pane, `#RRGGBB`.
    pub colors: Vec<String>,
}

/// All dashboards.
#[derive(Debug, Clone, PartialEq)]
pub struct Wall {
    /// The slots, in the file's order.
    pub slots: Vec<Slot>,
    /// Pages may set the trading state, for people who know the token.
    pub control: bool,
    /// Names under which pages are reached, besides those of this machine itself.
    pub public_hosts: Vec<String>,
}

impl Wall {
    /// Reads and checks the file; every fault goes to `faults`.
    pub fn load(faults: &Faults) -> Self {
        let file = json_file(FILE, faults);
        // A key for editors that complete and check the file by its schema.
        let _: Option<String> = file.optional("$schema", Rule::any());
        let sections = file.sections("dashboards");
        let slots: Vec<Slot> = sections.iter().map(read_slot).collect();
        let ids: Vec<_> = slots.iter().map(|slot| slot.id).collect();
        refuse_repeats(&sections, "id", &ids);
        let ports: Vec<_> = slots.iter().map(|slot| slot.port).collect();
        refuse_repeats(&sections, "port", &ports);
        let control = file.optional_section("control");
        let control = control.is_some_and(|control| control.required("enabled", Rule::any()));
        Self { slots, control, public_hosts: read_hosts(&file) }
    }

    /// Every symbol of the wall once, in the file's order.
    pub fn symbols(&self) -> Vec<Symbol> {
        let mut seen = BTreeSet::new();
        let all = self.slots.iter().flat_map(|slot| &slot.symbols);
        all.filter(|symbol| seen.insert((*symbol).clone())).cloned().collect()
    }

    /// The slot with this number.
    pub fn slot(&self, id: u32) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.id == id)
    }
}

/// Symbols beyond the wall's, from the variable `SYMBOLS` (a list with commas): served and traded
/// though no page shows them.
pub fn extra_symbols(faults: &Faults) -> Vec<Symbol> {
    let listed = variable("SYMBOLS").unwrap_or_default();
    let texts = listed.split(',').map(str::trim).filter(|text| !text.is_empty());
    texts
        .filter_map(|text| Symbol::parse(text).map_err(|e| faults.add("SYMBOLS", e)).ok())
        .collect()
}

fn read_slot(section: &Section<'_>) -> Slot {
    let theme = Rule::new(|theme: &String| {
        let known = theme == "dark" || theme == "light";
        (!known).then(|| format!("must be \"dark\" or \"light\", not {theme:?}"))
    });
    let interval: Option<u64> = section.optional("update_interval_ms", between(50, 60_000));
    Slot {
        id: section.required("id", between(1, 999)),
        port: section.required("port", between(1024, 65_535)),
        symbols: read_symbols(section),
        title: section.optional("title", not_empty()),
        theme: section.optional("theme", theme),
        update_interval: Duration::from_millis(interval.unwrap_or(250)),
        chart_height: section.optional("chart_height", between(1.0, 12.0)),
        colors: read_colors(section),
    }
}

fn read_symbols(section: &Section<'_>) -> Vec<Symbol> {
    let texts: Vec<String> = section.required("symbols", Rule::any());
    if texts.is_empty() || texts.len() > MAX_SYMBOLS {
        section
            .fault("symbols", format!("must hold 1 to {MAX_SYMBOLS} symbols, not {}", texts.len()));
    }
    let mut symbols: Vec<Symbol> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match Symbol::parse(text) {
            Ok(symbol) if symbols.contains(&symbol) => {
                section.fault(
                    &format!("symbols[{index}]"),
                    format!("{symbol} is listed twice; remove one"),
                );
            }
            Ok(symbol) => symbols.push(symbol),
            Err(error) => section.fault(&format!("symbols[{index}]"), error),
        }
    }
    symbols
}

fn read_colors(section: &Section<'_>) -> Vec<String> {
    let colors: Vec<String> = section.optional("colors", Rule::any()).unwrap_or_default();
    for (index, color) in colors.iter().enumerate() {
        let hex = color.strip_prefix('#').unwrap_or_default();
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            section.fault(&format!("colors[{index}]"), format!("must be #RRGGBB, not {color:?}"));
        }
    }
    colors
}

fn read_hosts(file: &Section<'_>) -> Vec<String> {
    let hosts: Vec<String> = file.optional("public_hosts", Rule::any()).unwrap_or_default();
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
    for (index, host) in hosts.iter().enumerate() {
        if host.is_empty() || !host.bytes().all(sound) {
            let fault = format!("must be a host name in small letters, without port, not {host:?}");
            file.fault(&format!("public_hosts[{index}]"), fault);
        }
    }
    hosts
}

/// Notes a fault at every entry whose `key` an earlier one has. Zero stands for a value that was
/// itself at fault.
fn refuse_repeats<T: Copy + Ord + Default + std::fmt::Display>(
    sections: &[Section<'_>],
    key: &str,
    values: &[T],
) {
    let mut seen = BTreeSet::new();
    for (section, value) in sections.iter().zip(values) {
        if *value != T::default() && !seen.insert(*value) {
            section.fault(key, format!("{value} is taken by an earlier dashboard; choose another"));
        }
    }
}
