//! Writing the journal, and reading it whole at the start.

use crate::{
    ledger::{Books, Ledger, LedgerError},
    orders::Stamp,
};
use anyhow::Context as _;
use proto::{OrderEvent, WireError, decode, encode, stream, subject};
use runtime::{
    bus::{Bus, Expect, PublishError, Start, Stored},
    clock,
    config::Refused,
};
use rust_decimal::Decimal;

/// The journal as this process writes it.
pub(super) struct Journal {
    bus: Bus,
    writer: String,
}

/// Why an event is not in the journal.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    /// Somebody else wrote to the order first.
    #[error("order {0} was written by another executor")]
    Taken(String),
    /// The server did not say that it is stored.
    #[error("write the journal")]
    Unacknowledged(#[source] PublishError),
    /// The event cannot be written.
    #[error("encode a journal event")]
    Unwritable(#[from] WireError),
}

impl Journal {
    /// A journal written to by `writer`.
    pub(super) fn new(bus: Bus, writer: String) -> Self {
        Self { bus, writer }
    }

    /// The stamp of an event written now.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp { writer: self.writer.clone(), at_ms: clock::now_ms() }
    }

    /// Who writes.
    pub(super) fn writer(&self) -> &str {
        &self.writer
    }

    /// Stores `event` if the order's last event is `before` (0 for none); gives its sequence.
    pub(super) async fn write(&self, event: &OrderEvent, before: u64) -> Result<u64, JournalError> {
        let subject = subject::order(&event.symbol, &event.order_id);
        let stored = self.bus.publish_stored(&subject, encode(event)?, Expect::SubjectAt(before));
        match stored.await {
            Ok(seq) => {
                tell(event);
                Ok(seq)
            }
            Err(PublishError::Conflict { .. }) => {
                Err(JournalError::Taken(event.order_id.to_string()))
            }
            Err(error @ PublishError::Unacknowledged { .. }) => {
                Err(JournalError::Unacknowledged(error))
            }
        }
    }

    /// The first event of the order that `event` would begin, as somebody stored it.
    pub(super) async fn first_event(&self, event: &OrderEvent) -> anyhow::Result<OrderEvent> {
        let subject = subject::order(&event.symbol, &event.order_id);
        let found = self.bus.next_from(stream::ORDERS.name, &subject, 1).await?;
        let found = found.with_context(|| format!("find the first event of {subject}"))?;
        decode(&found.payload).with_context(|| format!("read the first event of {subject}"))
    }
}

/// One line of the log per change of an order.
fn tell(event: &OrderEvent) {
    let state = event.state;
    let order = event.order_id.as_str();
    match (&event.refusal, &event.fill) {
        (Some(refusal), _) => tracing::info!(
            order.id = order,
            rule = ?refusal.rule,
            "order {order} refused: {}",
            refusal.message
        ),
        (None, Some(fill)) => tracing::info!(
            order.id = order,
            "order {order} {state:?}: {} at {}",
            fill.quantity,
            fill.price
        ),
        (None, None) if state.is_unresolved() && event.message.is_some() => tracing::error!(
            order.id = order,
            "the fate of order {order} is not known: {}",
            event.message.as_deref().unwrap_or_default()
        ),
        (None, None) => tracing::info!(order.id = order, "order {order} {state:?}"),
    }
    let label = format!("{state:?}").to_lowercase();
    metrics::counter!("executor_order_events_total", "state" => label).increment(1);
    if let Some(refusal) = &event.refusal {
        let rule = format!("{:?}", refusal.rule).to_lowercase();
        metrics::counter!("executor_refusals_total", "rule" => rule).increment(1);
    }
}

/// The journal, folded.
pub(super) struct Folded {
    /// The books.
    pub(super) ledger: Ledger,
    /// What the trades after the event asked about have brought in cash; negative where they cost.
    pub(super) traded: Decimal,
}

/// Folds the whole journal into `books` that began with `cash`, and tells what it says of the cash
/// since event `known`.
///
/// # Errors
/// When the books make no sense: better no executor than a wrong one.
pub(super) async fn fold(
    bus: &Bus,
    books: Books,
    cash: Decimal,
    known: u64,
) -> anyhow::Result<Folded> {
    let mut ledger = Ledger::new(books, cash);
    let mut before = cash;
    let name = stream::ORDERS.name;
    let mut next = Start::Beginning;
    loop {
        // Read in one go as of now; whatever is written meanwhile is read in the next round.
        let events = bus.history(name, subject::ORDERS.to_owned(), next).await?;
        let Some(last) = events.last() else {
            let traded = ledger.cash() - before;
            return Ok(Folded { ledger, traded });
        };
        next = Start::At(last.position + 1);
        for stored in &events {
            match genuine(stored) {
                Ok(event) => match ledger.apply(stored.position, &event) {
                    Ok(()) if stored.position <= known => before = ledger.cash(),
                    Ok(()) => {}
                    // Only a person can mend which key is used with which journal.
                    Err(LedgerError::OtherAccount(words)) => {
                        return Err(Refused::because(words).into());
                    }
                    Err(error) => return Err(error.into()),
                },
                Err(fault) => {
                    let (subject, position) = (&stored.subject, stored.position);
                    tracing::error!(subject, position, "not an order event, left out: {fault}");
                }
            }
        }
    }
}

/// The event of a journal message, if an executor published it where it belongs. Whoever may read a
/// stream can have other messages sent to the journal's subjects: those are noise, not orders.
fn genuine(stored: &Stored) -> Result<OrderEvent, String> {
    let event: OrderEvent = decode(&stored.payload).map_err(|error| error.to_string())?;
    if stored.copy || stored.subject != subject::order(&event.symbol, &event.order_id) {
        return Err(format!("an event of {} that was not published there", event.order_id));
    }
    Ok(event)
}
