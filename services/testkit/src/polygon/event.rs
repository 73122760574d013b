//! What happens on the market. Pure.

/// Nanoseconds of a millisecond.
pub(super) const MS: i64 = 1_000_000;

/// Real time, or 15 minutes behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cluster {
    /// `socket.massive.com`.
    RealTime,
    /// `delayed.massive.com`.
    Delayed,
}

/// A trade.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    /// Its ticker.
    pub symbol: String,
    /// US dollars.
    pub price: f64,
    /// Shares; may be fractional.
    pub size: f64,
    /// The time of the SIP, nanoseconds since 1970 UTC.
    pub time_ns: i64,
    /// Number of the exchange.
    pub exchange: i64,
    /// Condition codes: 37 (odd lot) moves no bar but its volume, 8 and 15 belong to the day's bar
    /// only. `None`: the field is absent.
    pub conditions: Option<Vec<i32>>,
    /// Its id; numbered by the fake where there is none.
    pub id: Option<String>,
    /// 1 NYSE, 2 AMEX, 3 Nasdaq.
    pub tape: i64,
    /// Its sequence number; numbered by the fake where there is none.
    pub sequence: Option<u64>,
}

impl Trade {
    /// A plain trade of Nasdaq.
    pub fn new(symbol: &str, price: f64, size: f64, time_ns: i64) -> Self {
        Self {
            symbol: symbol.to_owned(),
            price,
            size,
            time_ns,
            exchange: 4,
            conditions: Some(vec![14, 41]),
            id: None,
            tape: 3,
            sequence: None,
        }
    }

    /// The same trade with other conditions; with none of them the field is absent.
    #[must_use]
    pub fn with_conditions(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.conditions =
            Some(codes.into_iter().collect()).filter(|codes: &Vec<_>| !codes.is_empty());
        self
    }

    /// The same trade with an id.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    pub(super) fn has(&self, code: i32) -> bool {
        self.conditions.iter().flatten().any(|has| *has == code)
    }
}

/// A quote.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    /// Its ticker.
    pub symbol: String,
    /// US dollars; `None`: one-sided.
    pub bid: Option<f64>,
    /// In round lots.
    pub bid_size: f64,
    /// US dollars; `None`: one-sided.
    pub ask: Option<f64>,
    /// In round lots.
    pub ask_size: f64,
    /// The time of the SIP, nanoseconds since 1970 UTC.
    pub time_ns: i64,
}

/// What a second, a minute or a day amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bar {
    /// Its start, milliseconds since 1970 UTC; of no meaning for a day.
    pub start_ms: i64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Shares.
    pub volume: f64,
    /// Mean price by volume.
    pub vwap: f64,
    /// Number of trades.
    pub trades: i64,
}

impl Bar {
    /// A bar of open, high, low, close and volume.
    pub fn new(start_ms: i64, prices: [f64; 4], volume: f64) -> Self {
        let [open, high, low, close] = prices;
        let vwap = (open + high + low + close) / 4.0;
        Self { start_ms, open, high, low, close, volume, vwap, trades: 1 }
    }

    /// A bar of one price.
    pub fn flat(start_ms: i64, price: f64, volume: f64) -> Self {
        Self { vwap: price, ..Self::new(start_ms, [price; 4], volume) }
    }

    /// One more trade in it. Shares of an odd lot count, its price does not.
    pub(super) fn take(&mut self, price: f64, size: f64, moves_price: bool) {
        let value = self.vwap * self.volume + price * size;
        self.volume += size;
        self.vwap = if self.volume > 0.0 { value / self.volume } else { price };
        self.trades += 1;
        if !moves_price {
            return;
        }
        if self.open <= 0.0 {
            (self.open, self.high, self.low) = (price, price, price);
        }
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
    }

    /// The bar that follows, within the same longer one.
    pub(super) fn join(&mut self, later: &Self) {
        let value = self.vwap * self.volume + later.vwap * later.volume;
        self.volume += later.volume;
        self.vwap = if self.volume > 0.0 { value / self.volume } else { later.vwap };
        self.trades += later.trades;
        if self.open <= 0.0 {
            (self.open, self.high, self.low) = (later.open, later.high, later.low);
        }
        self.high = self.high.max(later.high);
        self.low = if later.low > 0.0 { self.low.min(later.low) } else { self.low };
        self.close = later.close;
    }
}

/// How long a streamed bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Span {
    Second,
    Minute,
}

impl Span {
    pub(super) const ALL: [Self; 2] = [Self::Second, Self::Minute];

    pub(super) fn ms(self) -> i64 {
        match self {
            Self::Second => 1_000,
            Self::Minute => 60_000,
        }
    }

    pub(super) fn start(self, time_ms: i64) -> i64 {
        time_ms - time_ms.rem_euclid(self.ms())
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    Trade(Trade),
    Quote(Quote),
    Bar(String, Span, Bar),
}

impl Event {
    pub(super) fn symbol(&self) -> &str {
        match self {
            Self::Trade(trade) => &trade.symbol,
            Self::Quote(quote) => &quote.symbol,
            Self::Bar(symbol, ..) => symbol,
        }
    }

    /// When it is over and can be told, nanoseconds.
    pub(super) fn time_ns(&self) -> i64 {
        match self {
            Self::Trade(trade) => trade.time_ns,
            Self::Quote(quote) => quote.time_ns,
            Self::Bar(_, span, bar) => (bar.start_ms + span.ms()).saturating_mul(MS),
        }
    }
}
