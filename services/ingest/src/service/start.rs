//! How ingest begins: what is already there, which run this is, history, and the bars that form.

use super::{Desk, Service, coverage::Coverage, drift::Drift};
use crate::{
    normalize::{Normalizer, bare_tick},
    publish::{
        LiveWriter, TapeWriter, Ticks, bars::BarWriter, joints::Joints, status::StatusWriter,
        stored::StoredBars,
    },
    resume::CatchUp,
    source::{Backfill, Condition, Description, Earlier, Handling, Quote, Source},
};
use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, future::join, stream};
use market::{BarFold, SessionClock, minute_start};
use proto::{
    Bar, FeedState, FeedStatus, Symbol, Tick, decode,
    stream::{BARS, FEED, LAST, PROGRESS, TICKS},
    subject::{self, key},
};
use runtime::{
    backoff::random_fraction,
    bus::{Bus, Stored},
};
use std::collections::BTreeMap;

/// Symbols looked up at the same time: a whole market takes seconds, not minutes.
const AT_ONCE: usize = 64;

/// Where a run of the feed begins.
#[derive(Debug, Clone, PartialEq)]
struct Run {
    id: String,
    /// Last sequence of `TICKS` before its first tick.
    start_position: u64,
    /// Last sequence of `TICKS` as this process found it.
    position: u64,
}

/// Brings the feed up to its first new price.
pub(super) async fn start<S: Source>(source: &mut S, desk: Desk) -> anyhow::Result<Service> {
    let Desk { bus, health, symbols, calendar, quality, clock } = desk;
    bus.verify(&[TICKS, LAST, BARS], &[FEED, PROGRESS]).await?;
    let description = source.describe();
    let last = last_ticks(&bus, &symbols).await?;
    let run = find_run(&bus, &description, clock.now_ms()).await?;
    let first = first_status(&description, &run, &symbols, clock.now_ms());
    let status = StatusWriter::start(&bus, first).await;
    if let Some(gate) = source.gate() {
        status.follow(gate);
    }
    let handling = description.handling;
    let sessions = SessionClock::for_source(description.origin, &calendar);
    let published = run.position - run.start_position;
    let ticks = match handling {
        Handling::Tape => Ticks::Tape(
            TapeWriter::new(bus.clone(), &run.id, run.position, &symbols).behind(source.gate()),
        ),
        Handling::Simulated | Handling::Polled | Handling::Streamed => {
            Ticks::Live(LiveWriter::new(bus.clone()))
        }
    };
    let catch_up =
        (published > 0 && handling == Handling::Tape).then(|| CatchUp::new(published, &symbols));
    let mut service = Service {
        normalizer: Normalizer::new(description.origin, handling, sessions, quality, &last),
        folds: symbols.iter().map(|s| (s.clone(), BarFold::new(s.clone()))).collect(),
        bars: BarWriter::start(bus.clone()),
        joints: Joints::default(),
        stored: StoredBars::default(),
        clock,
        bus,
        health,
        handling,
        catch_up,
        last,
        ticks,
        status,
        said: Condition::new(FeedState::Starting, ""),
        drift: Drift::default(),
        coverage: handling.is_live().then_some(Coverage::Good),
        calendar,
        usable: true,
    };
    if handling.is_live() {
        service.stored = StoredBars::read(&service.bus, description.origin).await;
    }
    let earlier = Earlier { last_ns: newest(&service.last, &description), published };
    match source.prepare(earlier).await {
        Ok((condition, backfill)) => {
            service.take_backfill(backfill, &description, run.position).await;
            tracing::info!(feed.run = run.id, "feed: {}", condition.detail);
            service.say(condition);
        }
        Err(sentence) => {
            tracing::error!(feed.run = run.id, "the feed cannot be used: {sentence}");
            service.usable = false;
            service.say(Condition::new(FeedState::Failing, sentence));
        }
    }
    Ok(service)
}

impl Service {
    /// Stores history before the first tick and takes up the minute that is forming.
    async fn take_backfill(
        &mut self,
        backfill: Backfill,
        description: &Description,
        position: u64,
    ) {
        let bars = backfill.bars.len();
        for bar in backfill.bars {
            self.bars.write(bar).await;
        }
        self.bars.settle().await;
        self.take_up_forming(description, backfill.forming, position).await;
        if bars > 0 {
            tracing::info!(bars, "history is stored");
        }
    }

    /// Begins the forming bars with what of their minute has gone before, so that they will be whole.
    async fn take_up_forming(
        &mut self,
        description: &Description,
        forming: Vec<Quote>,
        position: u64,
    ) {
        match self.handling {
            Handling::Simulated => {
                for (symbol, bar) in fold_unpublished(forming, description) {
                    let seq = self.last.get(&symbol).and_then(Option::as_ref).map_or(0, |t| t.seq);
                    if let Some(fold) = self.folds.get_mut(&symbol) {
                        fold.resume(Bar { seq, ..bar });
                    }
                }
            }
            Handling::Polled => {
                let per_minute = 60_000 / description.interval_ms.max(1) + 1;
                let reach = per_minute * 2 * self.folds.len() as u64;
                let from = position.saturating_sub(reach).max(1);
                let mut refolds = Vec::new();
                for (symbol, fold) in &mut self.folds {
                    let Some(Some(last)) = self.last.get(symbol) else { continue };
                    if last.source == description.origin {
                        refolds.push(refold(&self.bus, fold, last, from));
                    }
                }
                stream::iter(refolds).buffer_unordered(AT_ONCE).collect::<()>().await;
            }
            // A stream is too dense to be read back: the source's own minutes fill the bar's gap. A
            // resumed tape brings its own bars; a new one begins with none.
            Handling::Streamed | Handling::Tape => {}
        }
    }
}

/// The bars that prices which were never published add up to.
fn fold_unpublished(quotes: Vec<Quote>, description: &Description) -> BTreeMap<Symbol, Bar> {
    let mut folds: BTreeMap<Symbol, BarFold> = BTreeMap::new();
    for (seq, quote) in (1..).zip(quotes) {
        let symbol = quote.symbol.clone();
        let fold = folds.entry(symbol.clone()).or_insert_with(|| BarFold::new(symbol));
        fold.push(&bare_tick(quote, description.origin, seq));
    }
    let bar = |(symbol, fold): (Symbol, BarFold)| fold.current().map(|bar| (symbol, bar));
    folds.into_iter().filter_map(bar).collect()
}

/// Folds the published ticks of the minute of `last` again, reading the stream from `from` on. What
/// cannot be read makes a bar that lacks its first seconds, which is no reason not to start.
async fn refold(bus: &Bus, fold: &mut BarFold, last: &Tick, from: u64) {
    let subject = subject::tick(&last.symbol);
    let minute = minute_start(last.time_ms());
    let mut position = from;
    loop {
        match bus.next_from(TICKS.name, &subject, position).await {
            Ok(Some(stored)) => {
                position = stored.position + 1;
                match decode::<Tick>(&stored.payload) {
                    Ok(tick) if minute_start(tick.time_ms()) == minute => drop(fold.push(&tick)),
                    Ok(_earlier) => {}
                    Err(error) => tracing::warn!("skipped a stored tick: {error}"),
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(tick.symbol = %last.symbol, "the forming bar begins late: {error}");
                return;
            }
        }
    }
}

/// The last published tick of each symbol.
async fn last_ticks(
    bus: &Bus,
    symbols: &[Symbol],
) -> anyhow::Result<BTreeMap<Symbol, Option<Tick>>> {
    let lookups: Vec<_> = symbols.iter().map(|symbol| last_tick(bus, symbol)).collect();
    stream::iter(lookups).buffer_unordered(AT_ONCE).try_collect().await
}

async fn last_tick(bus: &Bus, symbol: &Symbol) -> anyhow::Result<(Symbol, Option<Tick>)> {
    let subject = subject::tick(symbol);
    // The copy outlives the stream, and may lag behind it by a moment.
    let (kept, fresh) = join(bus.last(LAST.name, &subject), bus.last(TICKS.name, &subject)).await;
    let kept = kept.context("read the last tick")?;
    let fresh = fresh.context("read the last tick")?;
    let ticks = [kept, fresh].into_iter().flatten().filter_map(|stored| readable(&stored));
    Ok((symbol.clone(), ticks.max_by_key(|tick| tick.seq)))
}

fn readable(stored: &Stored) -> Option<Tick> {
    let tick = decode::<Tick>(&stored.payload);
    tick.inspect_err(|error| tracing::warn!("skipped a stored tick: {error}")).ok()
}

/// The newest event time published of this source.
fn newest(last: &BTreeMap<Symbol, Option<Tick>>, description: &Description) -> Option<i64> {
    let ticks = last.values().flatten().filter(|tick| tick.source == description.origin);
    ticks.map(|tick| tick.time_ns).max()
}

/// The run to go on with: the one before, when it is the same tape and was killed; else a new one.
async fn find_run(bus: &Bus, description: &Description, now_ms: i64) -> anyhow::Result<Run> {
    let mut ticks = bus.jetstream().get_stream(TICKS.name).await.context("look up the ticks")?;
    let info = ticks.info().await.context("look up the ticks")?;
    let position = info.state.last_sequence;
    let before = bus.kv::<FeedStatus>(&FEED).get(key::FEED_STATUS).await;
    let before = before.unwrap_or_else(|error| {
        tracing::warn!("the last run's status cannot be read: {error}");
        None
    });
    let resumed = before.and_then(|status| resumable(&status, description, position));
    Ok(resumed.unwrap_or_else(|| new_run(description, position, now_ms)))
}

fn resumable(status: &FeedStatus, description: &Description, position: u64) -> Option<Run> {
    let tape = description.tape.as_ref()?;
    let running = matches!(status.state, FeedState::Starting | FeedState::Live);
    let same = status.run.starts_with(&format!("{tape}-")) && status.source == description.origin;
    let start_position = status.start_position;
    (running && same && start_position <= position).then(|| Run {
        id: status.run.clone(),
        start_position,
        position,
    })
}

fn new_run(description: &Description, position: u64, now_ms: i64) -> Run {
    let kind = description.tape.clone().unwrap_or_else(|| format!("{:?}", description.origin));
    let unique = (random_fraction() * f64::from(u32::MAX)) as u32;
    let id = format!("{}-{now_ms}-{unique:08x}", kind.to_lowercase());
    Run { id, start_position: position, position }
}

fn first_status(
    description: &Description,
    run: &Run,
    symbols: &[Symbol],
    at_ms: i64,
) -> FeedStatus {
    FeedStatus {
        v: proto::VERSION,
        run: run.id.clone(),
        source: description.origin,
        clock: description.clock,
        state: FeedState::Starting,
        detail: "loading what goes before the first price".to_owned(),
        symbols: symbols.to_vec(),
        missing: Vec::new(),
        start_position: run.start_position,
        interval_ms: description.interval_ms,
        speed: description.speed,
        delay_ms: 0,
        entitlement: None,
        transport: None,
        tape: None,
        at_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{ClockKind, Source as Origin};

    fn description(tape: Option<&str>) -> Description {
        Description {
            origin: Origin::Replay,
            clock: ClockKind::Tape,
            interval_ms: 0,
            speed: 0.0,
            handling: Handling::Tape,
            tape: tape.map(str::to_owned),
        }
    }

    #[test]
    fn only_the_same_tape_that_was_not_ended_is_resumed() {
        let tape = description(Some("replay-1"));
        let run = new_run(&tape, 7, 5);
        let status = FeedStatus { state: FeedState::Live, ..first_status(&tape, &run, &[], 5) };
        let resumed = resumable(&status, &tape, 9).unwrap();
        assert_eq!(resumed, Run { position: 9, ..run });
        assert_eq!(resumable(&status, &tape, 6), None, "the stream has begun anew");
        assert_eq!(resumable(&status, &description(Some("replay-2")), 9), None);
        assert_eq!(resumable(&status, &description(None), 9), None);
        let done = FeedStatus { state: FeedState::Done, ..status };
        assert_eq!(resumable(&done, &tape, 9), None);
    }
}
