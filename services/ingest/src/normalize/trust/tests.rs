//! One symbol's prices, from the first to a split.

use super::*;

const OPEN_NS: i64 = 1_700_058_600_000_000_000;
const SECOND_NS: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * SECOND_NS;
const OUTLIER: Option<Suspect> = Some(Suspect::Outlier);
const JUMP: Option<Suspect> = Some(Suspect::CorporateAction);

/// A symbol's line of prices, one a second.
struct Line {
    trust: Trust,
    time_ns: i64,
    session: Session,
    prev_close: Option<f64>,
}

impl Line {
    fn new() -> Self {
        let (trust, session) = (Trust::default(), Session::Regular);
        Self { trust, time_ns: OPEN_NS, session, prev_close: None }
    }

    fn after(price: f64) -> Self {
        let mut line = Self::new();
        assert_eq!(line.judge(price), Judgement::default());
        line
    }

    fn judge(&mut self, price: f64) -> Judgement {
        self.judge_after(price, SECOND_NS)
    }

    fn judge_after(&mut self, price: f64, after_ns: i64) -> Judgement {
        self.time_ns += after_ns;
        let Self { time_ns, session, prev_close, .. } = *self;
        self.trust.judge(Sample { price, time_ns, session, prev_close }, &Quality::default())
    }

    #[track_caller]
    fn suspects(&mut self, prices: &[f64], expected: Option<Suspect>) {
        for price in prices {
            assert_eq!(self.judge(*price).suspect, expected, "{price}");
        }
    }

    #[track_caller]
    fn breaks_at(&mut self, price: f64, kind: Suspect) {
        let turn = Some(Turn::Confirmed(kind));
        assert_eq!(self.judge(price), Judgement { suspect: None, broken: true, turn });
    }
}

#[test]
fn a_single_outlier_is_suspect_and_the_return_loses_nothing_else() {
    let mut line = Line::after(100.0);
    let begun = line.judge(115.0);
    assert_eq!((begun.suspect, begun.turn), (OUTLIER, Some(Turn::Suspected(Suspect::Outlier))));
    let back = line.judge(100.5);
    let turn = Some(Turn::Cleared(Suspect::Outlier));
    assert_eq!(back, Judgement { suspect: None, broken: false, turn });
    assert_eq!(line.judge(100.6), Judgement::default());
}

#[test]
fn three_further_prices_bear_an_outlier_out_and_the_next_is_a_break() {
    let mut line = Line::after(100.0);
    line.suspects(&[115.0, 115.2, 116.0, 115.5], OUTLIER);
    line.breaks_at(115.6, Suspect::Outlier);
    assert_eq!(line.judge(116.0), Judgement::default());
    line.suspects(&[100.0], OUTLIER);
}

#[test]
fn prices_of_one_moment_bear_nothing_out() {
    let mut line = Line::after(100.0);
    line.suspects(&[115.0], OUTLIER);
    for _ in 0..10 {
        assert_eq!(line.judge_after(115.0, 0).suspect, OUTLIER);
    }
}

#[test]
fn outliers_that_disagree_bear_nothing_out() {
    let mut line = Line::after(100.0);
    for _ in 0..10 {
        line.suspects(&[115.0, 85.0], OUTLIER);
    }
}

#[test]
fn a_level_may_move_on_as_prices_do() {
    let mut line = Line::after(100.0);
    line.suspects(&[112.0, 118.0, 123.0, 124.0], OUTLIER);
    line.breaks_at(122.0, Suspect::Outlier);
}

#[test]
fn a_jump_takes_five_further_prices_and_a_minute() {
    let mut line = Line::after(100.0);
    line.suspects(&[50.0; 60], JUMP);
    assert_eq!(line.judge(50.0).suspect, JUMP, "this one makes the minute full");
    line.breaks_at(50.0, Suspect::CorporateAction);

    let mut line = Line::after(100.0);
    for _ in 0..6 {
        assert_eq!(line.judge_after(50.0, 30 * SECOND_NS).suspect, JUMP);
    }
    line.breaks_at(50.0, Suspect::CorporateAction);
}

#[test]
fn a_real_overnight_gap_is_believed_and_a_split_is_not() {
    for (price, expected) in [(120.0, None), (82.0, None), (50.0, JUMP), (130.0, JUMP)] {
        let mut line = Line::after(100.0);
        assert_eq!(line.judge_after(price, DAY_NS).suspect, expected, "{price}");
    }
    let mut line = Line::after(100.0);
    line.session = Session::Post;
    line.suspects(&[115.0], None);
}

#[test]
fn a_previous_close_that_has_split_as_well_bears_the_jump_out_at_once() {
    let mut line = Line::new();
    line.prev_close = Some(98.0);
    assert_eq!(line.judge(100.0), Judgement::default());
    line.prev_close = Some(25.1);
    let split = line.judge_after(25.4, DAY_NS);
    assert_eq!(split, Judgement { suspect: None, broken: true, turn: None });
    assert_eq!(line.judge(25.5), Judgement::default());
}

#[test]
fn a_wrong_price_near_a_previous_close_that_has_not_changed_stays_suspect() {
    let mut line = Line::new();
    line.prev_close = Some(100.0);
    line.suspects(&[110.0, 120.0, 131.0, 140.0], None);
    line.suspects(&[101.0], JUMP);
    line.prev_close = None;
    line.suspects(&[102.0], JUMP);
    line.prev_close = Some(100.0);
    line.suspects(&[103.0], JUMP);
}

#[test]
fn the_first_price_ever_is_held_against_the_previous_close() {
    for (close, price, expected) in
        [(Some(100.0), 120.0, None), (Some(100.0), 50.0, JUMP), (None, 50.0, None)]
    {
        let mut line = Line::new();
        line.prev_close = close;
        assert_eq!(line.judge(price).suspect, expected, "{close:?} {price}");
    }
}

#[test]
fn after_a_restart_in_doubt_the_first_good_price_is_a_break() {
    let last =
        Sample { price: 50.0, time_ns: OPEN_NS, session: Session::Regular, prev_close: None };
    let mut line = Line { trust: Trust::after(last, true), ..Line::new() };
    line.prev_close = Some(100.0);
    line.suspects(&[50.0], JUMP);
    let good = line.judge(100.0);
    assert_eq!((good.suspect, good.broken), (None, true));
    let mut line = Line { trust: Trust::after(last, false), ..Line::new() };
    assert_eq!(line.judge(50.1), Judgement::default());
    line.suspects(&[100.0], JUMP);
}

mod property_tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_comes_a_price_that_stays_is_believed_in_the_end(
            wild in prop::collection::vec((0.01_f64..1e6, 0..200 * SECOND_NS), 0..60),
            price in 0.01_f64..1e6,
        ) {
            let mut line = Line::new();
            for (price, after_ns) in wild {
                line.judge_after(price, after_ns);
            }
            let judged: Vec<_> = (0..8).map(|_| line.judge_after(price, 30 * SECOND_NS)).collect();
            prop_assert_eq!(judged[7], Judgement::default());
        }

        #[test]
        fn prices_that_move_by_steps_are_never_suspect(
            steps in prop::collection::vec(-9.0_f64..9.0, 0..200),
        ) {
            let (mut line, mut price) = (Line::new(), 100.0);
            for percent in steps {
                price *= 1.0 + percent / 100.0;
                prop_assert_eq!(line.judge(price), Judgement::default());
            }
        }
    }
}
