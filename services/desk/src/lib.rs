//! Consumes every KV bucket, the last ticks (LAST) and the journal (ORDERS), to show them.
//! Publishes KV `control`: the trading state, who set it and why.
//!
//! Not a service: it asks, prints and ends. Exit code 0 when all went well, 1 when something
//! failed, 64 when the command line or the configuration is refused.

mod cli;
mod config;
pub mod control;
mod health;
mod read;
pub mod render;
mod replay;
pub mod status;
mod table;
mod text;
mod words;

pub use cli::{Cli, Command, Signed, Verdict};
pub use config::Config;

use anyhow::Context as _;
use proto::TradingState;
use runtime::{bus::Bus, clock};
use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

/// How long the bus may take to answer at first: a person is waiting.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Does what `command` says and prints the answer.
pub fn run(command: Command, config: &Config) -> ExitCode {
    let outcome = block_on(answer(command, config)).and_then(|answer| print(&answer));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // A closed standard error leaves nobody to tell; the exit code still says it.
            drop(writeln!(io::stderr(), "desk: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// What to print, and whether everything could be read.
struct Answer {
    text: String,
    complete: bool,
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self { text, complete: true }
    }
}

async fn answer(command: Command, config: &Config) -> anyhow::Result<Answer> {
    match command {
        Command::Wall => Ok(render::wall(&config.wall.slots).into()),
        Command::Health => health::ask(config).await,
        Command::Replay { order } => {
            let bus = connect(config).await?;
            let said = replay::tell(&bus, &order.join(" ")).await?;
            bus.drain().await;
            Ok(said.into())
        }
        Command::Status { json } => show(config, json).await,
        Command::Halt(signed) => tell(config, TradingState::Halted, signed).await,
        Command::Reduce(signed) => tell(config, TradingState::Reducing, signed).await,
        Command::Resume(signed) => tell(config, TradingState::Active, signed).await,
        Command::Flatten { signed, yes } => sell_everything(config, signed, yes).await,
        Command::Settle { order, verdict, broker_order_id, signed } => {
            let bus = connect(config).await?;
            let said = words::settle(&bus, &order, verdict, broker_order_id, signed).await?;
            bus.drain().await;
            Ok(said.into())
        }
        Command::LiveArm { account, signed } => {
            let bus = connect(config).await?;
            let said = words::arm(&bus, account, signed).await?;
            bus.drain().await;
            Ok(said.into())
        }
    }
}

async fn show(config: &Config, json: bool) -> anyhow::Result<Answer> {
    let bus = connect(config).await?;
    let status = Box::pin(read::status(&bus, config)).await;
    bus.drain().await;
    let text = if json {
        serde_json::to_string_pretty(&status).context("write the status as JSON")? + "\n"
    } else {
        render::status(&status)
    };
    Ok(Answer { text, complete: status.faults.is_empty() })
}

async fn tell(config: &Config, state: TradingState, signed: Signed) -> anyhow::Result<Answer> {
    let bus = connect(config).await?;
    let said = control::say(&bus, state, signed).await?;
    bus.drain().await;
    Ok(render::said(&said, clock::now_ms()).into())
}

/// Only exits from now on, so that nothing is bought back; then everything is sold.
async fn sell_everything(config: &Config, signed: Signed, yes: bool) -> anyhow::Result<Answer> {
    if !yes {
        words::confirm_flatten()?;
    }
    let bus = connect(config).await?;
    let said = control::say(&bus, TradingState::Reducing, signed.clone()).await?;
    let sold = words::flatten(&bus, signed).await?;
    bus.drain().await;
    Ok((render::said(&said, clock::now_ms()) + &sold).into())
}

async fn connect(config: &Config) -> anyhow::Result<Bus> {
    let bus = config.bus.as_ref().context("find the bus in the configuration")?;
    let connected = tokio::time::timeout(CONNECT_DEADLINE, Bus::connect(bus)).await;
    connected.with_context(|| {
        format!(
            "no answer from NATS within {} s: is the desk running, are NATS_URL and \
             NATS_OPERATOR_PASSWORD right?",
            CONNECT_DEADLINE.as_secs()
        )
    })?
}

/// The services' own runner logs a failure; here it is the answer, so it is printed.
fn block_on<T>(program: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    runtime::tls::install();
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.context("start the async runtime")?.block_on(program)
}

fn print(answer: &Answer) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let written = out.write_all(answer.text.as_bytes()).and_then(|()| out.flush());
    match written {
        // Whoever read the answer (`desk status | head`) has seen enough of it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other.context("print the answer")?,
    }
    Ok(if answer.complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
