//! Numbered trades by WebSocket into the stream of ticks, and every one of them looked for there.

use super::{
    cli::Options,
    desk::{self, Desk, Start},
    fake::{Fake, Looks, Order},
    print::{count, line, load, ms, quantile},
    tally::Tally,
    usage,
};
use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use proto::{Symbol, Tick, decode, stream, subject};
use runtime::bus::{self, Bus};
use std::time::Duration;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

/// Rows of the table over time.
const ROWS: u32 = 6;
const PATIENCE: Duration = Duration::from_secs(30);
/// What ingest counts when it does not publish a trade as it came.
const COUNTERS: [&str; 4] =
    ["ingest_dropped", "ingest_stream_conflated", "ingest_stream_malformed", "ingest_suspect"];

/// What one load came to.
struct Outcome {
    looks: Looks,
    before: u64,
    after: u64,
    tally: Tally,
    /// From the fake's stamp to a subscriber of one symbol, nanoseconds, in order of size.
    heard_ns: Vec<i64>,
    counters: Vec<String>,
}

/// The wanted rate in full, then further ones until trades are lost or merged.
///
/// # Errors
/// A program that does not start, or ends before its time.
pub(crate) async fn measure(args: &Options) -> anyhow::Result<()> {
    let mut whole = 0;
    let outcome = run(args.rate, Duration::from_secs(args.seconds), true).await?;
    tell(&outcome, args.seconds)?;
    if outcome.is_whole() {
        whole = args.rate;
    }
    let (mut below, mut above) = (args.steps.clone(), args.steps.clone());
    below.retain(|rate| *rate < args.rate);
    above.retain(|rate| *rate > args.rate);
    below.sort_unstable();
    below.reverse();
    above.sort_unstable();
    let steps = if whole > 0 { above } else { below };
    for rate in steps {
        let seconds = (args.seconds / 6).max(3);
        let step = run(rate, Duration::from_secs(seconds), false).await?;
        let (lost, twice) = step.tally.against(&step.looks.load);
        let (sent, merged) = (step.sent(), step.tally.merged());
        line(&format!(
            "  {:>7}/s wanted, {:>7}/s sent for {seconds} s: lost {lost} (on the bus in {} places), twice {twice}, merged {merged}; {}",
            count(rate),
            count(sent / seconds),
            step.tally.holes,
            load(),
        ))?;
        let enough = sent >= rate * seconds * 95 / 100;
        if step.is_whole() && enough {
            whole = whole.max(rate);
        }
        if step.is_whole() == (whole < args.rate) || !enough {
            break;
        }
    }
    line(&format!("  the highest rate of these without loss: {}/s\n", count(whole)))?;
    Ok(())
}

async fn run(rate: u64, lasts: Duration, rows: bool) -> anyhow::Result<Outcome> {
    let symbols = desk::wall()?;
    let mut fake = Fake::start(&symbols).await?;
    let mut desk = Desk::start(&Start {
        feed: "polygon".to_owned(),
        fake: Some((fake.rest.clone(), fake.socket.clone())),
        transport: "stream",
        interval_s: 30,
        ..Start::default()
    })
    .await?;
    subscribed(&mut fake, &mut desk, symbols.len()).await?;
    let before = desk.settled(Duration::from_secs(2)).await?;
    let first = symbols.first().context("a wall has a symbol")?;
    let listener = listen(&desk.bus, &Symbol::parse(first)?).await?;
    fake.order(Order::Load(rate)).await?;
    let begun = Instant::now();
    if rows {
        line(&format!("Stream: {}/s for {} s; {}", count(rate), lasts.as_secs(), load()))?;
        line("      after   ingest MB    CPU    bus MB    CPU   fake MB    CPU")?;
        row(&desk, &fake, Duration::ZERO)?;
    }
    for step in 1..=ROWS {
        sleep_until(begun + lasts * step / ROWS).await;
        if rows {
            row(&desk, &fake, begun.elapsed())?;
        }
    }
    let looks = fake.order(Order::StopLoad).await?;
    let after = desk.settled(Duration::from_secs(2)).await?;
    if rows {
        peaks(&mut desk).await?;
    }
    let counters = desk.counters(&COUNTERS).await?;
    let mut heard_ns = listener.await.unwrap_or_default();
    heard_ns.sort_unstable();
    let tally = read(&desk.bus, before, after).await?;
    desk.stop().await;
    Ok(Outcome { looks, before, after, tally, heard_ns, counters })
}

/// Waits until every symbol's trades are subscribed to.
async fn subscribed(fake: &mut Fake, desk: &mut Desk, symbols: usize) -> anyhow::Result<()> {
    let begun = Instant::now();
    while fake.order(Order::Look).await?.subscribed < symbols {
        ensure!(begun.elapsed() < PATIENCE, "ingest does not subscribe:\n{}", desk.log());
        desk.ticks().await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

fn row(desk: &Desk, fake: &Fake, after: Duration) -> anyhow::Result<()> {
    let [ingest, bus] = desk.usage();
    let fake = usage::of(fake.process());
    line(&format!(
        "  {:>7.1} s  {:>9.1} {:>6.1} {:>9.1} {:>6.1} {:>9.1} {:>6.1}",
        after.as_secs_f64(),
        ingest.rss_mb,
        ingest.cpu.as_secs_f64(),
        bus.rss_mb,
        bus.cpu.as_secs_f64(),
        fake.rss_mb,
        fake.cpu.as_secs_f64(),
    ))?;
    Ok(())
}

async fn peaks(desk: &mut Desk) -> anyhow::Result<()> {
    let [ingest, bus] = desk.usage();
    let (_, bytes) = desk.ticks().await?;
    line(&format!(
        "  at most   {:>9.1}        {:>9.1}         the stream holds {} MB",
        ingest.peak_mb,
        bus.peak_mb,
        bytes / 1_000_000
    ))?;
    Ok(())
}

/// Hears the ticks of one symbol, as a page does.
async fn listen(bus: &Bus, symbol: &Symbol) -> anyhow::Result<JoinHandle<Vec<i64>>> {
    let mut ticks = bus.subscribe(subject::tick(symbol)).await?;
    Ok(tokio::spawn(async move {
        let mut heard = Vec::new();
        while let Ok(Some(message)) = timeout(Duration::from_secs(3), ticks.next()).await {
            if let Ok(tick) = decode::<Tick>(&message.payload) {
                heard.push(runtime::clock::now_ns() - tick.time_ns);
            }
        }
        heard
    }))
}

/// Reads back what the stream keeps after `before` up to `after`.
async fn read(bus: &Bus, before: u64, after: u64) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut reader =
        bus.read(stream::TICKS.name, vec![subject::TICKS.to_owned()], bus::Start::At(before + 1));
    let mut position = before;
    while position < after {
        let next = timeout(PATIENCE, reader.next()).await.context("read the ticks back")?;
        position = next.position;
        tally.take(&decode(&next.payload)?);
    }
    tally.taken_ns.sort_unstable();
    Ok(tally)
}

impl Outcome {
    fn sent(&self) -> u64 {
        self.looks.load.values().sum()
    }

    /// Every trade is a tick of its own, once and in its place.
    fn is_whole(&self) -> bool {
        let Tally { holes, steps, gaps, .. } = &self.tally;
        let merged = self.tally.merged();
        let (lost, twice) = self.tally.against(&self.looks.load);
        [lost, twice, merged, *holes, *steps, *gaps].iter().all(|count| *count == 0)
    }
}

fn tell(outcome: &Outcome, seconds: u64) -> anyhow::Result<()> {
    let Outcome { looks, before, after, tally, heard_ns, counters } = outcome;
    let (lost, twice) = tally.against(&looks.load);
    let sent = outcome.sent();
    let stored = after - before;
    line(&format!("  trades sent           {:>12}   {}/s", count(sent), count(sent / seconds)))?;
    line(&format!(
        "  stored in the stream  {:>12}   {} read back",
        count(stored),
        count(tally.seen)
    ))?;
    line(&format!("  ticks of these trades {:>12}", count(tally.ticks)))?;
    line(&format!(
        "  lost {lost}, told twice {twice}, merged {}; marked as a gap {}, numbers that do not follow {}, prices that do not follow {}",
        tally.merged(),
        tally.gaps,
        tally.holes,
        tally.steps
    ))?;
    let quantiles =
        |sorted: &[i64]| [0.5, 0.99, 1.0].map(|part| ms(quantile(sorted, part))).join(", ");
    line(&format!(
        "  fake's stamp to ingest's, p50, p99, most:      {}",
        quantiles(&tally.taken_ns)
    ))?;
    line(&format!("  fake's stamp to a subscriber, p50, p99, most:  {}", quantiles(heard_ns)))?;
    if looks.slow > 0 {
        line(&format!("  cut by the fake as a slow consumer: {} times", looks.slow))?;
    }
    for counter in counters {
        line(&format!("  {counter}"))?;
    }
    Ok(())
}
