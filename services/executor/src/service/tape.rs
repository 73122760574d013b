//! Ticks in stream order, no further than allowed.

use proto::{Symbol, Tick, decode, stream, subject};
use runtime::bus::{Bus, Reader, Start, Stored};
use std::collections::BTreeMap;

/// The tape: stream `TICKS` from a position on.
pub(super) struct Tape {
    reader: Reader,
    /// Read, but not allowed yet.
    ahead: Option<(u64, Tick)>,
    /// The last position handed out.
    position: u64,
    /// The last `seq` of each symbol.
    seqs: BTreeMap<Symbol, u64>,
}

impl Tape {
    /// Begins behind `position`.
    pub(super) fn after(bus: &Bus, position: u64) -> Self {
        let filter = vec![subject::TICKS.to_owned()];
        let reader = bus.read(stream::TICKS.name, filter, Start::At(position + 1));
        Self { reader, ahead: None, position, seqs: BTreeMap::new() }
    }

    /// The last position handed out.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next tick up to position `limit`; waits while there is none. Dropping the future loses
    /// nothing. A tick that does not decode is counted and skipped.
    pub(super) async fn next_up_to(&mut self, limit: u64) -> Tick {
        loop {
            if let Some((position, tick)) = self.ahead.take_if(|(position, _)| *position <= limit) {
                self.position = position;
                return tick;
            }
            if self.ahead.is_some() {
                // The next tick is known and too far; only a higher limit, in another call, helps.
                std::future::pending::<()>().await;
            }
            let stored = self.reader.next().await;
            match self.genuine(&stored) {
                Ok(tick) => self.ahead = Some((stored.position, tick)),
                Err(fault) => {
                    metrics::counter!("bus_undecodable_total", "message" => "tick").increment(1);
                    tracing::warn!(subject = stored.subject, "skipped: {fault}");
                }
            }
        }
    }

    /// The tick, if ingest published it where it belongs and it is the symbol's next: whoever may
    /// read the stream can have an old tick delivered to it once more.
    fn genuine(&mut self, stored: &Stored) -> Result<Tick, String> {
        let tick: Tick = decode(&stored.payload).map_err(|error| error.to_string())?;
        if stored.copy || stored.subject != subject::tick(&tick.symbol) {
            return Err(format!("a tick of {} that was not published there", tick.symbol));
        }
        let before = self.seqs.insert(tick.symbol.clone(), tick.seq);
        if let Some(before) = before.filter(|before| *before >= tick.seq) {
            let echo = format!("tick {} of {} after {before}", tick.seq, tick.symbol);
            self.seqs.insert(tick.symbol, before);
            return Err(echo);
        }
        Ok(tick)
    }
}

#[cfg(test)]
mod tests;
