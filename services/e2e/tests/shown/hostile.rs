//! What a broker or a rule says may be anything: it is text wherever it is shown.

use crate::{Show, TEN_MS};
use e2e::stage::{account, feed, order};
use proto::{Account, FeedStatus, OrderEvent, OrderState, Refusal, Rule, Side};

const HOSTILE: &str = "<img src=x onerror=window.__pwned=1>";
const UNHARMED: &str = "document.images.length === 0 && window.__pwned === undefined";

pub(crate) async fn all(show: &Show) {
    let browser = &show.browser;
    let apple = show.apple();
    // The minute of the last price: it is in sight, however far the chart reaches back.
    let at = TEN_MS + 361 * 60_000;
    let refused = order(apple, 31, Side::Buy, OrderState::Refused, at);
    let refusal = Some(Refusal { rule: Rule::PriceCollar, message: HOSTILE.to_owned() });
    show.stage.journal(&OrderEvent { refusal, ..refused }).await.unwrap();
    let rejected = OrderEvent {
        message: Some(HOSTILE.to_owned()),
        ..order(apple, 32, Side::Sell, OrderState::Rejected, at)
    };
    show.stage.journal(&rejected).await.unwrap();
    let warned = Account { warnings: vec![HOSTILE.to_owned()], ..account() };
    show.stage.tell_account(&warned).await.unwrap();
    let status = FeedStatus { detail: HOSTILE.to_owned(), ..feed(show.stage.symbols()) };
    show.stage.tell_feed(&status).await.unwrap();

    browser
        .until(&format!(
            "document.querySelector('[data-part=warning]').textContent === '{HOSTILE}'"
        ))
        .await;
    browser
        .until(&format!("document.querySelector('[data-part=feed]').title.includes('{HOSTILE}')"))
        .await;
    browser.press('d').await;
    let table = "document.querySelector('[data-part=rows]').textContent";
    for tab in ["orders", "refusals", "log"] {
        browser.click(&format!("#tab-{tab}")).await;
        browser.until(&format!("{table}.includes('{HOSTILE}') && {UNHARMED}")).await;
    }
    browser.click("#tab-orders").await;
    browser.click("[data-order=AAPL-32-S]").await;
    let steps = "document.querySelector('[data-part=steps-rows]').textContent";
    browser.until(&format!("{steps}.includes('{HOSTILE}') && {UNHARMED}")).await;
    browser.press('d').await;
    browser.run("document.activeElement.blur();").await;
    browser.press('r').await;
    let told = format!("REFUSED buy 10 · price collar: {HOSTILE}\nREJECTED sell 10 · {HOSTILE}");
    show.events_of(at, &told).await;
    browser.until(UNHARMED).await;
}
