//! What happened, as sockets are told: one JSON object per event. Pure.

use crate::polygon::{
    book::{Closed, Told},
    event::{Cluster, MS, Quote, Span, Trade},
    fault::Fault,
    json::Json,
    numbers::{self, Numbers},
};
use std::{collections::BTreeMap, sync::Arc};

/// An event on its way to its subscribers.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::polygon) struct Printed {
    pub topic: &'static str,
    pub symbol: String,
    pub text: Arc<str>,
}

/// Prints events, and holds back those that are to come late.
#[derive(Debug, Default)]
pub(in crate::polygon) struct Press {
    held: BTreeMap<Cluster, Printed>,
}

impl Press {
    /// An event as a cluster tells it, once or twice or later.
    pub(in crate::polygon) fn print(
        &mut self,
        cluster: Cluster,
        told: &Told,
        faults: &[Fault],
        (numbers, decimals): (Numbers, bool),
    ) -> Vec<Printed> {
        let (topic, symbol) = topic(told);
        let printed = |json: Json| {
            let mut json = json;
            adjust(&mut json, faults, decimals);
            Printed { topic, symbol: symbol.to_owned(), text: json.write(numbers).into() }
        };
        let mut out = Vec::new();
        match told {
            Told::Trade(trade) => out.push(printed(show_trade(trade))),
            Told::Quote(quote) => out.push(printed(show_quote(quote))),
            Told::Bar(symbol, closed) => {
                if faults.contains(&Fault::ReplayedBars) {
                    out.push(printed(show_bar(symbol, &half(*closed))));
                }
                out.push(printed(show_bar(symbol, closed)));
            }
        }
        if faults.contains(&Fault::DuplicateTrades) {
            out.extend_from_within(..);
        }
        let late = self.held.remove(&cluster);
        if faults.contains(&Fault::OutOfOrderTrades)
            && late.is_none()
            && let Some(event) = out.pop()
        {
            self.held.insert(cluster, event);
        }
        out.extend(late);
        out
    }
}

/// Topic and ticker of an event.
pub(in crate::polygon) fn topic(told: &Told) -> (&'static str, &str) {
    match told {
        Told::Trade(trade) => ("T", &trade.symbol),
        Told::Quote(quote) => ("Q", &quote.symbol),
        Told::Bar(symbol, closed) if closed.span == Span::Second => ("A", symbol),
        Told::Bar(symbol, _) => ("AM", symbol),
    }
}

fn adjust(json: &mut Json, faults: &[Fault], decimals: bool) {
    if !decimals {
        for field in ["ds", "dv", "dav"] {
            json.remove(field);
        }
    }
    if faults.contains(&Fault::TradesWithoutConditions) {
        json.remove("c");
    }
    if let (true, Json::Object(fields)) = (faults.contains(&Fault::FieldsMissing), json) {
        fields.retain(|(name, _)| matches!(*name, "ev" | "sym"));
    }
}

fn show_trade(trade: &Trade) -> Json {
    let mut fields = vec![
        ("ev", Json::text("T")),
        ("sym", Json::text(&trade.symbol)),
        ("x", Json::Int(trade.exchange)),
        ("i", Json::text(trade.id.as_deref().unwrap_or_default())),
        ("z", Json::Int(trade.tape)),
        ("p", Json::Price(trade.price)),
        ("s", Json::Shares(trade.size)),
        ("ds", Json::text(numbers::decimal_text(trade.size))),
    ];
    if let Some(codes) = &trade.conditions {
        fields
            .push(("c", Json::List(codes.iter().map(|code| Json::Int((*code).into())).collect())));
    }
    fields.push(("t", Json::Int(trade.time_ns.div_euclid(MS))));
    fields.push(("q", Json::Int(trade.sequence.unwrap_or_default().cast_signed())));
    Json::Object(fields)
}

fn show_quote(quote: &Quote) -> Json {
    let mut fields = vec![("ev", Json::text("Q")), ("sym", Json::text(&quote.symbol))];
    if let Some(bid) = quote.bid {
        fields.extend([
            ("bx", Json::Int(4)),
            ("bp", Json::Price(bid)),
            ("bs", Json::Shares(quote.bid_size)),
        ]);
    }
    if let Some(ask) = quote.ask {
        fields.extend([
            ("ax", Json::Int(7)),
            ("ap", Json::Price(ask)),
            ("as", Json::Shares(quote.ask_size)),
        ]);
    }
    fields.extend([
        ("c", Json::Int(0)),
        ("i", Json::List(vec![Json::Int(604)])),
        ("t", Json::Int(quote.time_ns.div_euclid(MS))),
        ("q", Json::Int(quote.time_ns.div_euclid(MS) % 100_000_000)),
        ("z", Json::Int(3)),
    ]);
    Json::Object(fields)
}

fn show_bar(symbol: &str, closed: &Closed) -> Json {
    let bar = &closed.bar;
    let name = if closed.span == Span::Second { "A" } else { "AM" };
    let mut fields = vec![
        ("ev", Json::text(name)),
        ("sym", Json::text(symbol)),
        ("v", Json::Shares(bar.volume)),
        ("dv", Json::text(numbers::decimal_text(bar.volume))),
        ("av", Json::Shares(closed.day_volume)),
        ("dav", Json::text(numbers::decimal_text(closed.day_volume))),
    ];
    if closed.day_open > 0.0 {
        fields.push(("op", Json::Price(closed.day_open)));
    }
    let mean = if bar.trades > 0 { bar.volume / bar.trades as f64 } else { 0.0 };
    fields.extend([
        ("vw", Json::Price(bar.vwap)),
        ("o", Json::Price(bar.open)),
        ("c", Json::Price(bar.close)),
        ("h", Json::Price(bar.high)),
        ("l", Json::Price(bar.low)),
        ("a", Json::Price(closed.day_vwap)),
        ("z", Json::Shares(mean)),
        ("s", Json::Int(bar.start_ms)),
        ("e", Json::Int(bar.start_ms + closed.span.ms())),
    ]);
    Json::Object(fields)
}

/// The bar as it was after its first half.
fn half(closed: Closed) -> Closed {
    let bar = closed.bar;
    let first = crate::polygon::event::Bar {
        high: bar.open,
        low: bar.open,
        close: bar.open,
        volume: (bar.volume / 2.0).floor(),
        vwap: bar.open,
        trades: (bar.trades / 2).max(1),
        ..bar
    };
    Closed { bar: first, ..closed }
}
