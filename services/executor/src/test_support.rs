//! Values for unit tests.

use proto::{
    Decimal, Indicators, Intent, IntentKind, OrderId, PriceField, Reason, Session, Side, Source,
    Symbol, Tick,
};

/// 2026-11-20 15:00:00 UTC, a Friday in session.
pub(crate) const NOON_NS: i64 = 1_795_186_800_000_000_000;

pub(crate) fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).unwrap()
}

/// Tick number `seq` of a symbol, one second after its predecessor.
pub(crate) fn tick(text: &str, seq: u64, price: f64) -> Tick {
    let time_ns = NOON_NS + i64::try_from(seq).unwrap() * 1_000_000_000;
    Tick {
        v: 1,
        symbol: symbol(text),
        seq,
        price,
        size: 100.0,
        time_ns,
        received_ns: time_ns,
        source: Source::Sim,
        field: PriceField::Trade,
        session: Session::Regular,
        delayed: false,
        bid: None,
        ask: None,
        prev_close: None,
        gap: false,
        suspect: None,
    }
}

/// An intent decided on tick `seq` at 100 dollars: buys enter, sells exit.
pub(crate) fn intent(text: &str, seq: u64, side: Side, shares: i64) -> Intent {
    let decided = tick(text, seq, 100.0);
    let (kind, reason) = match side {
        Side::Buy => (IntentKind::Entry, Reason::CrossUp),
        Side::Sell => (IntentKind::Exit, Reason::TakeProfit),
    };
    Intent {
        v: 1,
        id: OrderId::derive(&decided.symbol, seq, side),
        symbol: decided.symbol.clone(),
        side,
        kind,
        quantity: Decimal::from(shares),
        price: decided.price,
        tick_seq: seq,
        position: seq,
        time_ns: decided.time_ns,
        valid_until_ms: decided.time_ms() + 60_000,
        reason,
        indicators: Indicators::default(),
        strategy: "test".to_owned(),
        revision: "0".to_owned(),
    }
}
