//! Entries in the order they are replayed: one reader for a file sorted by time, one per symbol,
//! merged, for a file sorted by ticker.
//!
//! Memory is bounded by the number of symbols; the file's size does not matter.

use super::{
    order::{Extent, Order},
    rows::{Entries, Entry, Plan, TapeError},
};
use proto::Symbol;
use std::{cmp::Reverse, collections::BinaryHeap, path::Path};

/// The entries of a file in replay order.
pub enum Rows {
    /// As they stand.
    ByTime(AsTheyStand),
    /// Merged by time; rows of one moment in the order of their lines.
    Merged(Merged),
}

/// A file sorted by time.
pub struct AsTheyStand(Entries);

/// A file sorted by ticker, read at one place per symbol.
pub struct Merged {
    readers: Vec<SymbolReader>,
    /// The time and line of each reader's next sound row.
    heads: BinaryHeap<Reverse<(i64, u64, usize)>>,
    /// Bad rows, to be told before the next sound one.
    bad: Vec<Entry>,
}

/// Reads one symbol's rows.
struct SymbolReader {
    entries: Entries,
    extent: Extent,
    head: Option<Entry>,
}

impl Rows {
    /// Begins to read `path` as `plan` says.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path, symbols: &[Symbol], plan: Plan) -> Result<Self, TapeError> {
        match plan.order {
            Order::ByTime => Ok(Self::ByTime(AsTheyStand(Entries::open(path, symbols)?))),
            Order::BySymbol => Ok(Self::Merged(Merged::open(path, symbols, plan)?)),
        }
    }

    /// The next entry.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn read(&mut self) -> Result<Option<Entry>, TapeError> {
        match self {
            Self::ByTime(AsTheyStand(entries)) => entries.read(),
            Self::Merged(merged) => merged.read(),
        }
    }
}

impl Merged {
    fn open(path: &Path, symbols: &[Symbol], plan: Plan) -> Result<Self, TapeError> {
        let mut merged = Self { readers: Vec::new(), heads: BinaryHeap::new(), bad: plan.strays };
        for (number, symbol) in symbols.iter().enumerate() {
            let extent = plan.survey.extent(number);
            if extent.first > 0 {
                let entries = Entries::open(path, std::slice::from_ref(symbol))?;
                merged.readers.push(SymbolReader { entries, extent, head: None });
                let reader = merged.readers.len() - 1;
                merged.advance(reader, number)?;
            }
        }
        Ok(merged)
    }

    fn read(&mut self) -> Result<Option<Entry>, TapeError> {
        if let Some(bad) = self.bad.pop() {
            return Ok(Some(bad));
        }
        let Some(Reverse((_, _, index))) = self.heads.pop() else { return Ok(None) };
        let head = self.readers.get_mut(index).and_then(|reader| reader.head.take());
        if let Some(number) = head.and_then(|entry| entry.symbol) {
            self.advance(index, number)?;
        }
        Ok(head)
    }

    /// Reads on to the next sound row of a reader.
    fn advance(&mut self, index: usize, number: usize) -> Result<(), TapeError> {
        let Some(reader) = self.readers.get_mut(index) else { return Ok(()) };
        while let Some(entry) = reader.entries.read()? {
            if entry.line > reader.extent.last {
                break;
            }
            let entry = Entry { symbol: entry.symbol.map(|_| number), ..entry };
            match entry.row {
                Ok(row) => {
                    reader.head = Some(entry);
                    self.heads.push(Reverse((row.time_ns(), entry.line, index)));
                    break;
                }
                // Every reader meets the lines that are nobody's: the plan has them already.
                Err(_) if entry.symbol.is_some() => self.bad.push(entry),
                Err(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::replay::rows::{layout, survey};
    use std::io::Write as _;

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

    fn symbols() -> Vec<Symbol> {
        ["B", "A"].iter().map(|text| Symbol::parse(text).unwrap()).collect()
    }

    /// Line and whether the row is sound, in replay order.
    fn replayed(file: &tempfile::NamedTempFile) -> Result<Vec<(u64, bool)>, TapeError> {
        let plan = survey(file.path(), &symbols())?;
        let mut rows = Rows::open(file.path(), &symbols(), plan)?;
        let mut found = Vec::new();
        while let Some(entry) = rows.read()? {
            found.push((entry.line, entry.row.is_ok()));
        }
        Ok(found)
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
        let expected = [(2, true), (4, false), (5, true), (6, true), (7, false)];
        assert_eq!(replayed(&file).unwrap(), expected);
    }

    #[test]
    fn a_file_sorted_by_ticker_is_merged_by_time_then_line() {
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
        let sound = [2, 6, 4, 7, 8, 5];
        let found = replayed(&file).unwrap();
        let found: Vec<u64> = found.iter().filter(|(_, ok)| *ok).map(|(line, _)| *line).collect();
        assert_eq!(found, sound);
        let bad = replayed(&file).unwrap().into_iter().filter(|(_, ok)| !ok);
        assert!(bad.map(|(line, _)| line).eq([9, 3, 10]), "{:?}", replayed(&file));
    }

    #[test]
    fn what_cannot_be_replayed_says_why() {
        let disorder = tape(&[("A", "1", T + HOUR), ("B", "1", T), ("A", "1", T)]);
        let text = replayed(&disorder).unwrap_err().to_string();
        assert!(text.contains("line 4 is 3600 s older"), "{text}");
        let text = replayed(&tape(&[("Z", "1", T)])).unwrap_err().to_string();
        assert!(text.ends_with("has no row of the configured symbols"), "{text}");
        let text = layout(Path::new("/nowhere/tape.csv")).unwrap_err().to_string();
        assert!(text.starts_with("/nowhere/tape.csv cannot be read"), "{text}");
    }
}
