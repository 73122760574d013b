//! Polygon's flat files, line by line: trades and minute aggregates, told apart by their header.
//! Pure.
//!
//! Never trusts a line: one that is cut short, has a field too many or a value that is no number is
//! refused by name, and the next one is read as if nothing had happened.
//!
//! ```text
//! ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp
//! SPY,"12,37",0,0,2835,1381152600007000000,167.41,2835,1381152600007000000,500,0,0,0
//!
//! ticker,volume,open,close,high,low,window_start,transactions
//! SPY,20000,167.65,167.65,167.65,167.65,1380873960000000000,0
//! ```

use super::recorded::{More, Places};

/// The kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `trades_v1`: one row per trade.
    Trades,
    /// `minute_aggs_v1`: one row per minute with trades.
    Minutes,
}

impl Kind {
    /// Polygon's name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades_v1",
            Self::Minutes => "minute_aggs_v1",
        }
    }

    /// The columns that are read; all must be there.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Trades => &["ticker", "sip_timestamp", "price", "size"],
            Self::Minutes => &["ticker", "window_start", "open", "high", "low", "close", "volume"],
        }
    }
}

/// Why a file is not a tape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// Nothing in the header tells what kind of file it is.
    #[error(
        "the first line is neither the header of trades_v1 (with sip_timestamp) nor that of \
         minute_aggs_v1 (with window_start)"
    )]
    Unknown,
    /// The kind is plain, but columns are missing.
    #[error("the header of {} lacks the column(s) {}", kind.name(), missing.join(", "))]
    Missing {
        /// What kind it would be.
        kind: Kind,
        /// The columns.
        missing: Vec<&'static str>,
    },
}

/// Why a row is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// Another number of fields than the header has.
    #[error("{found} fields where the header has {expected}")]
    Fields {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A field that does not hold what its column should.
    #[error("{0} is not {1}")]
    Value(&'static str, &'static str),
    /// Open and close lie outside low and high.
    #[error("high and low do not enclose open and close")]
    Range,
}

/// Which column stands where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What a row is.
    pub kind: Kind,
    fields: usize,
    /// Positions of [`Kind::columns`], in their order.
    places: Vec<usize>,
    /// Positions of a recording's own columns.
    recorded: Option<Places>,
}

/// One row of a configured symbol. Times are nanoseconds since 1970 UTC, prices dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Row {
    /// A trade.
    Trade {
        /// When the consolidated tape had it.
        time_ns: i64,
        /// Its price.
        price: f64,
        /// Its shares.
        size: f64,
        /// What only a recording says.
        more: More,
    },
    /// A minute.
    Minute {
        /// Its start.
        time_ns: i64,
        /// Open, high, low and close.
        prices: [f64; 4],
        /// Its shares.
        volume: f64,
    },
}

impl Row {
    /// Where the row stands in time.
    pub fn time_ns(&self) -> i64 {
        match self {
            Self::Trade { time_ns, .. } | Self::Minute { time_ns, .. } => *time_ns,
        }
    }
}

impl Layout {
    /// Reads the header line.
    ///
    /// # Errors
    /// What it is not, or which columns it lacks.
    pub fn read(header: &[u8]) -> Result<Self, HeaderFault> {
        let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
        let names: Vec<&[u8]> = fields(header).map(<[u8]>::trim_ascii).collect();
        let has = |name: &str| names.contains(&name.as_bytes());
        let kind = match (has("sip_timestamp"), has("window_start")) {
            (true, false) => Kind::Trades,
            (false, true) => Kind::Minutes,
            (true, true) | (false, false) => return Err(HeaderFault::Unknown),
        };
        let place = |column: &&str| names.iter().position(|name| *name == column.as_bytes());
        let places: Vec<usize> = kind.columns().iter().filter_map(place).collect();
        if places.len() < kind.columns().len() {
            let missing = kind.columns().iter().filter(|column| !has(column)).copied().collect();
            return Err(HeaderFault::Missing { kind, missing });
        }
        let recorded = Places::find(&names).filter(|_| kind == Kind::Trades);
        Ok(Self { kind, fields: names.len(), places, recorded })
    }

    /// It is the header of a recording, whose rows are replayed as they stand.
    pub fn is_recording(&self) -> bool {
        self.recorded.is_some()
    }

    /// The ticker of a line, to pass over other symbols' rows without reading them.
    pub fn ticker<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]> {
        self.places.first().and_then(|place| fields(line).nth(*place))
    }

    /// Reads the row of a line.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn row(&self, line: &[u8]) -> Result<Row, RowFault> {
        let found = fields(line).count();
        if found != self.fields {
            return Err(RowFault::Fields { found, expected: self.fields });
        }
        match self.kind {
            Kind::Trades => {
                let time_ns = self.time(line, "sip_timestamp")?;
                let price = self.price(line, "price")?;
                let size = self.shares(line, "size")?;
                let more = self.recorded.map(|places| places.read(line)).transpose()?;
                Ok(Row::Trade { time_ns, price, size, more: more.unwrap_or_default() })
            }
            Kind::Minutes => self.minute(line),
        }
    }

    fn minute(&self, line: &[u8]) -> Result<Row, RowFault> {
        let time_ns = self.time(line, "window_start")?;
        let open = self.price(line, "open")?;
        let high = self.price(line, "high")?;
        let low = self.price(line, "low")?;
        let close = self.price(line, "close")?;
        if high < open.max(close) || low > open.min(close) {
            return Err(RowFault::Range);
        }
        let volume = self.shares(line, "volume")?;
        Ok(Row::Minute { time_ns, prices: [open, high, low, close], volume })
    }

    fn time(&self, line: &[u8], column: &'static str) -> Result<i64, RowFault> {
        let years = 946_684_800_000_000_000..4_102_444_800_000_000_000;
        let time: Option<i64> = self.text(line, column).and_then(|text| text.parse().ok());
        time.filter(|time_ns| years.contains(time_ns))
            .ok_or(RowFault::Value(column, "a time in nanoseconds, 2000 to 2100"))
    }

    fn price(&self, line: &[u8], column: &'static str) -> Result<f64, RowFault> {
        let price = self.number(line, column).filter(|price| *price > 0.0);
        price.ok_or(RowFault::Value(column, "a price above zero"))
    }

    fn shares(&self, line: &[u8], column: &'static str) -> Result<f64, RowFault> {
        let shares = self.number(line, column).filter(|shares| *shares >= 0.0);
        shares.ok_or(RowFault::Value(column, "a number of shares, zero or more"))
    }

    fn number(&self, line: &[u8], column: &'static str) -> Option<f64> {
        let number: f64 = self.text(line, column)?.parse().ok()?;
        number.is_finite().then_some(number)
    }

    fn text<'l>(&self, line: &'l [u8], column: &'static str) -> Option<&'l str> {
        let index = self.kind.columns().iter().position(|name| *name == column)?;
        let place = *self.places.get(index)?;
        std::str::from_utf8(fields(line).nth(place)?.trim_ascii()).ok()
    }
}

/// The fields of a line: separated by commas, which quotes may protect. Quotes themselves are
/// stripped; a doubled quote within stays as it is, for no field that is read holds one.
pub fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let (field, after) = match line.strip_prefix(b"\"") {
            Some(quoted) => quoted_field(quoted),
            None => split_at_comma(line),
        };
        rest = after;
        Some(field)
    })
}

/// The text up to the closing quote, and what follows the next comma.
fn quoted_field(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut end = 0;
    while let Some(offset) = line.get(end..).and_then(|part| part.iter().position(|b| *b == b'"')) {
        end += offset;
        if line.get(end + 1) != Some(&b'"') {
            let after = line.get(end + 1..).unwrap_or_default();
            return (line.get(..end).unwrap_or_default(), split_at_comma(after).1);
        }
        end += 2;
    }
    // Never closed: the rest of the line is one field, and the row will be refused for its count.
    (line, None)
}

fn split_at_comma(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    match line.iter().position(|b| *b == b',') {
        Some(comma) => (line.get(..comma).unwrap_or_default(), line.get(comma + 1..)),
        None => (line, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRADES: &[u8] = b"ticker,conditions,correction,exchange,id,participant_timestamp,price,\
        sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp";
    const MINUTES: &[u8] = b"ticker,volume,open,close,high,low,window_start,transactions";

    fn trade(line: &str) -> Result<Row, RowFault> {
        Layout::read(TRADES).unwrap().row(line.as_bytes())
    }

    fn minute(line: &str) -> Result<Row, RowFault> {
        Layout::read(MINUTES).unwrap().row(line.as_bytes())
    }

    #[test]
    fn a_trade_is_read_also_with_conditions_in_quotes() {
        let more = More::default();
        let expected =
            Row::Trade { time_ns: 1_381_152_600_007_000_000, price: 167.41, size: 500.0, more };
        for conditions in ["", "\"12,37\"", "12", "\"a \"\"b\"\", c\""] {
            let line = format!(
                "SPY,{conditions},0,0,2835,1381152600006000000,167.41,2835,1381152600007000000,500,0,0,0"
            );
            assert_eq!(trade(&line), Ok(expected), "{conditions}");
        }
    }

    #[test]
    fn a_minute_is_read_by_the_names_of_its_columns() {
        let expected = Row::Minute {
            time_ns: 1_380_873_960_000_000_000,
            prices: [1.0, 4.0, 0.5, 2.0],
            volume: 20_000.0,
        };
        assert_eq!(minute("SPY,2e4,1,2,4,.5,1380873960000000000,0"), Ok(expected));
        let moved = b"\xef\xbb\xbflow, window_start ,high,close,open,volume,ticker";
        let layout = Layout::read(moved).unwrap();
        assert_eq!(layout.row(b".5,1380873960000000000,4,2,1,20000,SPY"), Ok(expected));
        assert_eq!(layout.ticker(b".5,1380873960000000000,4,2,1,20000,SPY"), Some(&b"SPY"[..]));
    }

    #[test]
    fn a_header_that_lacks_a_column_is_refused_by_its_name() {
        let error = Layout::read(b"ticker,price,sip_timestamp").unwrap_err();
        assert_eq!(error.to_string(), "the header of trades_v1 lacks the column(s) size");
        assert_eq!(Layout::read(b""), Err(HeaderFault::Unknown));
        assert_eq!(Layout::read(b"SPY,20000,167.65"), Err(HeaderFault::Unknown));
    }

    #[test]
    fn a_row_that_makes_no_sense_says_why() {
        let start = "SPY,,0,0,1,1381152600007000000";
        let value = |column, wanted| Err(RowFault::Value(column, wanted));
        let price = value("price", "a price above zero");
        for bad in ["0", "-1", "", "x", "NaN", "inf", "1e999"] {
            let line = format!("{start},{bad},1,1381152600007000000,500,0,0,0");
            assert_eq!(trade(&line), price, "{bad}");
        }
        for bad in ["0", "1381152600007", "", "1.5e18", "99999999999999999999"] {
            let line = format!("{start},167.41,1,{bad},500,0,0,0");
            assert_eq!(trade(&line), value("sip_timestamp", "a time in nanoseconds, 2000 to 2100"));
        }
        let size = trade(&format!("{start},167.41,1,1381152600007000000,-5,0,0,0"));
        assert_eq!(size, value("size", "a number of shares, zero or more"));
        assert_eq!(trade("SPY,,0"), Err(RowFault::Fields { found: 3, expected: 13 }));
        assert_eq!(trade(""), Err(RowFault::Fields { found: 1, expected: 13 }));
        assert_eq!(minute("SPY,1,1,2,1.5,.5,1380873960000000000,0"), Err(RowFault::Range));
    }
}

#[cfg(test)]
mod property_tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_line_however_hostile_is_more_than_an_error(line: Vec<u8>, header: Vec<u8>) {
            let _read = Layout::read(&header);
            for kind in ["ticker,price,size,sip_timestamp",
                         "ticker,open,high,low,close,volume,window_start"] {
                let layout = Layout::read(kind.as_bytes()).unwrap();
                prop_assert!(layout.row(&line).is_err());
                let _ticker = layout.ticker(&line);
            }
        }

        #[test]
        fn fields_without_quotes_are_what_stands_between_commas(line in "[^\"\n]*") {
            let found: Vec<_> = fields(line.as_bytes()).collect();
            let expected: Vec<_> = line.split(',').map(str::as_bytes).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_trade_comes_back_as_it_was_written(
            time_ns in 946_684_800_000_000_000_i64..4_102_444_800_000_000_000,
            price in 0.0001_f64..1e6,
            size in 0.0_f64..1e9,
        ) {
            let layout = Layout::read(b"ticker,price,size,sip_timestamp").unwrap();
            let line = format!("A,{price},{size},{time_ns}");
            let row = Row::Trade { time_ns, price, size, more: More::default() };
            prop_assert_eq!(layout.row(line.as_bytes()), Ok(row));
        }
    }
}
