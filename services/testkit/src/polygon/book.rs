//! One symbol as of a moment: the fold of its events. Pure.

mod fold;
mod read;

use super::event::{Bar, Quote, Span, Trade};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

pub(super) use fold::Rules;
pub(super) use read::Reading;

/// Bars of seconds that are kept.
const SECONDS: usize = 4_000;
/// Late trades mend bars for so long, milliseconds.
const MENDED_FOR_MS: i64 = 900_000;

/// One symbol.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    days: BTreeMap<Date, Bar>,
    minutes: BTreeMap<i64, Held>,
    seconds: BTreeMap<i64, Held>,
    /// Bars to be sent: end, span, start.
    unsent: BTreeSet<(i64, Span, i64)>,
    today: Today,
}

/// A bar, and the day as of its last trade.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    bar: Bar,
    /// It was pushed as a bar.
    pushed: bool,
    /// It was told at least once.
    told: bool,
    day_volume: f64,
    day_vwap: f64,
    day_open: f64,
}

/// What resets every day.
#[derive(Debug, Clone, Default)]
struct Today {
    date: Option<Date>,
    trade: Option<Trade>,
    quote: Option<Quote>,
    /// Start of the latest closed minute, milliseconds.
    minute: Option<i64>,
    updated_ns: i64,
    day: Bar,
}

/// A bar as it is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Closed {
    pub span: Span,
    pub bar: Bar,
    pub day_volume: f64,
    pub day_vwap: f64,
    pub day_open: f64,
}

/// What sockets are told.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    Trade(Trade),
    Quote(Quote),
    Bar(String, Closed),
}

impl Book {
    /// The past: a day that is over.
    pub(super) fn put_day(&mut self, date: Date, bar: Bar) {
        if self.today.date == Some(date) {
            self.today.day = bar;
        } else {
            self.days.insert(date, bar);
        }
    }

    /// The past: a minute that is over and that nobody is told of.
    pub(super) fn put_minute(&mut self, bar: Bar) {
        let held = Held { bar, pushed: true, told: true, ..Held::default() };
        self.minutes.insert(bar.start_ms, held);
    }

    /// Bars wait to be sent.
    pub(super) fn is_open(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// When the first of them is over, milliseconds since 1970 UTC.
    pub(super) fn next_end_ms(&self) -> Option<i64> {
        self.unsent.first().map(|(end_ms, ..)| *end_ms)
    }

    fn bars(&mut self, span: Span) -> &mut BTreeMap<i64, Held> {
        match span {
            Span::Second => &mut self.seconds,
            Span::Minute => &mut self.minutes,
        }
    }
}
