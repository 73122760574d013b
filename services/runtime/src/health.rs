//! `/healthz` and `/metrics` of a process.
//!
//! Health is a set of named checks; the process is healthy when all of them are. Metrics are in
//! Prometheus' text form.

use anyhow::Context as _;
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// Upper bounds of what is counted together in a histogram of durations, seconds.
const BUCKETS: [f64; 13] =
    [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// One check: whether it is well, and a few words.
type Check = (bool, String);

/// The checks of this process. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Health {
    service: &'static str,
    checks: Arc<Mutex<BTreeMap<&'static str, Check>>>,
}

impl Health {
    /// No checks yet: unhealthy until the first one is set.
    pub fn new(service: &'static str) -> Self {
        recorder();
        Self { service, checks: Arc::default() }
    }

    /// Sets a check and says it aloud when it changes.
    pub fn set(&self, check: &'static str, well: bool, words: impl Into<String>) {
        let words = words.into();
        metrics::gauge!("health_check_well", "check" => check).set(if well { 1.0 } else { 0.0 });
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let before = checks.insert(check, (well, words.clone()));
        if before.is_some_and(|(was_well, _)| was_well != well) {
            tracing::info!(check, well, "health changed: {words}");
        }
    }

    /// Whether every check is well, and the report as JSON.
    pub fn report(&self) -> (bool, serde_json::Value) {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let well = !checks.is_empty() && checks.values().all(|(well, _)| *well);
        let listed: BTreeMap<_, _> = checks
            .iter()
            .map(|(name, (well, words))| (*name, serde_json::json!({"well": well, "words": words})))
            .collect();
        let version = env!("CARGO_PKG_VERSION");
        let service = self.service;
        let report = serde_json::json!({
            "service": service, "version": version, "healthy": well, "checks": listed,
        });
        (well, report)
    }

    /// Routes `/healthz` (200 or 503 with the report) and `/metrics`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/healthz", get(healthz))
            .route("/metrics", get(|| async { recorder().render() }))
            .with_state(self.clone())
    }

    /// Serves the routes on `listen` until `stopping`.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn serve(
        self,
        listen: SocketAddr,
        stopping: CancellationToken,
    ) -> anyhow::Result<()> {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("listen on {listen} for /healthz and /metrics"))?;
        axum::serve(listener, self.router())
            .with_graceful_shutdown(stopping.cancelled_owned())
            .await
            .context("serve /healthz and /metrics")
    }
}

async fn healthz(State(health): State<Health>) -> (StatusCode, Json<serde_json::Value>) {
    let (well, report) = health.report();
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}

/// The process's metrics recorder, installed on first use.
fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let durations = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(durations, &BUCKETS);
        // An error only says that there are no buckets, and there are.
        let recorder = builder.unwrap_or_default().build_recorder();
        let handle = recorder.handle();
        // An error only says that a test has installed one before.
        drop(metrics::set_global_recorder(recorder));
        handle
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_healthy_when_all_checks_are() {
        let health = Health::new("test");
        assert!(!health.report().0, "no check yet");
        health.set("bus", true, "connected");
        assert!(health.report().0);
        health.set("feed", false, "silent");
        let (well, report) = health.report();
        assert!(!well);
        assert_eq!(report["checks"]["feed"]["words"], "silent");
    }
}
