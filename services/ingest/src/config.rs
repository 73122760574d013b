//! What ingest is told: `config/ingest.toml`, the wall's symbols, and the environment.

mod polygon;
mod quality;
mod record;
mod replay;
mod sim;

use crate::normalize::Quality;
use crate::{
    record::Settings as RecordSettings,
    source::{polygon as live, replay as tape, sim as simulation},
};
use market::Calendar;
use proto::Symbol;
use runtime::{
    bus::BusConfig,
    config::{Faults, Refused, health_listen, health_variable, parsed_file, toml_file, variable},
    wall::Wall,
};
use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf, time::Duration};

/// Its file in the configuration folder.
pub const FILE: &str = "ingest.toml";
const CALENDAR_FILE: &str = "market_calendar.toml";

/// Everything ingest is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The bus.
    pub bus: BusConfig,
    /// Where `/healthz` and `/metrics` are served.
    pub health: SocketAddr,
    /// The symbols to serve: the wall's, then those of `SYMBOLS`.
    pub symbols: Vec<Symbol>,
    /// The market's calendar.
    pub calendar: Calendar,
    /// How far a price is believed.
    pub quality: Quality,
    /// Where prices come from.
    pub feed: Feed,
}

/// Where prices come from.
#[derive(Debug, Clone)]
pub enum Feed {
    /// The simulation.
    Sim(simulation::Settings),
    /// Polygon's live service.
    Polygon(Box<live::Settings>),
    /// A tape.
    Replay(tape::Settings),
}

/// What the variable `FEED` says.
#[derive(Debug, Clone, PartialEq)]
enum Wish {
    Sim,
    Polygon,
    Replay(String, Option<f64>),
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// Every fault.
    pub fn load() -> Result<Self, Refused> {
        let faults = Faults::default();
        let bus = BusConfig::from_env("ingest", &faults);
        let wall = Wall::load(&faults);
        let symbols = union(wall.symbols(), variable("SYMBOLS").as_deref(), &faults);
        let calendar = read_calendar(&faults);
        let file = toml_file(FILE, &faults);
        let health = health_listen(&file, &faults);
        let key = polygon::read_key(&faults);
        let wish = wish(variable("FEED").as_deref(), key.is_some()).unwrap_or_else(|fault| {
            faults.add("FEED", fault);
            Wish::Sim
        });
        // All sections are read whatever the feed: a fault in one must not wait for its day.
        let sim = sim::read(&file.section("sim"));
        let polygon = polygon::read(&file.section("polygon"), key.unwrap_or_default(), &faults);
        let quality = quality::read(&file.section("quality"));
        let (until, every_trade) = replay::options(&file, &faults);
        let last_sales = (!every_trade).then(|| calendar.clone());
        drop(record::read(&file.section("record"), None));
        drop(file);
        let feed = match (wish, polygon) {
            (Wish::Polygon, Some(mut polygon)) => {
                polygon.pace.ahead = Duration::from_nanos(quality.ahead_ns.unsigned_abs());
                Feed::Polygon(Box::new(polygon))
            }
            (Wish::Replay(files, speed), _) => {
                Feed::Replay(replay::read(&files, speed, until, last_sales, &faults))
            }
            (Wish::Sim, _) | (Wish::Polygon, None) => Feed::Sim(sim),
        };
        faults.into_result(Self { bus, health, symbols, calendar, quality, feed })
    }
}

/// Everything the recorder is told.
#[derive(Debug, Clone)]
pub struct RecordConfig {
    /// The bus.
    pub bus: BusConfig,
    /// Where `/healthz` and `/metrics` are served.
    pub health: SocketAddr,
    /// Where ticks are written.
    pub settings: RecordSettings,
}

impl RecordConfig {
    /// Reads and checks what recording needs. `folder` goes before the file's.
    ///
    /// # Errors
    /// Every fault.
    pub fn load(folder: Option<PathBuf>) -> Result<Self, Refused> {
        let faults = Faults::default();
        let bus = BusConfig::from_env("recorder", &faults);
        let file = toml_file(FILE, &faults);
        let (health, settings) = record::read(&file.section("record"), folder);
        // The rest of the file is the feed's.
        drop(file.keys());
        drop(file);
        let health = health_variable(&faults).unwrap_or(health);
        faults.into_result(Self { bus, health, settings })
    }
}

/// Reads the calendar; one that covers nothing when it is at fault.
fn read_calendar(faults: &Faults) -> Calendar {
    let parse = |text: &str| Calendar::parse(text).map_err(|error| error.faults);
    parsed_file(CALENDAR_FILE, faults, parse).unwrap_or_default()
}

/// The wall's symbols and then those of the list, each once.
fn union(wall: Vec<Symbol>, list: Option<&str>, faults: &Faults) -> Vec<Symbol> {
    let mut symbols = wall;
    let mut seen: BTreeSet<Symbol> = symbols.iter().cloned().collect();
    for text in list.unwrap_or_default().split(',').map(str::trim).filter(|text| !text.is_empty()) {
        match Symbol::parse(text) {
            Ok(symbol) if seen.insert(symbol.clone()) => symbols.push(symbol),
            Ok(_known) => {}
            Err(error) => faults.add("SYMBOLS", error),
        }
    }
    symbols
}

/// What `FEED` asks for; without it, Polygon where there is a key and the simulation elsewhere.
fn wish(feed: Option<&str>, has_key: bool) -> Result<Wish, String> {
    match feed.map(str::trim) {
        None | Some("polygon") if has_key => Ok(Wish::Polygon),
        None | Some("sim") => Ok(Wish::Sim),
        Some("polygon") => Err("polygon needs POLYGON_API_KEY (or MASSIVE_API_KEY)".to_owned()),
        Some(other) => match other.strip_prefix("replay:") {
            Some(tape) => replay::wish(tape).map(|(files, speed)| Wish::Replay(files, speed)),
            None => Err(format!("must be sim, polygon or replay:FILE[@SPEED], not {other:?}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_is_what_the_variable_says_else_what_the_key_allows() {
        assert_eq!(wish(None, false), Ok(Wish::Sim));
        assert_eq!(wish(None, true), Ok(Wish::Polygon));
        assert_eq!(wish(Some("sim"), true), Ok(Wish::Sim));
        assert_eq!(wish(Some("polygon"), true), Ok(Wish::Polygon));
        assert!(wish(Some("polygon"), false).unwrap_err().contains("POLYGON_API_KEY"));
        assert!(wish(Some("yahoo"), true).unwrap_err().contains("replay:FILE"));
    }

    #[test]
    fn symbols_are_the_walls_and_then_the_lists_each_once() {
        let faults = Faults::default();
        let wall = ["AAPL", "SPY"].map(|text| Symbol::parse(text).unwrap()).to_vec();
        let symbols = union(wall, Some(" IBM, SPY,,brk,BRK.B,"), &faults);
        let names: Vec<_> = symbols.iter().map(Symbol::as_str).collect();
        assert_eq!(names, ["AAPL", "SPY", "IBM", "BRK.B"]);
        let refused = faults.into_result(()).unwrap_err();
        assert_eq!(refused.faults().len(), 1);
        assert!(refused.faults()[0].contains("\"brk\" is not a symbol"), "{refused}");
    }
}
