//! The program's command line, and what it says when it is up.

use crate::switches::Switches;
use clap::Parser;
use proto::Session;
use runtime::clock::Clock;
use std::{io::Write as _, net::SocketAddr};
use testkit::polygon::{Config, Fault, Listing, Load, Plan, Polygon, Walk, new_york};

const SYMBOLS: &str = "AAPL=250,MSFT=450,NVDA=170,TSLA=330,AMZN=230,GOOGL=250,META=700,AVGO=350,\
    AMD=160,NFLX=1200,JPM=300,V=340,COST=950,PLTR=160,ORCL=290,CRM=250,INTC=30,QCOM=160,DIS=115,BRK.B=480";

/// A fake Polygon, whose market walks.
#[derive(Debug, Parser)]
#[command(name = "fake-polygon", version)]
pub(crate) struct Cli {
    /// Where REST listens
    #[arg(long, default_value = "127.0.0.1:8313")]
    listen: SocketAddr,
    /// Where the real-time sockets listen
    #[arg(long, default_value = "127.0.0.1:8314")]
    listen_realtime: SocketAddr,
    /// Where the delayed sockets listen
    #[arg(long, default_value = "127.0.0.1:8315")]
    listen_delayed: SocketAddr,
    /// New York time at which its clock begins, such as 2026-11-20T10:00; else this machine's clock
    #[arg(long, value_parser = at)]
    at: Option<i64>,
    /// Tickers and their previous closes; without a close, 100
    #[arg(long, value_delimiter = ',', default_value = SYMBOLS)]
    symbols: Vec<String>,
    /// What the key may see
    #[arg(long, value_enum, default_value_t = Plan::Advanced)]
    plan: Plan,
    /// The key
    #[arg(long, default_value = "fake-key")]
    key: String,
    /// Trades a second of the walk, over all tickers; 0: nothing happens
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
    /// Events a second over what is subscribed, numbered, in place of the walk
    #[arg(long)]
    load: Option<u64>,
    /// Another seed, other prices
    #[arg(long, default_value_t = 20_260_101)]
    seed: u64,
    /// Trading days of the past, minutes and all
    #[arg(long, default_value_t = 5)]
    history: usize,
    /// A fault that lasts, such as `bad-gateway`, `stall`, `replayed-bars`; again for more
    #[arg(long, value_parser = fault)]
    fault: Vec<Fault>,
    #[command(flatten)]
    switches: Switches,
}

impl Cli {
    /// The fake a person asked for.
    pub(crate) fn config(&self) -> Config {
        self.switches.set(Config {
            listen: self.listen,
            listen_realtime: self.listen_realtime,
            listen_delayed: self.listen_delayed,
            clock: self.at.map_or_else(Clock::wall, Clock::standing_at),
            clock_goes: self.at.is_some(),
            admin: true,
            symbols: self.symbols.iter().map(|text| listing(text)).collect(),
            keys: [(self.key.clone(), self.plan)].into(),
            history_days: self.history,
            history_minutes: true,
            seed: self.seed,
            ..Config::default()
        })
    }

    /// Sets faults, and lets the market begin.
    pub(crate) fn begin(&self, polygon: &Polygon) {
        for fault in &self.fault {
            polygon.fault(fault.clone()).always();
        }
        match self.load {
            Some(per_second) => polygon.load(Load { per_second, events_per_frame: 500 }),
            None if self.rate > 0.0 => {
                polygon.walk(Walk { seed: self.seed, per_second: self.rate });
            }
            None => {}
        }
    }

    /// The variables are what a person copies. That nobody reads them is no reason to stop.
    pub(crate) fn say(&self, polygon: &Polygon) {
        let delayed = matches!(self.plan, Plan::Starter | Plan::Developer);
        let socket = if delayed { polygon.delayed_ws_url() } else { polygon.realtime_ws_url() };
        let (rest, key) = (polygon.rest_url(), &self.key);
        let text = format!(
            "REST {rest}\nreal-time sockets {}\ndelayed sockets {}\n\
             FEED=polygon POLYGON_API_KEY={key} POLYGON_BASE_URL={rest} POLYGON_WS_URL={socket} make run\n\
             # steer it at {}, see the documentation of its admin module\n{}",
            polygon.realtime_ws_url(),
            polygon.delayed_ws_url(),
            polygon.admin_url(),
            closed(polygon).unwrap_or_default(),
        );
        if let Err(error) = std::io::stdout().write_all(text.as_bytes()) {
            tracing::debug!("nobody reads what the desk needs: {error}");
        }
    }
}

/// A warning where the market is closed by the fake's clock: its trades are outside every session
/// then, and a desk that looks idle is right.
fn closed(polygon: &Polygon) -> Option<String> {
    if polygon.session() != Session::Closed {
        return None;
    }
    let now = polygon.local_time();
    let instead =
        polygon.last_open_day().map(|date| format!("; --at {date}T10:00 is in a session"));
    let instead = instead.unwrap_or_default();
    Some(format!(
        "WARNING: the market is closed by this fake's clock ({now} in New York): its trades are \
         outside the session and no desk trades on them{instead}\n"
    ))
}

fn at(text: &str) -> Result<i64, String> {
    new_york(text).ok_or_else(|| format!("not a New York time such as 2026-11-20T10:00: {text}"))
}

fn listing(text: &str) -> Listing {
    let (ticker, close) = text.split_once('=').unwrap_or((text, "100"));
    Listing { ticker: ticker.to_owned(), close: close.parse().ok() }
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::named(name).ok_or_else(|| format!("there is no fault {name}"))
}
