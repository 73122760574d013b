//! What the configuration and the person's system say of how a page looks, in a real browser; and a
//! dashboard that stands still.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[expect(dead_code, reason = "each test uses its part of it")]
mod browser;

use browser::Browser;
use e2e::{
    Stage,
    stage::{Scene, tick},
};
use serde_json::json;

const TEN_MS: i64 = 1_795_186_800_000;
const SYMBOLS: [&str; 2] = ["AAPL", "MSFT"];
const COLORS: [&str; 2] = ["#aa3366", "#33aa66"];
const THERE: &str = "['AAPL', 'MSFT'].every((symbol) => __desk.drawn(symbol).length >= 60)";
const THEME: &str = "document.documentElement.dataset.theme";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_looks_as_its_slot_and_the_system_say() {
    let browser = Browser::start().await.unwrap();
    let slot = json!({
        "title": "Fruit & Windows", "theme": "light", "colors": COLORS, "chart_height": 2,
        "update_interval_ms": 2_000,
    });
    let scene = Scene { slot, ..Scene::default() };
    let stage = Stage::with(&SYMBOLS, scene).await.unwrap();
    stage.play_an_hour(TEN_MS).await.unwrap();
    browser.open(&stage.page()).await;
    browser.until(THERE).await;
    it_has_the_slots_title_theme_and_colors(&browser).await;
    it_has_the_slots_height(&browser).await;
    frames_come_as_often_as_the_slot_says(&browser, &stage).await;
    a_persons_choice_goes_before_the_slots(&browser, &stage).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    drop(stage);

    let stage = Stage::start(&SYMBOLS).await.unwrap();
    stage.play_an_hour(TEN_MS).await.unwrap();
    browser.open(&stage.page()).await;
    browser.until(THERE).await;
    it_follows_the_system(&browser).await;
    a_drawn_chart_follows_its_window(&browser).await;
    a_dashboard_that_stands_still_is_told_and_comes_back(&browser, &stage).await;
    let unexpected = browser.complaints().await.into_iter();
    let unexpected = unexpected.filter(|told| !told.contains("net::ERR_"));
    assert_eq!(unexpected.collect::<Vec<_>>(), [""; 0]);
}

async fn it_has_the_slots_title_theme_and_colors(browser: &Browser) {
    browser.until("document.title === 'Fruit & Windows · tickwall 1'").await;
    browser.until("document.querySelector('h1').textContent === '1Fruit & Windows'").await;
    browser.until(&format!("{THEME} === 'light'")).await;
    let white = "getComputedStyle(document.querySelector('.pane')).backgroundColor === 'rgb(255, 255, 255)'";
    browser.until(white).await;
    let edges = "[...document.querySelectorAll('.pane')]
        .map((pane) => getComputedStyle(pane).borderTopColor).join(' ')";
    browser.until(&format!("{edges} === 'rgb(170, 51, 102) rgb(51, 170, 102)'")).await;
    // As a line the curve has the colour too, which its picture shows.
    browser.press('l').await;
    for (symbol, [red, green, blue]) in [("AAPL", [170, 51, 102]), ("MSFT", [51, 170, 102])] {
        let painted = format!(
            "[...document.querySelectorAll('[data-symbol={symbol}] canvas')].some((canvas) => {{
                if (canvas.width < 100) return false;
                const {{ data }} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                let found = 0;
                for (let at = 0; at < data.length; at += 4)
                    if (data[at] === {red} && data[at + 1] === {green} && data[at + 2] === {blue}) found += 1;
                return found > 50;
            }})"
        );
        browser.until(&painted).await;
    }
    browser.press('l').await;
}

/// Half of the usual 4.
async fn it_has_the_slots_height(browser: &Browser) {
    let share = "document.querySelector('.pane').getBoundingClientRect().height /
        document.querySelector('.panes').getBoundingClientRect().height";
    browser.until(&format!("({share}) > 0.4 && ({share}) < 0.6")).await;
}

/// However many prices come: one frame in two seconds, where the usual would be eight.
async fn frames_come_as_often_as_the_slot_says(browser: &Browser, stage: &Stage) {
    // Only frames with prices count; the page is told the interval, too.
    let told =
        "JSON.parse(document.getElementById('config').textContent).update_interval_ms === 2000";
    browser.until(told).await;
    let apple = stage.symbols().first().unwrap();
    let begin = "window.__begun = { at: performance.now(), paints: __desk.paints() };
        const prices = window.__prices = [];
        new MutationObserver(() => prices.push(performance.now())).observe(
            document.querySelector('[data-symbol=AAPL] [data-part=price]'), { childList: true });";
    browser.run(begin).await;
    let mut seq = 1;
    let mut enough = false;
    while !enough {
        seq += 1;
        let price = 100.0 + f64::from(u32::try_from(seq % 97).unwrap()) / 100.0;
        stage.publish(&tick(apple, seq, price, TEN_MS + 1_000)).await.unwrap();
        enough = browser.run("return __prices.length >= 4;").await == true;
    }
    let most = "return __prices.length <= (performance.now() - __begun.at) / 2000 * 1.5 + 2;";
    assert_eq!(browser.run(most).await, true, "no more often than that");
}

async fn a_persons_choice_goes_before_the_slots(browser: &Browser, stage: &Stage) {
    // Light by the slot, so that the next choice is the system's.
    browser.press('m').await;
    browser.until("document.documentElement.dataset.choice === 'system'").await;
    browser.press('m').await;
    browser.until(&format!("{THEME} === 'dark'")).await;
    browser.open(&stage.page()).await;
    browser.until(THERE).await;
    browser.until(&format!("{THEME} === 'dark'")).await;
}

/// The colour in the middle of a drawn chart's edge, as it is on the screen.
const GROUND: &str = "(() => {
    const canvas = [...document.querySelectorAll('[data-symbol=AAPL] canvas')].find((each) => each.width > 100);
    return canvas.getContext('2d').getImageData(canvas.width - 2, 2, 1, 1).data.slice(0, 3).join();
})()";

async fn it_follows_the_system(browser: &Browser) {
    let choice = "const choice = document.querySelector('[data-part=theme-choice]');
        choice.value = 'system'; choice.dispatchEvent(new Event('change'));";
    browser.run(choice).await;
    browser.until("document.documentElement.dataset.choice === 'system'").await;
    for (scheme, ground) in
        [("light", "255,255,255"), ("dark", "17,21,28"), ("light", "255,255,255")]
    {
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        browser.devtools("Emulation.setEmulatedMedia", media).await.unwrap();
        browser.until(&format!("{THEME} === '{scheme}' && {GROUND} === '{ground}'")).await;
    }
    browser.devtools("Emulation.setEmulatedMedia", json!({"features": []})).await.unwrap();
}

/// Without being loaded again.
async fn a_drawn_chart_follows_its_window(browser: &Browser) {
    browser.run("window.__same = true;").await;
    for (width, height, columns) in [(1_000, 800, 2), (600, 900, 1), (1_800, 1_100, 2)] {
        browser.resize(width, height, false).await;
        let fits = format!(
            "innerWidth === {width} && [...document.querySelectorAll('[data-part=chart]')].every((chart) => {{
                const box = chart.getBoundingClientRect();
                const drawn = chart.querySelector('table')?.getBoundingClientRect();
                return drawn && Math.abs(drawn.width - box.width) < 2 && Math.abs(drawn.height - box.height) < 2 &&
                    box.width > {width} / {columns} * 0.9;
            }}) && {THERE} && window.__same"
        );
        browser.until(&fits).await;
        let within = "document.documentElement.scrollWidth <= innerWidth";
        browser.until(within).await;
    }
}

async fn a_dashboard_that_stands_still_is_told_and_comes_back(browser: &Browser, stage: &Stage) {
    let apple = stage.symbols().first().unwrap();
    let word = "document.querySelector('[data-part=link-word]').textContent";
    let said = "document.querySelector('[data-part=status]').textContent";
    stage.publish(&tick(apple, 500, 101.0, TEN_MS + 3_000)).await.unwrap();
    browser.until("__desk.price('AAPL') === 101").await;
    stage.signal_dashboard("STOP").unwrap();
    let told = format!("{word} === 'STALE' && {said}.includes('no connection to this dashboard')");
    browser.until(&told).await;
    stage.publish(&tick(apple, 501, 102.0, TEN_MS + 4_000)).await.unwrap();
    assert_eq!(browser.run("return __desk.price('AAPL');").await, json!(101), "nobody tells it");
    stage.signal_dashboard("CONT").unwrap();
    let mut seq = 502;
    let back = async || {
        seq += 1;
        stage.publish(&tick(apple, seq, 103.0, TEN_MS + 5_000)).await.unwrap();
        let now = browser.run("return [__desk.price('AAPL'), __desk.level()];").await;
        (now == json!([103, "LIVE"])).then_some(())
    };
    runtime::testing::eventually(e2e::SOON, back).await.unwrap();
}
