//! A process's life: signals, its tasks, an orderly end.
//!
//! 1. The first SIGTERM or SIGINT asks every task to stop; a second one, or the end of the grace
//!    period, ends the process without them.
//! 2. A task that ends by itself, whatever the reason, ends the process: its supervisor restarts the
//!    whole, and nothing half-alive looks healthy.

use anyhow::{Context as _, anyhow};
use std::time::Duration;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Owns the tasks of a process.
pub struct Lifecycle {
    stopping: CancellationToken,
    tasks: TaskTracker,
    ended: (mpsc::Sender<Ended>, mpsc::Receiver<Ended>),
    terminate: Signal,
    interrupt: Signal,
    grace: Duration,
}

/// A task that is no longer there.
struct Ended {
    task: &'static str,
    outcome: anyhow::Result<()>,
}

impl Lifecycle {
    /// Listens for signals from now on. Tasks get `grace` to stop.
    ///
    /// # Errors
    /// When the operating system refuses the signal handlers.
    pub fn new(grace: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            ended: mpsc::channel(64),
            terminate: signal(SignalKind::terminate()).context("listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("listen for SIGINT")?,
            grace,
        })
    }

    /// Cancelled when the process should stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Runs `task` until it ends. It must watch [`Lifecycle::stopping`].
    pub fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let ended = self.ended.0.clone();
        let running = self.tasks.spawn(task);
        self.tasks.spawn(async move {
            let outcome = running.await.unwrap_or_else(|panic| Err(anyhow!("panicked: {panic}")));
            // The receiver is gone only once the process is past caring.
            drop(ended.send(Ended { task: name, outcome }).await);
        });
    }

    /// Waits for a signal or the end of a task, then stops all tasks.
    ///
    /// # Errors
    /// The error of the task that ended by itself.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let outcome = tokio::select! {
            _ = self.terminate.recv() => Ok("SIGTERM"),
            _ = self.interrupt.recv() => Ok("SIGINT"),
            () = self.stopping.cancelled() => Ok("request"),
            ended = self.ended.1.recv() => Err(died(ended)),
        };
        match &outcome {
            Ok(cause) => tracing::info!(cause, "stopping"),
            Err(error) => tracing::error!("stopping: {error:#}"),
        }
        self.stopping.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            () = tokio::time::sleep(self.grace) => {
                tracing::warn!(grace_s = self.grace.as_secs(), "tasks did not stop in time");
            }
            _ = self.terminate.recv() => tracing::warn!("second signal: stopping at once"),
            _ = self.interrupt.recv() => tracing::warn!("second signal: stopping at once"),
        }
        outcome.map(|_cause| ())
    }
}

/// Words for a task that ended while nobody had asked it to.
fn died(ended: Option<Ended>) -> anyhow::Error {
    match ended {
        Some(Ended { task, outcome: Err(error) }) => error.context(format!("task {task} failed")),
        Some(Ended { task, outcome: Ok(()) }) => anyhow!("task {task} ended unasked"),
        None => anyhow!("all tasks are gone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dead_task_ends_the_process_with_its_error() {
        let lifecycle = Lifecycle::new(Duration::from_secs(5)).unwrap();
        let stopping = lifecycle.stopping();
        lifecycle.spawn("healthy", async move {
            stopping.cancelled().await;
            Ok(())
        });
        lifecycle.spawn("sick", async { Err(anyhow!("no more")) });
        let error = lifecycle.run().await.unwrap_err();
        assert_eq!(format!("{error:#}"), "task sick failed: no more");
    }

    #[tokio::test]
    async fn a_panic_counts_as_death() {
        let lifecycle = Lifecycle::new(Duration::from_secs(5)).unwrap();
        lifecycle.spawn("sick", async { panic!("ouch") });
        assert!(format!("{:#}", lifecycle.run().await.unwrap_err()).contains("panicked"));
    }

    #[tokio::test]
    async fn a_request_to_stop_is_no_error() {
        let lifecycle = Lifecycle::new(Duration::from_secs(5)).unwrap();
        let stopping = lifecycle.stopping();
        lifecycle.spawn("worker", {
            let stopping = stopping.clone();
            async move {
                stopping.cancelled().await;
                Ok(())
            }
        });
        stopping.cancel();
        lifecycle.run().await.unwrap();
    }
}
