//! The windows of the other dashboards: where they are opened, and what is said where they are not.

use crate::{THERE, browser::Browser};

/// Stands in for the browser's own way of opening windows.
const OPENER: &str = "window.__opened = [];
    window.open = (url, name, features) => {
        __opened.push({ url, name, ...Object.fromEntries(features.split(',').map((each) => each.split('='))) });
        return window.__blocked ? null : {};
    };";

pub(crate) async fn all(browser: &Browser, page: &str) {
    browser.before_every_page(OPENER).await;
    browser.open(page).await;
    browser.until(THERE).await;
    all_are_opened_side_by_side(browser).await;
    what_the_browser_blocks_is_said(browser).await;
    each_has_a_link_of_its_own(browser).await;
}

async fn all_are_opened_side_by_side(browser: &Browser) {
    browser.click("[data-action=w]").await;
    browser.click("[data-part=windows-open]").await;
    browser.until("__opened.length === 5").await;
    let named = "__opened.map(({ name }) => name).join() ===
        [1, 2, 3, 4, 5].map((id) => `tickwall-${id}`).join() &&
        new Set(__opened.map(({ url }) => new URL(url).port)).size === 5";
    browser.until(named).await;
    let boxes = "const boxes = __opened.map((each) => ({
            left: Number(each.left), top: Number(each.top),
            right: Number(each.left) + Number(each.width), bottom: Number(each.top) + Number(each.height),
        }));";
    let apart = format!(
        "{boxes} return boxes.every((one, index) => boxes.slice(index + 1).every((two) =>
            one.right <= two.left || two.right <= one.left || one.bottom <= two.top || two.bottom <= one.top));"
    );
    assert_eq!(browser.run(&apart).await, true, "none over another");
    let within = format!(
        "{boxes} const {{ availLeft = 0, availTop = 0, availWidth, availHeight }} = screen;
        return boxes.every((each) => each.left >= availLeft && each.top >= availTop &&
            each.right <= availLeft + availWidth && each.bottom <= availTop + availHeight &&
            each.right - each.left > 100 && each.bottom - each.top > 100);"
    );
    assert_eq!(browser.run(&within).await, true, "all within the screen");
    browser.until("document.querySelector('[data-part=windows-told]').textContent === ''").await;
}

async fn what_the_browser_blocks_is_said(browser: &Browser) {
    browser.run("window.__blocked = true;").await;
    browser.click("[data-part=windows-open]").await;
    let told = "document.querySelector('[data-part=windows-told]').textContent ===
        'The browser has blocked 5 of 5: allow pop-ups for this page.'";
    browser.until(told).await;
    browser.run("window.__blocked = false;").await;
    browser.click("[data-part=windows-open]").await;
    browser.until("document.querySelector('[data-part=windows-told]').textContent === ''").await;
}

async fn each_has_a_link_of_its_own(browser: &Browser) {
    let links = "[...document.querySelectorAll('[data-part=windows-list] a')]";
    let sound = format!(
        "{links}.every((link, index) => link.target === `tickwall-${{index + 1}}` &&
            link.rel === 'noopener' && link.href === __opened[index].url)"
    );
    browser.until(&sound).await;
    browser.click("[data-part=windows-list] li:first-child a").await;
    assert_eq!(browser.close_others().await, 1, "a real click opens it");
    browser.click("dialog[data-part=windows] form button").await;
    browser.until("!document.querySelector('dialog[data-part=windows]').open").await;
}
