//! Polygon (Massive) over REST: one snapshot of all symbols per interval.
//!
//! 1. Polls stand on a fixed grid of time: a slow answer delays nothing but itself.
//! 2. A refusal that only a person can mend is left alone for minutes and stands in the feed's
//!    status; only faults of the network are tried again quickly.
//! 3. A bad row costs itself, never the page.

pub mod choice;
pub mod client;
pub mod error;
pub mod models;

use super::{Backfill, Condition, Description, Earlier, Event, Handling, Source};
use choice::{Context, PLAN_DELAY_MS, Reading};
use client::{Answer, Snapshots};
use error::PollError;
use market::Calendar;
use proto::{ClockKind, FeedState, Session, Source as Origin, Symbol};
use reqwest::Url;
use runtime::backoff::Backoff;
use secrecy::SecretString;
use std::{collections::VecDeque, time::Duration};
use tokio::{task::JoinHandle, time::Instant};

/// How Polygon is reached.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The key.
    pub key: SecretString,
    /// Where the service is.
    pub base_url: Url,
    /// Time between two polls.
    pub interval: Duration,
}

/// The live feed.
pub struct Polygon {
    snapshots: Snapshots,
    symbols: Vec<Symbol>,
    calendar: Calendar,
    interval: Duration,
    host: String,
    /// The grid of polls starts here.
    started: Instant,
    due: Instant,
    retry: Backoff,
    /// The poll under way. A task of its own, so that whoever waits for it may be cancelled.
    polling: Option<Poll>,
    events: VecDeque<Event>,
    told: Option<Condition>,
    delayed: bool,
}

/// A poll under way; given up when dropped.
struct Poll(JoinHandle<Result<Vec<Answer>, PollError>>);

impl Drop for Poll {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Polygon {
    /// A feed of `symbols`.
    ///
    /// # Errors
    /// When no HTTPS client can be built on this machine.
    pub fn new(
        settings: &Settings,
        symbols: &[Symbol],
        calendar: &Calendar,
    ) -> anyhow::Result<Self> {
        let most = settings.interval.max(Duration::from_secs(1));
        Ok(Self {
            snapshots: Snapshots::new(&settings.base_url, settings.key.clone())?,
            symbols: symbols.to_vec(),
            calendar: calendar.clone(),
            interval: settings.interval,
            host: settings.base_url.host_str().unwrap_or_default().to_owned(),
            started: Instant::now(),
            due: Instant::now(),
            retry: Backoff::new(Duration::from_secs(1), most),
            polling: None,
            events: VecDeque::new(),
            told: None,
            delayed: false,
        })
    }

    fn begin_poll(&self) -> Poll {
        let (snapshots, symbols) = (self.snapshots.clone(), self.symbols.clone());
        Poll(tokio::spawn(async move {
            let begun = Instant::now();
            let answers = snapshots.poll(&symbols).await;
            metrics::histogram!("ingest_poll_seconds").record(begun.elapsed().as_secs_f64());
            answers
        }))
    }

    fn take_answers(&mut self, answers: &[Answer], now_ns: i64) {
        self.retry.reset();
        self.due = next_on_grid(self.started, self.interval, Instant::now());
        let context = Context {
            now_ns,
            regular: self.calendar.session_at(now_ns / 1_000_000) == Session::Regular,
            closed_ns: last_close_ns(&self.calendar, now_ns),
        };
        let mut whole = Reading::default();
        for (asked, envelope) in answers {
            let reading = choice::read(asked, envelope, context);
            whole.quotes.extend(reading.quotes);
            whole.missing.extend(reading.missing);
            whole.malformed += reading.malformed;
            whole.priceless += reading.priceless;
            whole.delayed |= reading.delayed;
        }
        metrics::counter!("ingest_bad_rows_total").increment(whole.malformed);
        // Outside the regular session age says nothing: what was last known of the plan stands.
        if context.regular || whole.delayed {
            self.delayed = whole.delayed;
        }
        for quote in &mut whole.quotes {
            quote.delayed = self.delayed;
        }
        self.tell(self.condition_of(&whole));
        self.events.push_back(Event::Quotes(whole.quotes));
    }

    fn take_error(&mut self, error: &PollError) {
        metrics::counter!("ingest_poll_failures_total", "kind" => error.label()).increment(1);
        let now = Instant::now();
        self.due = match error.wait() {
            Some(wait) => now + wait,
            None if error.is_transient() => now + self.retry.next_delay(),
            None => next_on_grid(self.started, self.interval, now),
        };
        let before = self.told.as_ref();
        let (missing, delay_ms) =
            before.map(|told| (told.missing.clone(), told.delay_ms)).unwrap_or_default();
        let failing = Condition::new(FeedState::Failing, error.to_string());
        self.tell(Condition { missing, delay_ms, ..failing });
    }

    fn condition_of(&self, reading: &Reading) -> Condition {
        let (count, host) = (self.symbols.len(), &self.host);
        let mut detail =
            format!("snapshots of {count} symbols from {host} every {} s", self.interval.as_secs());
        if self.delayed {
            detail.push_str(", 15 minutes behind by the key's plan");
        }
        if !reading.missing.is_empty() {
            let names: Vec<&str> = reading.missing.iter().map(Symbol::as_str).collect();
            detail.push_str("; unknown there: ");
            detail.push_str(&names.join(" "));
        }
        let delay_ms = if self.delayed { PLAN_DELAY_MS } else { 0 };
        Condition {
            missing: reading.missing.clone(),
            delay_ms,
            ..Condition::new(FeedState::Live, detail)
        }
    }

    /// Tells a condition once.
    fn tell(&mut self, condition: Condition) {
        if self.told.as_ref() != Some(&condition) {
            self.told = Some(condition.clone());
            self.events.push_back(Event::Condition(condition));
        }
    }
}

impl Source for Polygon {
    fn describe(&self) -> Description {
        Description {
            origin: Origin::Polygon,
            clock: ClockKind::Wall,
            interval_ms: self.interval.as_millis() as u64,
            speed: 1.0,
            handling: Handling::Polled,
            tape: None,
        }
    }

    async fn prepare(&mut self, _earlier: Earlier) -> Result<(Condition, Backfill), String> {
        self.started = Instant::now();
        self.due = self.started;
        let detail = format!("asking {} for the first snapshot", self.host);
        Ok((Condition::new(FeedState::Starting, detail), Backfill::default()))
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            if self.polling.is_none() {
                tokio::time::sleep_until(self.due).await;
                self.polling = Some(self.begin_poll());
            }
            let Some(Poll(poll)) = &mut self.polling else { continue };
            let outcome = poll.await;
            self.polling = None;
            match outcome {
                Ok(Ok(answers)) => self.take_answers(&answers, runtime::clock::now_ns()),
                Ok(Err(error)) => self.take_error(&error),
                Err(gone) => self.take_error(&PollError::Transient { words: gone.to_string() }),
            }
        }
    }
}

/// The first moment of the grid after `now`.
fn next_on_grid(started: Instant, interval: Duration, now: Instant) -> Instant {
    let interval = interval.max(Duration::from_millis(1));
    let passed = now.saturating_duration_since(started).as_nanos() / interval.as_nanos();
    let next = interval.as_nanos().saturating_mul(passed + 1);
    started + Duration::from_nanos(u64::try_from(next).unwrap_or(u64::MAX))
}

/// The last regular close at or before `now_ns`, nanoseconds since 1970 UTC. A calendar that does
/// not reach back far enough gives the moment a day ago: old, and no worse than that.
fn last_close_ns(calendar: &Calendar, now_ns: i64) -> i64 {
    const DAY_MS: i64 = 86_400_000;
    let moment_ms = now_ns.div_euclid(1_000_000);
    let close = |days_ago: i64| {
        let day = calendar.day(moment_ms - days_ago * DAY_MS).ok().flatten()?;
        Some(day.close_ms).filter(|close_ms| *close_ms <= moment_ms)
    };
    (0..14).find_map(close).unwrap_or(moment_ms - DAY_MS) * 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = include_str!("../../../../../config/market_calendar.toml");

    #[test]
    fn polls_stand_on_a_grid_however_long_an_answer_takes() {
        let started = Instant::now();
        let second = Duration::from_secs(1);
        let next = |after_ms| {
            next_on_grid(started, 30 * second, started + Duration::from_millis(after_ms))
        };
        assert_eq!(next(0), started + 30 * second);
        assert_eq!(next(29_999), started + 30 * second);
        assert_eq!(next(30_000), started + 60 * second);
        assert_eq!(next(95_000), started + 120 * second);
    }

    #[test]
    fn the_last_close_is_the_one_before_a_weekend_and_on_a_half_day_at_one() {
        let calendar = Calendar::parse(CALENDAR).unwrap();
        let close = |now_ms: i64| last_close_ns(&calendar, now_ms * 1_000_000) / 1_000_000;
        // Sunday 2026-11-22 noon in New York: Friday 16:00.
        assert_eq!(close(1_795_366_800_000), 1_795_208_400_000);
        // Friday 2026-11-27 14:00 in New York, the day after Thanksgiving: that day 13:00.
        assert_eq!(close(1_795_806_000_000), 1_795_802_400_000);
    }
}
