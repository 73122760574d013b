//! Which of a snapshot's prices is the price, and what a whole answer amounts to. Pure.
//!
//! Zero means that there is no value. The order of choice: the last trade, unless its conditions say
//! that it does not update the last price ([`conditions`]), the close of the latest minute, the close of the running day, the previous close. Each carries the time of its own field,
//! never the time of the poll.

use super::{
    models::{Envelope, Snapshot},
    number::{known, sane_time},
};
use crate::source::{
    Quote,
    conditions::{self, Sale},
};
use proto::{PriceField, Session, Symbol};
use std::collections::{BTreeMap, BTreeSet};

/// A market that is open and whose newest price is older than this is seen through a delayed plan.
const DELAYED_AFTER_NS: i64 = 600_000_000_000;

/// What is known besides the answer itself.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// When the answer was had, nanoseconds since 1970 UTC.
    pub now_ns: i64,
    /// The regular session is running.
    pub regular: bool,
    /// Start of today's regular session, nanoseconds.
    pub opened_ns: i64,
    /// The last close at or before now, nanoseconds: the time of a day without one of its own.
    pub closed_ns: i64,
    /// Close of the session before the service's running day, nanoseconds: the time of a previous
    /// close.
    pub previous_ns: i64,
}

/// What an answer amounts to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// One price per symbol that has one, in the order asked.
    pub quotes: Vec<Quote>,
    /// Symbols that were asked for and are not in the answer.
    pub missing: Vec<Symbol>,
    /// Rows that could not be read.
    pub malformed: u64,
    /// Symbols that are there and have no price at all.
    pub priceless: u64,
    /// The answer says that it is behind the market.
    pub told_delayed: bool,
}

/// Reads the answer to a question for `asked`.
pub fn read(asked: &[Symbol], envelope: &Envelope, context: Context) -> Reading {
    let mut reading = Reading::default();
    let mut rows: Vec<Snapshot> = Vec::new();
    for raw in envelope.tickers.iter().flatten() {
        match serde_json::from_str(raw.get()) {
            Ok(row) => rows.push(row),
            Err(error) => {
                // Its own words would say the row's.
                let (what, place) = (error.classify(), error.column());
                tracing::debug!("skipped a row of the snapshot: {what:?} at {place}");
                reading.malformed += 1;
            }
        }
    }
    let rows: BTreeMap<&str, &Snapshot> =
        rows.iter().rev().map(|row| (row.ticker.as_str(), row)).collect();
    let mut seen = BTreeSet::new();
    for symbol in asked {
        let Some(row) = rows.get(symbol.as_str()) else {
            reading.missing.push(symbol.clone());
            continue;
        };
        if seen.insert(symbol) {
            match choose(symbol, row, context) {
                Some(quote) => reading.quotes.push(quote),
                None => reading.priceless += 1,
            }
        }
    }
    reading.told_delayed = envelope.status.as_deref() == Some("DELAYED");
    reading
}

/// The price of one row; `None` when it has none.
pub fn choose(symbol: &Symbol, row: &Snapshot, context: Context) -> Option<Quote> {
    let (field, price, size, time_ns) = last_trade(row, context)
        .or_else(|| latest_minute(row))
        .or_else(|| running_day(row, context))
        .or_else(|| previous_close(row, context))?;
    let quote = row.last_quote.as_ref();
    Some(Quote {
        symbol: symbol.clone(),
        price,
        size,
        time_ns,
        field,
        delayed: false,
        bid: quote.and_then(|quote| known(quote.bid)),
        ask: quote.and_then(|quote| known(quote.ask)),
        prev_close: row.prev_day.as_ref().and_then(|day| known(day.c)),
        gap: false,
        received_ns: Some(context.now_ns),
    })
}

/// Field, price, size and time of a candidate.
type Candidate = (PriceField, f64, f64, i64);

fn last_trade(row: &Snapshot, context: Context) -> Option<Candidate> {
    let trade = row.last_trade.as_ref()?;
    let time_ns = sane_time(trade.t?)?;
    // Which of the other hours it is makes no difference.
    let running = context.regular && time_ns >= context.opened_ns;
    let session = || if running { Session::Regular } else { Session::Closed };
    if conditions::sale(trade.c.as_deref().unwrap_or_default(), session) != Sale::Price {
        return None;
    }
    Some((PriceField::Trade, known(trade.p)?, known(trade.s).unwrap_or(0.0), time_ns))
}

fn latest_minute(row: &Snapshot) -> Option<Candidate> {
    let minute = row.min.as_ref()?;
    let time_ns = sane_time(minute.t?.checked_mul(1_000_000)?)?;
    // Its volume grows with every poll of the same minute: no poll stands for a number of shares.
    Some((PriceField::Minute, known(minute.c)?, 0.0, time_ns))
}

fn running_day(row: &Snapshot, context: Context) -> Option<Candidate> {
    let price = known(row.day.as_ref()?.c)?;
    // A day bar has no time of its own. Without `updated` it is no newer than the last close, and so
    // a close: nobody has paid it in the minute that it would stand in.
    Some(match row.updated.and_then(sane_time) {
        Some(time_ns) => (PriceField::Day, price, 0.0, time_ns),
        None => (PriceField::PrevDay, price, 0.0, context.closed_ns),
    })
}

fn previous_close(row: &Snapshot, context: Context) -> Option<Candidate> {
    let price = known(row.prev_day.as_ref()?.c)?;
    Some((PriceField::PrevDay, price, 0.0, context.previous_ns))
}

/// The market is open and nothing is recent: what we see is behind it.
pub fn is_old(quotes: &[Quote], context: Context) -> bool {
    let newest_ns = quotes.iter().map(|quote| quote.time_ns).max();
    context.regular && newest_ns.is_some_and(|newest| context.now_ns - newest > DELAYED_AFTER_NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_NS: i64 = 1_719_500_000_000_000_000;
    const CLOSED_NS: i64 = 1_719_432_000_000_000_000;
    const PREVIOUS_NS: i64 = CLOSED_NS - 86_400_000_000_000;
    const CONTEXT: Context = Context {
        now_ns: NOW_NS,
        regular: true,
        // The trades of these tests are from before it.
        opened_ns: 1_719_495_000_000_000_000,
        closed_ns: CLOSED_NS,
        previous_ns: PREVIOUS_NS,
    };

    fn symbols(names: &[&str]) -> Vec<Symbol> {
        names.iter().map(|name| Symbol::parse(name).unwrap()).collect()
    }

    fn chosen(json: &str) -> Option<(PriceField, f64, i64)> {
        let row: Snapshot = serde_json::from_str(json).unwrap();
        let quote = choose(&Symbol::parse("A").unwrap(), &row, CONTEXT)?;
        Some((quote.field, quote.price, quote.time_ns))
    }

    #[test]
    fn the_first_field_that_has_a_value_supplies_price_and_time() {
        let trade = r#""lastTrade":{"p":1.5,"s":3,"t":1719480983811026432}"#;
        let no_trade = r#""lastTrade":{"p":0,"s":0,"t":0}"#;
        let minute = r#""min":{"c":1.6,"t":1719480960000}"#;
        let no_minute = r#""min":{"c":0,"t":0}"#;
        let day = r#""day":{"c":1.7},"updated":1719481020000000000"#;
        let no_day = r#""day":{"c":0},"updated":0"#;
        let before = r#""prevDay":{"c":1.8}"#;
        for (fields, expected) in [
            (
                vec![trade, minute, day, before],
                Some((PriceField::Trade, 1.5, 1_719_480_983_811_026_432)),
            ),
            (
                vec![no_trade, minute, day, before],
                Some((PriceField::Minute, 1.6, 1_719_480_960_000_000_000)),
            ),
            (
                vec![minute, no_day, before],
                Some((PriceField::Minute, 1.6, 1_719_480_960_000_000_000)),
            ),
            (
                vec![no_trade, no_minute, day],
                Some((PriceField::Day, 1.7, 1_719_481_020_000_000_000)),
            ),
            (
                vec![no_trade, no_minute, r#""day":{"c":1.7}"#],
                Some((PriceField::PrevDay, 1.7, CLOSED_NS)),
            ),
            (
                vec![no_trade, no_minute, no_day, before],
                Some((PriceField::PrevDay, 1.8, PREVIOUS_NS)),
            ),
            (vec![no_trade, no_minute, no_day], None),
            // Times in the wrong unit are no times, prices without one no prices.
            (
                vec![r#""lastTrade":{"p":1.5,"t":1719480983811}"#, before],
                Some((PriceField::PrevDay, 1.8, PREVIOUS_NS)),
            ),
            (
                vec![r#""min":{"c":1.6,"t":1719480960000000000}"#, before],
                Some((PriceField::PrevDay, 1.8, PREVIOUS_NS)),
            ),
        ] {
            let json = format!("{{\"ticker\":\"A\",{}}}", fields.join(","));
            assert_eq!(chosen(&json), expected, "{json}");
        }
    }

    #[test]
    fn a_last_trade_that_moves_no_last_price_leaves_the_choice_to_the_minute() {
        let at = |time_ns: i64, codes: &str| {
            chosen(&format!(
                r#"{{"ticker":"A","lastTrade":{{"p":9.5,"s":3,"t":{time_ns},"c":{codes}}},
                    "min":{{"c":1.6,"t":1719480960000}}}}"#
            ))
            .map(|(field, price, _)| (field, price))
        };
        let (early, running) = (CONTEXT.opened_ns - 1, CONTEXT.opened_ns);
        for codes in ["[37]", "[2]", "[7]", "[14,16]", "[15]", "[20]", "[22]", "[32]", "[52]"] {
            assert_eq!(at(early, codes), Some((PriceField::Minute, 1.6)), "{codes}");
        }
        for codes in ["null", "[]", "[0]", "[14,41]", "[14,12,41]"] {
            assert_eq!(at(early, codes), Some((PriceField::Trade, 9.5)), "{codes}");
        }
        assert_eq!(at(running, "[12]"), Some((PriceField::Minute, 1.6)), "it is from before");
        assert_eq!(at(running, "[14,41]"), Some((PriceField::Trade, 9.5)));
    }

    #[test]
    fn an_answer_is_read_in_the_order_asked_whatever_its_own() {
        let envelope = serde_json::from_str(
            r#"{"status":"OK","tickers":[
                {"ticker":"C","prevDay":{"c":3}},
                {"ticker":"a","prevDay":{"c":9}},
                {"ticker":"B","prevDay":{"c":[]}},
                {"ticker":"D","day":{"c":0}},
                7,
                {"ticker":"A","lastTrade":{"p":1,"t":1719499999000000000},"lastQuote":{"p":0.9,"P":0}}]}"#,
        )
        .unwrap();
        let reading = read(&symbols(&["A", "B", "C", "D"]), &envelope, CONTEXT);
        let names: Vec<_> = reading.quotes.iter().map(|quote| quote.symbol.as_str()).collect();
        assert_eq!(names, ["A", "C"]);
        assert_eq!((reading.quotes[0].bid, reading.quotes[0].ask), (Some(0.9), None));
        assert_eq!(reading.missing, symbols(&["B"]), "tickers are case-sensitive");
        assert_eq!((reading.malformed, reading.priceless, reading.told_delayed), (2, 1, false));
    }

    #[test]
    fn an_answer_without_tickers_leaves_all_of_them_missing() {
        for text in ["{}", r#"{"tickers":[]}"#] {
            let envelope = serde_json::from_str(text).unwrap();
            assert_eq!(read(&symbols(&["A"]), &envelope, CONTEXT).missing, symbols(&["A"]));
        }
    }

    #[test]
    fn a_delay_is_seen_by_the_answers_word_or_by_its_age() {
        let delayed = |status: &str, time_ns: i64, regular| {
            let text = format!(
                r#"{{"status":"{status}","tickers":[{{"ticker":"A","lastTrade":{{"p":1,"t":{time_ns}}}}}]}}"#
            );
            let envelope = serde_json::from_str(&text).unwrap();
            let context = Context { regular, ..CONTEXT };
            let reading = read(&symbols(&["A"]), &envelope, context);
            reading.told_delayed || is_old(&reading.quotes, context)
        };
        assert!(delayed("DELAYED", NOW_NS, true));
        assert!(delayed("OK", NOW_NS - 901_000_000_000, true));
        assert!(!delayed("OK", NOW_NS - 901_000_000_000, false), "at night nothing is recent");
        assert!(!delayed("OK", NOW_NS - 60_000_000_000, true));
    }
}

#[cfg(test)]
mod property_tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_answer_however_hostile_is_more_than_an_error(text in ".*", cut in 0_usize..400) {
            let _refused = serde_json::from_str::<Envelope>(&text);
            let whole = r#"{"status":"OK","tickers":[{"ticker":"A","lastTrade":{"p":1,"t":1719499999000000000}}]}"#;
            let cut = &whole[..cut.min(whole.len())];
            if let Ok(envelope) = serde_json::from_str::<Envelope>(cut) {
                let context =
                    Context { now_ns: 0, regular: false, opened_ns: 0, closed_ns: 0, previous_ns: 0 };
                prop_assert_eq!(read(&[Symbol::parse("A").unwrap()], &envelope, context).quotes.len(), 1);
            }
        }
    }
}
