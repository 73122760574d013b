//! `[record]` of `config/ingest.toml`: where ticks are written, and how often.

use crate::record::Settings;
use runtime::config::{Rule, Section};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Where `/healthz` and `/metrics` are served, and the settings. `folder` goes before the file's.
pub(super) fn read(section: &Section<'_>, folder: Option<PathBuf>) -> (SocketAddr, Settings) {
    let configured: String = section.required("folder", runtime::config::not_empty());
    let listen = section.required("listen", Rule::any());
    let settings = Settings {
        folder: folder.unwrap_or_else(|| PathBuf::from(configured)),
        flush: section.required("flush", flush_rule()),
    };
    (listen, settings)
}

/// What is not flushed is read again after a kill, for which the stream keeps it an hour.
fn flush_rule() -> Rule<Duration> {
    let (least, most) = (Duration::from_millis(100), Duration::from_mins(10));
    Rule::new(move |flush: &Duration| {
        let outside = *flush < least || *flush > most;
        outside.then(|| format!("must be from 100ms to 10min, not {flush:?}"))
    })
}
