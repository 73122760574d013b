//! Markets that make themselves: a walk by a seed, and a load that can be counted.

mod load;
mod walk;

pub use load::Load;
pub use walk::Walk;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// What runs by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Generators(Arc<Mutex<Running>>);

#[derive(Debug, Default)]
struct Running {
    load: Option<CancellationToken>,
    walk: Option<CancellationToken>,
    /// Events of the load, by ticker.
    sent: BTreeMap<String, u64>,
}

impl Generators {
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends everything.
    pub(super) fn stop(&self) {
        let mut running = self.lock();
        for token in [running.load.take(), running.walk.take()].into_iter().flatten() {
            token.cancel();
        }
    }
}
