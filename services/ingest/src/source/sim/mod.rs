//! The simulated feed: every symbol at once, on a fixed grid of time, always in session.
//!
//! Prices are [`walk`]'s, so a restart continues the same path and back-filled bars are what the
//! live feed would have given. Never touches the network; needs no key and no market hours.

pub mod history;
pub mod walk;

use super::{Backfill, Condition, Description, Earlier, Event, Handling, Quote, Source};
use market::{MINUTE_MS, minute_start};
use proto::{Bar, ClockKind, FeedState, PriceField, Source as Origin, Symbol};
use runtime::clock::Clock;
use std::{collections::BTreeMap, time::Duration};
pub use walk::{Profile, Walk};

/// Grid times that are caught up after a pause; a longer one is skipped.
const CATCH_UP: i64 = 300;

/// What the simulation is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Another seed, another market.
    pub seed: u64,
    /// Time between two ticks of a symbol, milliseconds of simulated time.
    pub interval_ms: u64,
    /// Simulated seconds per wall second.
    pub speed: f64,
    /// Stocks that have a profile of their own.
    pub profiles: BTreeMap<Symbol, Profile>,
    /// All other stocks.
    pub defaults: Profile,
}

/// The simulated feed.
#[derive(Debug)]
pub struct Sim {
    settings: Settings,
    market: Market,
    wall: Clock,
    clock: VirtualClock,
    /// The newest grid time given out, milliseconds.
    given_ms: i64,
    /// Time runs: the first price has been asked for.
    begun: bool,
    /// Prices before the next ones are left out.
    gap: bool,
}

/// All simulated stocks, in configuration order. Pure.
#[derive(Debug)]
pub struct Market {
    walks: Vec<(Symbol, Walk)>,
    interval_ms: u64,
}

/// Simulated time: runs from an anchor, `speed` times as fast as the wall clock.
#[derive(Debug, Clone, Copy, PartialEq)]
struct VirtualClock {
    wall_ns: i64,
    virtual_ns: i64,
    speed: f64,
}

impl Market {
    /// The stocks of `symbols`.
    pub fn new(settings: &Settings, symbols: &[Symbol]) -> Self {
        let walk = |symbol: &Symbol| {
            let profile = settings.profiles.get(symbol).copied().unwrap_or(settings.defaults);
            (symbol.clone(), Walk::new(settings.seed, symbol, profile))
        };
        Self { walks: symbols.iter().map(walk).collect(), interval_ms: settings.interval_ms.max(1) }
    }

    /// Every stock at a grid time, in configuration order.
    pub fn quotes(&mut self, time_ms: i64) -> Vec<Quote> {
        let interval_ms = self.interval_ms;
        let quote = |(symbol, walk): &mut (Symbol, Walk)| {
            let moment = walk.at(time_ms, interval_ms);
            Quote {
                symbol: symbol.clone(),
                price: moment.price,
                size: moment.volume,
                time_ns: time_ms * 1_000_000,
                field: PriceField::Trade,
                delayed: false,
                bid: Some(moment.bid),
                ask: Some(moment.ask),
                prev_close: Some(walk.previous_close(time_ms)),
                gap: false,
                received_ns: None,
            }
        };
        self.walks.iter_mut().map(quote).collect()
    }

    /// The last grid time at or before `time_ms`.
    fn grid(&self, time_ms: i64) -> i64 {
        time_ms - time_ms.rem_euclid(self.interval_ms.cast_signed())
    }

    /// The first grid time at or after `time_ms`.
    fn grid_from(&self, time_ms: i64) -> i64 {
        self.grid(time_ms + self.interval_ms.cast_signed() - 1)
    }
}

impl VirtualClock {
    /// Simulated milliseconds at a moment of the wall clock.
    fn at(&self, wall_ns: i64) -> i64 {
        let since = (wall_ns - self.wall_ns) as f64 * self.speed;
        (self.virtual_ns + since as i64).div_euclid(1_000_000)
    }

    /// Wall time from `wall_ns` until the simulated time `time_ms`.
    fn until(&self, time_ms: i64, wall_ns: i64) -> Duration {
        let ahead_ns = (time_ms * 1_000_000 - self.virtual_ns) as f64 / self.speed;
        let wait_ns = ahead_ns - (wall_ns - self.wall_ns) as f64;
        Duration::from_nanos(wait_ns.max(0.0) as u64)
    }
}

impl Sim {
    /// A feed of `symbols`.
    pub fn new(settings: Settings, symbols: &[Symbol]) -> Self {
        let market = Market::new(&settings, symbols);
        let clock = VirtualClock { wall_ns: 0, virtual_ns: 0, speed: settings.speed };
        let wall = Clock::wall();
        Self { settings, market, wall, clock, given_ms: 0, begun: false, gap: false }
    }

    /// Takes what `clock` shows for the wall's time.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { wall: clock, ..self }
    }

    /// Passes over what a long pause has left out; gives its minutes, without the present one, of
    /// which as many prices follow as are caught up.
    fn skip_to(&mut self, now_ms: i64) -> Vec<Bar> {
        let interval_ms = self.market.interval_ms.cast_signed();
        let forming_ms = minute_start(now_ms);
        let first_ms =
            minute_start(self.given_ms).max(forming_ms - history::SESSION_MINUTES * MINUTE_MS);
        let follow_ms = self.market.grid_from(forming_ms).max(now_ms - CATCH_UP * interval_ms);
        tracing::warn!(
            skipped_ms = follow_ms - self.given_ms,
            "the simulation was held up and skips ahead"
        );
        (self.given_ms, self.gap) = (follow_ms - interval_ms, true);
        history::minutes(&mut self.market, first_ms, forming_ms)
    }
}

impl Source for Sim {
    fn describe(&self) -> Description {
        Description {
            origin: Origin::Sim,
            clock: ClockKind::Tape,
            interval_ms: self.settings.interval_ms,
            speed: self.settings.speed,
            handling: Handling::Simulated,
            tape: None,
        }
    }

    async fn prepare(&mut self, earlier: Earlier) -> Result<(Condition, Backfill), String> {
        let wall_ns = self.wall.now_ns();
        // Faster than the wall, an earlier run may have come further: time never turns back.
        let reached = earlier.last_ns.filter(|_| self.settings.speed > 1.0).unwrap_or(wall_ns);
        let virtual_ns = wall_ns.max(reached);
        self.clock = VirtualClock { wall_ns, virtual_ns, speed: self.settings.speed };
        self.given_ms = self.market.grid(virtual_ns / 1_000_000);
        let backfill = history::session_before(&mut self.market, self.given_ms);
        let seed = self.settings.seed;
        let detail = format!("simulated random walk, seed {seed}: no real prices");
        Ok((Condition::new(FeedState::Live, detail), backfill))
    }

    async fn next(&mut self) -> Event {
        if !std::mem::replace(&mut self.begun, true) && self.settings.speed > 1.0 {
            // Faster than the wall, much would be over when the history is stored at last.
            self.clock.wall_ns = self.wall.now_ns();
        }
        let interval_ms = self.market.interval_ms.cast_signed();
        let due_ms = self.given_ms + interval_ms;
        tokio::time::sleep(self.clock.until(due_ms, self.wall.now_ns())).await;
        let now_ms = self.market.grid(self.clock.at(self.wall.now_ns()));
        if now_ms - due_ms > CATCH_UP * interval_ms {
            return Event::Bars(self.skip_to(now_ms));
        }
        self.given_ms = due_ms;
        let gap = std::mem::take(&mut self.gap);
        let quotes = self.market.quotes(due_ms).into_iter();
        Event::Quotes(quotes.map(|quote| Quote { gap, ..quote }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// On the grid, milliseconds.
    const NOW_MS: i64 = 1_795_186_805_000;

    fn settings() -> Settings {
        let defaults = Profile { base_price: 50.0, volatility: 0.02, spread: 0.0005, volume: 90.0 };
        Settings { seed: 1, interval_ms: 20, speed: 1.0, profiles: BTreeMap::new(), defaults }
    }

    fn symbols() -> Vec<Symbol> {
        ["MSFT", "AAPL"].iter().map(|text| Symbol::parse(text).unwrap()).collect()
    }

    #[test]
    fn simulated_time_runs_at_its_speed_from_its_anchor() {
        let clock = VirtualClock { wall_ns: 1_000_000_000, virtual_ns: 5_000_000_000, speed: 60.0 };
        assert_eq!(clock.at(2_000_000_000), 65_000);
        assert_eq!(clock.until(65_000, 1_500_000_000), Duration::from_millis(500));
        assert_eq!(clock.until(1, 1_500_000_000), Duration::ZERO);
    }

    /// The starts of `count` minutes.
    fn minutes_from(first_ms: i64, count: i64) -> Vec<i64> {
        (0..count).map(|n| first_ms + n * 60_000).collect()
    }

    /// The grid time that a feed gives out next, milliseconds, the same for both symbols.
    async fn next_ms(sim: &mut Sim) -> i64 {
        let Event::Quotes(quotes) = sim.next().await else { panic!("the simulation never ends") };
        let names: Vec<_> = quotes.iter().map(|quote| quote.symbol.as_str()).collect();
        assert_eq!(names, ["MSFT", "AAPL"]);
        assert_eq!(quotes[0].time_ns, quotes[1].time_ns);
        quotes[0].time_ns / 1_000_000
    }

    #[tokio::test(start_paused = true)]
    async fn all_symbols_come_together_on_the_grid_and_no_grid_time_is_missed() {
        let clock = Clock::standing_at(NOW_MS * 1_000_000 + 1);
        let mut sim = Sim::new(settings(), &symbols()).with_clock(clock.clone());
        let (_, backfill) = sim.prepare(Earlier::default()).await.unwrap();
        assert_eq!(sim.given_ms, NOW_MS);
        assert_eq!(backfill.bars.last().unwrap().start_ms + 60_000, NOW_MS / 60_000 * 60_000);
        for nth in 1..=5 {
            assert_eq!(next_ms(&mut sim).await, NOW_MS + nth * 20);
        }
        // Held up for a while, it catches up without leaving anything out ...
        clock.set((NOW_MS + 305 * 20) * 1_000_000);
        for nth in 6..=305 {
            assert_eq!(next_ms(&mut sim).await, NOW_MS + nth * 20);
        }
        // ... and after a long while it tells the minutes and goes on with the present.
        clock.set((NOW_MS + 3_600_000) * 1_000_000);
        let Event::Bars(bars) = sim.next().await else { panic!("the minutes left out") };
        let minute_ms = NOW_MS / 60_000 * 60_000;
        let starts = bars.iter().map(|bar| bar.start_ms).collect::<BTreeSet<_>>();
        assert_eq!(starts.into_iter().collect::<Vec<_>>(), minutes_from(minute_ms, 60));
        let whole = history::minutes(&mut sim.market, minute_ms, minute_ms + 3_600_000);
        assert_eq!(bars, whole, "as if it had never paused");
        let Event::Quotes(quotes) = sim.next().await else { panic!("prices follow") };
        assert!(quotes.iter().all(|quote| quote.gap), "{quotes:?}");
        assert_eq!(quotes[0].time_ns / 1_000_000, minute_ms + 3_600_000);
        assert_eq!(next_ms(&mut sim).await, minute_ms + 3_600_020);
    }

    #[tokio::test]
    async fn a_fast_simulation_never_turns_back_before_the_last_run() {
        let mut sim = Sim::new(Settings { speed: 60.0, ..settings() }, &symbols())
            .with_clock(Clock::standing_at(NOW_MS * 1_000_000));
        let ahead_ns = NOW_MS * 1_000_000 + 3_600_000_000_000;
        sim.prepare(Earlier { last_ns: Some(ahead_ns), published: 0 }).await.unwrap();
        assert!(sim.given_ms >= ahead_ns / 1_000_000 - 20);
    }
}
