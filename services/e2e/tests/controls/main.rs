//! Every key and every control of a page, used as a person does, in a real browser: each must do what
//! it says, and nothing on the page may complain of it. What a test of another program uses already is
//! not used again here.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[expect(dead_code, reason = "each test uses its part of it")]
#[path = "../browser/mod.rs"]
mod browser;
mod control;
mod dialogs;
mod drawer;
mod page;
mod panes;
mod settings;

use browser::Browser;
use e2e::{
    Stage,
    stage::{Scene, levels, order, position},
};
use proto::{OrderState, Side};

const SYMBOLS: [&str; 4] = ["AAPL", "MSFT", "NVDA", "TSLA"];
/// 2026-11-20, 10:00 in New York.
const TEN_MS: i64 = 1_795_186_800_000;
const TOKEN: &str = "typed-by-a-person-2";
const ESCAPE: char = '\u{e00c}';
const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';
const RIGHT: char = '\u{e014}';
const LEFT: char = '\u{e012}';

/// All of it is there: bars, the strategy's levels, orders.
const THERE: &str = "['AAPL', 'MSFT', 'NVDA', 'TSLA'].every((symbol) =>
    __desk.drawn(symbol).length >= 60 && __desk.averaged(symbol, 'emaSlow') > 30) &&
    __desk.markers('AAPL').length === 2 && !document.querySelector('[data-part=control-open]').hidden";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_control_does_what_it_says() {
    let browser = Browser::start().await.unwrap();
    let token = Some(TOKEN.to_owned());
    let scene = Scene { others: 4, token, ..Scene::default() };
    let stage = Stage::with(&SYMBOLS, scene).await.unwrap();
    furnish(&stage).await;
    let page = stage.page();
    browser.open(&page).await;
    browser.until(THERE).await;

    panes::all(&browser).await;
    drawer::all(&browser).await;
    page::all(&browser, &page).await;
    settings::all(&browser, &stage).await;
    assert_eq!(browser.complaints().await, [""; 0], "after use of the page");
    dialogs::all(&browser, &page).await;
    control::all(&browser, &stage).await;
    assert_eq!(browser.complaints().await, [""; 0], "after use of the dialogs");
}

/// An hour of bars and averages; Apple held, bought, once refused, and one order on its way.
async fn furnish(stage: &Stage) {
    stage.play_an_hour(TEN_MS).await.unwrap();
    for symbol in stage.symbols() {
        stage.tell_levels(&levels(symbol)).await.unwrap();
    }
    let apple = stage.symbols().first().unwrap();
    stage.tell_position(&position(apple)).await.unwrap();
    let at = |minute: i64| TEN_MS - minute * 60_000;
    for state in [OrderState::Submitting, OrderState::Accepted, OrderState::Filled] {
        stage.journal(&order(apple, 1, Side::Buy, state, at(10))).await.unwrap();
    }
    stage.journal(&order(apple, 2, Side::Buy, OrderState::Refused, at(5))).await.unwrap();
    for state in [OrderState::Submitting, OrderState::Unknown] {
        stage.journal(&order(apple, 3, Side::Sell, state, at(2))).await.unwrap();
    }
}

/// What stands in a part of a pane.
fn in_pane(symbol: &str, part: &str) -> String {
    format!("document.querySelector('[data-symbol={symbol}] [data-part={part}]')")
}

/// How many panes are to be seen.
fn panes_shown(count: usize) -> String {
    format!(
        "[...document.querySelectorAll('[data-symbol]')].filter((pane) => pane.checkVisibility())
            .length === {count}"
    )
}
