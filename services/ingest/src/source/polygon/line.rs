//! The stream as the feed sees it: up, down, or refused for good; and when polling stands in.

use super::{
    Polygon, Wish,
    absence::Away,
    plan,
    stream::{Stream, StreamEvent, StreamRefusal, StreamSettings},
};
use crate::source::{Condition, Event, Quote};
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
    /// Prices come, though not everything is said yet: they begin with the first subscription.
    begun: bool,
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
        self.streams() && matches!(self, Self::Open(Open { delayed: true, .. }))
    }

    /// Prices come by stream.
    pub(super) fn streams(&self) -> bool {
        matches!(self, Self::Open(Open { up: Some(_), .. } | Open { begun: true, .. }))
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
            ahead: self.settings.pace.ahead,
        });
        self.line =
            Line::Open(Open { stream, up: None, begun: false, words: None, away: None, delayed });
        self.due = Some(Instant::now() + self.settings.interval);
    }

    pub(super) fn take_stream(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Quotes(mut quotes) => {
                self.note_begin(&quotes);
                self.gaps.mark(&mut quotes, self.latest_ns());
                self.events.push_back(Event::Quotes(quotes));
            }
            StreamEvent::Bars(bars) => self.events.push_back(Event::Bars(bars)),
            StreamEvent::Up { unconfirmed, delayed } => self.take_up(unconfirmed, delayed),
            StreamEvent::Down { words } => self.take_down(words),
            StreamEvent::Refused(refusal) => self.take_refusal(&refusal),
        }
    }

    /// How prices are had is told before the first of them: streamed ones are judged otherwise.
    fn note_begin(&mut self, quotes: &[Quote]) {
        let Line::Open(open) = &mut self.line else { return };
        if open.begun || open.up.is_some() {
            return;
        }
        open.begun = true;
        open.delayed |= quotes.iter().any(|quote| quote.delayed);
        let condition = self.condition();
        self.tell(condition);
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
        self.take_all_back();
        self.back();
        let condition = self.condition();
        self.tell(condition);
    }

    fn take_down(&mut self, words: String) {
        metrics::counter!("ingest_stream_losses_total").increment(1);
        let now = Instant::now();
        let now_ms = self.clock.now_ms();
        let Line::Open(open) = &mut self.line else { return };
        let begun = std::mem::take(&mut open.begun);
        if open.up.take().is_some() || begun {
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
    use crate::source::polygon::bench::{self, NOW_NS};
    use proto::{Entitlement, Transport};
    use runtime::clock::Clock;

    const DAY_NS: i64 = 86_400_000_000_000;

    /// A feed of the Advanced plan with a stream to nowhere.
    fn feed(clock: &Clock) -> Polygon {
        let mut feed = bench::feed(&["AAPL"], clock);
        feed.plan = Some(Entitlement::Advanced);
        feed.settings.transport = Wish::Auto;
        feed.settings.ws_url = Some(Url::parse("ws://127.0.0.1:9/stocks").unwrap());
        feed.open_line();
        feed
    }

    fn up(delayed: bool) -> StreamEvent {
        StreamEvent::Up { unconfirmed: Vec::new(), delayed }
    }

    fn trade() -> StreamEvent {
        StreamEvent::Quotes(vec![bench::quote("AAPL", NOW_NS)])
    }

    #[tokio::test]
    async fn a_stream_that_went_over_to_the_delayed_host_is_told_with_its_delay() {
        let mut feed = feed(&Clock::standing_at(NOW_NS));
        let mut up = |delayed| {
            feed.take_stream(up(delayed));
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

    #[tokio::test]
    async fn what_a_poll_said_of_a_delay_is_nothing_while_the_stream_is_up_in_real_time() {
        let mut feed = feed(&Clock::standing_at(NOW_NS));
        feed.known.delayed = true;
        assert_eq!(feed.condition().delay_ms, 900_000);
        feed.take_stream(up(false));
        let condition = feed.condition();
        assert_eq!(condition.delay_ms, 0, "{}", condition.detail);
        assert!(condition.detail.contains("in real time by"), "{}", condition.detail);
    }

    #[tokio::test]
    async fn prices_before_the_last_acknowledgement_are_told_as_streamed_before_the_first() {
        let mut feed = feed(&Clock::standing_at(NOW_NS));
        feed.take_stream(trade());
        let Some(Event::Condition(condition)) = feed.events.pop_front() else {
            panic!("{:?}", feed.events)
        };
        assert_eq!(condition.transport, Some(Transport::Stream));
        assert!(matches!(feed.events.pop_front(), Some(Event::Quotes(_))), "{:?}", feed.events);
        // A connection that ends before it is up is polled for.
        feed.take_stream(StreamEvent::Down { words: "lost".to_owned() });
        let Some(Event::Condition(condition)) = feed.events.pop_front() else {
            panic!("{:?}", feed.events)
        };
        assert_eq!(condition.transport, Some(Transport::Poll));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_stream_is_tried_again_once_a_session() {
        let clock = Clock::standing_at(NOW_NS);
        let mut feed = feed(&clock);
        let refusal = || StreamEvent::Refused(StreamRefusal::Machine { words: "no".to_owned() });
        feed.take_stream(refusal());
        let mut opened = Vec::new();
        for days in [0, 0, 1, 1, 2] {
            clock.set(NOW_NS + days * DAY_NS);
            tokio::time::advance(feed.settings.interval).await;
            feed.look_again(Instant::now());
            opened.push(matches!(feed.line, Line::Open(_)));
            feed.take_stream(refusal());
        }
        // Friday twice, Saturday, after Friday's session, twice, and Sunday.
        assert_eq!(opened, [false, false, true, false, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_stream_is_up_the_plan_is_asked_for_once_a_session() {
        let clock = Clock::standing_at(NOW_NS);
        let mut feed = feed(&clock);
        feed.take_stream(up(false));
        let mut asked = Vec::new();
        for days in [0, 1, 1] {
            feed.due = None;
            clock.set(NOW_NS + days * DAY_NS);
            tokio::time::advance(feed.settings.interval).await;
            feed.begin_what_is_due();
            let question = feed.asking.take().map(|asking| asking.question.clone());
            asked.push(matches!(question, Some(super::super::poll::Question::Plan)));
        }
        assert_eq!(asked, [false, true, false]);
    }
}
