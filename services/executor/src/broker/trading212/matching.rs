//! Finding an order whose fate is not known among what the broker shows. Pure.
//!
//! 1. An order is recognised by everything that was sent: instrument, exact quantity, kind, prices,
//!    time, and by not being one of those that are accounted for.
//! 2. Exactly one is adopted. More than one, or one that is only almost it, is for a person.
//! 3. What is not shown is no proof. Absent is an order that neither the pending list nor history
//!    nor the position shows, each looked at twice and apart, after the time history may lag.

use super::{
    models::{HistoricalOrder, Order, Position, Rows},
    request::OrderKind,
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How much earlier than our own clock's time of sending an order may seem made, milliseconds.
const EARLIER_MS: i64 = 5_000;
/// An order made earlier than that but within this time stands in the way of calling ours absent.
const DOUBT_MS: i64 = 600_000;

/// How long it takes to be sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// An order that is shown nowhere is not called absent before this: history may lag. Longer than
    /// an order's call may take: a process that was held up may still send within that time.
    pub absent_after: Duration,
    /// How far apart two looks must be to count as two.
    pub apart: Duration,
    /// Looks are so many times as frequent; 1, but for tests against a fake without limits.
    pub haste: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { absent_after: Duration::from_mins(10), apart: Duration::from_secs(30), haste: 1 }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What was sent, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Trading212's name for the instrument.
    pub ticker: String,
    /// The quantity, below zero for a sale; all that it may have been where decimals were mended.
    pub quantities: Vec<Decimal>,
    /// Its kind, with prices.
    pub kind: OrderKind,
    /// Not sent before this, milliseconds since 1970 UTC.
    pub sent_ms: i64,
    /// Shares held before it; without it nothing is ever called absent.
    pub baseline: Option<Decimal>,
}

/// How much an order looks like the one that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// It is the one.
    Ours,
    /// It may be.
    Doubtful,
    /// It is not.
    Other,
}

/// Holds `order` against `sent`. `skew_ms` is how far the clocks may be apart.
pub fn likeness(sent: &Sent, order: &Order, skew_ms: i64) -> Likeness {
    let differs = |one: Option<Decimal>, other: Option<Decimal>| {
        one.zip(other).is_some_and(|(one, other)| one != other)
    };
    let (limit, stop) = sent.kind.prices();
    let other = !order.may_be_from_api()
        || order.ticker().is_some_and(|ticker| ticker != sent.ticker)
        || order.kind.as_deref().is_some_and(|kind| kind != sent.kind.word())
        || differs(order.limit_price, limit)
        || differs(order.stop_price, stop)
        || order.signed().is_some_and(|signed| !sent.quantities.contains(&signed));
    if other {
        return Likeness::Other;
    }
    let complete = order.ticker().is_some() && order.signed().is_some();
    let earliest = sent.sent_ms - EARLIER_MS - skew_ms;
    match order.created_ms() {
        Some(created) if created < earliest - DOUBT_MS => Likeness::Other,
        Some(created) if created >= earliest && complete => Likeness::Ours,
        _ => Likeness::Doubtful,
    }
}

/// What is known of an order's fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The broker has it under this id, with so many shares, above zero.
    Present(i64, Decimal),
    /// A person must say which of these it is, if any.
    Ambiguous(Vec<i64>),
    /// It never arrived, with how that is known.
    Absent(String),
    /// Not to be said yet.
    NotYet,
}

/// Looks at one thing, none of which showed the order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Looks {
    first_ms: Option<i64>,
    last_ms: i64,
}

impl Looks {
    fn note(&mut self, now_ms: i64) {
        self.first_ms.get_or_insert(now_ms);
        self.last_ms = self.last_ms.max(now_ms);
    }

    /// Two of them, apart, the last one after `after_ms`.
    fn suffice(&self, after_ms: i64, apart_ms: i64) -> bool {
        let apart = self.first_ms.is_some_and(|first| self.last_ms - first >= apart_ms);
        apart && self.last_ms >= after_ms
    }
}

/// The search for one order.
#[derive(Debug, Clone)]
pub struct Search {
    sent: Sent,
    absent_after_ms: i64,
    apart_ms: i64,
    ours: BTreeMap<i64, Decimal>,
    doubtful: BTreeSet<i64>,
    pending: Looks,
    history: Looks,
    position: Looks,
}

impl Search {
    /// Looks for `sent`.
    pub fn new(sent: Sent, patience: Patience) -> Self {
        let looks = Looks::default();
        Self {
            absent_after_ms: sent.sent_ms.saturating_add(millis(patience.absent_after)),
            apart_ms: millis(patience.apart),
            sent,
            ours: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            pending: looks,
            history: looks,
            position: looks,
        }
    }

    /// What is looked for.
    pub fn sent(&self) -> &Sent {
        &self.sent
    }

    /// Takes the pending list in.
    pub fn on_pending(&mut self, rows: &Rows<Order>, skew_ms: i64, now_ms: i64) {
        for order in &rows.items {
            self.compare(order, skew_ms);
        }
        if rows.unreadable == 0 {
            self.pending.note(now_ms);
        }
    }

    /// Takes history in; `complete` when it was readable and reached back far enough.
    pub fn on_history(
        &mut self,
        rows: &[HistoricalOrder],
        complete: bool,
        skew_ms: i64,
        now_ms: i64,
    ) {
        for row in rows {
            self.compare(&row.order, skew_ms);
        }
        if complete {
            self.history.note(now_ms);
        }
    }

    /// Takes all positions in.
    pub fn on_positions(&mut self, rows: &Rows<Position>, now_ms: i64) {
        let named = |row: &&Position| row.instrument.ticker.as_deref() == Some(&self.sent.ticker);
        let held = rows.items.iter().find(named).map_or(Some(Decimal::ZERO), |row| row.quantity);
        if rows.unreadable == 0 && held.is_some() && held == self.sent.baseline {
            self.position.note(now_ms);
        } else {
            // Something moved: whatever it was, the looks before it prove nothing.
            self.position = Looks::default();
        }
    }

    fn compare(&mut self, order: &Order, skew_ms: i64) {
        match likeness(&self.sent, order, skew_ms) {
            Likeness::Ours => {
                self.ours.insert(order.id, order.signed().unwrap_or_default().abs());
            }
            Likeness::Doubtful => {
                self.doubtful.insert(order.id);
            }
            Likeness::Other => {}
        }
    }

    /// The fate as far as it is known; orders in `known` are accounted for.
    pub fn verdict(&self, known: &BTreeSet<i64>, now_ms: i64) -> Verdict {
        let ours: Vec<_> = self.ours.iter().filter(|(id, _)| !known.contains(id)).collect();
        match ours.as_slice() {
            [(id, shares)] => return Verdict::Present(**id, **shares),
            [] => {}
            several => return Verdict::Ambiguous(several.iter().map(|(id, _)| **id).collect()),
        }
        let doubtful: Vec<i64> = self.doubtful.difference(known).copied().collect();
        if !doubtful.is_empty() {
            return Verdict::Ambiguous(doubtful);
        }
        let after = self.absent_after_ms;
        let looked = [self.pending, self.history, self.position];
        if now_ms < after || !looked.iter().all(|looks| looks.suffice(after, self.apart_ms)) {
            return Verdict::NotYet;
        }
        let seconds = (now_ms - self.sent.sent_ms) / 1_000;
        Verdict::Absent(format!(
            "{seconds} s after the call neither pending orders nor history show it, and the position has not moved"
        ))
    }
}

/// A pending order that is none of ours: left alone, and counted in exposure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Its id.
    pub id: i64,
    /// The instrument.
    pub ticker: String,
    /// Shares still to trade, below zero for a sale.
    pub remaining: Decimal,
    /// Its limit or stop, instrument currency, where it has one.
    pub price: Option<Decimal>,
    /// Where it was made: `IOS`, `WEB`, `API` and others.
    pub from: String,
}

/// The orders of a pending list that are not `known`.
pub fn foreign(rows: &Rows<Order>, known: &BTreeSet<i64>) -> Vec<Foreign> {
    let strange = rows.items.iter().filter(|order| !known.contains(&order.id) && !order.is_over());
    let describe = |order: &Order| {
        let signed = order.signed().or(order.quantity).unwrap_or_default();
        let left = (signed.abs() - order.filled().unwrap_or_default()).max(Decimal::ZERO);
        Foreign {
            id: order.id,
            ticker: order.ticker().unwrap_or("unknown").to_owned(),
            remaining: if signed.is_sign_negative() { -left } else { left },
            price: order.limit_price.or(order.stop_price),
            from: order.initiated_from.clone().unwrap_or_else(|| "unknown".to_owned()),
        }
    };
    strange.map(describe).collect()
}

#[cfg(test)]
mod tests;
