//! A market that walks by a seed: trades and quotes of every listed ticker that has a price.

use crate::polygon::{
    control::Control,
    event::Cluster,
    history::{Chance, round},
};
use std::{collections::BTreeMap, time::Duration};
use tokio_util::sync::CancellationToken;

const STEP: Duration = Duration::from_millis(50);

/// A walking market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Walk {
    /// Another seed, other prices.
    pub seed: u64,
    /// Trades a second, over all tickers; half of them come with a quote.
    pub per_second: f64,
}

impl Control {
    /// Begins a walk in place of the one before, from the last prices that are known. It follows
    /// the clock: while it stands still, so does the market.
    pub fn walk(&self, walk: Walk) {
        let token = CancellationToken::new();
        if let Some(before) = self.generators.lock().walk.replace(token.clone()) {
            before.cancel();
        }
        tokio::spawn(run(self.clone(), walk, token));
    }

    /// Ends the walk.
    pub fn stop_walk(&self) {
        if let Some(token) = self.generators.lock().walk.take() {
            token.cancel();
        }
    }
}

async fn run(control: Control, walk: Walk, token: CancellationToken) {
    let mut chance = Chance::new(walk.seed, "walk", 0);
    let mut prices = start(&control);
    let tickers: Vec<String> = prices.keys().cloned().collect();
    let mut interval = tokio::time::interval(STEP);
    let (mut last_ns, mut owed) = (control.clock().now_ns(), 0.0);
    while !tickers.is_empty() {
        tokio::select! {
            () = token.cancelled() => return,
            _ = interval.tick() => {}
        }
        let now_ns = control.clock().now_ns();
        // A clock that jumps hours ahead makes no flood of hours.
        owed += ((now_ns - last_ns) as f64 / 1e9).clamp(0.0, 10.0) * walk.per_second;
        last_ns = now_ns;
        while owed >= 1.0 {
            owed -= 1.0;
            let which = (chance.whole() % tickers.len() as u64) as usize;
            let Some(ticker) = tickers.get(which) else { continue };
            let Some(price) = prices.get_mut(ticker) else { continue };
            *price = round(*price * (1.0 + chance.around(0.000_4))).max(0.01);
            let size = if chance.next() < 0.3 { 37.0 } else { 100.0 };
            if chance.next() < 0.5 {
                control.quote(ticker, round(*price - 0.01), round(*price + 0.01), now_ns);
            }
            control.trade(ticker, *price, size, now_ns);
        }
    }
}

fn start(control: &Control) -> BTreeMap<String, f64> {
    let now_ns = control.clock().now_ns();
    let world = control.lock();
    let known = world.market.listed.iter().filter_map(|ticker| {
        let reading = world.market.read(ticker, Cluster::RealTime, now_ns)?;
        let price = reading.last().or(reading.previous.map(|bar| bar.close))?;
        Some((ticker.clone(), price))
    });
    known.collect()
}
