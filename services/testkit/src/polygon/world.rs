//! The whole fake without its network: market, keys, sockets, faults, and what was asked of it.

use super::{
    config::Config,
    cycle::Cycle,
    event::Cluster,
    fault::{Armoury, Page, Stage},
    history,
    limiter::Limiter,
    market::Market,
    numbers::Numbers,
    plan::Plan,
    socket::{Hub, Press},
};
use std::collections::{BTreeMap, VecDeque};

/// Requests that are remembered: a program may run for weeks.
const REMEMBERED: usize = 100_000;

/// The whole fake without its network.
#[derive(Debug)]
pub(super) struct World {
    pub config: Config,
    pub keys: BTreeMap<String, Plan>,
    pub numbers: Numbers,
    pub market: Market,
    pub hub: Hub,
    pub press: Press,
    pub faults: Armoury,
    pub limiter: Limiter,
    /// The latest ones.
    pub log: VecDeque<Seen>,
    /// Requests ever: each has its own number.
    pub asked: u64,
    /// Where REST is reached.
    pub rest_url: String,
}

/// How a request was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `?apiKey=KEY`.
    Query,
    /// Not at all.
    None,
}

/// A request for tests to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When, on the fake's clock, nanoseconds since 1970 UTC.
    pub time_ns: i64,
    /// `GET`, `POST`, ...
    pub method: String,
    /// Without the query.
    pub path: String,
    /// As it came, without the question mark.
    pub query: String,
    /// What it came to.
    pub page: Option<Page>,
    /// The key it carried, known or not.
    pub key: Option<String>,
    /// How it carried it.
    pub auth: Auth,
    /// The client takes gzip.
    pub gzip: bool,
    /// What it was answered with; none where there was no answer.
    pub status: Option<u16>,
}

impl World {
    pub(super) fn new(config: Config, rest_url: String) -> Self {
        let lag_ms = i64::try_from(config.bar_lag.as_millis()).unwrap_or(0);
        let delay_ns = i64::try_from(config.delay.as_nanos()).unwrap_or(0);
        let cycle = Cycle::new(config.weekend);
        let mut market = Market::new(cycle, delay_ns, config.derive_bars, lag_ms);
        history::fill(&mut market, &config, config.clock.now_ns());
        Self {
            keys: config.keys.clone(),
            numbers: config.numbers,
            market,
            hub: Hub::new(&config),
            press: Press::default(),
            faults: Armoury::default(),
            limiter: Limiter::default(),
            log: VecDeque::new(),
            asked: 0,
            rest_url,
            config,
        }
    }

    /// Tells the sockets everything that happened until `now_ns`.
    pub(super) fn pump(&mut self, now_ns: i64) {
        for cluster in [Cluster::RealTime, Cluster::Delayed] {
            for told in self.market.advance(cluster, now_ns) {
                let faults = self.faults_of(cluster, &told);
                let with = (self.numbers, self.config.decimal_strings);
                for event in self.press.print(cluster, &told, &faults, with) {
                    self.hub.publish(cluster, &event);
                }
            }
        }
    }

    /// Faults of events fire for somebody who listens only.
    fn faults_of(
        &mut self,
        cluster: Cluster,
        told: &super::book::Told,
    ) -> Vec<super::fault::Fault> {
        use super::book::Told;
        let (topic, symbol) = super::socket::topic(told);
        if !self.hub.is_heard(cluster, topic, symbol) {
            return Vec::new();
        }
        let mut faults = self.faults.fire(Stage::Event, None);
        match told {
            Told::Trade(_) => faults.extend(self.faults.fire(Stage::Trade, None)),
            Told::Bar(..) => faults.extend(self.faults.fire(Stage::Bar, None)),
            Told::Quote(_) => {}
        }
        faults
    }

    pub(super) fn remember(&mut self, seen: Seen) {
        if self.log.len() >= REMEMBERED {
            self.log.pop_front();
        }
        self.log.push_back(seen);
    }
}
