//! The open questions of the vendor's service, a switch each.

use clap::{ArgAction, Args};
use std::time::Duration;
use testkit::polygon::{Acks, Config, Numbers, Surplus, Weekend};

/// How the fake answers what the vendor leaves open.
#[expect(clippy::struct_excessive_bools, reason = "each is a question the vendor leaves open")]
#[derive(Debug, Args)]
pub(crate) struct Switches {
    /// How numbers of shares are written
    #[arg(long, value_enum, default_value_t = Numbers::Go)]
    numbers: Numbers,
    /// How subscriptions are confirmed
    #[arg(long, value_enum, default_value_t = Acks::OneByOne)]
    acks: Acks,
    /// Which socket goes when there is one too many
    #[arg(long, value_enum, default_value_t = Surplus::OlderGoes)]
    surplus: Surplus,
    /// What snapshots show on Saturday and Sunday
    #[arg(long, value_enum, default_value_t = Weekend::Kept)]
    weekend: Weekend,
    /// Seconds that delayed plans and sockets are behind
    #[arg(long, default_value_t = 900)]
    delay: u64,
    /// Seconds a client has to authenticate
    #[arg(long, default_value_t = 5)]
    auth_timeout: u64,
    /// Seconds between pings
    #[arg(long, default_value_t = 25)]
    ping_every: u64,
    /// Bytes that wait for a slow client before it is cut
    #[arg(long, default_value_t = 16 * 1024 * 1024)]
    buffer_bytes: usize,
    /// Whether a slow client is told so before it is cut
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    slow_told: bool,
    /// Events in a frame at most
    #[arg(long, default_value_t = 1_000)]
    frame_events: usize,
    /// Whether second and minute bars come from the trades
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    derive_bars: bool,
    /// Milliseconds after its end that a bar is sent
    #[arg(long, default_value_t = 2_000)]
    bar_lag_ms: u64,
    /// Calls a minute of the free plan
    #[arg(long, default_value_t = 5)]
    calls_per_minute: u32,
    /// Whether refused calls count too
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    refused_count: bool,
    /// Whether snapshots of a delayed plan say DELAYED, not OK
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    snapshots_say_delayed: bool,
    /// Whether of repeated `tickers` the last one is honoured, not the first
    #[arg(long, default_value_t = false, action = ArgAction::Set)]
    last_tickers_win: bool,
    /// Whether the string fields of 2026 are there: ds, dv, dav
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    decimal_strings: bool,
    /// Tickers that a unified snapshot refuses
    #[arg(long, value_delimiter = ',')]
    unentitled: Vec<String>,
}

impl Switches {
    /// `config` as the switches are set.
    pub(crate) fn set(&self, config: Config) -> Config {
        Config {
            numbers: self.numbers,
            acks: self.acks,
            surplus: self.surplus,
            weekend: self.weekend,
            delay: Duration::from_secs(self.delay),
            auth_timeout: Duration::from_secs(self.auth_timeout),
            ping_every: Duration::from_secs(self.ping_every),
            buffer_bytes: self.buffer_bytes,
            slow_told: self.slow_told,
            frame_events: self.frame_events,
            derive_bars: self.derive_bars,
            bar_lag: Duration::from_millis(self.bar_lag_ms),
            calls_per_minute: self.calls_per_minute,
            refused_count: self.refused_count,
            snapshots_say_delayed: self.snapshots_say_delayed,
            last_tickers_win: self.last_tickers_win,
            decimal_strings: self.decimal_strings,
            unentitled: self.unentitled.clone(),
            ..config
        }
    }
}
