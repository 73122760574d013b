//! Ingest: prices in, from the simulation, a tape or Polygon; and, asked to, onto the disk.

use ingest::{Cli, Command, Config, RecordConfig, run};
use runtime::{config::refuse, telemetry};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    telemetry::init("ingest");
    match cli.command {
        None => match Config::load() {
            Ok(config) => runtime::block_on(run::feed(config)),
            Err(refused) => refuse(&refused),
        },
        Some(Command::Record { folder }) => match RecordConfig::load(folder) {
            Ok(config) => runtime::block_on(run::recorder(config)),
            Err(refused) => refuse(&refused),
        },
    }
}
