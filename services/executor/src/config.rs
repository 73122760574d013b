//! `config/executor.toml` and the environment: limits, the paper broker, and the gates before real
//! money.

use crate::{
    broker::{
        paper::PaperRules,
        trading212::{
            Environment, Settings,
            client::{Credentials, Timeouts},
            matching::Patience,
        },
    },
    risk::Limits,
};
use market::Calendar;
use proto::Symbol;
use reqwest::Url;
use runtime::{
    bus::BusConfig,
    config::{
        self, Faults, Refused, Rule, Section, at_least, between, health_listen, not_empty,
        positive, toml_file, variable,
    },
    wall::Wall,
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

/// The file's name in the configuration folder.
const FILE: &str = "executor.toml";
/// The exchanges' calendar, in the same folder.
const CALENDAR_FILE: &str = "market_calendar.toml";

/// Who fills the orders.
#[derive(Debug, Clone)]
pub enum BrokerChoice {
    /// The built-in paper broker.
    Paper,
    /// An account at Trading212.
    Trading212(Box<Settings>),
}

/// All that the service is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the bus is.
    pub bus: BusConfig,
    /// Address of `/healthz` and `/metrics`.
    pub health_listen: SocketAddr,
    /// Who fills the orders.
    pub broker: BrokerChoice,
    /// The limits.
    pub limits: Limits,
    /// How the paper broker fills.
    pub paper: PaperRules,
    /// Cash the paper account begins with.
    pub cash: Decimal,
    /// ISO code of the account's currency.
    pub currency: String,
    /// The symbols that may be traded.
    pub symbols: BTreeSet<Symbol>,
    /// The exchanges' calendar.
    pub calendar: Calendar,
}

impl Config {
    /// Reads the files and the environment.
    ///
    /// # Errors
    /// Every fault of all of them.
    pub fn load() -> Result<Self, Refused> {
        let faults = Faults::default();
        let bus = BusConfig::from_env("executor", &faults);
        let calendar = read_calendar(&faults);
        let mut symbols: BTreeSet<Symbol> = Wall::load(&faults).symbols().into_iter().collect();
        symbols.extend(runtime::wall::extra_symbols(&faults));
        let file = toml_file(FILE, &faults);
        let health_listen = health_listen(&file, &faults);
        let broker = read_broker(&bus, &file, &faults);
        let limits = read_limits(&file.section("risk"));
        let section = file.section("paper");
        let paper = read_paper(&section);
        let cash = section.required("cash", positive());
        let currency = section.required("currency", not_empty());
        drop((section, file));
        let config =
            Self { bus, health_listen, broker, limits, paper, cash, currency, symbols, calendar };
        faults.into_result(config)
    }
}

fn read_limits(risk: &Section<'_>) -> Limits {
    let percent = || between(0.01, 100.0);
    let share = || between(Decimal::new(1, 2), Decimal::ONE_HUNDRED);
    Limits {
        max_order_value: risk.required("max_order_value", positive()),
        max_position_value: risk.required("max_position_value", positive()),
        max_total_exposure: risk.required("max_total_exposure", positive()),
        max_orders_per_minute: risk.required("max_orders_per_minute", positive()),
        price_collar_percent: risk.required("price_collar_percent", percent()),
        max_tick_age: risk.required("max_tick_age", Rule::any()),
        cash_buffer_percent: risk.required("cash_buffer_percent", at_least(Decimal::ZERO)),
        max_daily_loss: risk.required("max_daily_loss", positive()),
        max_drawdown_percent: risk.required("max_drawdown_percent", share()),
        warn_at_percent: risk.required("warn_at_percent", share()),
    }
}

fn read_paper(paper: &Section<'_>) -> PaperRules {
    let basis_points = || between(Decimal::ZERO, Decimal::from(1_000));
    PaperRules {
        spread_bps: paper.required("spread_bps", basis_points()),
        slippage_bps: paper.required("slippage_bps", basis_points()),
        fee_per_order: paper.required("fee_per_order", at_least(Decimal::ZERO)),
    }
}

/// Reads the calendar; one that covers nothing when it is at fault.
fn read_calendar(faults: &Faults) -> Calendar {
    let parse = |text: &str| Calendar::parse(text).map_err(|error| error.faults);
    config::parsed_file(CALENDAR_FILE, faults, parse).unwrap_or_default()
}

/// The broker that the environment asks for. Real money must be asked for in full, and half a key is
/// never ignored in silence.
fn read_broker(bus: &BusConfig, file: &Section<'_>, faults: &Faults) -> BrokerChoice {
    let live = match variable("LIVE").as_deref() {
        None | Some("false" | "0") => false,
        Some("true" | "1") => true,
        Some(other) => {
            faults.add("LIVE", format!("must be true or false, not {other:?}"));
            false
        }
    };
    let key = config::secret("TRADING212_API_KEY", faults);
    let secret = config::secret("TRADING212_API_SECRET", faults);
    if live {
        gate_live(bus, faults);
    }
    let environment = if live { Environment::Live } else { Environment::Demo };
    let settings = read_trading212(&file.section("trading212"), environment, faults);
    match (key, secret) {
        (Some(key), Some(secret)) => {
            let credentials = Credentials { key, secret };
            settings.map_or(BrokerChoice::Paper, |(base_url, cache_folder, patience, timeouts)| {
                BrokerChoice::Trading212(Box::new(Settings {
                    environment,
                    base_url,
                    credentials,
                    timeouts,
                    cache_folder: Some(cache_folder),
                    pins: BTreeMap::new(),
                    patience,
                }))
            })
        }
        (None, None) if live => {
            faults.add("LIVE", "needs TRADING212_API_KEY");
            faults.add("LIVE", "needs TRADING212_API_SECRET");
            BrokerChoice::Paper
        }
        (None, None) => BrokerChoice::Paper,
        (Some(_), None) => {
            faults.add("TRADING212_API_SECRET", "is missing; the key alone opens nothing");
            BrokerChoice::Paper
        }
        (None, Some(_)) => {
            faults.add("TRADING212_API_KEY", "is missing; the secret alone opens nothing");
            BrokerChoice::Paper
        }
    }
}

/// What Trading212 needs beside the key: address, cache, patience, timeouts.
fn read_trading212(
    section: &Section<'_>,
    environment: Environment,
    faults: &Faults,
) -> Option<(Url, PathBuf, Patience, Timeouts)> {
    let cache: String = section.required("cache", not_empty());
    let absent_after = section.required("absent_after", Rule::any());
    let apart = section.required("looks_apart", Rule::any());
    let haste = section.required("haste", between(1, 100));
    let order: Duration = section.required("order_timeout", Rule::any());
    if order.is_zero() || order >= absent_after {
        // An executor that was held up may still send for as long as its call may take.
        section.fault("order_timeout", "must be above zero and shorter than absent_after");
    }
    let usual = Timeouts::default();
    let timeouts = Timeouts { order, read: usual.read.min(order), ..usual };
    let base = variable("TRADING212_BASE_URL");
    let base = base.unwrap_or_else(|| environment.base_url().to_owned());
    let url = Url::parse(&base).map_err(|error| {
        faults.add("TRADING212_BASE_URL", format!("{base:?} is no URL: {error}"));
    });
    Some((url.ok()?, PathBuf::from(cache), Patience { absent_after, apart, haste }, timeouts))
}

fn gate_live(bus: &BusConfig, faults: &Faults) {
    let add = |fault: &str| faults.add("LIVE", fault);
    if bus.default_password {
        add("needs passwords of your own on the bus; set NATS_EXECUTOR_PASSWORD and the others");
    }
    if variable("FEED").is_some_and(|feed| feed != "polygon") {
        add("needs the polygon feed; unset FEED");
    }
}

#[cfg(test)]
mod tests;
