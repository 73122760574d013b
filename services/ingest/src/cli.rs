//! The command line: nothing to publish prices, `record` to write them to files.

use clap::{Parser, Subcommand};
use runtime::config::EXIT_CONFIG;
use std::{path::PathBuf, process::ExitCode};

/// Prices in: publishes them, from the simulation, a tape or Polygon.
#[derive(Debug, Parser)]
#[command(name = "ingest", version)]
pub struct Cli {
    /// What to do instead of publishing.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What ingest does besides publishing. The comments are the program's own help.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Write what is published to flat files that FEED=replay:... takes back
    Record {
        /// Where to; without it [record] folder of ingest.toml
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    /// The exit code, when all there was to say is said: help, the version, or what is wrong.
    pub fn read() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|said| {
            let fault = said.use_stderr();
            // A closed terminal leaves nobody to tell; the exit code still says it.
            drop(said.print());
            if fault { ExitCode::from(EXIT_CONFIG) } else { ExitCode::SUCCESS }
        })
    }
}
