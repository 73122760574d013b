//! What becomes of an answer: the plan, prices, a condition, and when the next question is due.

use super::{
    Away, Held, Polygon,
    choice::{self, Context, Reading},
    daily::Closes,
    error::PollError,
    gaps::open_between,
    limit::Limit,
    models::Envelope,
    plan,
    poll::{Answer, Asking, Question},
};
use crate::source::{Condition, Event};
use market::Calendar;
use proto::{Entitlement, FeedState, Session, Symbol};
use std::collections::VecDeque;
use tokio::time::Instant;

impl Polygon {
    pub(super) fn take_answer(&mut self, asking: &Asking, answer: Result<Answer, PollError>) {
        match answer {
            Ok(Answer::Snapshots(pages, failed)) => {
                self.retry.reset();
                self.refusals = 0;
                // Nothing begins before the first poll: its answer is welcome whenever it comes.
                let first = matches!(asking.question, Question::Snapshots { probe: true });
                let now = Instant::now();
                let late = !first && now >= self.grid.after(asking.begun);
                self.due = match self.line.up() {
                    Some(since) if asking.begun < since => Some(now),
                    Some(_) => None,
                    None => Some(self.grid.after(now)),
                };
                self.learn_from(&pages);
                if late && self.line.up().is_none() {
                    self.drop_late(asking);
                } else {
                    self.take_pages(&pages, failed.as_ref());
                }
            }
            Ok(Answer::Closes(closes)) => self.take_closes(closes),
            Err(error) => self.take_error(&error, &asking.question),
        }
    }

    fn drop_late(&mut self, asking: &Asking) {
        metrics::counter!("ingest_late_answers_total").increment(1);
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

    /// Prices are missing when no process of ours was there for a while of open market.
    fn note_absence(&mut self) {
        let Some(earlier_ns) = self.earlier_ns.take() else { return };
        let until_ms = self.clock.now_ms() - self.delay_ms().cast_signed();
        let missed_ms = open_between(&self.calendar, earlier_ns.div_euclid(1_000_000), until_ms);
        if self.plan != Some(Entitlement::Free) && missed_ms > self.settings.pace.outage.as_millis()
        {
            self.gaps.open(&self.symbols);
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

    fn take_pages(&mut self, pages: &[(Vec<Symbol>, Envelope)], failed: Option<&PollError>) {
        let whole = self.read(pages);
        self.known.missing.clone_from(&whole.missing);
        self.known.partial = failed.map(ToString::to_string);
        self.back();
        let mut quotes = whole.quotes;
        if self.line.up().is_some() {
            quotes.retain(|quote| self.gaps.is_news(quote));
        }
        if self.line.is_delayed() && !self.known.delayed {
            // A stream that is behind would have nothing but old news after them.
            quotes.clear();
        }
        self.gaps.mark(&mut quotes);
        let condition = self.condition();
        self.tell(condition);
        self.give(Event::Quotes(quotes));
    }

    fn read(&mut self, pages: &[(Vec<Symbol>, Envelope)]) -> Reading {
        let now_ns = self.clock.now_ns();
        let context = Context {
            now_ns,
            regular: self.calendar.session_at(now_ns / 1_000_000) == Session::Regular,
            closed_ns: last_close_ns(&self.calendar, now_ns),
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
        let delayed = by_plan || whole.told_delayed || choice::is_old(&whole.quotes, context);
        // Outside the regular session age says nothing: what was last known of the plan stands.
        if context.regular || delayed {
            self.known.delayed = delayed;
        }
        for quote in &mut whole.quotes {
            quote.delayed = self.known.delayed;
        }
        whole
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

    fn take_error(&mut self, error: &PollError, question: &Question) {
        metrics::counter!("ingest_poll_failures_total", "kind" => error.label()).increment(1);
        let now = Instant::now();
        let refused = matches!(error, PollError::NotEntitled { .. } | PollError::Timeframe { .. });
        if refused && matches!(question, Question::Snapshots { .. }) {
            self.learn(Entitlement::Free);
            self.due = Some(now);
            return;
        }
        if self.plan == Some(Entitlement::Free) && matches!(question, Question::Snapshots { .. }) {
            self.probed = None;
        }
        let daily = !matches!(question, Question::Snapshots { .. });
        let wait = match error.wait() {
            Some(wait) => Some(wait),
            None if error.is_permanent() => Some(self.refused_again()),
            None if error.is_transient() => Some(self.retry.next_delay()),
            None if daily => Some(self.settings.pace.closes),
            None => None,
        };
        self.due = Some(wait.map_or_else(|| self.grid.after(now), |wait| now + wait));
        if let Question::Previous(singles) = question
            && !error.is_permanent()
        {
            self.singles.clone_from(singles);
        }
        if self.line.up().is_some() {
            tracing::warn!("no snapshot to close the stream's gap with: {error}");
            return;
        }
        if self.away.is_none() {
            self.away = Some(Away { since: now, good_ms: self.good_ms });
        }
        let condition = self.failing(error.to_string());
        self.tell(condition);
    }

    fn refused_again(&mut self) -> std::time::Duration {
        let waits = self.settings.pace.refused;
        let wait = waits.get(self.refusals).or(waits.last()).copied().unwrap_or_default();
        self.refusals += 1;
        wait
    }

    /// There are prices again: minutes that were missed in the meantime are wanted.
    pub(super) fn back(&mut self) {
        if let Some(away) = self.away.take()
            && away.since.elapsed() >= self.settings.pace.outage
        {
            tracing::info!("prices again after an outage: fetching the minutes that were missed");
            self.gaps.open(&self.symbols);
            self.history.want_since(away.good_ms - self.reach().delay_ms);
        }
        self.good_ms = self.clock.now_ms();
    }
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
    fn the_last_close_is_the_one_before_a_weekend_and_on_a_half_day_at_one() {
        let calendar = Calendar::parse(CALENDAR).unwrap();
        let close = |now_ms: i64| last_close_ns(&calendar, now_ms * 1_000_000) / 1_000_000;
        // Sunday 2026-11-22 noon in New York: Friday 16:00.
        assert_eq!(close(1_795_366_800_000), 1_795_208_400_000);
        // Friday 2026-11-27 14:00 in New York, the day after Thanksgiving: that day 13:00.
        assert_eq!(close(1_795_806_000_000), 1_795_802_400_000);
    }
}
