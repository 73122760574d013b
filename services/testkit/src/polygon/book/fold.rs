//! How events change a book. Pure.

use super::{Book, Closed, Held, MENDED_FOR_MS, SECONDS, Today, Told};
use crate::polygon::{
    cycle::Cycle,
    event::{Bar, Event, MS, Span, Trade},
};
use jiff::civil::Date;
use proto::Session;

/// What a fold needs to know.
#[derive(Debug, Clone, Copy)]
pub(in crate::polygon) struct Rules<'c> {
    pub cycle: &'c Cycle,
    pub derive: bool,
    pub lag_ms: i64,
}

impl Book {
    /// One event, seen at `view_ns`; what sockets are told at once.
    pub(in crate::polygon) fn apply(
        &mut self,
        event: Event,
        rules: Rules<'_>,
        view_ns: i64,
    ) -> Told {
        match event {
            Event::Trade(trade) => {
                self.trade(&trade, rules, view_ns);
                Told::Trade(trade)
            }
            Event::Quote(quote) => {
                let newer = |old: &crate::polygon::event::Quote| old.time_ns <= quote.time_ns;
                if self.roll(rules.cycle.day_of(quote.time_ns))
                    && self.today.quote.as_ref().is_none_or(newer)
                {
                    self.today.quote = Some(quote.clone());
                }
                Told::Quote(quote)
            }
            Event::Bar(symbol, span, bar) => Told::Bar(symbol, self.bar(span, bar, rules)),
        }
    }

    /// Bars that ended, at `view_ms`.
    pub(in crate::polygon) fn close(&mut self, rules: Rules<'_>, view_ms: i64) -> Vec<Closed> {
        let mut closed = Vec::new();
        while let Some(&(end_ms, span, start_ms)) = self.unsent.first() {
            if end_ms + rules.lag_ms > view_ms {
                break;
            }
            self.unsent.pop_first();
            let Some(held) = self.bars(span).get_mut(&start_ms) else { continue };
            held.told = true;
            let held = *held;
            closed.push(held.closed(span));
            if span == Span::Minute {
                self.minute_closed(start_ms, rules.cycle);
            }
        }
        closed
    }

    fn trade(&mut self, trade: &Trade, rules: Rules<'_>, view_ns: i64) {
        if !self.roll(rules.cycle.day_of(trade.time_ns)) {
            return;
        }
        let of_the_day_only = trade.has(8) || trade.has(15);
        let regular = rules.cycle.session(trade.time_ns) == Session::Regular;
        let moves = !trade.has(37);
        let today = &mut self.today;
        today.day.take(trade.price, trade.size, moves && (regular || of_the_day_only));
        if today.trade.as_ref().is_none_or(|old| old.time_ns <= trade.time_ns) {
            today.trade = Some(trade.clone());
        }
        today.updated_ns = today.updated_ns.max(trade.time_ns);
        if rules.derive && !of_the_day_only {
            for span in Span::ALL {
                self.derive(span, trade, moves, view_ns);
            }
        }
    }

    fn derive(&mut self, span: Span, trade: &Trade, moves: bool, view_ns: i64) {
        let start_ms = span.start(trade.time_ns.div_euclid(MS));
        let end_ms = start_ms + span.ms();
        let day = self.today.day;
        let held = self.bars(span).entry(start_ms).or_default();
        held.bar.start_ms = start_ms;
        held.bar.take(trade.price, trade.size, moves);
        (held.day_volume, held.day_vwap, held.day_open) = (day.volume, day.vwap, day.open);
        let has_price = held.bar.open > 0.0;
        if has_price && view_ns.div_euclid(MS) - end_ms <= MENDED_FOR_MS {
            self.unsent.insert((end_ms, span, start_ms));
        } else if has_price && span == Span::Minute {
            // Too late for sockets; REST is mended all the same.
            self.today.minute = self.today.minute.max(Some(start_ms));
            self.today.updated_ns = self.today.updated_ns.max(end_ms.saturating_mul(MS));
        }
        while self.seconds.len() > SECONDS {
            self.seconds.pop_first();
        }
    }

    /// A bar that was pushed, for the first time or again.
    fn bar(&mut self, span: Span, bar: Bar, rules: Rules<'_>) -> Closed {
        let start_ns = bar.start_ms.saturating_mul(MS);
        let current = self.roll(rules.cycle.day_of(start_ns));
        let before = self.bars(span).get(&bar.start_ms).copied();
        if current && span == Span::Minute {
            let regular = rules.cycle.session(start_ns) == Session::Regular;
            self.day_of_minute(&bar, before, regular);
        }
        let day = self.today.day;
        let held = Held {
            bar,
            pushed: true,
            told: true,
            day_volume: day.volume,
            day_vwap: day.vwap,
            day_open: day.open,
        };
        self.unsent.remove(&(bar.start_ms + span.ms(), span, bar.start_ms));
        self.bars(span).insert(bar.start_ms, held);
        if current && span == Span::Minute {
            self.minute_closed(bar.start_ms, rules.cycle);
        }
        held.closed(span)
    }

    /// A pushed minute makes the day too, unless its trades did already.
    fn day_of_minute(&mut self, bar: &Bar, before: Option<Held>, regular: bool) {
        let latest = self.today.minute.is_none_or(|minute| minute <= bar.start_ms);
        let day = &mut self.today.day;
        match before {
            Some(held) if !held.pushed => return,
            Some(held) => day.volume += bar.volume - held.bar.volume,
            None if regular => return day.join(bar),
            None => day.take(bar.vwap, bar.volume, false),
        }
        if regular && before.is_some() {
            day.high = day.high.max(bar.high);
            day.low = day.low.min(bar.low);
            day.close = if latest { bar.close } else { day.close };
        }
    }

    fn minute_closed(&mut self, start_ms: i64, cycle: &Cycle) {
        if self.today.date != Some(cycle.day_of(start_ms.saturating_mul(MS))) {
            return;
        }
        let end_ns = (start_ms + Span::Minute.ms()).saturating_mul(MS);
        self.today.minute = self.today.minute.max(Some(start_ms));
        self.today.updated_ns = self.today.updated_ns.max(end_ns);
    }

    /// Makes `date` the running day; `false` where it is over already.
    fn roll(&mut self, date: Date) -> bool {
        if self.today.date.is_some_and(|today| today > date) {
            return false;
        }
        if self.today.date != Some(date) {
            let over =
                std::mem::replace(&mut self.today, Today { date: Some(date), ..Today::default() });
            if let (Some(day), true) = (over.date, over.day.close > 0.0) {
                self.days.insert(day, over.day);
            }
        }
        true
    }
}

impl Held {
    pub(super) fn closed(self, span: Span) -> Closed {
        let Self { bar, day_volume, day_vwap, day_open, .. } = self;
        Closed { span, bar, day_volume, day_vwap, day_open }
    }
}
