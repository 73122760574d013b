//! Minutes as the service adds them up: the last sessions' at the start, and those that were missed.
//!
//! 1. One walk through the symbols at a time; a later wish waits and is merged with others.
//! 2. A minute that is still forming is never handed out as closed. The one in which a walk ended was
//!    seen in part only, so it is asked for again when it is over.
//! 3. One symbol's failure costs that symbol; a refusal for good ends the walk.

use super::{
    client::{Rest, Span},
    error::PollError,
    fetch::{self, Found, Job},
};
use market::{Calendar, MINUTE_MS, minute_start};
use proto::{Bar, Session, Symbol};
use runtime::clock::Clock;
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};

const DAY_MS: i64 = 86_400_000;
/// A minute is taken for whole this long after its end: late prints have come in by then.
const SETTLED_MS: i64 = 5_000;
/// Lists of bars that may wait to be taken.
const QUEUE: usize = 4;

/// Asks for minutes when they are wanted.
pub struct History {
    rest: Rest,
    symbols: Arc<[Symbol]>,
    calendar: Calendar,
    clock: Clock,
    wanted: Option<Wanted>,
    walk: Option<Walk>,
}

/// Minutes that are wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Wanted {
    from_ms: i64,
    /// Not before.
    due: Instant,
    /// The minute in which the walk ends is wanted again.
    again: bool,
}

/// How far the plan lets us look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// How far the service is behind the market, milliseconds.
    pub delay_ms: i64,
    /// Only up to yesterday.
    pub end_of_day: bool,
}

/// A walk under way; given up when dropped.
struct Walk {
    found: mpsc::Receiver<Found>,
    task: JoinHandle<()>,
    wanted: Wanted,
    until_ms: i64,
}

impl Drop for Walk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a walk says.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Minutes of a symbol, oldest first.
    Bars(Vec<Bar>),
    /// The walk is over; so many symbols have not been had.
    Over {
        /// How many.
        failed: usize,
        /// Why, in the service's words.
        words: Option<String>,
    },
}

impl History {
    /// Nothing is wanted yet.
    pub fn new(rest: Rest, symbols: Arc<[Symbol]>, calendar: Calendar, clock: Clock) -> Self {
        Self { rest, symbols, calendar, clock, wanted: None, walk: None }
    }

    /// Wants the running session's minutes and those of `days` sessions before it.
    pub fn want_sessions(&mut self, days: u32) {
        self.want_since(sessions_since(&self.calendar, self.clock.now_ms(), days));
    }

    /// Wants all minutes from that of `from_ms` on, at once.
    pub fn want_since(&mut self, from_ms: i64) {
        self.want(Wanted { from_ms: minute_start(from_ms), due: Instant::now(), again: true });
    }

    /// Wants the minutes from that of `from_ms` up to the running one, once that is over.
    pub fn want_when_over(&mut self, from_ms: i64, reach: Reach) {
        let now_ms = self.clock.now_ms() - reach.delay_ms;
        let end_ms = minute_start(now_ms) + MINUTE_MS + 2 * SETTLED_MS;
        let wait = Duration::from_millis(u64::try_from(end_ms - now_ms).unwrap_or_default());
        let due = Instant::now() + wait;
        self.want(Wanted { from_ms: minute_start(from_ms), due, again: false });
    }

    fn want(&mut self, wanted: Wanted) {
        let merged = self.wanted.map_or(wanted, |before| Wanted {
            from_ms: before.from_ms.min(wanted.from_ms),
            due: before.due.min(wanted.due),
            again: before.again || wanted.again,
        });
        self.wanted = Some(merged);
    }

    /// A walk is under way.
    pub fn is_walking(&self) -> bool {
        self.walk.is_some()
    }

    /// When the next walk may begin; `None` when none is wanted or one is under way.
    pub fn due(&self) -> Option<Instant> {
        self.wanted.filter(|_| self.walk.is_none()).map(|wanted| wanted.due)
    }

    /// Begins the walk that is due.
    pub fn begin(&mut self, reach: Reach) {
        if self.due().is_none_or(|due| due > Instant::now()) {
            return;
        }
        let Some(wanted) = self.wanted.take() else { return };
        let now_ms = self.clock.now_ms();
        let until_ms = now_ms - reach.delay_ms - SETTLED_MS;
        let Some(span) = self.span(wanted.from_ms, now_ms, reach) else { return };
        let (told, found) = mpsc::channel(QUEUE);
        let (rest, symbols) = (self.rest.clone(), Arc::clone(&self.symbols));
        let job = Job { rest, symbols, span, until_ms, alone: reach.end_of_day };
        let task = tokio::spawn(fetch::run(job, told));
        self.walk = Some(Walk { found, task, wanted, until_ms });
    }

    /// What is asked for; `None` when it would be nothing.
    fn span(&self, from_ms: i64, now_ms: i64, reach: Reach) -> Option<Span> {
        if !reach.end_of_day {
            return Some(Span { from: from_ms.to_string(), to: now_ms.to_string() });
        }
        let from = self.calendar.date(from_ms)?;
        let to = self.calendar.date(now_ms)?.yesterday().ok()?;
        (from <= to).then(|| Span { from: from.to_string(), to: to.to_string() })
    }

    /// Waits for the walk's next step; for ever when there is no walk. Safe to cancel.
    pub async fn next(&mut self, reach: Reach) -> Step {
        let Some(walk) = &mut self.walk else { return std::future::pending().await };
        match walk.found.recv().await {
            Some(Found::Bars(bars)) => Step::Bars(bars),
            Some(Found::Over { failed, words }) => {
                self.end(reach);
                Step::Over { failed, words }
            }
            None => {
                self.end(reach);
                Step::Over { failed: self.symbols.len(), words: None }
            }
        }
    }

    fn end(&mut self, reach: Reach) {
        let Some(walk) = self.walk.take() else { return };
        let running = self.calendar.session_at(walk.until_ms) != Session::Closed;
        if walk.wanted.again && running && !reach.end_of_day {
            self.want_when_over(walk.until_ms, reach);
        }
    }
}

/// What is refused for good to one symbol is refused to all.
pub(super) fn is_final(error: &PollError) -> bool {
    match error {
        PollError::Auth { .. }
        | PollError::NotEntitled { .. }
        | PollError::Timeframe { .. }
        | PollError::Moved { .. } => true,
        PollError::NotFound { .. }
        | PollError::RateLimited { .. }
        | PollError::Transient { .. }
        | PollError::Malformed { .. } => false,
    }
}

/// Start of the `days`-th session before that of `now_ms`. Where the calendar does not reach, so many
/// days back.
fn sessions_since(calendar: &Calendar, now_ms: i64, days: u32) -> i64 {
    let today = calendar.date(now_ms);
    let day = |days_ago: i64| calendar.day(now_ms - days_ago * DAY_MS).ok().flatten();
    let mut before = Vec::new();
    for day in (0..60).filter_map(day) {
        if today == Some(day.date) {
            if days == 0 {
                return day.pre_open_ms;
            }
        } else if before.last() != Some(&day.pre_open_ms) {
            before.push(day.pre_open_ms);
        }
    }
    let index = usize::try_from(days).unwrap_or(usize::MAX).saturating_sub(1);
    before.get(index).copied().unwrap_or(now_ms - i64::from(days + 1) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = include_str!("../../../../../config/market_calendar.toml");

    #[test]
    fn sessions_are_counted_by_the_calendar_and_not_by_days() {
        let calendar = Calendar::parse(CALENDAR).unwrap();
        let date = |now_ms, days| {
            calendar.date(sessions_since(&calendar, now_ms, days)).unwrap().to_string()
        };
        // Friday 2026-11-27 10:00 in New York, the day after Thanksgiving.
        let friday_ms = 1_795_791_600_000;
        assert_eq!(date(friday_ms, 0), "2026-11-27");
        assert_eq!(date(friday_ms, 1), "2026-11-25");
        assert_eq!(date(friday_ms, 2), "2026-11-24");
        // Saturday noon: the last session is the first of them.
        assert_eq!(date(friday_ms + 26 * 3_600_000, 1), "2026-11-27");
        assert_eq!(sessions_since(&calendar, 0, 1), -2 * DAY_MS);
    }
}
