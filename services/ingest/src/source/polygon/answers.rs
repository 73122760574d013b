//! What becomes of an answer: the plan, prices, a condition, and when the next question is due.

use super::{
    Held, Polygon,
    choice::{self, Context, Reading},
    daily::Closes,
    day,
    error::PollError,
    limit::Limit,
    models::Envelope,
    plan,
    poll::{Answer, Asking, Question},
};
use crate::source::{Condition, Event};
use proto::{Entitlement, FeedState, Session, Symbol};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

impl Polygon {
    pub(super) fn take_answer(&mut self, asking: &Asking, answer: Result<Answer, PollError>) {
        match answer {
            Ok(Answer::Snapshots(pages, failed)) => {
                self.retry.reset();
                self.refusals = 0;
                self.denied = false;
                // Nothing begins before the first poll: its answer is welcome whenever it comes.
                let first = matches!(asking.question, Question::Snapshots { probe: true });
                let now = Instant::now();
                // Not every question stands on the grid.
                let late = !first && asking.begun.elapsed() >= self.settings.interval;
                self.due = match self.line.up() {
                    Some(since) if asking.begun < since => Some(now),
                    Some(_) => None,
                    None => Some(self.grid.after(now)),
                };
                self.learn_from(&pages);
                if matches!(asking.question, Question::Plan) {
                    return;
                }
                if late && !self.line.streams() {
                    self.drop_late(asking);
                } else {
                    self.take_pages(asking, &pages, failed.as_ref());
                }
            }
            Ok(Answer::Closes(closes)) => self.take_closes(closes),
            Err(error) => self.take_error(&error, asking),
        }
    }

    fn drop_late(&mut self, asking: &Asking) {
        metrics::counter!("ingest_late_answers_total").increment(1);
        self.is_away(asking.begun);
        let took_s = asking.begun.elapsed().as_secs_f64();
        let condition = self.failing(format!(
            "{} answers after {took_s:.1} s, when the next poll is due: lengthen [polygon] interval",
            self.host
        ));
        self.tell(condition);
    }

    fn learn_from(&mut self, pages: &[(Vec<Symbol>, Envelope)]) {
        let plans = pages.iter().filter_map(|(_, envelope)| plan::of(envelope));
        if let Some(plan) = plans.max_by_key(|plan| *plan as u8) {
            self.learn(plan);
        }
    }

    fn learn(&mut self, plan: Entitlement) {
        if self.plan == Some(plan) {
            return;
        }
        tracing::info!(feed.plan = ?plan, "the plan of the key");
        let before = self.plan.replace(plan);
        // How old prices were by another plan says nothing.
        (self.known.delayed, self.known.old) = (false, false);
        if plan == Entitlement::Free {
            self.rest.set_limit(Limit::FREE);
            // A plan that has become free has no stream and no prices of today.
            self.line = super::Line::Off;
        } else {
            self.rest.set_limit(Limit::PAID);
        }
        if before.is_none() {
            self.note_absence();
        }
        if before.is_none_or(|before| before == Entitlement::Free) {
            self.closes = None;
            self.singles.clear();
            self.history.want_sessions(self.settings.backfill_days);
            if plan != Entitlement::Free {
                self.hold();
            }
        } else if self.held.is_none() {
            // Another plan has other topics, and may have another host.
            if self.line.up().is_some() {
                self.gaps.open(&self.symbols);
            }
            self.line = super::Line::Off;
            self.open_line();
        }
    }

    /// Prices wait until the history that goes before them has been stored, or a while.
    fn hold(&mut self) {
        let days = self.settings.backfill_days;
        let count = self.symbols.len();
        let detail = format!("loading minutes of {count} symbols since {days} sessions ago");
        let starting = Condition { state: FeedState::Starting, detail, ..self.condition() };
        self.tell(starting);
        let until = Instant::now() + self.settings.pace.opening;
        self.held = Some(Held { events: VecDeque::new(), until });
    }

    fn take_pages(
        &mut self,
        asking: &Asking,
        pages: &[(Vec<Symbol>, Envelope)],
        failed: Option<&PollError>,
    ) {
        let whole = self.read(pages);
        self.known.missing.clone_from(&whole.missing);
        self.known.partial = failed.map(ToString::to_string);
        if self.line.up().is_none() {
            self.note_pages(pages, asking.begun);
        }
        self.back();
        let mut quotes = whole.quotes;
        if self.line.streams() {
            quotes.retain(|quote| self.gaps.is_news(quote));
        }
        if self.line.is_delayed() && !self.known.delayed {
            // A stream that is behind would have nothing but old news after them.
            quotes.clear();
        }
        self.gaps.mark(&mut quotes, self.latest_ns());
        let condition = self.condition();
        self.tell(condition);
        self.give(Event::Quotes(quotes));
    }

    fn read(&mut self, pages: &[(Vec<Symbol>, Envelope)]) -> Reading {
        let now_ns = self.clock.now_ns();
        let today = self.calendar.day(now_ns / 1_000_000).ok().flatten();
        let context = Context {
            now_ns,
            regular: self.calendar.session_at(now_ns / 1_000_000) == Session::Regular,
            opened_ns: today.map_or(i64::MAX, |day| day.open_ms * 1_000_000),
            closed_ns: day::last_close_ns(&self.calendar, now_ns),
            previous_ns: day::previous_close_ns(&self.calendar, now_ns),
        };
        let mut whole = Reading::default();
        for (asked, envelope) in pages {
            let reading = choice::read(asked, envelope, context);
            whole.quotes.extend(reading.quotes);
            whole.missing.extend(reading.missing);
            whole.malformed += reading.malformed;
            whole.priceless += reading.priceless;
            whole.told_delayed |= reading.told_delayed;
        }
        metrics::counter!("ingest_bad_rows_total").increment(whole.malformed);
        let by_plan = self.plan.is_some_and(|plan| plan::delay_ms(plan) > 0);
        self.judge_delay(
            by_plan || whole.told_delayed,
            choice::is_old(&whole.quotes, context),
            context.regular,
        );
        for quote in &mut whole.quotes {
            quote.delayed = self.known.delayed;
        }
        whole
    }

    /// Whether polled prices are behind the market: by `word` of the plan or the answer at once, by
    /// their age when two polls in a row agree, and never by it while the stream tells everything.
    fn judge_delay(&mut self, word: bool, old: bool, regular: bool) {
        let old = old && self.line.up().is_none();
        let agreed = std::mem::replace(&mut self.known.old, old) && old;
        // Outside the regular session age says nothing: what was last known of the plan stands.
        if regular || word {
            self.known.delayed = word || agreed;
        }
    }

    fn take_closes(&mut self, closes: Closes) {
        self.retry.reset();
        self.refusals = 0;
        metrics::counter!("ingest_bad_rows_total").increment(closes.malformed);
        let now = Instant::now();
        self.known.missing.clone_from(&closes.missing);
        self.due = Some(self.grid.after(now));
        if let Some(date) = closes.date {
            if self.closes.replace(date).is_some() {
                self.history.want_sessions(1);
            }
            let newest = super::daily::sessions_before(&self.calendar, self.clock.now_ms());
            if newest.first() != Some(&date) {
                self.due = Some(now + self.settings.pace.closes);
            }
            if !closes.missing.is_empty() {
                self.singles = closes.missing;
                self.due = Some(now);
            }
        }
        self.good_ms = self.clock.now_ms();
        let condition = self.condition();
        self.tell(condition);
        self.give(Event::Quotes(closes.quotes));
    }

    fn take_error(&mut self, error: &PollError, asking: &Asking) {
        metrics::counter!("ingest_poll_failures_total", "kind" => error.label()).increment(1);
        let now = Instant::now();
        let question = &asking.question;
        let denied = matches!(error, PollError::NotEntitled { .. } | PollError::Timeframe { .. })
            && !question.is_daily();
        if denied && self.is_free_now() {
            let before = self.plan;
            self.learn(Entitlement::Free);
            self.due = Some(now);
            // The closes may have to wait for the free plan's limit: what became of the plan need not.
            if before.is_some_and(|before| before != Entitlement::Free) {
                let condition = self.failing(error.to_string());
                self.tell(condition);
            }
            return;
        }
        if self.plan == Some(Entitlement::Free) && !question.is_daily() {
            self.probed = None;
        }
        let wait = if denied {
            Some(self.settings.pace.doubt)
        } else {
            self.wait_after(error, question.is_daily())
        };
        self.due = Some(wait.map_or_else(|| self.grid.after(now), |wait| now + wait));
        if let Question::Previous(singles) = question
            && !error.is_permanent()
        {
            self.singles.clone_from(singles);
        }
        if self.line.up().is_some() {
            tracing::warn!("no snapshot beside the stream: {error}");
            return;
        }
        self.is_away(asking.begun);
        let condition = self.failing(error.to_string());
        self.tell(condition);
    }

    /// How long to wait after an error; `None` for the next moment of the grid.
    fn wait_after(&mut self, error: &PollError, daily: bool) -> Option<Duration> {
        match error.wait() {
            Some(wait) => Some(wait),
            None if error.is_permanent() => Some(self.refused_again()),
            None if error.is_transient() => Some(self.retry.next_delay()),
            None if daily => Some(self.settings.pace.closes),
            None => None,
        }
    }

    fn refused_again(&mut self) -> Duration {
        let waits = self.settings.pace.refused;
        let wait = waits.get(self.refusals).or(waits.last()).copied().unwrap_or_default();
        self.refusals += 1;
        wait
    }
}

#[cfg(test)]
mod tests;
