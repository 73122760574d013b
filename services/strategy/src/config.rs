//! `config/strategy.toml`: the parameters for all symbols, and for single ones.

use crate::params::{Params, ParamsBook};
use market::Calendar;
use proto::Symbol;
use runtime::{
    bus::BusConfig,
    config::{
        Faults, FromValue, Refused, Rule, Section, above, at_least, between, health_listen,
        parsed_file, positive, toml_file,
    },
};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

/// The file's name in the configuration folder.
pub const FILE: &str = "strategy.toml";
/// The exchanges' calendar, in the same folder.
const CALENDAR_FILE: &str = "market_calendar.toml";

/// All that the service is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the bus is.
    pub bus: BusConfig,
    /// Address of `/healthz` and `/metrics`.
    pub health_listen: SocketAddr,
    /// The parameters.
    pub book: ParamsBook,
    /// Ticks of one symbol that may wait for its intent's outcome on the wall clock.
    pub waiting_ticks: u32,
    /// The exchanges' calendar.
    pub calendar: Calendar,
}

impl Config {
    /// Reads the file, the calendar and the environment.
    ///
    /// # Errors
    /// Every fault of all of them.
    pub fn load() -> Result<Self, Refused> {
        let faults = Faults::default();
        let bus = BusConfig::from_env("strategy", &faults);
        let calendar = read_calendar(&faults);
        let file = toml_file(FILE, &faults);
        let health_listen = health_listen(&file, &faults);
        let waiting_ticks = file.section("service").required("waiting_ticks", positive::<u32>());
        let book = read_book(&file);
        drop(file);
        faults.into_result(Self { bus, health_listen, book, waiting_ticks, calendar })
    }
}

/// Reads the calendar; one that covers nothing when it is at fault.
fn read_calendar(faults: &Faults) -> Calendar {
    let parse = |text: &str| Calendar::parse(text).map_err(|error| error.faults);
    parsed_file(CALENDAR_FILE, faults, parse).unwrap_or_default()
}

fn read_book(file: &Section<'_>) -> ParamsBook {
    let default = read_params(&file.section("default"), None);
    let mut symbols = BTreeMap::new();
    if let Some(tables) = file.optional_section("symbols") {
        for key in tables.keys() {
            let Some(table) = tables.optional_section(&key) else { continue };
            let params = read_params(&table, Some(&default));
            match Symbol::parse(&key) {
                Ok(symbol) => drop(symbols.insert(symbol, params)),
                Err(error) => tables.fault(&key, error),
            }
        }
    }
    ParamsBook { default, symbols }
}

/// Reads one table: every key is required, unless `base` has its value.
fn read_params(section: &Section<'_>, base: Option<&Params>) -> Params {
    let keys = Keys { section, base };
    let percent = || between(0.0, 100.0);
    let params = Params {
        ema_fast: keys.get("ema_fast", between(1, 1_000), |base| base.ema_fast),
        ema_slow: keys.get("ema_slow", between(2, 1_000), |base| base.ema_slow),
        rsi_period: keys.get("rsi_period", between(2, 1_000), |base| base.rsi_period),
        rsi_min: keys.get("rsi_min", percent(), |base| base.rsi_min),
        rsi_max: keys.get("rsi_max", percent(), |base| base.rsi_max),
        range_bars: keys.get("range_bars", between(1, 1_000), |base| base.range_bars),
        min_range_percent: keys.get("min_range_percent", percent(), |base| base.min_range_percent),
        entry_bars: keys.get("entry_bars", between(1, 1_000), |base| base.entry_bars),
        take_profit_percent: keys.get("take_profit_percent", above(0.0), |b| b.take_profit_percent),
        stop_loss_percent: keys.get("stop_loss_percent", loss(), |base| base.stop_loss_percent),
        trailing_start_percent: keys
            .get("trailing_start_percent", at_least(0.0), |base| base.trailing_start_percent),
        trailing_stop_percent: keys
            .get("trailing_stop_percent", loss(), |base| base.trailing_stop_percent),
        exit_on_cross_down: keys.get("exit_on_cross_down", Rule::any(), |b| b.exit_on_cross_down),
        max_holding_ms: keys.ms("max_holding", |base| base.max_holding_ms),
        flat_before_close_ms: keys.ms("flat_before_close", |base| base.flat_before_close_ms),
        no_entry_before_close_ms: keys
            .ms("no_entry_before_close", |base| base.no_entry_before_close_ms),
        cool_down_ms: keys.ms("cool_down", |base| base.cool_down_ms),
        exit_retry_ms: keys.ms("exit_retry", |base| base.exit_retry_ms),
        order_value: keys.get("order_value", positive(), |base| base.order_value),
        quantity_decimals: keys.get("quantity_decimals", between(0, 8), |b| b.quantity_decimals),
        intent_valid_ms: keys.ms("intent_valid", |base| base.intent_valid_ms),
        max_tick_age_ms: keys.ms("max_tick_age", |base| base.max_tick_age_ms),
        max_silence_ms: keys.ms("max_silence", |base| base.max_silence_ms),
        break_percent: keys.get("break_percent", above(0.0), |base| base.break_percent),
    };
    check(section, &params);
    params
}

/// What holds between values.
fn check(section: &Section<'_>, params: &Params) {
    if params.ema_fast >= params.ema_slow {
        let Params { ema_fast, ema_slow, .. } = params;
        section.fault("ema_fast", format!("{ema_fast} must be below ema_slow, {ema_slow}"));
    }
    if params.rsi_min >= params.rsi_max {
        let Params { rsi_min, rsi_max, .. } = params;
        section.fault("rsi_min", format!("{rsi_min} must be below rsi_max, {rsi_max}"));
    }
    if params.no_entry_before_close_ms < params.flat_before_close_ms {
        section.fault("no_entry_before_close", "must not be shorter than flat_before_close");
    }
}

/// A loss in percent: some, not all.
fn loss() -> Rule<f64> {
    Rule::new(|percent: &f64| {
        let inside = *percent > 0.0 && *percent < 100.0;
        (!inside).then(|| format!("must be above 0 and below 100, not {percent}"))
    })
}

/// The keys of one table, with what to fall back on.
struct Keys<'s, 'f> {
    section: &'s Section<'f>,
    base: Option<&'s Params>,
}

impl Keys<'_, '_> {
    fn get<T: FromValue>(&self, key: &str, rule: Rule<T>, from: impl Fn(&Params) -> T) -> T {
        match self.base {
            None => self.section.required(key, rule),
            Some(base) => self.section.optional(key, rule).unwrap_or_else(|| from(base)),
        }
    }

    /// A duration above zero, in milliseconds.
    fn ms(&self, key: &str, from: impl Fn(&Params) -> i64) -> i64 {
        let rule = Rule::new(|duration: &Duration| {
            duration.is_zero().then(|| "must be longer than nothing".to_owned())
        });
        let fallback = |base: &Params| Duration::from_millis(from(base).unsigned_abs());
        i64::try_from(self.get(key, rule, fallback).as_millis()).unwrap_or(i64::MAX)
    }
}
