//! How far a price is believed: the numbers of the rules. Pure.

/// The numbers of the rules, from `[quality]` of `config/ingest.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// A price further than this from the last good one of its session is an outlier, percent.
    pub outlier_percent: f64,
    /// A price further than this from the last good one is a jump, in whichever session, percent.
    pub jump_percent: f64,
    /// So many further ticks at its level bear an outlier out.
    pub outlier_ticks: u32,
    /// So many further ticks at its level bear a jump out ...
    pub jump_ticks: u32,
    /// ... once they span this much event time, nanoseconds.
    pub jump_after_ns: i64,
    /// A live event may be so far ahead of our clock, nanoseconds.
    pub ahead_ns: i64,
    /// Outliers and jumps are flagged on tapes too.
    pub on_tapes: bool,
}

impl Default for Quality {
    /// The numbers of the repository's configuration.
    fn default() -> Self {
        Self {
            outlier_percent: 10.0,
            jump_percent: 25.0,
            outlier_ticks: 3,
            jump_ticks: 5,
            jump_after_ns: 60_000_000_000,
            ahead_ns: 5_000_000_000,
            on_tapes: true,
        }
    }
}
