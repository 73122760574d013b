//! Logs on standard error, plain or JSON.
//!
//! `LOG_FORMAT=json` for machines, plain for people; `RUST_LOG` filters. INFO is a change of state,
//! DEBUG a message, WARN something a person should look at today, ERROR money or service at risk.

use std::io::IsTerminal as _;
use tracing_subscriber::{EnvFilter, fmt};

/// What is shown unless `RUST_LOG` says otherwise: the client library logs every event at INFO,
/// which `bus` counts and words better.
const DEFAULT_FILTER: &str = "info,async_nats=off,hyper=warn,reqwest=warn,rustls=warn";

/// Never more than this, whatever `RUST_LOG` says: at TRACE they log whole frames, and the first one a
/// feed is sent holds its key.
const QUIET: [&str; 2] = ["tungstenite=debug", "tokio_tungstenite=debug"];

/// Starts logging for `service`. Call it first; a second call changes nothing.
pub fn init(service: &'static str) {
    let wanted =
        EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new(DEFAULT_FILTER));
    let filter = QUIET.iter().filter_map(|quiet| quiet.parse().ok());
    let filter = filter.fold(wanted, EnvFilter::add_directive);
    let json = std::env::var("LOG_FORMAT").is_ok_and(|format| format == "json");
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error only says that a test has set a subscriber before.
    drop(if json {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).with_target(true).try_init()
    });
    tracing::debug!(service, version = env!("CARGO_PKG_VERSION"), "starting");
}
