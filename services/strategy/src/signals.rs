//! What the closed bars of one symbol say: averages, their crossings, strength and range.

use crate::{
    indicator::{Ema, Mean, Rsi},
    params::Params,
};
use market::MINUTE_MS;
use proto::{Bar, Indicators};

/// The indicators of one symbol.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    fast: Ema,
    slow: Ema,
    rsi: Rsi,
    range: Mean,
    last_start_ms: Option<i64>,
    above: Option<bool>,
    crossed_up: Option<Crossing>,
    crossed_down: bool,
}

/// The last time the fast average crossed above the slow one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crossing {
    /// End of the bar at which it did, milliseconds since 1970 UTC.
    pub(crate) at_ms: i64,
    /// Bars closed since, that one included.
    pub(crate) bars: u32,
}

impl Signals {
    pub(crate) fn new(params: &Params) -> Self {
        Self {
            fast: Ema::new(params.ema_fast),
            slow: Ema::new(params.ema_slow),
            rsi: Rsi::new(params.rsi_period),
            range: Mean::new(params.range_bars),
            last_start_ms: None,
            above: None,
            crossed_up: None,
            crossed_down: false,
        }
    }

    /// Whether `bar` starts after the last one counted in.
    pub(crate) fn is_next(&self, bar: &Bar) -> bool {
        self.last_start_ms.is_none_or(|last| bar.start_ms > last)
    }

    /// Counts a closed bar in. One that does not start after the last one changes nothing: `false`.
    pub(crate) fn push(&mut self, bar: &Bar) -> bool {
        if !self.is_next(bar) {
            return false;
        }
        self.last_start_ms = Some(bar.start_ms);
        self.fast.push(bar.close);
        self.slow.push(bar.close);
        self.rsi.push(bar.close);
        self.range.push((bar.high - bar.low) / bar.close * 100.0);
        self.compare(bar.start_ms + MINUTE_MS);
        true
    }

    fn compare(&mut self, end_ms: i64) {
        let (Some(fast), Some(slow)) = (self.fast.value(), self.slow.value()) else {
            return;
        };
        let above = fast > slow;
        let before = self.above.replace(above);
        self.crossed_down = before == Some(true) && !above;
        self.crossed_up = match (before, above) {
            (Some(false), true) => Some(Crossing { at_ms: end_ms, bars: 1 }),
            (_, false) => None,
            (_, true) => self.crossed_up.map(|up| Crossing { bars: up.bars + 1, ..up }),
        };
    }

    /// The crossing above that still stands.
    pub(crate) fn crossed_up(&self) -> Option<Crossing> {
        self.crossed_up
    }

    /// The last bar brought the fast average below the slow one.
    pub(crate) fn crossed_down(&self) -> bool {
        self.crossed_down
    }

    /// All values; `None` until every indicator has seen enough.
    pub(crate) fn indicators(&self) -> Option<Indicators> {
        Some(Indicators {
            ema_fast: self.fast.value()?,
            ema_slow: self.slow.value()?,
            rsi: self.rsi.value()?,
            range_percent: self.range.value()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::tests::params;
    use proto::{Source, Symbol};

    fn bar(minute: i64, close: f64) -> Bar {
        Bar {
            v: proto::VERSION,
            symbol: Symbol::parse("AAPL").unwrap(),
            start_ms: minute * MINUTE_MS,
            open: close,
            high: close * 1.01,
            low: close,
            close,
            volume: 1.0,
            vwap: close,
            count: 1,
            seq: 0,
            source: Source::Sim,
        }
    }

    fn signals(closes: &[f64]) -> Signals {
        let mut signals = Signals::new(&params());
        for (minute, close) in (0..).zip(closes) {
            assert!(signals.push(&bar(minute, *close)));
        }
        signals
    }

    #[test]
    fn a_crossing_is_named_with_its_bar_and_ages() {
        let falling = [10.0, 9.0, 8.0, 7.0, 6.0];
        let mut signals = signals(&falling);
        assert_eq!(signals.crossed_up(), None);
        signals.push(&bar(5, 9.0));
        assert_eq!(signals.crossed_up(), Some(Crossing { at_ms: 6 * MINUTE_MS, bars: 1 }));
        signals.push(&bar(6, 10.0));
        assert_eq!(signals.crossed_up(), Some(Crossing { at_ms: 6 * MINUTE_MS, bars: 2 }));
    }

    #[test]
    fn a_crossing_down_is_said_once_and_ends_the_one_up() {
        let mut signals = signals(&[10.0, 9.0, 8.0, 7.0, 6.0, 9.0]);
        signals.push(&bar(6, 4.0));
        assert!(signals.crossed_down());
        assert_eq!(signals.crossed_up(), None);
        signals.push(&bar(7, 3.0));
        assert!(!signals.crossed_down());
    }

    #[test]
    fn averages_that_begin_apart_have_not_crossed() {
        assert_eq!(signals(&[1.0, 2.0, 3.0, 4.0, 5.0]).crossed_up(), None);
    }

    #[test]
    fn a_bar_counted_before_changes_nothing() {
        let mut signals = signals(&[10.0, 9.0, 8.0, 7.0]);
        let before = signals.indicators();
        assert!(!signals.push(&bar(3, 99.0)));
        assert_eq!(signals.indicators(), before);
    }

    #[test]
    fn nothing_is_said_before_every_indicator_has_seen_enough() {
        assert_eq!(signals(&[1.0, 2.0, 3.0]).indicators(), None);
        assert!(signals(&[1.0, 2.0, 3.0, 4.0]).indicators().is_some());
    }
}
