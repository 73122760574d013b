//! What a book shows. Pure.

use super::{Book, Closed};
use crate::polygon::{
    cycle::Cycle,
    event::{Bar, Quote, Span, Trade},
};
use jiff::civil::Date;
use std::ops::RangeInclusive;

/// A symbol as snapshots show it.
#[derive(Debug, Clone, Default)]
pub(in crate::polygon) struct Reading {
    /// Only from the first trade of the regular session on.
    pub day: Option<Bar>,
    pub trade: Option<Trade>,
    pub quote: Option<Quote>,
    pub minute: Option<Closed>,
    pub previous: Option<Bar>,
    /// Nanoseconds; 0 before anything happened.
    pub updated_ns: i64,
}

impl Reading {
    /// The last price of the day: the last trade, else the close of the last minute.
    pub(in crate::polygon) fn last(&self) -> Option<f64> {
        let trade = self.trade.as_ref().map(|trade| trade.price);
        trade.or(self.minute.map(|minute| minute.bar.close))
    }

    /// Dollars and percent since the previous close; 0 before anything happened.
    pub(in crate::polygon) fn change(&self) -> (f64, f64) {
        let before = self.previous.map_or(0.0, |bar| bar.close);
        match self.last() {
            Some(last) if before > 0.0 => (last - before, (last - before) / before * 100.0),
            _ => (0.0, 0.0),
        }
    }
}

impl Book {
    /// The symbol as snapshots show it at `view_ns`.
    pub(in crate::polygon) fn read(&self, cycle: &Cycle, view_ns: i64) -> Reading {
        let shown = cycle.shown(view_ns);
        let previous = self.day_before(shown.unwrap_or_else(|| cycle.day_of(view_ns)));
        if shown.is_none() || shown != self.today.date {
            // Of a session before the fake's start, only its day is known.
            let day = shown.and_then(|date| self.days.get(&date).copied());
            return Reading { day, previous, ..Reading::default() };
        }
        let today = &self.today;
        let minute = today.minute.and_then(|start_ms| self.minutes.get(&start_ms));
        Reading {
            day: Some(today.day).filter(|day| day.open > 0.0),
            trade: today.trade.clone(),
            quote: today.quote.clone(),
            minute: minute.map(|held| held.closed(Span::Minute)),
            previous,
            updated_ns: today.updated_ns,
        }
    }

    /// The bar of a date, running or over.
    pub(in crate::polygon) fn day(&self, date: Date) -> Option<Bar> {
        let running = (self.today.date == Some(date)).then_some(self.today.day);
        let bar = running.filter(|day| day.close > 0.0).or_else(|| self.days.get(&date).copied());
        bar.filter(|day| day.close > 0.0)
    }

    /// The dates with a bar, in order.
    pub(in crate::polygon) fn dates(&self) -> Vec<Date> {
        let running = self.today.date.filter(|_| self.today.day.close > 0.0);
        let over = self.days.keys().copied().filter(|date| Some(*date) != running);
        over.chain(running).collect()
    }

    /// The minutes, or seconds, that start within `range` and are over at `view_ms`.
    pub(in crate::polygon) fn bars_in(
        &self,
        span: Span,
        range: RangeInclusive<i64>,
        view_ms: i64,
    ) -> Vec<Bar> {
        if range.is_empty() {
            return Vec::new();
        }
        let bars = match span {
            Span::Second => &self.seconds,
            Span::Minute => &self.minutes,
        };
        let over = bars.range(range).filter(|(start, _)| *start + span.ms() <= view_ms);
        over.map(|(_, held)| held.bar).filter(|bar| bar.open > 0.0).collect()
    }

    fn day_before(&self, date: Date) -> Option<Bar> {
        let running = self.today.date.filter(|today| *today < date && self.today.day.close > 0.0);
        let over = self.days.range(..date).next_back();
        match (running, over) {
            (Some(running), Some((day, bar))) if *day > running => Some(*bar),
            (Some(_), _) => Some(self.today.day),
            (None, over) => over.map(|(_, bar)| *bar),
        }
    }
}
