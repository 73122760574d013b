//! Rows of the configured symbols as they stand in a file, and what a first look at all of them says.

use super::{
    flatfile::{Kind, Layout, Row, RowFault},
    order::{Disorder, Order, Survey},
    read::{Line, Lines, Meter},
    sales::{Sales, Wanted},
};
use proto::Symbol;
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// Why a file cannot be replayed, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// The disk, or a compressed part that is cut short or broken.
    #[error("{} cannot be read on after line {line}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The last good line.
        line: u64,
        /// What the system says.
        source: io::Error,
    },
    /// The header is not that of a tape.
    #[error("{}: {fault}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: super::flatfile::HeaderFault,
    },
    /// Its rows are in no order.
    #[error("{}: {disorder}", path.display())]
    Disorder {
        /// The file.
        path: PathBuf,
        /// Where.
        disorder: Disorder,
    },
    /// No row is of a configured symbol.
    #[error("{} has no row of the configured symbols", path.display())]
    Empty {
        /// The file, or the first of several.
        path: PathBuf,
    },
    /// Several files that make no tape together.
    #[error(transparent)]
    Conflict(#[from] super::plan::Conflict),
    /// It had to be sorted by time, and could not be.
    #[error(
        "{} is sorted by ticker, and sorting it by time takes room in the folder for temporary \
         files (TMPDIR): {source}",
        path.display()
    )]
    Sort {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// One row of a configured symbol, or one that should have been.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Number of its symbol among the configured ones; `None` when the line has no ticker.
    pub symbol: Option<usize>,
    /// What it says.
    pub row: Result<Row, BadRow>,
}

/// Why a line is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// It is no sound row.
    #[error(transparent)]
    Fault(#[from] RowFault),
    /// It is longer than any row.
    #[error("longer than 64 KiB")]
    TooLong,
}

/// Reads the entries of a file in the order they stand.
pub struct Entries {
    path: PathBuf,
    lines: Lines,
    layout: Layout,
    symbols: BTreeMap<Vec<u8>, usize>,
    line: u64,
    /// Tells prices from other rows; `None`: every row counts.
    sales: Option<Sales>,
}

/// The header of `path`.
///
/// # Errors
/// When it cannot be read or is not that of a tape.
pub fn layout(path: &Path) -> Result<Layout, TapeError> {
    Ok(Entries::open(path, &Wanted::default(), &Meter::default())?.layout)
}

/// What one look at a whole file has found.
#[derive(Debug)]
pub struct Plan {
    /// The file.
    pub path: PathBuf,
    /// What its rows are.
    pub kind: Kind,
    /// It is a recording of ours.
    pub recorded: bool,
    /// Its rows.
    pub survey: Survey,
    /// How to read them in time order.
    pub order: Order,
}

/// Reads the whole file once and says how it can be replayed.
///
/// # Errors
/// When it cannot be read to its end, or its rows are in no order.
pub fn survey(path: &Path, wanted: &Wanted, meter: &Meter) -> Result<Plan, TapeError> {
    let mut survey = Survey::new(wanted.symbols.len());
    let mut entries = Entries::open(path, wanted, meter)?;
    while let Some(entry) = entries.read()? {
        if let (Some(symbol), Ok(row)) = (entry.symbol, entry.row) {
            survey.see(entry.line, symbol, row.time_ns());
        }
    }
    let recorded = entries.layout.is_recording();
    // What was published in an order is replayed in it, whatever the times say.
    let order = if recorded { Ok(Order::ByTime) } else { survey.order() };
    let order =
        order.map_err(|disorder| TapeError::Disorder { path: path.to_owned(), disorder })?;
    let kind = entries.layout.kind;
    Ok(Plan { path: path.to_owned(), kind, recorded, survey, order })
}

impl Entries {
    /// Begins to read `path`.
    ///
    /// # Errors
    /// When it cannot be read or its header is not that of a tape.
    pub fn open(path: &Path, wanted: &Wanted, meter: &Meter) -> Result<Self, TapeError> {
        let read = |source| TapeError::Read { path: path.to_owned(), line: 0, source };
        let mut lines = Lines::open(path, meter).map_err(read)?;
        let header = match lines.read().map_err(read)? {
            Some((_, Line::Text(header))) => header,
            Some((_, Line::TooLong)) | None => b"",
        };
        let layout = Layout::read(header)
            .map_err(|fault| TapeError::Header { path: path.to_owned(), fault })?;
        // A recording holds prices only, as they were published.
        let calendar = wanted.last_sales.clone().filter(|_| !layout.is_recording());
        let sales = calendar.map(|calendar| Sales::new(header, calendar, wanted.symbols.len()));
        let number =
            |(index, symbol): (usize, &Symbol)| (symbol.as_str().as_bytes().to_vec(), index);
        let symbols = wanted.symbols.iter().enumerate().map(number).collect();
        Ok(Self { path: path.to_owned(), lines, layout, symbols, line: 1, sales })
    }

    /// The next entry; rows of other symbols are passed over.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn read(&mut self) -> Result<Option<Entry>, TapeError> {
        loop {
            let next = self.lines.read().map_err(|source| TapeError::Read {
                path: self.path.clone(),
                line: self.line,
                source,
            })?;
            let Some((line, text)) = next else { return Ok(None) };
            self.line = line;
            let text = match text {
                Line::TooLong => {
                    return Ok(Some(Entry { line, symbol: None, row: Err(BadRow::TooLong) }));
                }
                Line::Text([]) => continue,
                Line::Text(text) => text,
            };
            let ticker = self.layout.ticker(text).filter(|ticker| !ticker.is_empty());
            let symbol = ticker.and_then(|ticker| self.symbols.get(ticker).copied());
            if symbol.is_some() || ticker.is_none() {
                let row = self.layout.row(text).map_err(BadRow::from);
                // A row without a ticker is nobody's, however sound the rest of it is.
                let row = if symbol.is_some() { row } else { row.and(Err(NO_TICKER)) };
                let row = match (&mut self.sales, symbol, row) {
                    (Some(sales), Some(symbol), Ok(row)) => match sales.take(text, symbol, row) {
                        Some(row) => Ok(row),
                        None => continue,
                    },
                    (_, _, row) => row,
                };
                return Ok(Some(Entry { line, symbol, row }));
            }
        }
    }
}

/// The fault of a row that names no symbol.
const NO_TICKER: BadRow = BadRow::Fault(RowFault::Value("ticker", "a symbol"));
