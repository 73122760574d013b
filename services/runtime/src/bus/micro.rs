//! The process as a NATS micro service: `nats micro ls` and `nats micro stats` show the desk.

use super::Bus;
use crate::health::Health;
use anyhow::anyhow;
use async_nats::service::ServiceExt as _;
use futures_util::StreamExt as _;
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

impl Bus {
    /// Answers `$SRV.PING`, `INFO` and `STATS`, and `desk.<name>.health` with the health report,
    /// until `stopping`. `name` is the service's, with its slot where it has one: `dashboard-2`.
    ///
    /// # Errors
    /// When the name is not fit for a service, or the connection has ended.
    pub async fn announce(
        self,
        name: String,
        description: &'static str,
        health: Health,
        stopping: CancellationToken,
    ) -> anyhow::Result<()> {
        let metadata = HashMap::from([("pid".to_owned(), std::process::id().to_string())]);
        let failed = |error: async_nats::Error| anyhow!("announce {name} on the bus: {error}");
        let service = self
            .client
            .service_builder()
            .description(description)
            .metadata(metadata)
            .start(&name, env!("CARGO_PKG_VERSION"))
            .await
            .map_err(failed)?;
        let mut asked = service
            .endpoint_builder()
            .name("health")
            .add(format!("desk.{name}.health"))
            .await
            .map_err(failed)?;
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                request = asked.next() => {
                    let Some(request) = request else {
                        return Err(anyhow!("the endpoint desk.{name}.health ended"));
                    };
                    let answer = health.report().1.to_string();
                    // Whoever asked may be gone; that is theirs to notice.
                    drop(request.respond(Ok(answer.into())).await);
                }
            }
        }
        // The connection may be down while we stop; the server notices either way.
        drop(service.stop().await);
        Ok(())
    }
}
