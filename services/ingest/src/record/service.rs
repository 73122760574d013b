//! The loop of the recorder: ticks of the stream in, rows on the disk out.

use super::{
    Settings,
    book::{Book, RecordError},
    row,
};
use crate::source::replay::plan::{date, end_of};
use anyhow::Context as _;
use jiff::civil::Date;
use proto::{FeedState, FeedStatus, Source, Symbol, Tick, decode, stream, subject};
use runtime::{
    bus::{Bus, Start, Stored},
    clock::Clock,
    health::Health,
};
use std::{collections::BTreeSet, mem};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Rows that are held at most before they are written out.
const ROWS: usize = 20_000;
/// How long after its end, and the feed's delay, a day is taken to be over.
const AFTER_NS: i64 = 60_000_000_000;

/// A running recording.
struct Recorder {
    bus: Bus,
    health: Health,
    clock: Clock,
    /// `None` only while a thread has it.
    book: Option<Book>,
    /// Rows that are not on the disk, and the date of their file.
    rows: String,
    count: usize,
    date: Option<Date>,
    /// When that day ends, nanoseconds since 1970 UTC.
    ends_ns: i64,
    /// A tick that needs a file of its own: first the running one must be finished.
    next: Option<(u64, Tick)>,
    /// Place in the stream of the last tick taken.
    position: u64,
    /// Time of the file's first row, and its source.
    first: Option<(i64, Source)>,
    /// Symbols that have been marked since ticks were missed; `None` when none were.
    missed: Option<BTreeSet<Symbol>>,
    /// Nothing came since the last time rows were due.
    idle: bool,
}

/// Records stream `TICKS` until `stopping`; `clock` tells when a day of a live source is over.
///
/// # Errors
/// When the folder cannot be written at the start, or the stream is not there.
pub async fn record(
    settings: Settings,
    bus: Bus,
    health: Health,
    clock: Clock,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    bus.verify(&[stream::TICKS], &[stream::FEED]).await?;
    let ticks = bus.jetstream().get_stream(stream::TICKS.name).await;
    let created = ticks.context("look up the ticks")?.cached_info().created.to_string();
    let folder = settings.folder.clone();
    let opened = tokio::task::spawn_blocking(move || Book::open(&folder, &created)).await;
    let book = opened.context("open the folder")??;
    let mut recorder = Recorder::new(bus, health, clock, book);
    let start = Start::At(recorder.position + 1);
    tracing::info!(from = recorder.position + 1, "recording into {}", settings.folder.display());
    let filters = vec![subject::TICKS.to_owned()];
    let mut reader = recorder.bus.read(stream::TICKS.name, filters, start);
    let mut due = interval(settings.flush);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let room = recorder.has_room();
        tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            _ = due.tick() => recorder.write_out().await?,
            stored = reader.next(), if room => recorder.take(&stored).await?,
        }
    }
    recorder.stop().await
}

impl Recorder {
    fn new(bus: Bus, health: Health, clock: Clock, book: Book) -> Self {
        let position = book.position();
        let file = book.file.as_ref();
        let first = file.and_then(|file| Some((file.held.first_ns, known(&file.held.source)?)));
        let date = file.map(|file| file.date);
        health.set("disk", true, "nothing written yet");
        Self {
            bus,
            health,
            clock,
            book: Some(book),
            rows: String::new(),
            count: 0,
            date,
            ends_ns: date.and_then(end_of).unwrap_or(i64::MAX),
            next: None,
            position,
            first,
            missed: None,
            idle: false,
        }
    }

    fn has_room(&self) -> bool {
        self.next.is_none() && self.count < ROWS
    }

    async fn take(&mut self, stored: &Stored) -> anyhow::Result<()> {
        self.idle = false;
        if self.position > 0 && stored.position > self.position + 1 {
            let missed = stored.position - self.position - 1;
            tracing::error!(missed, "ticks were gone from the stream before they were recorded");
            metrics::counter!("record_missed_total").increment(missed);
            self.missed = Some(BTreeSet::new());
        }
        let tick = match decode::<Tick>(&stored.payload) {
            Ok(tick) => tick,
            Err(error) => {
                tracing::warn!(position = stored.position, "skipped a stored tick: {error}");
                metrics::counter!("record_unreadable_total").increment(1);
                self.position = stored.position;
                return Ok(());
            }
        };
        if self.begins_anew(&tick).await {
            self.next = Some((stored.position, tick));
            return self.write_out().await;
        }
        self.add(stored.position, tick);
        if self.count < ROWS { Ok(()) } else { self.write_out().await }
    }

    /// Whether `tick` needs a file of its own: another day, another source, a tape from its start.
    async fn begins_anew(&self, tick: &Tick) -> bool {
        let Some((first_ns, source)) = self.first else { return false };
        if tick.time_ns >= self.ends_ns || tick.source != source {
            return true;
        }
        tick.source == Source::Replay && tick.time_ns <= first_ns && self.is_another_run().await
    }

    /// Whether the feed's run began after the last tick taken.
    async fn is_another_run(&self) -> bool {
        let status = self.bus.kv::<FeedStatus>(&stream::FEED).get(subject::key::FEED_STATUS).await;
        match status {
            Ok(status) => status.is_some_and(|status| status.start_position >= self.position),
            Err(error) => {
                tracing::warn!("which run this is cannot be read, taken for another: {error}");
                true
            }
        }
    }

    fn add(&mut self, position: u64, mut tick: Tick) {
        if let Some(marked) = &mut self.missed {
            tick.gap |= marked.insert(tick.symbol.clone());
        }
        if self.first.is_none() {
            self.first = Some((tick.time_ns, tick.source));
            self.date = date(tick.time_ns);
            self.ends_ns = self.date.and_then(end_of).unwrap_or(i64::MAX);
        }
        row::write(&mut self.rows, position, &tick);
        self.count += 1;
        self.position = position;
    }

    /// Writes out what is held. A disk that does not take it keeps it here, and is tried again the
    /// next time; meanwhile the stream holds what follows.
    async fn write_out(&mut self) -> anyhow::Result<()> {
        match self.try_write().await? {
            Ok(()) => {}
            Err(error) => {
                metrics::counter!("record_failures_total").increment(1);
                let waiting = self.count + usize::from(self.next.is_some());
                tracing::error!(waiting, "ticks are not recorded, trying again: {error}");
                self.health.set("disk", false, error.to_string());
            }
        }
        Ok(())
    }

    async fn try_write(&mut self) -> anyhow::Result<Result<(), RecordError>> {
        if self.count > 0 {
            let (rows, date) = (mem::take(&mut self.rows), self.date.unwrap_or_default());
            let append = move |book: &mut Book| (book.append(date, &rows), rows);
            let (appended, rows) = self.with(append).await?;
            self.rows = rows;
            if let Err(error) = appended {
                return Ok(Err(error));
            }
            metrics::counter!("record_rows_total").increment(self.count as u64);
            self.rows.clear();
            let written = mem::take(&mut self.count);
            self.health.set(
                "disk",
                true,
                format!("{written} rows written, up to {}", self.position),
            );
        } else if mem::replace(&mut self.idle, true) && self.next.is_none() && self.is_over().await
        {
            return self.finish().await;
        }
        if let Some((position, tick)) = self.next.take() {
            match self.with(Book::turn).await? {
                Ok(finished) => note_finished(finished),
                Err(error) => {
                    self.next = Some((position, tick));
                    return Ok(Err(error));
                }
            }
            (self.first, self.date) = (None, None);
            self.add(position, tick);
        }
        Ok(Ok(()))
    }

    /// The tape is over, or the day is, and all of it is on the disk.
    async fn is_over(&self) -> bool {
        let status = self.bus.kv::<FeedStatus>(&stream::FEED).get(subject::key::FEED_STATUS).await;
        let over = status
            .ok()
            .flatten()
            .is_some_and(|status| status.state == FeedState::Done || self.is_past(status.delay_ms));
        over && self.has_all().await
    }

    /// Nothing more of the day is to come from a feed that is so many milliseconds behind: on a
    /// Friday no next day would finish its file before Monday. A tape's days are not ours.
    fn is_past(&self, delay_ms: u64) -> bool {
        let Some((_, Source::Sim | Source::Polygon)) = self.first else { return false };
        let behind_ns = i64::try_from(delay_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
        let ends_ns = self.ends_ns.saturating_add(behind_ns).saturating_add(AFTER_NS);
        self.clock.now_ns() > ends_ns
    }

    /// Nothing is in the stream that has not been taken: on a busy machine the end of a tape is told
    /// sooner than its ticks are read.
    async fn has_all(&self) -> bool {
        let ticks = self.bus.jetstream().get_stream(stream::TICKS.name).await;
        ticks.is_ok_and(|ticks| ticks.cached_info().state.last_sequence <= self.position)
    }

    async fn finish(&mut self) -> anyhow::Result<Result<(), RecordError>> {
        Ok(self.with(Book::finish).await?.map(note_finished))
    }

    /// Does work of the disk on a thread that may wait for it.
    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Book) -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let mut book = self.book.take().context("the book is where it belongs")?;
        let worked = tokio::task::spawn_blocking(move || {
            let done = work(&mut book);
            (book, done)
        });
        let (book, done) = worked.await.context("write to the disk")?;
        self.book = Some(book);
        Ok(done)
    }

    /// Writes out what is held and finishes the file; its day can go on in it.
    async fn stop(mut self) -> anyhow::Result<()> {
        let written = self.try_write().await?;
        let finished = match written {
            Ok(()) => self.finish().await?,
            Err(error) => Err(error),
        };
        if let Err(error) = finished {
            tracing::error!(
                rows = self.count,
                "not all is on the disk; a start within the hour reads it again: {error}"
            );
        }
        Ok(())
    }
}

fn note_finished(name: Option<String>) {
    if let Some(name) = name {
        tracing::info!("{name} is whole");
    }
}

/// The source of that name in a file.
fn known(name: &str) -> Option<Source> {
    [Source::Sim, Source::Replay, Source::Polygon]
        .into_iter()
        .find(|source| row::source(*source) == name)
}
