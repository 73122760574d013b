//! The drawer: its tabs by key and by hand, an order's history, its ways of being closed.

use crate::{ENTER, ESCAPE, LEFT, RIGHT, browser::Browser};

const HIDDEN: &str = "document.querySelector('[data-part=drawer]').hidden";
const TABS: [&str; 5] = ["positions", "orders", "refusals", "unresolved", "log"];

pub(crate) async fn all(browser: &Browser) {
    tabs_follow_the_arrows(browser).await;
    every_tab_can_be_clicked(browser).await;
    an_order_tells_how_it_got_there(browser).await;
    it_is_closed_and_gives_the_focus_back(browser).await;
}

/// This tab is chosen, alone, with the focus on it, and its table is the one that is shown.
fn chosen(tab: &str) -> String {
    let head = match tab {
        "positions" => "average",
        "orders" => "filled",
        "refusals" => "rule",
        "unresolved" => "said",
        _ => "what",
    };
    format!(
        "[...document.querySelectorAll('[role=tab][aria-selected=true]')]
            .map((tab) => tab.dataset.tab).join() === '{tab}' &&
        document.activeElement.dataset.tab === '{tab}' &&
        [...document.querySelectorAll('[role=tab][tabindex=\"0\"]')].length === 1 &&
        document.getElementById('panel').getAttribute('aria-labelledby') === 'tab-{tab}' &&
        [...document.querySelectorAll('[data-part=head] th')].some((cell) => cell.textContent === '{head}')"
    )
}

async fn tabs_follow_the_arrows(browser: &Browser) {
    browser.click("[data-action=d]").await;
    browser.until(&format!("!{HIDDEN}")).await;
    browser.click("#tab-positions").await;
    browser.until(&chosen("positions")).await;
    for tab in TABS.iter().skip(1).chain(TABS.first()) {
        browser.press(RIGHT).await;
        browser.until(&chosen(tab)).await;
    }
    for tab in TABS.iter().rev() {
        browser.press(LEFT).await;
        browser.until(&chosen(tab)).await;
    }
}

async fn every_tab_can_be_clicked(browser: &Browser) {
    for (tab, told) in TABS.into_iter().zip([
        "99.50",
        "AAPL-1-B",
        "price collar",
        "AAPL-3-S",
        "connected to the dashboard",
    ]) {
        browser.click(&format!("#tab-{tab}")).await;
        browser.until(&chosen(tab)).await;
        let rows = "document.querySelector('[data-part=rows]').textContent";
        browser.until(&format!("{rows}.includes('{told}')")).await;
    }
}

async fn an_order_tells_how_it_got_there(browser: &Browser) {
    let steps = "document.querySelector('[data-part=steps]')";
    let told = "[...document.querySelectorAll('[data-part=steps-rows] tr')]
        .map((row) => row.cells[1].textContent + ' ' + row.cells[2].textContent).join('|')";
    browser.click("#tab-orders").await;
    let bought = "[data-order=AAPL-1-B]";
    browser.click(bought).await;
    browser
        .until(&format!(
            "{steps}.checkVisibility() && {told} === 'submitting |accepted |filled 10 @ 100.00' &&
            document.querySelector('[data-part=steps-name]').textContent === 'AAPL-1-B'"
        ))
        .await;
    // By key too; the same again puts it away.
    browser.run(&format!("document.querySelector('{bought}').focus();")).await;
    browser.press(ENTER).await;
    browser.until(&format!("{steps}.hidden")).await;
    browser.click("[data-order=AAPL-2-B]").await;
    let refused = "document.querySelector('[data-part=steps-rows]').textContent";
    browser.until(&format!("{refused}.includes('12 % from the last price')")).await;
}

async fn it_is_closed_and_gives_the_focus_back(browser: &Browser) {
    let back = "document.activeElement.dataset.action === 'd'";
    browser.click("[data-part=drawer-close]").await;
    browser.until(&format!("{HIDDEN} && {back}")).await;
    for key in ['d', ESCAPE] {
        browser.press('d').await;
        browser.until(&format!("!{HIDDEN}")).await;
        browser.press(key).await;
        browser.until(HIDDEN).await;
    }
}
