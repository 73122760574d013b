//! How far two prices are apart, and whether that is the size of a corporate action.
//!
//! Distances are by ratio, so that up and down are alike: 25 % is a rise to 125 or a fall to 80 from
//! 100. No price is ever below zero here; callers have seen to that.

/// What shares are commonly split or consolidated by: one old share is so many new ones, or the
/// other way round.
const RATIOS: [f64; 13] = [1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 25.0, 50.0, 100.0];
/// How near to a ratio is near: the market moves while shares are split, percent.
const NEAR_PERCENT: f64 = 3.0;

/// Whether `price` is more than `percent` from `reference`, up or down.
pub fn is_beyond(price: f64, reference: f64, percent: f64) -> bool {
    // Without logarithms, which round the bound itself to either side.
    let most = 1.0 + percent / 100.0;
    price > reference * most || reference > price * most
}

/// Whether `price` is to `reference` as prices are after and before a split or a consolidation.
pub fn is_near_split(price: f64, reference: f64) -> bool {
    let distance = distance(price, reference);
    RATIOS.iter().any(|ratio| (distance - ratio.ln()).abs() <= (NEAR_PERCENT / 100.0).ln_1p())
}

/// Whether `price` is so far from `reference` that shares may have been split in between: more than
/// `percent`, or near a common ratio.
pub fn is_jump(price: f64, reference: f64, percent: f64) -> bool {
    is_beyond(price, reference, percent) || is_near_split(price, reference)
}

/// The distance of two prices: the same up and down, and never negative.
fn distance(price: f64, reference: f64) -> f64 {
    (price / reference).ln().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_and_down_are_alike_and_the_bound_itself_is_inside() {
        for (price, expected) in
            [(110.0, false), (110.2, true), (91.0, false), (90.8, true), (100.0, false)]
        {
            assert_eq!(is_beyond(price, 100.0, 10.0), expected, "{price}");
        }
    }

    #[test]
    fn common_ratios_are_known_both_ways_and_with_a_little_market_in_them() {
        for price in [50.0, 200.0, 66.7, 25.5, 10.0, 5.0, 1_000.0, 2_000.0, 150.0] {
            assert!(is_near_split(price, 100.0), "{price}");
        }
        for price in [100.0, 90.0, 80.0, 125.0, 60.0, 55.0] {
            assert!(!is_near_split(price, 100.0), "{price}");
        }
    }

    #[test]
    fn a_jump_is_far_or_near_a_ratio() {
        assert!(is_jump(67.0, 100.0, 60.0), "three for two");
        assert!(!is_jump(72.0, 100.0, 60.0));
        assert!(is_jump(30.0, 100.0, 60.0));
    }
}
