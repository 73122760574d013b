//! Tapes of several files, and of the whole market.

use crate::desk::{Bench, calendar, symbols, test_data};
use ingest::source::{
    Earlier, Event, Source as _,
    replay::{Replay, Settings},
};
use proto::{FeedState, Symbol, Tick};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

const HEADER: &str = "ticker,price,size,sip_timestamp\n";
/// 2013-10-07 09:30 New York.
const OPEN: i64 = 1_381_152_600_000_000_000;

fn settings(paths: Vec<PathBuf>) -> Settings {
    Settings { paths, ..Settings::default() }
}

fn said(ticks: &[(u64, Tick)]) -> Vec<(Symbol, i64, f64, f64)> {
    let say = |(_, tick): &(u64, Tick)| (tick.symbol.clone(), tick.time_ns, tick.price, tick.size);
    ticks.iter().map(say).collect()
}

/// The ticks of `paths`, and what the status says of them.
async fn replayed(paths: Vec<PathBuf>) -> (Vec<(Symbol, i64, f64, f64)>, String) {
    let bench = Bench::new(&["ACME", "BRK.B"]).await;
    let running = bench.start(Replay::new(settings(paths), &bench.symbols)).await;
    let status =
        bench.status(|status| matches!(status.state, FeedState::Done | FeedState::Failing)).await;
    let ticks = said(&bench.all_ticks().await);
    running.stop().await;
    (ticks, status.detail)
}

/// Splits the sample's lines into two files.
fn split(folder: &Path, first: impl Fn(usize, &str) -> bool) -> Vec<PathBuf> {
    let text = fs::read_to_string(test_data("trades_v1_by_ticker.csv")).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let mut files = [format!("{header}\n"), format!("{header}\n")];
    for (number, line) in lines.enumerate() {
        writeln!(files[usize::from(!first(number, line))], "{line}").unwrap();
    }
    let paths = ["2.csv", "1.csv"].map(|name| folder.join(name));
    for (path, text) in paths.iter().zip(files) {
        fs::write(path, text).unwrap();
    }
    paths.to_vec()
}

#[tokio::test]
async fn where_only_last_sales_are_wanted_other_rows_are_no_ticks_sorted_or_not() {
    let rows = [
        ("ACME", "\"14,41\"", 0, 10.0, 0),
        ("BRK.B", "37", 0, 99.0, 1),
        ("ACME", "2", 0, 90.0, 2),
        ("ACME", "", 8, 80.0, 3),
        ("BRK.B", "", 0, 20.0, 4),
        ("ACME", "12", 0, 70.0, 5),
        ("ACME", "", 0, 11.0, 6),
    ];
    let line = |(name, codes, correction, price, at): &(&str, &str, i64, f64, i64)| {
        format!("{name},{codes},{correction},{price},100,{}\n", OPEN + at * 600_000_000_000)
    };
    let header = "ticker,conditions,correction,price,size,sip_timestamp\n";
    let mut sorted = rows.to_vec();
    sorted.sort_by_key(|row| row.0);
    let folder = tempfile::tempdir().unwrap();
    for (name, rows) in [("time.csv", rows.to_vec()), ("ticker.csv", sorted)] {
        let path = folder.path().join(name);
        fs::write(&path, header.to_owned() + &rows.iter().map(line).collect::<String>()).unwrap();
        let (every, _) = replayed(vec![path.clone()]).await;
        assert_eq!(every.len(), 7, "{name}: every row is a tick unless it is told otherwise");
        let bench = Bench::new(&["ACME", "BRK.B"]).await;
        let settings = Settings { last_sales: Some(calendar()), ..settings(vec![path]) };
        let running = bench.start(Replay::new(settings, &bench.symbols)).await;
        let status = bench.state(FeedState::Done).await;
        assert!(status.detail.contains("3 ticks"), "{name}: {}", status.detail);
        let said = said(&bench.all_ticks().await);
        let said: Vec<_> =
            said.iter().map(|(name, _, price, size)| (name.as_str(), *price, *size)).collect();
        assert_eq!(said, [("ACME", 10.0, 100.0), ("BRK.B", 20.0, 200.0), ("ACME", 11.0, 300.0)]);
        running.stop().await;
    }
}

#[tokio::test]
async fn two_files_of_a_day_give_the_ticks_of_the_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, _) = replayed(vec![test_data("trades_v1_by_ticker.csv")]).await;
    assert_eq!(whole.len(), 210);
    let by_symbol = split(folder.path(), |_, line| line.starts_with("ACME"));
    assert_eq!(replayed(by_symbol).await.0, whole, "each symbol in a file of its own");
    let time = |line: &str| line.rsplit(',').nth(4).unwrap().parse::<i64>().unwrap();
    let middle = whole[105].1;
    let by_time = split(folder.path(), |_, line| time(line) >= middle);
    assert_eq!(replayed(by_time).await.0, whole, "the later half is named first");
}

#[tokio::test]
async fn files_that_make_no_tape_together_are_refused_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let halves = split(folder.path(), |number, _| number % 2 == 0);
    let (ticks, detail) = replayed(halves).await;
    assert!(ticks.is_empty() && detail.contains("1.csv") && detail.contains("2.csv"), "{detail}");
    let kinds = ["trades_v1_by_time.csv", "minute_aggs_v1.csv"].map(test_data).to_vec();
    let (ticks, detail) = replayed(kinds).await;
    assert!(ticks.is_empty() && detail.contains("both hold 2026-01-02"), "{detail}");
}

#[tokio::test]
async fn a_file_without_a_wanted_row_is_passed_over_among_others() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.csv");
    fs::write(&other, format!("{HEADER}ZZZ,1,1,{OPEN}\n")).unwrap();
    let (ticks, _) = replayed(vec![other, test_data("trades_v1_by_time.csv")]).await;
    assert_eq!(ticks.len(), 210);
}

/// Reads a tape to its end without a bus; the number of quotes, and a digest of their order.
async fn drained(path: &Path, symbols: &[Symbol]) -> (u64, Vec<i64>) {
    let mut source = Replay::new(settings(vec![path.to_owned()]), symbols);
    source.prepare(Earlier::default()).await.unwrap();
    let (mut count, mut times) = (0, Vec::new());
    loop {
        match source.next().await {
            Event::Quotes(quotes) => {
                count += quotes.len() as u64;
                times.extend(quotes.iter().map(|quote| quote.time_ns));
            }
            Event::Condition(condition) if condition.state == FeedState::Done => break,
            Event::Condition(condition) => {
                assert!(matches!(condition.state, FeedState::Live | FeedState::Starting));
            }
            Event::Bars(_) => panic!("a tape has no bars of its own"),
        }
    }
    (count, times)
}

/// Megabytes that this process has in memory.
fn memory() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1_024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_market_sorted_by_ticker_is_replayed_in_time_order_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("market.csv");
    let names: Vec<String> = (0..11_000_u32)
        .map(|number| {
            let letter = |place: u32| char::from(b'A' + (number / 26_u32.pow(place) % 26) as u8);
            (0..3).rev().map(letter).collect::<String>()
        })
        .collect();
    let mut text = HEADER.to_owned();
    for (number, name) in (0..).zip(&names) {
        for row in 0..30_i64 {
            let time_ns = OPEN + row * 600_000_000_000 + number * 1_000;
            writeln!(text, "{name},{}.5,100,{time_ns}", number + 1).unwrap();
        }
    }
    fs::write(&path, &text).unwrap();
    let megabytes = text.len() / 1_000_000;
    drop(text);
    let all: Vec<Symbol> = names.iter().map(|name| Symbol::parse(name).unwrap()).collect();
    for wanted in [&all[..], &all[5_000..5_020]] {
        let (before, begun) = (memory(), Instant::now());
        let (count, times) = drained(&path, wanted).await;
        println!(
            "{count} rows of {} symbols from {megabytes} MB of 330000 rows in {:?}, {before} to {} MB",
            wanted.len(),
            begun.elapsed(),
            memory(),
        );
        assert_eq!(count, wanted.len() as u64 * 30);
        assert!(times.is_sorted());
    }
}

#[tokio::test]
async fn a_long_first_look_is_told_in_percent_and_nothing_is_published_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("endless.csv");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    // A file whose rows come slowly: one that somebody still writes into a pipe.
    let writer = tokio::task::spawn_blocking({
        let path = path.clone();
        move || {
            let mut pipe = fs::File::options().write(true).open(path).unwrap();
            std::io::Write::write_all(&mut pipe, HEADER.as_bytes()).unwrap();
            pipe
        }
    });
    let mut source = Replay::new(settings(vec![path]), &symbols(&["ACME"]));
    let (condition, _) = source.prepare(Earlier::default()).await.unwrap();
    assert_eq!(condition.state, FeedState::Starting);
    assert!(condition.detail.starts_with("looking through the tape: "), "{}", condition.detail);
    assert!(condition.detail.contains(" % of "), "{}", condition.detail);
    let Event::Condition(condition) = source.next().await else { panic!("nothing is read yet") };
    assert_eq!(condition.state, FeedState::Starting);
    drop(writer.await.unwrap());
    loop {
        let Event::Condition(condition) = source.next().await else { panic!("there is no row") };
        if condition.state == FeedState::Failing {
            assert!(condition.detail.contains("no row"), "{}", condition.detail);
            break;
        }
    }
}
