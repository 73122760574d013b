//! The boxes of the settings that change the charts.

use crate::{TEN_MS, THERE, browser::Browser};
use e2e::{
    Stage,
    stage::{feed, tick},
};
use proto::{FeedStatus, Source};

pub(crate) async fn all(browser: &Browser, stage: &Stage) {
    browser.press('s').await;
    browser.until("document.querySelector('dialog[data-part=preferences]').open").await;
    averages_are_left_out(browser).await;
    levels_are_left_out(browser).await;
    sessions_are_left_out(browser, stage).await;
    the_crosshair_is_each_ones_own(browser).await;
    what_is_chosen_is_kept(browser, &stage.page()).await;
}

/// Unticks a box and ticks it again: with it `holds`, without it does not.
async fn without_and_with(browser: &Browser, name: &str, holds: &str) {
    let setting = format!("[data-setting={name}]");
    browser.until(holds).await;
    browser.click(&setting).await;
    browser.until(&format!("!({holds}) && !document.querySelector('{setting}').checked")).await;
    browser.click(&setting).await;
    browser.until(holds).await;
}

async fn averages_are_left_out(browser: &Browser) {
    for (name, words) in [("emaFast", "EMA 12 "), ("emaSlow", "EMA 26 ")] {
        let drawn = format!(
            "__desk.averaged('NVDA', '{name}') > 30 &&
            document.querySelector('[data-symbol=NVDA] [data-part=legend-{name}]').textContent
                .startsWith('{words}')"
        );
        without_and_with(browser, name, &drawn).await;
        browser.click(&format!("[data-setting={name}]")).await;
        let words_too = format!(
            "__desk.averaged('NVDA', '{name}') === 0 &&
            document.querySelector('[data-symbol=NVDA] [data-part=legend-{name}]').textContent === ''"
        );
        browser.until(&words_too).await;
        browser.click(&format!("[data-setting={name}]")).await;
    }
}

async fn levels_are_left_out(browser: &Browser) {
    let lines = "['entry', 'stop', 'target'].every((line) => __desk.lines('AAPL').includes(line))";
    without_and_with(browser, "levels", lines).await;
    browser.click("[data-setting=levels]").await;
    browser.until("__desk.lines('AAPL').join() === 'prev close'").await;
    browser.click("[data-setting=levels]").await;
    browser.until(lines).await;
    assert_eq!(browser.run("return __desk.lines('MSFT').join();").await, "prev close", "not held");
}

/// A simulated market never closes; a replayed one does.
async fn sessions_are_left_out(browser: &Browser, stage: &Stage) {
    browser.until("__desk.shaded('AAPL').length === 0").await;
    let mut replayed = feed(stage.symbols());
    replayed.source = Source::Replay;
    tell(stage, &replayed, 2).await;
    let shaded = "__desk.shaded('AAPL').join() === 'pre'";
    without_and_with(browser, "sessions", shaded).await;
    tell(stage, &feed(stage.symbols()), 3).await;
    browser.until("__desk.shaded('AAPL').length === 0").await;
}

/// Says how the feed stands, and then a price: a chart is drawn when one comes.
async fn tell(stage: &Stage, status: &FeedStatus, seq: u64) {
    stage.tell_feed(status).await.unwrap();
    for symbol in stage.symbols() {
        stage.publish(&tick(symbol, seq, 100.0, TEN_MS + 1_000)).await.unwrap();
    }
}

async fn the_crosshair_is_each_ones_own(browser: &Browser) {
    browser.click("[data-setting=crosshair]").await;
    browser.click("dialog[data-part=preferences] form button").await;
    let minute = (TEN_MS - 1_800_000) / 1_000;
    let place = format!(
        "return Math.round(document.querySelector('[data-symbol=AAPL] [data-part=chart]')
            .getBoundingClientRect().left + __desk.x('AAPL', {minute}));"
    );
    let x = browser.run(&place).await.as_i64().unwrap();
    let (_, y) = browser.middle("[data-symbol=AAPL] [data-part=chart]").await;
    browser.point(x, y).await;
    let hovered = "[...document.querySelectorAll('[data-hovered]')]
        .map((legend) => legend.textContent.split('  ')[0]).join()";
    browser.until(&format!("{hovered} === 'Fri, Nov 20, 09:30'")).await;
    browser.point(2, 2).await;
    browser.until("document.querySelectorAll('[data-hovered]').length === 0").await;
    let shared = "document.querySelector('[data-action=c]').ariaPressed === 'true' &&
        document.querySelector('[data-setting=crosshair]').checked";
    browser.until("document.querySelector('[data-action=c]').ariaPressed === 'false'").await;
    browser.click("[data-action=c]").await;
    browser.until(shared).await;
    browser.point(x, y).await;
    let same = ["Fri, Nov 20, 09:30"; 4].join(",");
    browser.until(&format!("{hovered} === '{same}'")).await;
    browser.point(2, 2).await;
}

async fn what_is_chosen_is_kept(browser: &Browser, page: &str) {
    browser.press('s').await;
    browser.click("[data-setting=emaFast]").await;
    browser.until("__desk.averaged('NVDA', 'emaFast') === 0").await;
    browser.open(page).await;
    browser.until(THERE).await;
    browser.until("!document.querySelector('[data-setting=emaFast]').checked").await;
    browser.until("__desk.averaged('NVDA', 'emaFast') === 0").await;
    browser.press('s').await;
    browser.click("[data-setting=emaFast]").await;
    browser.until("__desk.averaged('NVDA', 'emaFast') > 30").await;
    browser.press('s').await;
    browser.until("!document.querySelector('dialog[open]')").await;
}
