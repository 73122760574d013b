//! Snapshots, v2: the key order and the zeros are those of a recorded answer.

use super::{Refusal, route::Asking};
use crate::polygon::{
    book::Reading,
    event::{Bar, Cluster},
    history::Chance,
    json::Json,
    numbers::decimal_text,
    plan::{Data, Plan},
    world::World,
};

/// Many tickers, or all of them. Unknown ones are passed over.
pub(super) fn many(world: &World, asking: Asking<'_>) -> Json {
    let lists: Vec<&str> = asking.question.all("tickers").collect();
    let honoured = if world.config.last_tickers_win { lists.last() } else { lists.first() };
    let asked = honoured.copied().unwrap_or_default();
    let mut names: Vec<&str> = if asked.is_empty() {
        world.market.listed.iter().map(String::as_str).collect()
    } else {
        asked.split(',').collect()
    };
    names.sort_unstable();
    names.dedup();
    // Neither the order of the request nor any other.
    names.sort_by_cached_key(|name| Chance::new(asking.number, name, 0).whole());
    let rows = names.iter().filter_map(|name| {
        let reading = world.market.read(name, asking.cluster(), asking.now_ns)?;
        Some(row(world, asking.plan, name, &reading))
    });
    let rows: Vec<Json> = rows.collect();
    let count = i64::try_from(rows.len()).unwrap_or_default();
    Json::Object(vec![
        ("tickers", Json::List(rows)),
        ("status", status(world, asking)),
        ("request_id", Json::text(asking.id)),
        ("count", Json::Int(count)),
    ])
}

/// One ticker.
pub(super) fn one(world: &World, asking: Asking<'_>, ticker: &str) -> Result<Json, Refusal> {
    let reading = world.market.read(ticker, asking.cluster(), asking.now_ns);
    let reading = reading.ok_or(Refusal::UnknownTicker)?;
    Ok(Json::Object(vec![
        ("ticker", row(world, asking.plan, ticker, &reading)),
        ("status", status(world, asking)),
        ("request_id", Json::text(asking.id)),
    ]))
}

fn status(world: &World, asking: Asking<'_>) -> Json {
    let delayed = asking.cluster() == Cluster::Delayed && world.config.snapshots_say_delayed;
    Json::text(if delayed { "DELAYED" } else { "OK" })
}

fn row(world: &World, plan: Plan, ticker: &str, reading: &Reading) -> Json {
    let (change, percent) = reading.change();
    let mut fields = vec![
        ("ticker", Json::text(ticker)),
        ("todaysChangePerc", Json::Price(percent)),
        ("todaysChange", Json::Price(change)),
        ("updated", Json::Int(reading.updated_ns)),
        ("day", day(reading.day.as_ref())),
    ];
    if plan.has(Data::Quotes) {
        fields.push(("lastQuote", quote(reading)));
    }
    if plan.has(Data::Trades) {
        fields.push(("lastTrade", trade(reading)));
    }
    fields.push(("min", minute(reading)));
    fields.push(("prevDay", day(reading.previous.as_ref())));
    if plan.has(Data::FairValue) {
        fields.push(("fmv", Json::Price(fair_value(reading))));
    }
    let mut row = Json::Object(fields);
    if !world.config.decimal_strings {
        for part in ["day", "prevDay", "lastTrade", "min"] {
            if let Some(part) = row.field_mut(part) {
                for name in ["dv", "dav", "ds"] {
                    part.remove(name);
                }
            }
        }
    }
    row
}

/// What the business plan calls the fair market value: here simply the last price there is.
pub(super) fn fair_value(reading: &Reading) -> f64 {
    reading.last().or(reading.previous.map(|bar| bar.close)).unwrap_or_default()
}

fn day(bar: Option<&Bar>) -> Json {
    let shown = bar.copied().unwrap_or_default();
    let mut fields = prices(&shown);
    fields.extend([("v", Json::Shares(shown.volume)), ("vw", Json::Price(shown.vwap))]);
    if bar.is_some() {
        fields.push(("dv", Json::text(decimal_text(shown.volume))));
    }
    Json::Object(fields)
}

fn minute(reading: &Reading) -> Json {
    let bar = reading.minute.map(|minute| minute.bar).unwrap_or_default();
    let so_far = reading.minute.map_or(0.0, |minute| minute.day_volume);
    let mut fields = vec![("av", Json::Shares(so_far))];
    if reading.minute.is_some() {
        fields.push(("dav", Json::text(decimal_text(so_far))));
    }
    fields.extend([("t", Json::Int(bar.start_ms)), ("n", Json::Int(bar.trades))]);
    fields.extend(prices(&bar));
    fields.push(("v", Json::Shares(bar.volume)));
    if reading.minute.is_some() {
        fields.push(("dv", Json::text(decimal_text(bar.volume))));
    }
    fields.push(("vw", Json::Price(bar.vwap)));
    Json::Object(fields)
}

fn prices(bar: &Bar) -> Vec<(&'static str, Json)> {
    vec![
        ("o", Json::Price(bar.open)),
        ("h", Json::Price(bar.high)),
        ("l", Json::Price(bar.low)),
        ("c", Json::Price(bar.close)),
    ]
}

fn quote(reading: &Reading) -> Json {
    let quote = reading.quote.as_ref();
    Json::Object(vec![
        ("P", Json::Price(quote.and_then(|quote| quote.ask).unwrap_or_default())),
        ("S", Json::Shares(quote.map_or(0.0, |quote| quote.ask_size))),
        ("p", Json::Price(quote.and_then(|quote| quote.bid).unwrap_or_default())),
        ("s", Json::Shares(quote.map_or(0.0, |quote| quote.bid_size))),
        ("t", Json::Int(quote.map_or(0, |quote| quote.time_ns))),
    ])
}

fn trade(reading: &Reading) -> Json {
    let trade = reading.trade.as_ref();
    let mut fields = Vec::new();
    if let Some(codes) = trade.and_then(|trade| trade.conditions.as_ref()) {
        let codes = codes.iter().map(|code| Json::Int((*code).into())).collect();
        fields.push(("c", Json::List(codes)));
    }
    let id = trade.and_then(|trade| trade.id.as_deref()).unwrap_or_default();
    fields.extend([
        ("i", Json::text(id)),
        ("p", Json::Price(trade.map_or(0.0, |trade| trade.price))),
        ("s", Json::Shares(trade.map_or(0.0, |trade| trade.size))),
    ]);
    if let Some(trade) = trade {
        fields.push(("ds", Json::text(decimal_text(trade.size))));
    }
    fields.push(("t", Json::Int(trade.map_or(0, |trade| trade.time_ns))));
    fields.push(("x", Json::Int(trade.map_or(0, |trade| trade.exchange))));
    Json::Object(fields)
}
