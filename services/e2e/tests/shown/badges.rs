//! The head of a pane: badges, holding, levels, spread; and the tables that tell of the same.

use crate::{Show, TEN_MS, seen, text};
use e2e::stage::{account, levels, order, position};
use proto::{Levels, OrderId, OrderState, Position, Rule, Side, Suspect, Tick};
use std::collections::BTreeMap;

pub(crate) async fn all(show: &Show) {
    the_spread_is_told(show).await;
    a_held_price_is_told_beside_the_last(show).await;
    an_open_order_is_told_until_it_is_done(show).await;
    an_unresolved_order_is_told_until_it_is_settled(show).await;
    refusals_are_counted(show).await;
    a_holding_has_its_levels(show).await;
}

async fn the_spread_is_told(show: &Show) {
    show.browser.until(&format!("{} === '0.02'", text("spread"))).await;
    show.trade(0, 100.0, |tick| Tick { bid: Some(99.9), ask: Some(100.15), ..tick }).await;
    show.browser.until(&format!("{} === '0.25'", text("spread"))).await;
    show.trade(0, 100.0, |tick| Tick { bid: None, ask: None, ..tick }).await;
    show.browser.until(&format!("{} === '–'", text("spread"))).await;
    let why = "document.querySelector('[data-symbol=AAPL] [data-part=spread]').title ===
        'no bid and ask from this source'";
    show.browser.until(why).await;
}

async fn a_held_price_is_told_beside_the_last(show: &Show) {
    show.browser.until(&format!("!{}", seen("held"))).await;
    show.trade(0, 171.0, |tick| Tick { suspect: Some(Suspect::Outlier), ..tick }).await;
    let told = format!(
        "{} && {} === 'HELD 171.00 · outlier' && {} === '100.00'",
        seen("held"),
        text("held"),
        text("price")
    );
    show.browser.until(&told).await;
    show.browser.until(&format!("{}.startsWith('HELD')", text("age"))).await;
    show.browser.until("__desk.log().includes('AAPL 171.00 is held back: outlier')").await;
    show.trade(0, 100.1, |tick| tick).await;
    show.browser.until(&format!("!{} && {} === '100.10'", seen("held"), text("price"))).await;
}

async fn an_open_order_is_told_until_it_is_done(show: &Show) {
    let event = |state| order(show.apple(), 11, Side::Buy, state, TEN_MS);
    show.browser.until(&format!("!{}", seen("order"))).await;
    for (state, words) in [
        (OrderState::Submitting, "BUY 10 SUBMITTING"),
        (OrderState::Accepted, "BUY 10 ACCEPTED"),
        (OrderState::Canceling, "BUY 10 CANCELING"),
    ] {
        show.stage.journal(&event(state)).await.unwrap();
        show.browser.until(&format!("{} && {} === '{words}'", seen("order"), text("order"))).await;
    }
    show.stage.journal(&event(OrderState::Canceled)).await.unwrap();
    show.browser.until(&format!("!{}", seen("order"))).await;
}

/// The rows of a table, cells joined.
fn rows(tab: &str, told: &str) -> String {
    format!(
        "document.querySelector('[role=tab][aria-selected=true]').dataset.tab === '{tab}' &&
        [...document.querySelectorAll('[data-part=rows] tr')]
            .map((row) => [...row.cells].map((cell) => cell.textContent).join('|')).join(' / ')
            .includes('{told}')"
    )
}

async fn an_unresolved_order_is_told_until_it_is_settled(show: &Show) {
    let browser = &show.browser;
    let id = OrderId::derive(show.apple(), 12, Side::Sell);
    let event = |state| order(show.apple(), 12, Side::Sell, state, TEN_MS);
    for state in [OrderState::Submitting, OrderState::Unknown] {
        show.stage.journal(&event(state)).await.unwrap();
    }
    let frozen = Position { unresolved: Some(id.clone()), ..Position::flat(show.apple().clone()) };
    show.stage.tell_position(&frozen).await.unwrap();
    let mut told = account();
    let elsewhere = OrderId::parse("KO-9-B").unwrap();
    told.unresolved = vec![id, elsewhere];
    show.stage.tell_account(&told).await.unwrap();
    browser.until(&seen("unresolved")).await;
    let title = "document.querySelector('[data-symbol=AAPL] [data-part=unresolved]').title ===
        'Order AAPL-12-S is unresolved: the symbol is frozen'";
    browser.until(title).await;
    browser.until(&format!("{} === '2 unresolved'", crate::top("warning"))).await;
    browser.click("[data-symbol=AAPL] [data-do=unresolved]").await;
    browser.until(&rows("unresolved", "AAPL|AAPL-12-S|sell|10|unknown|")).await;
    browser.until(&rows("unresolved", "KO-9-B||–|unresolved|of another dashboard")).await;
    let count = "document.querySelector('#tab-unresolved [data-part=count]').textContent";
    browser.until(&format!("{count} === '2'")).await;
    let logged =
        "__desk.log().some((line) => line.startsWith('AAPL order AAPL-12-S is unresolved'))";
    browser.until(logged).await;

    show.stage.journal(&event(OrderState::Absent)).await.unwrap();
    show.stage.tell_position(&Position::flat(show.apple().clone())).await.unwrap();
    show.stage.tell_account(&account()).await.unwrap();
    browser.until(&format!("!{}", seen("unresolved"))).await;
    browser.until("document.querySelector('[data-part=warning]').hidden").await;
    browser
        .until(&format!(
            "{count} === '' && document.querySelectorAll('[data-part=rows] tr').length === 0"
        ))
        .await;
    browser.until("!document.querySelector('[data-part=none]').hidden").await;
}

async fn refusals_are_counted(show: &Show) {
    let browser = &show.browser;
    browser.until(&format!("!{}", seen("refused"))).await;
    for seq in [13, 14] {
        let refused = order(show.apple(), seq, Side::Buy, OrderState::Refused, TEN_MS);
        show.stage.journal(&refused).await.unwrap();
    }
    let mut told = account();
    told.refusals = BTreeMap::from([(Rule::PriceCollar, 3), (Rule::Cash, 4)]);
    show.stage.tell_account(&told).await.unwrap();
    browser.until(&format!("{} && {} === '2 refused'", seen("refused"), text("refused"))).await;
    browser.click("[data-symbol=AAPL] [data-do=refused]").await;
    // Of the account, of this page, and the last of them in its own words.
    browser
        .until(&rows("refusals", "price collar|3|2|Nov 20, 10:00:00|AAPL|12 % from the last price"))
        .await;
    browser.until(&rows("refusals", "cash|4|0|–||")).await;
    let count = "document.querySelector('#tab-refusals [data-part=count]').textContent === '7'";
    browser.until(count).await;
    browser.click("[data-part=drawer-close]").await;
}

async fn a_holding_has_its_levels(show: &Show) {
    let browser = &show.browser;
    let nothing = format!(
        "!{} && !{} && {} === 'flat' && __desk.lines('AAPL').join() === 'prev close'",
        seen("stop-fact"),
        seen("take-fact"),
        text("position")
    );
    show.stage.tell_levels(&levels(show.apple())).await.unwrap();
    browser.until(&nothing).await;
    show.stage.tell_position(&position(show.apple())).await.unwrap();
    show.trade(0, 100.5, |tick| tick).await;
    let held = format!(
        "{} === '98.00' && {} === '103.00' && {} === '10 @ 99.50' && {} === '+10.00' &&
        {} && {} && __desk.lines('AAPL').join() === 'target,entry,prev close,stop'",
        text("stop"),
        text("take"),
        text("position"),
        text("profit"),
        seen("stop-fact"),
        seen("take-fact")
    );
    browser
        .until(
            &held
                .replace("join() ===", "toSorted().join() ===")
                .replace("target,entry,prev close,stop", "entry,prev close,stop,target"),
        )
        .await;
    let trailing = Levels { trailing: true, stop: Some(99.0), ..levels(show.apple()) };
    show.stage.tell_levels(&trailing).await.unwrap();
    let trails =
        "__desk.lines('AAPL').includes('trailing stop') && !__desk.lines('AAPL').includes('stop')";
    browser.until(&format!("{trails} && {} === '99.00'", text("stop"))).await;
    show.stage.tell_position(&Position::flat(show.apple().clone())).await.unwrap();
    browser.until(&nothing).await;
}
