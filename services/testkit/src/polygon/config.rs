//! How a fake is set up: keys, symbols, time, and the open questions of the API as switches.

use super::{numbers::Numbers, plan::Plan};
use runtime::clock::Clock;
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

/// Everything a fake can be told before it starts.
#[expect(clippy::struct_excessive_bools, reason = "each is a question the vendor leaves open")]
#[derive(Debug, Clone)]
pub struct Config {
    /// Where REST listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the real-time sockets listen.
    pub listen_realtime: SocketAddr,
    /// Where the delayed sockets listen.
    pub listen_delayed: SocketAddr,
    /// Its time.
    pub clock: Clock,
    /// A clock that does not go by itself goes on with real time from where it is put.
    pub clock_goes: bool,
    /// REST has `/_fake/...` too, where it is steered from outside.
    pub admin: bool,
    /// What is traded.
    pub symbols: Vec<Listing>,
    /// Keys and what they may see; one for each plan unless told otherwise: [`Plan::key`].
    pub keys: BTreeMap<String, Plan>,
    /// Trading days before the clock's that every priced symbol has day bars of.
    pub history_days: usize,
    /// Those days have minute bars too.
    pub history_minutes: bool,
    /// Another seed, another past.
    pub seed: u64,
    /// How numbers of shares are written.
    pub numbers: Numbers,
    /// How subscriptions are confirmed.
    pub acks: Acks,
    /// Which socket goes when there is one too many.
    pub surplus: Surplus,
    /// What snapshots show on Saturday and Sunday.
    pub weekend: Weekend,
    /// How far behind delayed plans and the delayed cluster are.
    pub delay: Duration,
    /// How long a client has to authenticate, real time.
    pub auth_timeout: Duration,
    /// How often the server pings, real time.
    pub ping_every: Duration,
    /// What waits for a slow client, bytes, before it is cut.
    pub buffer_bytes: usize,
    /// A slow client is told so before it is cut.
    pub slow_told: bool,
    /// Events in a frame at most.
    pub frame_events: usize,
    /// Second and minute bars come from the trades.
    pub derive_bars: bool,
    /// How long after its end a derived bar is sent.
    pub bar_lag: Duration,
    /// Calls a minute of the free plan, by the fake's clock: a rolling window.
    pub calls_per_minute: u32,
    /// Refused calls count too.
    pub refused_count: bool,
    /// Snapshots of a delayed plan say `DELAYED`, not `OK`.
    pub snapshots_say_delayed: bool,
    /// Of repeated `tickers` the last one is honoured, not the first.
    pub last_tickers_win: bool,
    /// The string fields of 2026: `ds`, `dv`, `dav`.
    pub decimal_strings: bool,
    /// Tickers that a unified snapshot refuses.
    pub unentitled: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let listed =
            [("AAPL", 250.0), ("MSFT", 450.0), ("NVDA", 170.0), ("TSLA", 330.0), ("BRK.B", 480.0)];
        Self {
            listen: free,
            listen_realtime: free,
            listen_delayed: free,
            clock: Clock::wall(),
            clock_goes: false,
            admin: false,
            symbols: listed.map(|(ticker, close)| Listing::new(ticker, close)).to_vec(),
            keys: Plan::ALL.map(|plan| (plan.key().to_owned(), plan)).into(),
            history_days: 5,
            history_minutes: false,
            seed: 20_260_101,
            numbers: Numbers::Go,
            acks: Acks::OneByOne,
            surplus: Surplus::OlderGoes,
            weekend: Weekend::Kept,
            delay: Duration::from_mins(15),
            auth_timeout: Duration::from_secs(5),
            ping_every: Duration::from_secs(25),
            buffer_bytes: 16 * 1024 * 1024,
            slow_told: true,
            frame_events: 1_000,
            derive_bars: true,
            bar_lag: Duration::from_secs(2),
            calls_per_minute: 5,
            refused_count: true,
            snapshots_say_delayed: true,
            last_tickers_win: false,
            decimal_strings: true,
            unentitled: Vec::new(),
        }
    }
}

/// A symbol the fake knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// Its ticker.
    pub ticker: String,
    /// Close of the session before the fake's start, US dollars; none for one that is new.
    pub close: Option<f64>,
}

impl Listing {
    /// A symbol with a past that ends at `close`.
    pub fn new(ticker: &str, close: f64) -> Self {
        Self { ticker: ticker.to_owned(), close: Some(close) }
    }

    /// A symbol that has never been traded.
    pub fn unpriced(ticker: &str) -> Self {
        Self { ticker: ticker.to_owned(), close: None }
    }
}

/// How subscriptions are confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Acks {
    /// A frame for each pair.
    OneByOne,
    /// All pairs of a request in a frame.
    Batched,
}

/// Which socket goes when a key has one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Surplus {
    /// The older one is told and closed with 1008.
    OlderGoes,
    /// The newer one is told and closed with 1008, after its first subscriptions were confirmed.
    NewerGoes,
}

/// What snapshots show on Saturday and Sunday; the vendor does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Weekend {
    /// Friday's values.
    Kept,
    /// Zeros.
    Zeros,
}
