//! What a seed stands for: an order, faults, and when its executor is killed.

use crate::cases::{CASES, Case, Outcome};
use proto::{OrderState, Side};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::time::Duration;

/// Draws by a seed.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn millis(&mut self, bound: u64) -> Duration {
        Duration::from_micros(self.below(bound * 1_000))
    }
}

/// When an executor is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// It has taken the lease.
    Lease,
    /// It asks for intents.
    Asking,
    /// An intent was delivered to it.
    Delivered,
    /// The journal shows this state.
    State(OrderState),
    /// The order has come to the broker, and so long after.
    Post(Duration),
    /// So long after the intent was published, or after its start.
    After(Duration),
}

/// What is done in one run.
pub(crate) struct Plan {
    pub(crate) symbol: &'static str,
    pub(crate) side: Side,
    pub(crate) shares: i64,
    pub(crate) faults: Vec<&'static Case>,
    /// The intent is there before the executor is.
    pub(crate) early: bool,
    pub(crate) kill: Point,
    /// A second killing, of the one that recovers.
    pub(crate) again: Option<Point>,
}

impl Plan {
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        let count = draw.below(3);
        Self {
            symbol: draw.of(&["AAPL", "MSFT", "NVDA", "TSLA", "GOOGL", "AMZN"]),
            side: draw.of(&[Side::Buy, Side::Sell]),
            shares: 1 + i64::try_from(draw.below(9)).unwrap(),
            faults: (0..count)
                .map(|_| &CASES[usize::try_from(draw.below(CASES.len() as u64)).unwrap()])
                .collect(),
            early: draw.below(3) == 0,
            kill: first(draw),
            again: (draw.below(3) == 0).then(|| second(draw)),
        }
    }

    /// One of its faults may let nothing through.
    pub(crate) fn may_come_to_nothing(&self) -> bool {
        self.faults.iter().any(|case| case.outcome == Outcome::Nothing)
    }

    /// In words, for a run that failed.
    pub(crate) fn words(&self) -> String {
        let Self { symbol, side, shares, faults, early, kill, again } = self;
        let faults: Vec<_> = faults.iter().map(|case| case.name).collect();
        format!(
            "{side:?} {shares} {symbol}, faults {faults:?}, early {early}, kill at {kill:?}, then {again:?}"
        )
    }
}

fn first(draw: &mut Draw) -> Point {
    let (reply, any) = (draw.millis(4), draw.millis(20));
    draw.of(&[
        Point::Lease,
        Point::Delivered,
        Point::State(OrderState::Submitting),
        Point::Post(Duration::ZERO),
        Point::Post(reply),
        Point::State(OrderState::Accepted),
        Point::State(OrderState::Filled),
        Point::After(any),
    ])
}

fn second(draw: &mut Draw) -> Point {
    let any = draw.millis(600);
    draw.of(&[
        Point::Lease,
        Point::Asking,
        Point::State(OrderState::Unknown),
        Point::State(OrderState::Accepted),
        Point::State(OrderState::Filled),
        Point::After(any),
    ])
}
