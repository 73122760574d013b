//! The wire: every subject, stream, bucket and message of the desk, and nothing else.
//!
//! ```text
//! ingest ──ticks.<SYMBOL>, bars.<SYMBOL>──> strategy ──intents.<SYMBOL>──> executor ──> broker
//!    │                                         ^                              │
//!    │                                         └────── KV positions ──────────┤
//!    └── ticks, bars of its symbols ──> dashboard <── orders.<SYMBOL>.<ID>, ──┘
//!                                                     KV positions, account, control
//! ```
//!
//! One file per edge of that flow: [`market`] and [`feed`] leave ingest, [`intent`] and [`levels`] leave strategy,
//! [`order`] and [`account`] leave the executor, [`control`] leaves a person. [`subject`] holds every
//! subject string, [`stream`] every stream and bucket with its limits.
//!
//! Payloads are `MessagePack` with **named** fields. Evolution is additive: a new field is optional
//! (`#[serde(default)]`), an unknown one is ignored, so that services can be deployed one by one.
//! Market data is `f64` (what sources send and indicators need); money is [`Decimal`].
//! Times are integers, the unit stands in the name.

pub mod account;
pub mod codec;
pub mod control;
pub mod feed;
pub mod intent;
pub mod levels;
pub mod market;
pub mod order;
pub mod stream;
pub mod subject;
pub mod symbol;

pub use account::{Account, Position, Settled};
pub use codec::{Message, WireError, decode, encode};
pub use control::{Control, Flatten, Lease, LiveArm, Settlement, TradingState, Verdict};
pub use feed::{ClockKind, Entitlement, FeedState, FeedStatus, Progress, TapeProgress, Transport};
pub use intent::{Indicators, Intent, IntentKind, OrderId, Reason, Side};
pub use levels::Levels;
pub use market::{Bar, PriceField, Session, Source, Suspect, Tick};
pub use order::{
    BrokerMode, Fill, IllegalTransition, OrderEvent, OrderState, Refusal, Rule, Venue,
    check_transition,
};
pub use rust_decimal::Decimal;
pub use symbol::{Symbol, SymbolError};

/// The version every message carries in `v`; readers accept this one and any later one.
pub const VERSION: u8 = 1;

/// Content type of intents and orders, as their `Content-Type` header says it.
pub const CONTENT_TYPE: &str = "application/msgpack";
