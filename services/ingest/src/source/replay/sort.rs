//! Rows of a file sorted by ticker, in time order: sorted in parts that fit into memory, the parts
//! kept on the disk, merged while they are read.
//!
//! 1. Memory is bounded by [`PART`] rows, whatever the file's size and however many its symbols.
//! 2. Rows of one moment keep the order of their lines, so the outcome depends on the file alone.
//! 3. The parts have no names: the system takes them away however the process ends.

use super::{
    flatfile::Row,
    read::Meter,
    recorded::More,
    rows::{Entries, Entry, TapeError},
    sales::Wanted,
};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek as _, Write as _},
    path::{Path, PathBuf},
};

/// Rows sorted at a time.
pub const PART: usize = 250_000;
/// Bad rows that are told; beyond it a file is more fault than tape.
const BAD: usize = 100_000;
/// Bytes of a row on the disk: time, line, symbol, kind and five numbers.
const RECORD: usize = 8 + 8 + 4 + 1 + 5 * 8;

/// The sound rows of a file in time order, the bad ones before them.
pub struct Sorted {
    path: PathBuf,
    parts: Vec<Part>,
    /// The time and line of each part's next row.
    heads: BinaryHeap<Reverse<(i64, u64, usize)>>,
    next: Vec<Option<Entry>>,
    bad: VecDeque<Entry>,
}

/// Rows in order.
enum Part {
    Memory(std::vec::IntoIter<Entry>),
    Disk(BufReader<File>),
}

impl Sorted {
    /// Reads and sorts `path`, at most `part` rows at a time.
    ///
    /// # Errors
    /// When it cannot be read, or the disk has no room.
    pub fn sort(
        path: &Path,
        wanted: &Wanted,
        part: usize,
        meter: &Meter,
    ) -> Result<Self, TapeError> {
        let full = |source| TapeError::Sort { path: path.to_owned(), source };
        let mut sorted = Self {
            path: path.to_owned(),
            parts: Vec::new(),
            heads: BinaryHeap::new(),
            next: Vec::new(),
            bad: VecDeque::new(),
        };
        let mut entries = Entries::open(path, wanted, meter)?;
        let mut rows = Vec::new();
        while let Some(entry) = entries.read()? {
            if entry.row.is_ok() {
                rows.push(entry);
            } else if sorted.bad.len() < BAD {
                sorted.bad.push_back(entry);
            }
            if rows.len() >= part {
                sorted.parts.push(Part::Disk(spill(in_order(&mut rows)).map_err(full)?));
                rows.clear();
            }
        }
        in_order(&mut rows);
        sorted.parts.push(Part::Memory(rows.into_iter()));
        for index in 0..sorted.parts.len() {
            sorted.next.push(None);
            sorted.advance(index)?;
        }
        Ok(sorted)
    }

    /// The next entry.
    ///
    /// # Errors
    /// When a part cannot be read back.
    pub fn read(&mut self) -> Result<Option<Entry>, TapeError> {
        if let Some(bad) = self.bad.pop_front() {
            return Ok(Some(bad));
        }
        let Some(Reverse((_, _, index))) = self.heads.pop() else { return Ok(None) };
        let entry = self.next.get_mut(index).and_then(Option::take);
        self.advance(index)?;
        Ok(entry)
    }

    fn advance(&mut self, index: usize) -> Result<(), TapeError> {
        let (Some(part), Some(next)) = (self.parts.get_mut(index), self.next.get_mut(index)) else {
            return Ok(());
        };
        let read = match part {
            Part::Memory(rows) => Ok(rows.next()),
            Part::Disk(file) => read_back(file),
        };
        *next = read.map_err(|source| TapeError::Sort { path: self.path.clone(), source })?;
        if let Some(key) = next.as_ref().and_then(key) {
            self.heads.push(Reverse((key.0, key.1, index)));
        }
        Ok(())
    }
}

fn key(entry: &Entry) -> Option<(i64, u64)> {
    entry.row.as_ref().ok().map(|row| (row.time_ns(), entry.line))
}

fn in_order(rows: &mut [Entry]) -> &[Entry] {
    rows.sort_unstable_by_key(key);
    rows
}

fn spill(rows: &[Entry]) -> io::Result<BufReader<File>> {
    let mut out = BufWriter::with_capacity(256 * 1024, tempfile::tempfile()?);
    for entry in rows {
        if let (Some(symbol), Ok(row)) = (entry.symbol, entry.row) {
            out.write_all(&record(entry.line, symbol, row))?;
        }
    }
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(BufReader::with_capacity(64 * 1024, file))
}

fn record(line: u64, symbol: usize, row: Row) -> Vec<u8> {
    let (kind, numbers) = match row {
        // A recording is never sorted: what only it says need not be kept.
        Row::Trade { price, size, more: _, .. } => (0, [price, size, 0.0, 0.0, 0.0]),
        Row::Minute { prices: [open, high, low, close], volume, .. } => {
            (1, [open, high, low, close, volume])
        }
    };
    let mut bytes = Vec::with_capacity(RECORD);
    bytes.extend_from_slice(&row.time_ns().to_le_bytes());
    bytes.extend_from_slice(&line.to_le_bytes());
    bytes.extend_from_slice(&(symbol as u32).to_le_bytes());
    bytes.push(kind);
    for number in numbers {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn read_back(file: &mut BufReader<File>) -> io::Result<Option<Entry>> {
    let mut time = [0; 8];
    match file.read_exact(&mut time) {
        Ok(()) => {}
        Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let time_ns = i64::from_le_bytes(time);
    let line = u64::from_le_bytes(bytes(file)?);
    let symbol = u32::from_le_bytes(bytes(file)?) as usize;
    let [kind] = bytes(file)?;
    let mut number = || bytes(file).map(f64::from_le_bytes);
    let numbers = [number()?, number()?, number()?, number()?, number()?];
    let [first, second, third, fourth, fifth] = numbers;
    let row = match kind {
        0 => Row::Trade { time_ns, price: first, size: second, more: More::default() },
        _ => Row::Minute { time_ns, prices: [first, second, third, fourth], volume: fifth },
    };
    Ok(Some(Entry { line, symbol: Some(symbol), row: Ok(row) }))
}

fn bytes<const N: usize>(file: &mut BufReader<File>) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proto::Symbol;
    use std::fmt::Write as _;

    const T: i64 = 1_381_152_600_000_000_000;

    fn sorted(text: &str, part: usize) -> Vec<Entry> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let wanted = Wanted::every(&["A", "B"].map(|name| Symbol::parse(name).unwrap()));
        let mut sorted = Sorted::sort(file.path(), &wanted, part, &Meter::default()).unwrap();
        std::iter::from_fn(|| sorted.read().unwrap()).collect()
    }

    proptest! {
        #[test]
        fn parts_on_the_disk_give_what_one_part_in_memory_gives(
            rows in prop::collection::vec((prop::bool::ANY, 0_i64..40, 1_u32..9), 0..60),
            part in 1_usize..9,
        ) {
            let mut trades = "ticker,price,size,sip_timestamp\n".to_owned();
            let mut minutes = "ticker,volume,open,close,high,low,window_start\n".to_owned();
            for (first, time, price) in rows {
                let ticker = if first { "A" } else { "B" };
                writeln!(trades, "{ticker},{price},1,{}", T + time).unwrap();
                writeln!(minutes, "{ticker},2,{price},{price},{price},.5,{}", T + time).unwrap();
            }
            for text in [trades, minutes] {
                let whole = sorted(&text, 1_000);
                prop_assert!(whole.iter().filter_map(key).is_sorted());
                prop_assert_eq!(whole.len() + 1, text.lines().count());
                prop_assert_eq!(sorted(&text, part), whole);
            }
        }
    }
}
