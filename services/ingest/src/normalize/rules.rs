//! The rules that look at one quote and its predecessor, each by its name. Pure.

use super::Quality;
use crate::source::{Handling, Quote};
use market::jump::is_beyond;
use proto::PriceField;

/// The first nanosecond of 2000 and of 2100: an event time outside is a wrong unit, not a time.
pub(super) const YEAR_2000_NS: i64 = 946_684_800_000_000_000;
const YEAR_2100_NS: i64 = 4_102_444_800_000_000_000;
const MS: i64 = 1_000_000;

/// The tick before, as far as its successor is held against it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Before {
    pub(super) time_ns: i64,
    pub(super) price: f64,
    pub(super) size: f64,
}

/// `non_positive`: no finite number above zero.
pub(super) fn is_no_price(quote: &Quote) -> bool {
    !(quote.price.is_finite() && quote.price > 0.0)
}

/// `time`: in another unit than nanoseconds, or further ahead of us than clocks differ.
pub(super) fn is_no_time(quote: &Quote, latest_ns: Option<i64>) -> bool {
    let dated = (YEAR_2000_NS..YEAR_2100_NS).contains(&quote.time_ns);
    !dated || latest_ns.is_some_and(|latest_ns| quote.time_ns > latest_ns)
}

/// The latest event time to believe of a source; `None` where time is not ours.
pub(super) fn latest_ns(handling: Handling, received_ns: i64, quality: &Quality) -> Option<i64> {
    handling.is_live().then(|| received_ns.saturating_add(quality.ahead_ns))
}

/// `out_of_order`: a live event from before the one already published.
pub(super) fn is_late(handling: Handling, quote: &Quote, before: Before) -> bool {
    handling.is_live() && quote.time_ns < before.time_ns
}

/// `duplicate`: what was published is said again.
///
/// A poll repeats itself until something new happens. A stream does not: two trades of one
/// millisecond may well be alike, so both count. Only two things are told twice there: a window that
/// is sent again (anything but a trade, by its time), and the last trade, by the snapshot that closes
/// a gap, whose times are finer than the stream's milliseconds.
pub(super) fn is_repeated(handling: Handling, quote: &Quote, before: Before) -> bool {
    let same = quote.price == before.price && quote.size == before.size;
    match handling {
        Handling::Simulated | Handling::Tape => false,
        Handling::Polled => quote.time_ns == before.time_ns && same,
        Handling::Streamed if quote.field != PriceField::Trade => quote.time_ns == before.time_ns,
        Handling::Streamed => {
            let moment = |time_ns: i64| time_ns.div_euclid(MS);
            quote.gap && moment(quote.time_ns) == moment(before.time_ns) && same
        }
    }
}

/// `crossed`: the bid is above the ask: neither can be believed.
pub(super) fn is_crossed(quote: &Quote) -> bool {
    matches!((quote.bid, quote.ask), (Some(bid), Some(ask)) if bid > ask)
}

/// `absurd`: a bid or an ask that nobody could mean at this price, as those that only stand there
/// because some must.
pub(super) fn is_absurd(side: Option<f64>, price: f64, quality: &Quality) -> bool {
    side.is_some_and(|side| is_beyond(side, price, quality.jump_percent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::tests::{NOON_NS, quote};

    fn before(quote: &Quote) -> Before {
        Before { time_ns: quote.time_ns, price: quote.price, size: quote.size }
    }

    #[test]
    fn a_price_is_a_finite_number_above_zero() {
        for price in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(is_no_price(&quote(NOON_NS, price)), "{price}");
        }
        assert!(!is_no_price(&quote(NOON_NS, 6e-5)));
    }

    #[test]
    fn a_time_is_in_nanoseconds_and_not_from_the_future() {
        let latest = Some(NOON_NS);
        for (time_ns, latest_ns, expected) in [
            (NOON_NS, latest, false),
            (NOON_NS + 1, latest, true),
            (NOON_NS + 1, None, false),
            (NOON_NS / 1_000_000, latest, true),
            (0, None, true),
            (i64::MAX, None, true),
        ] {
            assert_eq!(is_no_time(&quote(time_ns, 9.0), latest_ns), expected, "{time_ns}");
        }
    }

    #[test]
    fn only_live_events_can_be_ahead_of_the_clock_or_late() {
        let quality = Quality { ahead_ns: 5, ..Quality::default() };
        let (first, late) = (quote(NOON_NS, 9.0), quote(NOON_NS - 1, 9.0));
        for (handling, live) in [
            (Handling::Polled, true),
            (Handling::Streamed, true),
            (Handling::Tape, false),
            (Handling::Simulated, false),
        ] {
            assert_eq!(latest_ns(handling, 7, &quality), live.then_some(12));
            assert_eq!(is_late(handling, &late, before(&first)), live);
            assert!(!is_late(handling, &first, before(&first)));
        }
    }

    #[test]
    fn a_poll_repeats_time_price_and_size_together() {
        let first = quote(NOON_NS, 9.0);
        let repeated = |next: Quote| is_repeated(Handling::Polled, &next, before(&first));
        assert!(repeated(first.clone()));
        assert!(!repeated(Quote { size: 6.0, ..first.clone() }), "another trade of that moment");
        assert!(!repeated(quote(NOON_NS, 9.5)));
        assert!(!repeated(quote(NOON_NS + 1, 9.0)));
        assert!(!is_repeated(Handling::Tape, &first, before(&first)));
    }

    #[test]
    fn like_trades_of_a_stream_all_count_but_for_the_one_a_snapshot_tells_again() {
        let first = quote(NOON_NS, 9.0);
        let repeated = |next: Quote| is_repeated(Handling::Streamed, &next, before(&first));
        assert!(!repeated(first.clone()));
        let snapshot = Quote { gap: true, time_ns: NOON_NS + 811_026, ..first.clone() };
        assert!(repeated(snapshot.clone()));
        assert!(!repeated(Quote { time_ns: NOON_NS + MS, ..snapshot.clone() }));
        assert!(!repeated(Quote { size: 6.0, ..snapshot }));
        let window = Quote { field: PriceField::Second, price: 9.5, ..first.clone() };
        assert!(repeated(window), "the same second sent again: its bar is corrected, not the tick");
    }

    #[test]
    fn sides_that_cross_or_are_far_off_are_no_sides() {
        let sides = |bid, ask| Quote { bid, ask, ..quote(NOON_NS, 9.0) };
        assert!(is_crossed(&sides(Some(9.1), Some(9.0))));
        assert!(!is_crossed(&sides(Some(9.0), Some(9.0))), "locked is a market");
        assert!(!is_crossed(&sides(Some(9.1), None)));
        let absurd = |side| is_absurd(side, 9.0, &Quality::default());
        assert!(absurd(Some(0.01)) && absurd(Some(199_999.0)));
        assert!(!absurd(Some(8.0)) && !absurd(None));
    }
}
