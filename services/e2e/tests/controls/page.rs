//! The buttons and links around the panes, and the way of the focus through all of it.

use crate::{ESCAPE, SYMBOLS, TAB, THERE, browser::Browser};
use serde_json::{Value, json};

pub(crate) async fn all(browser: &Browser, page: &str) {
    buttons_open_what_they_name(browser).await;
    the_view_is_turned_by_its_button(browser).await;
    links_lead_where_they_say(browser, page).await;
    the_focus_goes_everywhere_as_it_is_read(browser).await;
}

async fn buttons_open_what_they_name(browser: &Browser) {
    for (action, part) in [("?", "help"), ("s", "preferences"), ("w", "windows"), ("h", "control")]
    {
        let open = format!("document.querySelector('dialog[data-part={part}]').open");
        assert_eq!(browser.run(&format!("return {open};")).await, false, "{part}");
        browser.click(&format!("[data-action='{action}']")).await;
        browser.until(&open).await;
        let closer = if part == "control" {
            "[data-part=control-close]".to_owned()
        } else {
            format!("dialog[data-part={part}] form button")
        };
        browser.click(&closer).await;
        browser.until(&format!("!{open}")).await;
        // Where the person was.
        browser.until(&format!("document.activeElement.dataset.action === '{action}'")).await;
    }
}

async fn the_view_is_turned_by_its_button(browser: &Browser) {
    browser.click("[data-action=view]").await;
    browser.until("__desk.view() === 'compact' && location.search === '?view=compact'").await;
    browser.click("[data-action=view]").await;
    browser.until("__desk.view() === 'full' && location.search === ''").await;
}

async fn links_lead_where_they_say(browser: &Browser, page: &str) {
    let footer = "return [...document.querySelectorAll('.footer a')]
        .map((link) => [link.getAttribute('href').split('?')[0], link.rel, link.target]);";
    let expected = json!([
        ["https://www.tradingview.com/", "noopener noreferrer", ""],
        ["/assets/licences.txt", "", ""]
    ]);
    assert_eq!(browser.run(footer).await, expected, "of the page");
    browser.click(".footer a[href*=licences]").await;
    browser.until("document.body.textContent.includes('Apache License')").await;
    browser.open(page).await;
    browser.until(THERE).await;
    browser.click(".tools a[href='/wall']").await;
    browser.until("document.querySelectorAll('.tile').length === 5").await;
    assert_eq!(browser.address().await, format!("{page}wall"));
    assert_eq!(browser.run(footer).await, expected, "of the wall");
    browser.click(".tools a[href='/']").await;
    browser.until(THERE).await;
    assert_eq!(browser.address().await, page);
    // Four of the wall's dashboards are not there.
    browser.complaints().await;
}

/// Once through the whole page, with the drawer open and an order chosen.
async fn the_focus_goes_everywhere_as_it_is_read(browser: &Browser) {
    browser.press('d').await;
    browser.click("#tab-orders").await;
    browser.until("document.querySelectorAll('[data-order]').length === 3").await;
    let all = "return [...document.querySelectorAll('a[href], button, [tabindex=\"0\"]')]
        .filter((each) => each.checkVisibility() && each.getAttribute('tabindex') !== '-1')
        .filter((each) => !each.closest('dialog'))
        .map((each) => (each.__name = each.id || each.dataset.symbol || each.ariaLabel || each.textContent));";
    let expected = browser.run(all).await;
    let names = expected.as_array().unwrap();
    for symbol in SYMBOLS {
        assert!(names.contains(&json!(symbol)), "{symbol} is one of {expected}");
    }
    assert!(names.contains(&json!("panel")) && names.contains(&json!("AAPL-1-B")), "{expected}");
    browser.run("document.activeElement.blur(); getSelection().removeAllRanges();").await;
    // From the top of the page, wherever the last click was.
    browser
        .run(
            "document.querySelector('.topbar').tabIndex = -1;
            document.querySelector('.topbar').focus();
            document.querySelector('.topbar').removeAttribute('tabindex');",
        )
        .await;
    let mut reached: Vec<Value> = Vec::new();
    for _ in names {
        browser.press(TAB).await;
        reached.push(browser.run("return document.activeElement.__name ?? null;").await);
    }
    assert_eq!(reached, *names, "as they stand on the page");
    browser.press(ESCAPE).await;
    browser.until("document.querySelector('[data-part=drawer]').hidden").await;
}
