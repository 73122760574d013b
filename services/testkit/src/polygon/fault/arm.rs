//! Which faults are set, and how often they still fire. Pure.

use super::{Fault, Page, Stage};
use std::collections::{BTreeSet, VecDeque};

/// Fired faults that are remembered.
const REMEMBERED: usize = 10_000;

/// A fault that is set.
#[derive(Debug, Clone)]
pub(in crate::polygon) struct Armed {
    pub fault: Fault,
    /// Only at these; all of them where there is none.
    pub pages: BTreeSet<Page>,
    /// Requests, frames or events it lets pass first.
    pub skip: u32,
    /// How often it still fires; `None`: until cleared.
    pub left: Option<u32>,
}

/// All faults that are set.
#[derive(Debug, Default)]
pub(in crate::polygon) struct Armoury {
    armed: Vec<Armed>,
    pub fired: VecDeque<Fault>,
}

impl Armoury {
    pub(in crate::polygon) fn arm(&mut self, armed: Armed) {
        self.armed.push(armed);
    }

    pub(in crate::polygon) fn clear(&mut self) {
        self.armed.clear();
    }

    /// The faults that fire now.
    pub(in crate::polygon) fn fire(&mut self, stage: Stage, page: Option<Page>) -> Vec<Fault> {
        if self.armed.is_empty() {
            return Vec::new();
        }
        let mut firing = Vec::new();
        for armed in &mut self.armed {
            let here =
                armed.pages.is_empty() || page.is_some_and(|page| armed.pages.contains(&page));
            if armed.fault.stage() != stage || !here || armed.left == Some(0) {
                continue;
            }
            if armed.skip > 0 {
                armed.skip -= 1;
                continue;
            }
            armed.left = armed.left.map(|left| left - 1);
            firing.push(armed.fault.clone());
        }
        self.armed.retain(|armed| armed.left != Some(0));
        for fault in &firing {
            if self.fired.len() >= REMEMBERED {
                self.fired.pop_front();
            }
            self.fired.push_back(fault.clone());
        }
        firing
    }

    /// Whether a fault is set that fires now and here, without firing it.
    pub(in crate::polygon) fn is_set(&self, fault: &Fault) -> bool {
        self.armed.iter().any(|armed| armed.fault == *fault && armed.skip == 0)
    }
}
