//! The snapshot of many tickers, as Polygon (Massive) sends it. Pure.
//!
//! `GET /v2/snapshot/locale/us/markets/stocks/tickers?tickers=A,B`,
//! <https://massive.com/docs/rest/stocks/snapshots/full-market-snapshot>. Recorded before the market
//! opened, one row:
//!
//! ```json
//! {"tickers":[
//! {"ticker":"PHYS","todaysChangePerc":0.5599104143337146,"todaysChange":0.10000000000000142,
//!  "updated":1719481020000000000,"day":{"o":0,"h":0,"l":0,"c":0,"v":0,"vw":0},
//!  "lastQuote":{"P":17.99,"S":3,"p":17.97,"s":3,"t":1719483067596519936},
//!  "lastTrade":{"c":[14,12,41],"i":"52983525028914","p":17.96,"s":200,"t":1719480983811026432,"x":8},
//!  "min":{"av":1100,"t":1719480960000,"n":1,"o":17.96,"h":17.96,"l":17.96,"c":17.96,"v":200,"vw":17.96},
//!  "prevDay":{"o":17.85,"h":17.92,"l":17.84,"c":17.86,"v":1.231597e+06,"vw":17.8752}}]}
//! ```
//!
//! Which objects are there depends on the plan of the key; any of them, and any field, may be
//! missing, null or zero, and zero means that there is no value.

use super::number::{integer, number, rows};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The whole answer. Its items are read one by one, so that a bad one costs itself only.
#[derive(Debug, Deserialize)]
pub struct Envelope {
    /// `OK`, or `DELAYED` on delayed plans.
    #[serde(default)]
    pub status: Option<String>,
    /// The rows, in no particular order; absent when no ticker is known.
    #[serde(default, deserialize_with = "rows")]
    pub tickers: Option<Vec<Box<RawValue>>>,
}

/// One ticker.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Its name, `BRK.B` with a dot.
    pub ticker: String,
    /// Last update of trade or aggregate, nanoseconds; 0 when there was none today.
    #[serde(default, deserialize_with = "integer")]
    pub updated: Option<i64>,
    /// The last trade, from the Developer plan on.
    #[serde(default)]
    pub last_trade: Option<Trade>,
    /// The best bid and ask, from the Advanced plan on.
    #[serde(default)]
    pub last_quote: Option<BestQuote>,
    /// The latest minute.
    #[serde(default)]
    pub min: Option<Minute>,
    /// Today's regular session; all zero until its first trade.
    #[serde(default)]
    pub day: Option<Day>,
    /// The previous session.
    #[serde(default)]
    pub prev_day: Option<Day>,
}

/// A trade.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Trade {
    /// Price, dollars.
    #[serde(default, deserialize_with = "number")]
    pub p: Option<f64>,
    /// Shares.
    #[serde(default, deserialize_with = "number")]
    pub s: Option<f64>,
    /// Nanoseconds.
    #[serde(default, deserialize_with = "integer")]
    pub t: Option<i64>,
    /// Sale conditions, by the vendor's numbers; null or absent of many.
    #[serde(default)]
    pub c: Option<Vec<i64>>,
}

/// Best bid and ask.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct BestQuote {
    /// Ask, dollars.
    #[serde(rename = "P", default, deserialize_with = "number")]
    pub ask: Option<f64>,
    /// Bid, dollars.
    #[serde(rename = "p", default, deserialize_with = "number")]
    pub bid: Option<f64>,
}

/// A minute bar.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Minute {
    /// Close, dollars.
    #[serde(default, deserialize_with = "number")]
    pub c: Option<f64>,
    /// Start, **milliseconds**.
    #[serde(default, deserialize_with = "integer")]
    pub t: Option<i64>,
}

/// A day bar.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Day {
    /// Close, dollars.
    #[serde(default, deserialize_with = "number")]
    pub c: Option<f64>,
}

/// What an error answer says; which of the fields holds the words differs by status.
#[derive(Debug, Default, Deserialize)]
pub struct Refusal {
    /// The words of 401 and 429.
    #[serde(default)]
    pub error: Option<String>,
    /// The words of 403 and 404.
    #[serde(default)]
    pub message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: &str = r#"{"ticker":"PHYS","todaysChangePerc":0.5599104143337146,
        "todaysChange":0.10000000000000142,"updated":1719481020000000000,
        "day":{"o":0,"h":0,"l":0,"c":0,"v":0,"vw":0},
        "lastQuote":{"P":17.99,"S":3,"p":17.97,"s":3,"t":1719483067596519936},
        "lastTrade":{"c":[14,12,41],"i":"52983525028914","p":17.96,"s":1.091202e+06,
                     "t":1719480983811026432,"x":8},
        "min":{"av":1100,"t":1719480960000,"n":1,"o":17.96,"h":17.96,"l":17.96,"c":17.96,"v":200},
        "prevDay":{"o":17.85,"h":17.92,"l":17.84,"c":17.86,"v":1.231597e+06,"vw":17.8752}}"#;

    #[test]
    fn a_recorded_row_reads_with_its_nanoseconds_intact() {
        let snapshot: Snapshot = serde_json::from_str(LIVE).unwrap();
        let trade = snapshot.last_trade.unwrap();
        assert_eq!(trade.t, Some(1_719_480_983_811_026_432));
        assert_eq!((trade.p, trade.s), (Some(17.96), Some(1_091_202.0)));
        assert_eq!(trade.c, Some(vec![14, 12, 41]));
        assert_eq!(snapshot.last_quote.unwrap().ask, Some(17.99));
        assert_eq!(snapshot.min.unwrap().t, Some(1_719_480_960_000));
        assert_eq!(snapshot.prev_day.unwrap().c, Some(17.86));
    }

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for (text, expected) in [
            ("200", Some(200.0)),
            ("2e2", Some(200.0)),
            ("200.0", Some(200.0)),
            ("\"200.0\"", Some(200.0)),
            ("null", None),
        ] {
            let trade: Trade = serde_json::from_str(&format!("{{\"s\":{text}}}")).unwrap();
            assert_eq!(trade.s, expected, "{text}");
        }
        assert!(serde_json::from_str::<Trade>(r#"{"s":{}}"#).is_err());
        assert!(serde_json::from_str::<Trade>(r#"{"t":99999999999999999999}"#).is_err());
        let rounded: Trade = serde_json::from_str(r#"{"t":1.719e18}"#).unwrap();
        assert_eq!(rounded.t, Some(1_719_000_000_000_000_000));
    }

    #[test]
    fn every_object_and_every_list_may_be_missing_or_null() {
        let bare: Snapshot = serde_json::from_str(r#"{"ticker":"A","min":null}"#).unwrap();
        assert_eq!(bare, Snapshot { ticker: "A".to_owned(), ..Snapshot::default() });
        for text in ["{}", r#"{"tickers":null}"#] {
            let envelope: Envelope = serde_json::from_str(text).unwrap();
            assert!(envelope.tickers.is_none(), "{text}");
        }
    }
}
