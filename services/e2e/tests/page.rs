//! A page in a real browser: it moves, it keeps its own policy, everybody can use it, and it says so
//! when it has lost its dashboard.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod browser;

use browser::Browser;
use e2e::{DEFAULT_WALL, Desk, Setup};

/// The page that is looked at: dashboard 2.
const PAGE: usize = 1;
const NAME: &str = "dashboard-2";

/// Four panes, each with a chart that has a session of minutes and a drawn canvas.
const FULL: &str = "[...document.querySelectorAll('[data-symbol]')].filter((pane) =>
    __desk.bars(pane.dataset.symbol).length > 380 &&
    [...pane.querySelectorAll('canvas')].some((canvas) => canvas.width > 100)
).length === 4 && __desk.level() === 'LIVE'";

/// Remembers how every pane looks.
const LOOK: &str =
    "window.__look = () => [...document.querySelectorAll('[data-symbol]')].map((pane) => ({
    price: pane.querySelector('[data-part=price]').textContent,
    bar: pane.querySelector('[data-part=legend]').textContent,
    drawn: [...pane.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()).join(),
}));
window.__seen = __look();";

/// Every pane has another price, another forming bar and another picture than when remembered.
const MOVED: &str = "__look().every((now, pane) => now.price !== __seen[pane].price &&
    now.bar !== __seen[pane].bar && now.drawn !== __seen[pane].drawn)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_lives_in_a_real_browser() {
    let axe = browser::axe().unwrap();
    let browser = Browser::start().await.unwrap();
    let desk = Desk::start(Setup::new()).await.unwrap();
    let page = format!("http://127.0.0.1:{}/", desk.page_port(PAGE));

    complaints_are_heard(&browser, &page).await;
    browser.open(&page).await;
    four_charts_move(&browser).await;
    anybody_can_use_it(&browser, &axe).await;
    keys_focus_and_maximise(&browser).await;
    assert_eq!(browser.complaints().await, [""; 0], "after use of the page");

    browser.open(&format!("{page}wall")).await;
    the_wall_shows_every_page(&browser, &axe).await;
    assert_eq!(browser.complaints().await, [""; 0], "of the wall");

    browser.open(&page).await;
    browser.until(FULL).await;
    assert_eq!(browser.complaints().await, [""; 0], "of the page opened again");
    it_says_when_it_is_alone_and_comes_back(&browser, &axe, &desk).await;
}

/// What the other steps expect to hear nothing of is heard when it happens.
async fn complaints_are_heard(browser: &Browser, page: &str) {
    browser.open(page).await;
    assert_eq!(browser.complaints().await, [""; 0], "of a fresh page");
    let offend = "console.error('an error to be heard');
        document.head.append(Object.assign(document.createElement('style'), { textContent: '* {}' }));";
    browser.run(offend).await;
    browser.until("__complaints.length > 0").await;
    let heard = browser.complaints().await.join("\n");
    assert!(
        heard.contains("an error to be heard") && heard.contains("policy: style-src"),
        "{heard}"
    );
}

async fn four_charts_move(browser: &Browser) {
    browser.until(FULL).await;
    let symbols = "return [...document.querySelectorAll('h2.symbol')].map((h) => h.textContent);";
    assert_eq!(browser.run(symbols).await, serde_json::json!(DEFAULT_WALL[PAGE]));
    browser.run(LOOK).await;
    browser.until(MOVED).await;
    browser.picture("page.png").await;
}

async fn anybody_can_use_it(browser: &Browser, axe: &str) {
    for theme in ["dark", "light"] {
        // System first, then dark, then light: `T` goes through them.
        browser.press('t').await;
        browser.until(&format!("document.documentElement.dataset.theme === '{theme}'")).await;
        assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "{theme}");
    }
}

async fn keys_focus_and_maximise(browser: &Browser) {
    for (key, symbol) in ['1', '2', '3', '4'].into_iter().zip(DEFAULT_WALL[PAGE]) {
        browser.press(key).await;
        browser.until(&format!("document.activeElement.dataset.symbol === '{symbol}'")).await;
    }
    let shown = |count: usize| {
        format!(
            "[...document.querySelectorAll('[data-symbol]')].filter((pane) => pane.checkVisibility())
                .length === {count}"
        )
    };
    browser.press('f').await;
    browser.until(&shown(1)).await;
    let fills = "document.activeElement.getBoundingClientRect().width > innerWidth * 0.95 &&
        document.activeElement.getBoundingClientRect().height > innerHeight * 0.8";
    browser.until(fills).await;
    browser.press('f').await;
    browser.until(&shown(4)).await;
}

async fn the_wall_shows_every_page(browser: &Browser, axe: &str) {
    browser.until("document.querySelectorAll('[data-state=alive] iframe[src]').length === 5").await;
    let look = async |frame: &Browser| {
        frame.until(FULL).await;
        assert_eq!(frame.run("return __complaints;").await, serde_json::json!([]));
    };
    let frames = browser.in_each_frame(look).await;
    assert_eq!(frames, 5);
    let faults = browser.accessibility_faults(axe).await;
    assert_eq!(faults, [""; 0], "the wall");
}

async fn it_says_when_it_is_alone_and_comes_back(browser: &Browser, axe: &str, desk: &Desk) {
    let bars = browser.run("return Math.max(...__desk.bars('AAPL'));").await;
    desk.hold_down(NAME).unwrap();
    browser.until("document.querySelector('[data-part=link-word]').textContent === 'STALE'").await;
    let said = "document.querySelector('[data-part=status]').textContent";
    browser.until(&format!("{said}.includes('no connection to this dashboard')")).await;
    assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "without a dashboard");
    desk.release(NAME).unwrap();
    browser.until(FULL).await;
    browser.until(&format!("{said}.includes('prices arrive')")).await;
    browser.until(&format!("__desk.bars('AAPL').includes({bars})")).await;
    browser.run(LOOK).await;
    browser.until(MOVED).await;
    let unexpected: Vec<String> = browser.complaints().await;
    let unexpected = unexpected.into_iter().filter(|told| !told.contains("net::ERR_CONNECTION_"));
    assert_eq!(unexpected.collect::<Vec<_>>(), [""; 0], "only that nothing listened");
}
