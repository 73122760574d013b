//! The faults of Trading212, and what each must come to.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

use proto::Decimal;
use std::time::Duration;
use testkit::trading212::{AppOrder, Endpoint, Fake, Fault};

/// What a fault must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The order trades once.
    Traded,
    /// Nothing was ever placed, and the journal says so.
    Nothing,
}

/// A fault, how often it strikes, and what it must come to.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) spoil: fn(&Fake),
    pub(crate) outcome: Outcome,
}

pub(crate) const CASES: &[Case] = &[
    case("dropped before accept", |f| post(f, Fault::DropBeforeAccept), Outcome::Nothing),
    case("timeout before accept", |f| post(f, Fault::TimeoutBeforeAccept), Outcome::Nothing),
    case("accepted, then dropped", |f| post(f, Fault::AcceptThenDrop), Outcome::Traded),
    case("accepted, then timeout", |f| post(f, Fault::AcceptThenTimeout), Outcome::Traded),
    case("accepted, then 408", |f| post(f, Fault::AcceptThenStatus(408)), Outcome::Traded),
    case("accepted, then 500", |f| post(f, Fault::AcceptThenStatus(500)), Outcome::Traded),
    case("accepted, then 502", |f| post(f, Fault::AcceptThenStatus(502)), Outcome::Traded),
    case("accepted, then 503", |f| post(f, Fault::AcceptThenStatus(503)), Outcome::Traded),
    case("500 before accept", |f| post(f, Fault::StatusBeforeAccept(500)), Outcome::Nothing),
    case("503 before accept", |f| post(f, Fault::StatusBeforeAccept(503)), Outcome::Nothing),
    case("200 truncated", |f| post(f, Fault::Truncated), Outcome::Traded),
    case("200 empty", |f| post(f, Fault::Empty), Outcome::Traded),
    case("200 without an id", |f| post(f, Fault::WithoutId), Outcome::Traded),
    case("redirect before accept", |f| post(f, Fault::Redirect(302)), Outcome::Nothing),
    case("accepted, then redirect", |f| post(f, Fault::AcceptThenRedirect(307)), Outcome::Traded),
    case("429", |f| post(f, Fault::RateLimited), Outcome::Nothing),
    case("accepted, then 429", |f| post(f, Fault::AcceptThenRateLimited), Outcome::Traded),
    case("401 on the order", |f| post(f, Fault::Unauthorized), Outcome::Nothing),
    case("403 page on the order", |f| post(f, Fault::ForbiddenHtml), Outcome::Nothing),
    case("stale positions", |f| always(f, Fault::StalePositions), Outcome::Traded),
    case("empty lists", |f| f.fault(Fault::EmptyLists).times(4), Outcome::Traded),
    case(
        "accepted, then timeout, and empty lists",
        |f| {
            post(f, Fault::AcceptThenTimeout);
            f.fault(Fault::EmptyLists).times(3);
        },
        Outcome::Traded,
    ),
    case(
        "history lags",
        |f| always(f, Fault::HistoryLag(Duration::from_millis(1_500))),
        Outcome::Traded,
    ),
    case(
        "history 500s",
        |f| f.fault(Fault::AcceptThenStatus(500)).on(Endpoint::HistoryOrders).times(5),
        Outcome::Traded,
    ),
    case("by-id 404 of a live order", |f| always(f, Fault::HiddenById), Outcome::Traded),
    case(
        "unknown status",
        |f| always(f, Fault::UnknownStatus("PONDERING".to_owned())),
        Outcome::Traded,
    ),
    case("duplicate history rows", |f| always(f, Fault::DuplicateRows), Outcome::Traded),
    case("clock skew", |f| always(f, Fault::ClockSkew(45)), Outcome::Traded),
    case(
        "accepted, then timeout, among orders of others",
        |f| {
            post(f, Fault::AcceptThenTimeout);
            for quantity in [10, 3] {
                let strange = AppOrder::market("AAPL_US_EQ", Decimal::from(quantity));
                f.place_in_app(strange).unwrap();
            }
        },
        Outcome::Traded,
    ),
    case("partial fills", |f| always(f, Fault::PartialFills(3)), Outcome::Traded),
    case("rejected after accept", |f| post(f, Fault::RejectAfterAccept), Outcome::Nothing),
];

const fn case(name: &'static str, spoil: fn(&Fake), outcome: Outcome) -> Case {
    Case { name, spoil, outcome }
}

fn post(fake: &Fake, fault: Fault) {
    fake.fault(fault).on(Endpoint::PostMarket).once();
}

fn always(fake: &Fake, fault: Fault) {
    fake.fault(fault).always();
}
