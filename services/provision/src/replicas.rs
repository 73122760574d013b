//! On how many servers of a cluster every stream is kept.

use runtime::config::{Faults, variable};

/// Reads `NATS_REPLICAS`; one where it is not set.
pub(crate) fn replicas(faults: &Faults) -> usize {
    let Some(text) = variable("NATS_REPLICAS") else { return 1 };
    match text.trim() {
        "1" => 1,
        "3" => 3,
        "5" => 5,
        _ => {
            faults.add("NATS_REPLICAS", format!("must be 1, 3 or 5, not {text:?}"));
            1
        }
    }
}
