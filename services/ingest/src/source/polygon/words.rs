//! What the feed says about itself: one sentence for people.

use super::{Polygon, Wish, line::Line};
use crate::source::Condition;
use proto::{Entitlement, FeedState, Symbol, Transport};

/// Names told at most.
const NAMES: usize = 20;

impl Polygon {
    /// The condition of a feed that has prices.
    pub(super) fn condition(&self) -> Condition {
        Condition {
            missing: self.known.missing.clone(),
            delay_ms: self.delay_ms(),
            entitlement: self.plan,
            transport: Some(self.transport()),
            ..Condition::new(FeedState::Live, self.detail())
        }
    }

    /// The condition of a feed that has none, for the reason in `words`.
    pub(super) fn failing(&self, words: String) -> Condition {
        Condition { state: FeedState::Failing, detail: words, ..self.condition() }
    }

    fn transport(&self) -> Transport {
        if self.line.streams() { Transport::Stream } else { Transport::Poll }
    }

    fn detail(&self) -> String {
        let (count, host) = (self.symbols.len(), &self.host);
        let mut detail = match (self.plan, self.transport()) {
            (Some(Entitlement::Free), _) => {
                let session = self.closes.map_or_else(String::new, |date| format!(" of {date}"));
                format!("closes{session} of {count} symbols from {host}")
            }
            (_, Transport::Stream) => format!("a stream of {count} symbols"),
            (_, Transport::Poll) => {
                let seconds = self.settings.interval.as_secs();
                format!("snapshots of {count} symbols from {host} every {seconds} s")
            }
        };
        detail.push_str(self.plan_words());
        let line = match &self.line {
            Line::Open(open) => {
                open.words.as_ref().map(|words| format!("the stream is down ({words})"))
            }
            Line::Refused(words) => Some(format!("polled: {words}")),
            Line::Off => None,
        };
        let partial = &self.known.partial;
        let partial = partial.as_ref().map(|words| format!("some are missing this time: {words}"));
        let missing = self.known.missing.iter().map(Symbol::as_str);
        let unconfirmed = self.known.unconfirmed.iter().map(String::as_str);
        let more = [
            line,
            partial,
            named("unknown there", missing),
            named("not confirmed by the stream", unconfirmed),
        ];
        let parts: Vec<String> = [detail].into_iter().chain(more.into_iter().flatten()).collect();
        parts.join("; ")
    }

    /// What the plan means and what another one would.
    fn plan_words(&self) -> &'static str {
        match self.plan {
            Some(Entitlement::Free) if self.settings.transport == Wish::Stream => {
                "; the key's plan is free: no stream, end-of-day prices only; a Starter plan streams \
                 bars 15 minutes behind, an Advanced one everything in real time"
            }
            Some(Entitlement::Free) => {
                "; the key's plan is free: end-of-day prices only; a Starter plan gives prices 15 \
                 minutes behind, an Advanced one in real time"
            }
            Some(Entitlement::Starter) => {
                ", 15 minutes behind by the key's Starter plan; an Advanced plan is in real time"
            }
            Some(Entitlement::Developer) => {
                ", 15 minutes behind by the key's Developer plan; an Advanced plan is in real time"
            }
            Some(Entitlement::Advanced | Entitlement::Business) if self.line.is_delayed() => {
                ", 15 minutes behind, for there is no real-time stream for the key"
            }
            Some(Entitlement::Advanced | Entitlement::Business) if self.is_behind() => {
                ", 15 minutes behind, though the key's plan is in real time"
            }
            Some(Entitlement::Advanced) => ", in real time by the key's Advanced plan",
            Some(Entitlement::Business) => ", in real time by the key's Business plan",
            None => "; what the key's plan is, no answer has told yet",
        }
    }
}

/// The first of `names`, and how many more there are; `None` when there are none.
fn named<'n>(what: &str, names: impl ExactSizeIterator<Item = &'n str>) -> Option<String> {
    let more = names.len().saturating_sub(NAMES);
    let names: Vec<&str> = names.take(NAMES).collect();
    match (names.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(format!("{what}: {}", names.join(" "))),
        (false, more) => Some(format!("{what}: {} and {more} more", names.join(" "))),
    }
}
