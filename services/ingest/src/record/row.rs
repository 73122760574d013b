//! A tick as a row of Polygon's `trades_v1`, with what that cannot hold in columns after it. Pure.
//!
//! `sequence_number` is the tick's number among its symbol's, `position` its place in stream
//! `TICKS`. Numbers are written so that they read back as they were, to the last bit.

use crate::source::replay::recorded::COLUMNS;
use proto::{PriceField, Session, Source, Suspect, Tick};
use std::fmt::Write as _;

/// The vendor's columns, in its order.
const VENDOR: &str = "ticker,conditions,correction,exchange,id,participant_timestamp,price,\
    sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp";

/// The first line of a file.
pub(super) fn header() -> String {
    format!("{VENDOR},{}\n", COLUMNS.join(","))
}

/// Appends the row of `tick` at `position`.
pub(super) fn write(rows: &mut String, position: u64, tick: &Tick) {
    let Tick { symbol, seq, price, size, time_ns, received_ns, .. } = tick;
    // Writing into a string does not fail.
    let _written = writeln!(
        rows,
        "{symbol},,0,0,{position},{time_ns},{price},{seq},{time_ns},{size},0,0,0,{},{},{},{},{},{},{},{},{},{received_ns},{position}",
        source(tick.source),
        field(tick.field),
        session(tick.session),
        u8::from(tick.delayed),
        known(tick.bid),
        known(tick.ask),
        known(tick.prev_close),
        u8::from(tick.gap),
        tick.suspect.map(suspect).unwrap_or_default(),
    );
}

/// What a row says that recording goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) time_ns: i64,
    pub(super) source: String,
    pub(super) position: u64,
}

/// Reads back what [`write`] has written; `None` when it has not.
pub(super) fn read(line: &str) -> Option<Told> {
    let fields: Vec<&str> = line.split(',').collect();
    let at = |place: usize| fields.get(place).copied();
    let vendor = VENDOR.split(',').count();
    Some(Told {
        time_ns: at(8)?.parse().ok()?,
        source: at(vendor)?.to_owned(),
        position: at(vendor + COLUMNS.len() - 1)?.parse().ok()?,
    })
}

fn known(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// What a source is called in a file.
pub(super) fn source(source: Source) -> &'static str {
    match source {
        Source::Sim => "sim",
        Source::Replay => "replay",
        Source::Polygon => "polygon",
    }
}

fn field(field: PriceField) -> &'static str {
    match field {
        PriceField::Trade => "trade",
        PriceField::Second => "second",
        PriceField::Minute => "minute",
        PriceField::Day => "day",
        PriceField::PrevDay => "prev_day",
    }
}

fn session(session: Session) -> &'static str {
    match session {
        Session::Pre => "pre",
        Session::Regular => "regular",
        Session::Post => "post",
        Session::Closed => "closed",
    }
}

fn suspect(suspect: Suspect) -> &'static str {
    match suspect {
        Suspect::Outlier => "outlier",
        Suspect::CorporateAction => "corporate_action",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::replay::{
        flatfile::{Layout, Row},
        recorded::More,
    };
    use proptest::prelude::*;
    use proto::Symbol;

    proptest! {
        #[test]
        fn a_tick_reads_back_as_it_was_to_the_last_bit(
            (price, size, bid, ask) in (1e-4_f64..1e6, 0.0_f64..1e9, prop::option::of(1e-4_f64..1e6),
                prop::option::of(1e-4_f64..1e6)),
            time_ns in 946_684_800_000_000_000_i64..4_102_444_800_000_000_000,
            (position, seq, delayed, gap) in (any::<u64>(), any::<u64>(), any::<bool>(), any::<bool>()),
            kind in 0_usize..5,
        ) {
            let field = [PriceField::Trade, PriceField::Second, PriceField::Minute, PriceField::Day,
                PriceField::PrevDay][kind];
            let tick = Tick {
                v: 1, symbol: Symbol::parse("BRK.B").unwrap(), seq, price, size, time_ns,
                received_ns: 7, source: Source::Polygon, field, session: Session::Post, delayed,
                bid, ask, prev_close: bid, gap, suspect: Some(Suspect::CorporateAction),
            };
            let mut line = String::new();
            write(&mut line, position, &tick);
            let line = line.strip_suffix('\n').unwrap();
            let layout = Layout::read(header().trim_end().as_bytes()).unwrap();
            prop_assert!(layout.is_recording());
            let more = More { field, delayed, bid, ask, prev_close: bid, gap };
            prop_assert_eq!(layout.row(line.as_bytes()), Ok(Row::Trade { time_ns, price, size, more }));
            prop_assert_eq!(layout.ticker(line.as_bytes()), Some(&b"BRK.B"[..]));
            let told = Told { time_ns, source: "polygon".to_owned(), position };
            prop_assert_eq!(read(line), Some(told));
        }
    }

    #[test]
    fn a_line_that_is_no_row_of_ours_tells_nothing() {
        assert_eq!(read(""), None);
        assert_eq!(read(header().trim_end()), None);
        assert_eq!(
            read("SPY,,0,0,2835,1381152600007000000,167.41,2835,1381152600007000000,500,0,0,0"),
            None
        );
    }
}
