//! Bars, grouped days and previous closes, as Polygon (Massive) sends them. Pure.
//!
//! `GET /v2/aggs/ticker/{T}/range/1/minute/{from}/{to}`, `/v2/aggs/ticker/{T}/prev` and
//! `/v2/aggs/grouped/locale/us/market/stocks/{date}`,
//! <https://massive.com/docs/rest/stocks/aggregates/custom-bars>. Recorded, one row of two:
//!
//! ```json
//! {"ticker":"AAPL","queryCount":6,"resultsCount":6,"adjusted":true,"results":[
//!  {"v":6.3896155e+07,"vw":129.822,"o":130.26,"c":130.73,"h":131.2636,"l":128.12,"t":1673326800000,"n":554940}],
//!  "status":"OK","request_id":"f93a87a79d953db6c9556380c046c311","count":6}
//! ```
//!
//! Without data `results` is missing or null. `t` is the start of a bar, but the close of the session
//! in grouped days and previous closes.

use super::number::{integer, known, number, rows, sane_time};
use proto::{Bar, Message as _, Source as Origin, Symbol};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One page. Its rows are read one by one, so that a bad one costs itself only.
#[derive(Debug, Default, Deserialize)]
pub struct Page {
    /// The rows; absent when there are none.
    #[serde(default, deserialize_with = "rows")]
    pub results: Option<Vec<Box<RawValue>>>,
    /// Where the next page is; absent or empty on the last.
    #[serde(default)]
    pub next_url: Option<String>,
}

/// One bar.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Row {
    /// The ticker, in grouped days and previous closes.
    #[serde(rename = "T", default)]
    pub ticker: Option<String>,
    /// Open, dollars.
    #[serde(default, deserialize_with = "number")]
    pub o: Option<f64>,
    /// High, dollars.
    #[serde(default, deserialize_with = "number")]
    pub h: Option<f64>,
    /// Low, dollars.
    #[serde(default, deserialize_with = "number")]
    pub l: Option<f64>,
    /// Close, dollars.
    #[serde(default, deserialize_with = "number")]
    pub c: Option<f64>,
    /// Shares.
    #[serde(default, deserialize_with = "number")]
    pub v: Option<f64>,
    /// Volume-weighted average price, dollars.
    #[serde(default, deserialize_with = "number")]
    pub vw: Option<f64>,
    /// Trades.
    #[serde(default, deserialize_with = "number")]
    pub n: Option<f64>,
    /// **Milliseconds**.
    #[serde(default, deserialize_with = "integer")]
    pub t: Option<i64>,
}

impl Page {
    /// The rows that can be read, and how many cannot.
    pub fn rows(&self) -> (Vec<Row>, u64) {
        let (mut rows, mut malformed) = (Vec::new(), 0);
        for raw in self.results.iter().flatten() {
            match serde_json::from_str(raw.get()) {
                Ok(row) => rows.push(row),
                Err(error) => {
                    // Its own words would say the row's.
                    let (what, place) = (error.classify(), error.column());
                    tracing::debug!("skipped a row of bars: {what:?} at {place}");
                    malformed += 1;
                }
            }
        }
        (rows, malformed)
    }

    /// Where the next page is.
    pub fn next(&self) -> Option<&str> {
        self.next_url.as_deref().filter(|url| !url.is_empty())
    }
}

impl Row {
    /// Its time in milliseconds, where it is one.
    pub fn time_ms(&self) -> Option<i64> {
        let time_ms = self.t?;
        sane_time(time_ms.checked_mul(1_000_000)?)?;
        Some(time_ms)
    }

    /// The minute of `symbol` that it is; `None` when it is none.
    pub fn minute(&self, symbol: &Symbol) -> Option<Bar> {
        let (high, low) = (known(self.h)?, known(self.l)?);
        let close = known(self.c)?;
        let volume = self.v.filter(|volume| volume.is_finite() && *volume >= 0.0).unwrap_or(0.0);
        let count = self.n.filter(|count| count.is_finite()).unwrap_or(0.0);
        let bar = Bar {
            v: proto::VERSION,
            symbol: symbol.clone(),
            start_ms: self.time_ms()?,
            open: known(self.o)?,
            high,
            low,
            close,
            volume,
            vwap: known(self.vw).unwrap_or(close).min(high).max(low),
            count: count as u64,
            seq: 0,
            source: Origin::Polygon,
        };
        bar.check().ok().map(|()| bar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol() -> Symbol {
        Symbol::parse("AAPL").unwrap()
    }

    fn minute(json: &str) -> Option<Bar> {
        serde_json::from_str::<Row>(json).unwrap().minute(&symbol())
    }

    #[test]
    fn a_row_becomes_the_minute_it_is() {
        let bar = minute(
            r#"{"v":1.231597e+06,"vw":10.2,"o":10,"c":10.5,"h":11,"l":9.5,"t":1719480960000,"n":1.2e+02}"#,
        );
        let bar = bar.unwrap();
        assert_eq!((bar.open, bar.high, bar.low, bar.close), (10.0, 11.0, 9.5, 10.5));
        assert_eq!((bar.volume, bar.vwap, bar.count), (1_231_597.0, 10.2, 120));
        assert_eq!((bar.start_ms, bar.seq, bar.source), (1_719_480_960_000, 0, Origin::Polygon));
    }

    #[test]
    fn what_is_no_sound_minute_is_none() {
        for bad in [
            r"{}",
            r#"{"o":1,"h":1,"l":1,"c":0,"t":1719480960000}"#,
            r#"{"o":1,"h":1,"l":1,"c":1,"t":1719480960000000000}"#,
            r#"{"o":1,"h":1,"l":1,"c":1,"t":1719480960001}"#,
            r#"{"o":1,"h":1,"l":2,"c":1,"t":1719480960000}"#,
        ] {
            assert_eq!(minute(bad), None, "{bad}");
        }
        let bare = minute(r#"{"o":1,"h":2,"l":1,"c":2,"t":1719480960000}"#).unwrap();
        assert_eq!((bare.volume, bare.vwap, bare.count), (0.0, 2.0, 0));
    }

    #[test]
    fn results_may_be_missing_or_null_and_one_bad_row_costs_itself() {
        for text in ["{}", r#"{"results":null,"next_url":""}"#] {
            let page: Page = serde_json::from_str(text).unwrap();
            assert_eq!((page.rows(), page.next()), ((vec![], 0), None), "{text}");
        }
        let page: Page = serde_json::from_str(r#"{"results":[{"c":1},7,{"c":{}}]}"#).unwrap();
        let (rows, malformed) = page.rows();
        assert_eq!((rows.len(), malformed), (1, 2));
    }
}
