//! The files of a recording: which one is written, when it is whole, and where to go on.
//!
//! `ticks_2013-10-07.csv.gz.unfinished` becomes `ticks_2013-10-07.csv.gz`; a second one of the same
//! day, of another source or of a tape that began anew, is `ticks_2013-10-07.2.csv.gz`. The file
//! `recorder.json` remembers the last whole file, so that the same day goes on in it.

use super::part::{self, Held};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

const STATE: &str = "recorder.json";
const LOCK: &str = ".recorder.lock";
const UNFINISHED: &str = ".unfinished";
const ENDING: &str = ".csv.gz";

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The folder cannot be written.
    #[error(
        "{} cannot be written: {source}; make room, or choose another folder with --folder",
        path.display()
    )]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process records there.
    #[error("another recorder writes to {}: stop it, or choose another folder with --folder", _0.display())]
    Taken(PathBuf),
}

/// What is remembered between processes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    /// When stream `TICKS` was created: positions of another one mean nothing.
    stream: String,
    /// The last whole file.
    file: String,
    /// Place of its last row in the stream.
    position: u64,
}

/// A file of ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayFile {
    /// Its final name.
    pub(super) name: String,
    pub(super) date: Date,
    pub(super) held: Held,
    /// It has its final name.
    whole: bool,
}

/// The folder.
#[derive(Debug)]
pub(super) struct Book {
    folder: PathBuf,
    stream: String,
    /// The file that is written, or was last.
    pub(super) file: Option<DayFile>,
    /// Place of the last row of the files that were whole at the start; they may be elsewhere now.
    recorded: u64,
    _lock: File,
}

impl Book {
    /// Opens the folder of a recording of the stream created at `stream`, and takes up what an
    /// earlier process has left.
    pub(super) fn open(folder: &Path, stream: &str) -> Result<Self, RecordError> {
        let failed = |source| RecordError::Disk { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join(LOCK)).map_err(failed)?;
        lock.try_lock().map_err(|_held| RecordError::Taken(folder.to_owned()))?;
        let memory = remembered(folder);
        let (folder, stream) = (folder.to_owned(), stream.to_owned());
        let mut book = Self { folder, stream, file: None, recorded: 0, _lock: lock };
        let mut left = book.unfinished().map_err(|error| book.failed(STATE, error))?;
        left.sort_by_key(|file| file.held.position);
        let same = memory.stream == book.stream;
        let last = left.pop_if(|_| same);
        for file in left {
            book.file = Some(file);
            book.finish()?;
        }
        book.file = match last {
            Some(last) => Some(last),
            None if same => {
                book.whole(&memory.file).map_err(|error| book.failed(&memory.file, error))?
            }
            None => None,
        };
        // That it can be written at all is found out before the first tick.
        let memory = if same { memory } else { Memory::default() };
        book.recorded = memory.position;
        book.remember(&Memory { stream: book.stream.clone(), ..memory })?;
        Ok(book)
    }

    /// Place in the stream of the last row that is on the disk; 0 when there is none.
    pub(super) fn position(&self) -> u64 {
        self.file.as_ref().map_or(0, |file| file.held.position).max(self.recorded)
    }

    /// Writes `rows` of `date` to the disk, into the running file or a new one.
    pub(super) fn append(&mut self, date: Date, rows: &str) -> Result<(), RecordError> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.new_file(date),
        };
        let done = self.append_to(&mut file, rows);
        let name = file.name.clone();
        // One that is gone is not looked for again.
        let gone = done.is_err() && file.held.end > 0 && !self.path(&file).exists();
        self.file = Some(file).filter(|_| !gone);
        done.map_err(|source| self.failed(&name, source))
    }

    fn append_to(&self, file: &mut DayFile, rows: &str) -> io::Result<()> {
        if file.whole {
            let whole = self.path(file);
            file.whole = false;
            fs::rename(whole, self.path(file))?;
        }
        file.held.end = part::append(&self.path(file), file.held.end, rows)?;
        file.held.note_lines(rows);
        Ok(())
    }

    /// Gives the running file its final name; it stays known, so that its day can go on.
    pub(super) fn finish(&mut self) -> Result<Option<String>, RecordError> {
        let Some(file) = self.file.clone().filter(|file| !file.whole && file.held.rows > 0) else {
            return Ok(None);
        };
        let memory = Memory {
            stream: self.stream.clone(),
            file: file.name.clone(),
            position: file.held.position,
        };
        self.remember(&memory)?;
        let unfinished = self.path(&file);
        let whole = DayFile { whole: true, ..file };
        let renamed = || -> io::Result<()> {
            let open = File::options().write(true).open(&unfinished)?;
            open.set_len(whole.held.end)?;
            open.sync_all()?;
            fs::rename(&unfinished, self.path(&whole))?;
            File::open(&self.folder)?.sync_all()
        };
        renamed().map_err(|source| self.failed(&whole.name, source))?;
        let name = whole.name.clone();
        self.file = Some(whole);
        Ok(Some(name))
    }

    /// Finishes the running file; the next row begins another.
    pub(super) fn turn(&mut self) -> Result<Option<String>, RecordError> {
        let finished = self.finish()?;
        self.file = None;
        Ok(finished)
    }

    fn new_file(&self, date: Date) -> DayFile {
        let name = |part: u32| match part {
            1 => format!("ticks_{date}{ENDING}"),
            part => format!("ticks_{date}.{part}{ENDING}"),
        };
        let free = |name: &String| {
            let unfinished = format!("{name}{UNFINISHED}");
            !self.folder.join(name).exists() && !self.folder.join(unfinished).exists()
        };
        let name = (1..=u32::MAX).map(name).find(free).unwrap_or_default();
        DayFile { name, date, held: Held::default(), whole: false }
    }

    fn path(&self, file: &DayFile) -> PathBuf {
        let unfinished = if file.whole { "" } else { UNFINISHED };
        self.folder.join(format!("{}{unfinished}", file.name))
    }

    /// The files that an earlier process could not finish.
    fn unfinished(&self) -> io::Result<Vec<DayFile>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let Some(name) = name.strip_suffix(UNFINISHED) else { continue };
            let Some(date) = date_of(name) else { continue };
            let mut file =
                DayFile { name: name.to_owned(), date, held: Held::default(), whole: false };
            file.held = part::read(&self.path(&file))?;
            if file.held.foreign {
                tracing::warn!("{name}{UNFINISHED} is not this version's and stays as it is");
            } else {
                files.push(file);
            }
        }
        Ok(files)
    }

    /// The whole file of that name, if it is there and ours.
    fn whole(&self, name: &str) -> io::Result<Option<DayFile>> {
        let Some(date) = date_of(name) else { return Ok(None) };
        let mut file = DayFile { name: name.to_owned(), date, held: Held::default(), whole: true };
        if !self.path(&file).exists() {
            return Ok(None);
        }
        file.held = part::read(&self.path(&file))?;
        Ok(Some(file).filter(|file| !file.held.foreign))
    }

    fn remember(&self, memory: &Memory) -> Result<(), RecordError> {
        let write = || -> io::Result<()> {
            let beside = self.folder.join(format!("{STATE}{UNFINISHED}"));
            let mut file = File::create(&beside)?;
            file.write_all(&serde_json::to_vec(memory)?)?;
            file.sync_all()?;
            fs::rename(&beside, self.folder.join(STATE))?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|source| self.failed(STATE, source))
    }

    fn failed(&self, name: &str, source: io::Error) -> RecordError {
        RecordError::Disk { path: self.folder.join(name), source }
    }
}

/// What an earlier process remembered. Without it the files that are left are whole, and the stream
/// is recorded from its beginning.
fn remembered(folder: &Path) -> Memory {
    let text = fs::read(folder.join(STATE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// The date in a file's final name.
fn date_of(name: &str) -> Option<Date> {
    let date = name.strip_prefix("ticks_")?.strip_suffix(ENDING)?;
    date.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn line(position: u64) -> String {
        let vendor = "A,,0,0,1,0,1.5,1,1381152600007000000,500,0,0,0";
        format!("{vendor},sim,trade,regular,0,,,,0,,0,{position}\n")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name.starts_with("ticks_"));
        names.sort();
        names
    }

    #[test]
    fn a_day_goes_on_after_a_stop_and_after_a_kill_in_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let day = date(2013, 10, 7);
        let mut book = Book::open(folder.path(), "1").unwrap();
        book.append(day, &line(5)).unwrap();
        assert!(matches!(Book::open(folder.path(), "1"), Err(RecordError::Taken(_))));
        assert_eq!(book.finish().unwrap().unwrap(), "ticks_2013-10-07.csv.gz");
        drop(book);
        let mut book = Book::open(folder.path(), "1").unwrap();
        assert_eq!(book.position(), 5);
        book.append(day, &line(6)).unwrap();
        assert_eq!(names(folder.path()), ["ticks_2013-10-07.csv.gz.unfinished"]);
        drop(book);
        let mut book = Book::open(folder.path(), "1").unwrap();
        assert_eq!((book.position(), book.file.as_ref().unwrap().held.rows), (6, 2));
        book.turn().unwrap();
        book.append(day, &line(7)).unwrap();
        book.finish().unwrap();
        assert_eq!(names(folder.path()), ["ticks_2013-10-07.2.csv.gz", "ticks_2013-10-07.csv.gz"]);
    }

    #[test]
    fn positions_of_another_stream_mean_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = Book::open(folder.path(), "1").unwrap();
        book.append(date(2013, 10, 7), &line(5)).unwrap();
        drop(book);
        let book = Book::open(folder.path(), "2").unwrap();
        assert_eq!(book.position(), 0);
        assert_eq!(names(folder.path()), ["ticks_2013-10-07.csv.gz"], "what was left is whole");
    }

    #[test]
    fn a_file_that_is_taken_away_is_an_error_and_then_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let day = date(2013, 10, 7);
        let mut book = Book::open(folder.path(), "1").unwrap();
        book.append(day, &line(5)).unwrap();
        fs::remove_file(folder.path().join("ticks_2013-10-07.csv.gz.unfinished")).unwrap();
        let error = book.append(day, &line(6)).unwrap_err().to_string();
        assert!(error.contains("ticks_2013-10-07.csv.gz cannot be written"), "{error}");
        book.append(day, &line(6)).unwrap();
        assert_eq!(book.position(), 6);
    }
}
