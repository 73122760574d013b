//! What follows from a tick beyond a decision: levels, bars to read again, positions left to a person.

use super::{Running, warm};
use crate::engine::Strategy as _;
use proto::{ClockKind, Symbol, Tick};

impl Running {
    /// A tick was counted in.
    pub(super) async fn after_tick(&mut self, tick: &Tick) {
        if self.engine.wants_bars(&tick.symbol) {
            Box::pin(self.warm_up_again(tick)).await;
        }
        if tick.gap {
            self.note_stopped();
        }
        self.levels.show(self.engine.levels(&tick.symbol));
    }

    /// Takes a symbol's averages up from its stored bars: the feed was away, and has had a minute to
    /// fill the hole in. A tape has no holes that anybody fills: it goes on with what there is.
    async fn warm_up_again(&mut self, tick: &Tick) {
        let bars = match self.feed.clock {
            ClockKind::Tape => Ok(Vec::new()),
            ClockKind::Wall => warm::bars_before(&self.bus, tick).await,
        };
        match bars {
            Ok(bars) => {
                tracing::info!(tick.symbol = %tick.symbol, bars = bars.len(), "past a gap");
                self.engine.warm_up_again(&tick.symbol, &bars);
            }
            Err(error) => {
                // Still wanted: asked for again after the next tick, and nothing is entered until then.
                tracing::warn!(tick.symbol = %tick.symbol, "bars after a gap: {error}");
            }
        }
    }

    /// Tells people which positions are left to them, when that has changed.
    pub(super) fn note_stopped(&mut self) {
        let stopped: Vec<Symbol> = self.engine.stopped().into_iter().cloned().collect();
        metrics::gauge!("strategy_symbols_stopped").set(stopped.len() as f64);
        if stopped == self.stopped {
            return;
        }
        for symbol in stopped.iter().filter(|symbol| !self.stopped.contains(symbol)) {
            tracing::error!(
                tick.symbol = %symbol,
                "{symbol} jumped while held, as after a split: the position is left to a person; \
                 look, then resume trading or sell it"
            );
        }
        let names: Vec<&str> = stopped.iter().map(Symbol::as_str).collect();
        let words = match names.as_slice() {
            [] => "none is left to a person".to_owned(),
            names => format!("left to a person after a jump in price: {}", names.join(" ")),
        };
        self.health.set("positions", names.is_empty(), words);
        self.stopped = stopped;
    }
}
