//! So many trades a second over what is subscribed, each with a number: a hole is a loss.

use crate::polygon::{
    control::Control,
    event::{Cluster, MS},
    socket::Item,
};
use std::{collections::BTreeMap, time::Duration};
use tokio_util::sync::CancellationToken;

/// How often the load is caught up with.
const STEP: Duration = Duration::from_millis(5);
/// What is caught up with at once at most: after a pause of the machine, no flood.
const CATCH_UP: Duration = Duration::from_secs(1);

/// A load of trades. Each real-time connection hears the same, as far as it subscribes to it. It
/// passes by snapshots and bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Events a second, over all tickers.
    pub per_second: u64,
    /// Events in a frame at most.
    pub events_per_frame: usize,
}

/// What a load is made of.
#[derive(Debug, Default)]
struct State {
    tickers: Vec<(String, u64)>,
    turn: usize,
}

impl Control {
    /// Begins a load in place of the one before. `q` and `i` of a ticker's trades count from 1
    /// without a hole.
    pub fn load(&self, load: Load) {
        let token = CancellationToken::new();
        {
            let mut running = self.generators.lock();
            if let Some(before) = running.load.replace(token.clone()) {
                before.cancel();
            }
            running.sent.clear();
        }
        tokio::spawn(run(self.clone(), load, token));
    }

    /// Ends the load.
    pub fn stop_load(&self) {
        if let Some(token) = self.generators.lock().load.take() {
            token.cancel();
        }
    }

    /// Events of the load by ticker, those of a load that has ended too.
    pub fn load_sent(&self) -> BTreeMap<String, u64> {
        self.generators.lock().sent.clone()
    }
}

async fn run(control: Control, load: Load, token: CancellationToken) {
    let start = tokio::time::Instant::now();
    let mut interval = tokio::time::interval(STEP);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut state, mut told, mut forgone) = (State::default(), 0_u64, 0_u64);
    let most = load.per_second.saturating_mul(CATCH_UP.as_secs());
    loop {
        tokio::select! {
            () = token.cancelled() => return,
            _ = interval.tick() => {}
        }
        let due = start.elapsed().as_secs_f64() * load.per_second as f64;
        let due = (due as u64).saturating_sub(told + forgone);
        let now = due.min(most);
        forgone += due - now;
        if token.is_cancelled() {
            return;
        }
        if send(&control, &mut state, now, load.events_per_frame) {
            told += now;
        } else {
            forgone += now;
        }
    }
}

/// `false` where nobody subscribes to anything.
fn send(control: &Control, state: &mut State, count: u64, per_frame: usize) -> bool {
    let now_ms = control.clock().now_ns().div_euclid(MS);
    let mut world = control.lock();
    let listed = &world.market.listed;
    let mut wanted: Vec<String> = Vec::new();
    for connection in world.hub.connections.values() {
        let here = connection.cluster == Cluster::RealTime && !connection.ended;
        for pair in connection.pairs.iter().filter(|_| here) {
            match pair.strip_prefix("T.") {
                Some("*") => wanted.extend(listed.iter().cloned()),
                Some(ticker) => wanted.push(ticker.to_owned()),
                None => {}
            }
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    for ticker in wanted {
        if !state.tickers.iter().any(|(known, _)| *known == ticker) {
            state.tickers.push((ticker, 0));
        }
    }
    if state.tickers.is_empty() {
        return false;
    }
    let events = state.events(count, now_ms);
    deliver(&mut world.hub, &events, per_frame.max(1));
    drop(world);
    let sent = state.tickers.iter().cloned();
    control.generators.lock().sent = sent.collect();
    true
}

impl State {
    /// The next events, in turn over the tickers: which ticker, and the text.
    fn events(&mut self, count: u64, now_ms: i64) -> Vec<(String, String)> {
        let mut events = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        for _ in 0..count {
            self.turn = (self.turn + 1) % self.tickers.len().max(1);
            let Some((ticker, number)) = self.tickers.get_mut(self.turn) else { continue };
            *number += 1;
            let n = *number;
            let cents = 10_000 + n % 100;
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            let text = format!(
                r#"{{"ev":"T","sym":"{ticker}","x":4,"i":"{n}","z":3,"p":{price},"s":100,"c":[14,41],"t":{now_ms},"q":{n}}}"#
            );
            events.push((ticker.clone(), text));
        }
        events
    }
}

/// Events into frames, for each client what it hears.
fn deliver(hub: &mut crate::polygon::socket::Hub, events: &[(String, String)], per_frame: usize) {
    let clients: Vec<u64> = hub
        .connections
        .iter()
        .filter(|(_, c)| c.cluster == Cluster::RealTime && !c.ended && !c.pairs.is_empty())
        .map(|(id, _)| *id)
        .collect();
    for id in clients {
        let Some(pairs) = hub.connections.get(&id).map(|client| client.pairs.clone()) else {
            continue;
        };
        let all = pairs.contains("T.*");
        let heard = |ticker: &str| all || pairs.contains(&format!("T.{ticker}"));
        let mut heard_of: BTreeMap<&str, bool> = BTreeMap::new();
        let mine: Vec<&str> = events
            .iter()
            .filter(|(ticker, _)| *heard_of.entry(ticker).or_insert_with(|| heard(ticker)))
            .map(|(_, text)| text.as_str())
            .collect();
        for frame in mine.chunks(per_frame) {
            let text = format!("[{}]", frame.join(","));
            hub.push(id, Item::Frame("T", frame.len() as u64, text));
        }
    }
}
