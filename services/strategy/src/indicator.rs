//! Incremental indicators: one value in, one value out, constant memory.
//!
//! They agree with TA-Lib: an average begins with the plain mean of its first period, Wilder's index
//! with the plain means of its first gains and losses. No value is given before that.

use std::collections::VecDeque;

/// Exponential moving average.
#[derive(Debug, Clone)]
pub struct Ema {
    period: u32,
    seen: u32,
    value: f64,
}

impl Ema {
    /// An average over `period` values, 1 or more.
    pub fn new(period: u32) -> Self {
        Self { period: period.max(1), seen: 0, value: 0.0 }
    }

    /// Takes the next value.
    pub fn push(&mut self, value: f64) {
        if self.seen < self.period {
            self.seen += 1;
            self.value += value;
            if self.seen == self.period {
                self.value /= f64::from(self.period);
            }
            return;
        }
        self.value += (value - self.value) * 2.0 / (f64::from(self.period) + 1.0);
    }

    /// The average; `None` until a whole period was seen.
    pub fn value(&self) -> Option<f64> {
        (self.seen >= self.period).then_some(self.value)
    }
}

/// Wilder's relative strength index.
#[derive(Debug, Clone)]
pub struct Rsi {
    period: u32,
    changes: u32,
    before: Option<f64>,
    gain: f64,
    loss: f64,
}

impl Rsi {
    /// An index over `period` changes, 1 or more.
    pub fn new(period: u32) -> Self {
        Self { period: period.max(1), changes: 0, before: None, gain: 0.0, loss: 0.0 }
    }

    /// Takes the next value.
    pub fn push(&mut self, value: f64) {
        let Some(before) = self.before.replace(value) else {
            return;
        };
        let change = value - before;
        let (gain, loss) = (change.max(0.0), (-change).max(0.0));
        let period = f64::from(self.period);
        if self.changes < self.period {
            self.changes += 1;
            self.gain += gain / period;
            self.loss += loss / period;
            return;
        }
        self.gain = (self.gain * (period - 1.0) + gain) / period;
        self.loss = (self.loss * (period - 1.0) + loss) / period;
    }

    /// The index, 0 to 100, 50 where nothing has moved; `None` until a whole period was seen.
    pub fn value(&self) -> Option<f64> {
        if self.changes < self.period {
            return None;
        }
        let moved = self.gain + self.loss;
        Some(if moved > 0.0 { 100.0 * self.gain / moved } else { 50.0 })
    }
}

/// Plain mean of the last values.
#[derive(Debug, Clone)]
pub struct Mean {
    period: usize,
    values: VecDeque<f64>,
}

impl Mean {
    /// A mean over `period` values, 1 or more.
    pub fn new(period: u32) -> Self {
        let period = period.max(1) as usize;
        Self { period, values: VecDeque::with_capacity(period) }
    }

    /// Takes the next value.
    pub fn push(&mut self, value: f64) {
        if self.values.len() == self.period {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// The mean; `None` until a whole period was seen. Summed anew each time, so that it cannot
    /// drift.
    pub fn value(&self) -> Option<f64> {
        let whole = self.values.len() == self.period;
        whole.then(|| self.values.iter().sum::<f64>() / self.period as f64)
    }
}

#[cfg(test)]
mod property_tests {
    use super::*;
    use proptest::prelude::*;
    use ta_lib::Core;

    fn prices() -> impl Strategy<Value = Vec<f64>> {
        // Repeated prices are common on a tape and the edge of the index: have many.
        let price = prop_oneof![(100u32..100_000).prop_map(|c| f64::from(c) / 100.0), Just(50.0)];
        prop::collection::vec(price, 1..300)
    }

    fn run(values: &[f64], mut step: impl FnMut(f64) -> Option<f64>) -> Vec<f64> {
        values.iter().filter_map(|value| step(*value)).collect()
    }

    fn check(ours: &[f64], oracle: &[f64]) -> Result<(), TestCaseError> {
        prop_assert_eq!(ours.len(), oracle.len());
        for (ours, oracle) in ours.iter().zip(oracle) {
            prop_assert!((ours - oracle).abs() < 1e-7, "{} is not {}", ours, oracle);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn the_exponential_average_is_ta_libs(prices in prices(), period in 2u32..40) {
            let mut out = vec![0.0; prices.len()];
            let range = Core::new().ema(0, prices.len() - 1, &prices, period.cast_signed(), &mut out).unwrap();
            let mut ema = Ema::new(period);
            let ours = run(&prices, |price| { ema.push(price); ema.value() });
            check(&ours, &out[..range.count])?;
        }

        #[test]
        fn the_relative_strength_index_is_ta_libs(prices in prices(), period in 2u32..40) {
            let mut out = vec![0.0; prices.len()];
            let range = Core::new().rsi(0, prices.len() - 1, &prices, period.cast_signed(), &mut out).unwrap();
            let mut rsi = Rsi::new(period);
            let ours = run(&prices, |price| { rsi.push(price); rsi.value() });
            check(&ours, &out[..range.count])?;
        }

        #[test]
        fn the_plain_mean_is_ta_libs(prices in prices(), period in 2u32..40) {
            let mut out = vec![0.0; prices.len()];
            let range = Core::new().sma(0, prices.len() - 1, &prices, period.cast_signed(), &mut out).unwrap();
            let mut mean = Mean::new(period);
            let ours = run(&prices, |price| { mean.push(price); mean.value() });
            check(&ours, &out[..range.count])?;
        }
    }
}
