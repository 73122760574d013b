//! The last trade and the last quote of one ticker.

use super::{Refusal, route::Asking};
use crate::polygon::{json::Json, world::World};

pub(super) fn trade(world: &World, asking: Asking<'_>, ticker: &str) -> Result<Json, Refusal> {
    let reading = world.market.read(ticker, asking.cluster(), asking.now_ns);
    let trade = reading.and_then(|reading| reading.trade).ok_or(Refusal::UnknownTicker)?;
    let mut fields = vec![("T", Json::text(ticker))];
    if let Some(codes) = &trade.conditions {
        let codes = codes.iter().map(|code| Json::Int((*code).into())).collect();
        fields.push(("c", Json::List(codes)));
    }
    fields.extend([
        ("i", Json::text(trade.id.unwrap_or_default())),
        ("p", Json::Price(trade.price)),
        ("q", Json::Int(trade.sequence.unwrap_or_default().cast_signed())),
        ("s", Json::Shares(trade.size)),
        ("t", Json::Int(trade.time_ns)),
        ("x", Json::Int(trade.exchange)),
        ("y", Json::Int(trade.time_ns)),
        ("z", Json::Int(trade.tape)),
    ]);
    Ok(envelope(asking, fields))
}

pub(super) fn quote(world: &World, asking: Asking<'_>, ticker: &str) -> Result<Json, Refusal> {
    let reading = world.market.read(ticker, asking.cluster(), asking.now_ns);
    let quote = reading.and_then(|reading| reading.quote).ok_or(Refusal::UnknownTicker)?;
    let fields = vec![
        ("T", Json::text(ticker)),
        ("P", Json::Price(quote.ask.unwrap_or_default())),
        ("S", Json::Shares(quote.ask_size)),
        ("p", Json::Price(quote.bid.unwrap_or_default())),
        ("s", Json::Shares(quote.bid_size)),
        ("t", Json::Int(quote.time_ns)),
        ("y", Json::Int(quote.time_ns)),
        ("z", Json::Int(3)),
    ];
    Ok(envelope(asking, fields))
}

fn envelope(asking: Asking<'_>, fields: Vec<(&'static str, Json)>) -> Json {
    Json::Object(vec![
        ("request_id", Json::text(asking.id)),
        ("results", Json::Object(fields)),
        ("status", Json::text("OK")),
    ])
}
