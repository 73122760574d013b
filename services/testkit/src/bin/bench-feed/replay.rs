//! A tape at full speed into the stream, acknowledged.

use super::{
    cli::Options,
    desk::{Desk, Start},
    print::{count, line, load},
};
use anyhow::{Context as _, ensure};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use proto::{FeedState, FeedStatus, stream, subject::key};
use std::{
    fs::File,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::Path,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Rows of a generated tape.
const ROWS: u64 = 400_000;
const PATIENCE: Duration = Duration::from_mins(5);
/// 2026-01-05, 09:30 in New York.
const OPEN_NS: u64 = 1_767_623_400_000_000_000;
/// Between two rows: they fill most of a session.
const STEP_NS: u64 = 50_000_000;

/// Replays the tape, or one that is made for it.
///
/// # Errors
/// A program that does not start, or ends before its time.
pub(crate) async fn measure(args: &Options) -> anyhow::Result<()> {
    let real = args.tape.is_file();
    let made = std::env::temp_dir().join(format!("bench-feed-{}.csv.gz", std::process::id()));
    let tape = if real { args.tape.canonicalize()? } else { made.clone() };
    if !real {
        make(&made).context("make a tape")?;
    }
    let outcome = run(&tape, real).await;
    if !real {
        std::fs::remove_file(&made).context("remove the tape")?;
    }
    outcome
}

async fn run(tape: &Path, real: bool) -> anyhow::Result<()> {
    let (rows, tickers) = look(tape).context("read the tape")?;
    let name = tape.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let kind = if real { "real" } else { "generated" };
    line(&format!("Replay: {name} ({kind}, {} rows) at full speed; {}", count(rows), load()))?;
    let feed = format!("replay:{}@max", tape.display());
    let mut desk = Desk::start(&Start { feed, symbols: tickers, ..Start::default() }).await?;
    let began = Instant::now();
    let mut first: Option<Instant> = None;
    loop {
        ensure!(began.elapsed() < PATIENCE, "the tape does not end:\n{}", desk.log());
        let (last, _) = desk.ticks().await?;
        if last > 0 {
            first.get_or_insert_with(Instant::now);
        }
        let status = desk.bus.kv::<FeedStatus>(&stream::FEED).get(key::FEED_STATUS).await?;
        if status.is_some_and(|status| status.state == FeedState::Done) {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    let lasted = first.map_or(began.elapsed(), |first| first.elapsed()).as_secs_f64();
    let (ticks, bytes) = desk.ticks().await?;
    let [ingest, bus] = desk.usage();
    line(&format!(
        "  {} ticks stored in {lasted:.1} s: {} rows/s; before the first {:.1} s; {} MB in the stream",
        count(ticks),
        count((ticks as f64 / lasted) as u64),
        began.elapsed().as_secs_f64() - lasted,
        bytes / 1_000_000,
    ))?;
    line(&format!(
        "  CPU: ingest {:.1} s ({:.1} us a tick), bus {:.1} s; at most: ingest {:.1} MB, bus {:.1} MB\n",
        ingest.cpu.as_secs_f64(),
        ingest.cpu.as_secs_f64() * 1e6 / ticks.max(1) as f64,
        bus.cpu.as_secs_f64(),
        ingest.peak_mb,
        bus.peak_mb,
    ))?;
    desk.stop().await;
    Ok(())
}

/// Rows and tickers of a tape.
fn look(tape: &Path) -> anyhow::Result<(u64, Vec<String>)> {
    let lines = BufReader::new(MultiGzDecoder::new(File::open(tape)?)).lines();
    let mut tickers: Vec<String> = Vec::new();
    let mut rows = 0;
    for line in lines.skip(1) {
        let line = line?;
        rows += 1;
        let ticker = line.split(',').next().unwrap_or_default();
        if !tickers.iter().any(|known| known == ticker) {
            tickers.push(ticker.to_owned());
        }
    }
    Ok((rows, tickers))
}

fn make(path: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(GzEncoder::new(File::create(path)?, Compression::fast()));
    writeln!(
        out,
        "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,\
         sip_timestamp,size,tape,trf_id,trf_timestamp"
    )?;
    for n in 0..ROWS {
        let ticker = ["AAPL", "MSFT", "NVDA", "TSLA"].get((n % 4) as usize).unwrap_or(&"AAPL");
        let (time, cents) = (OPEN_NS + n * STEP_NS, 10_000 + n / 4 % 100);
        let price = format!("{}.{:02}", cents / 100, cents % 100);
        writeln!(out, "{ticker},,0,4,{n},{time},{price},{n},{time},100,3,0,0")?;
    }
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish()?;
    Ok(())
}
