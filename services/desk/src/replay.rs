//! `desk replay`: a person's order to a replayed tape, and its answer.
//!
//! Knows no order by itself: ingest says what it takes.

use anyhow::{Context as _, bail};
use proto::subject;
use runtime::bus::Bus;

/// Tells the tape `order` and gives its answer.
///
/// # Errors
/// When nobody answers, or the order is refused.
pub(crate) async fn tell(bus: &Bus, order: &str) -> anyhow::Result<String> {
    let asked = bus.client().request(subject::REPLAY, order.to_owned().into()).await;
    let answer = asked.context("no answer from ingest: is it running?")?;
    let answer = String::from_utf8_lossy(&answer.payload).into_owned();
    match answer.strip_prefix(subject::REPLAY_REFUSED) {
        Some(sentence) => bail!("{}", crate::text::words(sentence)),
        None => Ok(crate::text::words(&answer) + "\n"),
    }
}
