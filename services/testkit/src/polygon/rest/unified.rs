//! Unified snapshots, v3: unknown tickers are rows of a good answer.

use super::{Refusal, bars, route::Asking, snapshot};
use crate::polygon::{
    book::Reading, event::Cluster, json::Json, numbers::decimal_text, plan::Data, world::World,
};
use proto::Session;

const MOST: usize = 250;

pub(super) fn page(world: &World, asking: Asking<'_>) -> Result<Json, Refusal> {
    let question = asking.question;
    let limit = question.limit(10, MOST);
    let mut names: Vec<&str> = match question.parameter("ticker.any_of") {
        Some(list) => list.split(',').filter(|name| !name.is_empty()).collect(),
        None => world.market.listed.iter().map(String::as_str).collect(),
    };
    if question.parameter("ticker.any_of").is_some() && names.len() > MOST {
        return Err(Refusal::BadParameter);
    }
    names.retain(|name| within(asking, name));
    names.sort_unstable();
    names.dedup();
    if question.parameter("order") == Some("desc") {
        names.reverse();
    }
    let start = question.parameter("cursor").and_then(bars::offset).unwrap_or_default();
    let rows = names.iter().skip(start).take(limit).map(|name| row(world, asking, name)).collect();
    let mut fields = vec![
        ("results", Json::List(rows)),
        ("status", Json::text("OK")),
        ("request_id", Json::text(asking.id)),
    ];
    if start + limit < names.len() {
        let kept =
            question.parameters.iter().filter(|(name, _)| name != "cursor" && name != "apiKey");
        let kept: Vec<String> = kept.map(|(name, value)| format!("{name}={value}&")).collect();
        let kept = kept.concat();
        let cursor = bars::cursor(start + limit);
        let url = format!("{}/v3/snapshot?{kept}cursor={cursor}", world.rest_url);
        fields.push(("next_url", Json::text(url)));
    }
    Ok(Json::Object(fields))
}

fn within(asking: Asking<'_>, name: &str) -> bool {
    let bound = |which: &str| asking.question.parameter(which);
    bound("ticker.gte").is_none_or(|least| name >= least)
        && bound("ticker.gt").is_none_or(|below| name > below)
        && bound("ticker.lte").is_none_or(|most| name <= most)
        && bound("ticker.lt").is_none_or(|above| name < above)
        && bound("ticker").is_none_or(|only| name == only)
}

fn row(world: &World, asking: Asking<'_>, name: &str) -> Json {
    let refused = |error: &str, message: &str| {
        Json::Object(vec![
            ("ticker", Json::text(name)),
            ("error", Json::text(error)),
            ("message", Json::text(message)),
        ])
    };
    if world.config.unentitled.iter().any(|ticker| ticker == name) {
        return refused("NOT_ENTITLED", "Not entitled to this ticker.");
    }
    match world.market.read(name, asking.cluster(), asking.now_ns) {
        None => refused("NOT_FOUND", "Ticker not found."),
        Some(reading) => known(world, asking, name, &reading),
    }
}

fn known(world: &World, asking: Asking<'_>, name: &str, reading: &Reading) -> Json {
    let timeframe = if asking.cluster() == Cluster::Delayed { "DELAYED" } else { "REAL-TIME" };
    let session = world.market.cycle.session(asking.now_ns);
    let mut fields = vec![
        ("ticker", Json::text(name)),
        ("type", Json::text("stocks")),
        ("name", Json::text(format!("{name} Inc."))),
        ("market_status", Json::text(market_status(session))),
    ];
    if asking.plan.has(Data::FairValue) {
        fields.push(("fmv", Json::Price(snapshot::fair_value(reading))));
        fields.push(("fmv_last_updated", Json::Int(asking.now_ns)));
    }
    if let Some(minute) = reading.minute {
        fields.push(("last_minute", last_minute(&minute.bar)));
    }
    if let (true, Some(quote)) = (asking.plan.has(Data::Quotes), &reading.quote) {
        fields.push((
            "last_quote",
            Json::Object(vec![
                ("ask", Json::Price(quote.ask.unwrap_or_default())),
                ("ask_size", Json::Shares(quote.ask_size)),
                ("ask_exchange", Json::Int(323)),
                ("bid", Json::Price(quote.bid.unwrap_or_default())),
                ("bid_size", Json::Shares(quote.bid_size)),
                ("bid_exchange", Json::Int(300)),
                ("last_updated", Json::Int(quote.time_ns)),
                ("timeframe", Json::text(timeframe)),
            ]),
        ));
    }
    if let (true, Some(trade)) = (asking.plan.has(Data::Trades), &reading.trade) {
        let codes = trade.conditions.iter().flatten().map(|code| Json::Int((*code).into()));
        fields.push((
            "last_trade",
            Json::Object(vec![
                ("conditions", Json::List(codes.collect())),
                ("exchange", Json::Int(300 + trade.exchange)),
                ("id", Json::text(trade.id.as_deref().unwrap_or_default())),
                ("last_updated", Json::Int(trade.time_ns)),
                ("price", Json::Price(trade.price)),
                ("size", Json::Shares(trade.size)),
                ("decimal_size", Json::text(decimal_text(trade.size))),
                ("timeframe", Json::text(timeframe)),
            ]),
        ));
    }
    fields.push(("session", of_session(reading)));
    Json::Object(fields)
}

fn last_minute(bar: &crate::polygon::event::Bar) -> Json {
    Json::Object(vec![
        ("open", Json::Price(bar.open)),
        ("high", Json::Price(bar.high)),
        ("low", Json::Price(bar.low)),
        ("close", Json::Price(bar.close)),
        ("volume", Json::Shares(bar.volume)),
        ("decimal_volume", Json::text(decimal_text(bar.volume))),
        ("vwap", Json::Price(bar.vwap)),
        ("transactions", Json::Int(bar.trades)),
    ])
}

fn of_session(reading: &Reading) -> Json {
    let (change, percent) = reading.change();
    let day = reading.day.unwrap_or_default();
    Json::Object(vec![
        ("change", Json::Price(change)),
        ("change_percent", Json::Price(percent)),
        ("close", Json::Price(day.close)),
        ("high", Json::Price(day.high)),
        ("low", Json::Price(day.low)),
        ("open", Json::Price(day.open)),
        ("previous_close", Json::Price(reading.previous.map_or(0.0, |bar| bar.close))),
        ("price", Json::Price(reading.last().unwrap_or_default())),
        ("volume", Json::Shares(day.volume)),
        ("decimal_volume", Json::text(decimal_text(day.volume))),
        ("vwap", Json::Price(day.vwap)),
        ("last_updated", Json::Int(reading.updated_ns)),
    ])
}

fn market_status(session: Session) -> &'static str {
    match session {
        Session::Pre => "early_trading",
        Session::Regular => "open",
        Session::Post => "late_trading",
        Session::Closed => "closed",
    }
}
