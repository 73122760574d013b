//! What the holdings are worth at the last prices: equity, the day's profit, the fall from the peak.
//! Pure: time comes with the ticks.

use crate::{ledger::Ledger, money};
use market::SessionClock;
use proto::{Account, Symbol, Tick};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The last price of a symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LastPrice {
    /// Dollars.
    pub price: f64,
    /// When it was a price, milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// `seq` of its tick.
    pub seq: u64,
}

/// Last prices and the marks of equity that limits are measured from.
#[derive(Debug, Clone)]
pub struct Valuation {
    last: BTreeMap<Symbol, LastPrice>,
    day: String,
    /// Within this span of feed time the day cannot have changed, milliseconds.
    day_sure_ms: std::ops::Range<i64>,
    day_start_equity: Decimal,
    peak_equity: Decimal,
}

/// The account as it was last published, and what its trades have done to its cash since.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    /// The record.
    pub account: &'a Account,
    /// Cash that the journal's trades since that record have brought; negative where they cost.
    pub traded: Decimal,
}

/// Everything at one moment, account currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// Value of all positions.
    pub exposure: Decimal,
    /// Cash plus exposure.
    pub equity: Decimal,
    /// Profit and loss of held shares.
    pub unrealised: Decimal,
    /// Equity now minus equity when the day began; negative for a loss.
    pub day_profit: Decimal,
    /// Fall of equity from its peak, percent of the peak.
    pub drawdown_percent: Decimal,
}

impl Valuation {
    /// Begins with the equity of `ledger` at cost, or with the marks of an earlier account record.
    /// What the cash has changed by since then other than by trades was paid in or out, or is
    /// somebody else's trade, and moves the marks along.
    pub fn new(ledger: &Ledger, earlier: Option<Earlier<'_>>) -> Self {
        let mut fresh = Self {
            last: BTreeMap::new(),
            day: String::new(),
            day_sure_ms: 0..0,
            day_start_equity: Decimal::ZERO,
            peak_equity: Decimal::ZERO,
        };
        let at_cost = fresh.worth(ledger).equity;
        (fresh.day_start_equity, fresh.peak_equity) = (at_cost, at_cost);
        if let Some(Earlier { account, traded }) = earlier {
            fresh.day_start_equity = account.day_start_equity;
            fresh.peak_equity = account.peak_equity;
            fresh.day.clone_from(&account.day);
            fresh.shift(ledger.cash() - account.cash - traded);
        }
        fresh
    }

    /// Moves the marks along with cash that came or went without a trade: neither profit nor loss.
    pub fn shift(&mut self, cash: Decimal) {
        self.day_start_equity += cash;
        self.peak_equity += cash;
    }

    /// Takes a price in, unless it is not to be believed yet: then it is nobody's last price. The day
    /// begins anew with the first tick of another New York date.
    pub fn on_tick(&mut self, tick: &Tick, ledger: &Ledger, clock: &SessionClock) {
        let time_ms = tick.time_ms();
        self.turn_day(time_ms, ledger, clock);
        let last = LastPrice { price: tick.price, time_ms, seq: tick.seq };
        let newest = self.last.get(&tick.symbol).is_none_or(|known| known.time_ms <= time_ms);
        if !newest || tick.suspect.is_some() {
            return;
        }
        self.last.insert(tick.symbol.clone(), last);
        if !ledger.position(&tick.symbol).quantity.is_zero() {
            self.peak_equity = self.peak_equity.max(self.worth(ledger).equity);
        }
    }

    fn turn_day(&mut self, time_ms: i64, ledger: &Ledger, clock: &SessionClock) {
        if self.day_sure_ms.contains(&time_ms) {
            return;
        }
        let day = clock.trading_day(time_ms);
        // A quarter of an hour divides every zone's midnight from the rest of its day.
        let quarter = time_ms.div_euclid(900_000) * 900_000;
        self.day_sure_ms = quarter..quarter + 900_000;
        if day != self.day {
            self.day = day;
            self.day_start_equity = self.worth(ledger).equity;
        }
    }

    /// The last price of `symbol`.
    pub fn last(&self, symbol: &Symbol) -> Option<LastPrice> {
        self.last.get(symbol).copied()
    }

    /// What everything is worth. A holding without a price yet counts at its cost.
    pub fn worth(&self, ledger: &Ledger) -> Worth {
        let (mut exposure, mut unrealised) = (Decimal::ZERO, Decimal::ZERO);
        for position in ledger.positions().filter(|position| !position.quantity.is_zero()) {
            let last = self.last.get(&position.symbol);
            let price = last.map_or(position.average_price, |last| money(last.price));
            let value = price * position.quantity * ledger.rate();
            exposure += value;
            unrealised += value - position.cost;
        }
        let equity = ledger.cash() + exposure;
        let fall = (self.peak_equity - equity).max(Decimal::ZERO) * Decimal::ONE_HUNDRED;
        Worth {
            exposure,
            equity,
            unrealised,
            day_profit: equity - self.day_start_equity,
            drawdown_percent: fall.checked_div(self.peak_equity).unwrap_or(Decimal::ZERO),
        }
    }

    /// The trading day, its first equity, and the highest equity so far.
    pub fn marks(&self) -> (&str, Decimal, Decimal) {
        (&self.day, self.day_start_equity, self.peak_equity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::Books,
        test_support::{symbol, tick},
    };
    use proto::Suspect;

    #[test]
    fn a_price_not_to_be_believed_is_nobodys_last_price() {
        let ledger = Ledger::new(Books::paper("USD"), Decimal::ONE_THOUSAND);
        let (mut valuation, clock) = (Valuation::new(&ledger, None), SessionClock::AlwaysOpen);
        let suspect = |seq| Tick { suspect: Some(Suspect::Outlier), ..tick("AAPL", seq, 50.0) };
        valuation.on_tick(&suspect(1), &ledger, &clock);
        assert_eq!(valuation.last(&symbol("AAPL")), None);
        valuation.on_tick(&tick("AAPL", 2, 100.0), &ledger, &clock);
        valuation.on_tick(&suspect(3), &ledger, &clock);
        let last = valuation.last(&symbol("AAPL")).unwrap();
        assert_eq!((last.price, last.seq), (100.0, 2));
        valuation.on_tick(&tick("AAPL", 4, 51.0), &ledger, &clock);
        assert_eq!(valuation.last(&symbol("AAPL")).unwrap().price, 51.0);
    }

    /// The day's first equity of a desk that has 800 in cash and has traded for 100 since the account
    /// was last published, with `cash` and as much equity.
    fn marks_after(cash: i64) -> Decimal {
        let ledger = Ledger::new(Books::paper("USD"), Decimal::from(800));
        let cash = Decimal::from(cash);
        let account = Account {
            v: proto::VERSION,
            mode: proto::BrokerMode::Paper,
            currency: "USD".to_owned(),
            account_id: String::new(),
            foreign: Decimal::ZERO,
            cash,
            exposure: Decimal::ZERO,
            equity: cash,
            realised: Decimal::ZERO,
            unrealised: Decimal::ZERO,
            day_profit: Decimal::ZERO,
            day_start_equity: cash,
            day: String::new(),
            peak_equity: cash,
            open_orders: 0,
            unresolved: Vec::new(),
            refusals: BTreeMap::new(),
            warnings: Vec::new(),
            journal_seq: 1,
            writer: String::new(),
            at_ms: 0,
        };
        let earlier = Earlier { account: &account, traded: Decimal::from(-100) };
        Valuation::new(&ledger, Some(earlier)).marks().1
    }

    #[test]
    fn what_trades_since_the_last_record_do_not_explain_moves_the_marks() {
        // A hundred were traded for, and a hundred were taken out.
        assert_eq!(marks_after(1_000), Decimal::from(900));
        // All of it was traded for.
        assert_eq!(marks_after(900), Decimal::from(900));
    }
}
