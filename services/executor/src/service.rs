//! The shell around the desk: one thing at a time in, one call into the core, then the effects.
//!
//! Everything happens in this one loop, so that books, journal and broker never disagree about the
//! order of things. Any doubt about the journal or the lease ends the process; its successor
//! recovers by folding the journal.

mod journal;
mod start;
mod tape;
mod views;

use crate::{
    broker::{Broker, BrokerEvent},
    config::Config,
    desk::Desk,
    orders,
    reconcile::{Step, next_step},
    risk::Approved,
};
use anyhow::{Context as _, bail};
use journal::{Journal, JournalError};
use proto::{
    ClockKind, Control, FeedStatus, Intent, OrderEvent, OrderId, Progress, Symbol, Tick,
    TradingState, VERSION, decode, stream,
    subject::{self, key},
};
use runtime::{
    bus::{Bus, Delivery, HeldLease, KvEntry, KvWatch, LeaseEvent, Puller},
    clock,
    health::Health,
};
use std::{collections::BTreeSet, time::Duration};
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
    strategy: KvWatch<Progress>,
    publish: Interval,
    ask: Interval,
}

/// One thing that happened.
enum Event {
    Stop,
    Lease(LeaseEvent),
    Broker(BrokerEvent),
    Control(KvEntry<Control>),
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
    /// The account has changed since it was published.
    account_stale: bool,
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
        self.bus.verify(&streams, &stream::BUCKETS).await?;
        let mut feed = self.bus.kv::<FeedStatus>(&stream::FEED).watch(&all());
        let Some(status) = self.first_feed(&mut feed, &stopping).await else {
            return Ok(());
        };
        let writer = Self::writer();
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
        let (desk, tape) = self.recover(broker.mode(), &feed, &views).await?;
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
            account_stale: true,
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
            control: self.bus.kv(&stream::CONTROL).watch(&all()),
            strategy: progress.watch(&[key::progress("strategy")]),
            publish: every(PUBLISH_EVERY),
            ask: every(ASK_AGAIN),
        }
    }
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

    async fn next_event(&mut self, inputs: &mut Inputs, stopping: &CancellationToken) -> Event {
        let limit = self.tape_limit();
        let may_trade = self.lease.secure();
        tokio::select! {
            biased;
            () = stopping.cancelled() => Event::Stop,
            event = self.lease.changed() => Event::Lease(event),
            news = self.broker.next_event() => Event::Broker(news),
            entry = inputs.control.next() => Event::Control(entry),
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
        self.tape_ns = tick.time_ns;
        self.account_stale = true;
        metrics::counter!("executor_ticks_total").increment(1);
        let Some(why) = self.desk.on_tick(tick) else {
            return Ok(());
        };
        tracing::error!("no more entries: {why}");
        let control = Control {
            v: VERSION,
            state: TradingState::Reducing,
            by: "executor".to_owned(),
            why,
            at_ms: clock::now_ms(),
        };
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
        if self.feed.clock == ClockKind::Tape {
            self.catch_up(intent.position).await?;
        }
        match self.desk.decide(intent, clock::now_ms()) {
            Ok(approved) => self.place(&approved).await,
            Err(refusal) => {
                let event = orders::refused(intent, refusal, self.journal.stamp());
                self.begin(&event, intent).await.map(|_begun| ())
            }
        }
    }

    /// Reads the tape up to an intent's own tick.
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

    /// Claims the order, calls the broker once, journals what it said.
    async fn place(&mut self, approved: &Approved) -> anyhow::Result<()> {
        let intent = approved.intent();
        if !self.begin(&orders::claimed(approved, self.journal.stamp()), intent).await? {
            return Ok(());
        }
        let outcome = if self.lease.secure() {
            self.broker.submit(approved).await
        } else {
            Err(crate::broker::SubmitError::Rejected("not sent: the lease was in doubt".to_owned()))
        };
        let event = orders::submitted(intent, outcome, self.journal.stamp());
        self.journal_event(event).await?;
        self.follow(&intent.id);
        self.publish_order(intent).await
    }

    /// Journals the first event of an order. `false` when the order exists already.
    async fn begin(&mut self, event: &OrderEvent, intent: &Intent) -> anyhow::Result<bool> {
        match self.journal.write(event, 0).await {
            Ok(seq) => {
                self.desk.apply(seq, event)?;
                if event.state.is_final() {
                    self.publish_order(intent).await?;
                }
                Ok(true)
            }
            Err(JournalError::Taken(_)) => {
                let first = self.journal.first_event(event).await?;
                if first.intent.as_ref() == Some(intent) {
                    tracing::debug!(order.id = %intent.id, "delivered again, has its order");
                } else {
                    metrics::counter!("executor_id_collisions_total").increment(1);
                    tracing::error!(
                        order.id = %intent.id,
                        "another intent has this id in the journal; nothing is sent"
                    );
                }
                // What the strategy waits for may have been lost with an earlier executor.
                self.publish_order(intent).await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Journals a later event of an open order and books it.
    async fn journal_event(&mut self, event: OrderEvent) -> anyhow::Result<()> {
        let before = self.desk.ledger().order(&event.order_id).map_or(0, |order| order.seq);
        let seq = self.journal.write(&event, before).await?;
        self.desk.apply(seq, &event)?;
        Ok(())
    }

    async fn on_broker(&mut self, news: BrokerEvent) -> anyhow::Result<()> {
        let Some(order) = self.desk.ledger().order(&news.order_id).cloned() else {
            tracing::debug!(order.id = %news.order_id, "news of a finished order");
            return Ok(());
        };
        if let Some(event) = orders::happened(&order, news, self.journal.stamp()) {
            self.journal_event(event).await?;
        }
        self.publish_order(&order.intent).await
    }

    fn follow(&mut self, id: &OrderId) {
        if let Some(order) = self.desk.ledger().order(id) {
            if next_step(order) == Step::Follow {
                self.broker.follow(order);
            }
        }
    }

    /// Takes up every order that an earlier executor left open.
    async fn settle_open_orders(&mut self) -> anyhow::Result<()> {
        let open: Vec<_> = self.desk.ledger().open_orders().cloned().collect();
        for order in open {
            if next_step(&order) == Step::DeclareUnknown {
                let words = "the executor stopped around the call".to_owned();
                let event = orders::unknown(&order.intent, words, self.journal.stamp());
                self.journal_event(event).await?;
            }
            self.find(&order.intent.id).await?;
            self.follow(&order.intent.id);
        }
        Ok(())
    }

    /// Asks the broker about an order whose fate is not known.
    async fn find(&mut self, id: &OrderId) -> anyhow::Result<()> {
        let Some(order) = self.desk.ledger().order(id).cloned() else {
            return Ok(());
        };
        if next_step(&order) != Step::Find {
            return Ok(());
        }
        let found = self.broker.find(&order).await;
        if let Some(event) = orders::reconciled(&order, found, self.journal.stamp()) {
            self.journal_event(event).await?;
            self.follow(id);
            self.publish_order(&order.intent).await?;
        }
        Ok(())
    }

    async fn ask_again(&mut self) -> anyhow::Result<()> {
        let unresolved = self.desk.ledger().open_orders().filter(|o| next_step(o) == Step::Find);
        let ids: Vec<OrderId> = unresolved.map(|order| order.intent.id.clone()).collect();
        for id in ids {
            self.find(&id).await?;
        }
        Ok(())
    }

    /// Publishes what an order has changed.
    async fn publish_order(&mut self, intent: &Intent) -> anyhow::Result<()> {
        self.views.put_position(&self.desk.ledger().position(&intent.symbol)).await?;
        self.account_stale = true;
        Ok(())
    }

    /// Publishes all holdings and the account, as the journal has them; flat ones too, because the
    /// strategy trades no symbol whose holding it does not know.
    async fn publish_everything(&mut self) -> anyhow::Result<()> {
        let held = self.desk.ledger().positions().map(|position| &position.symbol);
        let symbols: BTreeSet<Symbol> = held.chain(&self.feed.symbols).cloned().collect();
        for symbol in &symbols {
            self.views.put_position(&self.desk.ledger().position(symbol)).await?;
        }
        self.publish().await
    }

    async fn publish(&mut self) -> anyhow::Result<()> {
        if std::mem::take(&mut self.account_stale) {
            let account = self.desk.account(self.journal.writer(), clock::now_ms());
            self.views.put_account(&account).await?;
        }
        let (run, position) = (self.feed.run.clone(), self.tape.position());
        self.views.put_progress(&run, position, self.tape_ns).await
    }
}
