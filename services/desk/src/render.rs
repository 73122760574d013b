//! What an operator reads: status to text. Pure; everything foreign in it is made harmless.

use crate::{
    control::Said,
    status::{Holding, OrderView, Seat, Status},
    table::{Lean, table},
    text::{count, gain, moment, money, price, span, word, words},
};
use Lean::{Left, Right};
use proto::{Account, Control, Decimal, FeedStatus, Symbol, TapeProgress, TradingState};
use runtime::wall::Slot;

const INDENT: &str = "  ";

/// The whole status.
pub fn status(status: &Status) -> String {
    let now_ms = status.at_ms;
    let mut parts = vec![head(status)];
    if let Some(account) = &status.account {
        parts.push(self::account(account, now_ms));
    }
    parts.push(positions(&status.positions));
    parts.push(orders(&status.orders, now_ms));
    parts.extend(status.account.as_ref().map(refusals));
    parts.push(seats(&status.seats, now_ms));
    parts.push(readers(status));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// The dashboards of the configuration.
pub fn wall(slots: &[Slot]) -> String {
    let row = |slot: &Slot| {
        let title = words(slot.title.as_deref().unwrap_or_default());
        vec![slot.id.to_string(), slot.port.to_string(), symbols(&slot.symbols), title]
    };
    let mut rows = vec![["ID", "PORT", "SYMBOLS", "TITLE"].map(str::to_owned).to_vec()];
    rows.extend(slots.iter().map(row));
    table("", &[Right, Right, Left, Left], &rows)
}

/// What an order to the desk has changed.
pub fn said(said: &Said, now_ms: i64) -> String {
    let present = trading(Some(&said.present), now_ms);
    if !said.written {
        return line("UNCHANGED", "the desk is active already") + &line("TRADING", &present);
    }
    let previous = trading(said.previous.as_ref(), now_ms);
    line("NOW", &present) + &line("BEFORE", &previous)
}

/// The trading state, who set it, when and why.
fn trading(control: Option<&Control>, now_ms: i64) -> String {
    let Some(Control { state, by, why, at_ms, .. }) = control else {
        return "never set: nothing trades".to_owned();
    };
    let state = match state {
        TradingState::Active => "ACTIVE",
        TradingState::Reducing => "REDUCING (exits only)",
        TradingState::Halted => "HALTED",
    };
    let (when, ago) = (moment(*at_ms, now_ms), span(*at_ms, now_ms));
    format!("{state} by {} at {when} ({ago} ago): {}", words(by), words(why))
}

/// A line with its name in the left column.
fn line(name: &str, text: &str) -> String {
    format!("{name:<10}   {text}\n")
}

fn head(status: &Status) -> String {
    let unreadable = status.faults.iter().map(|fault| line("UNREADABLE", &words(fault)));
    let mut lines: Vec<String> = unreadable.collect();
    lines.push(line("TRADING", &trading(status.control.as_ref(), status.at_ms)));
    let answer = status.bus.answer_ms;
    let answer =
        answer.map_or_else(|| "no answer".to_owned(), |ms| format!("answers in {ms:.1} ms"));
    let version = words(&status.bus.version);
    lines.push(line("BUS", &format!("up, nats-server {version}, {answer}")));
    match &status.feed {
        None => lines.push(line("FEED", "never started")),
        Some(feed) => {
            lines.push(line("FEED", &feed_line(feed)));
            lines.push(line("", &feed_symbols(feed, status.at_ms)));
        }
    }
    lines.concat()
}

fn feed_line(feed: &FeedStatus) -> String {
    let (source, state, clock) = (word(&feed.source), word(&feed.state), word(&feed.clock));
    let speed = match feed.speed {
        0.0 => " as fast as it is read".to_owned(),
        1.0 => String::new(),
        times => format!(" at {times}x"),
    };
    let every = match feed.interval_ms {
        0 => String::new(),
        interval_ms => format!(", a tick every {} s", interval_ms as f64 / 1_000.0),
    };
    let delayed = match i64::try_from(feed.delay_ms).unwrap_or(i64::MAX) {
        0 => String::new(),
        delay_ms => format!(", DELAYED by {}", span(0, delay_ms)),
    };
    let plan = feed.entitlement.map_or_else(String::new, |plan| format!(", {} plan", word(&plan)));
    let transport = feed.transport.map_or_else(String::new, |by| format!(" by {}", word(&by)));
    let tape = feed.tape.as_ref().map_or_else(String::new, tape_words);
    let said = words(&feed.detail);
    format!("{source} {state}, {clock} clock{speed}{every}{plan}{transport}{delayed}{tape}: {said}")
}

fn tape_words(tape: &TapeProgress) -> String {
    let paused = if tape.paused { ", PAUSED" } else { "" };
    format!(", {} of {} rows{paused}", tape.rows, tape.of)
}

fn feed_symbols(feed: &FeedStatus, now_ms: i64) -> String {
    let missing = match feed.missing.as_slice() {
        [] => "none missing".to_owned(),
        missing => format!("MISSING {}", symbols(missing)),
    };
    let (served, since) = (feed.symbols.len(), span(feed.at_ms, now_ms));
    let plural = if served == 1 { "" } else { "s" };
    format!("{served} symbol{plural}, {missing}; run {}, said {since} ago", words(&feed.run))
}

fn account(account: &Account, now_ms: i64) -> String {
    let mode = word(&account.mode).to_uppercase();
    let written = span(account.at_ms, now_ms);
    let (currency, day) = (words(&account.currency), words(&account.day));
    let journal = count(account.journal_seq);
    let title = format!("{mode} {currency}, day {day}; journal {journal}, said {written} ago");
    let mut text = line("ACCOUNT", &title);
    let pairs = |cells: [(&str, String); 3]| -> Vec<String> {
        cells.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    };
    text += &table(
        INDENT,
        &[Left, Right, Left, Right, Left, Right],
        &[
            pairs([
                ("equity", money(account.equity)),
                ("day", gain(account.day_profit)),
                ("realised", gain(account.realised)),
            ]),
            pairs([
                ("cash", money(account.cash)),
                ("day began", money(account.day_start_equity)),
                ("unrealised", gain(account.unrealised)),
            ]),
            pairs([
                ("exposure", money(account.exposure)),
                ("peak", money(account.peak_equity)),
                ("open orders", count(account.open_orders)),
            ]),
        ],
    );
    let warn = |warning: &String| format!("{INDENT}WARNING: {}\n", words(warning));
    text + &account.warnings.iter().map(warn).collect::<Vec<_>>().concat()
}

fn positions(holdings: &[Holding]) -> String {
    let (idle, busy): (Vec<_>, Vec<_>) = holdings.iter().partition(|holding| holding.is_idle());
    let rest = match (idle.len(), busy.is_empty()) {
        (0, true) => return line("POSITIONS", "none known"),
        (0, false) => String::new(),
        (idle, true) => return line("POSITIONS", &format!("none; {idle} never traded")),
        (idle, false) => format!("{INDENT}{idle} more never traded\n"),
    };
    let names = ["", "quantity", "average", "last", "unrealised", "realised", "order"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    rows.extend(busy.into_iter().map(position));
    let columns = [Left, Right, Right, Right, Right, Right, Left];
    format!("POSITIONS\n{}{rest}", table(INDENT, &columns, &rows))
}

fn position(holding: &Holding) -> Vec<String> {
    let position = &holding.position;
    let held = |text: String| if position.quantity.is_zero() { "-".to_owned() } else { text };
    let last = holding.last.and_then(|last| Decimal::try_from(last).ok());
    let order = match (&position.unresolved, &position.open_order) {
        (Some(id), _) => format!("{id} UNRESOLVED"),
        (None, Some(id)) => id.to_string(),
        (None, None) => String::new(),
    };
    vec![
        position.symbol.to_string(),
        position.quantity.normalize().to_string(),
        held(price(position.average_price)),
        held(last.map_or_else(|| "?".to_owned(), price)),
        held(holding.unrealised.map_or_else(|| "?".to_owned(), gain)),
        gain(position.realised),
        order,
    ]
}

fn orders(orders: &[OrderView], now_ms: i64) -> String {
    if orders.is_empty() {
        return line("ORDERS", "none open, none unresolved");
    }
    let row = |order: &OrderView| {
        let intent = order.first.as_ref().and_then(|first| first.intent.as_ref());
        let wish = intent.map(|intent| {
            format!(
                "{} {} for {}",
                word(&intent.side),
                intent.quantity.normalize(),
                word(&intent.reason)
            )
        });
        let state =
            order.latest.as_ref().map_or_else(|| "?".to_owned(), |event| word(&event.state));
        let latest = order.latest.as_ref();
        vec![
            order.id.to_string(),
            wish.unwrap_or_else(|| "?".to_owned()),
            if order.unresolved { format!("UNRESOLVED ({state})") } else { state },
            latest.map_or_else(String::new, |event| format!("since {}", span(event.at_ms, now_ms))),
            latest.and_then(|event| event.message.as_deref()).map(words).unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = orders.iter().map(row).collect();
    format!("ORDERS\n{}", table(INDENT, &[Left, Left, Left, Left, Left], &rows))
}

fn refusals(account: &Account) -> String {
    if account.refusals.is_empty() {
        return line("REFUSALS", "none");
    }
    let told =
        account.refusals.iter().map(|(rule, times)| format!("{} {}", word(rule), count(*times)));
    line("REFUSALS", &told.collect::<Vec<_>>().join(", "))
}

fn seats(seats: &[Seat], now_ms: i64) -> String {
    let row = |seat: &Seat| {
        let (holder, since) = match &seat.lease {
            Some(lease) => (words(&lease.holder), format!("for {}", span(lease.since_ms, now_ms))),
            None => ("NOBODY".to_owned(), String::new()),
        };
        let port = seat.port.map_or_else(String::new, |port| format!(":{port}"));
        vec![words(&seat.key), holder, since, port, symbols(&seat.symbols)]
    };
    let rows: Vec<_> = seats.iter().map(row).collect();
    format!("LEASES\n{}", table(INDENT, &[Left, Left, Left, Left, Left], &rows))
}

fn readers(status: &Status) -> String {
    if status.readers.is_empty() {
        return line("READERS", "none");
    }
    let run = status.feed.as_ref().map(|feed| feed.run.as_str());
    let rows = status.readers.iter().map(|(name, progress)| {
        let behind = status.tape_end.map(|end| end.saturating_sub(progress.position));
        vec![
            words(name),
            count(progress.position),
            behind.map_or_else(String::new, |ticks| format!("{} behind", count(ticks))),
            format!("tick of {}", moment(progress.time_ns.div_euclid(1_000_000), status.at_ms)),
            if run == Some(progress.run.as_str()) {
                String::new()
            } else {
                "EARLIER RUN".to_owned()
            },
        ]
    });
    let rows: Vec<_> = rows.collect();
    format!("READERS\n{}", table(INDENT, &[Left, Right, Right, Left, Left], &rows))
}

fn symbols(symbols: &[Symbol]) -> String {
    symbols.iter().map(Symbol::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
