//! The whole market, as it is and as it was 15 minutes ago. Pure.

use super::{
    book::{Book, Reading, Told},
    cycle::Cycle,
    event::{Bar, Cluster, Event, MS},
};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

pub(super) use super::book::Rules;

/// The whole market.
#[derive(Debug)]
pub(super) struct Market {
    pub cycle: Cycle,
    /// Tickers that exist.
    pub listed: BTreeSet<String>,
    views: [View; 2],
    /// The latest sequence number of a ticker, and its day.
    numbers: BTreeMap<String, (Date, u64)>,
    ids: u64,
    derive: bool,
    lag_ms: i64,
}

/// The market so many nanoseconds behind.
#[derive(Debug, Default)]
struct View {
    delay_ns: i64,
    books: BTreeMap<String, Book>,
    /// What the view has not come to, by time and order of arrival.
    waiting: BTreeMap<(i64, u64), Event>,
    /// Symbols with bars to be sent, by the end of the first of them, milliseconds.
    open: BTreeSet<(i64, String)>,
    count: u64,
}

impl Market {
    pub(super) fn new(cycle: Cycle, delay_ns: i64, derive: bool, lag_ms: i64) -> Self {
        Self {
            cycle,
            listed: BTreeSet::new(),
            views: [View::default(), View { delay_ns, ..View::default() }],
            numbers: BTreeMap::new(),
            ids: 52_983_525_028_914,
            derive,
            lag_ms,
        }
    }

    /// Something happened, or will. An unknown ticker is listed by it.
    pub(super) fn push(&mut self, mut event: Event) {
        if !self.listed.contains(event.symbol()) {
            self.listed.insert(event.symbol().to_owned());
        }
        if let Event::Trade(trade) = &mut event {
            let number = self.number(&trade.symbol, trade.time_ns);
            trade.sequence.get_or_insert(number);
            self.ids += 1;
            let id = self.ids;
            trade.id.get_or_insert_with(|| id.to_string());
        }
        let [now, later] = &mut self.views;
        now.push(event.clone());
        later.push(event);
    }

    /// The next sequence number of a ticker; they begin again every day.
    pub(super) fn number(&mut self, symbol: &str, time_ns: i64) -> u64 {
        let day = self.cycle.day_of(time_ns);
        if !self.numbers.contains_key(symbol) {
            self.numbers.insert(symbol.to_owned(), (day, 0));
        }
        let Some((last, number)) = self.numbers.get_mut(symbol) else { return 1 };
        if *last < day {
            (*last, *number) = (day, 0);
        }
        *number += 1;
        *number
    }

    /// What a cluster sees for the first time at `now_ns`.
    pub(super) fn advance(&mut self, cluster: Cluster, now_ns: i64) -> Vec<Told> {
        let rules = Rules { cycle: &self.cycle, derive: self.derive, lag_ms: self.lag_ms };
        let [now, later] = &mut self.views;
        match cluster {
            Cluster::RealTime => now.advance(rules, now_ns),
            Cluster::Delayed => later.advance(rules, now_ns),
        }
    }

    /// A ticker as a cluster shows it; none where it is not listed.
    pub(super) fn read(&self, symbol: &str, cluster: Cluster, now_ns: i64) -> Option<Reading> {
        let symbol = self.listed.get(symbol)?;
        let view = self.view(cluster);
        let book = view.books.get(symbol);
        let view_ns = now_ns - view.delay_ns;
        Some(book.map(|book| book.read(&self.cycle, view_ns)).unwrap_or_default())
    }

    /// What a cluster knows of a ticker, if anything.
    pub(super) fn book(&self, symbol: &str, cluster: Cluster) -> Option<&Book> {
        self.listed.get(symbol).and_then(|symbol| self.view(cluster).books.get(symbol))
    }

    /// The moment a cluster sees, nanoseconds.
    pub(super) fn view_ns(&self, cluster: Cluster, now_ns: i64) -> i64 {
        now_ns - self.view(cluster).delay_ns
    }

    /// Puts something of the past into both views.
    pub(super) fn remember(&mut self, symbol: &str, put: impl Fn(&mut Book)) {
        self.listed.insert(symbol.to_owned());
        for view in &mut self.views {
            put(view.books.entry(symbol.to_owned()).or_default());
        }
    }

    /// The past: a day.
    pub(super) fn remember_day(&mut self, symbol: &str, date: Date, bar: Bar) {
        self.remember(symbol, |book| book.put_day(date, bar));
    }

    /// Events the clock has not come to.
    pub(super) fn waiting(&self) -> usize {
        self.view(Cluster::RealTime).waiting.len()
    }

    fn view(&self, cluster: Cluster) -> &View {
        let [now, later] = &self.views;
        match cluster {
            Cluster::RealTime => now,
            Cluster::Delayed => later,
        }
    }
}

impl View {
    fn push(&mut self, event: Event) {
        self.count += 1;
        self.waiting.insert((event.time_ns(), self.count), event);
    }

    fn advance(&mut self, rules: Rules<'_>, now_ns: i64) -> Vec<Told> {
        let view_ns = now_ns - self.delay_ns;
        let mut told = Vec::new();
        while let Some(entry) = self.waiting.first_entry() {
            let time_ns = entry.key().0;
            if time_ns > view_ns {
                break;
            }
            let event = entry.remove();
            let symbol = event.symbol().to_owned();
            let book = self.books.entry(symbol.clone()).or_default();
            if book.is_open() {
                // Bars that ended before it, where the clock has jumped.
                told.extend(bars(&symbol, book, rules, time_ns));
            }
            told.push(book.apply(event, rules, view_ns));
            if let Some(end_ms) = book.next_end_ms() {
                self.open.insert((end_ms, symbol));
            }
        }
        for symbol in self.due(rules, view_ns) {
            let Some(book) = self.books.get_mut(&symbol) else { continue };
            told.extend(bars(&symbol, book, rules, view_ns));
            if let Some(end_ms) = book.next_end_ms() {
                self.open.insert((end_ms, symbol));
            }
        }
        told
    }

    /// Takes out the symbols with bars that are to be sent by now: only they are looked at.
    fn due(&mut self, rules: Rules<'_>, view_ns: i64) -> BTreeSet<String> {
        let mut due = BTreeSet::new();
        while let Some((end_ms, _)) = self.open.first()
            && end_ms + rules.lag_ms <= view_ns.div_euclid(MS)
        {
            due.extend(self.open.pop_first().map(|(_, symbol)| symbol));
        }
        due
    }
}

fn bars(symbol: &str, book: &mut Book, rules: Rules<'_>, time_ns: i64) -> Vec<Told> {
    let closed = book.close(rules, time_ns.div_euclid(MS));
    closed.into_iter().map(|bar| Told::Bar(symbol.to_owned(), bar)).collect()
}
