//! A tape: trades or minutes of past days, over the same subjects as live prices.
//!
//! 1. Every sound trade row is exactly one quote (or, where only prices are wanted, every row that
//!    moves the last price), in an order that depends on the files alone.
//! 2. Memory is bounded whatever the files' size: a thread reads ahead into a bounded channel.
//! 3. A bad row is counted, named by its line and skipped; a file that is no tape is refused whole.
//! 4. Pause, step and speed change when a quote is given, never which or in what order.

mod ahead;
pub mod expand;
pub mod files;
pub mod flatfile;
pub mod gate;
pub mod merge;
pub mod order;
pub mod pace;
pub mod plan;
pub mod read;
pub mod recorded;
pub mod remote;
pub mod rows;
pub mod sales;
pub mod sort;

use super::{Backfill, Condition, Description, Earlier, Event, Handling, Quote, Source};
use ahead::{Ahead, BATCH, Batch, size};
use gate::{Gate, State};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use market::Calendar;
use pace::Pace;
use proto::{ClockKind, FeedState, Source as Origin, Symbol};
use rows::{Entry, TapeError};
use sales::Wanted;
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::IsTerminal as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// Bad rows that are named one by one; the rest are counted.
const NAMED: u64 = 20;
/// A first look at the files that takes no longer is not told of.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is replayed, and how.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The flat files.
    pub paths: Vec<PathBuf>,
    /// Tape seconds per wall second; `None` is as fast as the bus and the readers take it.
    pub speed: Option<f64>,
    /// New York time of the first day's tape at which to end.
    pub until: Option<jiff::civil::Time>,
    /// Only trades that move the last price, Form T by the sessions of this calendar; `None`: every
    /// row is a tick.
    pub last_sales: Option<Calendar>,
}

/// The replayed feed.
pub struct Replay {
    settings: Settings,
    symbols: Vec<Symbol>,
    ahead: Option<Ahead>,
    /// The files have been looked at and quotes come.
    ready: bool,
    /// When to tell next how far the first look has come.
    told: Instant,
    /// Quotes that have been read and not given.
    waiting: std::collections::VecDeque<Quote>,
    pace: Pace,
    began: Instant,
    gate: Gate,
    orders: watch::Receiver<State>,
    /// The gate's turn that the pace follows.
    turn: u64,
    /// Ticks of this run that an earlier process has published.
    published: u64,
    bad: u64,
    given: u64,
    bar: ProgressBar,
    ended: bool,
}

/// How many quotes may be given now.
enum Leave {
    /// So many, without waiting until they are due.
    Now(u64),
    /// All, each when it is due.
    Paced,
    /// None before a person says so.
    Stand,
}

impl Replay {
    /// A tape of `symbols`.
    pub fn new(settings: Settings, symbols: &[Symbol]) -> Self {
        let gate = Gate::new(settings.speed);
        Self {
            pace: Pace::new(settings.speed),
            settings,
            symbols: symbols.to_vec(),
            ahead: None,
            ready: false,
            told: Instant::now(),
            waiting: std::collections::VecDeque::new(),
            began: Instant::now(),
            orders: gate.watch(),
            gate,
            turn: 0,
            published: 0,
            bad: 0,
            given: 0,
            bar: ProgressBar::hidden(),
            ended: false,
        }
    }

    fn name(&self) -> String {
        match self.settings.paths.as_slice() {
            [path] => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            several => format!("{} files", several.len()),
        }
    }

    /// The same for the same rows in the same order.
    fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        let name = |path: &PathBuf| path.file_name().map(std::ffi::OsStr::to_owned);
        for path in &self.settings.paths {
            (name(path), size(path)).hash(&mut hasher);
        }
        (&self.symbols, self.settings.until.map(|time| time.to_string())).hash(&mut hasher);
        if self.settings.last_sales.is_some() {
            "last sales".hash(&mut hasher);
        }
        format!("replay-{:016x}", hasher.finish())
    }

    fn take_bad(&mut self, bad: &[(Arc<Path>, Entry)]) {
        metrics::counter!("ingest_bad_rows_total").increment(bad.len() as u64);
        for (path, entry) in bad {
            self.bad += 1;
            if let (true, Err(fault)) = (self.bad <= NAMED, entry.row) {
                let name = path.file_name().unwrap_or_default().display();
                tracing::warn!(
                    tape.line = entry.line,
                    "{name}: skipped line {}: {fault}",
                    entry.line
                );
            }
        }
    }

    /// Takes what the thread hands over; an event when it changes the tape's condition.
    fn take(&mut self, batch: Option<Batch>) -> Option<Event> {
        match batch {
            Some(Batch::Ready { rows, ticks }) => {
                self.ready = true;
                self.gate.measure(rows, ticks, self.published);
                self.bar = progress(ticks);
                Some(Event::Condition(self.live(rows)))
            }
            Some(Batch::Quotes { quotes, bad }) => {
                self.take_bad(&bad);
                self.waiting.extend(quotes);
                None
            }
            Some(Batch::Broken(error)) => Some(self.end(Some(error))),
            None => Some(self.end(None)),
        }
    }

    async fn receive(&mut self) -> Option<Batch> {
        match &mut self.ahead {
            Some(ahead) => ahead.batches.recv().await,
            None => None,
        }
    }

    fn live(&self, rows: u64) -> Condition {
        let detail = format!("replaying {rows} rows of {}", self.name());
        Condition { tape: self.gate.progress(), ..Condition::new(FeedState::Live, detail) }
    }

    fn starting(&self) -> Condition {
        let doing = self.ahead.as_ref().map_or_else(String::new, Ahead::doing);
        Condition::new(FeedState::Starting, doing)
    }

    fn end(&mut self, error: Option<TapeError>) -> Event {
        self.ended = true;
        self.gate.close();
        self.bar.finish_and_clear();
        let counts =
            format!("{} ticks of {}, {} bad rows skipped", self.given, self.name(), self.bad);
        let (state, detail) = match error {
            None => (FeedState::Done, format!("the tape is over: {counts}")),
            Some(error) if !self.ready => (FeedState::Failing, error.to_string()),
            Some(error) => (FeedState::Failing, format!("{error}; replayed until then: {counts}")),
        };
        let tape = self.gate.progress();
        Event::Condition(Condition { tape, ..Condition::new(state, detail) })
    }

    /// What a person's orders leave to be given now.
    fn leave(&mut self) -> Leave {
        let state = *self.orders.borrow_and_update();
        if self.turn != state.turns {
            self.turn = state.turns;
            self.pace.turn(state.speed);
        }
        match (self.pace.skipping(), state.limit) {
            // What is published already is given again to be counted, and passes no gate.
            (skipping @ 1.., _) => Leave::Now(skipping),
            (0, None) => Leave::Paced,
            (0, Some(limit)) => match limit.saturating_sub(self.given - self.published) {
                0 => Leave::Stand,
                steps => Leave::Now(steps),
            },
        }
    }

    /// Gives what is read and may go, at most `most` quotes; without `paced` also what is not due.
    fn give(&mut self, most: u64, paced: bool) -> Vec<Quote> {
        let most = usize::try_from(most).unwrap_or(BATCH).min(BATCH);
        let mut quotes = Vec::new();
        while quotes.len() < most {
            let Some(next) = self.waiting.front() else { break };
            let (time_ns, now) = (next.time_ns, self.began.elapsed());
            if paced && self.pace.due(time_ns, now).is_some_and(|due| due > now) {
                break;
            }
            self.pace.passed(time_ns);
            quotes.extend(self.waiting.pop_front());
        }
        self.given += quotes.len() as u64;
        self.bar.inc(quotes.len() as u64);
        quotes
    }

    /// Waits for the end of the first look, and tells how far it is.
    async fn look(&mut self) -> Event {
        loop {
            let told = self.told;
            match tokio::time::timeout_at(told, self.receive()).await {
                Ok(batch) => {
                    if let Some(event) = self.take(batch) {
                        return event;
                    }
                }
                Err(_elapsed) => {
                    self.told = Instant::now() + PATIENCE;
                    return Event::Condition(self.starting());
                }
            }
        }
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

    fn gate(&self) -> Option<Gate> {
        Some(self.gate.clone())
    }

    async fn prepare(&mut self, earlier: Earlier) -> Result<(Condition, Backfill), String> {
        self.published = earlier.published;
        self.pace.skip(earlier.published);
        let Settings { paths, until, last_sales, .. } = &self.settings;
        let (symbols, last_sales) = (self.symbols.clone(), last_sales.clone());
        self.ahead = Some(Ahead::start(paths, Wanted { symbols, last_sales }, *until));
        self.told = Instant::now() + PATIENCE;
        match self.look().await {
            Event::Condition(condition) if condition.state == FeedState::Failing => {
                Err(condition.detail)
            }
            Event::Condition(condition) => Ok((condition, Backfill::default())),
            Event::Quotes(_) | Event::Bars(_) => Ok((self.starting(), Backfill::default())),
        }
    }

    async fn next(&mut self) -> Event {
        loop {
            if self.ended {
                // Nothing follows the end: whoever asks waits until the process is stopped.
                std::future::pending::<()>().await;
            }
            if !self.ready {
                return self.look().await;
            }
            let Some(time_ns) = self.waiting.front().map(|quote| quote.time_ns) else {
                let batch = self.receive().await;
                match self.take(batch) {
                    Some(event) => return event,
                    None => continue,
                }
            };
            // From here on nothing is taken before it is given, so nothing can be lost.
            match self.leave() {
                Leave::Now(most) => return Event::Quotes(self.give(most, false)),
                // The gate is ours: it does not close its channel.
                Leave::Stand => drop(self.orders.changed().await),
                Leave::Paced => {
                    if let Some(due) = self.pace.due(time_ns, self.began.elapsed()) {
                        let due = self.began + due;
                        if tokio::time::timeout_at(due, self.orders.changed()).await.is_ok() {
                            continue;
                        }
                    }
                    return Event::Quotes(self.give(u64::MAX, true));
                }
            }
        }
    }
}

/// The header of a file, read to say early that it is no tape.
///
/// # Errors
/// As [`TapeError`].
pub fn check(path: &Path) -> Result<flatfile::Layout, TapeError> {
    rows::layout(path)
}

/// A progress bar on a terminal, nothing elsewhere.
fn progress(ticks: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(ticks), ProgressDrawTarget::stderr_with_hz(2));
    let style = ProgressStyle::with_template(
        "{bar:30} {percent:>3} %  {human_pos} of {human_len} ticks  {per_sec}  {eta}",
    );
    // The template is a constant; the default style serves as well.
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
