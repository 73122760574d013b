//! Which sales are a last price, by their condition codes. Pure.
//!
//! The codes are the vendor's numbers of the consolidated tapes' sale conditions, as its
//! `/v3/reference/conditions` lists them (asset class stocks, type `sale_condition`) with the CTS or
//! UTP letter each stands for; what a sale updates is what the two tapes' specifications say there
//! under "consolidated": last price no, volume yes or no.
//!
//! 1. A sale is no price when any of its codes says so, whatever the others say.
//! 2. An odd lot (37) is none on every path: stream, poll and tape. The tapes do not let it update
//!    the last price, and the vendor's own bars leave it out of open, high, low and close; its
//!    shares count. Else our bars and the vendor's of the same minute would differ.
//! 3. Form T (12) is the usual trade of the extended hours and a price there; reported within the
//!    regular session it is from before it and none.
//! 4. Derivatively priced, prior reference price and sold out of sequence are conditional on the
//!    tapes: last where nothing else was before them that day. Here they are never a price; that
//!    costs nothing but a first price of a day which nobody could trade at.
//!
//! Left out, and so prices, are codes of which it is not sure what they do or whether they are in
//! use: 5 (bunched sold), 30 and 31 (sold last), 33 (out of sequence and stopped stock), 35 (stock
//! option), 38 (corrected close) and 42 to 50 (not eligible, cancelled, as of, out of bounds).

use proto::Session;

/// Form T: traded in the extended hours.
const FORM_T: i64 = 12;

/// Sales that are no last price while their shares count.
const SHARES: [i64; 14] = [
    2,  // average price: CTS B, UTP W
    7,  // cash sale: C
    10, // derivatively priced: 4
    13, // extended hours, sold out of sequence: U
    20, // next day: N
    21, // price variation: H
    22, // prior reference price: P
    29, // seller: R
    32, // sold out of sequence: Z
    37, // odd lot: I
    52, // contingent: V
    53, // qualified contingent: 7
    // The exchanges' own words for the auction's price, whose shares were told by its print.
    15, // market center official close: M
    16, // market center official open: Q
];

/// Of those, the ones whose shares do not count either.
const NOTHING: [i64; 2] = [15, 16];

/// Trade corrections of a flat file's row that is no trade (any more): marked as an error or
/// cancelled later, and the records that say so. 1 and 12 hold corrected data and are kept.
const VOID: [i64; 4] = [7, 8, 10, 11];

/// What a sale is to whoever wants prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sale {
    /// The last price.
    Price,
    /// Shares that changed hands, at a price that is none.
    Shares,
    /// Nothing that happened on the market.
    Nothing,
}

/// What a sale of these conditions is; `session` is that of its time, asked for where it matters.
pub fn sale(codes: &[i64], session: impl FnOnce() -> Session) -> Sale {
    if codes.iter().any(|code| NOTHING.contains(code)) {
        Sale::Nothing
    } else if !moves_last(codes) || (codes.contains(&FORM_T) && session() == Session::Regular) {
        Sale::Shares
    } else {
        Sale::Price
    }
}

/// No code says that the sale does not update the last price. Form T is judged by [`sale`].
pub fn moves_last(codes: &[i64]) -> bool {
    !codes.iter().any(|code| SHARES.contains(code))
}

/// The trade correction indicator says that the row stands for no trade.
pub fn is_void(correction: i64) -> bool {
    VOID.contains(&correction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_that_does_not_update_the_last_price_is_none_whatever_stands_beside_it() {
        for codes in [&[][..], &[0], &[14, 41], &[1], &[8], &[9], &[17], &[19], &[25], &[34]] {
            assert!(moves_last(codes), "{codes:?}");
            assert_eq!(sale(codes, || Session::Regular), Sale::Price, "{codes:?}");
        }
        for code in [2, 7, 10, 13, 20, 21, 22, 29, 32, 37, 52, 53] {
            assert!(!moves_last(&[14, code, 41]), "{code}");
            assert_eq!(sale(&[14, code, 41], || Session::Regular), Sale::Shares, "{code}");
        }
        for code in [15, 16] {
            assert!(!moves_last(&[code]));
            assert_eq!(sale(&[code, 37], || Session::Post), Sale::Nothing, "{code}");
        }
    }

    #[test]
    fn form_t_is_a_price_in_the_hours_it_is_made_for_only() {
        for session in [Session::Pre, Session::Post, Session::Closed] {
            assert_eq!(sale(&[14, 12, 41], || session), Sale::Price);
            assert_eq!(sale(&[12, 37], || session), Sale::Shares, "an odd lot all the same");
        }
        assert_eq!(sale(&[12], || Session::Regular), Sale::Shares);
    }

    #[test]
    fn a_cancelled_or_mistaken_trade_and_the_record_of_it_are_void() {
        let void: Vec<i64> = (0..=12).filter(|code| is_void(*code)).collect();
        assert_eq!(void, [7, 8, 10, 11]);
    }
}
