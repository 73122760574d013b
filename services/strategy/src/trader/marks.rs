//! The prices at which a position will be left, as they stand now. Pure.

use super::{OTHER_CLOCK_MS, Trader, paid};
use crate::exits;

/// The marks of one symbol; all empty while nothing is held.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Marks {
    /// What was paid per share, dollars.
    pub(crate) entry: Option<f64>,
    /// The stop in force, dollars: the higher of the one against loss and the one that trails.
    pub(crate) stop: Option<f64>,
    /// The stop has begun to trail.
    pub(crate) trailing: bool,
    /// Where profit is taken, dollars.
    pub(crate) take_profit: Option<f64>,
    /// When the position is left whatever its price, milliseconds since 1970 UTC.
    pub(crate) leave_by_ms: Option<i64>,
}

impl Trader {
    /// The marks of what is held; `closes_ms` is when the regular session closes. A position that
    /// waits for a person has its entry and nothing else: nothing will be sold.
    pub(crate) fn marks(&self, closes_ms: Option<i64>) -> Marks {
        let held = self.held().map(|position| (paid(position), position.opened_ns / 1_000_000));
        let Some((paid, opened_ms)) = held.filter(|(paid, _)| *paid > 0.0) else {
            return Marks::default();
        };
        let entry = Some(paid);
        if self.stopped {
            return Marks { entry, ..Marks::default() };
        }
        let params = &self.params;
        let trailing_stop = exits::trailing_stop(params, paid, self.peak);
        let stop = exits::stop_loss(params, paid);
        // What was opened on another clock is held for no time that this one knows.
        let of_clock = |now_ms: &i64| now_ms - opened_ms > -OTHER_CLOCK_MS;
        let longest = self.before_ms.filter(of_clock).map(|_| opened_ms + params.max_holding_ms);
        let flat_by = closes_ms.map(|closes_ms| closes_ms - params.flat_before_close_ms);
        Marks {
            entry,
            stop: Some(trailing_stop.map_or(stop, |trailing| trailing.max(stop))),
            trailing: trailing_stop.is_some(),
            take_profit: Some(exits::take_profit(params, paid)),
            leave_by_ms: [longest, flat_by].into_iter().flatten().min(),
        }
    }

    /// Time of the last tick counted in.
    pub(crate) fn before_ms(&self) -> Option<i64> {
        self.before_ms
    }

    /// `seq` of the last tick counted in.
    pub(crate) fn last_seq(&self) -> u64 {
        self.fold.last_seq()
    }
}
