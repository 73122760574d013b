//! What is recorded is what was published, through kills and full disks, and replays as it was.

use crate::{
    desk::{Bench, Running, SOON, test_data},
    real_tape::{DAY, tape},
};
use flate2::read::MultiGzDecoder;
use ingest::{
    record::{Settings as RecordSettings, record},
    source::{
        Source as _,
        replay::{Replay, Settings, gate::Order},
        sim::{Profile, Settings as SimSettings, Sim},
    },
};
use proto::{
    ClockKind, FeedState, FeedStatus, PriceField, Session, Source, Tick, encode,
    stream::FEED,
    subject::{self, key::FEED_STATUS},
};
use runtime::{
    clock::Clock,
    health::Health,
    testing::{eventually, repository},
};
use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

const SAMPLE: &str = "trades_v1_by_time.csv";
const SAMPLE_DAY: &str = "ticks_2026-01-02.csv.gz";

fn replay(paths: Vec<PathBuf>, speed: Option<f64>, bench: &Bench) -> Replay {
    Replay::new(Settings { paths, speed, ..Settings::default() }, &bench.symbols)
}

/// A recorder within this process.
struct Recording {
    running: Running,
    health: Health,
}

impl Recording {
    async fn stop(self) {
        self.running.stop().await;
    }
}

async fn recording(bench: &Bench, folder: &Path) -> Recording {
    recording_by(bench, folder, Clock::wall()).await
}

async fn recording_by(bench: &Bench, folder: &Path, clock: Clock) -> Recording {
    let settings = RecordSettings { folder: folder.to_owned(), flush: Duration::from_millis(100) };
    let bus = bench.server.bus("recorder").await.unwrap();
    let stopping = CancellationToken::new();
    let health = Health::new("recorder");
    let task = tokio::spawn(record(settings, bus, health.clone(), clock, stopping.clone()));
    Recording { running: Running { task, stopping }, health }
}

/// Waits until there is a file of that name, which is there only when it is whole.
async fn whole(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let there = async || path.exists().then(|| path.clone());
    eventually(SOON * 4, there).await.expect("a whole file")
}

/// The payloads with the receive time set aside: the one thing that is another each time.
fn payloads(ticks: &[(u64, Tick)]) -> Vec<Vec<u8>> {
    let equalised = |(_, tick): &(u64, Tick)| Tick { received_ns: 0, ..tick.clone() };
    ticks.iter().map(|stored| encode(&equalised(stored)).unwrap()).collect()
}

/// The rows of a recording, without the header.
fn rows(path: &Path) -> Vec<String> {
    let mut text = String::new();
    MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

/// Places of the rows in the stream.
fn positions(path: &Path) -> Vec<u64> {
    let last = |row: &String| row.rsplit(',').next().unwrap().parse().unwrap();
    rows(path).iter().map(last).collect()
}

/// Replays `path` while it is recorded, replays the recording, and holds both against each other.
async fn there_and_back(names: &[&str], path: PathBuf, day: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(names).await;
    let recorder = recording(&bench, folder.path()).await;
    let feed = bench.start(replay(vec![path], None, &bench)).await;
    // That it is whole means that the tape is over.
    let taken = whole(folder.path(), day).await;
    bench.state(FeedState::Done).await;
    let published = bench.all_ticks().await;
    feed.stop().await;
    recorder.stop().await;
    assert!(positions(&taken).into_iter().eq(1..=published.len() as u64));

    let again = Bench::new(names).await;
    let feed = again.start(replay(vec![taken], None, &again)).await;
    let status = again.state(FeedState::Done).await;
    assert!(status.detail.contains("0 bad rows"), "{}", status.detail);
    let replayed = again.all_ticks().await;
    feed.stop().await;
    assert_eq!(replayed.len(), published.len());
    assert!(payloads(&replayed) == payloads(&published), "the recording gives other ticks");
    published.len()
}

#[tokio::test]
async fn a_recorded_day_is_the_replayed_day() {
    assert_eq!(there_and_back(&["BRK.B", "ACME"], test_data(SAMPLE), SAMPLE_DAY).await, 210);
}

#[tokio::test]
async fn recorded_minutes_are_the_replayed_minutes() {
    let path = test_data("minute_aggs_v1.csv");
    assert!(there_and_back(&["BRK.B", "ACME"], path, SAMPLE_DAY).await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_real_day_is_the_replayed_day() {
    let Some(path) = tape("trades_v1_20131007.csv.gz") else { return };
    let begun = Instant::now();
    let names = DAY.map(|(name, ..)| name);
    let ticks = there_and_back(&names, path, "ticks_2013-10-07.csv.gz").await;
    assert_eq!(ticks, 377_302);
    println!("{ticks} ticks recorded and replayed in {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_recorded_simulation_replays_the_same_prices_in_the_same_order() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(&["AAPL", "BRK.B", "SPY"]).await;
    let recorder = recording(&bench, folder.path()).await;
    let profile = Profile { base_price: 80.0, volatility: 0.02, spread: 4e-4, volume: 300.0 };
    let settings = SimSettings {
        seed: 7,
        interval_ms: 20,
        speed: 1.0,
        defaults: profile,
        profiles: BTreeMap::new(),
    };
    let feed = bench.start(Sim::new(settings, &bench.symbols)).await;
    bench.ticks_from(200).await;
    feed.stop().await;
    let published = bench.all_ticks().await;
    let last = format!("up to {}\"", published.len());
    let all = async || recorder.health.report().1.to_string().contains(&last).then_some(());
    eventually(SOON, all).await.expect("all ticks are on the disk");
    recorder.stop().await;
    let mut files = ingest::source::replay::files::named(&folder.path().display().to_string());
    let file = files.as_mut().ok().and_then(Vec::pop).expect("stopped, the file is whole");

    let again = Bench::new(&["AAPL", "BRK.B", "SPY"]).await;
    let feed = again.start(replay(vec![file], None, &again)).await;
    again.state(FeedState::Done).await;
    let said = |ticks: Vec<(u64, Tick)>| -> Vec<_> {
        let say = |(_, tick): (u64, Tick)| {
            let Tick { symbol, seq, price, size, time_ns, bid, ask, field, .. } = tick;
            (symbol, seq, price, size, time_ns, bid, ask, field)
        };
        ticks.into_iter().map(say).collect()
    };
    assert_eq!(said(again.all_ticks().await), said(published));
    feed.stop().await;
}

#[tokio::test]
async fn a_live_day_is_whole_once_it_has_passed_and_goes_on_when_more_of_it_comes() {
    const SECOND: i64 = 1_000_000_000;
    // Friday 2026-11-20, 23:59 in New York; the feed is 15 minutes behind.
    let friday = 1_795_237_140 * SECOND;
    let (day, folder) = ("ticks_2026-11-20.csv.gz", tempfile::tempdir().unwrap());
    let bench = Bench::new(&["ACME"]).await;
    let status = FeedStatus {
        v: proto::VERSION,
        run: "polygon-1".to_owned(),
        source: Source::Polygon,
        clock: ClockKind::Wall,
        state: FeedState::Live,
        detail: String::new(),
        symbols: bench.symbols.clone(),
        missing: Vec::new(),
        start_position: 0,
        interval_ms: 0,
        speed: 1.0,
        delay_ms: 900_000,
        entitlement: None,
        transport: None,
        tape: None,
        at_ms: 1,
    };
    let ingest = bench.server.bus("ingest").await.unwrap();
    ingest.kv(&FEED).put(FEED_STATUS, &status).await.unwrap();
    let clock = Clock::standing_at(friday);
    let recorder = recording_by(&bench, folder.path(), clock.clone()).await;
    let tick = |seq: u64| Tick {
        v: proto::VERSION,
        symbol: bench.symbols[0].clone(),
        seq,
        price: 9.0,
        size: 1.0,
        time_ns: friday + seq.cast_signed(),
        received_ns: friday,
        source: Source::Polygon,
        field: PriceField::Trade,
        session: Session::Closed,
        delayed: true,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        suspect: None,
    };
    let unfinished = folder.path().join(format!("{day}.unfinished"));
    for seq in [1, 2] {
        let tick = tick(seq);
        ingest.publish_now(subject::tick(&tick.symbol), encode(&tick).unwrap()).await;
        let up = format!("up to {seq}\"");
        let written = async || recorder.health.report().1.to_string().contains(&up).then_some(());
        eventually(SOON, written).await.expect("it is on the disk");
        if seq == 1 {
            // The day is over, and the feed is not through with it.
            clock.set(friday + 600 * SECOND);
            assert!(unfinished.exists() && !folder.path().join(day).exists());
            clock.set(friday + 60 * SECOND + 900 * SECOND + 61 * SECOND);
        }
        assert_eq!(rows(&whole(folder.path(), day).await).len(), usize::try_from(seq).unwrap());
    }
    recorder.stop().await;
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn a_tape_that_begins_anew_is_another_file_and_both_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(&["BRK.B", "ACME"]).await;
    let recorder = recording(&bench, folder.path()).await;
    for name in [SAMPLE_DAY, "ticks_2026-01-02.2.csv.gz"] {
        let feed = bench.start(replay(vec![test_data(SAMPLE)], None, &bench)).await;
        assert_eq!(rows(&whole(folder.path(), name).await).len(), 210);
        feed.stop().await;
    }
    recorder.stop().await;
    let both = ingest::source::replay::files::named(&folder.path().display().to_string()).unwrap();
    assert_eq!(both.len(), 2);
    let feed = bench.start(replay(both, None, &bench)).await;
    let status = bench.state(FeedState::Failing).await;
    assert!(status.detail.contains(SAMPLE_DAY) && status.detail.contains("overlap"), "{status:?}");
    feed.stop().await;
}

/// The recorder as a process of its own.
struct Recorder(Child);

impl Recorder {
    /// Starts it behind `before`, with standard error in a file of `folder`'s name and `.log`.
    fn start(bench: &Bench, folder: &Path, before: &[&str]) -> Self {
        let config = folder.with_extension("config");
        fs::create_dir_all(&config).unwrap();
        let text = fs::read_to_string(repository().join("config/ingest.toml")).unwrap();
        let text = text.replace("flush = \"5s\"", "flush = \"100ms\"");
        fs::write(config.join("ingest.toml"), text).unwrap();
        let log = fs::File::options().create(true).append(true).open(log(folder)).unwrap();
        let program = [before, &[env!("CARGO_BIN_EXE_ingest"), "record", "--folder"]].concat();
        let child = Command::new(program[0])
            .args(&program[1..])
            .arg(folder)
            .env("NATS_URL", bench.server.url())
            .env("CONFIG_DIR", config)
            .env("HEALTH_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Self(child.unwrap())
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.with_extension("log")
}

fn unfinished(folder: &Path) -> u64 {
    let path = folder.join(format!("{SAMPLE_DAY}.unfinished"));
    fs::metadata(path).map_or(0, |data| data.len())
}

#[tokio::test]
async fn a_recorder_killed_again_and_again_misses_nothing_and_writes_nothing_twice() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("kept");
    let bench = Bench::new(&["BRK.B", "ACME"]).await;
    let source = replay(vec![test_data(SAMPLE)], None, &bench);
    let gate = source.gate().unwrap();
    gate.obey(Order::Pause).unwrap();
    let feed = bench.start(source).await;
    let mut before = 0;
    for _ in 0..4 {
        gate.obey(Order::Step(40)).unwrap();
        let recorder = Recorder::start(&bench, &folder, &[]);
        let grown = async || (unfinished(&folder) > before).then_some(());
        let told = async || fs::read_to_string(log(&folder)).unwrap_or_default();
        let written = eventually(SOON, grown).await;
        assert!(written.is_some(), "nothing more is written:\n{}", told().await);
        before = unfinished(&folder);
        recorder.kill();
    }
    gate.obey(Order::Resume).unwrap();
    // A part that was cut in the middle.
    let path = folder.join(format!("{SAMPLE_DAY}.unfinished"));
    fs::File::options().write(true).open(path).unwrap().set_len(before - 9).unwrap();
    let recorder = Recorder::start(&bench, &folder, &[]);
    let file = whole(&folder, SAMPLE_DAY).await;
    assert!(positions(&file).into_iter().eq(1..=210), "{:?}", positions(&file));
    recorder.kill();
    feed.stop().await;
}

#[tokio::test]
async fn a_full_disk_is_told_by_name_until_there_is_room_and_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("kept");
    let bench = Bench::new(&["BRK.B", "ACME"]).await;
    // A file may have 2 KB: the limit of the shell stands for the end of the disk.
    let limited = "trap '' XFSZ; ulimit -S -f 2; exec \"$@\"";
    let recorder = Recorder::start(&bench, &folder, &["bash", "-c", limited, "limited"]);
    let feed = bench.start(replay(vec![test_data(SAMPLE)], None, &bench)).await;
    let told = async || {
        let words = fs::read_to_string(log(&folder)).ok()?;
        (words.matches("cannot be written").count() >= 2).then_some(words)
    };
    let words = eventually(SOON, told).await.expect("it says so, and says so again");
    assert!(words.contains(SAMPLE_DAY) && words.contains("--folder"), "{words}");
    let room = ["--pid", &recorder.0.id().to_string(), "--fsize=unlimited"];
    assert!(Command::new("prlimit").args(room).status().unwrap().success());
    let file = whole(&folder, SAMPLE_DAY).await;
    assert!(positions(&file).into_iter().eq(1..=210));
    recorder.kill();
    feed.stop().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_ends_the_recorder_with_its_name() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let bench = Bench::new(&["ACME"]).await;
    let folder = file.join("kept");
    let config = repository().join("config");
    let ended = tokio::process::Command::new(env!("CARGO_BIN_EXE_ingest"))
        .args(["record", "--folder"])
        .arg(&folder)
        .env("NATS_URL", bench.server.url())
        .env("CONFIG_DIR", config)
        .env("HEALTH_LISTEN", "127.0.0.1:0")
        .output();
    let output = tokio::time::timeout(SOON, ended).await.unwrap().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains(&format!("{} cannot be written", folder.display())), "{words}");
}
