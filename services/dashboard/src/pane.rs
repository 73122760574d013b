//! One symbol as a page shows it: last price, chart, position, orders. Pure.

use crate::{
    chart::Chart,
    journal::{Journal, number},
    stamp::Stamped,
    view::{self, LevelsView, PaneView, PositionView},
};
use proto::{Bar, Levels, OrderEvent, Position, Symbol, Tick};

/// What a live tick means for the symbol's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It follows the one before.
    InOrder,
    /// It was there already.
    Repeated,
    /// Ticks are missing before it; they came since this time, milliseconds since 1970 UTC.
    AfterHole {
        /// When the last tick before the hole came.
        since_ms: i64,
    },
}

/// One symbol.
#[derive(Debug)]
pub struct Pane {
    /// The last price that is believed.
    last: Option<Stamped<Tick>>,
    /// The newest tick, when it is not to be believed yet.
    held: Stamped<Option<Tick>>,
    /// `seq` and receipt of the newest tick of either kind.
    newest: Option<(u64, i64)>,
    prev_close: Option<f64>,
    gap_ms: Option<i64>,
    levels: Stamped<Option<Levels>>,
    position: Stamped<Option<Position>>,
    /// Line of closed minutes and the forming one.
    pub chart: Chart,
    /// Orders and markers.
    pub journal: Journal,
}

impl Pane {
    /// A symbol of which nothing is known yet.
    pub fn new(symbol: Symbol) -> Self {
        Self {
            last: None,
            held: Stamped::initial(None),
            newest: None,
            prev_close: None,
            gap_ms: None,
            levels: Stamped::initial(None),
            position: Stamped::initial(None),
            chart: Chart::new(symbol),
            journal: Journal::default(),
        }
    }

    /// Counts a live tick in.
    pub fn tick(&mut self, tick: Tick, stamp: u64) -> Arrival {
        let before = self.newest;
        if let Some((seq, received_ns)) = before
            && tick.seq <= seq
        {
            if tick.received_ns <= received_ns {
                return Arrival::Repeated;
            }
            // Newer, yet numbered lower: the desk's store is a fresh one.
            self.chart.renumber();
        }
        let hole = self.chart.tick(&tick, stamp);
        self.show(tick, stamp);
        match before {
            Some((_, received_ns)) if hole => {
                Arrival::AfterHole { since_ms: received_ns.div_euclid(1_000_000) }
            }
            _ => Arrival::InOrder,
        }
    }

    /// Takes a closed minute from the bus.
    pub fn bar(&mut self, bar: Bar, stamp: u64) {
        self.chart.bar(bar, stamp);
    }

    /// Takes what the streams kept after the tick `heard` was heard live. Where ticks went missing
    /// after that one, gives since when they must be read once more, as [`Chart::join`] does.
    pub fn history(
        &mut self,
        bars: Vec<Bar>,
        ticks: Vec<Tick>,
        orders: &[OrderEvent],
        heard: u64,
        stamp: u64,
    ) -> Option<Option<i64>> {
        let since_ms = self.chart.join(bars, &ticks, heard, stamp);
        for event in orders {
            self.journal.event(event, stamp);
        }
        // The last believed one and what came after it are all that is shown of these.
        let believed = ticks.iter().rposition(|tick| tick.suspect.is_none()).unwrap_or(0);
        for tick in ticks.into_iter().skip(believed) {
            if self.newest.is_none_or(|(seq, _)| tick.seq > seq) {
                self.show(tick, stamp);
            }
        }
        since_ms
    }

    /// Takes the strategy's levels.
    pub fn levels(&mut self, levels: Levels, stamp: u64) {
        self.levels.set(Some(levels), stamp);
    }

    /// Takes the symbol's holding.
    pub fn position(&mut self, position: Option<Position>, stamp: u64) {
        self.position.set(position, stamp);
    }

    /// When the last tick came, milliseconds since 1970 UTC, wall clock.
    pub fn received_ms(&self) -> Option<i64> {
        self.newest.map(|(_, received_ns)| received_ns.div_euclid(1_000_000))
    }

    /// When the last believed tick happened, milliseconds since 1970 UTC by its source.
    pub fn time_ms(&self) -> Option<i64> {
        self.last.as_ref().map(|last| last.value.time_ms())
    }

    /// What changed after frame `from`; `None` when nothing did.
    pub fn since(&self, from: u64) -> Option<PaneView> {
        let digits = self.last.as_ref().map_or(2, |last| view::digits(last.value.price));
        let reset = self.chart.reset_at().max(self.journal.reset_at()) > from;
        // What a page must forget it is told again, whenever it changed.
        let of_line = if reset { 0 } else { from };
        let rows = self.chart.closed_since(of_line).into_iter().map(|bar| view::row(bar, digits));
        let markers = self.journal.markers_since(of_line);
        let changed = PaneView {
            quote: self
                .last
                .as_ref()
                .and_then(|last| last.since(from))
                .map(|last| view::quote(last, self.prev_close, self.gap_ms, digits)),
            // Outer: changed; inner: there is one.
            forming: (self.chart.forming_at() > from)
                .then(|| self.chart.forming().map(|bar| view::row(&bar, digits))),
            reset,
            bars: rows.collect(),
            gaps: (self.chart.gaps_at() > from).then(|| self.chart.gaps()),
            markers: markers.into_iter().cloned().collect(),
            position: self.position_since(from),
            // Outer: changed; inner: there is one.
            held: self.held.since(from).map(|held| view::held(held.as_ref()?, digits)),
            levels: self.levels_since(from, digits),
            orders: self.journal.orders_since(from),
            refusals: (self.journal.orders_at() > from).then(|| self.journal.refusals()),
        };
        (!changed.is_empty()).then_some(changed)
    }

    /// The position changes with the price as long as shares are held.
    fn position_since(&self, from: u64) -> Option<PositionView> {
        let position = self.position.value.as_ref()?;
        let priced_at = self.last.as_ref().map_or(0, |last| last.at);
        let held = !position.quantity.is_zero();
        if self.position.at <= from && !(held && priced_at > from) {
            return None;
        }
        let price = self.last.as_ref().map(|last| last.value.price);
        let price = price.unwrap_or_else(|| number(position.average_price));
        Some(view::position(position, price))
    }

    fn levels_since(&self, from: u64, digits: u8) -> Option<LevelsView> {
        self.levels.since(from)?.as_ref().map(|levels| view::levels(levels, digits))
    }

    fn show(&mut self, tick: Tick, stamp: u64) {
        self.newest = Some((tick.seq, tick.received_ns));
        if tick.gap {
            self.gap_ms = Some(tick.time_ms());
        }
        if tick.suspect.is_some() {
            self.held.set(Some(tick), stamp);
            return;
        }
        if self.held.value.is_some() {
            self.held.set(None, stamp);
        }
        self.prev_close = tick.prev_close.or(self.prev_close);
        self.last = Some(Stamped { value: tick, at: stamp });
    }
}
