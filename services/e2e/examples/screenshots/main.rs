//! Pictures of every view of the page, of a desk that it starts itself on free ports: into the folder
//! that is its only argument, `screenshots` without one.
//!
//! Each is a PNG; those that the README shows are there as WebP too.
#![expect(clippy::print_stdout, reason = "it says what it makes")]
#![expect(clippy::unwrap_used, reason = "helpers of the browser fail loudly")]

#[expect(dead_code, reason = "each program uses its part of it")]
#[path = "../../tests/browser/mod.rs"]
mod browser;

use anyhow::Context as _;
use browser::Browser;
use e2e::{Desk, Journal, SOON, Setup, real_tape, tape::write_tape};
use proto::{Control, TradingState, VERSION, stream, subject::key};
use runtime::{bus::Bus, testing::eventually};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::sleep;

/// The page that is looked at: dashboard 2, four of the largest.
const PAGE: usize = 1;
const NAME: &str = "dashboard-2";
/// Fills on that page before anything is taken, so that there is something to be seen.
const FILLS: usize = 4;
const TITLES: [&str; 5] = ["Movers", "Megacaps", "Platforms", "Chips", "Fintech"];
const WINDOW: (u32, u32) = (1600, 1000);
const SCREEN: (u32, u32) = (1920, 1200);
const PHONE: (u32, u32) = (390, 844);

/// Four panes with a session of minutes, alive.
const FULL: &str = "[...document.querySelectorAll('[data-symbol]')].filter((pane) =>
    __desk.drawn(pane.dataset.symbol).length > 380).length === 4 && __desk.level() === 'LIVE'";

/// Where the pictures go.
struct Album(PathBuf);

impl Album {
    async fn take(&self, browser: &Browser, name: &str) -> anyhow::Result<()> {
        // What has just changed is drawn with the next frame, and its tint fades.
        sleep(Duration::from_millis(900)).await;
        let file = self.0.join(format!("{name}.png"));
        browser.picture_in(&file).await;
        println!("{}", file.display());
        Ok(())
    }

    /// Also as a small file.
    async fn take_small(&self, browser: &Browser, name: &str) -> anyhow::Result<()> {
        self.take(browser, name).await?;
        let file = self.0.join(format!("{name}.webp"));
        browser.small_picture_in(&file).await?;
        println!("{}", file.display());
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| "screenshots".into(), PathBuf::from);
    std::fs::create_dir_all(&folder).context("make the folder")?;
    let album = Album(folder);
    let browser = Browser::start().await?;
    a_live_desk(&album, &browser).await?;
    a_tape(&album, &browser).await
}

/// A simulated market twelve times as fast as a real one, so that it trades while we wait.
async fn a_live_desk(album: &Album, browser: &Browser) -> anyhow::Result<()> {
    let titled = |setup: Setup, (index, title): (usize, &&str)| setup.title(index, title);
    let setup = TITLES
        .iter()
        .enumerate()
        .fold(Setup::new(), titled)
        .set("ingest.toml", "speed", "12.0")
        .set("strategy.toml", "max_holding", "\"5m\"");
    let desk = Desk::start(setup).await?;
    let bus = desk.bus("operator").await?;
    let page = format!("http://127.0.0.1:{}/", desk.page_port(PAGE));
    browser.resize(WINDOW.0, WINDOW.1, false).await;
    browser.open(&page).await;
    browser.until(FULL).await;
    println!("waiting for {FILLS} fills");
    eventually(SOON * 5, async || traded(browser, &bus).await)
        .await
        .context("nothing is traded")?;
    choose_theme(browser, "dark").await;
    album.take_small(browser, "page-dark").await?;
    choose_theme(browser, "light").await;
    album.take_small(browser, "page-light").await?;
    choose_theme(browser, "dark").await;
    browser.press('d').await;
    browser.run("document.querySelector('[data-tab=orders]').click();").await;
    album.take(browser, "drawer").await?;
    browser.press('d').await;
    say(&bus, TradingState::Halted, "news in the sector").await?;
    let halted = "document.querySelector('[data-part=trading]').dataset.state === 'halted'";
    browser.until(halted).await;
    album.take(browser, "halted").await?;
    say(&bus, TradingState::Active, "it is out").await?;
    browser.until(&format!("!({halted})")).await;
    browser.resize(PHONE.0, PHONE.1, true).await;
    album.take(browser, "phone").await?;
    browser.resize(SCREEN.0, SCREEN.1, false).await;
    browser.open(&format!("{page}wall")).await;
    browser.in_each_frame(async |frame| frame.until(FULL).await).await;
    album.take_small(browser, "wall").await?;
    browser.resize(WINDOW.0, WINDOW.1, false).await;
    browser.open(&page).await;
    browser.until(FULL).await;
    desk.hold_down(NAME)?;
    let old = "[...document.querySelectorAll('[data-symbol]')]
        .every((pane) => pane.dataset.level === 'STALE')";
    browser.until(&format!("__desk.level() === 'STALE' && {old}")).await;
    album.take(browser, "stale").await
}

/// Half a day of a tape.
async fn a_tape(album: &Album, browser: &Browser) -> anyhow::Result<()> {
    let home = tempfile::tempdir().context("make a folder for a tape")?;
    let tape = match real_tape() {
        Some(tape) => tape,
        None => made(home.path())?,
    };
    let setup = Setup::new()
        .wall(&[&["AIG", "BAC", "IBM", "SPY"]])
        .set("strategy.toml", "min_range_percent", "0.01")
        .variable("FEED", &format!("replay:{}@600", tape.display()));
    let desk = Desk::start(setup).await?;
    browser.open(&format!("http://127.0.0.1:{}/", desk.page_port(0))).await;
    browser.until("__desk.drawn('SPY').length > 150").await;
    album.take(browser, "replay").await
}

fn made(folder: &Path) -> anyhow::Result<PathBuf> {
    let tape = folder.join("trades.csv");
    write_tape(&tape, 390).map(|()| tape)
}

/// The page shows enough fills, and one holding.
async fn traded(browser: &Browser, bus: &Bus) -> Option<()> {
    let journal = Journal::read(bus).await.ok()?;
    let symbols = e2e::DEFAULT_WALL.get(PAGE)?;
    let here = journal.fills().filter(|(order, _)| symbols.contains(&order.symbol.as_str()));
    if here.count() < FILLS {
        sleep(Duration::from_millis(500)).await;
        return None;
    }
    let held = "return document.querySelectorAll('[data-part=position][data-held]').length > 0;";
    (browser.run(held).await == true).then_some(())
}

async fn choose_theme(browser: &Browser, theme: &str) {
    let choose = json!({ "theme": theme });
    let choose = format!(
        "const box = document.querySelector('[data-part=theme-choice]');
        box.value = {}; box.dispatchEvent(new Event('change'));",
        choose.get("theme").unwrap()
    );
    browser.run(&choose).await;
    browser.until(&format!("document.documentElement.dataset.theme === '{theme}'")).await;
}

async fn say(bus: &Bus, state: TradingState, why: &str) -> anyhow::Result<()> {
    let (by, at_ms) = ("anna".to_owned(), runtime::clock::now_ms());
    let control = Control { v: VERSION, state, by, why: why.to_owned(), at_ms };
    bus.kv(&stream::CONTROL).put(key::CONTROL_TRADING, &control).await.map(drop).context("say it")
}
