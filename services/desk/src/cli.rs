//! The command line. An order to the desk says who gives it and why, or it is refused.

use clap::{Args, Parser, Subcommand, ValueEnum};
use proto::OrderId;
use runtime::config::EXIT_CONFIG;
use std::process::ExitCode;

/// The most characters of a name or a reason.
const MAX_LENGTH: usize = 500;

/// Shows the trading desk and tells it what it may do.
#[derive(Debug, Parser)]
#[command(name = "desk", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the desk is asked or told. The comments are the program's own help.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Trading state, feed, account, positions, orders, refusals, leases, readers
    Status {
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Stop all trading at once
    Halt(Signed),
    /// Allow exits only
    Reduce(Signed),
    /// Trade again
    Resume(Signed),
    /// Sell everything: allow exits only, then sell every holding at the market
    Flatten {
        /// Who and why.
        #[command(flatten)]
        signed: Signed,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Say what became of an order whose fate the desk cannot find out
    Settle {
        /// The order, as `desk status` names it
        #[arg(long, value_name = "ORDER_ID", value_parser = OrderId::parse)]
        order: OrderId,
        /// `absent`: it never reached the broker; `placed`: it did
        #[arg(long = "as", value_name = "VERDICT")]
        verdict: Verdict,
        /// The broker's number of a placed order
        #[arg(long, value_name = "NUMBER", required_if_eq("verdict", "placed"))]
        broker_order_id: Option<String>,
        /// Who and why.
        #[command(flatten)]
        signed: Signed,
    },
    /// Give leave to trade this account with real money
    LiveArm {
        /// The account's number at the broker
        #[arg(long, value_name = "NUMBER", value_parser = sentence)]
        account: String,
        /// Who and why.
        #[command(flatten)]
        signed: Signed,
    },
    /// Tell a replayed tape: pause, resume, step N, speed X or speed max
    Replay {
        /// The order
        #[arg(required = true, value_name = "ORDER")]
        order: Vec<String>,
    },
    /// The dashboards of the configuration: number, port, symbols
    Wall,
    /// Whether the service in this container is well: asks `/healthz` at the port of `HEALTH_LISTEN`
    Health,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Verdict {
    /// The broker has it.
    Placed,
    /// It never reached the broker.
    Absent,
}

/// What makes an order to the desk one that can be answered for.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Signed {
    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT", value_parser = sentence)]
    pub why: String,
    /// Who says so
    #[arg(long, value_name = "NAME", env = "USER", value_parser = sentence)]
    pub by: String,
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

fn sentence(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it must not be empty".to_owned());
    }
    if text.chars().count() > MAX_LENGTH || text.chars().any(char::is_control) {
        return Err(format!("it must be one line of at most {MAX_LENGTH} characters"));
    }
    Ok(text.to_owned())
}
