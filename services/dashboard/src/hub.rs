//! The state of one dashboard and the frames that tell pages about it. Pure: no socket, no bus, no
//! clock.
//!
//! 1. Frames are numbered by the hub, not per socket. What changes between two frames is stamped with
//!    the number of the next one.
//! 2. A delta from any earlier frame holds the newest of everything stamped since: a page that missed
//!    a hundred frames gets one delta, with every closed bar and marker and no old price.
//! 3. Applying a frame twice changes nothing, so that a snapshot taken between two frames is sound.

mod loads;

pub use loads::Loads;

use crate::{
    pace::Haste,
    pane::{Arrival, Pane},
    sessions::{Sessions, SessionsView},
    stamp::Stamped,
    view::{self, DeskChange, DeskView, Frame, PaneView},
};
use market::Calendar;
use proto::{
    Account, Bar, ClockKind, Control, FeedStatus, Levels, OrderEvent, Position, Symbol, Tick,
};
use std::collections::BTreeMap;

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A live price.
    Tick(Tick),
    /// A minute closed.
    Bar(Bar),
    /// An order changed.
    Order(Box<OrderEvent>),
    /// A holding changed; `None` when its record was erased.
    Position(Symbol, Option<Position>),
    /// The strategy means to act at other prices.
    Levels(Levels),
    /// The account changed.
    Account(Box<Account>),
    /// Somebody said what the desk may do.
    Control(Control),
    /// The feed said something about itself.
    Feed(Box<FeedStatus>),
    /// What the streams keep of one symbol.
    History(Box<History>),
    /// The bus is there, for the first time or again: what was said meanwhile is missing.
    Joined,
}

impl Event {
    /// How soon pages should see it. The account follows every price of any symbol: by itself it is
    /// worth no frame.
    pub(crate) fn haste(&self) -> Haste {
        match self {
            Self::Account(_) => Haste::Idle,
            Self::Tick(_)
            | Self::Bar(_)
            | Self::Order(_)
            | Self::Position(..)
            | Self::Levels(_)
            | Self::Control(_)
            | Self::Feed(_)
            | Self::History(_)
            | Self::Joined => Haste::Prompt,
        }
    }
}

/// What the streams keep of one symbol, oldest first.
#[derive(Debug)]
pub struct History {
    /// The symbol.
    pub symbol: Symbol,
    /// Closed minutes.
    pub bars: Vec<Bar>,
    /// Ticks, at least those after the last bar.
    pub ticks: Vec<Tick>,
    /// Order events.
    pub orders: Vec<OrderEvent>,
    /// As in the [`Load`] that it answers.
    pub heard: u64,
}

/// A wish to load history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The symbol.
    pub symbol: Symbol,
    /// What came since this time is missing, milliseconds since 1970 UTC; `None` for everything.
    pub since_ms: Option<i64>,
    /// The newest tick heard live when it was wished for, 0 before the first: what is missing before
    /// that one and is not loaded either is in no stream.
    pub heard: u64,
}

/// One dashboard.
#[derive(Debug)]
pub struct Hub {
    session: String,
    seq: u64,
    changed: bool,
    repeated: u64,
    panes: BTreeMap<Symbol, Pane>,
    desk: Stamped<DeskView>,
    account: Stamped<Option<Account>>,
    control: Stamped<Option<Control>>,
    feed: Stamped<Option<FeedStatus>>,
    calendar: Sessions,
    sessions: Stamped<Option<SessionsView>>,
}

impl Hub {
    /// A dashboard that knows nothing yet. `session` tells its frames from those of another hub.
    pub fn new(session: String, symbols: &[Symbol], calendar: Calendar) -> Self {
        let panes = symbols.iter().map(|symbol| (symbol.clone(), Pane::new(symbol.clone())));
        Self {
            session,
            seq: 0,
            changed: false,
            repeated: 0,
            panes: panes.collect(),
            desk: Stamped::initial(DeskView { bus: true, history: false, mode: "unknown" }),
            account: Stamped::initial(None),
            control: Stamped::initial(None),
            feed: Stamped::initial(None),
            calendar: Sessions::new(calendar),
            sessions: Stamped::initial(None),
        }
    }

    /// Counts an event in; gives what must be loaded because of it.
    pub fn apply(&mut self, event: Event) -> Vec<Load> {
        let stamp = self.seq + 1;
        self.changed = true;
        let mut loads = Vec::new();
        match event {
            Event::Tick(tick) => loads.extend(self.tick(tick, stamp)),
            Event::Bar(bar) => self.with_pane(&bar.symbol.clone(), |pane| pane.bar(bar, stamp)),
            Event::Order(event) => {
                self.with_pane(&event.symbol, |pane| pane.journal.event(&event, stamp));
            }
            Event::Position(symbol, position) => {
                self.with_pane(&symbol, |pane| pane.position(position, stamp));
            }
            Event::Levels(levels) => {
                self.with_pane(&levels.symbol.clone(), |pane| pane.levels(levels, stamp));
            }
            Event::Account(account) => self.account.set(Some(*account), stamp),
            Event::Control(control) => self.control.set(Some(control), stamp),
            Event::Feed(feed) => self.feed_changed(*feed, stamp),
            Event::History(history) => loads.extend(self.history(*history, stamp)),
            Event::Joined => loads.extend(self.everything_since()),
        }
        self.describe(stamp);
        loads
    }

    /// Says whether the bus is there. `true` when that is news.
    pub fn bus(&mut self, connected: bool) -> bool {
        let news = self.desk.value.bus != connected;
        if news {
            let desk = DeskView { bus: connected, ..self.desk.value.clone() };
            self.desk.set(desk, self.seq + 1);
            self.changed = true;
        }
        news
    }

    /// Says what time it is, milliseconds since 1970 UTC: sessions begin and end. `true` when one did.
    pub fn clock(&mut self, now_ms: i64) -> bool {
        let feed = self.feed.value.as_ref();
        let tape = feed.is_some_and(|feed| feed.clock == ClockKind::Tape);
        let newest = self.panes.values().filter_map(Pane::time_ms).max();
        let to_ms = if tape { newest.unwrap_or(now_ms) } else { now_ms };
        let first = self.panes.values().filter_map(|pane| pane.chart.starts().next()).min();
        if let Some(view) = self.calendar.around(feed, first.unwrap_or(to_ms), to_ms)
            && self.sessions.value.as_ref() != Some(&view)
        {
            self.sessions.set(Some(view), self.seq + 1);
            self.changed = true;
            return true;
        }
        false
    }

    /// Ends the present frame. `true` when it holds anything.
    pub fn advance(&mut self) -> bool {
        let changed = std::mem::take(&mut self.changed);
        self.seq += u64::from(changed);
        changed
    }

    /// The number of the newest frame.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether a page that has frame `since` of `session` can go on with a delta.
    pub fn can_resume(&self, session: &str, since: u64) -> bool {
        session == self.session && since <= self.seq
    }

    /// Everything.
    pub fn snapshot(&self, now_ms: i64) -> Frame<'_> {
        Frame::Snapshot {
            session: &self.session,
            seq: self.seq,
            now_ms,
            symbols: self.whole_panes(),
            desk: DeskChange { desk: Some(self.desk.value.clone()), ..self.desk_since(0) },
        }
    }

    /// What changed after frame `from`.
    pub fn delta(&self, from: u64, now_ms: i64) -> Frame<'_> {
        let changed = self
            .panes
            .iter()
            .filter_map(|(symbol, pane)| pane.since(from).map(|change| (symbol.as_str(), change)));
        Frame::Delta {
            session: &self.session,
            from_seq: from,
            to_seq: self.seq,
            now_ms,
            symbols: changed.collect(),
            desk: self.desk_since(from),
        }
    }

    /// A sign of life.
    pub fn heartbeat(&self, now_ms: i64) -> Frame<'_> {
        Frame::Heartbeat { session: &self.session, seq: self.seq, now_ms }
    }

    /// The identity of this hub.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// Live ticks that were passed over because they, or later ones, were there already.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// When each symbol's last tick came, milliseconds since 1970 UTC.
    pub fn received(&self) -> impl Iterator<Item = (&Symbol, Option<i64>)> {
        self.panes.iter().map(|(symbol, pane)| (symbol, pane.received_ms()))
    }

    fn tick(&mut self, tick: Tick, stamp: u64) -> Option<Load> {
        let symbol = tick.symbol.clone();
        let arrival = self.panes.get_mut(&symbol)?.tick(tick, stamp);
        match arrival {
            Arrival::InOrder => None,
            Arrival::Repeated => {
                self.repeated += 1;
                None
            }
            Arrival::AfterHole { since_ms } => self.load(symbol, Some(since_ms)),
        }
    }

    fn feed_changed(&mut self, feed: FeedStatus, stamp: u64) {
        let same_run = self.feed.value.as_ref().is_some_and(|before| before.run == feed.run);
        if !same_run && feed.clock == ClockKind::Tape && feed.source == proto::Source::Replay {
            for pane in self.panes.values_mut() {
                pane.journal.begin_run(feed.start_position, stamp);
            }
        }
        self.feed.set(Some(feed), stamp);
    }

    fn history(&mut self, history: History, stamp: u64) -> Option<Load> {
        let History { symbol, bars, ticks, orders, heard } = history;
        let pane = self.panes.get_mut(&symbol)?;
        let since_ms = pane.history(bars, ticks, &orders, heard, stamp)?;
        self.load(symbol, since_ms)
    }

    fn load(&self, symbol: Symbol, since_ms: Option<i64>) -> Option<Load> {
        let heard = self.panes.get(&symbol)?.chart.last_seq();
        Some(Load { symbol, since_ms, heard })
    }

    /// What may have been missed while the bus was away.
    fn everything_since(&mut self) -> Vec<Load> {
        let panes = self.panes.iter_mut();
        panes
            .map(|(symbol, pane)| {
                let (since_ms, heard) = (pane.chart.doubt(), pane.chart.last_seq());
                Load { symbol: symbol.clone(), since_ms, heard }
            })
            .collect()
    }

    /// Keeps what the dashboard says about itself in step with the rest.
    fn describe(&mut self, stamp: u64) {
        let history = self.panes.values().all(|pane| !pane.chart.is_joining());
        let mode = view::mode(self.feed.value.as_ref(), self.account.value.as_ref());
        let desk = DeskView { bus: self.desk.value.bus, history, mode };
        if desk != self.desk.value {
            self.desk.set(desk, stamp);
        }
    }

    fn with_pane(&mut self, symbol: &Symbol, act: impl FnOnce(&mut Pane)) {
        if let Some(pane) = self.panes.get_mut(symbol) {
            act(pane);
        }
    }

    fn whole_panes(&self) -> BTreeMap<&str, PaneView> {
        let whole = |pane: &Pane| PaneView {
            reset: true,
            gaps: Some(pane.chart.gaps()),
            ..pane.since(0).unwrap_or_default()
        };
        self.panes.iter().map(|(symbol, pane)| (symbol.as_str(), whole(pane))).collect()
    }

    fn desk_since(&self, from: u64) -> DeskChange {
        DeskChange {
            desk: self.desk.since(from).cloned(),
            account: self.account.since(from).and_then(Option::as_ref).map(view::account),
            control: self.control.since(from).and_then(Option::as_ref).map(view::control),
            feed: self.feed.since(from).and_then(Option::as_ref).map(view::feed),
            sessions: self.sessions.since(from).and_then(Option::clone),
        }
    }
}

#[cfg(test)]
mod tests;
