//! A replayed day as the page tells it: its profits, holdings, markers and orders are those of the
//! journal, figure by figure.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is wrong, and says what it skips"
)]

#[expect(dead_code, reason = "each test uses its part of it")]
mod browser;

use browser::Browser;
use e2e::{
    Desk, Journal, Setup, real_tape,
    tape::{played, write_tape},
    ticks,
};
use proto::{Side, Symbol};
use runtime::bus::Bus;
use rust_decimal::{Decimal, RoundingStrategy, prelude::FromPrimitive as _};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

const SYMBOLS: [&str; 4] = ["AIG", "BAC", "IBM", "SPY"];
/// Fewer would prove little.
const FILLS: usize = 20;

/// What the journal's fills of one symbol come to, at its last price.
#[derive(Debug, Default)]
struct Sum {
    quantity: Decimal,
    cost: Decimal,
    realised: Decimal,
    fees: Decimal,
    last: Decimal,
    fills: Vec<String>,
}

impl Sum {
    fn unrealised(&self) -> Decimal {
        self.quantity * self.last - self.cost
    }

    fn total(&self) -> Decimal {
        self.realised + self.unrealised()
    }

    fn position(&self) -> String {
        if self.quantity.is_zero() {
            return "flat".to_owned();
        }
        format!("{} @ {}", written(self.quantity, 0), written(self.cost / self.quantity, 2))
    }
}

/// Adds up the journal, by average cost.
fn add_up(journal: &Journal) -> BTreeMap<Symbol, Sum> {
    let mut sums: BTreeMap<Symbol, Sum> = BTreeMap::new();
    for (event, fill) in journal.fills() {
        let sum = sums.entry(event.symbol.clone()).or_default();
        let value = fill.price * fill.quantity;
        sum.fees += fill.fee;
        sum.realised -= fill.fee;
        sum.fills.push(format!("{}/{}", event.order_id, fill.id));
        if event.side == Side::Buy {
            sum.cost += value;
            sum.quantity += fill.quantity;
        } else {
            let part = sum.cost * fill.quantity / sum.quantity;
            sum.realised += value - part;
            sum.cost -= part;
            sum.quantity -= fill.quantity;
        }
    }
    sums
}

/// A number as the page writes it.
fn written(value: Decimal, digits: u32) -> String {
    let rounded = value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    let text = format!("{:.*}", digits as usize, rounded.abs());
    let (whole, part) = text.split_once('.').map_or((text.as_str(), ""), |parts| parts);
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if rounded.is_sign_negative() && !rounded.is_zero() { "\u{2212}" } else { "" };
    let dot = if part.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{dot}{part}")
}

/// The same with its sign.
fn signed(value: Decimal) -> String {
    let text = written(value, 2);
    let above = value > Decimal::ZERO && text.contains(|digit| matches!(digit, '1'..='9'));
    if above { format!("+{text}") } else { text }
}

/// A desk on a tape, with a strategy that finds calm markets worth trading.
fn on_tape(tape: &Path) -> Setup {
    Setup::new()
        .wall(&[&SYMBOLS])
        .set("strategy.toml", "min_range_percent", "0.01")
        .variable("FEED", &format!("replay:{}", tape.display()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_made_day_has_the_figures_of_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("trades.csv");
    write_tape(&tape, 230).unwrap();
    let held = the_page_has_the_journals_figures(on_tape(&tape)).await;
    assert!(held > 0, "it ends in mid-trade, so that open profits are compared too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_real_day_has_the_figures_of_the_journal() {
    let Some(tape) = real_tape() else {
        println!("no tape of 2013-10-07 here: only the made day is looked at");
        return;
    };
    the_page_has_the_journals_figures(on_tape(&tape)).await;
}

/// Plays a tape and compares; gives how many symbols are held at its end.
async fn the_page_has_the_journals_figures(setup: Setup) -> usize {
    let (browser, desk) = tokio::join!(Browser::start(), Desk::start(setup));
    let (browser, desk) = (browser.unwrap(), desk.unwrap());
    browser.open(&format!("http://127.0.0.1:{}/", desk.page_port(0))).await;
    let bus = desk.bus("operator").await.unwrap();
    let journal = played(&bus).await.unwrap();
    let mut sums = add_up(&journal);
    let fills: usize = sums.values().map(|sum| sum.fills.len()).sum();
    assert!(fills >= FILLS, "only {fills} fills: the test would prove little");
    println!("{fills} fills of {} symbols", sums.len());
    for (symbol, sum) in &mut sums {
        sum.last = last_price(&bus, symbol).await;
        pane_tells(&browser, symbol, sum).await;
    }
    let total = sums.values().map(Sum::total).sum();
    let day = "document.querySelector('[data-part=day-profit]').textContent";
    browser.until(&format!("{day} === '{}'", signed(total))).await;
    browser.press('d').await;
    the_drawer_tells(&browser, &sums, &journal).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    sums.values().filter(|sum| !sum.quantity.is_zero()).count()
}

async fn last_price(bus: &Bus, symbol: &Symbol) -> Decimal {
    let all = ticks(bus, symbol).await.unwrap();
    let believed = all.iter().rev().find(|tick| tick.suspect.is_none()).unwrap();
    Decimal::from_f64(believed.price).unwrap()
}

/// Waits for the pane's profit, then holds everything else in it against the journal.
async fn pane_tells(browser: &Browser, symbol: &Symbol, sum: &Sum) {
    let part = |name: &str| {
        format!(
            "document.querySelector('[data-symbol=\"{symbol}\"] [data-part={name}]').textContent"
        )
    };
    let fills = sum.fills.len();
    browser.until(&format!("__desk.marked('{symbol}') >= {fills}")).await;
    browser.until(&format!("{} === '{}'", part("profit"), signed(sum.total()))).await;
    browser.until(&format!("{} === '{}'", part("position"), sum.position())).await;
    let told = format!(" and {fills} fills on the chart");
    browser.until(&format!("{}.includes('{told}')", part("summary"))).await;
    let script =
        format!("return __desk.markers('{symbol}').filter((id) => !id.endsWith('/')).sort();");
    let mut expected = sum.fills.clone();
    expected.sort();
    assert_eq!(browser.run(&script).await, json!(expected), "markers of {symbol}");
}

async fn the_drawer_tells(browser: &Browser, sums: &BTreeMap<Symbol, Sum>, journal: &Journal) {
    let cells = "return [...document.querySelectorAll('[data-part=rows] tr')]
        .map((row) => [...row.cells].map((cell) => cell.textContent));";
    let tab = |name: &str| format!("document.querySelector('[data-tab={name}]').click(); {cells}");
    let rows = browser.run(&tab("positions")).await;
    for (symbol, sum) in sums {
        let row = row(&rows, 0, symbol.as_str());
        let told = [5, 6, 7, 8].map(|cell| row.get(cell).and_then(Value::as_str).unwrap());
        let held = !sum.quantity.is_zero();
        let unrealised = if held { signed(sum.unrealised()) } else { "–".to_owned() };
        let expected =
            [unrealised, signed(sum.realised), written(sum.fees, 2), signed(sum.total())];
        assert_eq!(told, expected, "{symbol} in the drawer");
    }
    let rows = browser.run(&tab("orders")).await;
    for (event, fill) in journal.fills() {
        let row = row(&rows, 2, &event.order_id.to_string());
        let told = [5, 6].map(|cell| row.get(cell).and_then(Value::as_str).unwrap());
        assert_eq!(told, [written(fill.quantity, 0), written(fill.price, 2)], "{}", event.order_id);
    }
}

/// The row whose cell at `column` says `name`.
fn row<'r>(rows: &'r Value, column: usize, name: &str) -> &'r Vec<Value> {
    let all = rows.as_array().unwrap().iter().map(|row| row.as_array().unwrap());
    let named = |row: &&Vec<Value>| row.get(column).and_then(Value::as_str) == Some(name);
    let mut found = all.filter(named);
    found.next().unwrap()
}
