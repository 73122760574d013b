//! Which symbols' next price comes after prices that are missing, and when prices can be missing at
//! all. Pure.

use crate::source::Quote;
use market::Calendar;
use proto::{PriceField, Symbol};
use std::collections::{BTreeMap, BTreeSet};

const DAY_MS: i64 = 86_400_000;
/// Days looked at: after so many there has been a session.
const MOST_DAYS: i64 = 14;

/// How long the market was open between two moments (milliseconds since 1970 UTC), before and after
/// the regular session too; milliseconds.
pub(super) fn open_between(calendar: &Calendar, from_ms: i64, to_ms: i64) -> u128 {
    let moments = (0..MOST_DAYS).map(|days| from_ms + days * DAY_MS).take_while(|ms| *ms < to_ms);
    let mut days: Vec<_> = moments
        .chain([to_ms])
        .filter_map(|moment_ms| calendar.day(moment_ms).ok().flatten())
        .map(|day| (day.pre_open_ms, day.post_close_ms))
        .collect();
    days.dedup();
    let open = days.iter().map(|(opens, closes)| (*closes).min(to_ms) - (*opens).max(from_ms));
    u128::from(open.filter(|open_ms| *open_ms > 0).sum::<i64>().unsigned_abs())
}

/// The marks that are still to be set.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    marks: BTreeSet<Symbol>,
    /// Time of the newest price given of each symbol, nanoseconds since 1970 UTC.
    given: BTreeMap<Symbol, i64>,
}

impl Gaps {
    /// Prices of `symbols` are missing up to here.
    pub(super) fn open(&mut self, symbols: &[Symbol]) {
        self.marks.extend(symbols.iter().cloned());
    }

    /// Whether `quote` is newer than what was given, by the stream's milliseconds: a snapshot tells the
    /// last trade again, with a finer time.
    pub(super) fn is_news(&self, quote: &Quote) -> bool {
        let moment = |time_ns: i64| time_ns.div_euclid(1_000_000);
        self.given.get(&quote.symbol).is_none_or(|given| moment(*given) < moment(quote.time_ns))
    }

    /// Marks the first new price of each symbol after a gap. One that was given before is no news and
    /// keeps the mark waiting, and a window that is told again (its taker drops it) one of its own too.
    /// What is later than `latest_ns` is from no time that there is: its taker drops it, and nothing
    /// is learnt from it.
    pub(super) fn mark(&mut self, quotes: &mut [Quote], latest_ns: i64) {
        for quote in quotes.iter_mut().filter(|quote| quote.time_ns <= latest_ns) {
            match self.given.get_mut(&quote.symbol) {
                Some(given) if *given >= quote.time_ns => {
                    if quote.field != PriceField::Trade && std::mem::take(&mut quote.gap) {
                        self.marks.insert(quote.symbol.clone());
                    }
                    continue;
                }
                Some(given) => *given = quote.time_ns,
                None => drop(self.given.insert(quote.symbol.clone(), quote.time_ns)),
            }
            quote.gap |= !self.marks.is_empty() && self.marks.remove(&quote.symbol);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = include_str!("../../../../../config/market_calendar.toml");

    #[test]
    fn only_an_open_market_has_prices_to_miss() {
        let calendar = Calendar::parse(CALENDAR).unwrap();
        // Friday 2026-11-20 19:59 in New York, a minute before the end of its day.
        let friday_ms = 1_795_222_740_000;
        let (minute, hour) = (60_000, 3_600_000);
        let open = |from_ms, to_ms| open_between(&calendar, from_ms, to_ms);
        assert_eq!(open(friday_ms, friday_ms + 30_000), 30_000);
        assert_eq!(open(friday_ms, friday_ms + 10 * hour), 60_000, "the night");
        assert_eq!(open(friday_ms + minute, friday_ms + 50 * hour), 0, "the weekend");
        // Monday 04:02.
        assert_eq!(open(friday_ms + minute, friday_ms + 56 * hour + 3 * minute), 120_000);
        assert_eq!(open(friday_ms + hour, friday_ms), 0, "clocks may differ");
        assert!(open(friday_ms, friday_ms + 400 * 24 * hour) > 100 * 3_600_000);
    }

    fn quote(time_ns: i64) -> Quote {
        Quote {
            symbol: Symbol::parse("A").unwrap(),
            price: 1.0,
            size: 0.0,
            time_ns,
            field: PriceField::Trade,
            delayed: false,
            bid: None,
            ask: None,
            prev_close: None,
            gap: false,
            received_ns: None,
        }
    }

    #[test]
    fn the_first_new_price_after_a_gap_is_marked_and_no_other() {
        let mut gaps = Gaps::default();
        let marked = |gaps: &mut Gaps, time_ns| {
            let mut quotes = [quote(time_ns)];
            gaps.mark(&mut quotes, i64::MAX);
            quotes[0].gap
        };
        assert!(!marked(&mut gaps, 1));
        gaps.open(&[Symbol::parse("A").unwrap()]);
        assert!(!marked(&mut gaps, 1), "an old price is no news");
        assert!(marked(&mut gaps, 2));
        assert!(!marked(&mut gaps, 3));
        assert!(!gaps.is_news(&quote(900_000)) && gaps.is_news(&quote(1_000_000)));
    }
    #[test]
    fn a_price_from_the_future_takes_no_mark_and_hides_no_price_after_it() {
        let mut gaps = Gaps::default();
        gaps.open(&[Symbol::parse("A").unwrap()]);
        let mut quotes = [quote(4_000_000_000), quote(1_000_000), quote(2_000_000)];
        gaps.mark(&mut quotes, 3_000_000);
        assert_eq!(quotes.map(|quote| quote.gap), [false, true, false]);
        assert!(gaps.is_news(&quote(3_000_000)), "the future is not what was given");
    }

    #[test]
    fn a_window_that_is_told_again_leaves_its_own_mark_to_the_next_price() {
        let mut gaps = Gaps::default();
        let second = |time_ns, gap| Quote { field: PriceField::Second, gap, ..quote(time_ns) };
        let mut quotes = [second(1, false), second(1, true), second(2, false)];
        gaps.mark(&mut quotes, i64::MAX);
        assert_eq!(quotes.map(|quote| quote.gap), [false, false, true]);
    }
}
