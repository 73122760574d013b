//! One table of a configuration file, read key by key.

use super::{Faults, FromValue, Rule};
use serde_json::{Map, Value};
use std::{cell::RefCell, collections::BTreeSet};

/// One table. Keys that nobody asked for are faults when it goes out of scope.
#[derive(Debug)]
pub struct Section<'f> {
    place: String,
    table: Map<String, Value>,
    /// The table is not there; that has been said, so its keys need not be missed one by one.
    absent: bool,
    asked: RefCell<BTreeSet<String>>,
    faults: &'f Faults,
}

impl<'f> Section<'f> {
    pub(super) fn new(place: String, table: Map<String, Value>, faults: &'f Faults) -> Self {
        Self { place, table, absent: false, asked: RefCell::default(), faults }
    }

    pub(super) fn absent(place: String, faults: &'f Faults) -> Self {
        Self { place, table: Map::new(), absent: true, asked: RefCell::default(), faults }
    }

    /// Where a key of this table stands: `executor.toml: risk.max_order_value`.
    pub fn place(&self, key: &str) -> String {
        let separator = if self.place.contains(": ") { "." } else { ": " };
        format!("{}{separator}{key}", self.place)
    }

    /// Notes a fault at `key`.
    pub fn fault(&self, key: &str, fault: impl std::fmt::Display) {
        self.faults.add(self.place(key), fault);
    }

    /// The keys of this table, all counted as asked for.
    pub fn keys(&self) -> Vec<String> {
        let keys: Vec<String> = self.table.keys().cloned().collect();
        self.asked.borrow_mut().extend(keys.iter().cloned());
        keys
    }

    /// A value that must be there and keep `rule`. A stand-in value when it is not: the fault is
    /// noted and [`Faults::into_result`] will refuse.
    pub fn required<T: FromValue>(&self, key: &str, rule: Rule<T>) -> T {
        if !self.absent && !self.table.contains_key(key) {
            self.fault(key, format!("is missing; set it to {}", T::EXAMPLE));
        }
        self.optional(key, rule).unwrap_or_else(T::stand_in)
    }

    /// A value that may be there, and must then keep `rule`.
    #[expect(clippy::needless_pass_by_value, reason = "a rule is made where it is used")]
    pub fn optional<T: FromValue>(&self, key: &str, rule: Rule<T>) -> Option<T> {
        self.asked.borrow_mut().insert(key.to_owned());
        let value = self.table.get(key)?;
        match T::from_value(value).and_then(|read| rule.check(read)) {
            Ok(read) => Some(read),
            Err(fault) => {
                self.fault(key, fault);
                None
            }
        }
    }

    /// A table within this one that must be there.
    #[must_use]
    pub fn section(&self, key: &str) -> Self {
        if !self.absent && !self.table.contains_key(key) {
            self.fault(key, "is missing; add the table");
        }
        self.optional_section(key).unwrap_or_else(|| Self::absent(self.place(key), self.faults))
    }

    /// A table within this one that may be there.
    pub fn optional_section(&self, key: &str) -> Option<Self> {
        self.asked.borrow_mut().insert(key.to_owned());
        if let Value::Object(table) = self.table.get(key)? {
            Some(Self::new(self.place(key), table.clone(), self.faults))
        } else {
            self.fault(key, "must be a table");
            None
        }
    }

    /// A list of tables that must be there and hold at least one.
    pub fn sections(&self, key: &str) -> Vec<Self> {
        self.asked.borrow_mut().insert(key.to_owned());
        let Some(Value::Array(items)) = self.table.get(key) else {
            if !self.absent {
                self.fault(key, "must be a list with at least one entry");
            }
            return Vec::new();
        };
        if items.is_empty() {
            self.fault(key, "must hold at least one entry");
        }
        let entry = |(index, item): (usize, &Value)| {
            let place = self.place(&format!("{key}[{index}]"));
            let Value::Object(table) = item else {
                self.faults.add(place, "must be a table");
                return None;
            };
            Some(Self::new(place, table.clone(), self.faults))
        };
        items.iter().enumerate().filter_map(entry).collect()
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let asked = self.asked.borrow();
        for key in self.table.keys().filter(|key| !asked.contains(*key)) {
            let known: Vec<&str> = asked.iter().map(String::as_str).collect();
            self.fault(key, format!("is not a known key; known here: {}", known.join(", ")));
        }
    }
}
