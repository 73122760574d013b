//! The wall under a person's hands, in a real browser: each key and button, and that all five pages in
//! it follow.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[expect(dead_code, reason = "each test uses its part of it")]
mod browser;

use browser::Browser;
use e2e::{Desk, SOON, Setup};
use runtime::testing::eventually;
use serde_json::{Value, json};

const ESCAPE: char = '\u{e00c}';
const ALIVE: &str = "document.querySelectorAll('[data-state=alive] iframe[src]').length === 5";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wall_does_what_its_keys_and_buttons_say() {
    let browser = Browser::start().await.unwrap();
    let desk = Desk::start(Setup::new()).await.unwrap();
    browser.open(&format!("http://127.0.0.1:{}/wall", desk.page_port(0))).await;
    browser.until(ALIVE).await;
    browser
        .in_each_frame(async |frame: &Browser| frame.until("__desk.level() === 'LIVE'").await)
        .await;

    numbers_go_to_the_tiles(&browser, &desk).await;
    a_click_opens_the_dashboard(&browser, &desk).await;
    colours_go_to_every_frame_and_back(&browser).await;
    buttons_turn_the_view(&browser).await;
    assert_eq!(browser.complaints().await, [""; 0], "of the wall");
}

async fn numbers_go_to_the_tiles(browser: &Browser, desk: &Desk) {
    for (index, key) in ['1', '2', '3', '4', '5'].into_iter().enumerate() {
        browser.press(key).await;
        let link = format!("http://127.0.0.1:{}/", desk.page_port(index));
        let there = format!(
            "document.activeElement.href === '{link}' &&
            document.activeElement.closest('.tile').dataset.id === '{key}' &&
            document.activeElement.matches(':focus-visible')"
        );
        browser.until(&there).await;
    }
}

async fn a_click_opens_the_dashboard(browser: &Browser, desk: &Desk) {
    let link = format!("http://127.0.0.1:{}/", desk.page_port(3));
    browser.click(".tile[data-id='4'] [data-part=open]").await;
    let opened = async || {
        let targets = browser.devtools("Target.getTargets", json!({})).await.unwrap();
        let all = targets.pointer("/targetInfos").and_then(Value::as_array).unwrap().iter();
        let page = |target: &&Value| {
            let is =
                |name: &str, value: &str| target.get(name).and_then(Value::as_str) == Some(value);
            is("type", "page") && is("url", &link)
        };
        all.clone().find(page).map(|_target| ())
    };
    eventually(SOON, opened).await.unwrap();
    assert_eq!(browser.close_others().await, 1, "in one window of its own");
}

/// Three times round: the system's again, on the wall and in every page of it.
async fn colours_go_to_every_frame_and_back(browser: &Browser) {
    for choice in ["dark", "light", "system"] {
        browser.press('m').await;
        let chosen = format!("document.documentElement.dataset.choice === '{choice}'");
        browser.until(&chosen).await;
        let follows = async |frame: &Browser| frame.until(&chosen).await;
        assert_eq!(browser.in_each_frame(follows).await, 5, "{choice}");
    }
    let of_wall = browser.run("return document.documentElement.dataset.theme;").await;
    let same = async |frame: &Browser| {
        let theme = frame.run("return document.documentElement.dataset.theme;").await;
        assert_eq!(theme, of_wall, "as the system says");
    };
    browser.in_each_frame(same).await;
}

async fn buttons_turn_the_view(browser: &Browser) {
    for (view, address) in [("compact", "?mode=compact"), ("full", ""), ("tv", "?mode=tv")] {
        browser.click(&format!("[data-view-choice={view}]")).await;
        let turned = format!(
            "location.search === '{address}' && document.documentElement.dataset.view === '{view}' &&
            [...document.querySelectorAll('[data-view-choice][aria-pressed=true]')]
                .map((button) => button.dataset.viewChoice).join() === '{view}'"
        );
        browser.until(&turned).await;
        let follows = async |frame: &Browser| {
            frame.until(&format!("document.documentElement.dataset.view === '{view}'")).await;
        };
        assert_eq!(browser.in_each_frame(follows).await, 5, "{view}");
    }
    browser.press(ESCAPE).await;
    browser
        .until("location.search === '' && document.documentElement.dataset.view === 'full'")
        .await;
    browser.press('v').await;
    browser.until("location.search === '?mode=compact'").await;
    browser.press(ESCAPE).await;
    browser.until("location.search === ''").await;
}
