//! When to leave a position. Rules in the order of their urgency; the first that holds is the reason.

use crate::params::Params;
use proto::Reason;

/// What the exit rules look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holding {
    /// Price of the tick, dollars.
    pub(crate) price: f64,
    /// Average price paid, dollars.
    pub(crate) paid: f64,
    /// Highest price since the position was opened, dollars.
    pub(crate) peak: f64,
    /// How long it has been held, milliseconds; negative when it was opened on another clock.
    pub(crate) held_ms: i64,
    /// Until the regular session closes, milliseconds; `None` where it never does.
    pub(crate) closes_in_ms: Option<i64>,
    /// The averages crossed down at the bar that this tick closed.
    pub(crate) crossed_down: bool,
}

/// The reason to leave now, if there is one.
pub(crate) fn reason(params: &Params, holding: &Holding) -> Option<Reason> {
    let Holding { price, paid, peak, .. } = *holding;
    let trailing_stop = trailing_stop(params, paid, peak);
    let closing = holding.closes_in_ms.is_some_and(|left| left <= params.flat_before_close_ms);
    let rules = [
        (price <= stop_loss(params, paid), Reason::StopLoss),
        (price >= take_profit(params, paid), Reason::TakeProfit),
        (trailing_stop.is_some_and(|stop| price <= stop), Reason::TrailingStop),
        (closing, Reason::FlatBeforeClose),
        (holding.held_ms >= params.max_holding_ms, Reason::MaxHolding),
        (params.exit_on_cross_down && holding.crossed_down, Reason::CrossDown),
    ];
    rules.into_iter().find_map(|(holds, reason)| holds.then_some(reason))
}

/// At or below this price the loss is stopped, dollars.
pub(crate) fn stop_loss(params: &Params, paid: f64) -> f64 {
    paid * (1.0 - part(params.stop_loss_percent))
}

/// At or above this price the profit is taken, dollars.
pub(crate) fn take_profit(params: &Params, paid: f64) -> f64 {
    paid * (1.0 + part(params.take_profit_percent))
}

/// At or below this price the gain is kept, dollars; `None` until the stop trails.
pub(crate) fn trailing_stop(params: &Params, paid: f64, peak: f64) -> Option<f64> {
    let armed = peak >= paid * (1.0 + part(params.trailing_start_percent));
    armed.then(|| peak * (1.0 - part(params.trailing_stop_percent)))
}

fn part(percent: f64) -> f64 {
    percent / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::tests::params;

    fn holding() -> Holding {
        Holding {
            price: 100.0,
            paid: 100.0,
            peak: 100.0,
            held_ms: 0,
            closes_in_ms: None,
            crossed_down: false,
        }
    }

    #[track_caller]
    fn check(holding: Holding, expected: Option<Reason>) {
        assert_eq!(reason(&params(), &holding), expected, "{holding:?}");
    }

    #[test]
    fn each_rule_holds_from_its_own_bound_on() {
        check(holding(), None);
        check(Holding { price: 99.01, ..holding() }, None);
        check(Holding { price: 99.0, ..holding() }, Some(Reason::StopLoss));
        check(Holding { price: 101.99, peak: 101.99, ..holding() }, None);
        check(Holding { price: 102.0, peak: 102.0, ..holding() }, Some(Reason::TakeProfit));
        check(Holding { held_ms: 599_999, ..holding() }, None);
        check(Holding { held_ms: 600_000, ..holding() }, Some(Reason::MaxHolding));
        check(Holding { closes_in_ms: Some(300_001), ..holding() }, None);
        check(Holding { closes_in_ms: Some(300_000), ..holding() }, Some(Reason::FlatBeforeClose));
        check(Holding { crossed_down: true, ..holding() }, Some(Reason::CrossDown));
    }

    #[test]
    fn the_stop_trails_only_once_there_was_a_gain() {
        check(Holding { price: 99.5, peak: 100.4, ..holding() }, None);
        check(Holding { price: 101.2, peak: 101.6, ..holding() }, None);
        check(Holding { price: 101.0, peak: 101.6, ..holding() }, Some(Reason::TrailingStop));
    }

    #[test]
    fn the_most_urgent_reason_is_given() {
        let everything = Holding {
            price: 98.0,
            peak: 103.0,
            held_ms: 700_000,
            closes_in_ms: Some(1),
            crossed_down: true,
            ..holding()
        };
        check(everything, Some(Reason::StopLoss));
    }

    #[test]
    fn a_position_opened_on_another_clock_is_not_too_old() {
        check(Holding { held_ms: -1_000_000_000, ..holding() }, None);
    }
}
