//! How patient the stream is. Pure: durations and sizes only.

use std::time::Duration;

/// All waiting times and bounds of a stream in one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// For the TCP connection, TLS and the upgrade together.
    pub connect: Duration,
    /// For the greeting and for the answer to the key, each.
    pub handshake: Duration,
    /// For the next acknowledgement of a subscription.
    pub acknowledge: Duration,
    /// Between two pings of ours.
    pub ping: Duration,
    /// Without a single byte from the server, pongs included, the connection is dead.
    pub dead: Duration,
    /// How often the clock is looked at between frames.
    pub look: Duration,
    /// Silence of ten symbols or more that is an alarm in the regular session; see `watchdog`.
    pub silence: Duration,
    /// First wait before a new connection; it doubles.
    pub retry_first: Duration,
    /// Longest wait before a new connection.
    pub retry_most: Duration,
    /// A connection that held this long begins the waits anew.
    pub stable: Duration,
    /// First wait after the server found too many connections; up to double by chance.
    pub cool_down: Duration,
    /// Longest of those waits.
    pub cool_down_most: Duration,
    /// For a farewell to the server.
    pub farewell: Duration,
    /// Quotes that are held for the taker before they are merged.
    pub capacity: usize,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            handshake: Duration::from_secs(10),
            acknowledge: Duration::from_secs(5),
            ping: Duration::from_secs(25),
            dead: Duration::from_mins(1),
            look: Duration::from_millis(500),
            silence: Duration::from_mins(1),
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_mins(1),
            stable: Duration::from_secs(10),
            cool_down: Duration::from_mins(1),
            cool_down_most: Duration::from_mins(15),
            farewell: Duration::from_secs(1),
            capacity: 65_536,
        }
    }
}
