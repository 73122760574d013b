//! The shell around the desk: one thing at a time in, one call into the core, then the effects.
//!
//! Everything happens in this one loop, so that books, journal and broker never disagree about the
//! order of things. Any doubt about the journal or the lease ends the process; its successor
//! recovers by folding the journal.

mod gauges;
mod journal;
mod lives;
mod start;
mod tape;
mod views;
mod words;

use crate::{
    broker::{Broker, BrokerEvent, Gate},
    config::Config,
    desk::Desk,
    orders,
};
use anyhow::{Context as _, bail};
use journal::Journal;
use proto::{
    ClockKind, Control, FeedStatus, Flatten, Intent, Progress, Settlement, Tick, TradingState,
    VERSION, decode,
    stream::{self, BucketSpec},
    subject::{self, key},
};
use runtime::{
    bus::{Bus, Delivery, Fence, HeldLease, KvEntry, KvWatch, LeaseEvent, Puller, identity},
    clock,
    health::Health,
};
use std::{sync::Arc, time::Duration};
use tape::Tape;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use views::Views;

/// How often account and progress are published while nothing else asks for it.
const PUBLISH_EVERY: Duration = Duration::from_millis(200);
/// How long the tape is waited for to come to an intent's tick.
const CATCH_UP: Duration = Duration::from_secs(10);
/// How often a broker is asked again about an order it cannot speak about yet.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The buckets it reads or writes; it may not look at others.
const BUCKETS: [BucketSpec; 6] = [
    stream::FEED,
    stream::PROGRESS,
    stream::POSITIONS,
    stream::ACCOUNT,
    stream::CONTROL,
    stream::LEASES,
];

/// The executor as a process.
pub struct Service {
    config: Config,
    bus: Bus,
    health: Health,
}

/// What the loop listens to.
struct Inputs {
    intents: Puller,
    feed: KvWatch<FeedStatus>,
    control: KvWatch<Control>,
    settlements: KvWatch<Settlement>,
    flatten: KvWatch<Flatten>,
    strategy: KvWatch<Progress>,
    publish: Interval,
    ask: Interval,
}

/// One thing that happened.
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and is handled at once")]
enum Event {
    Stop,
    Lease(LeaseEvent),
    Broker(BrokerEvent),
    Control(KvEntry<Control>),
    Settlement(KvEntry<Settlement>),
    Flatten(KvEntry<Flatten>),
    Feed(KvEntry<FeedStatus>),
    Strategy(KvEntry<Progress>),
    Publish,
    Ask,
    Intent(Delivery),
    Tick(Tick),
}

/// What the loop works on.
struct Running<B> {
    bus: Bus,
    desk: Desk,
    broker: B,
    journal: Journal,
    views: Views,
    lease: HeldLease,
    tape: Tape,
    feed: FeedStatus,
    /// How far the strategy has come on this run: on a tape clock, how far we may read.
    strategy_position: u64,
    tape_ns: i64,
    /// When ingest had the last tick, nanoseconds since 1970 UTC; 0 before the first.
    received_ns: i64,
    /// The account has changed since it was published.
    account_stale: bool,
    /// Intents wait for the broker's limit of orders.
    waits: bool,
}

impl Service {
    /// An executor on `bus`.
    pub fn new(config: Config, bus: Bus, health: Health) -> Self {
        Self { config, bus, health }
    }

    /// Trades through `broker` until `stopping`.
    ///
    /// # Errors
    /// When the lease is lost, the journal cannot be written or makes no sense, or the kind of feed
    /// changes: all of them are repaired by starting anew.
    pub async fn run<B: Broker>(
        self,
        broker: B,
        stopping: CancellationToken,
    ) -> anyhow::Result<()> {
        let streams = [stream::TICKS, stream::INTENTS, stream::ORDERS];
        self.bus.verify(&streams, &BUCKETS).await?;
        let mut feed = self.bus.kv::<FeedStatus>(&stream::FEED).watch(&all());
        let Some(status) = self.first_feed(&mut feed, &stopping).await else {
            return Ok(());
        };
        self.admit(&broker.books(), &status).await?;
        let writer = identity("executor");
        let Some(lease) = self.take_lease(&writer, &stopping).await? else {
            return Ok(());
        };
        let mut running = self.start(broker, writer, status, lease).await?;
        let mut inputs = self.inputs(feed);
        running.settle_open_orders().await?;
        running.publish_everything().await?;
        self.health.set("trading", true, "taking intents");
        loop {
            let event = running.next_event(&mut inputs, &stopping).await;
            if matches!(event, Event::Stop) {
                break;
            }
            running.handle(event).await?;
        }
        running.publish().await?;
        running.lease.release().await;
        Ok(())
    }

    async fn start<B: Broker>(
        &self,
        broker: B,
        writer: String,
        feed: FeedStatus,
        lease: HeldLease,
    ) -> anyhow::Result<Running<B>> {
        let views = Views::new(&self.bus);
        let mut broker = broker;
        let (desk, tape) =
            self.recover(broker.books(), broker.wallet().cash, &feed, &views).await?;
        broker.recall(desk.ledger());
        broker.guard(fence(lease.fence()));
        Ok(Running {
            bus: self.bus.clone(),
            desk,
            broker,
            journal: Journal::new(self.bus.clone(), writer),
            views,
            lease,
            strategy_position: tape.position(),
            tape,
            feed,
            tape_ns: 0,
            received_ns: 0,
            account_stale: true,
            waits: false,
        })
    }

    fn inputs(&self, feed: KvWatch<FeedStatus>) -> Inputs {
        let every = |period| {
            let mut interval = tokio::time::interval(period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        };
        let progress = self.bus.kv::<Progress>(&stream::PROGRESS);
        Inputs {
            intents: self.bus.pull(stream::INTENTS.name, stream::INTENTS_CONSUMER),
            feed,
            control: self.bus.kv(&stream::CONTROL).watch(&[key::CONTROL_TRADING.to_owned()]),
            settlements: self
                .bus
                .kv(&stream::CONTROL)
                .watch(&[key::CONTROL_SETTLEMENTS.to_owned()]),
            flatten: self.bus.kv(&stream::CONTROL).watch(&[key::CONTROL_FLATTEN.to_owned()]),
            strategy: progress.watch(&[key::progress("strategy")]),
            publish: every(PUBLISH_EVERY),
            ask: every(ASK_AGAIN),
        }
    }
}

/// Holds orders back while the lease is in doubt.
fn fence(fence: Fence) -> Gate {
    Arc::new(move || {
        let secure = fence.secure();
        if secure { Ok(()) } else { Err("not sent: the lease was in doubt".to_owned()) }
    })
}

/// Every key of a bucket.
fn all() -> [String; 1] {
    [">".to_owned()]
}

/// The intent of a delivery, if the strategy published it where it belongs.
fn genuine_intent(delivery: &Delivery) -> Result<Intent, String> {
    let intent: Intent = decode(delivery.payload()).map_err(|error| error.to_string())?;
    let (found, belongs) = (delivery.subject(), subject::intent(&intent.symbol));
    if delivery.is_copy() || found != belongs {
        return Err(format!("an intent of {} that was not published there", intent.symbol));
    }
    Ok(intent)
}

impl<B: Broker> Running<B> {
    /// How far the tape may be read: on a tape clock no further than the strategy has come, so that
    /// an intent always meets the prices of its own moment, at any speed.
    fn tape_limit(&self) -> u64 {
        match self.feed.clock {
            ClockKind::Wall => u64::MAX,
            ClockKind::Tape => self.strategy_position,
        }
    }

    /// The broker would take an order now. While it would not, intents wait in their stream and a
    /// person's word is still heard.
    fn has_turn(&mut self) -> bool {
        let wait = self.broker.wait();
        if wait.is_zero() {
            self.waits = false;
        } else if !std::mem::replace(&mut self.waits, true) {
            tracing::info!(
                wait_s = wait.as_secs_f64(),
                "intents wait: the broker's limit of orders"
            );
        }
        !self.waits
    }

    async fn next_event(&mut self, inputs: &mut Inputs, stopping: &CancellationToken) -> Event {
        let limit = self.tape_limit();
        let may_trade = self.lease.secure() && self.has_turn();
        tokio::select! {
            biased;
            () = stopping.cancelled() => Event::Stop,
            event = self.lease.changed() => Event::Lease(event),
            news = self.broker.next_event() => Event::Broker(news),
            entry = inputs.control.next() => Event::Control(entry),
            entry = inputs.settlements.next() => Event::Settlement(entry),
            entry = inputs.flatten.next(), if may_trade => Event::Flatten(entry),
            entry = inputs.feed.next() => Event::Feed(entry),
            entry = inputs.strategy.next() => Event::Strategy(entry),
            _ = inputs.publish.tick() => Event::Publish,
            _ = inputs.ask.tick() => Event::Ask,
            delivery = inputs.intents.next(), if may_trade => Event::Intent(delivery),
            tick = self.tape.next_up_to(limit) => Event::Tick(tick),
        }
    }

    async fn handle(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Stop => Ok(()),
            Event::Lease(event) => bail!("the lease is not ours beyond doubt: {event:?}"),
            Event::Broker(news) => self.on_broker(news).await,
            Event::Control(entry) => {
                self.on_control(entry);
                Ok(())
            }
            Event::Settlement(entry) => self.on_settlement(entry).await,
            Event::Flatten(entry) => self.on_flatten(entry).await,
            Event::Feed(entry) => self.on_feed(entry).await,
            Event::Strategy(entry) => {
                let of_run = entry.value.filter(|progress| progress.run == self.feed.run);
                self.strategy_position =
                    of_run.map_or(self.strategy_position, |progress| progress.position);
                Ok(())
            }
            Event::Publish => self.publish().await,
            Event::Ask => self.ask_again().await,
            Event::Intent(delivery) => self.on_delivery(delivery).await,
            Event::Tick(tick) => self.on_tick(&tick).await,
        }
    }

    fn on_control(&mut self, entry: KvEntry<Control>) {
        if let Some(control) = entry.value {
            tracing::info!(
                state = ?control.state,
                by = control.by,
                "trading is {:?}, says {}: {}",
                control.state,
                control.by,
                control.why
            );
            self.desk.on_control(control);
        }
    }

    async fn on_feed(&mut self, entry: KvEntry<FeedStatus>) -> anyhow::Result<()> {
        let Some(status) = entry.value else {
            return Ok(());
        };
        if (status.source, status.clock) != (self.feed.source, self.feed.clock) {
            bail!("the feed changed from {:?} to {:?}", self.feed.source, status.source);
        }
        if status.run != self.feed.run {
            tracing::info!(run = status.run, "the feed began a new run");
        }
        let more_symbols = status.symbols != self.feed.symbols;
        self.feed = status;
        if more_symbols {
            self.publish_everything().await?;
        }
        Ok(())
    }

    /// Takes a price in, and stops the desk from opening positions when it makes a limit be reached.
    async fn on_tick(&mut self, tick: &Tick) -> anyhow::Result<()> {
        (self.tape_ns, self.received_ns) = (tick.time_ns, tick.received_ns);
        self.account_stale = true;
        metrics::counter!("executor_ticks_total").increment(1);
        match self.desk.on_tick(tick) {
            Some(why) => self.trip(TradingState::Reducing, why).await,
            None => Ok(()),
        }
    }

    /// Stops the desk, or only its entries, for a reason that it found itself.
    async fn trip(&mut self, state: TradingState, why: String) -> anyhow::Result<()> {
        tracing::error!("{state:?} from now on: {why}");
        let control =
            Control { v: VERSION, state, by: "executor".to_owned(), why, at_ms: clock::now_ms() };
        // In force here at once, whatever becomes of the record.
        self.desk.on_control(control.clone());
        let kv = self.bus.kv::<Control>(&stream::CONTROL);
        kv.put(key::CONTROL_TRADING, &control).await.context("record that a limit tripped")?;
        Ok(())
    }

    async fn on_delivery(&mut self, delivery: Delivery) -> anyhow::Result<()> {
        match genuine_intent(&delivery) {
            Ok(intent) => self.on_intent(&intent).await?,
            Err(fault) => {
                metrics::counter!("bus_undecodable_total", "message" => "intent").increment(1);
                tracing::error!(subject = delivery.subject(), "skipped for good: {fault}");
            }
        }
        delivery.done().await;
        Ok(())
    }

    async fn on_intent(&mut self, intent: &Intent) -> anyhow::Result<()> {
        if self.desk.ledger().order(&intent.id).is_some() {
            tracing::debug!(order.id = %intent.id, "delivered again while its order is open");
            return Ok(());
        }
        self.catch_up(intent.position).await?;
        match self.desk.decide(intent, clock::now_ms()) {
            Ok(approved) => self.place(&approved).await,
            Err(refusal) => {
                let event = orders::refused(intent, refusal, self.journal.stamp());
                self.begin(&event, intent).await.map(|_begun| ())
            }
        }
    }

    /// Reads the tape at least up to an intent's own tick: an intent may come before its tick does.
    async fn catch_up(&mut self, position: u64) -> anyhow::Result<()> {
        while self.tape.position() < position {
            let next = self.tape.next_up_to(position);
            let Ok(tick) = tokio::time::timeout(CATCH_UP, next).await else {
                // The stream no longer keeps that tick; rules judge by what is known.
                tracing::warn!(position, "the tape does not come to the intent's tick");
                return Ok(());
            };
            self.on_tick(&tick).await?;
        }
        Ok(())
    }
}
