//! How many shares are really asked for. Pure.
//!
//! 1. A quantity has no more decimals than the instrument allows: learned from a refusal, a guess
//!    that nearly all allow until then.
//! 2. Trading212 has no name of ours for an order. The quantity is one: its last decimal is varied
//!    by the order's id, so that two orders of an instrument do not look alike.
//! 3. Never more than was asked for. A sale of everything is a sale of everything: the quantity that
//!    was bought was varied already.

use proto::{OrderId, Side};
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::BTreeMap;

/// Decimals that are tried where nothing was learned.
const USUAL_DECIMALS: u32 = 2;
/// Ways to vary the last decimal.
const VARIANTS: u64 = 10;
/// What varying may cost at most, as a part of the quantity: one in so many.
const LARGEST_PART: u64 = 50;

/// Decimals that quantities may have, by ticker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decimals(BTreeMap<String, u32>);

impl Decimals {
    /// What was learned before.
    pub fn new(learned: BTreeMap<String, u32>) -> Self {
        Self(learned)
    }

    /// Decimals that a quantity of `ticker` may have.
    pub fn of(&self, ticker: &str) -> u32 {
        self.0.get(ticker).copied().unwrap_or(USUAL_DECIMALS)
    }

    /// Learns from a refusal of a quantity with `refused` decimals that named `named` as allowed.
    /// Gives the decimals to try next; `None` when fewer are not possible.
    pub fn learn(&mut self, ticker: &str, refused: u32, named: Option<u32>) -> Option<u32> {
        // Some read the number as the one that was refused.
        let below = refused.checked_sub(1);
        let next = match named {
            Some(named) if named < refused => named,
            _ => below?,
        };
        self.0.insert(ticker.to_owned(), next);
        Some(next)
    }

    /// Everything learned.
    pub fn learned(&self) -> &BTreeMap<String, u32> {
        &self.0
    }
}

/// What is asked for, before it is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The order.
    pub id: &'a OrderId,
    /// Buy or sell.
    pub side: Side,
    /// Shares, above zero.
    pub quantity: Decimal,
    /// Shares held now.
    pub held: Decimal,
}

/// The quantity for `asked` with so many decimals, unlike those `taken` by open orders of the
/// instrument; `None` when nothing is left of it.
pub fn fit(asked: Asked<'_>, decimals: u32, taken: &[Decimal]) -> Option<Decimal> {
    let whole = asked.quantity.round_dp_with_strategy(decimals, RoundingStrategy::ToZero);
    let step = Decimal::new(1, decimals.min(28));
    let sells_all = asked.side == Side::Sell && asked.quantity >= asked.held;
    let variants = if sells_all { 1 } else { variants(whole, step) };
    let first = hash(asked.id) % variants;
    let at = |variant: u64| whole - step * Decimal::from((first + variant) % variants);
    let free = |quantity: &Decimal| !taken.iter().any(|other| other.abs() == *quantity);
    // When every variant is taken, a time and an id still tell them apart.
    let found = (0..variants).map(at).find(free).unwrap_or_else(|| at(0));
    (found > Decimal::ZERO).then(|| found.normalize())
}

/// Every quantity that an order of `asked` may have been sent with, when it was claimed with
/// `claimed`: that, and what a refusal for its decimals may have made of it.
pub fn candidates(asked: Asked<'_>, claimed: Decimal) -> Vec<Decimal> {
    let fewer =
        (0..claimed.normalize().scale()).rev().filter_map(|decimals| fit(asked, decimals, &[]));
    let mut all: Vec<Decimal> = std::iter::once(claimed.abs()).chain(fewer).collect();
    all.dedup();
    all
}

/// In how many ways the last decimal of `whole` may be varied without a loss that matters.
fn variants(whole: Decimal, step: Decimal) -> u64 {
    let most = whole / step / Decimal::from(LARGEST_PART);
    let most = u64::try_from(most.trunc()).unwrap_or(VARIANTS);
    most.saturating_add(1).min(VARIANTS)
}

/// FNV-1a: the same on every machine, in every version.
fn hash(id: &OrderId) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mixed = id.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    // The low bits of the last step follow the last letter alone.
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::symbol;
    use proptest::prelude::*;

    fn id(seq: u64) -> OrderId {
        OrderId::derive(&symbol("AAPL"), seq, Side::Buy)
    }

    fn buy(id: &OrderId, quantity: &str) -> Asked<'static> {
        let id = Box::leak(Box::new(id.clone()));
        Asked { id, side: Side::Buy, quantity: quantity.parse().unwrap(), held: Decimal::ZERO }
    }

    #[test]
    fn the_same_order_always_gets_the_same_quantity() {
        let first = fit(buy(&id(4), "10"), 2, &[]);
        assert_eq!(first, fit(buy(&id(4), "10"), 2, &[]));
        let different: std::collections::BTreeSet<_> =
            (0..60).map(|seq| fit(buy(&id(seq), "10"), 2, &[]).unwrap()).collect();
        assert_eq!(different.len(), 10, "{different:?}");
    }

    #[test]
    fn whole_shares_of_a_small_order_are_left_alone() {
        assert_eq!(fit(buy(&id(1), "3.7"), 0, &[]), Some(Decimal::from(3)));
        assert_eq!(fit(buy(&id(1), "0.4"), 0, &[]), None);
    }

    #[test]
    fn everything_is_sold_to_the_last_share() {
        let order = id(9);
        let all = Decimal::new(9_997, 3);
        let asked = Asked { id: &order, side: Side::Sell, quantity: all, held: all };
        assert_eq!(fit(asked, 3, &[]), Some(all));
    }

    #[test]
    fn decimals_are_learned_from_refusals_until_none_is_left() {
        let mut decimals = Decimals::default();
        assert_eq!(decimals.of("X"), 2);
        assert_eq!(decimals.learn("X", 4, Some(3)), Some(3));
        assert_eq!(decimals.learn("X", 3, Some(3)), Some(2), "the other reading of the number");
        assert_eq!(decimals.learn("X", 2, None), Some(1));
        assert_eq!(decimals.learn("X", 1, Some(0)), Some(0));
        assert_eq!(decimals.learn("X", 0, Some(0)), None);
        assert_eq!(decimals.of("X"), 0);
    }

    proptest! {
        #[test]
        fn never_more_than_asked_never_too_many_decimals_and_close_to_it(
            seq in any::<u64>(), units in 1..10_000_000_i64, scale in 0..6_u32, decimals in 0..6_u32,
        ) {
            let order = id(seq);
            let quantity = Decimal::new(units, scale);
            let asked = Asked { id: &order, side: Side::Buy, quantity, held: Decimal::ZERO };
            if let Some(fitted) = fit(asked, decimals, &[]) {
                prop_assert!(fitted > Decimal::ZERO && fitted <= quantity);
                prop_assert!(fitted.scale() <= decimals);
                let lost = quantity - fitted;
                let step = Decimal::new(1, decimals);
                prop_assert!(lost <= step + quantity / Decimal::from(LARGEST_PART), "{} lost", lost);
            }
        }

        #[test]
        fn open_orders_never_look_alike_while_there_is_room(seqs in prop::collection::btree_set(any::<u64>(), 2..10)) {
            let mut taken = Vec::new();
            for seq in seqs {
                let fitted = fit(buy(&id(seq), "25"), 2, &taken).unwrap();
                prop_assert!(!taken.contains(&fitted));
                taken.push(fitted);
            }
        }

        #[test]
        fn what_a_refusal_makes_of_an_order_is_among_its_candidates(seq in any::<u64>(), decimals in 0..3_u32) {
            let order = id(seq);
            let asked = Asked { id: &order, side: Side::Buy, quantity: "12.345".parse().unwrap(), held: Decimal::ZERO };
            let claimed = fit(asked, 3, &[]).unwrap();
            let sent = fit(asked, decimals, &[]).unwrap();
            let all = candidates(asked, claimed);
            prop_assert!(all.contains(&claimed));
            prop_assert!(claimed.scale() <= decimals || all.contains(&sent), "{} in {:?}", sent, all);
        }
    }
}
