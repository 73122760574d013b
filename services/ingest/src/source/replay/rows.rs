//! Rows of the configured symbols as they stand in a file, and what a first look at all of them says.

use super::{
    flatfile::{Layout, Row, RowFault},
    order::{Disorder, Order, Survey},
    read::{Line, Lines},
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
        /// The file.
        path: PathBuf,
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
}

/// The header of `path`.
///
/// # Errors
/// When it cannot be read or is not that of a tape.
pub fn layout(path: &Path) -> Result<Layout, TapeError> {
    Ok(Entries::open(path, &[])?.layout)
}

/// What one look at the whole file has found.
#[derive(Debug)]
pub struct Plan {
    /// Its rows.
    pub survey: Survey,
    /// How to read them in time order.
    pub order: Order,
    /// The first lines that are nobody's.
    pub strays: Vec<Entry>,
}

/// Reads the whole file once and says how it can be replayed.
///
/// # Errors
/// When it cannot be read to its end, or its rows are in no order, or none is wanted.
pub fn survey(path: &Path, symbols: &[Symbol]) -> Result<Plan, TapeError> {
    let mut survey = Survey::new(symbols.len());
    let mut strays = Vec::new();
    let mut entries = Entries::open(path, symbols)?;
    while let Some(entry) = entries.read()? {
        match (entry.symbol, entry.row) {
            (Some(symbol), Ok(row)) => survey.see(entry.line, symbol, row.time_ns()),
            (Some(symbol), Err(_)) => survey.pass(entry.line, symbol),
            (None, _) if strays.len() < STRAYS => strays.push(entry),
            (None, _) => {}
        }
    }
    if survey.rows() == 0 {
        return Err(TapeError::Empty { path: path.to_owned() });
    }
    let order = survey.order();
    let order =
        order.map_err(|disorder| TapeError::Disorder { path: path.to_owned(), disorder })?;
    Ok(Plan { survey, order, strays })
}

impl Entries {
    /// Begins to read `path`.
    ///
    /// # Errors
    /// When it cannot be read or its header is not that of a tape.
    pub fn open(path: &Path, symbols: &[Symbol]) -> Result<Self, TapeError> {
        let read = |source| TapeError::Read { path: path.to_owned(), line: 0, source };
        let mut lines = Lines::open(path).map_err(read)?;
        let header = match lines.read().map_err(read)? {
            Some((_, Line::Text(header))) => Layout::read(header),
            Some((_, Line::TooLong)) | None => Layout::read(b""),
        };
        let layout = header.map_err(|fault| TapeError::Header { path: path.to_owned(), fault })?;
        let number =
            |(index, symbol): (usize, &Symbol)| (symbol.as_str().as_bytes().to_vec(), index);
        let symbols = symbols.iter().enumerate().map(number).collect();
        Ok(Self { path: path.to_owned(), lines, layout, symbols, line: 1 })
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
                return Ok(Some(Entry { line, symbol, row }));
            }
        }
    }
}

/// Lines without a ticker that are remembered by a plan.
const STRAYS: usize = 1_000;
/// The fault of a row that names no symbol.
const NO_TICKER: BadRow = BadRow::Fault(RowFault::Value("ticker", "a symbol"));
