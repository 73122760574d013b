//! The fake Polygon in a process of its own: one order a line in, one answer a line out.
//!
//! The first line says what is listed; every other is an [`Order`].

use anyhow::{Context as _, bail};
use runtime::clock::{self, Clock};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    io::{Write as _, stdin, stdout},
    process::Stdio,
    time::Duration,
};
use testkit::polygon::{Config, Control, Listing, Load, Page, Plan, Polygon, Walk};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::Instant,
};

/// Every symbol's close of the day before.
pub(crate) const CLOSE: f64 = 100.0;
const DAY_NS: i64 = 86_400_000_000_000;
/// 15:30 UTC: in session by New York's summer and winter time.
const MORNING_NS: i64 = 55_800_000_000_000;
/// How finely its time passes.
const STEP: Duration = Duration::from_millis(10);

/// What the fake is asked to do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Begins a load of so many events a second.
    Load(u64),
    /// Ends it.
    StopLoad,
    /// Begins a random market of so many trades a second.
    Walk(f64),
    /// Ends it.
    StopWalk,
    /// Resets every socket.
    Reset,
    /// Only the answer.
    Look,
}

/// How the fake is doing, after every order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Looks {
    /// Where REST is.
    pub(crate) rest: String,
    /// Where the real-time sockets are.
    pub(crate) socket: String,
    /// Trades that are subscribed to, by symbols.
    pub(crate) subscribed: usize,
    /// Connections that were made.
    pub(crate) sockets: u64,
    /// Connections cut for being slow.
    pub(crate) slow: u64,
    /// Events of the load, by symbol.
    pub(crate) load: BTreeMap<String, u64>,
    /// Trades sent, to whomever.
    pub(crate) trades: u64,
    /// Requests since the last order, the first one first.
    pub(crate) requests: Vec<Request>,
}

/// A request as the fake saw it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    /// When it came, nanoseconds since 1970 UTC.
    pub(crate) time_ns: i64,
    /// For snapshots of many symbols.
    pub(crate) snapshots: bool,
    /// Path and query.
    pub(crate) target: String,
}

/// What the fake begins with.
#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    symbols: Vec<String>,
    /// Its time is that of a session, whatever day it is: on closed days snapshots stand still.
    in_session: bool,
}

/// The morning of the last weekday before today, New York time.
fn session() -> Clock {
    let day = clock::now_ns().div_euclid(DAY_NS);
    // The first of January 1970 was a Thursday.
    let is_weekday = |day: &i64| (day + 3).rem_euclid(7) < 5;
    let before = (1..=7).map(|back| day - back).find(is_weekday);
    Clock::standing_at(before.unwrap_or(day) * DAY_NS + MORNING_NS)
}

/// Lets the fake's time pass as ours does.
async fn go_on(control: Control) {
    let (begun, start_ns) = (Instant::now(), control.clock().now_ns());
    let mut interval = tokio::time::interval(STEP);
    loop {
        interval.tick().await;
        control.set_time(start_ns + begun.elapsed().as_nanos() as i64);
    }
}

/// Serves until its input ends.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let first = hear().await?.context("read what is listed")?;
    let listed: Listed = serde_json::from_str(&first).context("read what is listed")?;
    let symbols = listed.symbols.iter().map(|ticker| Listing::new(ticker, CLOSE)).collect();
    let clock = if listed.in_session { session() } else { Clock::wall() };
    let polygon = Polygon::start(Config { symbols, clock, ..Config::default() }).await?;
    if listed.in_session {
        // No symbol is without a trade of the day, for on closed days ingest knows a later close.
        for symbol in &listed.symbols {
            polygon.trade(symbol, CLOSE, 100.0, polygon.clock().now_ns());
        }
        tokio::spawn(go_on(polygon.control()));
    }
    say(&looks(&polygon))?;
    while let Some(line) = hear().await? {
        match serde_json::from_str(&line).context("read an order")? {
            Order::Load(per_second) => polygon.load(Load { per_second, events_per_frame: 500 }),
            Order::StopLoad => polygon.stop_load(),
            Order::Walk(per_second) => polygon.walk(Walk { seed: 7, per_second }),
            Order::StopWalk => polygon.stop_walk(),
            Order::Reset => polygon.reset_sockets(),
            Order::Look => {}
        }
        say(&looks(&polygon))?;
    }
    Ok(())
}

/// The next line of the input; none when whoever gives orders is gone.
async fn hear() -> anyhow::Result<Option<String>> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        stdin().read_line(&mut line).map(|bytes| (bytes > 0).then_some(line))
    });
    Ok(read.await??)
}

fn say(looks: &Looks) -> anyhow::Result<()> {
    let mut line = serde_json::to_string(looks)?;
    line.push('\n');
    let mut out = stdout().lock();
    out.write_all(line.as_bytes())?;
    Ok(out.flush()?)
}

fn looks(polygon: &Polygon) -> Looks {
    let behind_ns = clock::now_ns() - polygon.clock().now_ns();
    let requests = polygon.requests().into_iter().map(|seen| Request {
        time_ns: seen.time_ns + behind_ns,
        snapshots: seen.page == Some(Page::Snapshots),
        target: format!("{}?{}", seen.path, seen.query),
    });
    let requests = requests.collect();
    polygon.forget_requests();
    let subscriptions = polygon.subscriptions();
    Looks {
        rest: polygon.rest_url(),
        socket: polygon.realtime_ws_url(),
        subscribed: subscriptions.iter().filter(|pair| pair.starts_with("T.")).count(),
        sockets: polygon.sockets_ever(),
        slow: polygon.slow_consumers(),
        load: polygon.load_sent(),
        trades: polygon.sent("T"),
        requests,
    }
}

/// A running fake; killed when dropped.
pub(crate) struct Fake {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// Where REST is.
    pub(crate) rest: String,
    /// Where the real-time sockets are.
    pub(crate) socket: String,
}

impl Fake {
    /// Starts one that lists `symbols`.
    pub(crate) async fn start(symbols: &[String]) -> anyhow::Result<Self> {
        Self::begin(symbols, false).await
    }

    /// Starts one that lists `symbols` and is in session, on a day that is over.
    pub(crate) async fn start_in_session(symbols: &[String]) -> anyhow::Result<Self> {
        Self::begin(symbols, true).await
    }

    async fn begin(symbols: &[String], in_session: bool) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("fake").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("start the fake")?;
        let orders = child.stdin.take().context("reach the fake")?;
        let answers = child.stdout.take().context("reach the fake")?;
        let answers = BufReader::new(answers).lines();
        let (rest, socket) = (String::new(), String::new());
        let mut fake = Self { child, orders, answers, rest, socket };
        let looks: Looks = fake.ask(&Listed { symbols: symbols.to_vec(), in_session }).await?;
        (fake.rest, fake.socket) = (looks.rest, looks.socket);
        Ok(fake)
    }

    /// Gives an order.
    pub(crate) async fn order(&mut self, order: Order) -> anyhow::Result<Looks> {
        self.ask(&order).await
    }

    /// Its process.
    pub(crate) fn process(&self) -> Option<u32> {
        self.child.id()
    }

    async fn ask<T: DeserializeOwned>(&mut self, what: &impl Serialize) -> anyhow::Result<T> {
        let mut line = serde_json::to_string(what)?;
        line.push('\n');
        self.orders.write_all(line.as_bytes()).await.context("tell the fake")?;
        let Some(answer) = self.answers.next_line().await.context("hear the fake")? else {
            bail!("the fake has ended");
        };
        serde_json::from_str(&answer).context("understand the fake")
    }
}

/// The key that may do everything a trader's may.
pub(crate) fn key() -> &'static str {
    Plan::Advanced.key()
}
