//! More orders at once than the limit allows: every window is used up, none is overrun, and the log
//! says why an order waits.
#![expect(clippy::indexing_slicing, reason = "a test ends at the first thing that is wrong")]

use super::{buy, pass, quick, start};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};
use testkit::trading212::{AccountConfig, Endpoint, Fake, FakeConfig, Fault, Limits};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// The wall's symbols.
const SYMBOLS: [&str; 20] = [
    "AXSM", "DJT", "WULF", "ONDS", "NVDA", "TSLA", "AAPL", "MSFT", "GOOGL", "AMZN", "META", "NFLX",
    "AMD", "INTC", "QCOM", "MRVL", "COIN", "HOOD", "UPST", "SOFI",
];
/// Length of a window of the documented limit, milliseconds.
const WINDOW_MS: i64 = 60_000;

/// What this test's thread says to people.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

/// The words of one line of the log.
#[derive(Default)]
struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Subscriber for Said {
    fn enabled(&self, line: &Metadata<'_>) -> bool {
        *line.level() <= Level::INFO && line.target().starts_with("executor")
    }

    fn event(&self, event: &Event<'_>) {
        let mut words = Words::default();
        event.record(&mut words);
        self.0.lock().unwrap().push(words.0);
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

/// When the fake was asked to place orders, a list for each window: it opens with its first request.
fn windows(fake: &Fake) -> Vec<Vec<i64>> {
    let requests = fake.requests().into_iter();
    let posts = requests.filter(|request| request.endpoint == Some(Endpoint::PostMarket));
    let mut windows: Vec<Vec<i64>> = Vec::new();
    for time_ms in posts.map(|request| request.time_ms) {
        match windows.last_mut() {
            Some(open) if time_ms < open[0] + WINDOW_MS => open.push(time_ms),
            _ => windows.push(vec![time_ms]),
        }
    }
    windows
}

#[tokio::test]
async fn a_burst_is_placed_without_one_call_too_many_and_as_fast_as_the_limit_allows() {
    let said = Said::default();
    let _listening = tracing::subscriber::set_default(said.clone());
    let account = AccountConfig::demo().with_cash(100_000_000, "USD");
    let limits = Limits::Enforced(BTreeMap::new());
    let (fake, mut broker) = start(FakeConfig { limits, accounts: vec![account], ..quick() }).await;
    // Whatever the server's clock says.
    fake.fault(Fault::ClockSkew(-90)).always();
    for (symbol, seq) in SYMBOLS.iter().cycle().zip(0..120) {
        let order = buy(&mut broker, symbol, seq);
        broker.place(&order, &pass).await.unwrap();
    }
    assert_eq!((fake.orders().len(), fake.limited()), (120, 0));
    let windows = windows(&fake);
    // One call of fifty is kept in reserve.
    assert_eq!(windows.iter().map(Vec::len).collect::<Vec<_>>(), [49, 49, 22]);
    for pair in windows.windows(2) {
        let idle_ms = pair[1][0] - (pair[0][0] + WINDOW_MS);
        assert!(idle_ms < 5_000, "the next window was opened {idle_ms} ms late");
    }
    let said = said.0.lock().unwrap();
    let why = "a call waits: 49 of 49 calls of 60 s are used (place_market)";
    let told: Vec<_> = said.iter().filter(|line| line.starts_with("a call waits: ")).collect();
    assert_eq!(told, [why, why], "one line for each order that waited");
}
