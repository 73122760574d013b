//! Polygon (Massive): what the key may do is asked first; then prices come by stream or by poll, or,
//! on the free plan, once a day.
//!
//! 1. The first snapshot decides the plan and is the first poll; nothing configured is trusted.
//! 2. Polls stand on a fixed grid of time: a slow answer delays nothing but itself, and one that comes
//!    when the next is due is dropped.
//! 3. History goes before the first price, within a deadline; what is late follows by itself.
//! 4. Stream and poll never run together: a stream that is down for an interval is polled for until
//!    it is up again.
//! 5. A refusal that only a person can mend is left alone for minutes and stands in the feed's
//!    status; only faults of the network are tried again quickly.

pub mod aggregates;
pub mod choice;
pub mod client;
pub mod daily;
pub mod error;
pub mod history;
pub mod limit;
pub mod models;
pub mod number;
pub mod plan;
pub mod stream;

mod absence;
mod answers;
mod day;
mod fetch;
mod gaps;
mod grid;
mod line;
mod poll;
mod probe;
mod redact;
mod settings;
mod words;

#[cfg(test)]
mod bench;
#[cfg(test)]
mod property_tests;

pub use settings::{Pace, Settings, Wish};

use super::{Backfill, Condition, Description, Earlier, Event, Handling, Source};
use absence::Away;
use client::Rest;
use error::PollError;
use gaps::Gaps;
use grid::Grid;
use history::{History, Reach, Step};
use jiff::civil::Date;
use limit::Limit;
use line::Line;
use market::Calendar;
use poll::{Answer, Asking, Question};
use proto::{ClockKind, Entitlement, FeedState, Source as Origin, Symbol};
use runtime::{backoff::Backoff, clock::Clock};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use stream::StreamEvent;
use tokio::time::{Instant, sleep_until};

/// The live feed.
pub struct Polygon {
    settings: Settings,
    symbols: Arc<[Symbol]>,
    calendar: Calendar,
    clock: Clock,
    host: String,
    rest: Rest,
    /// What the key may do, once an answer has told.
    plan: Option<Entitlement>,
    grid: Grid,
    /// When the next question may be asked; `None` while the stream tells everything.
    due: Option<Instant>,
    asking: Option<Asking>,
    retry: Backoff,
    /// Refusals in a row that only a person can mend.
    refusals: usize,
    history: History,
    held: Option<Held>,
    line: Line,
    /// When an answer or the stream last gave prices, milliseconds since 1970 UTC.
    good_ms: i64,
    /// Polls have failed since.
    away: Option<Away>,
    /// Symbols whose page has failed since, while others' came.
    absent: BTreeMap<Symbol, Away>,
    gaps: Gaps,
    /// The newest price that earlier processes have published, nanoseconds since 1970 UTC.
    earlier_ns: Option<i64>,
    /// The session whose closes have been had.
    closes: Option<Date>,
    /// The session with which the free plan was last put to the test.
    probed: Option<Date>,
    /// Symbols without a close in it, to be asked for one by one.
    singles: Vec<Symbol>,
    /// The last snapshot was refused to a key whose plan has them.
    denied: bool,
    /// The newest session there was when it was last looked whether there is another.
    session: Option<Date>,
    /// When that is to be done again.
    look: Instant,
    /// The next question is for the plan alone.
    ask_plan: bool,
    known: Known,
    events: VecDeque<Event>,
    told: Option<Condition>,
}

/// Events that wait for the history that goes before them.
struct Held {
    events: VecDeque<Event>,
    until: Instant,
}

/// What the last answers told besides prices.
#[derive(Debug, Clone, Default, PartialEq)]
struct Known {
    missing: Vec<Symbol>,
    delayed: bool,
    /// The last poll was old: another one, and prices are delayed.
    old: bool,
    /// Why some pages of the last poll are missing.
    partial: Option<String>,
    /// Pairs that the stream has not acknowledged.
    unconfirmed: Vec<String>,
}

impl Polygon {
    /// A feed of `symbols` that reads the time from `clock`.
    ///
    /// # Errors
    /// When no HTTPS client can be built on this machine.
    pub fn new(
        settings: Settings,
        symbols: &[Symbol],
        calendar: &Calendar,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let rest = Rest::new(&settings.base_url, settings.key.clone())?;
        let symbols: Arc<[Symbol]> = symbols.into();
        let patient = rest.clone().patient();
        let history = History::new(patient, Arc::clone(&symbols), calendar.clone(), clock.clone());
        let most = settings.interval.max(Duration::from_secs(1));
        Ok(Self {
            host: settings.base_url.host_str().unwrap_or_default().to_owned(),
            grid: Grid::begin(settings.interval, Instant::now()),
            settings,
            symbols,
            calendar: calendar.clone(),
            clock: clock.clone(),
            rest,
            plan: None,
            due: None,
            asking: None,
            retry: Backoff::new(Duration::from_secs(1), most),
            refusals: 0,
            history,
            held: None,
            line: Line::Off,
            good_ms: clock.now_ms(),
            away: None,
            absent: BTreeMap::new(),
            gaps: Gaps::default(),
            earlier_ns: None,
            closes: None,
            probed: None,
            singles: Vec::new(),
            denied: false,
            session: None,
            look: Instant::now(),
            ask_plan: false,
            known: Known::default(),
            events: VecDeque::new(),
            told: None,
        })
    }

    fn reach(&self) -> Reach {
        let end_of_day = self.plan == Some(Entitlement::Free);
        let delay_ms = if end_of_day { 0 } else { self.delay_ms().cast_signed() };
        Reach { delay_ms, end_of_day }
    }

    fn delay_ms(&self) -> u64 {
        let by_plan = self.plan.map_or(0, plan::delay_ms);
        if self.is_behind() { by_plan.max(plan::PLAN_DELAY_MS) } else { by_plan }
    }

    /// Prices are behind the market: by the stream's word while they come from there, else by the
    /// last polls'.
    fn is_behind(&self) -> bool {
        if self.line.streams() { self.line.is_delayed() } else { self.known.delayed }
    }

    /// The latest event time that is believed, nanoseconds since 1970 UTC.
    fn latest_ns(&self) -> i64 {
        let ahead_ns = i64::try_from(self.settings.pace.ahead.as_nanos()).unwrap_or(i64::MAX);
        self.clock.now_ns().saturating_add(ahead_ns)
    }

    /// When something has to be done without anything happening.
    fn next_due(&self) -> Option<Instant> {
        let asks = self.due.filter(|_| self.asking.is_none());
        let held = self.held.as_ref().map(|held| held.until);
        [asks, self.history.due(), held, self.next_look()].into_iter().flatten().min()
    }

    fn begin_what_is_due(&mut self) {
        let now = Instant::now();
        self.look_again(now);
        if self.asking.is_none() && self.due.is_some_and(|due| due <= now) {
            self.due = None;
            if let Some(question) = self.next_question() {
                self.asking = Some(Asking::begin(&self.rest, &self.symbols, question));
            }
        }
        self.history.begin(self.reach());
        if self.held.as_ref().is_some_and(|held| held.until <= now) {
            tracing::warn!("history is slow: prices begin before it is whole");
            self.release();
        }
    }

    fn next_question(&mut self) -> Option<Question> {
        if self.plan != Some(Entitlement::Free) {
            if std::mem::take(&mut self.ask_plan) && self.line.up().is_some() {
                return Some(Question::Plan);
            }
            return Some(Question::Snapshots { probe: self.plan.is_none() });
        }
        let singles = std::mem::take(&mut self.singles);
        if !singles.is_empty() {
            return Some(Question::Previous(singles));
        }
        let mut dates = daily::sessions_before(&self.calendar, self.clock.now_ms());
        if let Some(have) = self.closes {
            dates.retain(|date| *date > have);
            let Some(newest) = dates.first().copied() else {
                self.due = Some(self.grid.after(Instant::now()));
                return None;
            };
            // Once a session: the key may have got another plan in the meantime.
            if self.probed.replace(newest) != Some(newest) {
                return Some(Question::Snapshots { probe: true });
            }
        }
        Some(Question::Closes(dates))
    }

    /// Gives an event out, behind the history that goes before it.
    fn give(&mut self, event: Event) {
        match &mut self.held {
            Some(held) => held.events.push_back(event),
            None => self.events.push_back(event),
        }
    }

    /// History is there, or too slow: what waited for it goes on.
    fn release(&mut self) {
        let Some(held) = self.held.take() else { return };
        self.events.extend(held.events);
        self.open_line();
    }

    fn take_step(&mut self, step: Step) {
        match step {
            Step::Bars(bars) => self.events.push_back(Event::Bars(bars)),
            Step::Over { failed, words } => {
                if failed > 0 {
                    let words = words.unwrap_or_default();
                    tracing::warn!(failed, "minutes of some symbols are not to be had: {words}");
                }
                self.release();
            }
        }
    }

    /// Tells a condition once.
    fn tell(&mut self, condition: Condition) {
        if self.told.as_ref() != Some(&condition) {
            self.told = Some(condition.clone());
            self.give(Event::Condition(condition));
        }
    }
}

/// What a feed waits for.
enum Happening {
    Answered(Result<Answer, PollError>),
    Walked(Step),
    Streamed(StreamEvent),
    Due,
}

impl Source for Polygon {
    fn describe(&self) -> Description {
        Description {
            origin: Origin::Polygon,
            clock: ClockKind::Wall,
            interval_ms: self.settings.interval.as_millis() as u64,
            speed: 1.0,
            handling: Handling::Polled,
            tape: None,
        }
    }

    async fn prepare(&mut self, earlier: Earlier) -> Result<(Condition, Backfill), String> {
        let now = Instant::now();
        self.grid = Grid::begin(self.settings.interval, now);
        self.due = Some(now);
        self.earlier_ns = earlier.last_ns;
        self.rest.set_limit(Limit::PAID);
        let detail = format!("asking {} what the key may do", self.host);
        Ok((Condition::new(FeedState::Starting, detail), Backfill::default()))
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            self.begin_what_is_due();
            let (due, reach) = (self.next_due(), self.reach());
            // By chance: history of a whole market is at hand for minutes on end, and prices must
            // come in between.
            let happening = tokio::select! {
                step = self.history.next(reach) => Happening::Walked(step),
                answer = answered(&mut self.asking) => Happening::Answered(answer),
                () = wait_until(due), if self.events.is_empty() => Happening::Due,
                event = self.line.next() => Happening::Streamed(event),
            };
            match happening {
                Happening::Walked(step) => self.take_step(step),
                Happening::Answered(answer) => {
                    if let Some(asking) = self.asking.take() {
                        self.take_answer(&asking, answer);
                    }
                }
                Happening::Streamed(event) => self.take_stream(event),
                Happening::Due => {}
            }
        }
    }
}

async fn answered(asking: &mut Option<Asking>) -> Result<Answer, PollError> {
    match asking {
        Some(asking) => asking.answer().await,
        None => std::future::pending().await,
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
