//! Words to the executor beyond the trading state: sell everything, settle an order, arm an account.
//!
//! The executor journals them and erases them; until then they stand in KV `control`.

use crate::cli::{Signed, Verdict};
use anyhow::Context as _;
use proto::{Flatten, LiveArm, OrderId, Settlement, VERSION, stream, subject::key};
use runtime::{bus::Bus, clock};
use std::io::{self, BufRead as _, Write as _};

/// Asks at the terminal whether to sell everything.
///
/// # Errors
/// When the answer is another, or there is nobody to answer.
pub(crate) fn confirm_flatten() -> anyhow::Result<()> {
    let mut out = io::stderr().lock();
    write!(out, "This sells every holding at the market. Type \"{}\": ", Flatten::PHRASE)
        .context("ask")?;
    out.flush().context("ask")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("read the answer")?;
    anyhow::ensure!(
        answer.trim() == Flatten::PHRASE,
        "nothing was sold: the answer was {:?}",
        answer.trim()
    );
    Ok(())
}

/// Tells the executor to sell everything.
///
/// # Errors
/// When it is not stored.
pub(crate) async fn flatten(bus: &Bus, signed: Signed) -> anyhow::Result<String> {
    let Signed { why, by } = signed;
    let word =
        Flatten { v: VERSION, phrase: Flatten::PHRASE.to_owned(), by, why, at_ms: clock::now_ms() };
    bus.kv(&stream::CONTROL).put(key::CONTROL_FLATTEN, &word).await.context("say it")?;
    Ok("told the executor to sell everything; `desk status` shows how it goes\n".to_owned())
}

/// Tells the executor what became of an order.
///
/// # Errors
/// When it is not stored.
pub(crate) async fn settle(
    bus: &Bus,
    order: &OrderId,
    verdict: Verdict,
    broker_order_id: Option<String>,
    signed: Signed,
) -> anyhow::Result<String> {
    let Signed { why, by } = signed;
    let verdict = match verdict {
        Verdict::Absent => proto::Verdict::Absent,
        Verdict::Placed => proto::Verdict::Placed {
            broker_order_id: broker_order_id.context("a placed order needs its number")?,
        },
    };
    let word = Settlement { v: VERSION, verdict, by, why, at_ms: clock::now_ms() };
    bus.kv(&stream::CONTROL).put(&key::settlement(order), &word).await.context("say it")?;
    Ok(format!("told the executor what became of {order}; it journals that with who and why\n"))
}

/// Gives leave to trade an account with real money.
///
/// # Errors
/// When it is not stored.
pub(crate) async fn arm(bus: &Bus, account: String, signed: Signed) -> anyhow::Result<String> {
    let Signed { why, by } = signed;
    let said = format!("account {account} may be traded with real money, says {by}\n");
    let word = LiveArm { v: VERSION, account_id: account, by, why, at_ms: clock::now_ms() };
    bus.kv(&stream::CONTROL).put(key::CONTROL_LIVE, &word).await.context("say it")?;
    Ok(said)
}
