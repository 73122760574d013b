//! The columns that a recording has beyond the vendor's: what a flat file of trades cannot say. Pure.
//!
//! They stand after the vendor's own, so whoever reads those by name passes over these.

use super::flatfile::{RowFault, fields};
use proto::PriceField;

/// The columns that are added, in their order.
pub const COLUMNS: [&str; 11] = [
    "source",
    "field",
    "session",
    "delayed",
    "bid",
    "ask",
    "prev_close",
    "gap",
    "suspect",
    "received_ns",
    POSITION,
];

/// Place in stream `TICKS`; a file that has it is a recording and is replayed as it stands.
pub const POSITION: &str = "position";

/// Columns that make the tick; the others tell where it came from.
const READ: [&str; 6] = ["field", "delayed", "bid", "ask", "prev_close", "gap"];

/// What a recorded row says beyond price, size and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct More {
    /// Which field supplied the price.
    pub field: PriceField,
    /// The source was known to be behind the market.
    pub delayed: bool,
    /// Best bid, dollars.
    pub bid: Option<f64>,
    /// Best ask, dollars.
    pub ask: Option<f64>,
    /// Close of the previous session, dollars.
    pub prev_close: Option<f64>,
    /// Prices before this one are missing.
    pub gap: bool,
}

impl Default for More {
    fn default() -> Self {
        let field = PriceField::Trade;
        Self { field, delayed: false, bid: None, ask: None, prev_close: None, gap: false }
    }
}

/// Which of the columns stands where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places([Option<usize>; 6]);

impl Places {
    /// The places in a header of these names; `None` when it is no recording.
    pub fn find(names: &[&[u8]]) -> Option<Self> {
        let place = |column: &str| names.iter().position(|name| *name == column.as_bytes());
        place(POSITION)?;
        Some(Self(READ.map(place)))
    }

    /// Reads them from a line.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(&self, line: &[u8]) -> Result<More, RowFault> {
        let [field, delayed, bid, ask, prev_close, gap] = self.0.map(|place| text(line, place));
        Ok(More {
            field: price_field(field)?,
            delayed: flag(delayed, "delayed")?,
            bid: price(bid, "bid")?,
            ask: price(ask, "ask")?,
            prev_close: price(prev_close, "prev_close")?,
            gap: flag(gap, "gap")?,
        })
    }
}

/// The column's text; empty where the file does not have it.
fn text(line: &[u8], place: Option<usize>) -> &[u8] {
    place.and_then(|place| fields(line).nth(place)).unwrap_or_default().trim_ascii()
}

fn price_field(text: &[u8]) -> Result<PriceField, RowFault> {
    match text {
        b"" | b"trade" => Ok(PriceField::Trade),
        b"second" => Ok(PriceField::Second),
        b"minute" => Ok(PriceField::Minute),
        b"day" => Ok(PriceField::Day),
        b"prev_day" => Ok(PriceField::PrevDay),
        _ => Err(RowFault::Value("field", "trade, second, minute, day or prev_day")),
    }
}

fn flag(text: &[u8], column: &'static str) -> Result<bool, RowFault> {
    match text {
        b"" | b"0" => Ok(false),
        b"1" => Ok(true),
        _ => Err(RowFault::Value(column, "0 or 1")),
    }
}

fn price(text: &[u8], column: &'static str) -> Result<Option<f64>, RowFault> {
    if text.is_empty() {
        return Ok(None);
    }
    let number: Option<f64> = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    let sound = number.filter(|price| price.is_finite() && *price > 0.0);
    sound.map(Some).ok_or(RowFault::Value(column, "a price above zero or nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_read_by_name_and_what_is_absent_has_its_plain_value() {
        let names: Vec<&[u8]> =
            "ticker,gap,bid,position,field".split(',').map(str::as_bytes).collect();
        let places = Places::find(&names).unwrap();
        let read = More { field: PriceField::Day, bid: Some(1.5), gap: true, ..More::default() };
        assert_eq!(places.read(b"A,1,1.5,7,day"), Ok(read));
        assert_eq!(places.read(b"A,,,7,"), Ok(More::default()));
        assert_eq!(places.read(b"A,2,,7,"), Err(RowFault::Value("gap", "0 or 1")));
        assert!(places.read(b"A,,-1,7,").is_err() && places.read(b"A,,,7,x").is_err());
        assert_eq!(Places::find(&names[..3]), None, "the vendor's own file is no recording");
    }
}
