//! Everything a page shows of what the desk says, in a real browser: each word, badge and line appears
//! when the thing itself does, goes when it goes, and whatever is written in it stays text.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod badges;
#[expect(dead_code, reason = "each test uses its part of it")]
#[path = "../browser/mod.rs"]
mod browser;
mod chart;
mod feeds;
mod hostile;

use browser::Browser;
use e2e::{SOON, Stage, stage::tick};
use proto::{Symbol, Tick};
use runtime::testing::eventually;
use serde_json::Value;
use std::cell::Cell;

/// 2026-11-20, 10:00 in New York.
const TEN_MS: i64 = 1_795_186_800_000;

/// A stage with a browser at its page, and somebody who says prices.
struct Show {
    stage: Stage,
    browser: Browser,
    seq: Cell<u64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_shows_what_the_desk_says() {
    let browser = Browser::start().await.unwrap();
    let stage = Stage::start(&["AAPL", "MSFT", "NVDA", "TSLA"]).await.unwrap();
    stage.play_an_hour(TEN_MS).await.unwrap();
    let show = Show { stage, browser, seq: Cell::new(1) };
    show.browser.open(&show.stage.page()).await;
    show.browser
        .until("__desk.drawn('AAPL').length >= 61 && __desk.drawn('TSLA').length >= 61")
        .await;

    badges::all(&show).await;
    chart::all(&show).await;
    feeds::all(&show).await;
    hostile::all(&show).await;
    assert_eq!(show.browser.complaints().await, [""; 0]);
}

impl Show {
    /// The first symbol, which everything happens to.
    fn apple(&self) -> &Symbol {
        self.stage.symbols().first().unwrap()
    }

    /// A price of Apple in a minute from ten, changed as wanted.
    async fn trade(&self, minute: i64, price: f64, change: impl Fn(Tick) -> Tick) {
        self.seq.set(self.seq.get() + 1);
        let tick = tick(self.apple(), self.seq.get(), price, TEN_MS + minute * 60_000 + 2_000);
        assert!(self.stage.publish(&change(tick)).await.unwrap(), "the bus is there");
    }
}

impl Show {
    /// Moves the mouse over Apple's minute, wherever the chart has it by then, until the page tells
    /// these words of what happened in it.
    async fn events_of(&self, time_ms: i64, told: &str) {
        let place = format!(
            "const left = document.querySelector('[data-symbol=AAPL] [data-part=chart]')
                .getBoundingClientRect().left;
            const x = __desk.x('AAPL', {});
            return x === null ? null : Math.round(left + x);",
            time_ms / 1_000
        );
        let words = format!("return [{}, {}];", text("legend"), text("events"));
        let mut seen = Value::Null;
        let over = async || {
            let x = self.browser.run(&place).await.as_i64()?;
            let (_, y) = self.browser.middle("[data-symbol=AAPL] [data-part=chart]").await;
            self.browser.point(x - 1, y).await;
            self.browser.point(x, y).await;
            seen = self.browser.run(&words).await;
            (seen.get(1).and_then(Value::as_str) == Some(told)).then_some(())
        };
        let found = eventually(SOON, over).await;
        assert!(found.is_some(), "{told:?} is not told under the pointer, but {seen}");
        self.browser.point(2, 2).await;
        let gone = "document.querySelector('[data-symbol=AAPL] [data-part=events]').hidden";
        self.browser.until(gone).await;
    }
}

/// The text in a part of Apple's pane.
fn text(part: &str) -> String {
    format!("document.querySelector('[data-symbol=AAPL] [data-part={part}]').textContent")
}

/// A part of Apple's pane is to be seen.
fn seen(part: &str) -> String {
    format!("document.querySelector('[data-symbol=AAPL] [data-part={part}]').checkVisibility()")
}

/// The text in a part of the line above the panes.
fn top(part: &str) -> String {
    format!("document.querySelector('.topbar [data-part={part}]').textContent")
}
