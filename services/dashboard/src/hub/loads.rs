//! Loads that wait for the loader: one per symbol, so that none has to be dropped. Pure.

use super::Load;
use std::collections::VecDeque;

/// Loads in the order in which their symbols first wished for one.
#[derive(Debug, Default)]
pub struct Loads(VecDeque<Load>);

impl Loads {
    /// Adds `load`. One of the same symbol that waits already takes it up: it has not been read yet.
    pub fn add(&mut self, load: Load) {
        match self.0.iter_mut().find(|waiting| waiting.symbol == load.symbol) {
            Some(waiting) => {
                // `None`, everything, is the least.
                waiting.since_ms = waiting.since_ms.min(load.since_ms);
                waiting.heard = waiting.heard.max(load.heard);
            }
            None => self.0.push_back(load),
        }
    }

    /// Takes the next one, to be read from now on.
    pub fn take(&mut self) -> Option<Load> {
        self.0.pop_front()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
