//! Which order is ours, and when it can be said that there is none.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const SENT_MS: i64 = 1_786_254_531_000;

fn shares() -> Decimal {
    "9.97".parse().unwrap()
}

fn sent() -> Sent {
    Sent {
        ticker: "AAPL_US_EQ".to_owned(),
        quantities: vec!["9.97".parse().unwrap(), "9.9".parse().unwrap()],
        kind: OrderKind::MARKET,
        sent_ms: SENT_MS,
        baseline: Some(Decimal::ZERO),
    }
}

fn order(id: i64, changes: &serde_json::Value) -> Order {
    // Numbers are read from their text: go through it.
    let mut row = json!({"id": id, "type": "MARKET", "ticker": "AAPL_US_EQ", "quantity": 9.97, "side": "BUY",
        "status": "NEW", "initiatedFrom": "API", "createdAt": "2026-08-09T08:48:51.933+03:00"});
    for (key, value) in changes.as_object().unwrap() {
        row[key] = value.clone();
    }
    serde_json::from_str(&row.to_string()).unwrap()
}

fn rows(items: Vec<Order>) -> Rows<Order> {
    Rows { items, unreadable: 0 }
}

fn check(changes: &serde_json::Value, expected: Likeness) {
    assert_eq!(likeness(&sent(), &order(1, changes), 0), expected, "{changes}");
}

#[test]
fn an_order_is_ours_only_when_everything_fits() {
    use Likeness::{Doubtful, Other, Ours};
    check(&json!({}), Ours);
    check(&json!({"quantity": 9.9}), Ours);
    check(&json!({"createdAt": "2026-08-09T05:48:46.000Z"}), Ours);
    check(
        &json!({"limitPrice": null, "initiatedFrom": null, "type": null, "status": "MOON"}),
        Ours,
    );
    check(&json!({"createdAt": "2026-08-09T05:48:40.000Z"}), Doubtful);
    check(&json!({"createdAt": null}), Doubtful);
    check(&json!({"quantity": null}), Doubtful);
    check(&json!({"createdAt": "2026-08-09T05:30:00.000Z"}), Other);
    check(&json!({"quantity": 9.98}), Other);
    check(&json!({"side": "SELL"}), Other);
    check(&json!({"type": "LIMIT"}), Other);
    check(&json!({"ticker": "MSFT_US_EQ"}), Other);
    check(&json!({"initiatedFrom": "IOS"}), Other);
}

#[test]
fn a_clock_that_is_off_widens_the_window() {
    let early = order(1, &json!({"createdAt": "2026-08-09T05:48:11.000Z"}));
    assert_eq!(likeness(&sent(), &early, 0), Likeness::Doubtful);
    assert_eq!(likeness(&sent(), &early, 60_000), Likeness::Ours);
}

#[test]
fn exactly_one_is_adopted_and_two_are_for_a_person() {
    let mut search = Search::new(sent(), Patience::default());
    let none = BTreeSet::new();
    search.on_pending(&rows(vec![order(7, &json!({}))]), 0, SENT_MS);
    assert_eq!(search.verdict(&none, SENT_MS), Verdict::Present(7, shares()));
    search.on_pending(&rows(vec![order(8, &json!({}))]), 0, SENT_MS);
    assert_eq!(search.verdict(&none, SENT_MS), Verdict::Ambiguous(vec![7, 8]));
    assert_eq!(search.verdict(&BTreeSet::from([8]), SENT_MS), Verdict::Present(7, shares()));
}

/// Shows nothing to the search at these seconds.
fn look(search: &mut Search, seconds: &[i64], what: &str) {
    for second in seconds {
        let now = SENT_MS + second * 1_000;
        match what {
            "pending" => search.on_pending(&rows(Vec::new()), 0, now),
            "history" => search.on_history(&[], true, 0, now),
            _ => search.on_positions(&Rows::default(), now),
        }
    }
}

#[test]
fn absent_needs_all_three_twice_apart_and_late() {
    let none = BTreeSet::new();
    let all = ["pending", "history", "position"];
    for missing in all {
        let mut search = Search::new(sent(), Patience::default());
        for what in all.into_iter().filter(|what| *what != missing) {
            look(&mut search, &[500, 700], what);
        }
        let later = SENT_MS + 3_600_000;
        assert_eq!(search.verdict(&none, later), Verdict::NotYet, "without {missing}");
        look(&mut search, &[500, 520], missing);
        assert_eq!(search.verdict(&none, later), Verdict::NotYet, "{missing} too early");
        look(&mut search, &[620], missing);
        assert!(matches!(search.verdict(&none, later), Verdict::Absent(_)), "{missing}");
    }
}

#[test]
fn a_moved_position_or_an_unreadable_row_is_no_proof() {
    let none = BTreeSet::new();
    let mut search = Search::new(sent(), Patience::default());
    look(&mut search, &[500, 700], "pending");
    look(&mut search, &[500, 700], "history");
    let held = r#"[{"instrument":{"ticker":"AAPL_US_EQ"},"quantity":9.97}]"#;
    search.on_positions(&serde_json::from_str(held).unwrap(), SENT_MS + 600_000);
    search.on_positions(&Rows::default(), SENT_MS + 700_000);
    assert_eq!(search.verdict(&none, SENT_MS + 700_000), Verdict::NotYet);
    search.on_positions(&Rows { items: Vec::new(), unreadable: 1 }, SENT_MS + 800_000);
    search.on_positions(&Rows::default(), SENT_MS + 801_000);
    assert_eq!(search.verdict(&none, SENT_MS + 801_000), Verdict::NotYet);
}

#[test]
fn strangers_are_seen_and_ours_are_not_strangers() {
    let list = rows(vec![
        order(1, &json!({})),
        order(
            2,
            &json!({"initiatedFrom": "IOS", "quantity": -4, "side": "SELL", "filledQuantity": -1, "limitPrice": 12.5}),
        ),
    ]);
    let strangers = foreign(&list, &BTreeSet::from([1]));
    let expected = Foreign {
        id: 2,
        ticker: "AAPL_US_EQ".to_owned(),
        remaining: Decimal::from(-3),
        price: Some("12.5".parse().unwrap()),
        from: "IOS".to_owned(),
    };
    assert_eq!(strangers, [expected]);
}

proptest! {
    #[test]
    fn what_was_seen_once_is_never_called_absent(
        looks in prop::collection::vec((0..3_usize, 0..5_000_i64), 0..40),
        seen_at in 0..40_usize,
        kind in 0..3_usize,
    ) {
        let mut search = Search::new(sent(), Patience::default());
        let mut sorted = looks.clone();
        sorted.sort_by_key(|(_, second)| *second);
        for (index, (what, second)) in sorted.iter().enumerate() {
            if index == seen_at.min(sorted.len() - 1) {
                match kind {
                    0 => search.on_pending(&rows(vec![order(7, &json!({}))]), 0, SENT_MS),
                    1 => search.on_pending(&rows(vec![order(7, &json!({"createdAt": null}))]), 0, SENT_MS),
                    _ => {
                        let row = HistoricalOrder { order: order(7, &json!({"status": "REJECTED"})), fill: None };
                        search.on_history(&[row], true, 0, SENT_MS);
                    }
                }
            }
            look(&mut search, &[*second], ["pending", "history", "position"][*what]);
        }
        if !sorted.is_empty() {
            let verdict = search.verdict(&BTreeSet::new(), SENT_MS + 9_000_000);
            prop_assert!(matches!(verdict, Verdict::Present(7, _) | Verdict::Ambiguous(_)), "{:?}", verdict);
        }
    }
}
