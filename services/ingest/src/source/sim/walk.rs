//! The simulated price of a stock: a pure function of (seed, symbol, absolute time).
//!
//! 1. Every UTC day has a path of 86,400 one-second steps, walked once by a `ChaCha` generator that is
//!    seeded with seed, symbol and day. No state passes from one day to the next.
//! 2. A day's path is bent to begin at its own opening level and to end at the next day's, so that
//!    days join and the price never drifts away from its base.
//! 3. Between seconds the price is interpolated, with small noise hashed from the time.
//!
//! Never asks for the time, never keeps anything but paths that could be computed again.

use proto::Symbol;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

const DAY_S: usize = 86_400;
const DAY_MS: i64 = 86_400_000;
/// Seconds of a regular session, the unit that volatility is given in.
const SESSION_S: f64 = 23_400.0;
/// Trends and clusters widen a session's return; single steps are this much smaller, so that the
/// session as a whole moves as its profile says.
const STEP_SCALE: f64 = 0.5;
/// Bursts and big moves add to the volume; this brings its average back to what the profile says.
const VOLUME_SCALE: f64 = 0.67;
/// Volatility and trend change this often, seconds.
const REGIME_S: usize = 10;

/// What a stock is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Price it keeps returning to, dollars.
    pub base_price: f64,
    /// Standard deviation of one session's return, as a fraction (0.02 is 2 %).
    pub volatility: f64,
    /// Distance of bid and ask, as a fraction of the price; at least one cent is kept.
    pub spread: f64,
    /// Average shares traded per second.
    pub volume: f64,
}

/// One stock at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Last price, dollars, in whole cents.
    pub price: f64,
    /// Best bid, dollars.
    pub bid: f64,
    /// Best ask, dollars.
    pub ask: f64,
    /// Shares traded in the interval that ends here, whole.
    pub volume: f64,
}

/// The path of one stock, with the days that have been asked for lately.
#[derive(Debug)]
pub struct Walk {
    profile: Profile,
    key: u64,
    /// The newest days asked for, newest last: a session back and the running one.
    days: Vec<Day>,
}

/// One UTC day: distance of each second from the day's opening level, as a logarithm.
#[derive(Debug)]
struct Day {
    number: i64,
    opening: f64,
    path: Vec<f32>,
}

impl Walk {
    /// The stock `symbol` as `seed` has it.
    pub fn new(seed: u64, symbol: &Symbol, profile: Profile) -> Self {
        let key = symbol
            .as_str()
            .bytes()
            .fold(mix(seed ^ 0x9e37_79b9), |hash, byte| mix(hash ^ u64::from(byte)));
        Self { profile, key, days: Vec::new() }
    }

    /// The stock at `time_ms` (milliseconds since 1970 UTC), trading every `interval_ms`.
    pub fn at(&mut self, time_ms: i64, interval_ms: u64) -> Moment {
        let price = cents(self.level(time_ms).exp());
        let spread = cents(price * self.profile.spread).max(0.01);
        let bid = cents(price - spread * self.fraction(time_ms, 2)).clamp(0.01, price);
        let volume = self.volume(time_ms, interval_ms);
        Moment { price, bid, ask: cents(bid + spread).max(price), volume }
    }

    /// The price at the end of the UTC day before `time_ms`, dollars.
    pub fn previous_close(&mut self, time_ms: i64) -> f64 {
        let midnight = time_ms.div_euclid(DAY_MS) * DAY_MS;
        cents(self.opening_level(midnight.div_euclid(DAY_MS)).exp())
    }

    /// Logarithm of the price.
    fn level(&mut self, time_ms: i64) -> f64 {
        let number = time_ms.div_euclid(DAY_MS);
        let within_ms = time_ms.rem_euclid(DAY_MS);
        let second = (within_ms / 1_000) as usize;
        let fraction = (within_ms % 1_000) as f64 / 1_000.0;
        let step = self.step();
        let noise = self.fraction(time_ms, 1) - 0.5;
        let day = self.day(number);
        let here = day.path.get(second).copied().map_or(0.0, f64::from);
        let next = day.path.get(second + 1).copied().map_or(here, f64::from);
        let wiggle = noise * step * (fraction * (1.0 - fraction)).sqrt();
        day.opening + here + (next - here) * fraction + wiggle
    }

    /// Shares of the interval that ends at `time_ms`: calm most of the time, with bursts that last
    /// for some ten seconds and grow with the size of the move.
    fn volume(&mut self, time_ms: i64, interval_ms: u64) -> f64 {
        let mood = self.fraction(time_ms.div_euclid(20_000), 3);
        let burst = if mood > 0.95 { 6.0 } else { 0.4 + mood };
        let uneven = self.fraction(time_ms, 4) * 2.0;
        let moved = self.level(time_ms) - self.level(time_ms - interval_ms.cast_signed());
        let usual = self.step() * (interval_ms as f64 / 1_000.0).sqrt();
        let excited = 0.5 + (moved.abs() / usual.max(1e-9)).min(4.0);
        let seconds = interval_ms as f64 / 1_000.0;
        let average = self.profile.volume * VOLUME_SCALE * seconds;
        (average * burst * uneven * excited).round().max(1.0)
    }

    /// Standard deviation of one second's return.
    fn step(&self) -> f64 {
        self.profile.volatility * STEP_SCALE / SESSION_S.sqrt()
    }

    /// A number in 0..1 that depends on nothing but the seed, the symbol, `time` and `purpose`.
    fn fraction(&self, time: i64, purpose: u64) -> f64 {
        let bits = mix(self.key ^ mix((time as u64).wrapping_add(purpose << 56)));
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Logarithm of the price at which UTC day `number` opens: slow waves around the base.
    fn opening_level(&self, number: i64) -> f64 {
        let phase = |purpose| self.fraction(0, purpose) * std::f64::consts::TAU;
        let days = number as f64;
        let wave = (days * std::f64::consts::TAU / 23.0 + phase(5)).sin()
            + (days * std::f64::consts::TAU / 7.3 + phase(6)).sin() * 0.5;
        let jitter = self.fraction(number, 7) - 0.5;
        self.profile.base_price.max(0.01).ln() + self.profile.volatility * (wave + jitter)
    }

    fn day(&mut self, number: i64) -> &Day {
        let found = self.days.iter().position(|day| day.number == number);
        let index = found.unwrap_or_else(|| {
            if self.days.len() >= 2 {
                self.days.remove(0);
            }
            self.days.push(self.walk_day(number));
            self.days.len() - 1
        });
        // The index was found or made a line above.
        #[expect(clippy::indexing_slicing, reason = "found or pushed just above")]
        &self.days[index]
    }

    /// Walks one day and bends it to its opening and closing levels.
    fn walk_day(&self, number: i64) -> Day {
        let mut dice = Dice::new(self.key, number);
        let step = self.step();
        let mut path = Vec::with_capacity(DAY_S + 1);
        let (mut level, mut unrest, mut trend) = (0.0_f64, 0.0_f64, 0.0_f64);
        let mut scale = step;
        for second in 0..=DAY_S {
            path.push(level as f32);
            if second % REGIME_S == 0 {
                // Volatility clusters over about ten minutes, trends last about fifteen.
                unrest = unrest * 0.983 + dice.normal() * 0.09;
                trend = trend * 0.989 + dice.normal() * 0.0045;
                scale = step * unrest.exp();
            }
            level += scale * (dice.normal() + trend);
        }
        let opening = self.opening_level(number);
        let target = self.opening_level(number + 1) - opening;
        let end = path.last().copied().map_or(0.0, f64::from);
        for (second, level) in path.iter_mut().enumerate() {
            let part = second as f64 / DAY_S as f64;
            *level = (f64::from(*level) + (target - end) * part) as f32;
        }
        Day { number, opening, path }
    }
}

/// Nearly normal random numbers from a `ChaCha` stream; plain arithmetic, the same on any machine.
struct Dice(ChaCha8Rng);

impl Dice {
    fn new(key: u64, day: i64) -> Self {
        let mut seed = [0_u8; 32];
        for (slot, word) in seed.chunks_exact_mut(8).zip([key, day as u64, mix(key), 1]) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(seed))
    }

    /// Mean 0, standard deviation 1: the sum of four uniform numbers.
    fn normal(&mut self) -> f64 {
        let bits = self.0.next_u64();
        let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum();
        (sum as f64 / 65_535.0 - 2.0) * 3.0_f64.sqrt()
    }
}

/// Whole cents.
fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round().max(1.0) / 100.0
}

/// Spreads the bits of a number (splitmix64).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_700_049_600_000;
    const PROFILE: Profile =
        Profile { base_price: 100.0, volatility: 0.03, spread: 0.0004, volume: 500.0 };

    fn walk(seed: u64, symbol: &str) -> Walk {
        Walk::new(seed, &Symbol::parse(symbol).unwrap(), PROFILE)
    }

    #[test]
    fn the_price_depends_on_seed_symbol_and_time_alone() {
        let (mut one, mut two) = (walk(7, "AAPL"), walk(7, "AAPL"));
        // The second walk is asked in another order, as after a restart.
        let later: Vec<_> = (0..50).rev().map(|i| two.at(NOON + i * 137, 1_000)).collect();
        for (i, expected) in (0..50).zip(later.into_iter().rev()) {
            assert_eq!(one.at(NOON + i * 137, 1_000), expected);
        }
        assert_ne!(walk(8, "AAPL").at(NOON, 1_000), one.at(NOON, 1_000));
        assert_ne!(walk(7, "MSFT").at(NOON, 1_000), one.at(NOON, 1_000));
    }

    #[test]
    fn days_join_without_a_jump() {
        let mut walk = walk(1, "NVDA");
        for day in 19_000..19_010 {
            let midnight = day * DAY_MS;
            let (before, after) = (walk.at(midnight - 1_000, 1_000), walk.at(midnight, 1_000));
            assert!((before.price / after.price - 1.0).abs() < 0.005, "{before:?} {after:?}");
            assert_eq!(walk.previous_close(midnight + 5), after.price);
        }
    }

    #[test]
    fn a_session_moves_about_as_much_as_its_profile_says() {
        let mut moves = Vec::new();
        for day in 19_000..19_030 {
            let mut walk = walk(3, "AMD");
            let open = walk.at(day * DAY_MS + 50_000_000, 1_000).price;
            let close = walk.at(day * DAY_MS + 73_400_000, 1_000).price;
            moves.push((close / open).ln().powi(2));
        }
        let deviation = (moves.iter().sum::<f64>() / moves.len() as f64).sqrt();
        assert!((0.02..0.045).contains(&deviation), "{deviation}");
    }

    #[test]
    fn the_volume_averages_what_its_profile_says() {
        let mut walk = walk(9, "QCOM");
        let hour: f64 = (0..3_600).map(|second| walk.at(NOON + second * 1_000, 1_000).volume).sum();
        assert!((400.0..600.0).contains(&(hour / 3_600.0)), "{}", hour / 3_600.0);
    }

    #[test]
    fn the_price_keeps_near_its_base_for_ever() {
        for day in (0..40_000).step_by(977) {
            let price = walk(5, "META").at(day * DAY_MS + DAY_MS / 2, 1_000).price;
            assert!((60.0..160.0).contains(&price), "day {day}: {price}");
        }
    }
}

#[cfg(test)]
mod property_tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_moment_is_a_plausible_quote(
            seed: u64,
            time_ms in 0_i64..4_000_000_000_000,
            base in 0.05_f64..5_000.0,
            interval_ms in 50_u64..60_000,
        ) {
            let profile = Profile { base_price: base, volatility: 0.05, spread: 0.001, volume: 20.0 };
            let mut walk = Walk::new(seed, &Symbol::parse("SPY").unwrap(), profile);
            let moment = walk.at(time_ms, interval_ms);
            prop_assert!(moment.bid > 0.0 && moment.bid <= moment.price, "{moment:?}");
            prop_assert!(moment.ask >= moment.price && moment.ask > moment.bid, "{moment:?}");
            prop_assert!(moment.volume >= 1.0 && moment.volume.is_finite(), "{moment:?}");
            prop_assert_eq!(moment.price, cents(moment.price));
        }
    }
}
