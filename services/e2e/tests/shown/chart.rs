//! What a chart tells: the reason of a marker under the pointer, the parts of the day, and a minute that
//! is corrected late.

use crate::{Show, TEN_MS, text};
use e2e::stage::{bar, order};
use proto::{OrderState, Side};

pub(crate) async fn all(show: &Show) {
    a_marker_tells_why_under_the_pointer(show).await;
    a_late_minute_is_corrected_in_place(show).await;
}

async fn a_marker_tells_why_under_the_pointer(show: &Show) {
    let at = TEN_MS - 20 * 60_000;
    let apple = show.apple();
    show.stage.journal(&order(apple, 21, Side::Buy, OrderState::Filled, at)).await.unwrap();
    show.stage.journal(&order(apple, 22, Side::Sell, OrderState::Filled, at)).await.unwrap();
    show.stage.journal(&order(apple, 23, Side::Buy, OrderState::Refused, at)).await.unwrap();
    let there = "['21-B/1', '22-S/1', '23-B/'].every((id) =>
        __desk.markers('AAPL').includes(`AAPL-${id}`)) && __desk.marked('AAPL') >= 3";
    show.browser.until(there).await;
    let told = [
        "BOUGHT 10 @ 100.00 · cross up",
        "SOLD 10 @ 100.00 · take profit",
        "REFUSED buy 10 · price collar: 12 % from the last price",
    ];
    show.events_of(at, &told.join("\n")).await;
}

/// The same minute once more, with other figures: a trade was reported late.
async fn a_late_minute_is_corrected_in_place(show: &Show) {
    let start = TEN_MS - 30 * 60_000;
    let drawn = format!("__desk.drawn('AAPL').filter((point) => point.time === {})", start / 1_000);
    let count = show.browser.run("return __desk.drawn('AAPL').length;").await;
    let open = show.browser.run(&format!("return {drawn}[0].open;")).await;
    assert_eq!(open, 100);
    show.stage.store(&bar(show.apple(), start, 100.0, 104.25, 0)).await.unwrap();
    show.browser.until(&format!("{drawn}.length === 1 && {drawn}[0].close === 104.25")).await;
    show.browser.until(&format!("__desk.drawn('AAPL').length === {count}")).await;
    show.browser.until("__desk.missing('AAPL').length === 0").await;
    show.browser.until(&format!("{}.startsWith('104.3')", text("day-high"))).await;
}
