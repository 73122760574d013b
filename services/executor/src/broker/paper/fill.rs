//! The price a paper order gets. Pure.

use crate::money;
use proto::{Fill, Intent, PriceField, Session, Side, Tick};
use rust_decimal::Decimal;

/// How paper orders fill, from `executor.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct PaperRules {
    /// Whole spread assumed where a tick has no bid and ask, basis points of the price.
    pub spread_bps: Decimal,
    /// What a market order gives up beyond the spread, basis points of the price.
    pub slippage_bps: Decimal,
    /// Fee per order, dollars.
    pub fee_per_order: Decimal,
}

/// Decimals of a fill's price: US stocks quote finer than a cent below one dollar.
const PRICE_DECIMALS: u32 = 4;

/// The fill of `intent` on `tick`; `None` when nothing can trade on this tick: it is not after the
/// intent's own, is yesterday's price or one not to be believed yet, or the market is closed.
pub(super) fn fill(intent: &Intent, tick: &Tick, rules: &PaperRules) -> Option<Fill> {
    let after = tick.seq > intent.tick_seq;
    let believed = tick.field != PriceField::PrevDay && tick.suspect.is_none();
    if !after || !believed || tick.session != Session::Regular {
        return None;
    }
    Some(Fill {
        id: format!("{}-1", intent.id),
        quantity: intent.quantity,
        price: price(intent.side, tick, rules),
        fee: rules.fee_per_order,
        value: None,
    })
}

/// The far side of the spread, worsened by slippage.
fn price(side: Side, tick: &Tick, rules: &PaperRules) -> Decimal {
    let basis = Decimal::from(10_000);
    let last = money(tick.price);
    let half_spread = last * rules.spread_bps / basis / Decimal::TWO;
    let slippage = last * rules.slippage_bps / basis;
    let worse = match side {
        Side::Buy => tick.ask.map_or(last + half_spread, money) + slippage,
        Side::Sell => tick.bid.map_or(last - half_spread, money) - slippage,
    };
    // A penny stock's bid can be all there is.
    worse.round_dp(PRICE_DECIMALS).max(Decimal::new(1, PRICE_DECIMALS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{intent, tick};

    fn rules() -> PaperRules {
        PaperRules {
            spread_bps: Decimal::from(10),
            slippage_bps: Decimal::from(1),
            fee_per_order: Decimal::ONE,
        }
    }

    #[test]
    fn a_buy_pays_half_the_spread_and_slippage_where_no_quote_is_known() {
        let filled = fill(&intent("AAPL", 7, Side::Buy, 10), &tick("AAPL", 8, 100.0), &rules());
        let filled = filled.unwrap();
        assert_eq!(filled.price, "100.06".parse().unwrap());
        assert_eq!((filled.quantity, filled.fee), (Decimal::TEN, Decimal::ONE));
    }

    #[test]
    fn a_sell_gets_the_bid_less_slippage() {
        let mut quoted = tick("AAPL", 8, 100.0);
        (quoted.bid, quoted.ask) = (Some(99.9), Some(100.1));
        let filled = fill(&intent("AAPL", 7, Side::Sell, 10), &quoted, &rules()).unwrap();
        assert_eq!(filled.price, "99.89".parse().unwrap());
    }

    #[test]
    fn nothing_fills_on_the_deciding_tick_on_old_or_suspect_prices_or_in_a_closed_market() {
        let wish = intent("AAPL", 7, Side::Buy, 10);
        assert_eq!(fill(&wish, &tick("AAPL", 7, 100.0), &rules()), None);
        let mut stale = tick("AAPL", 8, 100.0);
        stale.field = PriceField::PrevDay;
        assert_eq!(fill(&wish, &stale, &rules()), None);
        let mut suspect = tick("AAPL", 8, 100.0);
        suspect.suspect = Some(proto::Suspect::Outlier);
        assert_eq!(fill(&wish, &suspect, &rules()), None);
        let mut late = tick("AAPL", 8, 100.0);
        late.session = Session::Post;
        assert_eq!(fill(&wish, &late, &rules()), None);
    }
}
