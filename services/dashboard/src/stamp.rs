//! A value and the number of the frame that first carries it.
//!
//! Everything a page shows is stamped. A delta from any earlier frame is then simply what has a
//! higher stamp: whatever a page has missed, it gets the newest of everything once.

/// A value with its stamp.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamped<T> {
    /// The value.
    pub value: T,
    /// Number of the first frame that carries it; 0 for the state before any event.
    pub at: u64,
}

impl<T> Stamped<T> {
    /// The state before any event.
    pub fn initial(value: T) -> Self {
        Self { value, at: 0 }
    }

    /// Sets the value.
    pub fn set(&mut self, value: T, stamp: u64) {
        self.value = value;
        self.at = stamp;
    }

    /// The value, if it changed after frame `from`.
    pub fn since(&self, from: u64) -> Option<&T> {
        (self.at > from).then_some(&self.value)
    }
}
