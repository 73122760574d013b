//! `config/executor.toml` and the environment: limits, the paper broker, and the gates before real
//! money.

use crate::{broker::paper::PaperRules, risk::Limits};
use market::Calendar;
use proto::Symbol;
use runtime::{
    bus::BusConfig,
    config::{
        self, Faults, Refused, Rule, Section, at_least, between, health_listen, not_empty,
        positive, toml_file, variable,
    },
    wall::Wall,
};
use rust_decimal::Decimal;
use std::{collections::BTreeSet, net::SocketAddr};

/// The file's name in the configuration folder.
const FILE: &str = "executor.toml";
/// The exchanges' calendar, in the same folder.
const CALENDAR_FILE: &str = "market_calendar.toml";

/// All that the service is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the bus is.
    pub bus: BusConfig,
    /// Address of `/healthz` and `/metrics`.
    pub health_listen: SocketAddr,
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
        gate_real_money(&bus, &faults);
        let calendar = read_calendar(&faults);
        let mut symbols: BTreeSet<Symbol> = Wall::load(&faults).symbols().into_iter().collect();
        symbols.extend(runtime::wall::extra_symbols(&faults));
        let file = toml_file(FILE, &faults);
        let health_listen = health_listen(&file);
        let limits = read_limits(&file.section("risk"));
        let section = file.section("paper");
        let paper = read_paper(&section);
        let cash = section.required("cash", positive());
        let currency = section.required("currency", not_empty());
        drop((section, file));
        let config = Self { bus, health_listen, limits, paper, cash, currency, symbols, calendar };
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
    let text = config::text_file(CALENDAR_FILE, faults);
    let parsed = text.map(|text| Calendar::parse(&text));
    parsed
        .and_then(|parsed| {
            let told = |error: &market::CalendarError| {
                error.faults.iter().for_each(|fault| faults.add(CALENDAR_FILE, fault));
            };
            parsed.inspect_err(told).ok()
        })
        .unwrap_or_default()
}

/// Real money must be asked for in full, and a key must never be ignored in silence.
fn gate_real_money(bus: &BusConfig, faults: &Faults) {
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
        gate_live(bus, key.is_some(), secret.is_some(), faults);
    } else if key.is_some() || secret.is_some() {
        faults.add(
            "TRADING212_API_KEY",
            "this version trades on paper only; unset it and TRADING212_API_SECRET",
        );
    }
}

fn gate_live(bus: &BusConfig, key: bool, secret: bool, faults: &Faults) {
    let add = |fault: &str| faults.add("LIVE", fault);
    add("real money is not possible in this version: it has no Trading212 broker; unset LIVE");
    if !key {
        add("needs TRADING212_API_KEY");
    }
    if !secret {
        add("needs TRADING212_API_SECRET");
    }
    if bus.default_password {
        add("needs passwords of your own on the bus; set NATS_EXECUTOR_PASSWORD and the others");
    }
    if variable("FEED").is_some_and(|feed| feed != "polygon") {
        add("needs the polygon feed; unset FEED");
    }
}

#[cfg(test)]
mod tests;
