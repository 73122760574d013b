//! Whether a price may be believed, for one symbol. Pure: time comes with the prices.
//!
//! 1. A price near the last good one is good, and a suspicion ends with it: all that is lost is the
//!    suspect ticks themselves.
//! 2. One that is far off is suspect until enough others stand at its level: an [outlier] within its
//!    session, or a jump the size of a corporate action within a session or across.
//! 3. The first good price at a new level is a break: what came before cannot be compared with it.
//! 4. Across sessions real prices move far over night: there only jumps are held back. Where the
//!    source's own previous close has gone the same way, the jump is borne out at once.
//!
//! [outlier]: Suspect::Outlier

use super::Quality;
use market::jump::{is_beyond, is_jump};
use proto::{Session, Suspect};

/// Two prices of the same part of the trading day this close together are of the same day: no part
/// lasts that long, and the same part of the next day begins later.
const SAME_SESSION_NS: i64 = 12 * 3_600_000_000_000;

/// What is judged of a quote.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub(super) price: f64,
    pub(super) time_ns: i64,
    pub(super) session: Session,
    pub(super) prev_close: Option<f64>,
}

/// What became of a suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A suspicion began.
    Suspected(Suspect),
    /// The price came back: the suspect ticks were wrong.
    Cleared(Suspect),
    /// The price stays where it went.
    Confirmed(Suspect),
}

/// The judgement of one price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    /// Not to be believed yet, and why.
    pub(super) suspect: Option<Suspect>,
    /// Good, and not to be compared with what came before.
    pub(super) broken: bool,
    /// What it changed.
    pub(super) turn: Option<Turn>,
}

/// What is known of a symbol's prices.
#[derive(Debug, Clone, Default)]
pub(super) struct Trust {
    good: Option<Sample>,
    suspicion: Option<Suspicion>,
    /// The last tick of an earlier process was suspect: whatever is good next breaks with the past.
    doubted: bool,
}

/// A level that prices have gone to, not yet borne out.
#[derive(Debug, Clone, Copy)]
struct Suspicion {
    kind: Suspect,
    /// The last price there: a level may move on as prices do.
    level: f64,
    since_ns: i64,
    last_ns: i64,
    /// Further prices at the level, each of its own time.
    further: u32,
}

impl Trust {
    /// Goes on from the last tick published before.
    pub(super) fn after(last: Sample, suspect: bool) -> Self {
        if suspect {
            return Self { doubted: true, ..Self::default() };
        }
        Self { good: Some(last), ..Self::default() }
    }

    /// Judges the next price and learns from it.
    pub(super) fn judge(&mut self, price: Sample, quality: &Quality) -> Judgement {
        let Some(kind) = self.fault(price, quality) else {
            return self.believe(price, false);
        };
        if self.is_borne_out_by_close(price, quality) {
            return self.believe(price, true);
        }
        match self.suspicion.filter(|s| !is_beyond(price.price, s.level, quality.outlier_percent)) {
            Some(suspicion) if suspicion.is_borne_out(quality) => self.believe(price, true),
            Some(suspicion) => {
                self.suspicion = Some(suspicion.with(price, kind));
                Judgement { suspect: Some(kind), ..Judgement::default() }
            }
            None => {
                self.suspicion = Some(Suspicion::of(price, kind));
                let turn = Some(Turn::Suspected(kind));
                Judgement { suspect: Some(kind), turn, ..Judgement::default() }
            }
        }
    }

    fn believe(&mut self, price: Sample, moved: bool) -> Judgement {
        let suspicion = self.suspicion.take();
        let turn = suspicion.map(
            |Suspicion { kind, .. }| {
                if moved { Turn::Confirmed(kind) } else { Turn::Cleared(kind) }
            },
        );
        // A source that leaves its previous close out for once has not changed it.
        let prev_close = price.prev_close.or(self.good.and_then(|good| good.prev_close));
        self.good = Some(Sample { prev_close, ..price });
        let doubted = std::mem::take(&mut self.doubted);
        Judgement { suspect: None, broken: moved || doubted, turn }
    }

    /// What is wrong with `price`, by the last good one, or by the previous close while there is none.
    fn fault(&self, price: Sample, quality: &Quality) -> Option<Suspect> {
        let Some(good) = self.good else {
            let jumps = |close| is_jump(price.price, close, quality.jump_percent);
            return price.prev_close.is_some_and(jumps).then_some(Suspect::CorporateAction);
        };
        if is_jump(price.price, good.price, quality.jump_percent) {
            return Some(Suspect::CorporateAction);
        }
        let same_session =
            price.session == good.session && (price.time_ns - good.time_ns).abs() < SAME_SESSION_NS;
        let far = is_beyond(price.price, good.price, quality.outlier_percent);
        (same_session && far).then_some(Suspect::Outlier)
    }

    /// The source's previous close has gone the same way, away from the last good price.
    fn is_borne_out_by_close(&self, price: Sample, quality: &Quality) -> bool {
        let (Some(good), Some(close)) = (self.good, price.prev_close) else { return false };
        let changed = good.prev_close.is_some_and(|before| before != close);
        changed
            && is_jump(close, good.price, quality.jump_percent)
            && !is_jump(price.price, close, quality.jump_percent)
    }
}

impl Suspicion {
    fn of(price: Sample, kind: Suspect) -> Self {
        let Sample { price: level, time_ns, .. } = price;
        Self { kind, level, since_ns: time_ns, last_ns: time_ns, further: 0 }
    }

    fn with(self, price: Sample, kind: Suspect) -> Self {
        let later = price.time_ns > self.last_ns;
        Self {
            kind,
            level: price.price,
            last_ns: self.last_ns.max(price.time_ns),
            further: self.further.saturating_add(u32::from(later)),
            ..self
        }
    }

    fn is_borne_out(&self, quality: &Quality) -> bool {
        match self.kind {
            Suspect::Outlier => self.further >= quality.outlier_ticks,
            Suspect::CorporateAction => {
                self.further >= quality.jump_ticks
                    && self.last_ns - self.since_ns >= quality.jump_after_ns
            }
        }
    }
}

#[cfg(test)]
mod tests;
