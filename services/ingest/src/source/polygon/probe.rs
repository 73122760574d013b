//! Whether what is known of the key still holds: once a session a stream that was refused is tried
//! again, and while one is up, which asks for no snapshots, one is had for the plan it shows.

use super::{Polygon, daily, line::Line};
use proto::Entitlement;
use tokio::time::Instant;

impl Polygon {
    /// When it is to be looked whether there is another session.
    pub(super) fn next_look(&self) -> Option<Instant> {
        match &self.line {
            Line::Refused(_) => Some(self.look),
            Line::Open(_) => self.line.up().map(|_| self.look),
            Line::Off => None,
        }
    }

    /// Puts the key to the test again where there is another session since the last look.
    pub(super) fn look_again(&mut self, now: Instant) {
        if self.next_look().is_none_or(|look| look > now) {
            return;
        }
        self.look = now + self.settings.interval;
        let newest = daily::sessions_before(&self.calendar, self.clock.now_ms()).first().copied();
        let Some(newest) = newest else { return };
        if self.session.replace(newest).is_none_or(|before| before == newest) {
            return;
        }
        match &self.line {
            Line::Refused(_) => {
                self.line = Line::Off;
                self.open_line();
            }
            // A snapshot that is asked for anyway shows the plan as well.
            Line::Open(_) if self.due.is_none() && self.asking.is_none() => {
                self.ask_plan = true;
                self.due = Some(now);
            }
            Line::Open(_) | Line::Off => {}
        }
    }

    /// A snapshot was refused. Whether the key's plan is free by that: one refusal alone does not take
    /// a plan away that has had them.
    pub(super) fn is_free_now(&mut self) -> bool {
        let paid = self.plan.is_some_and(|plan| plan != Entitlement::Free);
        if paid && !self.denied {
            self.denied = true;
            return false;
        }
        self.denied = false;
        true
    }
}
