//! The gzip parts of a file: each whole in itself, so that a kill costs at most the last one.

use super::row;
use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _},
    os::unix::fs::FileExt as _,
    path::Path,
};

/// A part holds less; more is not ours.
const MOST: u64 = 256 * 1024 * 1024;

/// What the whole parts of a file hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Where the last whole part ends, bytes.
    pub(super) end: u64,
    pub(super) rows: u64,
    /// Time of the first row, nanoseconds since 1970 UTC.
    pub(super) first_ns: i64,
    /// Where its ticks come from.
    pub(super) source: String,
    /// Place of the last row in stream `TICKS`.
    pub(super) position: u64,
    /// Somebody else's rows are in it.
    pub(super) foreign: bool,
}

impl Held {
    /// Counts in that there are `rows` more, from `first` to `last`.
    pub(super) fn note(&mut self, rows: u64, first: &row::Told, last: row::Told) {
        if self.rows == 0 {
            self.first_ns = first.time_ns;
        }
        self.rows += rows;
        (self.source, self.position) = (last.source, last.position);
    }

    /// Counts the lines of a part in.
    pub(super) fn note_lines(&mut self, text: &str) {
        let header = row::header();
        let mut lines = text.lines().filter(|line| *line != header.trim_end()).peekable();
        let first = lines.peek().and_then(|line| row::read(line));
        let (mut rows, mut last) = (0, None);
        for line in lines {
            (rows, last) = (rows + 1, Some(line));
        }
        match (first, last.map(row::read)) {
            (Some(first), Some(Some(last))) => self.note(rows, &first, last),
            (_, None) => {}
            (None, _) | (_, Some(None)) => self.foreign = true,
        }
    }
}

/// Reads the whole parts of the file at `path`.
pub(super) fn read(path: &Path) -> io::Result<Held> {
    let mut file = BufReader::new(File::open(path)?);
    let mut held = Held::default();
    let mut text = String::new();
    while !file.fill_buf()?.is_empty() {
        text.clear();
        if GzDecoder::new(&mut file).take(MOST).read_to_string(&mut text).is_err() {
            // Cut short by a kill: what is lost is in the stream.
            break;
        }
        held.note_lines(&text);
        held.end = file.stream_position()?;
    }
    Ok(held)
}

/// Writes `rows` as one part at `end` of the file at `path`, whatever stands there, and gives the new
/// end. It is on the disk when this returns.
pub(super) fn append(path: &Path, end: u64, rows: &str) -> io::Result<u64> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    if end == 0 {
        packed.write_all(row::header().as_bytes())?;
    }
    packed.write_all(rows.as_bytes())?;
    let packed = packed.finish()?;
    let file = OpenOptions::new().write(true).create(end == 0).truncate(false).open(path)?;
    file.set_len(end)?;
    file.write_all_at(&packed, end)?;
    file.sync_all()?;
    Ok(end + packed.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(position: u64) -> String {
        let vendor = "A,,0,0,1,0,1.5,1,1381152600007000000,500,0,0,0";
        format!("{vendor},sim,trade,regular,0,,,,0,,0,{position}\n")
    }

    #[test]
    fn a_file_cut_anywhere_is_mended_to_its_last_whole_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let first = append(&path, 0, &(line(1) + &line(2))).unwrap();
        let second = append(&path, first, &line(3)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(whole.len() as u64, second);
        for cut in 0..=second {
            std::fs::write(&path, &whole[..cut as usize]).unwrap();
            let held = read(&path).unwrap();
            let (end, rows, position) = match cut {
                _ if cut == second => (second, 3, 3),
                _ if cut >= first => (first, 2, 2),
                _ => (0, 0, 0),
            };
            assert_eq!((held.end, held.rows, held.position), (end, rows, position), "cut at {cut}");
            append(&path, held.end, &line(position + 1)).unwrap();
            let mended = read(&path).unwrap();
            assert_eq!(
                (mended.rows, mended.position, mended.foreign),
                (rows + 1, position + 1, false)
            );
        }
    }
}
