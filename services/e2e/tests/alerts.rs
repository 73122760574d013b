//! A sound and a notification when shares have traded: only for who has asked for them, once for each
//! fill, and never for what is old.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[expect(dead_code, reason = "each test uses its part of it")]
mod browser;

use browser::Browser;
use e2e::{
    Stage,
    stage::{order, tick},
};
use proto::{OrderEvent, OrderState, Side};
use runtime::clock;
use serde_json::json;

const TEN_MS: i64 = 1_795_186_800_000;

/// Stands in for the loudspeaker and the notifications of a computer, and keeps what they were told.
const STUBS: &str = "
    window.__tones = [];
    window.__notes = [];
    class Node { connect(next) { return next; } disconnect() {} addEventListener() {} }
    class Gain extends Node {
        gain = { value: 0, setValueAtTime() {}, exponentialRampToValueAtTime() {}, linearRampToValueAtTime() {} };
    }
    class Tone extends Node {
        frequency = { value: 0, setValueAtTime(value) { this.value = value; } };
        start() { __tones.push(this.frequency.value); }
        stop() {}
    }
    window.AudioContext = class extends Node {
        state = 'running'; currentTime = 0; destination = new Node();
        resume() { return Promise.resolve(); }
        createOscillator() { return new Tone(); }
        createGain() { return new Gain(); }
    };
    window.Notification = class {
        static permission = 'granted';
        static requestPermission() { return Promise.resolve('granted'); }
        constructor(title, { body, tag }) { __notes.push([title, body, tag]); }
        addEventListener() {}
        close() {}
    };
";

/// What has been told so far.
const TOLD: &str = "return { tones: __tones, notes: __notes };";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fill_is_heard_and_told_once_and_only_where_that_was_asked_for() {
    let browser = Browser::start().await.unwrap();
    let mut stage = Stage::start(&["AAPL", "MSFT"]).await.unwrap();
    browser.before_every_page(STUBS).await;
    stage.play_an_hour(TEN_MS).await.unwrap();
    browser.open(&stage.page()).await;
    browser.until("__desk.bars('AAPL').length >= 60").await;

    nobody_is_told_unasked(&browser, &stage).await;
    boxes_are_ticked(&browser).await;
    each_fill_is_told_once(&browser, &stage).await;
    a_refusal_is_not_told(&browser, &stage).await;
    a_hidden_page_tells_too(&browser, &stage).await;
    what_is_old_is_not_told(&browser, &mut stage).await;
    let unexpected = browser.complaints().await.into_iter();
    let unexpected = unexpected.filter(|told| !told.contains("net::ERR_CONNECTION_"));
    assert_eq!(unexpected.collect::<Vec<_>>(), [""; 0]);
}

fn fill(stage: &Stage, seq: u64, side: Side) -> OrderEvent {
    order(stage.symbols().first().unwrap(), seq, side, OrderState::Filled, TEN_MS)
}

/// The page has this fill.
fn marked(seq: u64, side: char) -> String {
    format!("__desk.markers('AAPL').includes('AAPL-{seq}-{side}/1')")
}

async fn nobody_is_told_unasked(browser: &Browser, stage: &Stage) {
    stage.journal(&fill(stage, 1, Side::Buy)).await.unwrap();
    browser.until(&marked(1, 'B')).await;
    assert_eq!(browser.run(TOLD).await, json!({"tones": [], "notes": []}), "unasked");
}

async fn boxes_are_ticked(browser: &Browser) {
    browser.press('s').await;
    for name in ["sound", "notify"] {
        let setting = format!("[data-setting={name}]");
        browser.click(&setting).await;
        browser.until(&format!("document.querySelector('{setting}').checked")).await;
    }
    // The sound is tried out when it is chosen.
    browser.until("__tones.join() === '523,784'").await;
    browser.press('s').await;
    browser.until("!document.querySelector('dialog[open]')").await;
    browser.run("__tones.length = 0;").await;
}

async fn each_fill_is_told_once(browser: &Browser, stage: &Stage) {
    let sold = fill(stage, 2, Side::Sell);
    stage.journal(&sold).await.unwrap();
    browser.until("__notes.length === 1 && __tones.length === 2").await;
    let note = ["AAPL · tickwall", "SOLD 10 @ 100.00 · take profit", "AAPL-2-S/1"];
    assert_eq!(browser.run(TOLD).await, json!({"tones": [659, 440], "notes": [note]}));
    // The same word again is none; another fill after it is.
    stage.journal(&sold).await.unwrap();
    stage.journal(&fill(stage, 3, Side::Buy)).await.unwrap();
    browser.until("__notes.length === 2").await;
    let other = ["AAPL · tickwall", "BOUGHT 10 @ 100.00 · cross up", "AAPL-3-B/1"];
    let told = json!({"tones": [659, 440, 523, 784], "notes": [note, other]});
    assert_eq!(browser.run(TOLD).await, told);
    browser.run("__tones.length = 0; __notes.length = 0;").await;
}

async fn a_refusal_is_not_told(browser: &Browser, stage: &Stage) {
    let apple = stage.symbols().first().unwrap();
    stage.journal(&order(apple, 4, Side::Buy, OrderState::Refused, TEN_MS)).await.unwrap();
    browser.until("__desk.markers('AAPL').includes('AAPL-4-B/')").await;
    assert_eq!(browser.run(TOLD).await, json!({"tones": [], "notes": []}), "a refusal");
}

async fn a_hidden_page_tells_too(browser: &Browser, stage: &Stage) {
    browser.minimise(true).await;
    stage.journal(&fill(stage, 5, Side::Sell)).await.unwrap();
    browser.until("__notes.length === 1 && __notes[0][2] === 'AAPL-5-S/1'").await;
    browser.until("__tones.join() === '659,440'").await;
    browser.minimise(false).await;
    browser.run("__tones.length = 0; __notes.length = 0;").await;
}

/// A page that is opened, and one whose dashboard starts anew, are handed the whole journal.
async fn what_is_old_is_not_told(browser: &Browser, stage: &mut Stage) {
    for seq in 6..10 {
        let old = clock::now_ms() - 3_600_000;
        stage.journal(&OrderEvent { at_ms: old, ..fill(stage, seq, Side::Buy) }).await.unwrap();
    }
    browser.until(&marked(9, 'B')).await;
    stage.kill_dashboard();
    stage.start_dashboard().await.unwrap();
    browser.until(&format!("{} && __desk.markers('AAPL').length === 9", marked(9, 'B'))).await;
    assert_eq!(browser.run(TOLD).await, json!({"tones": [], "notes": []}), "after a restart");
    browser.open(&stage.page()).await;
    browser.until("document.querySelector('[data-setting=notify]').checked").await;
    browser.until(&format!("{} && __desk.markers('AAPL').length === 9", marked(9, 'B'))).await;
    // The page was touched, so that it could make itself heard.
    browser.click("[data-symbol=MSFT] h2").await;
    stage.journal(&fill(stage, 10, Side::Sell)).await.unwrap();
    let apple = stage.symbols().first().unwrap();
    stage.publish(&tick(apple, 2, 100.5, TEN_MS + 2_000)).await.unwrap();
    browser.until("__notes.length > 0 && __desk.price('AAPL') === 100.5").await;
    let told = json!({
        "tones": [659, 440],
        "notes": [["AAPL · tickwall", "SOLD 10 @ 100.00 · take profit", "AAPL-10-S/1"]],
    });
    assert_eq!(browser.run(TOLD).await, told, "the new one alone");
}
