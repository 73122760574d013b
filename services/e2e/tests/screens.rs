//! The wall and other screens, in a real browser: one that dies and comes back, compact and TV, a
//! phone, and people who want no motion or no mouse.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[expect(dead_code, reason = "each test uses its part of it")]
mod browser;

use browser::Browser;
use e2e::{Desk, Setup};
use serde_json::json;

/// The dashboard that dies: the third.
const DEAD: usize = 2;
const NAME: &str = "dashboard-3";
const ESCAPE: char = '\u{e00c}';
const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';

/// Every pane has a price that arrives and a curve.
const LIVE: &str = "document.querySelectorAll('[data-symbol]').length === 4 &&
    [...document.querySelectorAll('[data-symbol]')].every((pane) =>
        pane.dataset.level === 'LIVE' && __desk.bars(pane.dataset.symbol).length > 300)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wall_and_other_screens() {
    let axe = browser::axe().unwrap();
    let browser = Browser::start().await.unwrap();
    let desk = Desk::start(Setup::new()).await.unwrap();
    let page = |index: usize| format!("http://127.0.0.1:{}/", desk.page_port(index));

    browser.open(&format!("{}wall", page(0))).await;
    it_stands_three_over_two(&browser).await;
    a_dead_one_is_shown_as_dead_and_returns(&browser, &axe, &desk).await;
    views_go_to_every_frame(&browser, &axe).await;
    a_tile_opens_its_dashboard(&browser, &desk).await;

    a_page_knows_its_views(&browser, &axe, &page(1)).await;
    settings_do_what_they_say(&browser, &page(1)).await;
    focus_is_seen_kept_and_given_back(&browser).await;
    bars_are_told_in_words_and_figures(&browser, &axe).await;
    motion_is_left_out_where_unwanted(&browser).await;
    assert_eq!(browser.complaints().await, [""; 0], "of the page");
    a_phone_shows_it_in_one_column(&browser, &axe, &page(1)).await;
    assert_eq!(browser.complaints().await, [""; 0], "of the page on a phone");
}

async fn it_stands_three_over_two(browser: &Browser) {
    browser.until("document.querySelectorAll('[data-state=alive] iframe[src]').length === 5").await;
    let rows = "Object.values(Object.groupBy(document.querySelectorAll('.tile'),
        (tile) => Math.round(tile.getBoundingClientRect().top))).map((row) => row.length).join()";
    browser.until(&format!("{rows} === '3,2'")).await;
    let filled = "[...document.querySelectorAll('.tile')].every((tile) =>
        tile.getBoundingClientRect().bottom < innerHeight && tile.getBoundingClientRect().width > 400)";
    browser.until(filled).await;
    browser.until("[...document.querySelectorAll('iframe')].every((frame) => frame.inert)").await;
}

async fn a_dead_one_is_shown_as_dead_and_returns(browser: &Browser, axe: &str, desk: &Desk) {
    let tile = format!("document.querySelectorAll('.tile')[{DEAD}]");
    let said = "document.querySelector('[data-part=status]').textContent";
    desk.hold_down(NAME).unwrap();
    browser.until(&format!("{tile}.dataset.state === 'dead'")).await;
    let words = format!("{tile}.querySelector('.dead').checkVisibility() && {tile}.innerText");
    browser.until(&format!("({words}).includes('DEAD')")).await;
    let port = desk.page_port(DEAD);
    browser
        .until(&format!("{tile}.innerText.includes('Nothing answers on port {port}, since')"))
        .await;
    browser.until(&format!("{said} === 'no answer from dashboard 3'")).await;
    for _ in ["dark", "light"] {
        browser.press('m').await;
        assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "with a dead one");
    }
    let mut index = 0;
    let look = async |frame: &Browser| {
        let wanted = if index == DEAD { "STALE" } else { "LIVE" };
        frame.until(&format!("__desk.level() === '{wanted}'")).await;
        index += 1;
    };
    assert_eq!(browser.in_each_frame(look).await, 5, "the others live on");
    desk.release(NAME).unwrap();
    browser.until(&format!("{tile}.dataset.state === 'alive'")).await;
    browser.until(&format!("!{tile}.querySelector('.dead').checkVisibility()")).await;
    browser.until(&format!("{said} === 'all 5 dashboards answer'")).await;
    browser.in_each_frame(async |frame: &Browser| frame.until(LIVE).await).await;
    // That nothing listened is all there was to complain of.
    let unexpected = browser.complaints().await.into_iter();
    let unexpected = unexpected.filter(|told| !told.contains("net::ERR_"));
    assert_eq!(unexpected.collect::<Vec<_>>(), [""; 0], "of the wall");
}

async fn views_go_to_every_frame(browser: &Browser, axe: &str) {
    for view in ["compact", "tv"] {
        browser.press('v').await;
        browser
            .until(&format!("new URLSearchParams(location.search).get('mode') === '{view}'"))
            .await;
        let dressed = async |frame: &Browser| {
            frame.until(&format!("document.documentElement.dataset.view === '{view}'")).await;
            frame.until("document.documentElement.dataset.theme === 'light'").await;
            frame.until("!document.querySelector('.tool')?.checkVisibility()").await;
        };
        assert_eq!(browser.in_each_frame(dressed).await, 5);
        assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "{view}");
        browser.picture(&format!("wall-{view}.png")).await;
    }
    browser.until("!document.querySelector('.tools').checkVisibility()").await;
    browser.press(ESCAPE).await;
    browser
        .until("location.search === '' && document.documentElement.dataset.view === 'full'")
        .await;
    browser.run("document.querySelector('[data-view-choice=compact]').click();").await;
    browser.until("location.search === '?mode=compact'").await;
    browser.press(ESCAPE).await;
}

async fn a_tile_opens_its_dashboard(browser: &Browser, desk: &Desk) {
    browser.press('2').await;
    let link = format!("http://127.0.0.1:{}/", desk.page_port(1));
    browser.until(&format!("document.activeElement.href === '{link}'")).await;
    browser.press(ENTER).await;
    assert_eq!(browser.close_others().await, 1, "Enter opens it");
    let on_top = "const box = document.querySelectorAll('.tile')[3].getBoundingClientRect();
        return document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2).href;";
    let fourth = format!("http://127.0.0.1:{}/", desk.page_port(3));
    assert_eq!(browser.run(on_top).await, json!(fourth), "so does a click anywhere on a tile");
}

async fn a_page_knows_its_views(browser: &Browser, axe: &str, page: &str) {
    browser.open(&format!("{page}?view=tv")).await;
    browser.until(LIVE).await;
    browser.until("!document.querySelector('button.tool').checkVisibility()").await;
    let large = "parseFloat(getComputedStyle(document.querySelector('.price')).fontSize) > 30";
    browser.until(large).await;
    assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "TV");
    browser.press(ESCAPE).await;
    browser.until("location.search === '' && __desk.view() === 'full'").await;
    browser.run("document.querySelector('[data-action=view]').click();").await;
    browser.until("__desk.view() === 'compact' && __desk.drawn('AAPL').at(-1).value > 0").await;
    browser.until("!document.querySelector('.legend').checkVisibility()").await;
    assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "compact");
    browser.press('v').await;
    browser.press('v').await;
    browser.until("__desk.view() === 'full' && __desk.drawn('AAPL').at(-1).open > 0").await;
}

async fn settings_do_what_they_say(browser: &Browser, page: &str) {
    browser.open(page).await;
    browser.until(LIVE).await;
    let click = async |what: &str| {
        browser.run(&format!("document.querySelector('{what}').click();")).await;
    };
    browser.press('s').await;
    browser.until("__desk.lines('AAPL').includes('prev close')").await;
    click("[data-setting=close]").await;
    browser.until("!__desk.lines('AAPL').includes('prev close')").await;
    click("[data-setting=close]").await;
    let vwap = "document.querySelector('[data-part=legend-vwap]').textContent";
    browser.until(&format!("{vwap}.startsWith('VWAP')")).await;
    click("[data-setting=vwap]").await;
    browser.until(&format!("{vwap} === ''")).await;
    click("[data-setting=sound]").await;
    browser.until("document.querySelector('[data-setting=sound]').checked").await;
    refused_then_granted(browser, page).await;
    for theme in ["dark", "light", "system"] {
        let choose = format!(
            "const choice = document.querySelector('[data-part=theme-choice]');
            choice.value = '{theme}'; choice.dispatchEvent(new Event('change'));"
        );
        browser.run(&choose).await;
        browser.until(&format!("document.documentElement.dataset.choice === '{theme}'")).await;
    }
    browser.open(page).await;
    browser.until(LIVE).await;
    let kept = "document.querySelector('[data-setting=sound]').checked &&
        !document.querySelector('[data-setting=vwap]').checked";
    browser.until(kept).await;
    browser.press('s').await;
    click("[data-setting=vwap]").await;
    click("[data-setting=sound]").await;
    browser.press('s').await;
    browser.press('w').await;
    browser.until("document.querySelectorAll('[data-part=windows-list] a').length === 5").await;
    browser.press(ESCAPE).await;
}

/// A notification is asked for; the box is ticked only where the browser agrees.
async fn refused_then_granted(browser: &Browser, page: &str) {
    let origin = page.trim_end_matches('/');
    let ticked = "document.querySelector('[data-setting=notify]').checked";
    for (setting, wanted) in [("denied", "false"), ("granted", "true")] {
        let permission = json!({
            "permission": {"name": "notifications"}, "setting": setting, "origin": origin,
        });
        browser.devtools("Browser.setPermission", permission).await.unwrap();
        // It is ticked by the click, and stays so only if the browser agrees.
        browser.run("document.querySelector('[data-setting=notify]').click();").await;
        browser.until(&format!("{ticked} === {wanted}")).await;
    }
}

async fn focus_is_seen_kept_and_given_back(browser: &Browser) {
    let seen = "document.activeElement.matches(':focus-visible') &&
        getComputedStyle(document.activeElement).outlineStyle === 'solid'";
    browser.run("document.querySelector('h1').focus(); document.activeElement.blur();").await;
    let mut order = Vec::new();
    for _ in 0..20 {
        browser.press(TAB).await;
        browser.until(seen).await;
        let part =
            "return document.activeElement.closest('.topbar, .pane')?.dataset.symbol ?? 'bar';";
        let at = browser.run(part).await;
        if order.last() != Some(&at) {
            order.push(at);
        }
    }
    assert_eq!(order, [json!("bar"), json!("NVDA"), json!("TSLA")], "as it is read");
    browser.press('3').await;
    browser.press('?').await;
    let within = "document.querySelector('[data-part=help]').contains(document.activeElement)
        || document.activeElement === document.body";
    for _ in 0..4 {
        browser.press(TAB).await;
        browser.until(within).await;
    }
    browser.press(ESCAPE).await;
    browser.until("document.activeElement.dataset.symbol === 'AAPL'").await;
}

async fn bars_are_told_in_words_and_figures(browser: &Browser, axe: &str) {
    let described = "document.getElementById(document.querySelector('[data-symbol=AAPL] .chart')
        .getAttribute('aria-describedby')).textContent";
    let told =
        format!("/^AAPL: [0-9.]+ dollars.*Today between.*(No position|Holding)/.test({described})");
    browser.until(&told).await;
    browser.press('b').await;
    let name = "document.querySelector('[data-part=bars-name]').textContent";
    browser.until(&format!("{name} === 'AAPL, 1m bars, newest first'")).await;
    browser.until("document.querySelectorAll('[data-part=bars-rows] tr').length === 120").await;
    assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "the table");
    browser.press(ESCAPE).await;
}

async fn motion_is_left_out_where_unwanted(browser: &Browser) {
    let tint = "(() => { const price = document.querySelector('.price');
        price.dataset.tint = 'up'; return getComputedStyle(price).backgroundColor; })()";
    browser.until(&format!("{tint} !== 'rgba(0, 0, 0, 0)'")).await;
    let unwanted = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    browser.devtools("Emulation.setEmulatedMedia", unwanted).await.unwrap();
    browser.until(&format!("{tint} === 'rgba(0, 0, 0, 0)'")).await;
    let still = "[...document.querySelectorAll('*')].every((element) =>
        getComputedStyle(element).transitionDuration === '0s' &&
        getComputedStyle(element).animationName === 'none')";
    browser.until(still).await;
    browser.devtools("Emulation.setEmulatedMedia", json!({"features": []})).await.unwrap();
}

async fn a_phone_shows_it_in_one_column(browser: &Browser, axe: &str, page: &str) {
    browser.resize(360, 740, true).await;
    let touch = json!({"enabled": true});
    browser.devtools("Emulation.setTouchEmulationEnabled", touch).await.unwrap();
    for (path, tiles) in [("", ".pane"), ("wall", ".tile")] {
        browser.open(&format!("{page}{path}")).await;
        let column = format!(
            "new Set([...document.querySelectorAll('{tiles}')].map((tile) =>
                Math.round(tile.getBoundingClientRect().left))).size === 1"
        );
        browser.until(&column).await;
        browser.until("document.documentElement.scrollWidth <= 360").await;
        assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "{path} on a phone");
    }
    browser.open(page).await;
    browser.until("matchMedia('(pointer: coarse)').matches").await;
    browser.until("__desk.bars('NVDA').length > 300").await;
    for opener in ["", "[data-action=d]", "[data-action=s]"] {
        if !opener.is_empty() {
            browser.run(&format!("document.querySelector('{opener}').click();")).await;
        }
        let small = "return [...document.querySelectorAll('button, a.tool, select')]
            .filter((control) => control.checkVisibility())
            .map((control) => [control.textContent.trim(), control.getBoundingClientRect()])
            .filter(([, box]) => box.width < 44 || box.height < 44 || box.right > 360)
            .map(([name, box]) => `${name} ${box.width} x ${box.height} to ${box.right}`);";
        assert_eq!(browser.run(small).await, json!([]), "too small for a finger, {opener}");
        browser.until("document.documentElement.scrollWidth <= 360").await;
    }
    browser.picture("phone.png").await;
}
