//! One session of simulated minutes from before the first tick, so that charts are full and
//! strategies warm at once. Pure.

use super::Market;
use crate::{normalize::bare_tick, source::Backfill};
use market::{BarFold, MINUTE_MS, minute_start};
use proto::{Bar, Source as Origin};

/// Minutes of a regular session.
pub const SESSION_MINUTES: i64 = 390;

/// The bars of the 390 minutes before the minute of `now_ms`, and the prices of that minute up to
/// and including `now_ms`: what the feed would have given, had it been running.
pub fn session_before(market: &mut Market, now_ms: i64) -> Backfill {
    let forming_ms = minute_start(now_ms);
    let first_ms = forming_ms - SESSION_MINUTES * MINUTE_MS;
    let mut backfill =
        Backfill { bars: minutes(market, first_ms, forming_ms), ..Backfill::default() };
    let mut time_ms = market.grid_from(forming_ms);
    while time_ms <= now_ms {
        backfill.forming.extend(market.quotes(time_ms));
        time_ms += market.interval_ms.cast_signed();
    }
    backfill
}

/// The bars of the minutes from `first_ms` up to `end_ms`, both starts of minutes.
pub fn minutes(market: &mut Market, first_ms: i64, end_ms: i64) -> Vec<Bar> {
    let mut time_ms = market.grid_from(first_ms);
    let mut folds: Vec<BarFold> =
        market.walks.iter().map(|(symbol, _)| BarFold::new(symbol.clone())).collect();
    let (mut bars, mut seq) = (Vec::new(), 0);
    while time_ms < end_ms {
        seq += 1;
        for (fold, quote) in folds.iter_mut().zip(market.quotes(time_ms)) {
            let closed = fold.push(&bare_tick(quote, Origin::Sim, seq));
            bars.extend(closed.map(as_history));
        }
        time_ms += market.interval_ms.cast_signed();
    }
    bars.extend(folds.iter_mut().filter_map(|fold| fold.close_if_over(end_ms)).map(as_history));
    bars
}

/// A bar whose ticks were never published.
fn as_history(bar: Bar) -> Bar {
    Bar { seq: 0, ..bar }
}

#[cfg(test)]
mod tests {
    use super::super::{Profile, Settings};
    use super::*;
    use proto::Symbol;
    use std::collections::BTreeMap;

    const MINUTE: i64 = 1_700_000_040_000;

    fn market(interval_ms: u64) -> Market {
        let defaults = Profile { base_price: 50.0, volatility: 0.03, spread: 0.0005, volume: 90.0 };
        let settings =
            Settings { seed: 1, interval_ms, speed: 1.0, profiles: BTreeMap::new(), defaults };
        let symbols = ["AAPL", "MSFT"].map(|text| Symbol::parse(text).unwrap());
        Market::new(&settings, &symbols)
    }

    #[test]
    fn a_session_is_390_bars_of_each_symbol_up_to_the_running_minute() {
        let backfill = session_before(&mut market(1_000), MINUTE + 12_000);
        assert_eq!(backfill.bars.len(), 780);
        assert_eq!(backfill.bars[0].start_ms, MINUTE - 390 * MINUTE_MS);
        assert_eq!(backfill.bars[779].start_ms, MINUTE - MINUTE_MS);
        assert!(backfill.bars.iter().all(|bar| bar.seq == 0 && bar.count == 60));
        assert_eq!(backfill.forming.len(), 2 * 13, "seconds 0 to 12 of the running minute");
    }

    #[test]
    fn a_later_start_gives_the_same_bars_for_the_same_minutes() {
        let early = session_before(&mut market(1_000), MINUTE + 3_000);
        let late = session_before(&mut market(1_000), MINUTE + 5 * MINUTE_MS + 59_000);
        assert_eq!(early.bars[10..], late.bars[..770]);
    }

    #[test]
    fn an_interval_that_does_not_divide_the_minute_leaves_no_minute_out() {
        for interval_ms in [7_000, 11_000, 45_000] {
            let backfill = session_before(&mut market(interval_ms), MINUTE);
            assert_eq!(backfill.bars.len(), 780, "{interval_ms}");
        }
    }
}
