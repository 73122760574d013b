//! Levels, and a feed that was away.

use super::*;
use proto::Levels;

impl Desk {
    /// With entries for as long as a crossing is `bars` old.
    pub(crate) fn with_entry_bars(mut self, bars: u32) -> Self {
        self.params.entry_bars = bars;
        self
    }

    /// A live feed on which nothing is held.
    pub(crate) async fn live() -> Self {
        let desk = Self::provisioned().await;
        desk.set_feed(ClockKind::Wall, Source::Sim, "run-1").await;
        desk.set_trading(TradingState::Active).await;
        desk.set_flat(SYMBOLS[0]).await;
        desk
    }

    /// The time of second `second` of the tape, by a clock that stands there.
    pub(crate) fn clock_at(second: i64) -> Clock {
        Clock::standing_at((TAPE_START_MS + second * 1_000) * 1_000_000)
    }

    /// Tick `seq` of the first symbol at second `second`; after prices that are missing, if `gap`.
    pub(crate) async fn publish_one(&self, seq: u64, second: i64, price: f64, gap: bool) {
        let tick = tick(SYMBOLS[0], seq, TAPE_START_MS + second * 1_000, price);
        self.publish_tick(&Tick { gap, ..tick }).await;
    }

    /// Bars of the first symbol that fall through minutes 0 to 5.
    pub(crate) async fn publish_falling_bars(&self) {
        for (minute, close) in falling() {
            self.publish_bar(&super::bar(TAPE_START_MS + minute * MINUTE_MS, close)).await;
        }
    }

    /// Ten shares of the first symbol were bought at 100 at its first tick.
    pub(crate) async fn set_held(&self) {
        let symbol = symbol(SYMBOLS[0]);
        let position = Position {
            quantity: Decimal::TEN,
            average_price: Decimal::from(100),
            opened_ns: TAPE_START_MS * 1_000_000,
            ..Position::flat(symbol)
        };
        self.set_position(&position).await;
    }

    /// The levels of the first symbol, once they are as wanted.
    pub(crate) async fn wait_levels(&self, wanted: impl Fn(&Levels) -> bool) -> Levels {
        let kv = self.operator.kv::<Levels>(&stream::LEVELS);
        let key = subject::key::levels(&symbol(SYMBOLS[0]));
        let found = eventually(SOON, async || kv.get(&key).await.unwrap().filter(|l| wanted(l)));
        found.await.expect("levels as wanted")
    }
}
