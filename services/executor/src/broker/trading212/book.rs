//! What is followed, what is looked for, and what to ask next. Pure.
//!
//! 1. Asking is driven by need: nothing is asked while nothing is open.
//! 2. One read serves all orders: the pending list and history are of the whole account.
//! 3. A read that fails is asked again later, and proves nothing.

use super::{
    life::{Life, News, Standing},
    matching::{Foreign, Patience, Search, Sent, Verdict, foreign},
    models::{HistoricalOrder, Order, Position, Rows},
};
use proto::OrderId;
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// Between two looks at the pending list, milliseconds: a little above its limit.
const PENDING_EVERY_MS: i64 = 6_000;
/// Between two looks at positions.
const POSITIONS_EVERY_MS: i64 = 15_000;
/// Between two looks at an order's own page, of any orders and of one.
const BY_ID_EVERY_MS: i64 = 3_000;
const SAME_ID_EVERY_MS: i64 = 20_000;
/// History is looked at soon after something happened, and ever more rarely while nothing is new.
const HISTORY_FIRST_MS: i64 = 2_000;
const HISTORY_SLOWEST_MS: i64 = 30_000;
/// After a failure, doubling.
const FAILED_FIRST_MS: i64 = 3_000;
const FAILED_SLOWEST_MS: i64 = 60_000;
/// How much further back than an order history is read, for clocks that differ, milliseconds.
const FURTHER_BACK_MS: i64 = 900_000;

/// Something to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// The pending list.
    Pending,
    /// History, newest first, back to this time, milliseconds since 1970 UTC.
    History {
        /// The time.
        back_to_ms: i64,
    },
    /// All positions.
    Positions,
    /// An order's own page.
    ById(i64),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask this; it is under way until its answer or its failure is taken in.
    Ask(Read),
    /// Nothing before this time, milliseconds since 1970 UTC.
    Wait(i64),
    /// Nothing until something is followed, looked for or answered.
    Nothing,
}

/// When a kind of read may be made again.
#[derive(Debug, Clone, Copy, Default)]
struct Due {
    at_ms: i64,
    under_way: bool,
    failures: u32,
}

impl Due {
    fn answered(&mut self, next_ms: i64) {
        *self = Self { at_ms: next_ms, under_way: false, failures: 0 };
    }

    fn failed(&mut self, after: Option<Duration>, haste: i64, now_ms: i64) {
        let doubled = FAILED_FIRST_MS.saturating_mul(1 << self.failures.min(10));
        let doubled = doubled.min(FAILED_SLOWEST_MS) / haste;
        let asked = after.map_or(0, |after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
        self.failures += 1;
        self.under_way = false;
        self.at_ms = now_ms.saturating_add(doubled.max(asked));
    }
}

/// Everything that is open at the broker.
#[derive(Debug, Default)]
pub struct Book {
    patience: Patience,
    lives: BTreeMap<OrderId, Life>,
    searches: BTreeMap<OrderId, Search>,
    /// Ids that are accounted for: in the journal, or just accepted.
    known: BTreeSet<i64>,
    foreign: Vec<Foreign>,
    news: VecDeque<(OrderId, News)>,
    pending: Due,
    history: Due,
    positions: Due,
    by_id: Due,
    asked_by_id: BTreeMap<i64, i64>,
    quiet_rounds: u32,
}

impl Book {
    /// An empty book that asks and waits with `patience`.
    pub fn new(patience: Patience) -> Self {
        Self { patience, ..Self::default() }
    }

    /// An interval, shortened by haste.
    fn paced(&self, interval_ms: i64) -> i64 {
        (interval_ms / i64::from(self.patience.haste.max(1))).max(1)
    }

    /// Notes ids that are accounted for.
    pub fn know(&mut self, ids: impl IntoIterator<Item = i64>) {
        self.known.extend(ids);
        self.foreign.retain(|order| !self.known.contains(&order.id));
    }

    /// Follows an order from `now_ms` on.
    pub fn follow(&mut self, order_id: OrderId, life: Life, now_ms: i64) {
        self.know([life.id()]);
        self.searches.remove(&order_id);
        self.lives.insert(order_id, life);
        self.hurry(now_ms);
    }

    /// Looks for an order that may or may not have arrived, and says what is known of it.
    pub fn find(
        &mut self,
        order_id: &OrderId,
        sent: impl FnOnce() -> Sent,
        now_ms: i64,
    ) -> Verdict {
        let Some(search) = self.searches.get(order_id) else {
            self.searches.insert(order_id.clone(), Search::new(sent(), self.patience));
            self.hurry(now_ms);
            return Verdict::NotYet;
        };
        let verdict = search.verdict(&self.known, now_ms);
        match &verdict {
            Verdict::Present(id, _) => {
                self.known.insert(*id);
                self.searches.remove(order_id);
            }
            Verdict::Absent(_) => {
                self.searches.remove(order_id);
            }
            Verdict::Ambiguous(_) | Verdict::NotYet => {}
        }
        verdict
    }

    /// A person has settled it: it is looked for and followed no more.
    pub fn forget(&mut self, order_id: &OrderId) {
        self.searches.remove(order_id);
        self.lives.remove(order_id);
    }

    /// Whether the order is followed still.
    pub fn follows(&self, order_id: &OrderId) -> bool {
        self.lives.contains_key(order_id)
    }

    /// The followed order of this id.
    pub fn life_mut(&mut self, order_id: &OrderId) -> Option<&mut Life> {
        self.lives.get_mut(order_id)
    }

    /// The next thing that happened.
    pub fn next_news(&mut self) -> Option<(OrderId, News)> {
        self.news.pop_front()
    }

    /// Pending orders of the account that are none of ours, as last seen.
    pub fn foreign(&self) -> &[Foreign] {
        &self.foreign
    }

    /// Quantities that open orders of `ticker` were sent with, without a sign.
    pub fn looked_for(&self, ticker: &str) -> impl Iterator<Item = Decimal> {
        let of_ticker = self.searches.values().filter(move |search| search.sent().ticker == ticker);
        of_ticker.flat_map(|search| search.sent().quantities.iter().map(Decimal::abs))
    }

    /// Where followed orders stand, by id.
    pub fn standings(&self) -> impl Iterator<Item = (&OrderId, Standing)> {
        self.lives.iter().map(|(id, life)| (id, life.standing()))
    }

    /// Orders that are looked for, with what is known.
    pub fn looking(&self, now_ms: i64) -> impl Iterator<Item = (&OrderId, Verdict)> {
        self.searches.iter().map(move |(id, search)| (id, search.verdict(&self.known, now_ms)))
    }

    /// What to do next.
    pub fn next(&mut self, now_ms: i64) -> Next {
        let searching = !self.searches.is_empty();
        let open = searching || !self.lives.is_empty();
        let curious = searching || self.lives.values().any(Life::wants_history);
        let back_to_ms = self.back_to_ms();
        let missing = self.most_missing(now_ms);
        let wishes = [
            (open, &mut self.pending, Some(Read::Pending)),
            (curious, &mut self.history, Some(Read::History { back_to_ms })),
            (searching, &mut self.positions, Some(Read::Positions)),
            (missing.is_some(), &mut self.by_id, missing.map(Read::ById)),
        ];
        let mut earliest: Option<i64> = None;
        for (wanted, due, read) in wishes {
            let Some(read) = read.filter(|_| wanted && !due.under_way) else {
                continue;
            };
            if due.at_ms <= now_ms {
                due.under_way = true;
                if let Read::ById(id) = read {
                    self.asked_by_id.insert(id, now_ms);
                }
                return Next::Ask(read);
            }
            earliest = Some(earliest.map_or(due.at_ms, |at| at.min(due.at_ms)));
        }
        earliest.map_or(Next::Nothing, Next::Wait)
    }

    /// Takes the pending list in.
    pub fn on_pending(&mut self, rows: &Rows<Order>, skew_ms: i64, now_ms: i64) {
        self.pending.answered(now_ms + self.paced(PENDING_EVERY_MS));
        self.on_strangers(rows);
        for search in self.searches.values_mut() {
            search.on_pending(rows, skew_ms, now_ms);
        }
        let mut gone = false;
        for life in self.lives.values_mut() {
            let order = rows.items.iter().find(|order| order.id == life.id());
            let before = life.wants_history();
            life.on_pending(order, now_ms);
            gone |= !before && life.wants_history();
        }
        if gone {
            self.quiet_rounds = 0;
            self.history.at_ms = self.history.at_ms.min(now_ms);
        }
    }

    /// Takes only strangers' orders from a pending list.
    pub fn on_strangers(&mut self, rows: &Rows<Order>) {
        self.foreign = foreign(rows, &self.known);
    }

    /// Takes history in; `complete` when it was read back as far as asked.
    pub fn on_history(
        &mut self,
        rows: &[HistoricalOrder],
        complete: bool,
        skew_ms: i64,
        now_ms: i64,
    ) {
        for search in self.searches.values_mut() {
            search.on_history(rows, complete, skew_ms, now_ms);
        }
        let before = self.news.len();
        for (order_id, life) in &mut self.lives {
            let news = life.on_history(rows, complete, now_ms);
            self.news.extend(news.into_iter().map(|news| (order_id.clone(), news)));
        }
        self.lives.retain(|_, life| !life.is_over());
        let quiet = self.news.len() == before;
        self.quiet_rounds = if quiet { self.quiet_rounds.saturating_add(1) } else { 0 };
        let wait = HISTORY_FIRST_MS.saturating_mul(1 << self.quiet_rounds.min(8));
        self.history.answered(now_ms + self.paced(wait.min(HISTORY_SLOWEST_MS)));
    }

    /// Takes all positions in.
    pub fn on_positions(&mut self, rows: &Rows<Position>, now_ms: i64) {
        self.positions.answered(now_ms + self.paced(POSITIONS_EVERY_MS));
        for search in self.searches.values_mut() {
            search.on_positions(rows, now_ms);
        }
    }

    /// Takes in what an order's own page shows.
    pub fn on_by_id(&mut self, id: i64, order: Option<&Order>, now_ms: i64) {
        self.by_id.answered(now_ms + self.paced(BY_ID_EVERY_MS));
        let life = self.lives.values_mut().find(|life| life.id() == id);
        if let Some(life) = life {
            life.on_by_id(order, now_ms);
        }
    }

    /// A read failed; `after` is how long the broker wants to be left alone.
    pub fn on_failed(&mut self, read: Read, after: Option<Duration>, now_ms: i64) {
        let haste = i64::from(self.patience.haste.max(1));
        let due = match read {
            Read::Pending => &mut self.pending,
            Read::History { .. } => &mut self.history,
            Read::Positions => &mut self.positions,
            Read::ById(_) => &mut self.by_id,
        };
        due.failed(after, haste, now_ms);
    }

    /// Something new is open: look soon.
    fn hurry(&mut self, now_ms: i64) {
        self.quiet_rounds = 0;
        let soon = now_ms + self.paced(HISTORY_FIRST_MS);
        for due in [&mut self.pending, &mut self.history, &mut self.positions, &mut self.by_id] {
            if due.failures == 0 {
                due.at_ms = due.at_ms.min(soon).max(now_ms);
            }
        }
        // What was never asked is due from 1970 on; the broker shows nothing at once.
        self.pending.at_ms = self.pending.at_ms.max(now_ms + self.paced(1_000));
        self.history.at_ms = self.history.at_ms.max(soon);
    }

    /// How far back history matters.
    fn back_to_ms(&self) -> i64 {
        let lives = self.lives.values().map(Life::created_ms);
        let searches = self.searches.values().map(|search| search.sent().sent_ms);
        lives.chain(searches).min().unwrap_or_default().saturating_sub(FURTHER_BACK_MS)
    }

    /// The order out of sight whose own page was looked at the longest ago, when it may be again.
    fn most_missing(&self, now_ms: i64) -> Option<i64> {
        let hidden = self.lives.values().filter(|life| life.standing() == Standing::OutOfSight);
        let asked = |id: &i64| self.asked_by_id.get(id).copied().unwrap_or(i64::MIN);
        let id = hidden.map(Life::id).min_by_key(asked)?;
        (asked(&id).saturating_add(self.paced(SAME_ID_EVERY_MS)) <= now_ms).then_some(id)
    }
}

#[cfg(test)]
mod tests;
