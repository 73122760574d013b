//! Which faults are set, and which of them meet a request.

use super::{Fault, Fired, RandomFaults, Stage};
use crate::trading212::{endpoint::Endpoint, market::prices::mix, wire::json::Json};
use std::collections::{BTreeMap, BTreeSet};

/// One fault that is set.
#[derive(Debug, Clone)]
pub(in crate::trading212) struct Armed {
    pub fault: Fault,
    /// Everywhere it means something, where empty.
    pub endpoints: BTreeSet<Endpoint>,
    /// Requests it lets pass first.
    pub skip: u32,
    /// Requests it still meets; without end where there is none.
    pub left: Option<u32>,
    /// When it ends.
    pub until_ms: Option<i64>,
    /// Positions by account when it was set, where it needs them.
    pub positions: BTreeMap<i64, Vec<Json>>,
}

/// A fault that meets a request.
#[derive(Debug, Clone)]
pub(in crate::trading212) struct Met {
    pub fault: Fault,
    pub positions: BTreeMap<i64, Vec<Json>>,
}

/// All faults that are set.
#[derive(Debug, Default)]
pub(in crate::trading212) struct Plan {
    armed: Vec<Armed>,
    random: Option<RandomFaults>,
    /// Requests seen so far, by endpoint: what chance is drawn from.
    drawn: BTreeMap<Endpoint, u64>,
    pub fired: Vec<Fired>,
}

impl Plan {
    pub(in crate::trading212) fn arm(&mut self, armed: Armed) {
        self.armed.push(armed);
    }

    pub(in crate::trading212) fn clear(&mut self) {
        self.armed.clear();
        self.random = None;
    }

    pub(in crate::trading212) fn randomize(&mut self, random: Option<RandomFaults>) {
        self.random = random;
        self.drawn.clear();
    }

    /// What chance has for the next request of an endpoint.
    pub(in crate::trading212) fn draw(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let random = self.random.as_ref()?;
        let drawn = self.drawn.entry(endpoint).or_default();
        *drawn += 1;
        let start = mix(random.seed ^ mix(endpoint as u64 + 1));
        let chance = mix(start ^ *drawn);
        if chance % 1_000 >= u64::from(random.per_mille) {
            return None;
        }
        let choice: Vec<&Fault> = random.faults.iter().filter(|f| f.concerns(endpoint)).collect();
        let index = mix(chance).checked_rem(choice.len() as u64)?;
        choice.get(index as usize).map(|fault| (*fault).clone())
    }

    /// The fault that keeps the request from the service.
    pub(in crate::trading212) fn before(
        &mut self,
        endpoint: Endpoint,
        drawn: Option<&Fault>,
        now_ms: i64,
    ) -> Option<Fault> {
        let set = self.meet(endpoint, &[Stage::Before], now_ms).pop().map(|met| met.fault);
        let chance = || drawn.filter(|fault| fault.stage() == Stage::Before).cloned();
        let fault = set.or_else(chance)?;
        self.fired.push(Fired { fault: fault.clone(), endpoint, time_ms: now_ms });
        Some(fault)
    }

    /// The faults that meet a request the service has.
    pub(in crate::trading212) fn within(
        &mut self,
        endpoint: Endpoint,
        drawn: Option<Fault>,
        now_ms: i64,
    ) -> Vec<Met> {
        let mut met = self.meet(endpoint, &[Stage::After, Stage::Within], now_ms);
        let chance = drawn.filter(|fault| fault.stage() != Stage::Before);
        met.extend(chance.map(|fault| Met { fault, positions: BTreeMap::new() }));
        let fired = met.iter().map(|m| Fired { fault: m.fault.clone(), endpoint, time_ms: now_ms });
        self.fired.extend(fired);
        met
    }

    /// Of those that decide the answer as a whole only the first meets a request.
    fn meet(&mut self, endpoint: Endpoint, stages: &[Stage], now_ms: i64) -> Vec<Met> {
        self.armed.retain(|armed| {
            armed.left != Some(0) && armed.until_ms.is_none_or(|until| now_ms < until)
        });
        let mut met = Vec::new();
        let mut decided = false;
        for armed in &mut self.armed {
            let stage = armed.fault.stage();
            let whole = stage != Stage::Within;
            let here = armed.endpoints.is_empty() || armed.endpoints.contains(&endpoint);
            let concerned = here && armed.fault.concerns(endpoint) && stages.contains(&stage);
            if !concerned || (whole && decided) {
                continue;
            }
            if armed.skip > 0 {
                armed.skip -= 1;
                continue;
            }
            decided |= whole;
            armed.left = armed.left.map(|left| left - 1);
            met.push(Met { fault: armed.fault.clone(), positions: armed.positions.clone() });
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armed(fault: Fault, skip: u32, left: Option<u32>) -> Armed {
        let (endpoints, positions) = (BTreeSet::new(), BTreeMap::new());
        Armed { fault, endpoints, skip, left, until_ms: None, positions }
    }

    #[test]
    fn a_fault_lets_some_pass_then_meets_so_many() {
        let mut plan = Plan::default();
        plan.arm(armed(Fault::AcceptThenTimeout, 1, Some(2)));
        let met: Vec<bool> =
            (0..5).map(|_| !plan.within(Endpoint::PostMarket, None, 0).is_empty()).collect();
        assert_eq!(met, [false, true, true, false, false]);
        assert_eq!(plan.fired.len(), 2);
    }

    #[test]
    fn a_fault_meets_only_what_it_concerns() {
        let mut plan = Plan::default();
        plan.arm(armed(Fault::StuckNew, 0, None));
        assert!(plan.within(Endpoint::Orders, None, 0).is_empty());
        assert_eq!(plan.within(Endpoint::PostStop, None, 0).len(), 1);
    }

    #[test]
    fn chance_depends_on_seed_endpoint_and_count_alone() {
        let draw = |seed, others: bool| {
            let mut plan = Plan::default();
            plan.randomize(Some(RandomFaults::seeded(seed)));
            let mut drawn = Vec::new();
            for _ in 0..200 {
                if others {
                    plan.draw(Endpoint::Orders);
                }
                drawn.push(plan.draw(Endpoint::PostMarket));
            }
            drawn
        };
        assert_eq!(draw(1, false), draw(1, true));
        assert_ne!(draw(1, false), draw(2, false));
        let met = draw(1, false).into_iter().flatten().count();
        assert!((20..=60).contains(&met), "{met}");
    }
}
