//! A person's orders to the tape, from the bus: pause, resume, step N, speed X, each answered in one
//! line. An order that cannot be obeyed is answered with [`subject::REPLAY_REFUSED`] and a sentence.

use super::gate::{Gate, Order};
use futures_util::StreamExt as _;
use proto::subject;
use runtime::bus::Bus;
use tokio_util::sync::CancellationToken;

/// Answers orders until `stopping`. `gate` is that of the tape; without one, `feed` names the source
/// that is no tape.
///
/// # Errors
/// When the subject cannot be subscribed to, or the connection has ended.
pub async fn serve(
    bus: Bus,
    gate: Option<Gate>,
    feed: &'static str,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let mut orders = bus.subscribe(subject::REPLAY.to_owned()).await?;
    while let Some(order) = stopping.run_until_cancelled(orders.next()).await {
        let Some(order) = order else {
            anyhow::bail!("the subscription to {} ended", subject::REPLAY);
        };
        let text = String::from_utf8_lossy(&order.payload);
        let answer = obey(gate.as_ref(), feed, &text);
        tracing::info!("an order to the tape: {:?}: {answer}", text.trim());
        if let Some(reply) = order.reply {
            // Whoever asked may be gone; that is theirs to notice.
            drop(bus.client().publish(reply, answer.into()).await);
        }
    }
    Ok(())
}

fn obey(gate: Option<&Gate>, feed: &str, text: &str) -> String {
    let order = Order::parse(text);
    let done = match (gate, order) {
        (_, Err(sentence)) => Err(sentence),
        (Some(gate), Ok(order)) => gate.obey(order),
        (None, Ok(_)) => Err(format!(
            "the feed is {feed}, which is no tape and takes no orders; one starts with \
             FEED=replay:FILE"
        )),
    };
    done.unwrap_or_else(|sentence| format!("{}{sentence}", subject::REPLAY_REFUSED))
}
