//! Days of all tickers, and the previous close of one. Their time is the end of the session.

use super::{Refusal, route::Asking};
use crate::polygon::{
    cycle::Cycle,
    event::{Bar, Cluster, MS},
    json::Json,
    plan::Plan,
    world::World,
};
use jiff::{ToSpan as _, civil::Date};

/// The bars of a day.
pub(super) fn grouped(world: &World, asking: Asking<'_>, date: &str) -> Result<Json, Refusal> {
    let date: Date = date.parse().map_err(|_| Refusal::BadDate)?;
    let cycle = &world.market.cycle;
    within_plan(cycle, asking, (date, date))?;
    let time_ms = cycle.close_ms(date);
    let rows = world.market.listed.iter().filter_map(|ticker| {
        let bar = world.market.book(ticker, asking.cluster())?.day(date)?;
        Some(row(Some(ticker), &bar, time_ms))
    });
    Ok(envelope(asking, None, rows.collect()))
}

/// The last day that is over.
pub(super) fn previous(world: &World, asking: Asking<'_>, ticker: &str) -> Json {
    let cycle = &world.market.cycle;
    // The free plan has the days, and nothing of how they come about.
    let cluster = if asking.plan == Plan::Basic { Cluster::RealTime } else { asking.cluster() };
    let view_ms = world.market.view_ns(cluster, asking.now_ns).div_euclid(MS);
    let last = world.market.book(ticker, cluster).and_then(|book| {
        let over = |date: &Date| cycle.close_ms(*date) <= view_ms;
        let date = book.dates().into_iter().rfind(over)?;
        Some(row(Some(ticker), &book.day(date)?, cycle.close_ms(date)))
    });
    envelope(asking, Some(ticker), last.into_iter().collect())
}

/// The dates that a plan may ask for.
pub(super) fn within_plan(
    cycle: &Cycle,
    asking: Asking<'_>,
    (from, to): (Date, Date),
) -> Result<(), Refusal> {
    let today = cycle.date(asking.now_ns);
    let oldest = today.checked_sub(asking.plan.years().years()).unwrap_or(today);
    let too_new = asking.plan == Plan::Basic && to >= today;
    if too_new || from < oldest { Err(Refusal::Timeframe) } else { Ok(()) }
}

/// A bar as aggregates show it.
pub(super) fn row(ticker: Option<&str>, bar: &Bar, time_ms: i64) -> Json {
    let mut fields = Vec::new();
    fields.extend(ticker.map(|ticker| ("T", Json::text(ticker))));
    fields.extend([
        ("v", Json::Shares(bar.volume)),
        ("vw", Json::Price(bar.vwap)),
        ("o", Json::Price(bar.open)),
        ("c", Json::Price(bar.close)),
        ("h", Json::Price(bar.high)),
        ("l", Json::Price(bar.low)),
        ("t", Json::Int(time_ms)),
        ("n", Json::Int(bar.trades)),
    ]);
    Json::Object(fields)
}

/// Without rows there is no list of them.
fn envelope(asking: Asking<'_>, ticker: Option<&str>, rows: Vec<Json>) -> Json {
    let count = Json::Int(i64::try_from(rows.len()).unwrap_or_default());
    let adjusted = asking.question.parameter("adjusted") != Some("false");
    let mut fields = Vec::new();
    fields.extend(ticker.map(|ticker| ("ticker", Json::text(ticker))));
    fields.extend([
        ("queryCount", count.clone()),
        ("resultsCount", count.clone()),
        ("adjusted", Json::Bool(adjusted)),
    ]);
    let some = !rows.is_empty();
    if some {
        fields.push(("results", Json::List(rows)));
    }
    fields.extend([("status", Json::text("OK")), ("request_id", Json::text(asking.id))]);
    if some && ticker.is_some() {
        fields.push(("count", count));
    }
    Json::Object(fields)
}
