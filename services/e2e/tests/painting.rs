//! What a page paints, in a real browser: holes as holes until they are filled, as many pictures as
//! its dashboard sends frames however many prices come, none while nobody looks, and never more than
//! it may keep.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[expect(dead_code, reason = "each test uses its part of it")]
mod browser;

use browser::Browser;
use e2e::{
    Stage,
    stage::{bar, tick},
};
use proto::{Symbol, Tick};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const SYMBOLS: [&str; 4] = ["AAPL", "MSFT", "NVDA", "TSLA"];
const MINUTE_MS: i64 = 60_000;
/// 2026-11-20, 10:00 in New York: a time of the test's own, far from any midnight.
const TEN_MS: i64 = 1_795_186_800_000;
/// What a page may keep of a symbol, and what a chart may hold beyond it before it starts over.
const MAX_BARS: i64 = 2_000;
const MAX_GROWN: i64 = 500;

/// A stage with a browser at its page, and somebody who publishes a price as time goes by.
struct Market {
    stage: Stage,
    browser: Browser,
    seq: u64,
}

impl Market {
    /// An hour of minutes up to ten, on the page.
    async fn at_ten() -> Self {
        let browser = Browser::start().await.unwrap();
        let stage = Stage::start(&SYMBOLS).await.unwrap();
        let mut market = Self { stage, browser, seq: 0 };
        for minute in -60..0 {
            market.close(minute).await;
        }
        market.trade(0, 100.0).await;
        market.browser.open(&market.stage.page()).await;
        market.browser.until(&bars("drawn", -60, 0)).await;
        market.browser.until("__desk.level() === 'LIVE'").await;
        market
    }

    /// One price of every symbol in `minute` from ten.
    async fn trade(&mut self, minute: i64, price: f64) {
        self.publish(minute, price, |tick| tick).await;
    }

    async fn publish(&mut self, minute: i64, price: f64, change: impl Fn(Tick) -> Tick) {
        self.seq += 1;
        for symbol in self.stage.symbols() {
            let tick = tick(symbol, self.seq, price, TEN_MS + minute * MINUTE_MS + 1_000);
            assert!(self.stage.publish(&change(tick)).await.unwrap(), "the bus is there");
        }
    }

    /// Stores a minute of every symbol.
    async fn close(&self, minute: i64) {
        for symbol in self.stage.symbols() {
            let minute = bar(symbol, TEN_MS + minute * MINUTE_MS, 100.0, 100.2, self.seq);
            self.stage.store(&minute).await.unwrap();
        }
    }

    async fn number(&self, expression: &str) -> i64 {
        let found = self.browser.run(&format!("return {expression};")).await;
        found.as_i64().unwrap()
    }

    /// Everything but what a dead server leaves on the console.
    async fn complaints(&self) -> Vec<String> {
        let all = self.browser.complaints().await;
        all.into_iter().filter(|told| !told.contains("net::ERR_CONNECTION_")).collect()
    }
}

/// In all panes every minute from `first` to `last` has a price; `what` is `drawn` or `bars`.
fn bars(what: &str, first: i64, last: i64) -> String {
    let (from, to) = ((TEN_MS + first * MINUTE_MS) / 1_000, (TEN_MS + last * MINUTE_MS) / 1_000);
    let start = if what == "drawn" {
        "__desk.drawn(symbol).filter((point) => point.open > 0).map((point) => point.time)"
    } else {
        "__desk.bars(symbol)"
    };
    format!(
        "{SYMBOLS:?}.every((symbol) => {{
            const starts = new Set({start});
            for (let time = {from}; time <= {to}; time += 60) if (!starts.has(time)) return false;
            return true;
        }})"
    )
}

/// All panes hatch so many minutes in one piece.
fn hatched(minutes: i64) -> String {
    format!(
        "{SYMBOLS:?}.every((symbol) => {{
            const [run, ...more] = __desk.missing(symbol);
            return more.length === 0 && run?.to - run?.from + 1 === {minutes};
        }})"
    )
}

const NOTHING_HATCHED: &str =
    "['AAPL', 'MSFT', 'NVDA', 'TSLA'].every((symbol) => __desk.missing(symbol).length === 0)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_is_hatched_until_it_is_filled_whatever_dies() {
    let mut market = Market::at_ten().await;
    missing_minutes_are_hatched_and_filled(&mut market).await;
    what_a_dead_dashboard_missed_is_drawn(&mut market).await;
    what_was_said_while_the_bus_was_dead_is_drawn(&mut market).await;
    assert_eq!(market.complaints().await, [""; 0]);
}

async fn missing_minutes_are_hatched_and_filled(market: &mut Market) {
    market.browser.until(NOTHING_HATCHED).await;
    market.close(0).await;
    // The source was away from 10:01 to 10:07.
    market.publish(8, 101.0, |tick| Tick { gap: true, ..tick }).await;
    market.browser.until(&hatched(7)).await;
    let told = "__desk.log().filter((line) => line.includes('are missing')).length >= 4";
    market.browser.until(told).await;
    // Its own minutes come late, the newest first: each is drawn in its place.
    for (filled, minute) in (1..8).rev().enumerate() {
        market.close(minute).await;
        let left = 6 - i64::try_from(filled).unwrap();
        market.browser.until(&if left > 0 { hatched(left) } else { NOTHING_HATCHED.into() }).await;
    }
    market.browser.until(&bars("drawn", -60, 8)).await;
}

async fn what_a_dead_dashboard_missed_is_drawn(market: &mut Market) {
    market.stage.kill_dashboard();
    market.browser.until("__desk.level() === 'STALE'").await;
    for minute in 8..14 {
        market.close(minute).await;
    }
    market.trade(14, 102.5).await;
    market.stage.start_dashboard().await.unwrap();
    market.browser.until(&bars("drawn", -60, 14)).await;
    market.browser.until("__desk.level() !== 'STALE' && __desk.price('AAPL') === 102.5").await;
    market.browser.until(NOTHING_HATCHED).await;
}

async fn what_was_said_while_the_bus_was_dead_is_drawn(market: &mut Market) {
    market.stage.kill_bus();
    let lost = "document.querySelector('[data-part=status]').textContent.includes('lost the bus')";
    market.browser.until(lost).await;
    assert_eq!(market.browser.run("return __desk.price('AAPL');").await, 102.5);
    market.stage.restart_bus().await.unwrap();
    for minute in 14..20 {
        market.close(minute).await;
    }
    market.trade(20, 103.5).await;
    market.browser.until(&bars("drawn", -60, 20)).await;
    market.browser.until("__desk.level() === 'LIVE' && __desk.price('AAPL') === 103.5").await;
    market.browser.until(NOTHING_HATCHED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_prices_a_second_are_four_pictures_and_none_where_nobody_looks() {
    let mut market = Market::at_ten().await;
    a_thousand_prices_a_second_are_four_pictures(&mut market).await;
    a_hidden_page_paints_nothing(&mut market).await;
    a_pane_out_of_sight_is_not_drawn(&mut market).await;
    a_long_day_takes_no_more_room(&mut market).await;
    assert_eq!(market.complaints().await, [""; 0]);
}

/// Publishes 250 prices a second of every symbol for so many seconds; gives the last.
async fn storm(market: &mut Market, seconds: u32) -> f64 {
    let mut every = interval(Duration::from_millis(4));
    every.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut price = 100.0;
    for step in 0..seconds * 250 {
        every.tick().await;
        price = 100.0 + f64::from(step % 97) / 100.0;
        market.trade(0, price).await;
    }
    price
}

async fn a_thousand_prices_a_second_are_four_pictures(market: &mut Market) {
    market
        .browser
        .run(
            "window.__begun = {
        at: performance.now(), frames: __desk.frames(), paints: __desk.paints(),
        draws: __desk.draws('AAPL'),
    };",
        )
        .await;
    let mut last = storm(market, 4).await;
    // A page that was held up has not seen enough yet.
    while market.number("__desk.paints() - __begun.paints").await < 6 {
        last = storm(market, 1).await;
    }
    let shown = "document.querySelector('[data-symbol=TSLA] [data-part=price]').textContent";
    market.browser.until(&format!("{shown} === '{last:.2}'")).await;
    let counted = market
        .browser
        .run(
            "const { at, frames, paints, draws } = __begun;
        const most = (performance.now() - at) / 250 + 2;
        return { most, frames: __desk.frames() - frames, paints: __desk.paints() - paints,
            draws: __desk.draws('AAPL') - draws };",
        )
        .await;
    let of = |name: &str| counted.get(name).and_then(serde_json::Value::as_f64).unwrap();
    // Catching up with a page that was late is one frame more, as is a heartbeat.
    assert!(of("frames") <= of("most") * 1.5, "frames of prices: {counted}");
    assert!(of("paints") <= of("most") && of("draws") <= of("most"), "pictures: {counted}");
    assert!(of("paints") >= 4.0 && of("draws") >= 4.0, "it does move: {counted}");
}

async fn a_hidden_page_paints_nothing(market: &mut Market) {
    market.browser.minimise(true).await;
    let counts = "return [__desk.paints(), __desk.draws('AAPL')];";
    let before = market.browser.run(counts).await;
    let frames = market.number("__desk.frames()").await;
    let last = storm(market, 3).await;
    assert_eq!(market.browser.run(counts).await, before, "while it was hidden");
    let came = market.number("__desk.frames()").await - frames;
    // Two that it does not acknowledge; the dashboard then keeps what is old by the time it is seen.
    assert!(came <= 3, "{came} frames came to a hidden page");
    market.browser.minimise(false).await;
    market.browser.until(&format!("__desk.price('NVDA') === {last}")).await;
    market.browser.until("__desk.level() === 'LIVE'").await;
}

async fn a_pane_out_of_sight_is_not_drawn(market: &mut Market) {
    market.browser.press('1').await;
    market.browser.press('f').await;
    market.browser.until("!document.querySelector('[data-symbol=TSLA]').checkVisibility()").await;
    market.trade(0, 110.0).await;
    market.browser.until("__desk.drawn('AAPL').at(-1).close === 110").await;
    // By the second picture the page has been told what is out of sight.
    market.trade(0, 111.0).await;
    market.browser.until("__desk.drawn('AAPL').at(-1).close === 111").await;
    let away = market.number("__desk.draws('TSLA')").await;
    let last = storm(market, 1).await;
    market.browser.until(&format!("__desk.drawn('AAPL').at(-1).close === {last}")).await;
    assert_eq!(market.number("__desk.draws('TSLA')").await, away, "drawn for nobody");
    market.browser.press('f').await;
    market.browser.until(&format!("__desk.drawn('TSLA').at(-1).close === {last}")).await;
}

/// Two days of minutes, which is more than anybody keeps.
async fn a_long_day_takes_no_more_room(market: &mut Market) {
    let last = MAX_BARS + MAX_GROWN + 100;
    let symbol = Symbol::parse("AAPL").unwrap();
    for minute in 0..last {
        let minute = bar(&symbol, TEN_MS + minute * MINUTE_MS, 100.0, 100.2, market.seq);
        market.stage.store(&minute).await.unwrap();
    }
    let end = (TEN_MS + (last - 1) * MINUTE_MS) / 1_000;
    market.browser.until(&format!("__desk.bars('AAPL').at(-1) === {end}")).await;
    market.browser.until(&format!("__desk.drawn('AAPL').at(-1).time === {end}")).await;
    assert_eq!(market.number("__desk.bars('AAPL').length").await, MAX_BARS);
    let drawn = market.number("__desk.drawn('AAPL').length").await;
    assert!(drawn <= MAX_BARS + MAX_GROWN + 1, "{drawn} bars are drawn");
}
