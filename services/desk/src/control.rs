//! Tells the desk what it may do, and reads back what it was told.
//!
//! 1. A halt and a reduction are always written, whatever the state is: between reading and writing
//!    somebody may have resumed.
//! 2. A resume of an active desk is not written: in the meantime somebody may have halted it.

use crate::cli::Signed;
use anyhow::{Context as _, ensure};
use proto::{Control, TradingState, VERSION, stream, subject::key};
use runtime::{bus::Bus, clock};

/// What was said, and what the desk's word is after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The trading state before; `None` when it was never set.
    pub previous: Option<Control>,
    /// The trading state after, read back.
    pub present: Control,
    /// It was written; the desk was not in this state already.
    pub written: bool,
}

/// Sets the trading state.
///
/// # Errors
/// When it cannot be read, is not stored, or is not what it was set to when read back.
pub(crate) async fn say(bus: &Bus, state: TradingState, signed: Signed) -> anyhow::Result<Said> {
    let control = bus.kv::<Control>(&stream::CONTROL);
    // One that does not decode is no reason to keep trading.
    let read = control.get(key::CONTROL_TRADING).await;
    let previous = if state == TradingState::Active {
        read.context("read the trading state")?
    } else {
        read.unwrap_or_default()
    };
    if let Some(present) = previous.clone()
        && state == TradingState::Active
        && present.state == state
    {
        return Ok(Said { previous, present, written: false });
    }
    let Signed { why, by } = signed;
    let word = Control { v: VERSION, state, by, why, at_ms: clock::now_ms() };
    control.put(key::CONTROL_TRADING, &word).await.context("set the trading state")?;
    let present = control.get(key::CONTROL_TRADING).await.context("read the trading state back")?;
    let present = present.context("the trading state was set and is not there")?;
    ensure!(
        present == word,
        "the trading state was set and is already {:?} by {}: {}",
        present.state,
        present.by,
        present.why
    );
    Ok(Said { previous, present, written: true })
}
