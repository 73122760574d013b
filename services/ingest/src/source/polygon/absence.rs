//! What is missing after prices were not to be had: marks on the next ones, and minutes from the
//! service. For all symbols at once, or for those whose page failed while others' came.

use super::{Polygon, gaps::open_between, models::Envelope};
use proto::{Entitlement, Symbol};
use std::collections::BTreeSet;
use tokio::time::Instant;

/// Since when there have been no prices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Away {
    /// The first question without an answer.
    pub(super) since: Instant,
    /// The last prices' moment, milliseconds since 1970 UTC.
    pub(super) good_ms: i64,
}

impl Polygon {
    /// Prices are missing when no process of ours was there for a while of open market.
    pub(super) fn note_absence(&mut self) {
        let Some(earlier_ns) = self.earlier_ns.take() else { return };
        let until_ms = self.clock.now_ms() - self.delay_ms().cast_signed();
        let missed_ms = open_between(&self.calendar, earlier_ns.div_euclid(1_000_000), until_ms);
        if self.plan != Some(Entitlement::Free) && missed_ms > self.settings.pace.outage.as_millis()
        {
            self.gaps.open(&self.symbols);
        }
    }

    /// There are no prices for a question of this moment.
    pub(super) fn is_away(&mut self, since: Instant) {
        let good_ms = self.good_ms;
        self.away.get_or_insert(Away { since, good_ms });
    }

    /// There are prices again: minutes that were missed in the meantime are wanted.
    pub(super) fn back(&mut self) {
        if let Some(away) = self.away.take()
            && away.since.elapsed() >= self.settings.pace.outage
        {
            tracing::info!("prices again after an outage: fetching the minutes that were missed");
            self.gaps.open(&self.symbols);
            self.history.want_since(away.good_ms - self.reach().delay_ms);
        }
        self.good_ms = self.clock.now_ms();
    }

    /// Notes whose page has failed, and takes back whose page has come. Before [`Self::back`].
    pub(super) fn note_pages(&mut self, pages: &[(Vec<Symbol>, Envelope)], begun: Instant) {
        let asked: usize = pages.iter().map(|(asked, _)| asked.len()).sum();
        if asked == self.symbols.len() && self.absent.is_empty() {
            return;
        }
        let answered: BTreeSet<&Symbol> = pages.iter().flat_map(|(asked, _)| asked).collect();
        let away = self.away.unwrap_or(Away { since: begun, good_ms: self.good_ms });
        for symbol in self.symbols.iter().filter(|symbol| !answered.contains(symbol)) {
            self.absent.entry(symbol.clone()).or_insert(away);
        }
        let returned = self.absent.keys().filter(|symbol| answered.contains(symbol));
        let returned: Vec<Symbol> = returned.cloned().collect();
        self.take_back(&returned);
    }

    /// Prices of all symbols come from elsewhere.
    pub(super) fn take_all_back(&mut self) {
        let absent: Vec<Symbol> = self.absent.keys().cloned().collect();
        self.take_back(&absent);
    }

    fn take_back(&mut self, returned: &[Symbol]) {
        let outage = self.settings.pace.outage;
        let mut from_ms: Option<i64> = None;
        for symbol in returned {
            let Some(away) = self.absent.remove(symbol) else { continue };
            if away.since.elapsed() >= outage {
                self.gaps.open(std::slice::from_ref(symbol));
                from_ms = Some(from_ms.map_or(away.good_ms, |before| before.min(away.good_ms)));
            }
        }
        if let Some(from_ms) = from_ms {
            tracing::info!("a page is answered again: fetching the minutes that were missed");
            self.history.want_since(from_ms - self.reach().delay_ms);
        }
    }
}
