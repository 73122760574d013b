//! Desk: what an operator sees and says, from a terminal.

use desk::{Cli, Config};
use runtime::{
    config::{self, Faults},
    telemetry,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    // The answer is what a person wants to see; the log is for whoever looks for it.
    if config::variable("RUST_LOG").is_some() {
        telemetry::init("desk");
    }
    let faults = Faults::default();
    let config = Config::load(&cli.command, &faults);
    match faults.into_result(config) {
        Ok(config) => desk::run(cli.command, &config),
        Err(refused) => config::refuse(&refused),
    }
}
