//! A page in a real browser: it moves, it keeps its own policy, everybody can use it, and it says so
//! when it has lost its dashboard.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[expect(dead_code, reason = "each test uses its part of it")]
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
    keys_change_the_charts(&browser).await;
    one_crosshair_is_over_all_panes(&browser).await;
    the_drawer_shows_the_desk(&browser, &axe).await;
    dialogs_open_and_close_by_key(&browser, &axe).await;
    files_are_handed_out(&browser).await;
    latency_is_told(&browser).await;
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
        // System first, then dark, then light: `M` goes through them.
        browser.press('m').await;
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

/// Every pane is drawn in bars of so many minutes.
fn drawn_in(minutes: u32) -> String {
    let step = minutes * 60;
    format!(
        "[...document.querySelectorAll('[data-symbol]')].every((pane) => {{
            const points = __desk.drawn(pane.dataset.symbol);
            const pressed = pane.querySelector('[data-minutes][aria-pressed=true]').dataset.minutes;
            return Number(pressed) === {minutes} && points.length > 3 &&
                points.every((point) => point.time % {step} === 0) &&
                points.length >= (__desk.bars(pane.dataset.symbol).length - 1) / {minutes};
        }})"
    )
}

async fn keys_change_the_charts(browser: &Browser) {
    browser.run("document.activeElement.blur();").await;
    for minutes in [5, 15, 60, 1] {
        browser.press('t').await;
        browser.until(&drawn_in(minutes)).await;
    }
    let every = |what: &str| {
        format!(
            "[...document.querySelectorAll('[data-symbol]')].every((pane) => {{
                const last = __desk.drawn(pane.dataset.symbol).at(-1); return {what};
            }})"
        )
    };
    browser.press('l').await;
    browser.until(&every("last.value > 0 && last.open === undefined")).await;
    browser.press('l').await;
    browser.until(&every("last.open > 0")).await;
    browser.press('1').await;
    browser.press('t').await;
    let alone = "[...document.querySelectorAll('[data-minutes][aria-pressed=true]')]
        .map((button) => button.dataset.minutes).join() === '5,1,1,1'";
    browser.until(alone).await;
    for _ in 0..3 {
        browser.press('t').await;
    }
    browser.until(&drawn_in(1)).await;
    browser.press('r').await;
    let averages = "[...document.querySelectorAll('.averages')].every((words) =>
        /VWAP [0-9.,]+EMA 12 [0-9.,]+EMA 26 [0-9.,]+/.test(words.textContent))";
    browser.until(averages).await;
    browser.until("__desk.lines('AAPL').includes('prev close')").await;
}

/// Pointing at a minute in one pane shows the same minute in all.
async fn one_crosshair_is_over_all_panes(browser: &Browser) {
    let place = "const box = document.querySelector('[data-part=chart]').getBoundingClientRect();
        return [Math.round(box.left + box.width / 2), Math.round(box.top + box.height / 2)];";
    let place = browser.run(place).await;
    let at = |index: usize| place.get(index).and_then(serde_json::Value::as_i64).unwrap();
    browser.point(at(0), at(1)).await;
    let minutes = "[...document.querySelectorAll('[data-hovered]')]
        .map((legend) => legend.textContent.split('  ')[0])";
    browser.until(&format!("{minutes}.length === 4 && new Set({minutes}).size === 1")).await;
    browser.press('c').await;
    browser.point(at(0) - 40, at(1)).await;
    browser.until(&format!("{minutes}.length === 1")).await;
    browser.press('c').await;
    browser.point(2, 2).await;
    browser.until("document.querySelectorAll('[data-hovered]').length === 0").await;
}

async fn the_drawer_shows_the_desk(browser: &Browser, axe: &str) {
    browser.press('d').await;
    let rows = "[...document.querySelectorAll('[data-part=rows] tr')].map((row) => row.cells[0].textContent)";
    let symbols = DEFAULT_WALL[PAGE].join(",");
    browser.until(&format!("{rows}.join() === '{symbols}'")).await;
    for tab in ["orders", "refusals", "unresolved", "log"] {
        browser.run(&format!("document.querySelector('[data-tab={tab}]').click();")).await;
        let chosen = format!(
            "document.querySelector('[role=tab][aria-selected=true]').dataset.tab === '{tab}'"
        );
        browser.until(&chosen).await;
        assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "{tab}");
    }
    let told = "document.querySelector('[data-part=rows]').textContent.includes('connected to the dashboard')";
    browser.until(told).await;
    browser.press('\u{e00c}').await;
    browser.until("document.querySelector('[data-part=drawer]').hidden").await;
}

async fn dialogs_open_and_close_by_key(browser: &Browser, axe: &str) {
    for (key, part) in [('?', "help"), ('s', "preferences"), ('w', "windows")] {
        let open = format!("document.querySelector('dialog[data-part={part}]').open");
        browser.press(key).await;
        browser.until(&open).await;
        assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "{part}");
        browser.press(key).await;
        browser.until(&format!("!{open}")).await;
    }
    let others = "document.querySelectorAll('[data-part=windows-list] a').length === 5";
    browser.until(others).await;
    let off = "document.querySelector('[data-setting=sound]').checked === false &&
        document.querySelector('[data-setting=notify]').checked === false";
    browser.until(off).await;
}

/// What would be saved is looked at before the browser takes it.
async fn files_are_handed_out(browser: &Browser) {
    let listen = "window.__saved = []; const real = URL.createObjectURL;
        URL.createObjectURL = (blob) => {
            blob.text().then((text) => __saved.push({ type: blob.type, size: blob.size, text }));
            return real.call(URL, blob);
        };
        const pane = document.querySelector('[data-symbol=AAPL]');
        for (const what of ['csv', 'png']) pane.querySelector(`[data-do=${what}]`).click();
        document.querySelector('[data-part=orders-csv]').click();";
    browser.run(listen).await;
    browser.until("__saved.length === 3").await;
    let bars = "__saved.some(({ type, text }) => type === 'text/csv' &&
        text.startsWith('symbol,start,open') && text.split('\\r\\n').length > 380)";
    browser.until(bars).await;
    browser.until("__saved.some(({ text }) => text.startsWith('symbol,id,side'))").await;
    browser.until("__saved.some(({ type, size }) => type === 'image/png' && size > 5000)").await;
}

async fn latency_is_told(browser: &Browser) {
    browser.until("__desk.latency()?.count > 3 && __desk.latency().p50 > 0").await;
    browser.until("/ms|s/.test(document.querySelector('[data-part=latency]').textContent)").await;
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
