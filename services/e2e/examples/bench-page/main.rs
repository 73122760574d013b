//! Prints what a page costs on this machine, and compares it with nothing but a page that draws
//! everything anew at every frame: both in one Chromium each, at the same time, of the same dashboard.
//!
//! `BENCH_MINUTES` (5) is how long, `BENCH_BARS` (2000) how many closed minutes each pane begins with,
//! `BIN_DIR` where the dashboard's program is.
#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![expect(clippy::unwrap_used, reason = "helpers of the browser fail loudly")]

#[expect(dead_code, reason = "each program uses its part of it")]
#[path = "../../tests/browser/mod.rs"]
mod browser;

use anyhow::Context as _;
use browser::Browser;
use e2e::{
    Stage,
    stage::{bar, tick},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, interval, sleep, timeout};

const SYMBOLS: [&str; 4] = ["AAPL", "MSFT", "NVDA", "TSLA"];
const MINUTE_MS: i64 = 60_000;
/// Between two prices of a symbol: one in every frame of a dashboard as it comes.
const TICK_EVERY: Duration = Duration::from_millis(250);
/// Time to load, compile and settle before anything is measured.
const WARM_UP: Duration = Duration::from_secs(15);

/// What is asked of the pages in their own words: `(name, paints, delays)`.
const OURS: Probe = Probe {
    name: "tickwall",
    ready: "__desk.bars('TSLA').length >= BARS && __desk.level() === 'LIVE'",
    paints: "__desk.paints()",
    delays: "(() => { const { p50, p99 } = __desk.latency(); return [p50, p99]; })()",
};
const NAIVE: Probe = Probe {
    name: "draws everything",
    ready: "__naive.paints > 3",
    paints: "__naive.paints",
    delays: "(() => { const all = [...__naive.delays].sort((a, b) => a - b);
        return [0.5, 0.99].map((part) => all[Math.max(0, Math.ceil(all.length * part) - 1)]); })()",
};

struct Probe {
    name: &'static str,
    ready: &'static str,
    paints: &'static str,
    delays: &'static str,
}

/// What the developer tools have counted of a page so far.
#[derive(Clone, Copy)]
struct Counts {
    at: Instant,
    busy: f64,
    script: f64,
    cpu: f64,
    paints: f64,
}

struct Measured {
    counts: Counts,
    heap_mb: Vec<f64>,
    delays: [f64; 2],
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let minutes: u64 = setting("BENCH_MINUTES", 5)?;
    let bars: i64 = setting("BENCH_BARS", 2_000)?;
    let mut stage = Stage::start(&SYMBOLS).await?;
    println!("filling {bars} minutes of {} symbols", SYMBOLS.len());
    fill(&stage, bars).await?;
    // It reads what is kept when it starts.
    stage.kill_dashboard();
    stage.start_dashboard().await?;
    let page = stage.page();
    let publishing = tokio::spawn(async move { publish(&stage).await });
    let (ours, naive) = (Browser::start().await?, Browser::start().await?);
    let ready = OURS.ready.replace("BARS", &(bars - 10).to_string());
    ours.open(&page).await;
    ours.until(&ready).await;
    open_naive(&naive, &page).await?;
    sleep(WARM_UP).await;
    println!(
        "measuring for {minutes} min: a price of every symbol every {} ms",
        TICK_EVERY.as_millis()
    );
    let time = Duration::from_secs(minutes * 60);
    let (ours, naive) = tokio::join!(measure(&ours, &OURS, time), measure(&naive, &NAIVE, time));
    publishing.abort();
    print(&[(OURS.name, ours?), (NAIVE.name, naive?)], time);
    Ok(())
}

fn setting<T: std::str::FromStr>(name: &str, usual: T) -> anyhow::Result<T> {
    match std::env::var(name) {
        Ok(text) => text.parse().ok().with_context(|| format!("{name} is no number: {text}")),
        Err(_) => Ok(usual),
    }
}

/// Closed minutes up to now.
async fn fill(stage: &Stage, bars: i64) -> anyhow::Result<()> {
    let now = runtime::clock::now_ms();
    let this = now - now.rem_euclid(MINUTE_MS);
    for symbol in stage.symbols() {
        for back in (1..=bars).rev() {
            let (open, close) =
                (price(this - back * MINUTE_MS), price(this - (back - 1) * MINUTE_MS));
            stage.store(&bar(symbol, this - back * MINUTE_MS, open, close, 0)).await?;
        }
    }
    Ok(())
}

/// Somewhere between 98 and 102.
fn price(time_ms: i64) -> f64 {
    let time = time_ms as f64 / 1_000.0;
    let price =
        100.0 + (time / 900.0).sin() + (time / 77.0).sin() * 0.4 + (time / 3.1).sin() * 0.05;
    (price * 100.0).round() / 100.0
}

async fn publish(stage: &Stage) -> anyhow::Result<()> {
    let mut every = interval(TICK_EVERY);
    for seq in 1.. {
        every.tick().await;
        let now = runtime::clock::now_ms();
        for symbol in stage.symbols() {
            stage.publish(&tick(symbol, seq, price(now), now)).await?;
        }
    }
    Ok(())
}

/// An empty document of the dashboard's own, with the library and the page that redraws everything.
async fn open_naive(browser: &Browser, page: &str) -> anyhow::Result<()> {
    let library =
        browser::package("lightweight-charts/dist/lightweight-charts.standalone.production.js")?;
    browser.devtools("Page.setBypassCSP", json!({"enabled": true})).await?;
    browser.open(&format!("{page}api/snapshot")).await;
    browser.run(&library).await;
    browser.run(include_str!("naive.js")).await;
    browser.until(NAIVE.ready).await;
    Ok(())
}

async fn measure(browser: &Browser, probe: &Probe, time: Duration) -> anyhow::Result<Measured> {
    browser.devtools("Performance.enable", json!({})).await?;
    let before = count(browser, probe).await?;
    let mut heap_mb = vec![heap(browser).await?];
    let end = before.at + time;
    while Instant::now() < end {
        let left = end.saturating_duration_since(Instant::now());
        sleep(left.min(Duration::from_mins(1))).await;
        heap_mb.push(heap(browser).await?);
    }
    let after = count(browser, probe).await?;
    let delays = browser.run(&format!("return {};", probe.delays)).await;
    let delay = |index: usize| delays.get(index).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let counts = Counts {
        at: before.at,
        busy: after.busy - before.busy,
        script: after.script - before.script,
        cpu: after.cpu - before.cpu,
        paints: after.paints - before.paints,
    };
    Ok(Measured { counts, heap_mb, delays: [delay(0), delay(1)] })
}

async fn count(browser: &Browser, probe: &Probe) -> anyhow::Result<Counts> {
    let metrics = browser.devtools("Performance.getMetrics", json!({})).await?;
    let of = |name: &str| metric(&metrics, name);
    let paints = browser.run(&format!("return {};", probe.paints)).await;
    Ok(Counts {
        at: Instant::now(),
        busy: of("TaskDuration")?,
        script: of("ScriptDuration")?,
        cpu: of("ThreadTime")?,
        paints: paints.as_f64().context("paints are a number")?,
    })
}

/// What is left of the page's heap when the garbage is gone.
async fn heap(browser: &Browser) -> anyhow::Result<f64> {
    let collect = browser.devtools("HeapProfiler.collectGarbage", json!({}));
    timeout(Duration::from_secs(30), collect).await.context("collect the garbage")??;
    let metrics = browser.devtools("Performance.getMetrics", json!({})).await?;
    Ok(metric(&metrics, "JSHeapUsedSize")? / 1e6)
}

fn metric(metrics: &Value, name: &str) -> anyhow::Result<f64> {
    let all = metrics.get("metrics").and_then(Value::as_array).context("metrics are a list")?;
    let found = all.iter().find(|metric| metric.get("name").is_some_and(|told| told == name));
    let value = found.and_then(|metric| metric.get("value")?.as_f64());
    value.with_context(|| format!("Chromium does not tell {name}"))
}

fn print(pages: &[(&str, Measured)], time: Duration) {
    let seconds = time.as_secs_f64();
    println!(
        "\n{:<18} {:>12} {:>12} {:>12} {:>9} {:>10} {:>10} {:>16}",
        "page", "CPU ms/s", "script ms/s", "task ms/s", "paints/s", "p50 ms", "p99 ms", "heap MB"
    );
    for (name, Measured { counts, heap_mb, delays: [p50, p99] }) in pages {
        let per_second = |value: f64| value / seconds;
        let (first, last) = (heap_mb.first().unwrap(), heap_mb.last().unwrap());
        let highest = heap_mb.iter().copied().fold(0.0, f64::max);
        println!(
            "{name:<18} {:>12.1} {:>12.1} {:>12.1} {:>9.2} {p50:>10.0} {p99:>10.0} {:>16}",
            per_second(counts.cpu * 1e3),
            per_second(counts.script * 1e3),
            per_second(counts.busy * 1e3),
            per_second(counts.paints),
            format!("{first:.1} {highest:.1} {last:.1}"),
        );
    }
    println!(
        "\nCPU, script, task: of the page's main thread, task with what it waited for the processor.\n\
         p50, p99: from a price's receipt to its picture, the last 1,000 of them.\n\
         heap: after collection, at the beginning, at its highest, at the end."
    );
}
