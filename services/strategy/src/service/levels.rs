//! What the strategy means to do, in KV `levels`, for whoever draws or watches it.

use proto::{Levels, Symbol, stream, subject::key};
use runtime::bus::{Bus, Newest};
use std::collections::BTreeMap;

/// Publishes levels when they change.
pub(super) struct LevelsWriter {
    newest: Newest<Levels>,
    told: BTreeMap<Symbol, Levels>,
}

impl LevelsWriter {
    /// A writer that has told nothing yet: the first levels of each symbol replace a predecessor's.
    pub(super) fn start(bus: &Bus) -> Self {
        Self { newest: Newest::start(bus, &stream::LEVELS), told: BTreeMap::new() }
    }

    /// Publishes `levels` if they differ in more than the tick after which they hold.
    pub(super) fn show(&mut self, levels: Levels) {
        let known = self.told.get(&levels.symbol);
        let same = known
            .is_some_and(|known| *known == Levels { tick_seq: known.tick_seq, ..levels.clone() });
        if !same {
            self.newest.say(&key::levels(&levels.symbol), levels.clone());
            self.told.insert(levels.symbol.clone(), levels);
        }
    }
}
