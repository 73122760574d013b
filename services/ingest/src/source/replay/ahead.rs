//! The thread that reads a tape: looks at every file once, then reads ahead into a bounded channel.

use super::{
    expand::Expander,
    flatfile::Kind,
    merge::Group,
    plan::{self, File},
    read::Meter,
    rows::{self, Entry, Plan, TapeError},
    sales::Wanted,
};
use crate::source::Quote;
use proto::Symbol;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::mpsc;

/// Quotes handed over at a time.
pub(super) const BATCH: usize = 512;
/// Batches read ahead.
const AHEAD: usize = 16;

/// What the thread hands over.
pub(super) enum Batch {
    /// The tape can be replayed: its rows, and the ticks they make.
    Ready { rows: u64, ticks: u64 },
    /// Quotes, and the bad rows among them with their files.
    Quotes { quotes: Vec<Quote>, bad: Vec<(Arc<Path>, Entry)> },
    /// The tape cannot be read, or not on.
    Broken(TapeError),
}

/// How far the first look at the files has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Look {
    read: Meter,
    sorting: Arc<AtomicBool>,
}

/// A tape that is being read.
pub(super) struct Ahead {
    pub(super) batches: mpsc::Receiver<Batch>,
    look: Look,
    bytes: u64,
}

impl Ahead {
    /// Begins to read `paths` until `until` of the first day.
    pub(super) fn start(
        paths: &[PathBuf],
        wanted: Wanted,
        until: Option<jiff::civil::Time>,
    ) -> Self {
        let (sender, batches) = mpsc::channel(AHEAD);
        let look = Look::default();
        let bytes = paths.iter().map(|path| size(path)).sum();
        let job = Job { wanted, until, look: look.clone(), sender };
        let paths = paths.to_vec();
        // The thread ends with the tape, or when nobody takes its batches any more.
        drop(tokio::task::spawn_blocking(move || job.run(&paths)));
        Self { batches, look, bytes }
    }

    /// What the thread does before the first quote, for people.
    pub(super) fn doing(&self) -> String {
        let read = self.look.read.load(Ordering::Relaxed);
        let part = |bytes: u64| (bytes * 100).checked_div(self.bytes).unwrap_or(100).min(100);
        let megabytes = self.bytes / 1_000_000;
        if self.look.sorting.load(Ordering::Relaxed) {
            return format!(
                "sorting the tape by time: {} %",
                part(read.saturating_sub(self.bytes))
            );
        }
        format!("looking through the tape: {} % of {megabytes} MB", part(read))
    }
}

/// Bytes of a file; 0 when it cannot be asked.
pub(super) fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |data| data.len())
}

/// The thread's work.
struct Job {
    wanted: Wanted,
    until: Option<jiff::civil::Time>,
    look: Look,
    sender: mpsc::Sender<Batch>,
}

impl Job {
    fn run(self, paths: &[PathBuf]) {
        if let Err(error) = self.read(paths) {
            // Nobody listens any more when this fails.
            drop(self.sender.blocking_send(Batch::Broken(error)));
        }
    }

    fn read(&self, paths: &[PathBuf]) -> Result<(), TapeError> {
        let plans = self.survey(paths)?;
        let files: Vec<File> = plans.iter().map(describe).collect();
        let order = plan::order(&files)?;
        let first_ns = plans.iter().filter_map(|plan| plan.survey.first_ns()).min();
        let until = self.until.zip(first_ns);
        let until_ns = until.and_then(|(until, first)| on_day_of(first, until)).unwrap_or(i64::MAX);
        self.look.sorting.store(true, Ordering::Relaxed);
        let mut ready = Some(ready(&plans));
        let mut filling = Filling { until_ns, ..Filling::default() };
        for numbers in order {
            let group: Vec<&Plan> = numbers.iter().filter_map(|n| plans.get(*n)).collect();
            let group = Group::open(&group, &self.wanted, &self.look.read)?;
            if ready.take().is_some_and(|ready| self.sender.blocking_send(ready).is_err()) {
                return Ok(());
            }
            if !self.play(group, &mut filling)? {
                return Ok(());
            }
        }
        filling.expander.flush(&mut filling.quotes);
        // Nobody listens any more when this fails.
        drop(self.sender.blocking_send(filling.batch()));
        Ok(())
    }

    /// Looks at every file once; those without a wanted row are left out.
    fn survey(&self, paths: &[PathBuf]) -> Result<Vec<Plan>, TapeError> {
        let mut plans = Vec::new();
        for path in paths {
            let plan = rows::survey(path, &self.wanted, &self.look.read)?;
            if plan.survey.rows() > 0 {
                plans.push(plan);
            } else if paths.len() > 1 {
                tracing::warn!("{} has no row of the configured symbols", path.display());
            }
        }
        if plans.is_empty() {
            return Err(TapeError::Empty { path: paths.first().cloned().unwrap_or_default() });
        }
        Ok(plans)
    }

    /// Reads the files of one time; `false` when the tape is over with them.
    fn play(&self, mut group: Group, filling: &mut Filling) -> Result<bool, TapeError> {
        let names = |number| -> Arc<Path> { group.path(number).into() };
        let names: Vec<Arc<Path>> = (0..group.files()).map(names).collect();
        loop {
            let (entry, error) = match group.read() {
                Ok(entry) => (entry, None),
                Err(error) => (None, Some(error)),
            };
            let ended = entry.is_none();
            let over =
                entry.is_some_and(|found| !filling.take(found, &names, &self.wanted.symbols));
            if over || error.is_some() {
                filling.expander.flush(&mut filling.quotes);
            }
            let full = over || error.is_some() || filling.is_full();
            if full && self.sender.blocking_send(filling.batch()).is_err() {
                return Ok(false);
            }
            match error {
                Some(error) => return Err(error),
                None if over => return Ok(false),
                None if ended => return Ok(true),
                None => {}
            }
        }
    }
}

fn describe(plan: &Plan) -> File {
    let survey = &plan.survey;
    File {
        name: plan.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        kind: plan.kind,
        recorded: plan.recorded,
        span: (survey.first_ns().unwrap_or_default(), survey.last_ns().unwrap_or_default()),
        symbols: survey.symbols().collect(),
    }
}

fn ready(plans: &[Plan]) -> Batch {
    let ticks = |plan: &Plan| match plan.kind {
        Kind::Trades => plan.survey.rows(),
        Kind::Minutes => plan.survey.rows() * 4,
    };
    let rows = plans.iter().map(|plan| plan.survey.rows()).sum();
    Batch::Ready { rows, ticks: plans.iter().map(ticks).sum() }
}

/// New York time `time` on the New York date of `first_ns`, nanoseconds since 1970 UTC.
fn on_day_of(first_ns: i64, time: jiff::civil::Time) -> Option<i64> {
    let new_york = jiff::tz::TimeZone::get("America/New_York").ok()?;
    let until = plan::date(first_ns)?.to_datetime(time).to_zoned(new_york).ok()?;
    i64::try_from(until.timestamp().as_nanosecond()).ok()
}

/// The batch that is being filled.
#[derive(Default)]
struct Filling {
    expander: Expander,
    quotes: Vec<Quote>,
    bad: Vec<(Arc<Path>, Entry)>,
    /// Rows at or after this time are not replayed, nanoseconds since 1970 UTC.
    until_ns: i64,
}

impl Filling {
    /// Takes what was read in; `false` when the tape is over with it.
    fn take(&mut self, found: (usize, Entry), names: &[Arc<Path>], symbols: &[Symbol]) -> bool {
        let (file, entry) = found;
        let symbol = entry.symbol.and_then(|number| symbols.get(number));
        match (entry.row, symbol) {
            (Ok(row), Some(_)) if row.time_ns() >= self.until_ns => return false,
            (Ok(row), Some(symbol)) => self.expander.take(symbol, row, &mut self.quotes),
            (Ok(_) | Err(_), _) => {
                self.bad.extend(names.get(file).map(|path| (Arc::clone(path), entry)));
            }
        }
        true
    }

    fn is_full(&self) -> bool {
        self.quotes.len() + self.bad.len() >= BATCH
    }

    fn batch(&mut self) -> Batch {
        let quotes = std::mem::replace(&mut self.quotes, Vec::with_capacity(BATCH));
        Batch::Quotes { quotes, bad: std::mem::take(&mut self.bad) }
    }
}
