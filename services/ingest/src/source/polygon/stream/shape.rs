//! Events into prices and minutes. Pure.
//!
//! 1. Within a frame events are taken in the order of their own time and number; across frames
//!    order and duplicates are the normalizer's business.
//! 2. A trade is a price, except where its conditions say that it does not update the last one
//!    ([`conditions`]): its shares are counted with the next price.
//! 3. A bid and ask make no price: the next trade carries them.
//! 4. A second is a price at its last millisecond, once on a connection: sent again it is none. A
//!    minute sent again goes out again, for it replaces the earlier one.
//! 5. Tickers that were not asked for are passed over.
//! 6. What is ahead of our clock is dropped and counted: nothing is learnt from it, or one wrong time
//!    would silence a symbol for as long as it is ahead. Its prices are set apart, for they may tell
//!    that the clock is behind.

use super::frames::{Book, Event, Trade, Window};
use crate::source::{
    Quote,
    conditions::{self, Sale},
};
use market::Calendar;
use proto::{Bar, Message as _, PriceField, Source as Origin, Symbol};
use std::collections::BTreeMap;

/// What a frame amounts to for its taker.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shaped {
    /// Prices.
    pub quotes: Vec<Quote>,
    /// Minutes.
    pub bars: Vec<Bar>,
    /// Minutes that are none: not on a minute, or their high below their low.
    pub malformed: u64,
    /// Events from the future, dropped.
    pub early: u64,
    /// The prices among them.
    pub ahead: Vec<Quote>,
    /// Something came from the market, whether or not it is a price.
    pub alive: bool,
}

/// Makes prices and minutes of events.
#[derive(Debug)]
pub struct Shaper {
    calendar: Calendar,
    delayed: bool,
    lines: BTreeMap<Box<str>, Line>,
}

/// What is remembered of a symbol.
#[derive(Debug)]
struct Line {
    symbol: Symbol,
    bid: Option<f64>,
    ask: Option<f64>,
    /// Shares of trades that were no price.
    carried: f64,
    /// Start of the newest second that was a price.
    second_ms: i64,
    /// The connection was lost since the last price.
    gap: bool,
}

impl Shaper {
    /// Events of `symbols`.
    pub fn new(symbols: &[Symbol], calendar: Calendar, delayed: bool) -> Self {
        let line = |symbol: &Symbol| {
            let symbol = symbol.clone();
            let (bid, ask) = (None, None);
            Line { symbol, bid, ask, carried: 0.0, second_ms: i64::MIN, gap: false }
        };
        let lines = symbols.iter().map(|symbol| (symbol.as_str().into(), line(symbol))).collect();
        Self { calendar, delayed, lines }
    }

    /// The prices are 15 minutes behind the market from here on.
    pub fn set_delayed(&mut self) {
        self.delayed = true;
    }

    /// They are 15 minutes behind the market.
    pub fn is_delayed(&self) -> bool {
        self.delayed
    }

    /// The connection is lost: what it said about bids and asks is old, and prices will be missing.
    pub fn lost(&mut self) {
        for line in self.lines.values_mut() {
            line.bid = None;
            line.ask = None;
            line.carried = 0.0;
            line.second_ms = i64::MIN;
            line.gap = true;
        }
    }

    /// Takes the events of one frame in; those later than `latest_ms` (since 1970 UTC) are dropped.
    pub fn take(&mut self, mut events: Vec<Event<'_>>, latest_ms: i64) -> Shaped {
        let mut shaped = Shaped::default();
        events.sort_by_key(order);
        for event in &events {
            match event {
                event if time_ms(event) > latest_ms => self.early(event, &mut shaped),
                Event::Trade(trade) => self.trade(trade, &mut shaped),
                Event::Book(book) => self.book(book, &mut shaped),
                Event::Second(window) => self.second(window, &mut shaped),
                Event::Minute(window) => self.minute(window, &mut shaped),
                Event::Status(_) | Event::Fair(_) | Event::Band(_) => {}
            }
        }
        shaped
    }

    fn early(&self, event: &Event<'_>, shaped: &mut Shaped) {
        let (Event::Trade(Trade { ticker, .. })
        | Event::Book(Book { ticker, .. })
        | Event::Second(Window { ticker, .. })
        | Event::Minute(Window { ticker, .. })) = event
        else {
            return;
        };
        let Some(line) = self.lines.get(ticker.as_ref()) else { return };
        shaped.alive = true;
        shaped.early += 1;
        let (price, field) = match event {
            Event::Trade(trade) => (trade.price, PriceField::Trade),
            Event::Second(window) => (window.close, PriceField::Second),
            Event::Status(_)
            | Event::Book(_)
            | Event::Minute(_)
            | Event::Fair(_)
            | Event::Band(_) => return,
        };
        let time_ns = time_ms(event).saturating_mul(1_000_000);
        shaped.ahead.push(line.plain(price, 0.0, time_ns, field, self.delayed));
    }

    fn trade(&mut self, trade: &Trade<'_>, shaped: &mut Shaped) {
        let Some(line) = self.lines.get_mut(trade.ticker.as_ref()) else { return };
        shaped.alive = true;
        let session = || self.calendar.session_at(trade.time_ms);
        match conditions::sale(&trade.conditions, session) {
            Sale::Price => {}
            Sale::Shares => {
                line.carried += trade.size.max(0.0);
                return;
            }
            Sale::Nothing => return,
        }
        let size = trade.size.max(0.0) + std::mem::take(&mut line.carried);
        let time_ns = trade.time_ms * 1_000_000;
        let field = PriceField::Trade;
        shaped.quotes.push(line.quote(trade.price, size, time_ns, field, self.delayed));
    }

    fn book(&mut self, book: &Book<'_>, shaped: &mut Shaped) {
        let Some(line) = self.lines.get_mut(book.ticker.as_ref()) else { return };
        shaped.alive = true;
        line.bid = book.bid;
        line.ask = book.ask;
    }

    fn second(&mut self, window: &Window<'_>, shaped: &mut Shaped) {
        let Some(line) = self.lines.get_mut(window.ticker.as_ref()) else { return };
        shaped.alive = true;
        if window.start_ms <= line.second_ms {
            return;
        }
        line.second_ms = window.start_ms;
        let time_ns = (window.end_ms - 1) * 1_000_000;
        let field = PriceField::Second;
        shaped.quotes.push(line.quote(window.close, window.volume, time_ns, field, self.delayed));
    }

    fn minute(&mut self, window: &Window<'_>, shaped: &mut Shaped) {
        let Some(line) = self.lines.get(window.ticker.as_ref()) else { return };
        shaped.alive = true;
        let bar = bar(line.symbol.clone(), window);
        if bar.check().is_ok() {
            shaped.bars.push(bar);
        } else {
            shaped.malformed += 1;
        }
    }
}

impl Line {
    fn quote(
        &mut self,
        price: f64,
        size: f64,
        time_ns: i64,
        field: PriceField,
        delayed: bool,
    ) -> Quote {
        let gap = price > 0.0 && std::mem::take(&mut self.gap);
        Quote { gap, ..self.plain(price, size, time_ns, field, delayed) }
    }

    /// A price that leaves the line as it is.
    fn plain(
        &self,
        price: f64,
        size: f64,
        time_ns: i64,
        field: PriceField,
        delayed: bool,
    ) -> Quote {
        Quote {
            symbol: self.symbol.clone(),
            price,
            size,
            time_ns,
            field,
            delayed,
            bid: self.bid,
            ask: self.ask,
            prev_close: None,
            gap: false,
            received_ns: None,
        }
    }
}

/// When it happened, milliseconds since 1970 UTC: a window at its last one.
fn time_ms(event: &Event<'_>) -> i64 {
    match event {
        Event::Trade(trade) => trade.time_ms,
        Event::Book(book) => book.time_ms.unwrap_or(0),
        Event::Second(window) | Event::Minute(window) => window.start_ms.max(window.end_ms - 1),
        Event::Status(_) | Event::Fair(_) | Event::Band(_) => 0,
    }
}

/// Time, then number. What has no time was sent for those after it.
fn order(event: &Event<'_>) -> (i64, i64) {
    match event {
        Event::Trade(trade) => (trade.time_ms, trade.sequence),
        Event::Book(book) => (book.time_ms.unwrap_or(0), book.sequence),
        Event::Second(window) | Event::Minute(window) => (window.end_ms, window.start_ms),
        Event::Status(_) | Event::Fair(_) | Event::Band(_) => (0, 0),
    }
}

/// A minute. The number of its trades is worked out: shares by the mean shares of a trade.
fn bar(symbol: Symbol, window: &Window<'_>) -> Bar {
    let known = |value: Option<f64>| value.filter(|value| value.is_finite() && *value > 0.0);
    let count = known(window.mean_size).map_or(0, |mean| (window.volume / mean).round() as u64);
    Bar {
        v: proto::VERSION,
        symbol,
        start_ms: window.start_ms,
        open: window.open,
        high: window.high,
        low: window.low,
        close: window.close,
        volume: window.volume,
        vwap: known(window.vwap).unwrap_or(window.close),
        count,
        seq: 0,
        source: Origin::Polygon,
    }
}

#[cfg(test)]
mod tests;
