//! Everything is killed once, in a desk that trades: what must survive survives, all comes back by
//! itself, and the books are whole.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

use anyhow::{Context as _, ensure};
use e2e::{Desk, Journal, SOON, Setup, healthy, ticks};
use futures_util::{SinkExt as _, StreamExt as _};
use proto::{Bar, Symbol, TradingState, decode, stream, subject};
use runtime::{
    bus::{Bus, Start},
    testing::eventually,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

/// A busy desk: a simulated minute a second, so that every test sees many trades.
fn busy() -> Setup {
    Setup::new().set("ingest.toml", "speed", "60.0")
}

/// Waits until `more` further orders were filled.
async fn more_fills(bus: &Bus, more: usize) -> anyhow::Result<()> {
    let count = async || Some(Journal::read(bus).await.ok()?.fills().count());
    let before = eventually(SOON, count).await.context("count fills")?;
    let grown = async || count().await.filter(|now| *now >= before + more).map(|_| ());
    eventually(SOON * 2, grown).await.with_context(|| format!("{more} more fills after {before}"))
}

/// The books are whole: checked at a moment when nothing is in flight.
async fn books_are_whole(bus: &Bus) -> anyhow::Result<()> {
    let settled = async || {
        let journal = Journal::read(bus).await.ok()?;
        let all_final = journal.last_states().values().all(|state| state.is_final());
        let all_answered = journal.last_states().len() == journal.intents.len();
        (all_final && all_answered).then_some(journal)
    };
    let journal = eventually(SOON, settled).await.context("every intent comes to its end")?;
    journal.check()?;
    // Trading goes on meanwhile: what is published may be one fill ahead.
    let whole = async || {
        let journal = Journal::read(bus).await.ok()?;
        journal.check_positions(bus).await.ok()
    };
    eventually(SOON, whole).await.context("published holdings equal the journal's fold")
}

/// The symbol's ticks are numbered without a repeat, and after a restart the count goes on.
async fn numbered_on(bus: &Bus, symbol: &str) -> anyhow::Result<()> {
    let symbol = Symbol::parse(symbol)?;
    let seqs: Vec<u64> = ticks(bus, &symbol).await?.iter().map(|tick| tick.seq).collect();
    ensure!(seqs.is_sorted_by(|a, b| a < b), "{symbol} repeats a number: {seqs:?}");
    Ok(())
}

/// The bars that a page shows of its first symbol: minutes on end, none missing.
async fn chart_has_no_hole(port: u16) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{port}/api/snapshot");
    let whole = async || {
        let snapshot: Value = reqwest::get(&url).await.ok()?.json().await.ok()?;
        let starts = bar_starts(&snapshot)?;
        let whole = starts.windows(2).all(|pair| matches!(pair, [a, b] if b - a == 60));
        (starts.len() > 100 && whole).then_some(())
    };
    eventually(SOON, whole).await.with_context(|| format!("a chart without a hole on port {port}"))
}

/// Start times, in seconds, of a snapshot's first symbol's bars.
fn bar_starts(snapshot: &Value) -> Option<Vec<i64>> {
    let (_symbol, pane) = snapshot.get("symbols")?.as_object()?.iter().next()?;
    let bars = pane.get("bars")?.as_array()?;
    bars.iter().map(|bar| bar.get(0).and_then(Value::as_i64)).collect()
}

/// Reads a page's socket until `over`, as a page does: it stays open, and each frame goes on where
/// the one before ended. Gives the longest time without a frame.
async fn undisturbed(port: u16, over: CancellationToken) -> anyhow::Result<Duration> {
    let url = format!("ws://127.0.0.1:{port}/ws");
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.context("open the socket")?;
    let (mut last, mut longest, mut seq) = (Instant::now(), Duration::ZERO, None);
    while let Some(frame) = over.run_until_cancelled(socket.next()).await {
        longest = longest.max(last.elapsed());
        last = Instant::now();
        let frame = frame.context("the socket closed")?.context("the socket broke")?;
        let Ok(frame) = serde_json::from_str::<Value>(frame.to_text()?) else { continue };
        let number = |name| frame.get(name).and_then(Value::as_u64);
        let (from, painted) = (number("from_seq"), number("to_seq").or_else(|| number("seq")));
        ensure!(from.is_none() || from == seq, "page {port} goes on from {from:?}, not {seq:?}");
        if let Some(painted) = painted {
            seq = Some(painted);
            let ack = json!({"type": "ack", "seq": painted}).to_string();
            socket.send(Message::text(ack)).await.context("acknowledge")?;
        }
    }
    ensure!(seq.is_some(), "page {port} was sent nothing");
    Ok(longest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_dashboard_disturbs_nobody_and_comes_back_with_a_whole_chart() {
    let desk = Desk::start(busy()).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    let others = [0, 2, 3, 4].map(|index| desk.page_port(index));
    let over = CancellationToken::new();
    let watching = others.map(|port| undisturbed(port, over.clone()));
    let watching = futures_util::future::try_join_all(watching);
    let killing = async {
        more_fills(&bus, 1).await?;
        desk.crash("dashboard-2").await?;
        let died = Instant::now();
        eventually(SOON, async || healthy(desk.page_port(1)).await).await.context("its page")?;
        println!("a killed dashboard is back after {:?}", died.elapsed());
        more_fills(&bus, 1).await?;
        over.cancel();
        anyhow::Ok(())
    };
    let (silences, ()) = tokio::try_join!(watching, killing).unwrap();
    println!("longest times without a frame on the other pages: {silences:?}");
    chart_has_no_hole(desk.page_port(1)).await.unwrap();
    books_are_whole(&bus).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spare_takes_over_the_slot_of_a_dead_dashboard() {
    let setup = Setup::new().wall(&[&["AAPL"], &["MSFT"]]).variable("DESK_DASHBOARDS", "slots:3");
    let desk = Desk::start(setup).await.unwrap();
    let ports = desk.page_ports().to_owned();
    // Whoever serves the first page dies and stays dead: one of the others must be the spare.
    let mut taken = None;
    for name in ["dashboard-slot1", "dashboard-slot2", "dashboard-slot3"] {
        if serves(&desk, name, ports[0]).await {
            taken = Some(name);
        }
    }
    let holder = taken.expect("somebody serves the first page");
    desk.hold_down(holder).unwrap();
    let died = Instant::now();
    let back =
        async || (desk.pid(holder).is_none() && healthy(ports[0]).await.is_some()).then_some(());
    eventually(SOON, back).await.expect("the spare takes the first page");
    println!("a spare serves the page after {:?}", died.elapsed());
}

/// Whether the program answers on `port`: its process id stands in the page's lease.
async fn serves(desk: &Desk, name: &str, port: u16) -> bool {
    let pid = desk.pid(name).unwrap_or_default().to_string();
    let bus = desk.bus("operator").await.unwrap();
    let slot = if port == desk.page_port(0) { 1 } else { 2 };
    let leases = bus.kv::<proto::Lease>(&stream::LEASES);
    let lease = leases.get(&subject::key::lease_dashboard(slot)).await.unwrap();
    lease.is_some_and(|lease| lease.holder.split([':', '/', '@']).any(|part| part == pid))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_strategy_neither_repeats_nor_forgets_an_intent() {
    let desk = Desk::start(busy()).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    for _round in 0..4 {
        more_fills(&bus, 1).await.unwrap();
        desk.crash("strategy").await.unwrap();
    }
    more_fills(&bus, 2).await.unwrap();
    books_are_whole(&bus).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_ingest_goes_on_counting_and_leaves_no_hole_in_the_bars() {
    let desk = Desk::start(busy()).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    for _round in 0..2 {
        more_fills(&bus, 1).await.unwrap();
        desk.crash("ingest").await.unwrap();
    }
    more_fills(&bus, 2).await.unwrap();
    for symbol in ["AAPL", "SOFI"] {
        numbered_on(&bus, symbol).await.unwrap();
        let whole = async || minutes_are_whole(&bus, symbol).await.ok();
        eventually(SOON, whole).await.with_context(|| format!("{symbol} lacks minutes")).unwrap();
    }
    chart_has_no_hole(desk.page_port(0)).await.unwrap();
    books_are_whole(&bus).await.unwrap();
}

/// Every minute from the first bar to the last has a bar.
async fn minutes_are_whole(bus: &Bus, symbol: &str) -> anyhow::Result<()> {
    let subject = subject::bar(&Symbol::parse(symbol)?);
    let stored = bus.history(stream::BARS.name, subject, Start::Beginning).await?;
    let bars = stored.iter().map(|m| Ok(decode::<Bar>(&m.payload)?.start_ms));
    let starts: std::collections::BTreeSet<i64> = bars.collect::<anyhow::Result<_>>()?;
    let (first, last) = (starts.first().context("a bar")?, starts.last().context("a bar")?);
    ensure!((last - first) / 60_000 + 1 == i64::try_from(starts.len())?, "{symbol} lacks minutes");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_executor_sends_nothing_twice_and_loses_nothing() {
    let desk = Desk::start(busy()).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    for _round in 0..3 {
        more_fills(&bus, 1).await.unwrap();
        desk.crash("executor").await.unwrap();
    }
    more_fills(&bus, 2).await.unwrap();
    books_are_whole(&bus).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_bus_is_survived_by_everyone() {
    let desk = Desk::start(busy()).await.unwrap();
    let bus = desk.bus("operator").await.unwrap();
    more_fills(&bus, 1).await.unwrap();
    let names = ["ingest", "strategy", "dashboard-1", "dashboard-5"];
    let before = names.map(|name| desk.pid(name));
    desk.hold_down("nats").unwrap();
    // The outage itself, not a wait for something.
    tokio::time::sleep_until(Instant::now() + Duration::from_secs(5)).await;
    desk.release("nats").unwrap();
    more_fills(&bus, 2).await.unwrap();
    assert_eq!(before, names.map(|name| desk.pid(name)), "nobody but the bus was restarted");
    numbered_on(&bus, "AAPL").await.unwrap();
    for index in 0..5 {
        let port = desk.page_port(index);
        eventually(SOON, async || healthy(port).await).await.expect("the page is well");
        chart_has_no_hole(port).await.unwrap();
    }
    let control = bus.kv::<proto::Control>(&stream::CONTROL).get("trading").await.unwrap();
    assert_eq!(control.unwrap().state, TradingState::Active);
    books_are_whole(&bus).await.unwrap();
}
