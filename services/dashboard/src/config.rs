//! What a dashboard is told: which slot, where to listen, the wall, the bus.

use anyhow::Context as _;
use clap::Parser;
use runtime::{
    bus::BusConfig,
    config::{Faults, Refused},
    wall::{FILE, Wall},
};
use std::{net::IpAddr, sync::Arc};

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
    /// All slots.
    pub wall: Arc<Wall>,
    /// The bus.
    pub bus: BusConfig,
    /// Print the slots and exit.
    pub list: bool,
}

impl Config {
    /// Reads flags, environment and `dashboard_config.json`.
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
        let bus = BusConfig::from_env("dashboard", &faults);
        let list = args.list;
        faults.into_result(Self { dashboard_id, host, wall: Arc::new(wall), bus, list })
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
