//! A tape: trades or minutes of a past day, over the same subjects as live prices.
//!
//! 1. Every sound trade row is exactly one quote, in an order that depends on the file alone.
//! 2. Memory is bounded whatever the file's size: a thread reads ahead into a bounded channel.
//! 3. A bad row is counted, named by its line and skipped; a file that is no tape is refused whole.

pub mod expand;
pub mod flatfile;
pub mod merge;
pub mod order;
pub mod pace;
pub mod read;
pub mod rows;

use super::{Backfill, Condition, Description, Earlier, Event, Handling, Quote, Source};
use expand::Expander;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use merge::Rows;
use pace::Pace;
use proto::{ClockKind, FeedState, Source as Origin, Symbol};
use rows::{Entry, TapeError};
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::IsTerminal as _,
    path::{Path, PathBuf},
};
use tokio::{sync::mpsc, time::Instant};

/// Quotes handed over at a time.
const BATCH: usize = 512;
/// Batches read ahead.
const AHEAD: usize = 16;
/// Bad rows that are named one by one; the rest are counted.
const NAMED: u64 = 20;

/// What is replayed, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The flat file.
    pub path: PathBuf,
    /// Tape seconds per wall second; `None` is as fast as the bus and the readers take it.
    pub speed: Option<f64>,
    /// New York time of the first day's tape at which to end.
    pub until: Option<jiff::civil::Time>,
}

/// The replayed feed.
pub struct Replay {
    settings: Settings,
    symbols: Vec<Symbol>,
    batches: Option<mpsc::Receiver<Batch>>,
    /// Quotes that are not due yet.
    waiting: std::vec::IntoIter<Quote>,
    held: Option<Quote>,
    pace: Pace,
    began: Instant,
    bad: u64,
    given: u64,
    progress: ProgressBar,
    ended: bool,
}

/// What the reading thread hands over.
enum Batch {
    /// Quotes, the rows they came from, and the bad ones among them.
    Quotes { quotes: Vec<Quote>, rows: u64, bad: Vec<Entry> },
    /// The file cannot be read on.
    Broken(TapeError),
}

impl Replay {
    /// A tape of `symbols`.
    pub fn new(settings: Settings, symbols: &[Symbol]) -> Self {
        let pace = Pace::new(settings.speed);
        Self {
            settings,
            symbols: symbols.to_vec(),
            batches: None,
            waiting: Vec::new().into_iter(),
            held: None,
            pace,
            began: Instant::now(),
            bad: 0,
            given: 0,
            progress: ProgressBar::hidden(),
            ended: false,
        }
    }

    fn name(&self) -> String {
        let name = self.settings.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The same for the same rows in the same order.
    fn fingerprint(&self) -> String {
        let size = std::fs::metadata(&self.settings.path).map_or(0, |data| data.len());
        let mut hasher = DefaultHasher::new();
        (self.name(), size, &self.symbols, self.settings.until.map(|t| t.to_string()))
            .hash(&mut hasher);
        format!("replay-{:016x}", hasher.finish())
    }

    fn take_bad(&mut self, bad: &[Entry]) {
        metrics::counter!("ingest_bad_rows_total").increment(bad.len() as u64);
        for entry in bad {
            self.bad += 1;
            if let (true, Err(fault)) = (self.bad <= NAMED, entry.row) {
                tracing::warn!(tape.line = entry.line, "skipped line {}: {fault}", entry.line);
            }
        }
    }

    /// The next quote, read from the thread as needed; an event when the tape is over.
    async fn quote(&mut self) -> Result<Quote, Event> {
        loop {
            if let Some(quote) = self.waiting.next() {
                return Ok(quote);
            }
            if self.ended {
                // Nothing follows the end: whoever asks waits until the process is stopped.
                std::future::pending::<()>().await;
            }
            let next = match &mut self.batches {
                Some(batches) => batches.recv().await,
                None => None,
            };
            match next {
                Some(Batch::Quotes { quotes, rows, bad }) => {
                    self.take_bad(&bad);
                    self.progress.inc(rows);
                    self.waiting = quotes.into_iter();
                }
                Some(Batch::Broken(error)) => return Err(self.end(Some(error))),
                None => return Err(self.end(None)),
            }
        }
    }

    fn end(&mut self, error: Option<TapeError>) -> Event {
        self.ended = true;
        self.progress.finish_and_clear();
        let counts =
            format!("{} ticks of {}, {} bad rows skipped", self.given, self.name(), self.bad);
        let (state, detail) = match error {
            None => (FeedState::Done, format!("the tape is over: {counts}")),
            Some(error) => (FeedState::Failing, format!("{error}; replayed until then: {counts}")),
        };
        Event::Condition(Condition::new(state, detail))
    }
}

impl Source for Replay {
    fn describe(&self) -> Description {
        Description {
            origin: Origin::Replay,
            clock: ClockKind::Tape,
            interval_ms: 0,
            speed: self.settings.speed.unwrap_or(0.0),
            handling: Handling::Tape,
            tape: Some(self.fingerprint()),
        }
    }

    async fn prepare(&mut self, earlier: Earlier) -> Result<(Condition, Backfill), String> {
        let (settings, symbols) = (self.settings.clone(), self.symbols.clone());
        let opened = tokio::task::spawn_blocking(move || open(&settings, &symbols)).await;
        let tape = opened.map_err(|gone| gone.to_string())?.map_err(|error| error.to_string())?;
        self.pace.skip(earlier.published);
        self.progress = progress(tape.rows);
        let speed =
            self.settings.speed.map_or_else(|| "full speed".to_owned(), |x| format!("{x}x"));
        let detail = format!("replaying {} rows of {} at {speed}", tape.rows, self.name());
        let (sender, batches) = mpsc::channel(AHEAD);
        self.batches = Some(batches);
        let symbols = self.symbols.clone();
        // The thread ends with the file, or when nobody takes its batches any more.
        drop(tokio::task::spawn_blocking(move || read_ahead(tape, &symbols, &sender)));
        Ok((Condition::new(FeedState::Live, detail), Backfill::default()))
    }

    async fn next(&mut self) -> Event {
        if self.held.is_none() {
            match self.quote().await {
                Ok(quote) => self.held = Some(quote),
                Err(event) => return event,
            }
        }
        let time_ns = self.held.as_ref().map_or(0, |quote| quote.time_ns);
        if let Some(due) = self.pace.due(time_ns, self.began.elapsed()) {
            tokio::time::sleep_until(self.began + due).await;
        }
        // From here on nothing waits, so nothing can be lost.
        let mut quotes: Vec<Quote> = self.held.take().into_iter().collect();
        self.pace.passed(time_ns);
        while quotes.len() < BATCH {
            let Some(quote) = self.waiting.next() else { break };
            let now = self.began.elapsed();
            if self.pace.due(quote.time_ns, now).is_some_and(|due| due > now) {
                self.held = Some(quote);
                break;
            }
            self.pace.passed(quote.time_ns);
            quotes.push(quote);
        }
        self.given += quotes.len() as u64;
        Event::Quotes(quotes)
    }
}

/// A surveyed tape, ready to be read.
struct Tape {
    entries: Rows,
    /// Sound rows in all.
    rows: u64,
    /// Rows at or after this time are not replayed, nanoseconds since 1970 UTC.
    until_ns: i64,
}

fn open(settings: &Settings, symbols: &[Symbol]) -> Result<Tape, TapeError> {
    let plan = rows::survey(&settings.path, symbols)?;
    let rows = plan.survey.rows();
    let first_ns = plan.survey.first_ns().unwrap_or_default();
    let entries = Rows::open(&settings.path, symbols, plan)?;
    let until_ns = settings.until.and_then(|until| on_day_of(first_ns, until)).unwrap_or(i64::MAX);
    Ok(Tape { entries, rows, until_ns })
}

/// The header of a file, read to say early that it is no tape.
///
/// # Errors
/// As [`TapeError`].
pub fn check(path: &Path) -> Result<flatfile::Layout, TapeError> {
    rows::layout(path)
}

/// New York time `time` on the New York date of `first_ns`, nanoseconds since 1970 UTC.
fn on_day_of(first_ns: i64, time: jiff::civil::Time) -> Option<i64> {
    let new_york = jiff::tz::TimeZone::get("America/New_York").ok()?;
    let first = jiff::Timestamp::from_nanosecond(i128::from(first_ns)).ok()?;
    let date = first.to_zoned(new_york.clone()).date();
    let until = date.to_datetime(time).to_zoned(new_york).ok()?;
    i64::try_from(until.timestamp().as_nanosecond()).ok()
}

/// Reads the tape into batches until it ends or nobody listens.
fn read_ahead(mut tape: Tape, symbols: &[Symbol], sender: &mpsc::Sender<Batch>) {
    let mut filling = Filling::default();
    loop {
        let (over, error) = match tape.entries.read() {
            Ok(entry) => (!filling.take(entry, symbols, tape.until_ns), None),
            Err(error) => (true, Some(error)),
        };
        if over {
            filling.expander.flush(&mut filling.quotes);
        }
        if (over || filling.is_full()) && sender.blocking_send(filling.batch()).is_err() {
            return;
        }
        if let Some(error) = error {
            // Nobody listens any more when this fails.
            drop(sender.blocking_send(Batch::Broken(error)));
        }
        if over {
            return;
        }
    }
}

/// The batch that is being filled.
#[derive(Default)]
struct Filling {
    expander: Expander,
    quotes: Vec<Quote>,
    rows: u64,
    bad: Vec<Entry>,
}

impl Filling {
    /// Takes what was read in; `false` when the tape is over with it.
    fn take(&mut self, entry: Option<Entry>, symbols: &[Symbol], until_ns: i64) -> bool {
        let Some(entry) = entry else { return false };
        let symbol = entry.symbol.and_then(|number| symbols.get(number));
        match (entry.row, symbol) {
            (Ok(row), Some(_)) if row.time_ns() >= until_ns => return false,
            (Ok(row), Some(symbol)) => {
                self.rows += 1;
                self.expander.take(symbol, row, &mut self.quotes);
            }
            (Ok(_) | Err(_), _) => self.bad.push(entry),
        }
        true
    }

    fn is_full(&self) -> bool {
        self.quotes.len() + self.bad.len() >= BATCH
    }

    fn batch(&mut self) -> Batch {
        let quotes = std::mem::replace(&mut self.quotes, Vec::with_capacity(BATCH));
        let (rows, bad) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.bad));
        Batch::Quotes { quotes, rows, bad }
    }
}

/// A progress bar on a terminal, nothing elsewhere.
fn progress(rows: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::stderr_with_hz(2));
    let style = ProgressStyle::with_template(
        "{bar:30} {percent:>3} %  {human_pos} of {human_len} rows  {per_sec}  {eta}",
    );
    // The template is a constant; the default style serves as well.
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
