//! The source's own minutes in place of ours.
//!
//! 1. A minute of the source's is the last word: ours of the same minute is closed before it and is
//!    not published after it.
//! 2. It keeps the number of the last tick that was counted into the minute, by which history and
//!    live are joined.
//! 3. What is known to be stored is not stored again.

use super::Service;
use market::MINUTE_MS;
use proto::Bar;
use std::time::Duration;
use tokio::time::timeout;

/// Minutes from which on a list of them is history.
const HISTORY: usize = 2;
/// How long a list of minutes may hold the prices up that come after it.
const PATIENCE: Duration = Duration::from_secs(5);

impl Service {
    /// Publishes the source's own bars in place of ours. Prices that follow a whole stretch of them
    /// wait until it is stored, as far as the bus is there.
    pub(super) async fn take_bars(&mut self, bars: Vec<Bar>) {
        let history = self.handling.is_live() && bars.len() >= HISTORY;
        for bar in bars {
            self.take_bar(bar).await;
        }
        if history && self.bus.connected() && timeout(PATIENCE, self.bars.settle()).await.is_err() {
            tracing::warn!("minutes are being stored slowly: prices go on before them");
        }
    }

    async fn take_bar(&mut self, bar: Bar) {
        let end_ms = bar.start_ms + MINUTE_MS;
        let fold = self.folds.get_mut(&bar.symbol);
        if let Some(ours) = fold.and_then(|fold| fold.close_if_over(end_ms)) {
            if ours.start_ms == bar.start_ms {
                self.joints.note(&ours);
            } else {
                self.write_bar(ours).await;
            }
        }
        let seq = self.joints.seq_of(&bar.symbol, bar.start_ms).max(bar.seq);
        let Some(bar) = self.stored.news(Bar { seq, ..bar }) else { return };
        if !self.bus.connected() {
            self.write_bar(bar).await;
            return;
        }
        self.joints.note(&bar);
        match timeout(PATIENCE, self.bars.write(bar.clone())).await {
            Ok(()) => self.stored.note(&bar),
            Err(_full) => metrics::counter!("ingest_bars_dropped_total").increment(1),
        }
    }
}
