//! The loop of ingest: one event of the source in, ticks and bars out.

mod coverage;
mod drift;
mod minutes;
mod start;

use crate::{
    normalize::{Normalizer, Passed, Quality, Turn, Unfit},
    publish::{Ticks, bars::BarWriter, joints::Joints, status::StatusWriter, stored::StoredBars},
    resume::CatchUp,
    source::{Condition, Event, Handling, Quote, Source},
};
use coverage::Coverage;
use drift::Drift;
use market::{BarFold, Calendar};
use proto::{Bar, FeedState, FeedStatus, Symbol, Tick, Transport};
use runtime::{bus::Bus, clock::Clock, health::Health};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// A live minute is closed this long after its end when no later tick has closed it.
const CLOSE_AFTER_MS: i64 = 3_000;
/// How long the last words of a run may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a source works with.
pub struct Desk {
    /// The bus.
    pub bus: Bus,
    /// The checks of this process.
    pub health: Health,
    /// The symbols to serve, in configuration order.
    pub symbols: Vec<Symbol>,
    /// The market's calendar.
    pub calendar: Calendar,
    /// How far a price is believed.
    pub quality: Quality,
    /// What tells the time.
    pub clock: Clock,
}

/// A running feed.
struct Service {
    clock: Clock,
    bus: Bus,
    health: Health,
    handling: Handling,
    normalizer: Normalizer,
    folds: BTreeMap<Symbol, BarFold>,
    /// Ticks of a resumed tape that are still to be passed over.
    catch_up: Option<CatchUp>,
    /// The last ticks that earlier processes published.
    last: BTreeMap<Symbol, Option<Tick>>,
    ticks: Ticks,
    bars: BarWriter,
    joints: Joints,
    /// What earlier processes have stored of a live source.
    stored: StoredBars,
    status: StatusWriter,
    /// What the source last said of itself.
    said: Condition,
    drift: Drift,
    calendar: Calendar,
    /// How the calendar stood when it was last looked at; `None` where no session is asked for now.
    coverage: Option<Coverage>,
    /// The source can be asked: a tape that is no tape cannot.
    usable: bool,
}

/// Publishes what `source` gives until `stopping`.
///
/// # Errors
/// When the streams are not there, or the bus does not answer at the start.
pub async fn serve<S: Source>(
    mut source: S,
    desk: Desk,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let started = stopping.run_until_cancelled(start::start(&mut source, desk)).await;
    let Some(service) = started else { return Ok(()) };
    let mut service = service?;
    let mut every_second = interval(Duration::from_secs(1));
    every_second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            _ = every_second.tick() => service.look_around(),
            event = source.next(), if service.usable => {
                // A tape may wait long for its readers: a request to stop ends that.
                let taken = stopping.run_until_cancelled(service.take(event)).await;
                if taken.is_none() {
                    break;
                }
            }
        }
    }
    service.farewell().await;
    Ok(())
}

impl Service {
    async fn take(&mut self, event: Event) {
        match event {
            Event::Quotes(quotes) => {
                let now_ns = self.clock.now_ns();
                for quote in self.pass_published(quotes).await {
                    let received_ns = quote.received_ns.unwrap_or(now_ns);
                    self.take_quote(quote, received_ns).await;
                }
            }
            Event::Bars(bars) => self.take_bars(bars).await,
            Event::Condition(condition) => self.take_condition(condition).await,
        }
    }

    /// Passes over what a resumed tape has published before; takes its bars up when that is done.
    async fn pass_published(&mut self, quotes: Vec<Quote>) -> Vec<Quote> {
        let Some(catch_up) = &mut self.catch_up else { return quotes };
        let normalizer = &mut self.normalizer;
        let rest = catch_up.pass(quotes, |quote| normalizer.pass_over(quote));
        if let Some(over) = self.catch_up.take_if(|catch_up| catch_up.is_over()) {
            for (symbol, resumed) in over.finish(&self.last) {
                for bar in resumed.closed {
                    self.bars.write(bar).await;
                }
                if let (Some(fold), Some(bar)) = (self.folds.get_mut(&symbol), resumed.forming) {
                    fold.resume(bar);
                }
            }
            tracing::info!("the tape goes on where the last process left it");
        }
        rest
    }

    async fn take_quote(&mut self, quote: Quote, received_ns: i64) {
        let time_ns = quote.time_ns;
        match self.normalizer.tick(quote, received_ns) {
            Ok(Passed { tick, doubts, turn }) => {
                self.note_passed();
                for doubt in doubts {
                    metrics::counter!("ingest_suspect_total", "rule" => doubt.label()).increment(1);
                }
                note_turn(turn, &tick);
                let fold = self.folds.get_mut(&tick.symbol);
                if let Some(bar) = fold.and_then(|fold| fold.push(&tick)) {
                    self.write_bar(bar).await;
                }
                self.ticks.write(&tick).await;
            }
            Err(unfit) => {
                metrics::counter!("ingest_dropped_total", "reason" => unfit.label()).increment(1);
                if unfit == Unfit::Time && self.handling.is_live() {
                    self.note_ahead(time_ns, received_ns);
                }
            }
        }
    }

    async fn write_bar(&mut self, bar: Bar) {
        match self.handling {
            Handling::Tape => self.bars.write(bar).await,
            Handling::Simulated | Handling::Polled | Handling::Streamed => self.write_live(&bar),
        }
    }

    /// Stores a bar of a source that does not wait, and remembers it.
    fn write_live(&mut self, bar: &Bar) {
        self.joints.note(bar);
        if self.bars.write_or_drop(bar.clone()) {
            self.stored.note(bar);
        }
    }

    async fn take_condition(&mut self, condition: Condition) {
        if self.handling == Handling::Tape && condition.state != FeedState::Live {
            self.ticks.settle().await;
            for bar in self.close_bars(i64::MAX) {
                self.bars.write(bar).await;
            }
            self.bars.settle().await;
        }
        match condition.state {
            FeedState::Failing => tracing::warn!("feed: {}", condition.detail),
            // A long look at a tape says every second how far it is; the status is the place for it.
            FeedState::Starting => tracing::debug!("feed: {}", condition.detail),
            FeedState::Live | FeedState::Done => {
                tracing::info!("feed: {}", condition.detail);
            }
        }
        // Alike prices are the same price when it is asked for, and two when each is told.
        match condition.transport {
            Some(Transport::Stream) => self.normalizer.set_handling(Handling::Streamed),
            Some(Transport::Poll) => self.normalizer.set_handling(Handling::Polled),
            None => {}
        }
        self.say(condition);
    }

    /// Prices come from the future: after a number of them our clock is the likelier culprit.
    fn note_ahead(&mut self, time_ns: i64, received_ns: i64) {
        if self.drift.dropped(time_ns, received_ns) {
            let words = self.drift.words().unwrap_or_default().to_owned();
            tracing::warn!("no prices: {words}");
            self.health.set("clock", false, words);
            self.say_again();
        }
    }

    fn note_passed(&mut self) {
        if self.drift.passed() {
            self.health.set("clock", true, "as the feed's");
            self.say_again();
        }
    }

    fn say(&mut self, condition: Condition) {
        self.said = condition;
        self.say_again();
    }

    /// Says what the source last said of itself, or why nothing of it is taken.
    fn say_again(&mut self) {
        let mut condition = self.said.clone();
        if let (FeedState::Live, Some(words)) = (condition.state, self.drift.words()) {
            (condition.state, condition.detail) = (FeedState::Failing, words.to_owned());
        }
        let Condition { state, detail, missing, delay_ms, entitlement, transport, tape } =
            condition;
        self.health.set("feed", state != FeedState::Failing, &detail);
        let before = self.status.last();
        let at_ms = self.clock.now_ms();
        self.status.say(FeedStatus {
            state,
            detail,
            missing,
            delay_ms,
            entitlement,
            transport,
            tape: tape.or_else(|| before.tape.clone()),
            at_ms,
            ..before
        });
    }

    /// What is due every second.
    fn look_around(&mut self) {
        let connected = self.bus.connected();
        self.health.set("bus", connected, if connected { "connected" } else { "not connected" });
        self.look_at_calendar();
        if self.handling.is_live() {
            for bar in self.close_bars(self.clock.now_ms() - self.behind_ms()) {
                self.write_live(&bar);
            }
        }
    }

    /// Says when the calendar of a live source ends soon, or has ended.
    fn look_at_calendar(&mut self) {
        let Some(before) = &self.coverage else { return };
        let now = Coverage::of(&self.calendar, self.clock.now_ms());
        if now != *before {
            let (well, words) = now.told();
            if now != Coverage::Good {
                tracing::warn!("the market calendar needs another year: {words}");
            }
            self.health.set("calendar", well, words);
            self.coverage = Some(now);
        }
    }

    /// How far prices may be behind the clock: by the source's own word, by its interval where it is
    /// polled, and a little for the way.
    fn behind_ms(&self) -> i64 {
        let FeedStatus { delay_ms, interval_ms, transport, .. } = self.status.last();
        let polled = if transport == Some(Transport::Stream) { 0 } else { interval_ms };
        i64::try_from(delay_ms.saturating_add(polled)).unwrap_or(i64::MAX / 2) + CLOSE_AFTER_MS
    }

    /// The bars whose minutes ended at or before `now_ms`.
    fn close_bars(&mut self, now_ms: i64) -> Vec<Bar> {
        self.folds.values_mut().filter_map(|fold| fold.close_if_over(now_ms)).collect()
    }

    /// A tape that is stopped by request begins anew the next time; one that is killed goes on.
    async fn farewell(mut self) {
        let running =
            self.handling == Handling::Tape && self.status.last().state == FeedState::Live;
        let farewell = async {
            self.ticks.settle().await;
            self.bars.settle().await;
            if running {
                let detail = "the tape was stopped by request";
                self.say(Condition::new(FeedState::Done, detail));
                self.status.settle().await;
            }
        };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("stopped without the bus: the last words may be lost");
        }
    }
}

/// Tells people when a symbol's price is no longer believed, and how that ended.
fn note_turn(turn: Option<Turn>, tick: &Tick) {
    let Tick { symbol, price, .. } = tick;
    match turn {
        None => {}
        Some(Turn::Suspected(why)) => {
            tracing::warn!(tick.symbol = %symbol, price, "{symbol} at {price} is suspect: {why:?}");
        }
        Some(Turn::Cleared(why)) => {
            tracing::info!(tick.symbol = %symbol, price, "{symbol} is back, it was no {why:?}");
        }
        Some(Turn::Confirmed(why)) => {
            tracing::warn!(tick.symbol = %symbol, price, "{symbol} stays at {price} after {why:?}");
        }
    }
}
