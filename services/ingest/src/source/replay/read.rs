//! Lines of a flat file, plain or gzip, in bounded memory.

use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The longest line that is read; a longer one is passed over without being kept.
const MAX_LINE: usize = 64 * 1024;

/// Bytes read of files, for whoever watches.
pub type Meter = Arc<AtomicU64>;

struct Metered {
    file: File,
    meter: Meter,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.meter.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The lines of a file, numbered from 1.
pub struct Lines {
    reader: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    number: u64,
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'l> {
    /// Its bytes, without the line break.
    Text(&'l [u8]),
    /// Longer than any row can be.
    TooLong,
}

impl Lines {
    /// Opens `path`; its first bytes tell whether it is compressed. What is read of the file is
    /// added to `meter`.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub fn open(path: &Path, meter: &Meter) -> io::Result<Self> {
        let file = Metered { file: File::open(path)?, meter: Arc::clone(meter) };
        let mut file = BufReader::with_capacity(128 * 1024, file);
        let compressed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn BufRead + Send> = if compressed {
            // Vendors concatenate compressed parts: all of them are read.
            Box::new(BufReader::with_capacity(128 * 1024, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        Ok(Self { reader, line: Vec::new(), number: 0 })
    }

    /// The next line and its number; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read on: a disk fault, a compressed part that is cut short.
    pub fn read(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.line.clear();
        let most = MAX_LINE as u64;
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.last() != Some(&b'\n') && read == MAX_LINE {
            self.pass_over()?;
            return Ok(Some((self.number, Line::TooLong)));
        }
        let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        Ok(Some((self.number, Line::Text(text))))
    }

    /// Reads to the end of the line and keeps nothing.
    fn pass_over(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let (used, ended) = match buffer.iter().position(|b| *b == b'\n') {
                Some(end) => (end + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.reader.consume(used);
            if ended {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;

    fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn all(bytes: &[u8]) -> io::Result<Vec<(u64, String)>> {
        let file = written(bytes);
        let meter = Meter::default();
        let mut lines = Lines::open(file.path(), &meter)?;
        assert!(bytes.is_empty() || meter.load(Ordering::Relaxed) > 0);
        let mut found = Vec::new();
        while let Some((number, line)) = lines.read()? {
            let text = match line {
                Line::Text(text) => String::from_utf8_lossy(text).into_owned(),
                Line::TooLong => "too long".to_owned(),
            };
            found.push((number, text));
        }
        Ok(found)
    }

    #[test]
    fn plain_and_compressed_files_read_the_same() {
        let text = b"a,b\r\n1,2\n\n3,4";
        let expected = all(text).unwrap();
        assert_eq!(expected.len(), 4);
        assert_eq!(expected[0], (1, "a,b".to_owned()));
        assert_eq!(all(&gzip(text)).unwrap(), expected);
        let parts = [gzip(b"a,b\r\n1,"), gzip(b"2\n\n3,4")].concat();
        assert_eq!(all(&parts).unwrap(), expected);
    }

    #[test]
    fn an_endless_line_is_passed_over_and_costs_no_memory() {
        let mut bytes = vec![b'"'; 3 * MAX_LINE];
        bytes.extend_from_slice(b"\nok\n");
        let expected = [(1, "too long".to_owned()), (2, "ok".to_owned())];
        assert_eq!(all(&bytes).unwrap(), expected);
        assert_eq!(all(&vec![0; 2 * MAX_LINE]).unwrap(), expected[..1]);
    }

    #[test]
    fn a_compressed_file_that_is_cut_short_is_an_error() {
        let whole = gzip(&b"some text that repeats\n".repeat(1_000));
        assert!(all(&whole[..whole.len() / 2]).is_err());
        assert!(all(b"\x1f\x8bnonsense").is_err());
    }
}
