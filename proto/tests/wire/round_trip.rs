//! Whatever a message holds, what is decoded is what was encoded.

use proptest::{collection::vec, option, prelude::*, sample::select};
use proto::{
    Account, Bar, BrokerMode, ClockKind, Control, Decimal, Entitlement, FeedState, FeedStatus,
    Fill, Indicators, Intent, IntentKind, Lease, Levels, Message, OrderEvent, OrderId, OrderState,
    Position, PriceField, Progress, Reason, Refusal, Rule, Session, Settled, Side, Source, Suspect,
    Symbol, TapeProgress, Tick, TradingState, Transport, Venue, decode, encode,
};
use std::fmt::Debug;

/// Equal as a value and as bytes: two decimals are equal whatever their trailing zeros, their bytes
/// are not.
fn check<M: Message + PartialEq + Debug>(message: &M) -> Result<(), TestCaseError> {
    let payload = encode(message).unwrap();
    let decoded: M = decode(&payload).unwrap();
    prop_assert_eq!(&decoded, message);
    prop_assert_eq!(encode(&decoded).unwrap(), payload);
    Ok(())
}

fn symbol() -> impl Strategy<Value = Symbol> {
    "[A-Z][A-Z0-9]{0,5}([.-][A-Z0-9]{1,3})?".prop_map(|text| Symbol::parse(&text).unwrap())
}

fn id() -> impl Strategy<Value = OrderId> {
    let derived = (symbol(), any::<u64>(), side())
        .prop_map(|(symbol, seq, side)| OrderId::derive(&symbol, seq, side));
    prop_oneof![derived, "[A-Z0-9-]{1,64}".prop_map(|text| OrderId::parse(&text).unwrap())]
}

/// All 96 bits, all 28 places, both signs.
fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0_u32..=28).prop_map(
        |(lo, mid, hi, negative, scale)| Decimal::from_parts(lo, mid, hi, negative, scale),
    )
}

fn above_zero() -> impl Strategy<Value = Decimal> {
    decimal().prop_filter_map("zero", |value| (!value.is_zero()).then(|| value.abs()))
}

fn price() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NORMAL, POSITIVE, SUBNORMAL};
    prop_oneof![POSITIVE | NORMAL | SUBNORMAL, 0.01..10_000.0]
}

fn size() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), price()]
}

/// Text of any script, with control characters, quotes and emptiness.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), ".{0,40}"]
}

fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Buy, Side::Sell])
}

fn source() -> impl Strategy<Value = Source> {
    select(vec![Source::Sim, Source::Replay, Source::Polygon])
}

fn state() -> impl Strategy<Value = OrderState> {
    select(OrderState::ALL.to_vec())
}

fn rule() -> impl Strategy<Value = Rule> {
    select(vec![Rule::Halted, Rule::Frozen, Rule::TickAge, Rule::OrderValue, Rule::IdCollision])
}

fn version() -> impl Strategy<Value = u8> {
    1..=u8::MAX
}

prop_compose! {
    fn tick()(
        (v, symbol, seq, price, size) in (version(), symbol(), any::<u64>(), price(), size()),
        (time_ns, received_ns, source) in (any::<i64>(), any::<i64>(), source()),
        field in select(vec![PriceField::Trade, PriceField::Second, PriceField::Minute, PriceField::Day, PriceField::PrevDay]),
        session in select(vec![Session::Pre, Session::Regular, Session::Post, Session::Closed]),
        delayed in any::<bool>(),
        (bid, ask, prev_close) in (option::of(price()), option::of(price()), option::of(price())),
        (gap, suspect) in (any::<bool>(), option::of(select(vec![Suspect::Outlier, Suspect::CorporateAction]))),
    ) -> Tick {
        Tick { v, symbol, seq, price, size, time_ns, received_ns, source, field, session, delayed,
            bid, ask, prev_close, gap, suspect }
    }
}

prop_compose! {
    fn bar()(
        v in version(), symbol in symbol(), minute in -1_000_000_000_i64..1_000_000_000,
        prices in [price(), price(), price(), price()],
        (volume, vwap, count, seq, source) in (size(), price(), any::<u64>(), any::<u64>(), source()),
    ) -> Bar {
        let [open, close, a, b] = prices;
        let high = open.max(close).max(a).max(b);
        let low = open.min(close).min(a).min(b);
        Bar { v, symbol, start_ms: minute * 60_000, open, high, low, close, volume, vwap, count, seq, source }
    }
}

prop_compose! {
    fn feed_status()(
        (v, run, source, detail) in (version(), text(), source(), text()),
        clock in select(vec![ClockKind::Wall, ClockKind::Tape]),
        state in select(vec![FeedState::Starting, FeedState::Live, FeedState::Failing, FeedState::Done]),
        symbols in vec(symbol(), 0..30), missing in vec(symbol(), 0..4),
        (start_position, interval_ms, delay_ms) in (any::<u64>(), any::<u64>(), any::<u64>()),
        speed in size(), at_ms in any::<i64>(),
        entitlement in option::of(select(vec![Entitlement::Free, Entitlement::Advanced])),
        transport in option::of(select(vec![Transport::Poll, Transport::Stream])),
        tape in option::of((any::<u64>(), any::<u64>(), any::<i64>(), any::<bool>())),
    ) -> FeedStatus {
        let progress = |(rows, of, time_ns, paused)| TapeProgress { rows, of, time_ns, paused };
        let tape = tape.map(progress);
        FeedStatus { v, run, source, clock, state, detail, symbols, missing, start_position,
            interval_ms, speed, delay_ms, entitlement, transport, tape, at_ms }
    }
}

prop_compose! {
    fn levels()(
        (v, symbol, ema_fast, ema_slow) in (version(), symbol(), any::<u32>(), any::<u32>()),
        (entry, stop, take_profit) in (option::of(price()), option::of(price()), option::of(price())),
        (trailing, leave_by_ms, tick_seq) in (any::<bool>(), option::of(any::<i64>()), any::<u64>()),
    ) -> Levels {
        Levels { v, symbol, ema_fast, ema_slow, entry, stop, trailing, take_profit, leave_by_ms, tick_seq }
    }
}

prop_compose! {
    fn progress()(v in version(), run in text(), position in any::<u64>(), time_ns in any::<i64>()) -> Progress {
        Progress { v, run, position, time_ns }
    }
}

prop_compose! {
    fn intent()(
        (v, id, symbol, side) in (version(), id(), symbol(), side()),
        kind in select(vec![IntentKind::Entry, IntentKind::Exit]),
        (quantity, price) in (above_zero(), price()),
        (tick_seq, position) in (any::<u64>(), any::<u64>()),
        (time_ns, valid_until_ms) in (any::<i64>(), any::<i64>()),
        reason in select(vec![Reason::CrossUp, Reason::StopLoss, Reason::FlatBeforeClose, Reason::Manual]),
        (ema_fast, ema_slow, rsi, range_percent) in (size(), size(), size(), size()),
        (strategy, revision) in (text(), text()),
    ) -> Intent {
        let indicators = Indicators { ema_fast, ema_slow, rsi, range_percent };
        Intent { v, id, symbol, side, kind, quantity, price, tick_seq, position, time_ns,
            valid_until_ms, reason, indicators, strategy, revision }
    }
}

prop_compose! {
    fn fill()(
        (id, quantity, price) in (text(), above_zero(), above_zero()),
        (fee, value) in (decimal(), option::of(decimal())),
    ) -> Fill {
        Fill { id, quantity, price, fee, value }
    }
}

prop_compose! {
    fn venue()(
        mode in select(vec![BrokerMode::Demo, BrokerMode::Live]),
        (account_id, currency, ticker, isin) in (text(), text(), text(), text()),
        (held, quantity) in (decimal(), above_zero()),
    ) -> Venue {
        Venue { mode, account_id, currency, ticker, isin, held, quantity }
    }
}

prop_compose! {
    fn order_event()(
        (v, order_id, symbol, side, state) in (version(), id(), symbol(), side(), state()),
        (time_ns, tick_seq) in (any::<i64>(), option::of(any::<u64>())),
        (intent, fill) in (option::of(intent()), option::of(fill())),
        refusal in option::of((rule(), text()).prop_map(|(rule, message)| Refusal { rule, message })),
        (broker_order_id, message) in (option::of(text()), option::of(text())),
        (writer, at_ms, venue) in (text(), any::<i64>(), option::of(venue())),
    ) -> OrderEvent {
        OrderEvent { v, order_id, symbol, side, state, time_ns, tick_seq, intent, refusal, fill,
            broker_order_id, venue, message, writer, at_ms }
    }
}

prop_compose! {
    fn settled()(
        (order_id, state) in (id(), state()),
        (tick_seq, time_ns, rule) in (option::of(any::<u64>()), any::<i64>(), option::of(rule())),
    ) -> Settled {
        Settled { order_id, state, tick_seq, time_ns, rule }
    }
}

prop_compose! {
    fn position()(
        (v, symbol) in (version(), symbol()),
        (quantity, average_price, realised, fees) in (decimal(), decimal(), decimal(), decimal()),
        (opened_ns, journal_seq, cost) in (any::<i64>(), any::<u64>(), decimal()),
        (open_order, unresolved) in (option::of(id()), option::of(id())),
        settled in option::of(settled()),
    ) -> Position {
        Position { v, symbol, quantity, average_price, cost, realised, fees, opened_ns, open_order,
            unresolved, settled, journal_seq }
    }
}

prop_compose! {
    fn account()(
        (v, currency, day, writer) in (version(), text(), text(), text()),
        (account_id, foreign) in (text(), decimal()),
        mode in select(vec![BrokerMode::Paper, BrokerMode::Demo, BrokerMode::Live]),
        [cash, exposure, equity, realised] in [decimal(), decimal(), decimal(), decimal()],
        [unrealised, day_profit, day_start_equity, peak_equity] in [decimal(), decimal(), decimal(), decimal()],
        (open_orders, journal_seq, at_ms) in (any::<u64>(), any::<u64>(), any::<i64>()),
        unresolved in vec(id(), 0..4),
        refusals in prop::collection::btree_map(rule(), any::<u64>(), 0..5),
        warnings in vec(text(), 0..4),
    ) -> Account {
        Account { v, mode, currency, cash, exposure, equity, realised, unrealised, day_profit,
            day_start_equity, day, peak_equity, account_id, foreign, open_orders, unresolved, refusals, warnings,
            journal_seq, writer, at_ms }
    }
}

prop_compose! {
    fn control()(
        state in select(vec![TradingState::Active, TradingState::Reducing, TradingState::Halted]),
        (v, by, why, at_ms) in (version(), text(), text(), any::<i64>()),
    ) -> Control {
        Control { v, state, by, why, at_ms }
    }
}

prop_compose! {
    fn lease()(v in version(), holder in text(), since_ms in any::<i64>()) -> Lease {
        Lease { v, holder, since_ms }
    }
}

proptest! {
    #[test]
    fn ticks_come_back(message in tick()) { check(&message)?; }

    #[test]
    fn bars_come_back(message in bar()) { check(&message)?; }

    #[test]
    fn feed_states_come_back(message in feed_status()) { check(&message)?; }

    #[test]
    fn levels_come_back(message in levels()) { check(&message)?; }

    #[test]
    fn progress_comes_back(message in progress()) { check(&message)?; }

    #[test]
    fn intents_come_back(message in intent()) { check(&message)?; }

    #[test]
    fn order_events_come_back(message in order_event()) { check(&message)?; }

    #[test]
    fn positions_come_back(message in position()) { check(&message)?; }

    #[test]
    fn accounts_come_back(message in account()) { check(&message)?; }

    #[test]
    fn controls_come_back(message in control()) { check(&message)?; }

    #[test]
    fn leases_come_back(message in lease()) { check(&message)?; }
}
