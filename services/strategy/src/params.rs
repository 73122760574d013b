//! The strategy's parameters for one symbol, and the fingerprint that names them.

use proto::{Decimal, Symbol};
use std::collections::BTreeMap;

/// The parameters of every symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamsBook {
    /// For symbols without their own.
    pub default: Params,
    /// Symbols with their own.
    pub symbols: BTreeMap<Symbol, Params>,
}

impl ParamsBook {
    /// The parameters in force for `symbol`.
    pub fn of(&self, symbol: &Symbol) -> &Params {
        self.symbols.get(symbol).unwrap_or(&self.default)
    }
}

/// What one symbol is traded by. Durations are milliseconds of the feed's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Period of the fast average, bars.
    pub ema_fast: u32,
    /// Period of the slow average, bars; above `ema_fast`.
    pub ema_slow: u32,
    /// Period of the relative strength index, bars.
    pub rsi_period: u32,
    /// Lowest index at which to enter, 0 to 100.
    pub rsi_min: f64,
    /// Highest index at which to enter, 0 to 100.
    pub rsi_max: f64,
    /// Bars whose range is averaged.
    pub range_bars: u32,
    /// Least mean range at which to enter, percent of the price.
    pub min_range_percent: f64,
    /// Bars after a crossing in which to enter, 1 or more.
    pub entry_bars: u32,
    /// Gain at which to take profit, percent of the average price.
    pub take_profit_percent: f64,
    /// Loss at which to stop, percent of the average price.
    pub stop_loss_percent: f64,
    /// Gain from which the stop trails, percent of the average price.
    pub trailing_start_percent: f64,
    /// Distance of the trailing stop, percent of the highest price since entry.
    pub trailing_stop_percent: f64,
    /// Leave when the averages cross down.
    pub exit_on_cross_down: bool,
    /// Longest holding time.
    pub max_holding_ms: i64,
    /// Flat this long before the regular session closes.
    pub flat_before_close_ms: i64,
    /// No entry this long before the regular session closes.
    pub no_entry_before_close_ms: i64,
    /// Wait after a symbol's last order before its next entry.
    pub cool_down_ms: i64,
    /// Wait after an exit that came to nothing before the next.
    pub exit_retry_ms: i64,
    /// Value of one entry, dollars.
    pub order_value: Decimal,
    /// Decimals of a quantity; 0 is whole shares.
    pub quantity_decimals: u32,
    /// How long an intent may be acted on.
    pub intent_valid_ms: i64,
    /// Age of a tick from which nothing is entered.
    pub max_tick_age_ms: i64,
    /// Gap between two ticks of a symbol after which nothing is entered until a bar has closed.
    pub max_silence_ms: i64,
    /// Distance of two prices with a gap between them from which on they cannot be compared, percent.
    pub break_percent: f64,
}

impl Params {
    /// A stable fingerprint: 8 hexadecimal digits, the same for the same parameters on any machine.
    pub fn revision(&self) -> String {
        format!("{:08x}", fnv1a(&self.canonical()) >> 32)
    }

    /// Every parameter in declaration order. A new one belongs here: leaving it out is an error,
    /// because the pattern names all fields.
    fn canonical(&self) -> String {
        macro_rules! lines {
            ($($field:ident),* $(,)?) => {{
                let Self { $($field),* } = self;
                [$(format!("{}={}", stringify!($field), $field)),*].join("\n")
            }};
        }
        lines!(
            ema_fast,
            ema_slow,
            rsi_period,
            rsi_min,
            rsi_max,
            range_bars,
            min_range_percent,
            entry_bars,
            take_profit_percent,
            stop_loss_percent,
            trailing_start_percent,
            trailing_stop_percent,
            exit_on_cross_down,
            max_holding_ms,
            flat_before_close_ms,
            no_entry_before_close_ms,
            cool_down_ms,
            exit_retry_ms,
            order_value,
            quantity_decimals,
            intent_valid_ms,
            max_tick_age_ms,
            max_silence_ms,
            break_percent,
        )
    }
}

/// The 64-bit FNV-1a hash: small, and the same everywhere and for ever.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Small numbers, so that tapes in tests are short.
    pub(crate) fn params() -> Params {
        Params {
            ema_fast: 2,
            ema_slow: 4,
            rsi_period: 3,
            rsi_min: 40.0,
            rsi_max: 100.0,
            range_bars: 3,
            min_range_percent: 0.0,
            entry_bars: 1,
            take_profit_percent: 2.0,
            stop_loss_percent: 1.0,
            trailing_start_percent: 0.5,
            trailing_stop_percent: 0.5,
            exit_on_cross_down: true,
            max_holding_ms: 600_000,
            flat_before_close_ms: 300_000,
            no_entry_before_close_ms: 1_800_000,
            cool_down_ms: 120_000,
            exit_retry_ms: 5_000,
            order_value: Decimal::from(1_000),
            quantity_decimals: 0,
            intent_valid_ms: 10_000,
            max_tick_age_ms: 15_000,
            max_silence_ms: 180_000,
            break_percent: 20.0,
        }
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn any_change_gives_another_revision_and_the_same_gives_the_same() {
        let revision = params().revision();
        assert_eq!(revision, params().revision());
        assert_eq!(revision.len(), 8);
        let changed = [
            Params { ema_fast: 3, ..params() },
            Params { exit_on_cross_down: false, ..params() },
            Params { max_silence_ms: 180_001, ..params() },
        ];
        for changed in changed {
            assert_ne!(changed.revision(), revision, "{changed:?}");
        }
    }
}
