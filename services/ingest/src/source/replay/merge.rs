//! Entries of one file or of several of the same time, in the order they are replayed.
//!
//! A file sorted by time is read as it stands, one sorted by ticker is sorted first, files of one
//! time are merged by it. Memory is bounded; the files' size does not matter.

use super::{
    order::Order,
    read::Meter,
    rows::{Entries, Entry, Plan, TapeError},
    sales::Wanted,
    sort::{PART, Sorted},
};
use std::{cmp::Reverse, collections::BinaryHeap, path::PathBuf};

/// The entries of a file in replay order.
enum Rows {
    /// As they stand.
    ByTime(Entries),
    /// Sorted by time; rows of one moment in the order of their lines.
    Sorted(Sorted),
}

impl Rows {
    fn open(plan: &Plan, wanted: &Wanted, meter: &Meter) -> Result<Self, TapeError> {
        match plan.order {
            Order::ByTime => Ok(Self::ByTime(Entries::open(&plan.path, wanted, meter)?)),
            Order::BySymbol => Ok(Self::Sorted(Sorted::sort(&plan.path, wanted, PART, meter)?)),
        }
    }

    fn read(&mut self) -> Result<Option<Entry>, TapeError> {
        match self {
            Self::ByTime(entries) => entries.read(),
            Self::Sorted(sorted) => sorted.read(),
        }
    }
}

/// An entry and its file's number within the group.
pub type Found = (usize, Entry);

/// Files of one time, merged; rows of one moment in the order of the files.
pub struct Group {
    files: Vec<(PathBuf, Rows, Option<Entry>)>,
    heads: BinaryHeap<Reverse<(i64, usize)>>,
    /// Bad rows met on the way to the next sound ones.
    bad: Vec<Found>,
}

impl Group {
    /// Begins to read the files of `plans`.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn open(plans: &[&Plan], wanted: &Wanted, meter: &Meter) -> Result<Self, TapeError> {
        let mut group = Self { files: Vec::new(), heads: BinaryHeap::new(), bad: Vec::new() };
        for (number, plan) in plans.iter().enumerate() {
            group.files.push((plan.path.clone(), Rows::open(plan, wanted, meter)?, None));
            group.advance(number)?;
        }
        Ok(group)
    }

    /// How many files.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// Where file number `number` is.
    pub fn path(&self, number: usize) -> PathBuf {
        self.files.get(number).map(|(path, ..)| path.clone()).unwrap_or_default()
    }

    /// The next entry.
    ///
    /// # Errors
    /// When a file cannot be read on.
    pub fn read(&mut self) -> Result<Option<Found>, TapeError> {
        if let Some(bad) = self.bad.pop() {
            return Ok(Some(bad));
        }
        let Some(Reverse((_, number))) = self.heads.pop() else { return Ok(None) };
        let entry = self.files.get_mut(number).and_then(|(_, _, head)| head.take());
        self.advance(number)?;
        Ok(entry.map(|entry| (number, entry)))
    }

    /// Reads on to the next sound row of a file.
    fn advance(&mut self, number: usize) -> Result<(), TapeError> {
        let Some((_, rows, head)) = self.files.get_mut(number) else { return Ok(()) };
        let met = self.bad.len();
        while let Some(entry) = rows.read()? {
            if let Ok(row) = entry.row {
                self.heads.push(Reverse((row.time_ns(), number)));
                *head = Some(entry);
                break;
            }
            self.bad.push((number, entry));
        }
        // They are taken from the end.
        if let Some(met) = self.bad.get_mut(met..) {
            met.reverse();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::replay::rows::{layout, survey};
    use proto::Symbol;
    use std::{io::Write as _, path::Path};

    const HEADER: &str = "ticker,price,size,sip_timestamp\n";
    const T: i64 = 1_381_152_600_000_000_000;
    const HOUR: i64 = 3_600_000_000_000;

    fn tape(rows: &[(&str, &str, i64)]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(HEADER.as_bytes()).unwrap();
        for (ticker, price, time_ns) in rows {
            writeln!(file, "{ticker},{price},1,{time_ns}").unwrap();
        }
        file
    }

    fn wanted() -> Wanted {
        Wanted::every(&["B", "A"].map(|text| Symbol::parse(text).unwrap()))
    }

    /// File, line and whether the row is sound, in replay order.
    fn merged(files: &[&tempfile::NamedTempFile]) -> Result<Vec<(usize, u64, bool)>, TapeError> {
        let meter = Meter::default();
        let plans = files.iter().map(|file| survey(file.path(), &wanted(), &meter));
        let plans = plans.collect::<Result<Vec<_>, _>>()?;
        let mut group = Group::open(&plans.iter().collect::<Vec<_>>(), &wanted(), &meter)?;
        let mut found = Vec::new();
        while let Some((file, entry)) = group.read()? {
            found.push((file, entry.line, entry.row.is_ok()));
        }
        Ok(found)
    }

    fn lines(file: &tempfile::NamedTempFile) -> Result<Vec<(u64, bool)>, TapeError> {
        Ok(merged(&[file])?.into_iter().map(|(_, line, sound)| (line, sound)).collect())
    }

    #[test]
    fn a_file_sorted_by_time_is_read_as_it_stands_without_other_symbols() {
        let file = tape(&[
            ("A", "1", T),
            ("Z", "1", T),
            ("B", "oops", T),
            ("B", "2", T + 1),
            ("A", "3", T),
            ("", "3", T),
        ]);
        let mut found = lines(&file).unwrap();
        assert!(found.iter().filter(|(_, sound)| *sound).map(|(line, _)| *line).eq([2, 5, 6]));
        found.sort_unstable();
        assert_eq!(found, [(2, true), (4, false), (5, true), (6, true), (7, false)]);
    }

    #[test]
    fn a_file_sorted_by_ticker_is_sorted_by_time_then_line() {
        let file = tape(&[
            ("A", "1", T),
            ("A", "0", T + 1),
            ("A", "2", T + HOUR),
            ("A", "2", T + 2 * HOUR),
            ("B", "3", T),
            ("B", "3", T + HOUR),
            ("B", "3", T + HOUR + 1),
            ("", "3", T),
            ("B", "oops", T),
            ("Z", "3", T),
        ]);
        let found = lines(&file).unwrap();
        let of = |sound: bool| found.iter().filter(move |row| row.1 == sound).map(|row| row.0);
        assert!(of(true).eq([2, 6, 4, 7, 8, 5]), "{found:?}");
        assert!(of(false).eq([3, 9, 10]), "{found:?}");
    }

    #[test]
    fn files_of_one_time_are_merged_by_it() {
        let a = tape(&[("A", "1", T), ("A", "1", T + 2), ("A", "x", T + 2), ("A", "1", T + 4)]);
        let b = tape(&[("B", "1", T), ("B", "1", T + 3), ("B", "1", T + 5)]);
        let sound = merged(&[&a, &b]).unwrap().into_iter().filter(|row| row.2);
        let expected = [(0, 2), (1, 2), (0, 3), (1, 3), (0, 5), (1, 4)];
        assert!(sound.map(|(file, line, _)| (file, line)).eq(expected));
    }

    #[test]
    fn what_cannot_be_replayed_says_why() {
        let disorder = tape(&[("A", "1", T + HOUR), ("B", "1", T), ("A", "1", T)]);
        let text = lines(&disorder).unwrap_err().to_string();
        assert!(text.contains("line 4 is 3600 s older"), "{text}");
        let text = layout(Path::new("/nowhere/tape.csv")).unwrap_err().to_string();
        assert!(text.starts_with("/nowhere/tape.csv cannot be read"), "{text}");
    }
}
