//! The floor the services stand on. It knows how things are carried, never what they mean.
//!
//! A service takes these up in reading order: [`telemetry`] so that later failures can speak,
//! [`config`] so that every fault is named before anything is opened, [`lifecycle`] for signals and
//! tasks, [`bus`] for everything it says and hears, [`health`] so that others can look inside.

pub mod telemetry;

pub mod config;
pub mod wall;

pub mod clock;
pub mod lifecycle;

pub mod backoff;
pub mod bus;
pub mod health;
pub mod tls;

#[cfg(feature = "testing")]
pub mod testing;

use std::process::ExitCode;

/// Runs a program's future on the async runtime and turns its outcome into an exit code.
///
/// An error is logged once, with its whole chain, and becomes exit code 1; a refusal for what only a
/// person can mend becomes 64, so that a supervisor does not try again.
pub fn block_on(program: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    tls::install();
    // Two workers: the desk is many small processes on one machine, not one that owns it.
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match built {
        Ok(runtime) => runtime.block_on(program),
        Err(error) => Err(anyhow::Error::from(error).context("start the async runtime")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(refused) = error.chain().find_map(|cause| cause.downcast_ref()) {
                return config::refuse(refused);
            }
            tracing::error!("stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}
