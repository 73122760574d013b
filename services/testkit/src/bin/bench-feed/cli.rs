//! What is measured, and for how long.

use super::{fake, poll, print, replay, storm, stream};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// How much the feed bears on this machine: printed, not judged.
#[derive(Debug, Parser)]
#[command(name = "bench-feed", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) args: Options,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Events a second of the stream
    #[arg(long, default_value_t = 50_000)]
    pub(crate) rate: u64,
    /// How long stream and storm last, seconds
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Further rates, each for a sixth of that time
    #[arg(long, value_delimiter = ',', default_value = "75000,100000,150000")]
    pub(crate) steps: Vec<u64>,
    /// Symbols of the large poll
    #[arg(long, default_value_t = 11_000)]
    pub(crate) symbols: usize,
    /// Polls that are measured
    #[arg(long, default_value_t = 4)]
    pub(crate) rounds: usize,
    /// A tape for the replay; a generated one where it is not there
    #[arg(long, default_value = "../shared/data/trades_v1_20131007.csv.gz")]
    pub(crate) tape: PathBuf,
}

/// One part; without a word, all of them.
#[derive(Debug, Subcommand)]
enum Part {
    /// Trades by WebSocket into the bus, each of them counted
    Stream,
    /// Snapshots of 20 and of many symbols
    Poll,
    /// A connection that is reset every five seconds
    Storm,
    /// A tape at full speed
    Replay,
    /// The fake of a part, steered by lines on standard input
    #[command(hide = true)]
    Fake,
}

impl Cli {
    /// Measures what was asked for.
    ///
    /// # Errors
    /// A program that does not start, or ends before its time.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let args = &self.args;
        match self.part {
            Some(Part::Fake) => fake::serve().await,
            Some(Part::Stream) => stream::measure(args).await,
            Some(Part::Poll) => poll::measure(args).await,
            Some(Part::Storm) => storm::measure(args).await,
            Some(Part::Replay) => replay::measure(args).await,
            None => {
                print::line(&print::machine())?;
                stream::measure(args).await?;
                poll::measure(args).await?;
                storm::measure(args).await?;
                replay::measure(args).await
            }
        }
    }
}
