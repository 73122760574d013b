//! In which order a file's rows stand, and so how they can be replayed in time order. Pure.
//!
//! Polygon sells its flat files sorted by ticker; others sort them by time. Both can be replayed in
//! bounded memory: the one as it stands, the other sorted first, with the disk's help.

/// How far a row may lie before one above it and still count as in order, nanoseconds: reports to
/// the consolidated tape come late.
pub const TOLERANCE_NS: i64 = 60_000_000_000;

/// How to read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As it stands.
    ByTime,
    /// Sorted by time and line.
    BySymbol,
}

/// A file that is in no order that can be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} is {behind_s} s older than a row above it of the same symbol: a tape must be \
     sorted by time, or by ticker and then time"
)]
pub struct Disorder {
    /// The line.
    pub line: u64,
    /// How much older.
    pub behind_s: i64,
}

/// Looks at every row once.
#[derive(Debug)]
pub struct Survey {
    newest_ns: i64,
    in_time: bool,
    /// The newest time of each symbol.
    symbols: Vec<i64>,
    disorder: Option<Disorder>,
    rows: u64,
    first_ns: Option<i64>,
}

impl Survey {
    /// A survey of a file with this many symbols.
    pub fn new(symbols: usize) -> Self {
        Self {
            newest_ns: i64::MIN,
            in_time: true,
            symbols: vec![i64::MIN; symbols],
            disorder: None,
            rows: 0,
            first_ns: None,
        }
    }

    /// Takes in the row on `line`, of symbol number `symbol`, at `time_ns`.
    pub fn see(&mut self, line: u64, symbol: usize, time_ns: i64) {
        let Some(newest_ns) = self.symbols.get_mut(symbol) else { return };
        self.rows += 1;
        self.first_ns = Some(self.first_ns.map_or(time_ns, |first| first.min(time_ns)));
        self.in_time &= self.newest_ns.saturating_sub(time_ns) <= TOLERANCE_NS;
        self.newest_ns = self.newest_ns.max(time_ns);
        let behind_ns = newest_ns.saturating_sub(time_ns);
        if behind_ns > TOLERANCE_NS && self.disorder.is_none() {
            self.disorder = Some(Disorder { line, behind_s: behind_ns / 1_000_000_000 });
        }
        *newest_ns = (*newest_ns).max(time_ns);
    }

    /// Rows seen.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The earliest time seen, nanoseconds since 1970 UTC.
    pub fn first_ns(&self) -> Option<i64> {
        self.first_ns
    }

    /// The latest time seen, nanoseconds since 1970 UTC.
    pub fn last_ns(&self) -> Option<i64> {
        self.first_ns.map(|_| self.newest_ns)
    }

    /// Numbers of the symbols that have rows, rising.
    pub fn symbols(&self) -> impl Iterator<Item = usize> {
        let seen = self.symbols.iter().enumerate();
        seen.filter(|(_, newest_ns)| **newest_ns > i64::MIN).map(|(number, _)| number)
    }

    /// How the file can be read.
    ///
    /// # Errors
    /// When not even the rows of each symbol are in time order.
    pub fn order(&self) -> Result<Order, Disorder> {
        match &self.disorder {
            _ if self.in_time => Ok(Order::ByTime),
            Some(disorder) => Err(disorder.clone()),
            None => Ok(Order::BySymbol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn survey(rows: &[(usize, i64)]) -> Survey {
        let mut survey = Survey::new(2);
        for (index, (symbol, time_ns)) in rows.iter().enumerate() {
            survey.see(index as u64 + 2, *symbol, *time_ns);
        }
        survey
    }

    #[test]
    fn a_file_sorted_by_time_is_read_as_it_stands_also_with_late_reports() {
        let rows = [(0, HOUR), (1, HOUR + TOLERANCE_NS), (0, HOUR), (1, 2 * HOUR)];
        assert_eq!(survey(&rows).order(), Ok(Order::ByTime));
        assert_eq!(survey(&[]).order(), Ok(Order::ByTime));
    }

    #[test]
    fn a_file_sorted_by_ticker_is_merged() {
        let survey = survey(&[(0, HOUR), (0, 3 * HOUR), (1, HOUR), (1, 2 * HOUR)]);
        assert_eq!(survey.order(), Ok(Order::BySymbol));
        assert!(survey.symbols().eq([0, 1]));
        assert_eq!((survey.rows(), survey.first_ns()), (4, Some(HOUR)));
        assert_eq!(survey.last_ns(), Some(3 * HOUR));
    }

    #[test]
    fn a_file_in_no_order_is_refused_at_its_line() {
        let error = survey(&[(0, 2 * HOUR), (1, HOUR), (0, HOUR)]).order().unwrap_err();
        assert_eq!(error, Disorder { line: 4, behind_s: 3_600 });
    }
}
