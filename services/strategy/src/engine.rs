//! The strategy: every tick of the tape in, now and then an intent out.
//!
//! 1. Synchronous and deterministic: no clock, no randomness, no I/O; `now_ms` is an argument.
//! 2. Holdings are what the executor says, never what an intent was hoped to do.
//! 3. What is not known (a position, the trading state) stops trading, it is never guessed.

use crate::{
    params::ParamsBook,
    trader::{Circumstances, Decision, Marks, Trader},
};
use market::SessionClock;
use proto::{
    Bar, Intent, IntentKind, Levels, OrderId, Position, Side, Symbol, Tick, TradingState, VERSION,
};
use std::collections::BTreeMap;

/// Decides on ticks. One instance sees all symbols, in the order of stream `TICKS`.
pub trait Strategy: Send {
    /// Its name, as intents carry it.
    fn name(&self) -> &'static str;

    /// Counts in a bar that ended before the first tick; oldest first.
    fn warm_up(&mut self, bar: &Bar);

    /// Counts in a tick without deciding: it was decided on before a restart, or cannot be now.
    fn observe(&mut self, tick: &Tick);

    /// Learns what is held and how the last order ended.
    fn on_position(&mut self, position: &Position);

    /// Learns that nobody knows what is held.
    fn on_position_unknown(&mut self, symbol: &Symbol);

    /// Learns what the desk may do. `Halted` until told otherwise; each `Active` is somebody's word
    /// that trading goes on, also of what was left to a person.
    fn on_trading(&mut self, trading: TradingState);

    /// Decides on the tick at `position` of stream `TICKS`. `now_ms` is the time it is on the feed's
    /// clock: the tick's own on a tape. Not to be called for a symbol whose intent is in flight.
    fn on_tick(&mut self, position: u64, tick: &Tick, now_ms: i64) -> Option<Intent>;

    /// Minutes of `symbol` went missing and have had time to be filled in: its bars should be read
    /// and counted in again.
    fn wants_bars(&self, symbol: &Symbol) -> bool;

    /// Counts the bars of `symbol` in anew, oldest first; goes on as it is when there are none.
    fn warm_up_again(&mut self, symbol: &Symbol, bars: &[Bar]);

    /// Symbols whose positions are left to a person.
    fn stopped(&self) -> Vec<&Symbol>;

    /// At which prices it means to act on `symbol`.
    fn levels(&mut self, symbol: &Symbol) -> Levels;
}

/// Averages crossing on 1-minute bars to get in, bounds on every tick to get out; long only.
#[derive(Debug)]
pub struct MicroTradingStrategy {
    book: ParamsBook,
    clock: SessionClock,
    trading: TradingState,
    traders: BTreeMap<Symbol, Trader>,
}

impl MicroTradingStrategy {
    /// Knows its parameters and whose hours to keep, and nothing else yet.
    pub fn new(book: ParamsBook, clock: SessionClock) -> Self {
        Self { book, clock, trading: TradingState::Halted, traders: BTreeMap::new() }
    }

    fn trader(&mut self, symbol: &Symbol) -> &mut Trader {
        let book = &self.book;
        self.traders
            .entry(symbol.clone())
            .or_insert_with(|| Trader::new(symbol.clone(), book.of(symbol).clone()))
    }

    fn circumstances(&self, tick: &Tick, now_ms: i64) -> Circumstances {
        let time_ms = tick.time_ms();
        Circumstances {
            trading: self.trading,
            regular: self.clock.is_regular(time_ms),
            closes_in_ms: self.clock.regular_close_ms(time_ms).map(|close_ms| close_ms - time_ms),
            now_ms,
        }
    }

    fn intent(&self, position: u64, tick: &Tick, decision: Decision) -> Option<Intent> {
        let trader = self.traders.get(&tick.symbol)?;
        let Decision { side, reason, quantity } = decision;
        Some(Intent {
            v: VERSION,
            id: OrderId::derive(&tick.symbol, tick.seq, side),
            symbol: tick.symbol.clone(),
            side,
            kind: match side {
                Side::Buy => IntentKind::Entry,
                Side::Sell => IntentKind::Exit,
            },
            quantity,
            price: tick.price,
            tick_seq: tick.seq,
            position,
            time_ns: tick.time_ns,
            valid_until_ms: tick.time_ms() + trader.params.intent_valid_ms,
            reason,
            indicators: trader.indicators(),
            strategy: self.name().to_owned(),
            revision: trader.revision.clone(),
        })
    }
}

impl Strategy for MicroTradingStrategy {
    fn name(&self) -> &'static str {
        "micro_trading"
    }

    fn warm_up(&mut self, bar: &Bar) {
        self.trader(&bar.symbol).warm_up(bar);
    }

    fn observe(&mut self, tick: &Tick) {
        self.trader(&tick.symbol).observe(tick);
    }

    fn on_position(&mut self, position: &Position) {
        self.trader(&position.symbol).on_position(Some(position.clone()));
    }

    fn on_position_unknown(&mut self, symbol: &Symbol) {
        self.trader(symbol).on_position(None);
    }

    fn on_trading(&mut self, trading: TradingState) {
        self.trading = trading;
        if trading == TradingState::Active {
            self.traders.values_mut().for_each(Trader::resume);
        }
    }

    fn on_tick(&mut self, position: u64, tick: &Tick, now_ms: i64) -> Option<Intent> {
        let circumstances = self.circumstances(tick, now_ms);
        let trader = self.trader(&tick.symbol);
        let seen = trader.observe(tick)?;
        let decision = trader.decide(tick, seen, &circumstances)?;
        self.intent(position, tick, decision)
    }

    fn wants_bars(&self, symbol: &Symbol) -> bool {
        self.traders.get(symbol).is_some_and(Trader::wants_bars)
    }

    fn warm_up_again(&mut self, symbol: &Symbol, bars: &[Bar]) {
        self.trader(symbol).warm_up_again(bars);
    }

    fn stopped(&self) -> Vec<&Symbol> {
        let stopped = self.traders.iter().filter(|(_, trader)| trader.is_stopped());
        stopped.map(|(symbol, _)| symbol).collect()
    }

    fn levels(&mut self, symbol: &Symbol) -> Levels {
        let before_ms = self.trader(symbol).before_ms();
        let closes_ms = before_ms.and_then(|before_ms| self.clock.regular_close_ms(before_ms));
        let trader = self.trader(symbol);
        let Marks { entry, stop, trailing, take_profit, leave_by_ms } = trader.marks(closes_ms);
        Levels {
            v: VERSION,
            symbol: symbol.clone(),
            ema_fast: trader.params.ema_fast,
            ema_slow: trader.params.ema_slow,
            entry,
            stop,
            trailing,
            take_profit,
            leave_by_ms,
            tick_seq: trader.last_seq(),
        }
    }
}

#[cfg(test)]
mod tests;
