//! Every word that an enum is on the wire: renaming a variant must not rename the word.

use proto::{
    BrokerMode, ClockKind, Entitlement, FeedState, IntentKind, OrderState, PriceField, Reason,
    Rule, Session, Side, Source, Suspect, TradingState, Transport,
};
use serde::{Serialize, de::DeserializeOwned};

fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(words: &[(T, &str)]) {
    for (variant, word) in words {
        let mut expected = vec![0xa0 | u8::try_from(word.len()).unwrap()];
        expected.extend(word.as_bytes());
        assert_eq!(rmp_serde::to_vec_named(variant).unwrap(), expected, "{variant:?}");
        assert_eq!(&rmp_serde::from_slice::<T>(&expected).unwrap(), variant);
    }
}

#[test]
fn words_of_market_data_are_fixed() {
    check(&[(Source::Sim, "sim"), (Source::Replay, "replay"), (Source::Polygon, "polygon")]);
    check(&[
        (PriceField::Trade, "trade"),
        (PriceField::Second, "second"),
        (PriceField::Minute, "minute"),
        (PriceField::Day, "day"),
        (PriceField::PrevDay, "prev_day"),
    ]);
    check(&[
        (Session::Pre, "pre"),
        (Session::Regular, "regular"),
        (Session::Post, "post"),
        (Session::Closed, "closed"),
    ]);
    check(&[(Suspect::Outlier, "outlier"), (Suspect::CorporateAction, "corporate_action")]);
    check(&[
        (Entitlement::Free, "free"),
        (Entitlement::Starter, "starter"),
        (Entitlement::Developer, "developer"),
        (Entitlement::Advanced, "advanced"),
        (Entitlement::Business, "business"),
    ]);
    check(&[(Transport::Poll, "poll"), (Transport::Stream, "stream")]);
    check(&[(ClockKind::Wall, "wall"), (ClockKind::Tape, "tape")]);
    check(&[
        (FeedState::Starting, "starting"),
        (FeedState::Live, "live"),
        (FeedState::Failing, "failing"),
        (FeedState::Done, "done"),
    ]);
}

#[test]
fn words_of_intents_are_fixed() {
    check(&[(Side::Buy, "buy"), (Side::Sell, "sell")]);
    check(&[(IntentKind::Entry, "entry"), (IntentKind::Exit, "exit")]);
    check(&[
        (Reason::CrossUp, "cross_up"),
        (Reason::CrossDown, "cross_down"),
        (Reason::TakeProfit, "take_profit"),
        (Reason::StopLoss, "stop_loss"),
        (Reason::TrailingStop, "trailing_stop"),
        (Reason::MaxHolding, "max_holding"),
        (Reason::FlatBeforeClose, "flat_before_close"),
        (Reason::Manual, "manual"),
    ]);
    check(&[
        (TradingState::Active, "active"),
        (TradingState::Reducing, "reducing"),
        (TradingState::Halted, "halted"),
    ]);
    check(&[(BrokerMode::Paper, "paper"), (BrokerMode::Demo, "demo"), (BrokerMode::Live, "live")]);
}

#[test]
fn words_of_order_states_are_fixed() {
    let words = [
        "refused",
        "submitting",
        "unknown",
        "accepted",
        "rejected",
        "partially_filled",
        "filled",
        "canceling",
        "canceled",
        "expired",
        "absent",
    ];
    let pairs: Vec<_> = OrderState::ALL.into_iter().zip(words).collect();
    check(&pairs);
}

#[test]
fn words_of_risk_rules_are_fixed() {
    check(&[
        (Rule::Halted, "halted"),
        (Rule::Reducing, "reducing"),
        (Rule::Expired, "expired"),
        (Rule::UnknownSymbol, "unknown_symbol"),
        (Rule::Frozen, "frozen"),
        (Rule::OrderOpen, "order_open"),
        (Rule::Session, "session"),
        (Rule::NoPrice, "no_price"),
        (Rule::TickAge, "tick_age"),
        (Rule::PriceCollar, "price_collar"),
        (Rule::OrderValue, "order_value"),
        (Rule::PositionValue, "position_value"),
        (Rule::TotalExposure, "total_exposure"),
        (Rule::OrdersPerMinute, "orders_per_minute"),
        (Rule::Cash, "cash"),
        (Rule::NotOwned, "not_owned"),
        (Rule::DailyLoss, "daily_loss"),
        (Rule::Drawdown, "drawdown"),
        (Rule::IdCollision, "id_collision"),
    ]);
}

#[test]
fn a_word_of_a_later_version_is_an_error_and_not_another_word() {
    assert!(rmp_serde::from_slice::<Rule>(b"\xa7unheard").is_err());
}
