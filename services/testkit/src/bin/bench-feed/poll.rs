//! Snapshots by REST: what a round of polls costs with the wall's symbols and with the whole market.

use super::{
    cli::Options,
    desk::{self, Desk, Start},
    fake::{self, Fake, Order, Request},
    http,
    print::{count, line, load},
    usage::{self, Usage},
};
use anyhow::ensure;
use runtime::clock;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep};

/// The interval the desk is configured with, seconds.
const INTERVAL_S: u64 = 30;
/// How often the stream is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Rounds are told apart by a pause as long as this.
const PAUSE_NS: i64 = 1_000_000_000;
/// The fake's clock goes in steps, and so do its stamps.
const ROUGHLY_NS: i64 = 50_000_000;
/// How long the first round may take: ingest looks up where each symbol stands.
const PATIENCE: Duration = Duration::from_mins(5);
const LETTERS: usize = 26;
/// Trades a second at most: the fake should not need more of the machine than what is measured. What
/// has not been traded since is in the answers all the same, and is recognised as told before.
const LIVELY: f64 = 2_000.0;
/// Quiet intervals in a row: the first poll may fall into one by itself.
const QUIET: usize = 2;

/// The wall's symbols, then the whole market on one core.
///
/// # Errors
/// A program that does not start, or ends before its time.
pub(crate) async fn measure(args: &Options) -> anyhow::Result<()> {
    line(&format!("Poll: snapshots by REST, ingest on one core; {}", load()))?;
    let wall = desk::wall()?;
    run(&wall, &[], 2, args.rounds.max(5)).await?;
    let more: Vec<String> = names().take(args.symbols.saturating_sub(wall.len())).collect();
    run(&wall, &more, 10, args.rounds).await?;
    line("")?;
    Ok(())
}

/// Tickers that no wall has.
fn names() -> impl Iterator<Item = String> {
    let letter = |number: usize| char::from(b'A' + (number % LETTERS) as u8);
    (0..LETTERS.pow(3)).map(move |n| {
        format!("Z{}{}{}X", letter(n / LETTERS / LETTERS), letter(n / LETTERS), letter(n))
    })
}

/// What happened in one round.
#[derive(Debug, Default)]
struct Round {
    requests: usize,
    first_ns: i64,
    last_ns: i64,
    ticks: u64,
    published_ns: i64,
}

async fn run(
    wall: &[String],
    more: &[String],
    interval_s: u64,
    rounds: usize,
) -> anyhow::Result<()> {
    let symbols = [wall, more].concat();
    let mut fake = Fake::start_in_session(&symbols).await?;
    let lively = symbols.len() as f64 * 3.0 / interval_s as f64;
    fake.order(Order::Walk(lively.min(LIVELY))).await?;
    let mut desk = Desk::start(&Start {
        feed: "polygon".to_owned(),
        fake: Some((fake.rest.clone(), fake.socket.clone())),
        symbols: more.to_vec(),
        transport: "poll",
        interval_s,
        one_core: true,
    })
    .await?;
    let started = Instant::now();
    let (position, meanwhile) = quiet(&mut fake, &mut desk, interval_s).await?;
    let ready_s = started.elapsed().as_secs_f64();
    let before = usages(&desk, &fake);
    let (seen, changes) = watch(&mut fake, &mut desk, interval_s * rounds as u64).await?;
    let after = usages(&desk, &fake);
    let whole_rounds = whole(split(&seen, position, &changes));
    let (bytes, pages) = bytes(&fake.rest, &whole_rounds, &seen).await?;
    line(&format!(
        "  {} symbols, every {interval_s} s; at rest {ready_s:.0} s after the start, with today's minutes",
        count(symbols.len() as u64)
    ))?;
    tell_history(&meanwhile)?;
    ensure!(!whole_rounds.is_empty(), "no round was seen whole:\n{}", desk.log());
    tell(&whole_rounds, rounds, before, after)?;
    line(&format!("    answers {} bytes a round, in {pages} pages", count(bytes as u64)))?;
    for counter in desk.counters(&["ingest_dropped", "ingest_poll_late", "ingest_bad"]).await? {
        line(&format!("    {counter}"))?;
    }
    desk.stop().await;
    Ok(())
}

/// Of ingest, the bus and the fake.
fn usages(desk: &Desk, fake: &Fake) -> [Usage; 3] {
    let [ingest, bus] = desk.usage();
    [ingest, bus, usage::of(fake.process())]
}

/// How the first polls fared beside the questions for minutes.
fn tell_history(meanwhile: &[Request]) -> anyhow::Result<()> {
    let minutes = meanwhile.iter().filter(|request| !request.snapshots);
    let times_ns: BTreeSet<i64> = minutes.map(|request| request.time_ns).collect();
    let first_ns = times_ns.first().copied().unwrap_or_default();
    let last_ns = times_ns.last().copied().unwrap_or_default();
    let within = first_ns..=last_ns;
    let beside: Vec<Request> =
        meanwhile.iter().filter(|request| within.contains(&request.time_ns)).cloned().collect();
    let spans = split(&beside, 0, &[]).into_iter().map(|round| round.last_ns - round.first_ns);
    let longest_ns = spans.max().unwrap_or_default();
    line(&format!(
        "    {} requests for minutes within {:.1} s; polls beside them sent within {:.0} ms at most",
        count(beside.iter().filter(|request| !request.snapshots).count() as u64),
        (last_ns - first_ns) as f64 / 1e9,
        longest_ns as f64 / 1e6,
    ))?;
    Ok(())
}

/// Each of the rounds, and what one of all that were `watched` has used.
fn tell(
    rounds: &[Round],
    watched: usize,
    before: [Usage; 3],
    after: [Usage; 3],
) -> anyhow::Result<()> {
    for round in rounds {
        let answered = (round.last_ns - round.first_ns) as f64 / 1e6;
        let published = (round.published_ns - round.first_ns) as f64 / 1e6;
        line(&format!(
            "    requests {:>3}, sent within {answered:>6.0} ms, all of {:>6} ticks stored after {published:>6.0} ms, {:.1} % of {INTERVAL_S} s",
            round.requests,
            count(round.ticks),
            published / (INTERVAL_S as f64 * 10.0),
        ))?;
    }
    let cpu = [0, 1, 2].map(|which: usize| {
        let cpu = |usages: &[Usage; 3]| usages.get(which).map_or(Duration::ZERO, |usage| usage.cpu);
        let used = cpu(&after).saturating_sub(cpu(&before)).max(usage::FINEST);
        format!("{:.0} ms", used.as_secs_f64() * 1e3 / watched as f64)
    });
    let ([ingest_cpu, bus_cpu, fake_cpu], [ingest, bus, fake]) = (cpu, after);
    line(&format!(
        "    CPU a round: ingest {ingest_cpu}, bus {bus_cpu}, fake {fake_cpu}; resident: ingest {:.1} MB (at most {:.1}), bus {:.1} MB, fake {:.1} MB",
        ingest.rss_mb, ingest.peak_mb, bus.rss_mb, fake.rss_mb,
    ))?;
    Ok(())
}

/// Waits until whole intervals have seen polls and nothing else; the last sequence, and what was
/// asked until then.
async fn quiet(
    fake: &mut Fake,
    desk: &mut Desk,
    interval_s: u64,
) -> anyhow::Result<(u64, Vec<Request>)> {
    let began = Instant::now();
    let (mut all, mut in_a_row) = (Vec::new(), 0);
    loop {
        ensure!(began.elapsed() < PATIENCE, "ingest does not come to rest:\n{}", desk.log());
        sleep(Duration::from_secs(interval_s)).await;
        let (last, _) = desk.ticks().await?;
        let seen = fake.order(Order::Look).await?.requests;
        let polls = seen.iter().filter(|request| request.snapshots).count();
        let is_quiet = polls > 0 && polls == seen.len();
        all.extend(seen);
        in_a_row = if is_quiet { in_a_row + 1 } else { 0 };
        if in_a_row < QUIET {
            continue;
        }
        // Not in the middle of a round.
        let last_ns = all.last().map_or(0, |request| request.time_ns);
        if clock::now_ns() - last_ns > PAUSE_NS {
            return Ok((last, all));
        }
        let last = desk.settled(Duration::from_millis(PAUSE_NS as u64 / 1_000_000)).await?;
        return Ok((last, all));
    }
}

/// The requests of so many seconds, and when the stream's last sequence changed.
async fn watch(
    fake: &mut Fake,
    desk: &mut Desk,
    seconds: u64,
) -> anyhow::Result<(Vec<Request>, Vec<(i64, u64)>)> {
    fake.order(Order::Look).await?;
    let began = Instant::now();
    let mut changes: Vec<(i64, u64)> = Vec::new();
    while began.elapsed() < Duration::from_secs(seconds) {
        let (last, _) = desk.ticks().await?;
        if changes.last().is_none_or(|(_, before)| *before != last) {
            changes.push((clock::now_ns(), last));
        }
        sleep(LOOK).await;
    }
    Ok((fake.order(Order::Look).await?.requests, changes))
}

/// Rounds by the pauses between requests.
fn split(seen: &[Request], begin: u64, changes: &[(i64, u64)]) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    for request in seen.iter().filter(|request| request.snapshots) {
        match rounds.last_mut() {
            Some(round) if request.time_ns - round.last_ns < PAUSE_NS => {
                round.requests += 1;
                round.last_ns = request.time_ns;
            }
            Some(_) | None => rounds.push(Round {
                requests: 1,
                first_ns: request.time_ns,
                last_ns: request.time_ns,
                ..Round::default()
            }),
        }
    }
    let mut before = begin;
    let starts: Vec<i64> = rounds.iter().skip(1).map(|round| round.first_ns).collect();
    for (place, round) in rounds.iter_mut().enumerate() {
        let next = starts.get(place).map_or(i64::MAX, |start| start - ROUGHLY_NS);
        let from = round.first_ns - ROUGHLY_NS;
        let mut within = changes.iter().filter(|(at, _)| (from..next).contains(at));
        if let Some((at, last)) = within.next_back() {
            round.published_ns = *at;
            round.ticks = last - before;
            before = *last;
        }
    }
    rounds
}

/// Without the first and the last one, where they were not seen from beginning to end.
fn whole(mut rounds: Vec<Round>) -> Vec<Round> {
    let most = rounds.iter().map(|round| round.requests).max().unwrap_or_default();
    rounds.retain(|round| round.requests == most && round.published_ns > 0);
    rounds
}

/// What the answers of a round weigh, asked for once more; and how many there are.
async fn bytes(rest: &str, rounds: &[Round], seen: &[Request]) -> anyhow::Result<(usize, usize)> {
    let Some(round) = rounds.first() else { return Ok((0, 0)) };
    let within = round.first_ns..=round.last_ns;
    let targets: BTreeSet<&str> = seen
        .iter()
        .filter(|request| within.contains(&request.time_ns))
        .map(|request| request.target.as_str())
        .collect();
    let headers = format!("Authorization: Bearer {}\r\nAccept-Encoding: gzip\r\n", fake::key());
    let mut total = 0;
    for target in &targets {
        total += http::raw(rest, target, &headers).await?.len();
    }
    Ok((total, targets.len()))
}
