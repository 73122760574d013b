//! What a dashboard is told: which slot, where to listen, the wall, the calendar, the bus.

use anyhow::Context as _;
use clap::Parser;
use market::Calendar;
use runtime::{
    bus::BusConfig,
    config::{self, Faults, Refused},
    wall::{FILE, Wall},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// What a person types at a page to set the trading state: a secret of at least so many characters.
const TOKEN: &str = "DASHBOARD_CONTROL_TOKEN";
const TOKEN_LENGTH: usize = 16;
/// The exchanges' calendar, in the folder of the wall.
const CALENDAR_FILE: &str = "market_calendar.toml";

/// Serves one dashboard of the wall: four symbols, live, on its own port.
#[derive(Debug, Parser)]
#[command(name = "dashboard", version)]
pub struct Args {
    /// Serve this dashboard; without it, the first one that nobody serves.
    #[arg(long, env = "DASHBOARD_ID", value_name = "ID")]
    dashboard_id: Option<String>,
    /// Listen on this address.
    #[arg(long, env = "LISTEN_HOST", default_value = "127.0.0.1", value_name = "ADDRESS")]
    host: String,
    /// Print `ID PORT` of every dashboard and exit.
    #[arg(long)]
    list: bool,
}

/// The configuration of a dashboard process.
#[derive(Debug, Clone)]
pub struct Config {
    /// The slot to serve; the first free one when unset.
    pub dashboard_id: Option<u32>,
    /// The address to listen on. Loopback unless told otherwise.
    pub host: IpAddr,
    /// Where `/healthz` and `/metrics` answer besides the page's own port, which a spare has not.
    pub health_listen: Option<SocketAddr>,
    /// All slots.
    pub wall: Arc<Wall>,
    /// When the exchanges are open.
    pub calendar: Calendar,
    /// The bus.
    pub bus: BusConfig,
    /// Setting the trading state from the page, where that is enabled.
    pub control: Option<ControlConfig>,
    /// Print the slots and exit.
    pub list: bool,
}

/// What it takes to set the trading state from a page.
#[derive(Debug, Clone)]
pub struct ControlConfig {
    /// What the person has to know.
    pub token: SecretString,
    /// The bus, as the one user that may do this and nothing else.
    pub bus: BusConfig,
}

impl Config {
    /// Reads flags, environment, `dashboard_config.json` and the market calendar.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn load(args: &Args) -> Result<Self, Refused> {
        let faults = Faults::default();
        let wall = Wall::load(&faults);
        let dashboard_id = chosen(args.dashboard_id.as_deref(), &wall, &faults);
        let host = args.host.parse().unwrap_or_else(|_| {
            faults.add("--host", format!("{:?} is not an IP address", args.host));
            IpAddr::from([127, 0, 0, 1])
        });
        let parse = |text: &str| Calendar::parse(text).map_err(|error| error.faults);
        let calendar = config::parsed_file(CALENDAR_FILE, &faults, parse).unwrap_or_default();
        let bus = BusConfig::from_env("dashboard", &faults);
        let control = wall.control.then(|| control(&faults)).flatten();
        let list = args.list;
        let health_listen = config::health_variable(&faults);
        let wall = Arc::new(wall);
        faults.into_result(Self {
            dashboard_id,
            host,
            health_listen,
            wall,
            calendar,
            bus,
            control,
            list,
        })
    }

    /// `id port`, one slot a line.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn print_list(&self) -> anyhow::Result<()> {
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        for slot in &self.wall.slots {
            writeln!(out, "{} {}", slot.id, slot.port).context("print the dashboards")?;
        }
        Ok(())
    }
}

/// Control is enabled: then there is a token worth the name.
fn control(faults: &Faults) -> Option<ControlConfig> {
    let before = faults.is_empty();
    let token = config::secret(TOKEN, faults);
    let long = |token: &SecretString| token.expose_secret().chars().count() >= TOKEN_LENGTH;
    if token.is_none() && before == faults.is_empty() {
        let fault = format!("is not set, but {FILE} enables control; set it, or {TOKEN}_FILE");
        faults.add(TOKEN, fault);
    } else if token.as_ref().is_some_and(|token| !long(token)) {
        faults.add(TOKEN, format!("is too short: at least {TOKEN_LENGTH} characters"));
    }
    Some(ControlConfig { token: token?, bus: BusConfig::from_env("control", faults) })
}

/// The slot asked for. Set but empty counts as unset, as it does everywhere.
fn chosen(text: Option<&str>, wall: &Wall, faults: &Faults) -> Option<u32> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    let id = text.parse().ok().filter(|id| wall.slot(*id).is_some());
    if id.is_none() && faults.is_empty() {
        let known: Vec<_> = wall.slots.iter().map(|slot| slot.id.to_string()).collect();
        let known = known.join(", ");
        faults.add("--dashboard-id", format!("{text:?} is not in {FILE}; it has {known}"));
    }
    id
}
