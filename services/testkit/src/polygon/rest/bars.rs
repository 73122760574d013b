//! Custom bars: base bars of seconds, minutes or days, put together, page by page.
//!
//! A limit counts base bars. A page tells the bars whose last base bar it has come to.

use super::{Refusal, aggregates, route::Asking};
use crate::polygon::{
    cycle::Cycle,
    event::{Bar, MS, Span},
    json::Json,
    plan::Data,
    world::World,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use jiff::{Timestamp, ToSpan as _, civil::Date};

/// The path of a question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range<'q> {
    pub ticker: &'q str,
    pub multiple: &'q str,
    pub span: &'q str,
    pub from: &'q str,
    pub to: &'q str,
}

/// What base bars become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// So many milliseconds, from bars of seconds or minutes.
    Clock(Span, i64),
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

pub(super) fn page(world: &World, asking: Asking<'_>, range: Range<'_>) -> Result<Json, Refusal> {
    let cycle = &world.market.cycle;
    let unit = unit(range.span).ok_or(Refusal::BadParameter)?;
    let multiple: i64 = range.multiple.parse().map_err(|_| Refusal::BadParameter)?;
    if multiple < 1 {
        return Err(Refusal::BadParameter);
    }
    if matches!(unit, Unit::Clock(Span::Second, _)) && !asking.plan.has(Data::Seconds) {
        return Err(Refusal::NotEntitled);
    }
    let cursor = asking.question.parameter("cursor");
    let first = cursor.and_then(origin);
    let from_ms = first.map_or_else(|| moment(cycle, range.from, false), Ok)?;
    let to_ms = moment(cycle, range.to, true)?;
    let date = |time_ms: i64| cycle.date(time_ms.saturating_mul(MS));
    aggregates::within_plan(cycle, asking, (date(from_ms), date(to_ms)))?;
    let mut base = base(world, asking, (range.ticker, unit), (from_ms, to_ms));
    let descending = asking.question.parameter("sort") == Some("desc");
    if descending {
        base.reverse();
    }
    let (start, limit) =
        (cursor.and_then(offset).unwrap_or(0), asking.question.limit(5_000, 50_000));
    let end = base.len().min(start.saturating_add(limit));
    let bucket = |bar: &Bar| bucket(cycle, unit, multiple, (bar.start_ms, from_ms));
    let rows = rows(&base, (start, end), descending, bucket);
    let scanned = end.saturating_sub(start);
    let next = base.get(end).map(|bar| {
        let cursor = URL_SAFE.encode(format!("offset={end}&from={from_ms}"));
        let adjusted = asking.question.parameter("adjusted") != Some("false");
        let sort = if descending { "desc" } else { "asc" };
        let Range { ticker, multiple, span, to, .. } = range;
        let at = bar.start_ms;
        let url = &world.rest_url;
        format!("{url}/v2/aggs/ticker/{ticker}/range/{multiple}/{span}/{at}/{to}?cursor={cursor}&limit={limit}&sort={sort}&adjusted={adjusted}")
    });
    Ok(envelope(asking, range.ticker, scanned, rows, next))
}

/// The place in a list that a cursor stands for.
pub(super) fn offset(cursor: &str) -> Option<usize> {
    field(cursor, "offset=")?.parse().ok()
}

/// The cursor of a place in a list.
pub(super) fn cursor(offset: usize) -> String {
    URL_SAFE.encode(format!("offset={offset}"))
}

fn origin(cursor: &str) -> Option<i64> {
    field(cursor, "from=")?.parse().ok()
}

fn field(cursor: &str, name: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE.decode(cursor).ok()?).ok()?;
    text.split('&').find_map(|part| part.strip_prefix(name).map(str::to_owned))
}

fn unit(span: &str) -> Option<Unit> {
    match span {
        "second" => Some(Unit::Clock(Span::Second, 1_000)),
        "minute" => Some(Unit::Clock(Span::Minute, 60_000)),
        "hour" => Some(Unit::Clock(Span::Minute, 3_600_000)),
        "day" => Some(Unit::Day),
        "week" => Some(Unit::Week),
        "month" => Some(Unit::Month),
        "quarter" => Some(Unit::Quarter),
        "year" => Some(Unit::Year),
        _ => None,
    }
}

/// A date, its end where it ends a range, or milliseconds.
fn moment(cycle: &Cycle, text: &str, ends: bool) -> Result<i64, Refusal> {
    if let Ok(time_ms) = text.parse::<i64>() {
        let sane = Timestamp::from_millisecond(time_ms).is_ok();
        return if sane { Ok(time_ms) } else { Err(Refusal::BadDate) };
    }
    let date: Date = text.parse().map_err(|_| Refusal::BadDate)?;
    let end = date.checked_add(1.day()).map_err(|_| Refusal::BadDate)?;
    Ok(if ends { cycle.midnight_ms(end) - 1 } else { cycle.midnight_ms(date) })
}

/// Base bars that start within the range, in order.
fn base(
    world: &World,
    asking: Asking<'_>,
    (ticker, unit): (&str, Unit),
    (from_ms, to_ms): (i64, i64),
) -> Vec<Bar> {
    let Some(book) = world.market.book(ticker, asking.cluster()) else { return Vec::new() };
    let cycle = &world.market.cycle;
    if let Unit::Clock(span, _) = unit {
        let view_ms = world.market.view_ns(asking.cluster(), asking.now_ns).div_euclid(MS);
        return book.bars_in(span, from_ms..=to_ms, view_ms);
    }
    let days = book.dates().into_iter().filter_map(|date| {
        let start_ms = cycle.midnight_ms(date);
        let within = (from_ms..=to_ms).contains(&start_ms);
        within.then_some(Bar { start_ms, ..book.day(date)? })
    });
    days.collect()
}

/// Start of the bar that a base bar belongs to.
fn bucket(cycle: &Cycle, unit: Unit, multiple: i64, (time_ms, from_ms): (i64, i64)) -> i64 {
    let date = cycle.date(time_ms.saturating_mul(MS));
    let months = |count: i64| {
        let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
        let first = month - month.rem_euclid(count.saturating_mul(multiple));
        let year = i16::try_from(first.div_euclid(12)).unwrap_or(date.year());
        let month = i8::try_from(first.rem_euclid(12) + 1).unwrap_or(1);
        Date::new(year, month, 1).map_or(time_ms, |first| cycle.midnight_ms(first))
    };
    match unit {
        Unit::Clock(_, ms) => {
            let midnight_ms = cycle.midnight_ms(date);
            time_ms - (time_ms - midnight_ms).rem_euclid(ms.saturating_mul(multiple))
        }
        Unit::Day | Unit::Week => {
            let origin = cycle.date(from_ms.saturating_mul(MS));
            let sunday =
                origin.checked_sub(i64::from(origin.weekday().to_sunday_zero_offset()).days());
            let (origin, length) = if unit == Unit::Week {
                (sunday.unwrap_or(origin), multiple.saturating_mul(7))
            } else {
                (origin, multiple)
            };
            let since = origin.until(date).map_or(0, |span| i64::from(span.get_days()));
            let first = date.checked_sub((since.rem_euclid(length)).days()).unwrap_or(date);
            cycle.midnight_ms(first)
        }
        Unit::Month => months(1),
        Unit::Quarter => months(3),
        Unit::Year => months(12),
    }
}

/// The bars that end within the page, whichever page they began on.
fn rows(
    base: &[Bar],
    (start, end): (usize, usize),
    descending: bool,
    bucket: impl Fn(&Bar) -> i64,
) -> Vec<Json> {
    let mut rows = Vec::new();
    let mut from = 0;
    for together in base.chunk_by(|one, other| bucket(one) == bucket(other)) {
        let last = from + together.len() - 1;
        from += together.len();
        if !(start..end).contains(&last) {
            continue;
        }
        let mut whole = Bar::default();
        let mut parts: Vec<&Bar> = together.iter().collect();
        if descending {
            parts.reverse();
        }
        for bar in parts {
            whole.join(bar);
        }
        rows.extend(together.first().map(|bar| aggregates::row(None, &whole, bucket(bar))));
    }
    rows
}

fn envelope(
    asking: Asking<'_>,
    ticker: &str,
    scanned: usize,
    rows: Vec<Json>,
    next: Option<String>,
) -> Json {
    let number = |count: usize| Json::Int(i64::try_from(count).unwrap_or_default());
    let count = rows.len();
    let mut fields = vec![
        ("ticker", Json::text(ticker)),
        ("queryCount", number(scanned)),
        ("resultsCount", number(count)),
        ("adjusted", Json::Bool(asking.question.parameter("adjusted") != Some("false"))),
    ];
    if count > 0 {
        fields.push(("results", Json::List(rows)));
    }
    fields.extend([("status", asking.status()), ("request_id", Json::text(asking.id))]);
    if count > 0 {
        fields.push(("count", number(count)));
    }
    fields.extend(next.map(|url| ("next_url", Json::text(url))));
    Json::Object(fields)
}
