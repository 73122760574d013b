//! One order from its placing to its end, in every order in which its news can come.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const MADE_MS: i64 = 1_786_254_531_000; // 2026-08-09 01:48 in New York

fn life() -> Life {
    Life::new(7, Decimal::TEN, MADE_MS)
}

fn order(status: &str, filled: i64) -> Value {
    json!({"id": 7, "quantity": 10, "filledQuantity": filled, "status": status, "side": "BUY"})
}

fn snapshot(status: &str, filled: i64) -> Order {
    serde_json::from_str(&order(status, filled).to_string()).unwrap()
}

/// A row of history: a fill of so many shares, or none.
fn row(status: &str, filled: i64, fill: Option<(i64, i64)>) -> HistoricalOrder {
    let fill = fill.map(|(id, shares)| {
        json!({"id": id, "filledAt": format!("2026-08-10T13:30:{:02}.000Z", id % 60), "price": 213.47, "quantity": shares,
            "type": "TRADE", "walletImpact": {"currency": "EUR", "netValue": -195.99,
            "taxes": [{"name": "CURRENCY_CONVERSION_FEE", "quantity": 0.29}, {"name": "FINRA_FEE", "quantity": -0.01}]}})
    });
    serde_json::from_str(&json!({"order": order(status, filled), "fill": fill}).to_string())
        .unwrap()
}

fn shares(news: &[News]) -> Decimal {
    let trades = news.iter().filter_map(|news| match news {
        News::Traded(trade) => Some(trade.quantity),
        News::Canceled(_) | News::Expired(_) | News::Rejected(_) => None,
    });
    trades.sum()
}

#[test]
fn a_fill_has_its_price_its_fees_and_what_the_account_paid() {
    let news = life().on_history(&[row("FILLED", 10, Some((1, 10)))], true, MADE_MS);
    let [News::Traded(trade)] = news.as_slice() else { panic!("{news:?}") };
    assert_eq!((trade.quantity, trade.price.to_string().as_str()), (Decimal::TEN, "213.47"));
    assert_eq!(trade.fee, "0.30".parse().unwrap());
    assert_eq!(trade.value, Some("195.69".parse().unwrap()));
    let mut sale = Life::new(7, -Decimal::TEN, MADE_MS);
    let news = sale.on_history(&[row("FILLED", -10, Some((1, -10)))], true, MADE_MS);
    let [News::Traded(trade)] = news.as_slice() else { panic!("{news:?}") };
    assert_eq!((trade.quantity, trade.value), (Decimal::TEN, Some("196.29".parse().unwrap())));
}

#[test]
fn out_of_sight_is_no_end() {
    let mut life = life();
    for minute in 0..600 {
        let now = MADE_MS + minute * 60_000;
        life.on_pending(None, now);
        life.on_by_id(None, now);
        assert_eq!(life.on_history(&[], true, now), []);
    }
    assert_eq!((life.standing(), life.is_over()), (Standing::OutOfSight, false));
    let news = life.on_history(&[row("FILLED", 10, Some((1, 10)))], true, MADE_MS);
    assert_eq!((shares(&news), life.is_over()), (Decimal::TEN, true));
}

#[test]
fn filled_without_a_price_waits_for_it() {
    let mut life = life();
    life.on_by_id(Some(&snapshot("FILLED", 10)), MADE_MS);
    assert_eq!(life.standing(), Standing::PricePending);
    let mut unpriced = row("FILLED", 10, Some((1, 10)));
    unpriced.fill.as_mut().unwrap().price = None;
    assert_eq!(life.on_history(&[unpriced], true, MADE_MS + 90_000), []);
    assert!(!life.is_over() && life.wants_history());
}

#[test]
fn a_cancel_waits_for_the_fills_it_lost_against() {
    let mut life = life();
    life.cancel_asked();
    let canceled = [row("CANCELLED", 4, None)];
    assert_eq!(life.on_history(&canceled, true, MADE_MS), []);
    let news = life.on_history(&[row("CANCELLED", 4, Some((1, 4)))], true, MADE_MS + 1);
    assert_eq!(shares(&news), Decimal::from(4));
    assert_eq!(news.last(), Some(&News::Canceled("as asked".to_owned())));
    assert!(life.is_over());
}

#[test]
fn an_end_that_only_the_list_shows_is_held_against_history_first() {
    let mut life = life();
    life.on_pending(Some(&snapshot("CANCELLED", 0)), MADE_MS);
    assert_eq!(life.on_history(&[], true, MADE_MS + 1_000), []);
    assert_eq!(life.on_history(&[], false, MADE_MS + 60_000), [], "history was not read whole");
    let news = life.on_history(&[], true, MADE_MS + 60_000);
    assert!(matches!(news.as_slice(), [News::Canceled(_)]), "{news:?}");
}

#[test]
fn a_day_order_that_ends_on_a_later_day_has_expired() {
    let ended = |now_ms: i64, asked: bool, validity: &str| {
        let mut life = life();
        if asked {
            life.cancel_asked();
        }
        let mut row = row("CANCELLED", 0, None);
        row.order.time_in_force = Some(validity.to_owned());
        life.on_history(&[row], true, now_ms).pop().unwrap()
    };
    let next_day = MADE_MS + 24 * 3_600_000;
    assert!(matches!(ended(next_day, false, "DAY"), News::Expired(_)));
    assert!(matches!(ended(next_day, true, "DAY"), News::Canceled(_)));
    assert!(matches!(ended(MADE_MS + 1, false, "DAY"), News::Canceled(_)));
    assert!(matches!(ended(next_day, false, "GOOD_TILL_CANCEL"), News::Canceled(_)));
}

#[test]
fn a_refusal_after_acceptance_is_told() {
    let news = life().on_history(&[row("REJECTED", 0, None)], true, MADE_MS);
    assert!(matches!(news.as_slice(), [News::Rejected(_)]), "{news:?}");
}

#[test]
fn a_split_is_no_trade_and_an_unknown_status_no_end() {
    let mut life = life();
    let mut split = row("FILLED", 10, Some((1, 10)));
    split.fill.as_mut().unwrap().kind = Some("STOCK_SPLIT".to_owned());
    assert_eq!(life.on_history(&[split, row("MOON", 0, None)], true, MADE_MS), []);
    assert!(!life.is_over());
}

proptest! {
    #[test]
    fn fills_count_once_in_any_order_with_any_repeats_and_gaps(
        parts in prop::collection::vec(1..5_i64, 1..6),
        shown in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 0..60),
        canceled in any::<bool>(),
    ) {
        let whole: i64 = parts.iter().sum();
        let quantity = if canceled { whole + 1 } else { whole };
        let mut life = Life::new(7, Decimal::from(quantity), MADE_MS);
        let status = if canceled { "CANCELLED" } else { "FILLED" };
        let mut rows: Vec<HistoricalOrder> = parts.iter().zip(1..)
            .map(|(shares, id)| row(status, whole, Some((id, *shares)))).collect();
        for row in &mut rows {
            row.order.quantity = Some(Decimal::from(quantity));
        }
        let (mut told, mut ends, mut now) = (Decimal::ZERO, 0, MADE_MS);
        let mut take = |news: Vec<News>, over: bool| {
            let end = news.iter().filter(|news| !matches!(news, News::Traded(_))).count();
            told += shares(&news);
            ends += end;
            assert!(end == 0 || over);
            (told, ends)
        };
        for (which, what) in shown {
            now += 7_000;
            match what {
                0 => life.on_pending(None, now),
                1 => life.on_by_id(None, now),
                2 => { let _ = take(life.on_history(&[], true, now), life.is_over()); }
                _ => {
                    let row = which.get(&rows).clone();
                    let news = life.on_history(&[row.clone(), row], true, now);
                    let _ = take(news, life.is_over());
                }
            }
        }
        let news = life.on_history(&rows, true, now + 1);
        let (told, ends) = take(news, life.is_over());
        prop_assert_eq!(told, Decimal::from(whole));
        prop_assert_eq!(ends, usize::from(canceled));
        prop_assert!(life.is_over());
    }
}
