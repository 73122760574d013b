//! A past for every symbol: days, and minutes where they are wanted, that end at a known close. Pure.

use super::{config::Config, event::Bar, market::Market};

/// Fills in the days before `now_ns`.
pub(super) fn fill(market: &mut Market, config: &Config, now_ns: i64) {
    let today = market.cycle.day_of(now_ns);
    let days = market.cycle.trading_days_before(today, config.history_days);
    for listing in &config.symbols {
        market.listed.insert(listing.ticker.clone());
        let Some(mut close) = listing.close else { continue };
        for day in &days {
            let mut chance = Chance::new(config.seed, &listing.ticker, day.open_ms);
            // Backwards: the day ends where the one after it begins, nearly.
            let open = round(close * (1.0 + chance.around(0.01)));
            if config.history_minutes {
                let minutes = minutes(&mut chance, (open, close), (day.open_ms, day.close_ms));
                let mut whole = Bar::default();
                for minute in &minutes {
                    whole.join(minute);
                }
                market.remember(&listing.ticker, |book| {
                    for minute in &minutes {
                        book.put_minute(*minute);
                    }
                });
                market.remember_day(&listing.ticker, day.date, whole);
            } else {
                market.remember_day(&listing.ticker, day.date, day_bar(&mut chance, open, close));
            }
            close = open;
        }
    }
}

fn day_bar(chance: &mut Chance, open: f64, close: f64) -> Bar {
    let high = round(open.max(close) * (1.0 + chance.next() * 0.01));
    let low = round(open.min(close) * (1.0 - chance.next() * 0.01));
    let volume = (1_000_000.0 + chance.next() * 60_000_000.0).round();
    Bar { trades: (volume / 110.0) as i64, ..Bar::new(0, [open, high, low, close], volume) }
}

/// A walk from open to close, a bar a minute.
fn minutes(
    chance: &mut Chance,
    (open, close): (f64, f64),
    (from_ms, to_ms): (i64, i64),
) -> Vec<Bar> {
    let count = (to_ms - from_ms) / 60_000;
    let mut last = open;
    let bar = |n: i64| {
        let straight = open + (close - open) * (n + 1) as f64 / count as f64;
        let next =
            if n + 1 == count { close } else { round(straight * (1.0 + chance.around(0.001))) };
        let high = round(last.max(next) * (1.0 + chance.next() * 0.000_5));
        let low = round(last.min(next) * (1.0 - chance.next() * 0.000_5));
        let volume = (1_000.0 + chance.next() * 90_000.0).round();
        let bar = Bar::new(from_ms + n * 60_000, [last, high, low, next], volume);
        last = next;
        Bar { trades: (volume / 110.0) as i64 + 1, ..bar }
    };
    (0..count).map(bar).collect()
}

/// To the cent.
pub(super) fn round(price: f64) -> f64 {
    (price * 100.0).round() / 100.0
}

/// Chance by a seed: splitmix64.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64, name: &str, more: i64) -> Self {
        let mut state = seed ^ more.cast_unsigned().rotate_left(17);
        for byte in name.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(state)
    }

    pub(super) fn whole(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    pub(super) fn next(&mut self) -> f64 {
        (self.whole() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From `-most` to `most`.
    pub(super) fn around(&mut self, most: f64) -> f64 {
        (self.next() * 2.0 - 1.0) * most
    }
}
