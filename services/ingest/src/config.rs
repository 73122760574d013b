//! What ingest is told: `config/ingest.toml`, the wall's symbols, and the environment.

use crate::source::{polygon, replay, sim};
use market::Calendar;
use proto::Symbol;
use reqwest::Url;
use runtime::{
    bus::BusConfig,
    config::{
        Faults, Refused, Rule, Section, between, health_listen, parsed_file, positive, secret,
        toml_file, variable,
    },
    wall::Wall,
};
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

/// Its file in the configuration folder.
pub const FILE: &str = "ingest.toml";
const CALENDAR_FILE: &str = "market_calendar.toml";
const DEFAULT_BASE_URL: &str = "https://api.massive.com";

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
    /// Where prices come from.
    pub feed: Feed,
}

/// Where prices come from.
#[derive(Debug, Clone)]
pub enum Feed {
    /// The simulation.
    Sim(sim::Settings),
    /// Polygon's live service.
    Polygon(polygon::Settings),
    /// A tape.
    Replay(replay::Settings),
}

/// What the variable `FEED` says.
#[derive(Debug, Clone, PartialEq)]
enum Wish {
    Sim,
    Polygon,
    Replay(PathBuf, Option<f64>),
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
        let health = health_listen(&file);
        let key = read_key(&faults);
        let wish = wish(variable("FEED").as_deref(), key.is_some()).unwrap_or_else(|fault| {
            faults.add("FEED", fault);
            Wish::Sim
        });
        // All sections are read whatever the feed: a fault in one must not wait for its day.
        let sim = read_sim(&file.section("sim"));
        let polygon = read_polygon(&file.section("polygon"), key.unwrap_or_default(), &faults);
        let until = read_until(&file, &faults);
        drop(file);
        let feed = match (wish, polygon) {
            (Wish::Polygon, Some(polygon)) => Feed::Polygon(polygon),
            (Wish::Replay(path, speed), _) => {
                if let Err(error) = replay::check(&path) {
                    faults.add("FEED", error);
                }
                Feed::Replay(replay::Settings { path, speed, until })
            }
            (Wish::Sim, _) | (Wish::Polygon, None) => Feed::Sim(sim),
        };
        faults.into_result(Self { bus, health, symbols, calendar, feed })
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

fn read_key(faults: &Faults) -> Option<SecretString> {
    secret("POLYGON_API_KEY", faults).or_else(|| secret("MASSIVE_API_KEY", faults))
}

/// What `FEED` asks for; without it, Polygon where there is a key and the simulation elsewhere.
fn wish(feed: Option<&str>, has_key: bool) -> Result<Wish, String> {
    match feed.map(str::trim) {
        None | Some("polygon") if has_key => Ok(Wish::Polygon),
        None | Some("sim") => Ok(Wish::Sim),
        Some("polygon") => Err("polygon needs POLYGON_API_KEY (or MASSIVE_API_KEY)".to_owned()),
        Some(other) => match other.strip_prefix("replay:") {
            Some(tape) => wish_replay(tape),
            None => Err(format!("must be sim, polygon or replay:FILE[@SPEED], not {other:?}")),
        },
    }
}

/// `FILE`, `FILE@max` or `FILE@60`. What follows an `@` and is no speed belongs to the file's name.
fn wish_replay(tape: &str) -> Result<Wish, String> {
    let (file, speed) = match tape.rsplit_once('@') {
        Some((file, "max")) => (file, None),
        Some((file, suffix)) => match suffix.trim_end_matches('x').parse::<f64>() {
            Ok(speed) if speed.is_finite() && speed > 0.0 => (file, Some(speed)),
            Ok(speed) => return Err(format!("the speed must be above zero, not {speed}")),
            Err(_no_number) => (tape, None),
        },
        None => (tape, None),
    };
    if file.is_empty() {
        return Err("replay: needs a file, replay:FILE[@SPEED]".to_owned());
    }
    Ok(Wish::Replay(PathBuf::from(file), speed))
}

fn read_until(file: &Section<'_>, faults: &Faults) -> Option<jiff::civil::Time> {
    let section = file.optional_section("replay");
    let configured: Option<String> =
        section.and_then(|replay| replay.optional("until", Rule::any()));
    let text = variable("REPLAY_UNTIL").or(configured)?;
    let parsed = jiff::civil::Time::strptime("%H:%M", text.trim());
    if parsed.is_err() {
        let words = format!("must be a New York time such as 10:30, not {text:?}");
        faults.add("REPLAY_UNTIL (or [replay] until)", words);
    }
    parsed.ok()
}

fn read_sim(section: &Section<'_>) -> sim::Settings {
    let interval: Duration = section.required("interval", interval_rule());
    let profiles = section.optional_section("symbols").map(|table| read_profiles(&table));
    sim::Settings {
        seed: section.required("seed", Rule::any()),
        interval_ms: interval.as_millis() as u64,
        speed: section.required("speed", between(0.01, 1_000.0)),
        defaults: read_profile(&section.section("defaults")),
        profiles: profiles.unwrap_or_default(),
    }
}

/// Bars are minutes: a longer interval would leave some of them empty.
fn interval_rule() -> Rule<Duration> {
    let (least, most) = (Duration::from_millis(20), Duration::from_secs(30));
    Rule::new(move |interval: &Duration| {
        let outside = *interval < least || *interval > most;
        outside.then(|| format!("must be from 20ms to 30s, not {interval:?}"))
    })
}

fn read_profiles(table: &Section<'_>) -> BTreeMap<Symbol, sim::Profile> {
    let mut profiles = BTreeMap::new();
    for key in table.keys() {
        let profile = read_profile(&table.section(&key));
        match Symbol::parse(&key) {
            Ok(symbol) => drop(profiles.insert(symbol, profile)),
            Err(error) => table.fault(&key, error),
        }
    }
    profiles
}

fn read_profile(section: &Section<'_>) -> sim::Profile {
    sim::Profile {
        base_price: section.required("base_price", between(0.01, 1_000_000.0)),
        volatility: section.required("volatility", between(0.0, 0.5)),
        spread: section.required("spread", between(0.0, 0.05)),
        volume: section.required("volume", positive()),
    }
}

/// Polygon's settings; `None` after a fault in its address.
fn read_polygon(
    section: &Section<'_>,
    key: SecretString,
    faults: &Faults,
) -> Option<polygon::Settings> {
    let interval = section.required("interval", poll_rule());
    let configured: Option<String> = section.optional("base_url", Rule::any());
    let text = variable("POLYGON_BASE_URL").or(configured);
    match parse_base_url(text.as_deref().unwrap_or(DEFAULT_BASE_URL)) {
        Ok(base_url) => Some(polygon::Settings { key, base_url, interval }),
        Err(fault) => {
            faults.add("POLYGON_BASE_URL (or [polygon] base_url)", fault);
            None
        }
    }
}

fn poll_rule() -> Rule<Duration> {
    let (least, most) = (Duration::from_secs(1), Duration::from_hours(1));
    Rule::new(move |interval: &Duration| {
        let outside = *interval < least || *interval > most;
        outside.then(|| format!("must be from 1s to 1h, not {interval:?}"))
    })
}

/// An `http` or `https` address and nothing else: a key has no place in it.
fn parse_base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
    let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    if !web || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err("must be http(s)://HOST[:PORT][/PATH] without user or query".to_owned());
    }
    Ok(url)
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
    fn a_tape_may_have_a_speed() {
        let tape = |text| wish(Some(text), false);
        let replay = |path: &str, speed| Ok(Wish::Replay(PathBuf::from(path), speed));
        assert_eq!(tape("replay:a/b.csv.gz"), replay("a/b.csv.gz", None));
        assert_eq!(tape("replay:a.csv@max"), replay("a.csv", None));
        assert_eq!(tape("replay:a.csv@60"), replay("a.csv", Some(60.0)));
        assert_eq!(tape("replay:a.csv@0.5x"), replay("a.csv", Some(0.5)));
        assert_eq!(tape("replay:me@home.csv"), replay("me@home.csv", None));
        assert!(tape("replay:a.csv@0").unwrap_err().contains("above zero"));
        assert!(tape("replay:").unwrap_err().contains("needs a file"));
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

    #[test]
    fn a_base_url_is_an_address_without_secrets() {
        assert!(parse_base_url("https://api.massive.com").is_ok());
        assert!(parse_base_url("http://127.0.0.1:8080/fake/").is_ok());
        for bad in ["", "api.massive.com", "ftp://a", "https://me:key@a", "https://a?apiKey=1"] {
            assert!(parse_base_url(bad).is_err(), "{bad}");
        }
    }
}
