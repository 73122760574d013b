//! Which minutes are stored already, and with which numbers: read back once, newest first, and
//! remembered from then on, so that a minute told by the stream and then by history is stored once.
//!
//! Ingest may read single messages of the stream it writes and no more, so many are asked for at a
//! time, and only as many as there is time for. What is not known is stored again, which is harmless.

use futures_util::{StreamExt as _, stream};
use proto::{Bar, Source as Origin, Symbol, decode, stream::BARS};
use runtime::bus::Bus;
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// Messages looked back at most: three sessions of twenty symbols.
const REACH: u64 = 65_536;
/// Messages asked for at the same time.
const AT_ONCE: usize = 128;
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Minutes of a symbol remembered besides those read back: a source tells them again for a quarter
/// of an hour.
const REMEMBERED: usize = 32;
/// Messages in a row that cannot be had: the bus is away.
const GIVE_UP: usize = 256;

/// Stored minutes of one source.
#[derive(Debug, Default)]
pub struct StoredBars(BTreeMap<Symbol, BTreeMap<i64, Kept>>);

/// What is remembered of a minute.
#[derive(Debug, Clone, Copy)]
struct Kept {
    seq: u64,
    content: u64,
}

impl StoredBars {
    /// Reads back what is stored of `origin`, as far as there is time.
    pub async fn read(bus: &Bus, origin: Origin) -> Self {
        let mut stored = Self::default();
        let until = Instant::now() + PATIENCE;
        if timeout_at(until, stored.sweep(bus, origin)).await.is_err() {
            tracing::debug!("stored minutes are read back in part only");
        }
        stored
    }

    async fn sweep(&mut self, bus: &Bus, origin: Origin) {
        let Ok(mut bars) = bus.jetstream().get_stream(BARS.name).await else { return };
        let Ok(info) = bars.info().await else { return };
        let (first, last) = (info.state.first_sequence.max(1), info.state.last_sequence);
        let first = first.max(last.saturating_sub(REACH));
        let newest_first = stream::iter((first..=last).rev());
        let mut read =
            newest_first.map(|sequence| bars.get_raw_message(sequence)).buffered(AT_ONCE);
        let mut missed = 0;
        while let Some(message) = read.next().await {
            let Ok(message) = message else {
                missed += 1;
                if missed == GIVE_UP {
                    return;
                }
                continue;
            };
            missed = 0;
            if let Ok(bar) = decode::<Bar>(&message.payload)
                && bar.source == origin
            {
                let minutes = self.0.entry(bar.symbol.clone()).or_default();
                minutes.entry(bar.start_ms).or_insert_with(|| Kept::of(&bar));
            }
        }
    }

    /// `bar` with the number of the one it replaces; `None` when that is the very same.
    pub fn news(&self, bar: Bar) -> Option<Bar> {
        let kept = self.0.get(&bar.symbol).and_then(|minutes| minutes.get(&bar.start_ms));
        let Some(kept) = kept else { return Some(bar) };
        let bar = Bar { seq: bar.seq.max(kept.seq), ..bar };
        (kept.content != Kept::of(&bar).content || kept.seq != bar.seq).then_some(bar)
    }

    /// Remembers that `bar` is stored, in place of whatever was.
    pub fn note(&mut self, bar: &Bar) {
        let minutes = self.0.entry(bar.symbol.clone()).or_default();
        if minutes.insert(bar.start_ms, Kept::of(bar)).is_none() && minutes.len() > REMEMBERED {
            minutes.pop_first();
        }
    }
}

impl Kept {
    fn of(bar: &Bar) -> Self {
        let mut content = DefaultHasher::new();
        for value in [bar.open, bar.high, bar.low, bar.close, bar.volume, bar.vwap] {
            value.to_bits().hash(&mut content);
        }
        bar.count.hash(&mut content);
        Self { seq: bar.seq, content: content.finish() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_news_and_it_keeps_its_number() {
        let bar = Bar {
            v: proto::VERSION,
            symbol: Symbol::parse("A").unwrap(),
            start_ms: 60_000,
            open: 1.0,
            high: 1.0,
            low: 1.0,
            close: 1.0,
            volume: 0.0,
            vwap: 1.0,
            count: 1,
            seq: 7,
            source: Origin::Polygon,
        };
        let theirs = Bar { seq: 0, ..bar.clone() };
        let mut stored = StoredBars::default();
        assert_eq!(stored.news(theirs.clone()), Some(theirs.clone()));
        let minutes = BTreeMap::from([(60_000, Kept::of(&bar))]);
        stored.0.insert(bar.symbol.clone(), minutes);
        assert_eq!(stored.news(theirs.clone()), None);
        let corrected = Bar { volume: 5.0, ..theirs };
        assert_eq!(stored.news(corrected.clone()), Some(Bar { seq: 7, ..corrected.clone() }));
        stored.note(&Bar { seq: 7, ..corrected.clone() });
        assert_eq!(stored.news(corrected), None);
    }

    #[test]
    fn what_this_process_has_stored_is_no_news_and_only_the_last_minutes_are_remembered() {
        let minute = |n: i64, close: f64| Bar {
            v: proto::VERSION,
            symbol: Symbol::parse("A").unwrap(),
            start_ms: n * 60_000,
            open: 1.0,
            high: 2.0,
            low: 1.0,
            close,
            volume: 0.0,
            vwap: 1.0,
            count: 1,
            seq: 7,
            source: Origin::Polygon,
        };
        let mut stored = StoredBars::default();
        stored.note(&minute(1, 1.5));
        assert_eq!(stored.news(minute(1, 1.5)), None);
        stored.note(&minute(1, 1.2));
        assert_eq!(stored.news(minute(1, 1.5)), Some(minute(1, 1.5)), "ours lies over it");
        for n in 2..100 {
            stored.note(&minute(n, 1.5));
        }
        assert_eq!(stored.0.values().map(BTreeMap::len).sum::<usize>(), REMEMBERED);
        assert_eq!(stored.news(minute(99, 1.5)), None);
        assert!(stored.news(minute(1, 1.2)).is_some(), "forgotten");
    }
}
