//! An executor in this process.
#![allow(dead_code, reason = "each file of tests uses its part")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

use executor::{Config, Service, broker::Broker};
use runtime::{bus::Bus, health::Health};
use testkit::desk::Bench;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running executor.
pub(crate) struct Running {
    stopping: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Runs one with the repository's own configuration.
    pub(crate) async fn start<B: Broker>(
        bench: &Bench,
        make: impl FnOnce(&Bus, &Config) -> B,
    ) -> Self {
        let mut config = repository_config();
        config.bus = bench.server.bus_config("executor").unwrap();
        let bus = bench.server.bus("executor").await.unwrap();
        let broker = make(&bus, &config);
        let stopping = CancellationToken::new();
        let service = Service::new(config, bus, Health::new("executor"));
        let task = tokio::spawn(service.run(broker, stopping.clone()));
        Self { stopping, task }
    }

    /// What it says when it ends by itself.
    pub(crate) async fn refusal(self) -> String {
        let ended = tokio::time::timeout(runtime::testing::SOON, self.task).await;
        format!("{:#}", ended.unwrap().unwrap().unwrap_err())
    }

    /// Stops it as SIGTERM would.
    pub(crate) async fn stop(self) {
        self.stopping.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// The configuration that the repository ships.
fn repository_config() -> Config {
    std::env::set_current_dir(runtime::testing::repository()).unwrap();
    Config::load().unwrap()
}
