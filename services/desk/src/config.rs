//! What the command line needs to know of the environment and the configuration folder.

use crate::Command;
use runtime::{bus::BusConfig, config::Faults, wall::Wall};

/// The NATS user of a person.
const USER: &str = "operator";

/// Where the bus is, and the wall.
#[derive(Debug)]
pub struct Config {
    /// How the operator reaches the bus; `None` for a command that needs none.
    pub bus: Option<BusConfig>,
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
        let nothing = Wall { slots: Vec::new() };
        let bus = || Some(BusConfig::from_env(USER, faults));
        match command {
            Command::Wall => Self { bus: None, wall: Wall::load(faults), wall_faults: Vec::new() },
            Command::Status { .. } => {
                let wall_faults = Faults::default();
                let wall = Wall::load(&wall_faults);
                match wall_faults.into_result(wall) {
                    Ok(wall) => Self { bus: bus(), wall, wall_faults: Vec::new() },
                    Err(refused) => {
                        Self { bus: bus(), wall: nothing, wall_faults: refused.faults().to_vec() }
                    }
                }
            }
            Command::Halt(_)
            | Command::Reduce(_)
            | Command::Resume(_)
            | Command::Flatten { .. }
            | Command::Settle { .. }
            | Command::LiveArm { .. } => {
                Self { bus: bus(), wall: nothing, wall_faults: Vec::new() }
            }
        }
    }
}
