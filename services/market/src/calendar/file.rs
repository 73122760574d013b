//! The calendar's file format: one table of closed and one of early days a year.
//!
//! Reads everything before it complains, so that one run names every fault.

use jiff::civil::{Date, Weekday};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// The exceptions of one year.
#[derive(Debug, Clone)]
pub(super) struct Year {
    pub(super) number: i16,
    pub(super) closed: BTreeSet<Date>,
    pub(super) early: BTreeSet<Date>,
}

/// Reads all years, in order.
pub(super) fn read(text: &str) -> Result<Vec<Year>, Vec<String>> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| vec![error.to_string()])?;
    let mut faults = Vec::new();
    let mut years: Vec<Year> =
        table.iter().filter_map(|(key, value)| year(key, value, &mut faults)).collect();
    years.sort_by_key(|year| year.number);
    for (before, after) in years.iter().zip(years.iter().skip(1)) {
        for missing in before.number + 1..after.number {
            faults.push(format!(
                "{missing} is missing between {} and {}",
                before.number, after.number
            ));
        }
    }
    if years.is_empty() {
        faults.push("the calendar names no year".to_owned());
    }
    if faults.is_empty() { Ok(years) } else { Err(faults) }
}

fn year(key: &str, value: &Value, faults: &mut Vec<String>) -> Option<Year> {
    let Some(year) = key.parse().ok().filter(|year| (1900..=2200).contains(year)) else {
        faults.push(format!("{key:?} is not a year from 1900 to 2200"));
        return None;
    };
    let Some(table) = value.as_table() else {
        faults.push(format!("{key} must be a table with `closed` and `early`"));
        return None;
    };
    for name in table.keys().filter(|name| *name != "closed" && *name != "early") {
        faults.push(format!("{key}.{name} is unknown: only `closed` and `early` are known"));
    }
    let mut dates = |name: &str| {
        let Some(value) = table.get(name) else {
            faults.push(format!("{key}.{name} is missing (write an empty table for none)"));
            return BTreeSet::new();
        };
        let Some(days) = value.as_table() else {
            faults.push(format!("{key}.{name} must be a table of dates"));
            return BTreeSet::new();
        };
        days.iter().filter_map(|(date, text)| day(year, name, (date, text), faults)).collect()
    };
    let (closed, early): (BTreeSet<Date>, BTreeSet<Date>) = (dates("closed"), dates("early"));
    for date in closed.intersection(&early) {
        faults.push(format!("{date} is both closed and early"));
    }
    Some(Year { number: year, closed, early })
}

fn day(
    year: i16,
    table: &str,
    (key, text): (&str, &Value),
    faults: &mut Vec<String>,
) -> Option<Date> {
    let Ok(date) = key.parse::<Date>() else {
        faults.push(format!("{year}.{table}: {key:?} is not a date (YYYY-MM-DD)"));
        return None;
    };
    if date.year() != year {
        faults.push(format!("{year}.{table}: {date} belongs to another year"));
    }
    let weekday = short(date.weekday());
    let said = text.as_str().and_then(|text| text.split_once(' ')).map(|(said, _)| said);
    if said != Some(weekday) {
        let said = said.unwrap_or("no weekday");
        faults.push(format!("{year}.{table}: {date} is a {weekday}, the file says {said}"));
    }
    if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
        faults.push(format!("{year}.{table}: {date} is a weekend day, closed anyway"));
    }
    Some(date)
}

fn short(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}
