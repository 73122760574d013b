//! The trading state of a desk that was never told anything.

use proto::{Control, TradingState, VERSION, stream, subject::key};
use runtime::{bus::Bus, clock};

/// A desk that was never told anything trades; what a person said is never overwritten.
pub(crate) async fn enable_trading_once(bus: &Bus) -> anyhow::Result<()> {
    let control = bus.kv::<Control>(&stream::CONTROL);
    if control.get(key::CONTROL_TRADING).await?.is_none() {
        let first = Control {
            v: VERSION,
            state: TradingState::Active,
            by: "provision".to_owned(),
            why: "first start".to_owned(),
            at_ms: clock::now_ms(),
        };
        control.put(key::CONTROL_TRADING, &first).await?;
    }
    Ok(())
}
