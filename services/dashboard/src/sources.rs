//! Everything the dashboard hears on the bus, as events: live subscriptions of its own symbols and
//! the watched buckets. It decodes and forwards, and never decides.

use crate::hub::Event;
use anyhow::anyhow;
use async_nats::Subscriber;
use futures_util::{StreamExt as _, stream::select_all};
use proto::{
    Account, Bar, Control, FeedStatus, Levels, Message, OrderEvent, Position, Symbol, Tick, decode,
    stream::{ACCOUNT, CONTROL, FEED, LEVELS, POSITIONS},
    subject::{self, key},
};
use runtime::bus::{Bus, KvWatch, is_copy};
use tokio::{sync::mpsc, task::JoinSet};

/// Live subscriptions, open and not yet read.
pub(crate) struct Sources {
    bus: Bus,
    symbols: Vec<Symbol>,
    ticks: Vec<Subscriber>,
    bars: Vec<Subscriber>,
    orders: Vec<Subscriber>,
}

impl Sources {
    /// Subscribes to the live subjects of `symbols` and no others.
    ///
    /// # Errors
    /// When the connection has ended.
    pub(crate) async fn open(bus: &Bus, symbols: &[Symbol]) -> anyhow::Result<Self> {
        let (mut ticks, mut bars, mut orders) = (Vec::new(), Vec::new(), Vec::new());
        for symbol in symbols {
            ticks.push(bus.subscribe(subject::tick(symbol)).await?);
            bars.push(bus.subscribe(subject::bar(symbol)).await?);
            orders.push(bus.subscribe(subject::orders_of(symbol)).await?);
        }
        Ok(Self { bus: bus.clone(), symbols: symbols.to_vec(), ticks, bars, orders })
    }

    /// Forwards everything into `events` in tasks of `tasks`. None of them ends by itself.
    pub(crate) fn run(self, events: &mpsc::Sender<Event>, tasks: &mut JoinSet<anyhow::Result<()>>) {
        let Self { bus, symbols, ticks, bars, orders } = self;
        tasks.spawn(forward(ticks, events.clone(), |tick: Tick| {
            note_delay(&tick);
            Some(Event::Tick(tick))
        }));
        tasks.spawn(forward(bars, events.clone(), |bar: Bar| Some(Event::Bar(bar))));
        tasks.spawn(forward(orders, events.clone(), |event: OrderEvent| {
            Some(Event::Order(Box::new(event)))
        }));
        let keys: Vec<String> = symbols.iter().map(key::position).collect();
        let positions = bus.kv::<Position>(&POSITIONS).watch(&keys);
        tasks.spawn(watch(positions, events.clone(), |position: Position| {
            Event::Position(position.symbol.clone(), Some(position))
        }));
        let keys: Vec<String> = symbols.iter().map(key::levels).collect();
        let levels = bus.kv::<Levels>(&LEVELS).watch(&keys);
        tasks.spawn(watch(levels, events.clone(), Event::Levels));
        let account = bus.kv::<Account>(&ACCOUNT).watch(&[key::ACCOUNT_SUMMARY.to_owned()]);
        tasks.spawn(watch(account, events.clone(), |account| Event::Account(Box::new(account))));
        let control = bus.kv::<Control>(&CONTROL).watch(&[key::CONTROL_TRADING.to_owned()]);
        tasks.spawn(watch(control, events.clone(), Event::Control));
        let feed = bus.kv::<FeedStatus>(&FEED).watch(&[key::FEED_STATUS.to_owned()]);
        tasks.spawn(watch(feed, events.clone(), |feed| Event::Feed(Box::new(feed))));
        tasks.spawn(reconnects(bus, events.clone()));
    }
}

/// Forwards live messages. A bad one is counted, logged and skipped.
async fn forward<M: Message>(
    subscribers: Vec<Subscriber>,
    events: mpsc::Sender<Event>,
    event: impl Fn(M) -> Option<Event>,
) -> anyhow::Result<()> {
    let mut messages = select_all(subscribers);
    let copies = metrics::counter!("dashboard_passed_over_total", "why" => "copy");
    copies.increment(0);
    while let Some(message) = messages.next().await {
        // The server's answer to somebody's read, sent to this subject: nobody has published it.
        if message.headers.as_ref().is_some_and(is_copy) {
            copies.increment(1);
            continue;
        }
        match decode::<M>(&message.payload) {
            Ok(decoded) => {
                if let Some(event) = event(decoded)
                    && events.send(event).await.is_err()
                {
                    return Ok(());
                }
            }
            Err(error) => bad_message(M::NAME, &message.subject, &error),
        }
    }
    Err(anyhow!("the subscription to {}s has ended", M::NAME))
}

/// How long a price has taken from ingest to here.
fn note_delay(tick: &Tick) {
    let delay_ns = runtime::clock::now_ns().saturating_sub(tick.received_ns).max(0);
    metrics::histogram!("dashboard_tick_delay_seconds").record(delay_ns as f64 / 1e9);
}

/// Counts and words a message that does not decode.
pub(crate) fn bad_message(kind: &'static str, subject: &str, error: &proto::WireError) {
    metrics::counter!("dashboard_bad_messages_total", "kind" => kind).increment(1);
    tracing::warn!(subject, "skipped: {error}");
}

async fn watch<M: Message>(
    mut values: KvWatch<M>,
    events: mpsc::Sender<Event>,
    event: impl Fn(M) -> Event,
) -> anyhow::Result<()> {
    loop {
        if let Some(value) = values.next().await.value
            && events.send(event(value)).await.is_err()
        {
            return Ok(());
        }
    }
}

/// Says so when the connection is there: now, and after every loss.
async fn reconnects(bus: Bus, events: mpsc::Sender<Event>) -> anyhow::Result<()> {
    let mut connects = bus.connects();
    connects.mark_unchanged();
    loop {
        if events.send(Event::Joined).await.is_err() {
            return Ok(());
        }
        if connects.changed().await.is_err() {
            return Err(anyhow!("the connection to NATS has ended"));
        }
    }
}
