//! The stream as the feed sees it: up, down, or refused for good; and when polling stands in.

use super::{
    Away, Polygon, Wish, plan,
    stream::{Stream, StreamEvent, StreamRefusal, StreamSettings},
};
use crate::source::{Condition, Event};
use proto::FeedState;
use reqwest::Url;
use tokio::time::Instant;

/// Where the stream stands.
pub(super) enum Line {
    /// Not wanted, not allowed, or not opened yet.
    Off,
    /// Open; it connects, and connects again, by itself.
    Open(Open),
    /// Refused for good, for this reason.
    Refused(String),
}

/// A stream that is open.
pub(super) struct Open {
    stream: Stream,
    /// Since when it is up; `None` while it is not.
    up: Option<Instant>,
    /// Why it is not up, once it has been.
    pub(super) words: Option<String>,
    /// It has been down since.
    away: Option<Away>,
    /// It is 15 minutes behind the market.
    delayed: bool,
}

impl Line {
    /// What the stream says next; never, where there is none. Safe to cancel.
    pub(super) async fn next(&mut self) -> StreamEvent {
        match self {
            Self::Open(open) => open.stream.next().await,
            Self::Off | Self::Refused(_) => std::future::pending().await,
        }
    }

    /// Prices come by stream and 15 minutes late.
    pub(super) fn is_delayed(&self) -> bool {
        matches!(self, Self::Open(Open { up: Some(_), delayed: true, .. }))
    }

    /// Since when prices come by stream.
    pub(super) fn up(&self) -> Option<Instant> {
        match self {
            Self::Open(open) => open.up,
            Self::Off | Self::Refused(_) => None,
        }
    }
}

impl Polygon {
    /// Opens the stream where it is wanted and the plan has one.
    pub(super) fn open_line(&mut self) {
        let (Some(plan), Line::Off) = (self.plan, &self.line) else { return };
        if self.settings.transport == Wish::Poll {
            return;
        }
        let by_plan = plan::stream_url(plan).and_then(|text| Url::parse(text).ok());
        let Some(by_plan) = by_plan else { return };
        let delayed = plan::delay_ms(plan) > 0;
        let stream = Stream::open(StreamSettings {
            url: self.settings.ws_url.clone().unwrap_or(by_plan),
            key: self.settings.key.clone(),
            symbols: self.symbols.to_vec(),
            entitlement: plan,
            delayed,
            calendar: self.calendar.clone(),
            clock: self.clock.clone(),
        });
        self.line = Line::Open(Open { stream, up: None, words: None, away: None, delayed });
        self.due = Some(Instant::now() + self.settings.interval);
    }

    pub(super) fn take_stream(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Quotes(mut quotes) => {
                self.gaps.mark(&mut quotes);
                self.events.push_back(Event::Quotes(quotes));
            }
            StreamEvent::Bars(bars) => self.events.push_back(Event::Bars(bars)),
            StreamEvent::Up { unconfirmed, delayed } => self.take_up(unconfirmed, delayed),
            StreamEvent::Down { words } => self.take_down(words),
            StreamEvent::Refused(refusal) => self.take_refusal(&refusal),
        }
    }

    /// Prices come by stream from here on. One snapshot and the missed minutes close the gap.
    fn take_up(&mut self, unconfirmed: Vec<String>, delayed: bool) {
        let now = Instant::now();
        let Line::Open(open) = &mut self.line else { return };
        open.up = Some(now);
        open.words = None;
        let missed = open.away.take();
        open.delayed = delayed;
        self.known.unconfirmed = unconfirmed;
        self.due = Some(now);
        if let Some(missed) = missed {
            let reach = self.reach();
            let from_ms = missed.good_ms - reach.delay_ms;
            if missed.since.elapsed() >= self.settings.pace.outage {
                self.history.want_since(from_ms);
            } else {
                self.history.want_when_over(from_ms, reach);
            }
        }
        self.back();
        let condition = self.condition();
        self.tell(condition);
    }

    fn take_down(&mut self, words: String) {
        metrics::counter!("ingest_stream_losses_total").increment(1);
        let now = Instant::now();
        let now_ms = self.clock.now_ms();
        let Line::Open(open) = &mut self.line else { return };
        if open.up.take().is_some() {
            self.good_ms = now_ms;
        }
        if open.away.is_none() {
            open.away = Some(Away { since: now, good_ms: self.good_ms });
            self.due = Some(now + self.settings.interval);
        }
        tracing::warn!("the stream is down: {words}");
        open.words = Some(words);
        let condition = self.condition();
        self.tell(condition);
    }

    fn take_refusal(&mut self, refusal: &StreamRefusal) {
        tracing::warn!("no stream, polling: {refusal}");
        self.line = Line::Refused(refusal.to_string());
        self.due = Some(self.due.unwrap_or_else(|| self.grid.after(Instant::now())));
        let before = self.told.as_ref().map_or(FeedState::Starting, |told| told.state);
        let condition = Condition { state: before, ..self.condition() };
        self.tell(condition);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::polygon::{Pace, Settings};
    use market::Calendar;
    use proto::{Entitlement, Symbol};
    use runtime::clock::Clock;
    use std::time::Duration;

    #[tokio::test]
    async fn a_stream_that_went_over_to_the_delayed_host_is_told_with_its_delay() {
        let settings = Settings {
            key: "k".into(),
            base_url: Url::parse("http://127.0.0.1:9").unwrap(),
            ws_url: Some(Url::parse("ws://127.0.0.1:9/stocks").unwrap()),
            interval: Duration::from_mins(1),
            transport: Wish::Auto,
            backfill_days: 0,
            pace: Pace::default(),
        };
        let symbols = [Symbol::parse("AAPL").unwrap()];
        let clock = Clock::standing_at(1);
        let mut feed = Polygon::new(settings, &symbols, &Calendar::default(), &clock).unwrap();
        feed.plan = Some(Entitlement::Advanced);
        feed.open_line();
        let mut up = |delayed| {
            feed.take_stream(StreamEvent::Up { unconfirmed: Vec::new(), delayed });
            feed.condition()
        };
        let real_time = up(false);
        assert_eq!(real_time.delay_ms, 0);
        assert!(real_time.detail.contains("in real time by"), "{}", real_time.detail);
        let behind = up(true);
        assert_eq!(behind.delay_ms, 900_000);
        let words = "15 minutes behind, for there is no real-time stream for the key";
        assert!(behind.detail.contains(words), "{}", behind.detail);
    }
}
