//! The tools of a pane, its badges, and its chart under wheel and finger.

use crate::{ESCAPE, SYMBOLS, browser::Browser, in_pane, panes_shown};
use e2e::SOON;
use runtime::testing::eventually;
use serde_json::json;

const CHART: &str = "[data-symbol=NVDA] [data-part=chart]";
/// The part of the chart that is seen now is the one that was noted, or another one.
const AS_NOTED: &str = "['from', 'to'].every((end) =>
    Math.abs(__desk.range('NVDA')[end] - __noted[end]) < 0.01)";

pub(crate) async fn all(browser: &Browser) {
    the_wheel_zooms_and_the_key_resets(browser).await;
    a_finger_drags_and_the_key_resets(browser).await;
    timeframes_have_a_button_each(browser).await;
    line_and_table_have_a_button(browser).await;
    a_pane_is_maximised_by_its_button(browser).await;
    numbers_change_the_maximised_pane(browser).await;
    badges_open_their_table(browser).await;
}

/// Shows all there is, and notes which part of the chart that is.
async fn note(browser: &Browser) {
    browser.run("document.activeElement.blur();").await;
    browser.press('r').await;
    // The chart comes to it in its next picture.
    let calm = "(() => { const seen = __desk.range('NVDA'); const same = window.__noted &&
        seen.from === __noted.from && seen.to === __noted.to && seen.to > 59;
        window.__noted = seen; return same; })()";
    browser.until(calm).await;
}

async fn the_wheel_zooms_and_the_key_resets(browser: &Browser) {
    note(browser).await;
    let place = browser.middle(CHART).await;
    browser.wheel(place, -400).await;
    let width = "(__desk.range('NVDA').to - __desk.range('NVDA').from)";
    browser.until(&format!("{width} < (__noted.to - __noted.from) * 0.95")).await;
    // Of another pane, while that one has the focus, it does not.
    browser.press('1').await;
    browser.press('r').await;
    assert_eq!(browser.run(&format!("return {AS_NOTED};")).await, false, "its own pane only");
    browser.press('3').await;
    browser.press('r').await;
    browser.until(AS_NOTED).await;
    // Its button does the same.
    browser.wheel(place, -400).await;
    browser.until(&format!("!({AS_NOTED})")).await;
    browser.click("[data-symbol=NVDA] [data-do=reset]").await;
    browser.until(AS_NOTED).await;
}

/// A finger that rests before it moves means the crosshair: on a slow machine every try may look so.
async fn a_finger_drags_and_the_key_resets(browser: &Browser) {
    note(browser).await;
    browser.devtools("Emulation.setTouchEmulationEnabled", json!({"enabled": true})).await.unwrap();
    let place = browser.middle(CHART).await;
    let moved = format!("return !({AS_NOTED});");
    let dragged = async || {
        browser.drag(place, 160).await;
        let moved = browser.run(&moved).await == true;
        if !moved {
            browser.tap(place).await;
        }
        moved.then_some(())
    };
    eventually(SOON, dragged).await.unwrap();
    browser
        .devtools("Emulation.setTouchEmulationEnabled", json!({"enabled": false}))
        .await
        .unwrap();
    browser.run("document.activeElement.blur();").await;
    browser.press('r').await;
    browser.until(AS_NOTED).await;
}

async fn timeframes_have_a_button_each(browser: &Browser) {
    let others = "['AAPL', 'MSFT', 'TSLA'].every((symbol) => __desk.drawn(symbol).length === 61)";
    for (minutes, name, bars) in [(5, "5m", 13), (15, "15m", 5), (60, "1h", 2), (1, "1m", 61)] {
        browser.click(&format!("[data-symbol=NVDA] [data-minutes=\"{minutes}\"]")).await;
        browser.until(&format!("__desk.drawn('NVDA').length === {bars} && {others}")).await;
        let pressed = format!(
            "[...document.querySelectorAll('[data-symbol=NVDA] [data-minutes][aria-pressed=true]')]
                .map((button) => button.textContent).join() === '{name}'"
        );
        browser.until(&pressed).await;
        browser.click("[data-symbol=NVDA] [data-do=table]").await;
        let told = format!(
            "document.querySelector('[data-part=bars-name]').textContent ===
                'NVDA, {name} bars, newest first' &&
            document.querySelectorAll('[data-part=bars-rows] tr').length === {bars}"
        );
        browser.until(&told).await;
        browser.click("dialog[data-part=bars] form button").await;
        browser.until("!document.querySelector('dialog[data-part=bars]').open").await;
    }
}

async fn line_and_table_have_a_button(browser: &Browser) {
    let kind = "[data-symbol=MSFT] [data-do=kind]";
    let last = "__desk.drawn('MSFT').at(-1)";
    browser.click(kind).await;
    let alone = format!("{last}.value === 100 && __desk.drawn('AAPL').at(-1).open === 100");
    browser.until(&alone).await;
    browser.until(&format!("document.querySelector('{kind}').ariaPressed === 'true'")).await;
    browser.click(kind).await;
    browser.until(&format!("{last}.open === 100")).await;
    browser.until(&format!("document.querySelector('{kind}').ariaPressed === 'false'")).await;
}

async fn a_pane_is_maximised_by_its_button(browser: &Browser) {
    let button = "[data-symbol=TSLA] [data-do=maximise]";
    browser.click(button).await;
    let alone = format!("{} && {}.checkVisibility()", panes_shown(1), in_pane("TSLA", "price"));
    browser.until(&alone).await;
    browser.click(button).await;
    browser.until(&panes_shown(4)).await;
    browser.click(button).await;
    browser.until(&panes_shown(1)).await;
    browser.press(ESCAPE).await;
    browser.until(&panes_shown(4)).await;
}

async fn numbers_change_the_maximised_pane(browser: &Browser) {
    browser.press('1').await;
    browser.press('f').await;
    for (key, symbol) in ['2', '4', '3', '1'].into_iter().zip(["MSFT", "TSLA", "NVDA", "AAPL"]) {
        browser.press(key).await;
        let alone = format!(
            "{} && {}.checkVisibility() && document.activeElement.dataset.symbol === '{symbol}'",
            panes_shown(1),
            in_pane(symbol, "price")
        );
        browser.until(&alone).await;
    }
    browser.press(ESCAPE).await;
    browser.until(&panes_shown(4)).await;
    assert_eq!(SYMBOLS.len(), 4, "a key each");
}

async fn badges_open_their_table(browser: &Browser) {
    let chosen = "document.querySelector('[role=tab][aria-selected=true]').dataset.tab";
    for (badge, words) in [("refused", "1 refused"), ("unresolved", "UNRESOLVED")] {
        browser.until("document.querySelector('[data-part=drawer]').hidden").await;
        let said = in_pane("AAPL", badge);
        browser
            .until(&format!("{said}.checkVisibility() && {said}.textContent === '{words}'"))
            .await;
        let tab = if badge == "refused" { "refusals" } else { badge };
        browser.click(&format!("[data-symbol=AAPL] [data-do={badge}]")).await;
        browser
            .until(&format!(
                "!document.querySelector('[data-part=drawer]').hidden && {chosen} === '{tab}'"
            ))
            .await;
        browser.click("[data-part=drawer-close]").await;
    }
    browser.until("document.querySelector('[data-part=drawer]').hidden").await;
}
