//! One symbol's state and decisions. Pure: tick time and arguments, no clock.
//!
//! Everything that a restart must not lose is taken from the position itself, which the executor
//! keeps: which ticks have been acted on, when the cool-down began, whether an exit failed.
//!
//! 1. A suspect tick is counted and nothing more: it is no price, moves no peak, and is not decided on.
//! 2. Averages never join prices that cannot be compared. After a gap with minutes missing nothing is
//!    entered until the bars have been read again (where there are any); after a gap with a jump the
//!    averages begin anew.
//! 3. A position held over such a jump is left alone: its stop would be wrong after a split, and right
//!    after a crash, and nobody here can tell which it was. It is a person's, until trading is resumed
//!    or the position is gone. A restart finds the jump again in the ticks it counts in, which reach
//!    back to where the position was opened, an hour at most.

mod marks;

use crate::{exits, params::Params, signals::Signals};
use market::{BarFold, MINUTE_MS, jump::is_jump, minute_start};
pub(crate) use marks::Marks;
use proto::{
    Bar, Decimal, Indicators, OrderState, Position, PriceField, Reason, Session, Settled, Side,
    Symbol, Tick, TradingState,
};
use rust_decimal::RoundingStrategy;

/// A time this far ahead of a tick was taken on another clock: a live position under a replay.
const OTHER_CLOCK_MS: i64 = 3_600_000;

/// One symbol.
#[derive(Debug)]
pub(crate) struct Trader {
    pub(crate) params: Params,
    pub(crate) revision: String,
    fold: BarFold,
    signals: Signals,
    /// `None` while it is not known; then nothing is decided.
    position: Option<Position>,
    /// Highest price since the position was opened.
    peak: f64,
    /// Time of the tick before.
    before_ms: Option<i64>,
    /// The last price that was believed.
    last_price: Option<f64>,
    /// Minutes are missing: the bars closed since then, until all are read again.
    missing: Option<Vec<Bar>>,
    /// The position was held over a jump: a person must look first.
    stopped: bool,
}

/// What a tick was, beyond its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// It closed a bar.
    closed: bool,
    /// The tick before is so far back that the averages join two distant prices.
    after_silence: bool,
}

/// What is outside the symbol when a tick is decided on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    /// What the desk may do.
    pub(crate) trading: TradingState,
    /// The exchange is in its regular session.
    pub(crate) regular: bool,
    /// Until that session closes, milliseconds; `None` where it never does.
    pub(crate) closes_in_ms: Option<i64>,
    /// The time it is, milliseconds since 1970 UTC; the tick's own on a tape.
    pub(crate) now_ms: i64,
}

/// What to do about a tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decision {
    pub(crate) side: Side,
    pub(crate) reason: Reason,
    pub(crate) quantity: Decimal,
}

impl Trader {
    pub(crate) fn new(symbol: Symbol, params: Params) -> Self {
        Self {
            revision: params.revision(),
            fold: BarFold::new(symbol),
            signals: Signals::new(&params),
            params,
            position: None,
            peak: 0.0,
            before_ms: None,
            last_price: None,
            missing: None,
            stopped: false,
        }
    }

    /// Counts a bar of the past in.
    pub(crate) fn warm_up(&mut self, bar: &Bar) {
        if !self.signals.is_next(bar) {
            return;
        }
        if self.is_broken(bar.open) {
            self.signals = Signals::new(&self.params);
        }
        self.signals.push(bar);
        self.last_price = Some(bar.close);
        self.before_ms = self.before_ms.max(Some(bar.start_ms + MINUTE_MS));
        let opened_ns = self.held().map(|position| position.opened_ns);
        if opened_ns.is_some_and(|opened_ns| bar.start_ms >= opened_ns / 1_000_000) {
            self.peak = self.peak.max(bar.high);
        }
    }

    /// Takes the executor's word for what is held; `None` when there is none.
    pub(crate) fn on_position(&mut self, position: Option<Position>) {
        let opened = |position: &Position| (position.opened_ns, position.quantity.is_zero());
        let same = self.position.as_ref().map(opened) == position.as_ref().map(opened);
        self.position = position;
        if !same {
            self.peak = self.held().map_or(0.0, paid);
        }
        let flat = self.position.as_ref().is_some_and(|position| position.quantity.is_zero());
        self.stopped &= !flat;
    }

    /// A person wants trading to go on.
    pub(crate) fn resume(&mut self) {
        self.stopped = false;
    }

    /// A position is held that nothing is decided about until a person has looked.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Minutes were missing and one has closed since: the bars should be read again.
    pub(crate) fn wants_bars(&self) -> bool {
        self.missing.as_ref().is_some_and(|closed| !closed.is_empty())
    }

    /// Takes up the averages from `bars`, oldest first, and what has closed since; goes on with what
    /// there is when there are none.
    pub(crate) fn warm_up_again(&mut self, bars: &[Bar]) {
        let closed = self.missing.take().unwrap_or_default();
        let last_price = self.last_price;
        if !bars.is_empty() {
            self.last_price = None;
            self.signals = Signals::new(&self.params);
        }
        for bar in bars.iter().chain(&closed) {
            self.warm_up(bar);
        }
        self.last_price = last_price;
    }

    /// Counts a tick in. `None` when it was counted before, or is no price to go by.
    pub(crate) fn observe(&mut self, tick: &Tick) -> Option<Seen> {
        if tick.seq <= self.fold.last_seq() || tick.field == PriceField::PrevDay {
            return None;
        }
        if tick.suspect.is_some() {
            self.fold.skip_to(tick.seq);
            return None;
        }
        if tick.gap {
            self.cross_gap(tick);
        }
        self.last_price = Some(tick.price);
        let bar = self.fold.push(tick);
        let closed = match &mut self.missing {
            None => bar.is_some_and(|bar| self.signals.push(&bar)),
            Some(since) => {
                since.extend(bar);
                false
            }
        };
        let time_ms = tick.time_ms();
        let before_ms = self.before_ms.replace(time_ms);
        let after_silence =
            before_ms.is_none_or(|before_ms| time_ms - before_ms > self.params.max_silence_ms);
        let held_ms = self.held().map(|position| elapsed_ms(position.opened_ns, tick));
        if held_ms.is_some_and(|elapsed_ms| elapsed_ms.is_none_or(|ms| ms >= 0)) {
            self.peak = self.peak.max(tick.price);
        }
        Some(Seen { closed, after_silence })
    }

    /// Prices are missing before `tick`, or those before cannot be compared with it.
    fn cross_gap(&mut self, tick: &Tick) {
        let seq = self.fold.last_seq();
        let minute = |time_ms| minute_start(time_ms) / MINUTE_MS;
        let gone = |before_ms| minute(tick.time_ms()) - minute(before_ms);
        if self.is_broken(tick.price) {
            self.signals = Signals::new(&self.params);
            (self.before_ms, self.missing) = (None, None);
            self.stopped |= self.held().is_some();
        } else if self.before_ms.is_some_and(|before_ms| gone(before_ms) > 0) {
            self.missing = Some(Vec::new());
        } else {
            return;
        }
        // The minute that was forming lacks its end: it is no bar.
        self.fold = BarFold::new(tick.symbol.clone());
        self.fold.skip_to(seq);
    }

    /// `price` is so far from the last one that they cannot be compared.
    fn is_broken(&self, price: f64) -> bool {
        self.last_price.is_some_and(|last| is_jump(price, last, self.params.break_percent))
    }

    /// What to do about a tick that was just counted in.
    pub(crate) fn decide(
        &self,
        tick: &Tick,
        seen: Seen,
        circumstances: &Circumstances,
    ) -> Option<Decision> {
        let position = self.position.as_ref()?;
        let age_ms = circumstances.now_ms - tick.time_ms();
        let barred = self.stopped
            || position.open_order.is_some()
            || position.unresolved.is_some()
            || tick.delayed
            || tick.session != Session::Regular
            || !circumstances.regular
            || circumstances.trading == TradingState::Halted
            // It would be too old to act on the moment it is sent.
            || age_ms > self.params.intent_valid_ms
            || position.settled.as_ref().is_some_and(|settled| tick.seq <= decided_seq(settled));
        if barred {
            return None;
        }
        if position.quantity > Decimal::ZERO {
            return self.exit(position, tick, seen, circumstances);
        }
        let may_enter = position.quantity.is_zero()
            && circumstances.trading == TradingState::Active
            && age_ms <= self.params.max_tick_age_ms;
        if may_enter { self.entry(position, tick, seen, circumstances) } else { None }
    }

    /// The indicators, zero where they are not there yet.
    pub(crate) fn indicators(&self) -> Indicators {
        self.signals.indicators().unwrap_or_default()
    }

    fn exit(
        &self,
        position: &Position,
        tick: &Tick,
        seen: Seen,
        circumstances: &Circumstances,
    ) -> Option<Decision> {
        let failed = position.settled.as_ref().filter(|settled| is_failed_exit(settled));
        let waited_ms = failed.and_then(|settled| elapsed_ms(settled.time_ns, tick));
        if waited_ms.is_some_and(|waited_ms| waited_ms < self.params.exit_retry_ms) {
            return None;
        }
        let holding = exits::Holding {
            price: tick.price,
            paid: paid(position),
            peak: self.peak,
            held_ms: elapsed_ms(position.opened_ns, tick).unwrap_or(0),
            closes_in_ms: circumstances.closes_in_ms,
            crossed_down: seen.closed && self.signals.crossed_down(),
        };
        let reason = exits::reason(&self.params, &holding)?;
        Some(Decision { side: Side::Sell, reason, quantity: position.quantity })
    }

    fn entry(
        &self,
        position: &Position,
        tick: &Tick,
        seen: Seen,
        circumstances: &Circumstances,
    ) -> Option<Decision> {
        let params = &self.params;
        let closing = circumstances
            .closes_in_ms
            .is_some_and(|left_ms| left_ms <= params.no_entry_before_close_ms);
        let current = match tick.field {
            PriceField::Trade | PriceField::Second | PriceField::Minute => true,
            PriceField::Day | PriceField::PrevDay => false,
        };
        let joined = seen.after_silence || self.missing.is_some();
        if !seen.closed || joined || !current || closing {
            return None;
        }
        let indicators = self.signals.indicators()?;
        let crossing = self.signals.crossed_up()?;
        let fresh_ms = i64::from(params.entry_bars) * MINUTE_MS + params.max_silence_ms;
        let signalled = crossing.bars <= params.entry_bars
            && tick.time_ms() - crossing.at_ms <= fresh_ms
            && (params.rsi_min..=params.rsi_max).contains(&indicators.rsi)
            && indicators.range_percent >= params.min_range_percent;
        let settled = position.settled.as_ref();
        let rested = settled.and_then(|settled| elapsed_ms(settled.time_ns, tick)).is_none_or(
            |elapsed_ms| {
                // A crossing gives one entry: what was settled after it has used it up.
                elapsed_ms >= params.cool_down_ms && tick.time_ms() - crossing.at_ms < elapsed_ms
            },
        );
        if !signalled || !rested {
            return None;
        }
        let quantity = quantity(params, tick.price)?;
        Some(Decision { side: Side::Buy, reason: Reason::CrossUp, quantity })
    }

    fn held(&self) -> Option<&Position> {
        self.position.as_ref().filter(|position| position.quantity > Decimal::ZERO)
    }
}

/// Shares for one entry at `price`, rounded down; `None` when that is none at all.
fn quantity(params: &Params, price: f64) -> Option<Decimal> {
    let price = Decimal::try_from(price).ok().filter(|price| *price > Decimal::ZERO)?;
    let shares = params.order_value.checked_div(price)?;
    let shares = shares
        .round_dp_with_strategy(params.quantity_decimals, RoundingStrategy::ToZero)
        .normalize();
    (shares > Decimal::ZERO).then_some(shares)
}

fn paid(position: &Position) -> f64 {
    f64::try_from(position.average_price).unwrap_or(0.0)
}

/// From `since_ns` to the tick, milliseconds; `None` when they are not of the same clock.
fn elapsed_ms(since_ns: i64, tick: &Tick) -> Option<i64> {
    let elapsed_ms = tick.time_ns.saturating_sub(since_ns).div_euclid(1_000_000);
    (elapsed_ms > -OTHER_CLOCK_MS).then_some(elapsed_ms)
}

fn is_failed_exit(settled: &Settled) -> bool {
    settled.state != OrderState::Filled && settled.order_id.as_str().ends_with("-S")
}

/// The `seq` up to which ticks have been decided on: that of the order's own tick, or of the one at
/// which it took effect.
fn decided_seq(settled: &Settled) -> u64 {
    let own = settled.order_id.as_str().rsplit('-').nth(1).and_then(|seq| seq.parse().ok());
    settled.tick_seq.max(own).unwrap_or(0)
}

#[cfg(test)]
mod tests;
