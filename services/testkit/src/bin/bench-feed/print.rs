//! Lines and numbers for a person.

use std::{fs, io::Write as _};

/// One line on standard output.
///
/// # Errors
/// When nobody reads.
pub(crate) fn line(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{text}")
}

/// What the figures were had on, and what else it was doing.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{cores} cores, {}", load())
}

/// How busy the machine is.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mean = load.split(' ').next().unwrap_or_default();
    format!("load {mean} in the last minute")
}

/// A count with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A part of sorted values, 0.5 for the median; 0 of none.
pub(crate) fn quantile(sorted: &[i64], part: f64) -> i64 {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted.get((last * part).round() as usize).copied().unwrap_or_default()
}

/// Nanoseconds as milliseconds.
pub(crate) fn ms(ns: i64) -> String {
    format!("{:.1} ms", ns as f64 / 1e6)
}
