//! In which order several files make one tape. Pure.
//!
//! 1. Files whose times do not overlap follow one another.
//! 2. Files of one time and one kind are merged when no symbol stands in two of them.
//! 3. Anything else is refused with the names of both files: nobody can tell which one is right.

use super::flatfile::Kind;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::BTreeSet;

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, for people.
    pub name: String,
    /// What its rows are.
    pub kind: Kind,
    /// It is a recording of ours: one New York day, replayed as it stands.
    pub recorded: bool,
    /// Its first and its last time, nanoseconds since 1970 UTC.
    pub span: (i64, i64),
    /// Numbers of its symbols.
    pub symbols: BTreeSet<usize>,
}

/// Two files that make no tape together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Trades and minutes of the same day.
    #[error("{0} and {1} both hold {2}, one as trades and one as minutes: replay one of them")]
    Kinds(String, String, Date),
    /// The same symbol at the same time.
    #[error("{0} and {1} overlap in time and hold the same symbols: replay one of them")]
    Overlap(String, String),
}

/// The numbers of `files` in the order they are replayed; those of one group are merged.
///
/// # Errors
/// The first two files that make no tape together.
pub fn order(files: &[File]) -> Result<Vec<Vec<usize>>, Conflict> {
    let mut known: Vec<(usize, &File, (i64, i64))> =
        files.iter().enumerate().map(|(number, file)| (number, file, span(file))).collect();
    known.sort_by_key(|(_, file, (first, last))| (*first, *last, file.name.clone()));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut reached = i64::MIN;
    for (place, (number, file, (first, last))) in known.iter().enumerate() {
        for (_, earlier, (_, end)) in known.iter().take(place) {
            fit(earlier, file)?;
            let same = !earlier.symbols.is_disjoint(&file.symbols);
            if end >= first && (same || earlier.recorded || file.recorded) {
                return Err(Conflict::Overlap(earlier.name.clone(), file.name.clone()));
            }
        }
        match groups.last_mut().filter(|_| reached >= *first) {
            Some(group) => group.push(*number),
            None => groups.push(vec![*number]),
        }
        reached = reached.max(*last);
    }
    Ok(groups)
}

/// A recording may hold prices older than its day, such as the close before: they do not reach back.
fn span(file: &File) -> (i64, i64) {
    let (first, last) = file.span;
    let midnight =
        date(last).and_then(|date| date.to_zoned(TimeZone::get("America/New_York").ok()?).ok());
    let start = midnight.and_then(|start| i64::try_from(start.timestamp().as_nanosecond()).ok());
    match start.filter(|_| file.recorded) {
        Some(start) => (first.max(start), last),
        None => (first, last),
    }
}

/// Two kinds must not tell of the same day.
fn fit(a: &File, b: &File) -> Result<(), Conflict> {
    let days = |file: &File| Some((date(span(file).0)?, date(span(file).1)?));
    let (Some(of_a), Some(of_b)) = (days(a), days(b)) else { return Ok(()) };
    let shared = of_a.0.max(of_b.0);
    if a.kind != b.kind && shared <= of_a.1.min(of_b.1) {
        return Err(Conflict::Kinds(a.name.clone(), b.name.clone(), shared));
    }
    Ok(())
}

/// When a New York day ends, nanoseconds since 1970 UTC.
pub fn end_of(date: Date) -> Option<i64> {
    let midnight = date.tomorrow().ok()?.to_zoned(TimeZone::get("America/New_York").ok()?).ok()?;
    i64::try_from(midnight.timestamp().as_nanosecond()).ok()
}

/// The New York date of a moment.
pub fn date(time_ns: i64) -> Option<Date> {
    let moment = Timestamp::from_nanosecond(i128::from(time_ns)).ok()?;
    Some(moment.to_zoned(TimeZone::get("America/New_York").ok()?).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2013-10-07 09:30 New York.
    const OPEN: i64 = 1_381_152_600_000_000_000;
    const HOUR: i64 = 3_600_000_000_000;
    const DAY: i64 = 24 * HOUR;

    fn file(name: &str, from: i64, to: i64, symbols: &[usize]) -> File {
        File {
            name: name.to_owned(),
            kind: Kind::Trades,
            recorded: false,
            span: (OPEN + from, OPEN + to),
            symbols: symbols.iter().copied().collect(),
        }
    }

    #[test]
    fn days_follow_one_another_whatever_order_they_are_given_in() {
        let files = [file("b", DAY, DAY + HOUR, &[0]), file("a", 0, HOUR, &[0])];
        assert_eq!(order(&files), Ok(vec![vec![1], vec![0]]));
        let halves = [file("am", 0, HOUR, &[0, 1]), file("pm", HOUR + 1, 2 * HOUR, &[0, 1])];
        assert_eq!(order(&halves), Ok(vec![vec![0], vec![1]]));
    }

    #[test]
    fn files_of_one_day_are_merged_when_each_has_its_own_symbols() {
        let files = [file("x", 0, HOUR, &[0]), file("y", 1, 2, &[1]), file("z", DAY, DAY, &[0])];
        assert_eq!(order(&files), Ok(vec![vec![0, 1], vec![2]]));
        let same = [file("x", 0, HOUR, &[0]), file("y", 1, 2, &[1]), file("z", 2, DAY, &[0])];
        assert_eq!(order(&same), Err(Conflict::Overlap("x".to_owned(), "z".to_owned())));
    }

    #[test]
    fn trades_and_minutes_of_one_day_are_refused_by_name() {
        let minutes = File { kind: Kind::Minutes, ..file("m", -HOUR * 30, -HOUR, &[0]) };
        let error = order(&[file("t", 0, HOUR, &[0]), minutes.clone()]).unwrap_err().to_string();
        assert!(error.contains("m and t both hold 2013-10-07"), "{error}");
        let next = file("t", DAY, DAY + HOUR, &[0]);
        assert_eq!(order(&[next, minutes]), Ok(vec![vec![1], vec![0]]));
    }

    #[test]
    fn a_recording_may_hold_the_close_of_the_day_before() {
        let recorded = |name, from, to| File { recorded: true, ..file(name, from, to, &[0]) };
        let files = [recorded("tue", HOUR, DAY + HOUR), recorded("mon", -3 * DAY, 6 * HOUR)];
        assert_eq!(order(&files), Ok(vec![vec![1], vec![0]]));
        let again = [recorded("mon", 0, HOUR), recorded("mon.2", 0, HOUR)];
        assert!(order(&again).is_err());
    }
}
