//! One text frame into events. Pure.
//!
//! The server always sends an array, of one item or of many, of mixed kinds. Each item is read by
//! itself, so that a bad one costs itself and no other; unknown kinds and fields are passed over.
//! <https://massive.com/docs/websocket/stocks/trades>; from the vendor's documents:
//!
//! ```json
//! [{"ev":"T","sym":"MSFT","x":4,"i":"12345","z":3,"p":114.125,"s":100,"c":[0,12],"t":1536036818784,"q":3681328},
//!  {"ev":"Q","sym":"MSFT","bx":4,"bp":114.125,"bs":100,"ax":7,"ap":114.128,"as":160,"c":0,"i":[604],"t":1536036818784,
//!   "q":50385480,"z":3},
//!  {"ev":"A","sym":"SPCE","v":200,"av":8642007,"op":25.66,"vw":25.3981,"o":25.39,"c":25.39,"h":25.39,"l":25.39,"a":25.3714,
//!   "z":50,"s":1610144868000,"e":1610144869000},
//!  {"ev":"AM","sym":"GTE","v":4110,"av":9470157,"op":0.4372,"vw":0.4488,"o":0.4488,"c":0.4486,"h":0.4489,"l":0.4486,
//!   "a":0.4352,"z":685,"s":1610144640000,"e":1610144700000},
//!  {"ev":"FMV","fmv":189.22,"sym":"AAPL","t":1678220098130}]
//! ```
//!
//! Times are milliseconds, of `FMV` and `LULD` milliseconds or nanoseconds by their magnitude. A
//! time outside 2000 to 2100 is another unit or none, and its item malformed.

mod wire;

use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// One item of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// A word about the connection.
    Status(Status<'a>),
    /// A trade.
    Trade(Trade<'a>),
    /// The best bid and ask.
    Book(Book<'a>),
    /// One second of trades.
    Second(Window<'a>),
    /// One minute of trades.
    Minute(Window<'a>),
    /// Polygon's fair market value.
    Fair(Fair<'a>),
    /// The band outside of which trading is halted.
    Band(Band<'a>),
}

/// A word about the connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Status<'a> {
    /// `connected`, `auth_success`, ...
    pub status: Cow<'a, str>,
    /// In words.
    pub message: Cow<'a, str>,
}

/// A trade.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade<'a> {
    /// The ticker.
    pub ticker: Cow<'a, str>,
    /// Dollars, as sent.
    pub price: f64,
    /// Shares; 0 when not sent.
    pub size: f64,
    /// Condition codes; empty when not sent.
    pub conditions: Vec<i64>,
    /// Milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// Rises per ticker within a day; 0 when not sent.
    pub sequence: i64,
}

/// The best bid and ask. A side may be missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Book<'a> {
    /// The ticker.
    pub ticker: Cow<'a, str>,
    /// Best bid, dollars.
    pub bid: Option<f64>,
    /// Best ask, dollars.
    pub ask: Option<f64>,
    /// Milliseconds since 1970 UTC.
    pub time_ms: Option<i64>,
    /// Rises per ticker within a day; 0 when not sent.
    pub sequence: i64,
}

/// The trades of one second or minute added up.
#[derive(Debug, Clone, PartialEq)]
pub struct Window<'a> {
    /// The ticker.
    pub ticker: Cow<'a, str>,
    /// First price, dollars.
    pub open: f64,
    /// Highest price, dollars.
    pub high: f64,
    /// Lowest price, dollars.
    pub low: f64,
    /// Last price, dollars.
    pub close: f64,
    /// Shares; 0 when not sent.
    pub volume: f64,
    /// Volume-weighted average of the window (not of the day), dollars.
    pub vwap: Option<f64>,
    /// Mean shares of a trade in it.
    pub mean_size: Option<f64>,
    /// Its first millisecond since 1970 UTC.
    pub start_ms: i64,
    /// The first millisecond after it.
    pub end_ms: i64,
}

/// Polygon's fair market value.
#[derive(Debug, Clone, PartialEq)]
pub struct Fair<'a> {
    /// The ticker.
    pub ticker: Cow<'a, str>,
    /// Dollars.
    pub price: f64,
    /// Nanoseconds since 1970 UTC.
    pub time_ns: i64,
}

/// The band outside of which trading is halted.
#[derive(Debug, Clone, PartialEq)]
pub struct Band<'a> {
    /// The ticker; on the wire it stands in `T`.
    pub ticker: Cow<'a, str>,
    /// Upper bound, dollars.
    pub high: Option<f64>,
    /// Lower bound, dollars.
    pub low: Option<f64>,
    /// Nanoseconds since 1970 UTC.
    pub time_ns: i64,
}

/// What a frame amounts to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame<'a> {
    /// Its readable items, in their order.
    pub events: Vec<Event<'a>>,
    /// Items that could not be read, and 1 where the frame as a whole breaks off.
    pub malformed: u64,
    /// Items of kinds that are not known here.
    pub unknown: u64,
}

/// Reads a frame. Never fails: what cannot be read is counted.
pub fn decode(bytes: &[u8]) -> Frame<'_> {
    let mut frame = Frame::default();
    let Ok(text) = str::from_utf8(bytes) else {
        frame.malformed = 1;
        return frame;
    };
    // One object without its array is not what the server sends, but is no riddle either.
    if text.trim_start().starts_with('{') {
        frame.take(text);
        return frame;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Items(&mut frame).deserialize(&mut reader);
    if read.and_then(|()| reader.end()).is_err() {
        frame.malformed += 1;
    }
    frame
}

impl<'a> Frame<'a> {
    /// Takes one item in.
    fn take(&mut self, text: &'a str) {
        match wire::item(text) {
            Ok(Some(event)) => self.events.push(event),
            Ok(None) => self.unknown += 1,
            Err(fault) => {
                tracing::debug!("skipped an item of a frame: {fault}");
                self.malformed += 1;
            }
        }
    }
}

/// Visits the items one after the other, without a list of them all.
struct Items<'f, 'a>(&'f mut Frame<'a>);

impl<'a> DeserializeSeed<'a> for Items<'_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'a> Visitor<'a> for Items<'_, 'a> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(raw) = items.next_element::<&'a RawValue>()? {
            self.0.take(raw.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
