//! What the command line needs to know of the environment and the configuration folder.

use crate::Command;
use runtime::{
    bus::BusConfig,
    config::{Faults, health_variable},
    wall::Wall,
};
use std::net::SocketAddr;

/// The NATS user of a person.
const USER: &str = "operator";

/// Where the bus is, and the wall.
#[derive(Debug)]
pub struct Config {
    /// How the operator reaches the bus; `None` for a command that needs none.
    pub bus: Option<BusConfig>,
    /// Where the service beside us answers; `None` for a command that does not ask it.
    pub health: Option<SocketAddr>,
    /// The dashboards; empty where they are not needed or cannot be read.
    pub wall: Wall,
    /// Why the wall cannot be read. The status of a running desk is worth more than its wall, so
    /// there this is told with it, not instead of it.
    pub wall_faults: Vec<String>,
}

impl Config {
    /// Reads what `command` needs; what it cannot do without goes to `faults`. A halt needs nothing
    /// but the bus: a broken file must not stand in its way.
    pub fn load(command: &Command, faults: &Faults) -> Self {
        let nothing = Wall { slots: Vec::new(), control: false, public_hosts: Vec::new() };
        let empty = Self { bus: None, health: None, wall: nothing, wall_faults: Vec::new() };
        let bus = || Some(BusConfig::from_env(USER, faults));
        match command {
            Command::Wall => Self { wall: Wall::load(faults), ..empty },
            Command::Health => Self { health: beside_us(faults), ..empty },
            Command::Status { .. } => {
                let wall_faults = Faults::default();
                let wall = Wall::load(&wall_faults);
                match wall_faults.into_result(wall) {
                    Ok(wall) => Self { bus: bus(), wall, ..empty },
                    Err(refused) => {
                        Self { bus: bus(), wall_faults: refused.faults().to_vec(), ..empty }
                    }
                }
            }
            Command::Halt(_)
            | Command::Reduce(_)
            | Command::Resume(_)
            | Command::Flatten { .. }
            | Command::Settle { .. }
            | Command::LiveArm { .. }
            | Command::Replay { .. } => Self { bus: bus(), ..empty },
        }
    }
}

/// `HEALTH_LISTEN`, as seen from beside the service: on loopback where that listens everywhere.
fn beside_us(faults: &Faults) -> Option<SocketAddr> {
    let address = health_variable(faults);
    if address.is_none() && faults.is_empty() {
        faults.add("HEALTH_LISTEN", "is not set; nobody knows here which service to ask");
    }
    let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
    address.map(|it| if it.ip().is_unspecified() { loopback(it.port()) } else { it })
}
