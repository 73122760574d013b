//! Stream and poll together, against the faithful fake.

use super::*;
use proto::{Entitlement, FeedState, PriceField, Transport};
use testkit::polygon::{Config, Plan, Polygon as Service};

const SECOND: i64 = 1_000_000_000;

pub(crate) struct Desk {
    pub(crate) bench: Bench,
    pub(crate) service: Service,
    pub(crate) running: Running,
}

/// A feed of AAPL with the key of `plan` at [`NOW_NS`], polling every five seconds when it polls.
pub(crate) async fn desk(plan: Plan, wish: Wish, ready: impl FnOnce(&Service)) -> Desk {
    let bench = bench(&["AAPL"]).await;
    let config = Config { clock: bench.clock.clone(), ..Config::default() };
    let service = Service::start(config).await.unwrap();
    ready(&service);
    let ws_url = match plan {
        Plan::Advanced | Plan::Business => service.realtime_ws_url(),
        Plan::Basic | Plan::Starter | Plan::Developer => service.delayed_ws_url(),
    };
    let mut settings = settings(&service.rest_url());
    settings.key = plan.key().to_owned().into();
    settings.ws_url = Some(ws_url.parse().unwrap());
    settings.transport = wish;
    settings.interval = Duration::from_secs(2);
    let feed = Polygon::new(settings, &bench.symbols, &calendar(), &bench.clock).unwrap();
    let running = bench.start(feed).await;
    Desk { bench, service, running }
}

fn snapshots(service: &Service) -> usize {
    service.requests().iter().filter(|seen| seen.path.contains("/snapshot/")).count()
}

#[tokio::test]
async fn a_plan_with_a_stream_is_streamed_and_not_polled() {
    let desk = desk(Plan::Advanced, Wish::Auto, |service| {
        service.trade("AAPL", 250.5, 100.0, NOW_NS - SECOND);
    })
    .await;
    let up = desk.bench.status(|status| status.transport == Some(Transport::Stream)).await;
    assert_eq!((up.state, up.entitlement), (FeedState::Live, Some(Entitlement::Advanced)));
    // The probe, and one that closes the gap before the stream.
    eventually(SOON, async || (snapshots(&desk.service) == 2).then_some(())).await.unwrap();
    for nth in 1..=3_i64 {
        desk.bench.clock.set(NOW_NS + nth * SECOND);
        desk.service.trade("AAPL", 250.5 + nth as f64 / 10.0, 10.0, NOW_NS + nth * SECOND);
    }
    let ticks = desk.bench.ticks_from(4).await;
    let prices: Vec<f64> = ticks.iter().map(|(_, tick)| tick.price).collect();
    assert_eq!(prices, [250.5, 250.6, 250.7, 250.8]);
    assert!(ticks.iter().all(|(_, tick)| tick.field == PriceField::Trade && !tick.delayed));
    let more =
        eventually(Duration::from_secs(5), async || (snapshots(&desk.service) > 2).then_some(()));
    assert!(more.await.is_none(), "never both");
    desk.running.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_down_is_polled_for_until_it_is_up_again() {
    let desk = desk(Plan::Advanced, Wish::Auto, |service| {
        service.trade("AAPL", 250.5, 100.0, NOW_NS - SECOND);
    })
    .await;
    desk.bench.status(|status| status.transport == Some(Transport::Stream)).await;
    desk.service.fault(testkit::polygon::Fault::RefuseUpgrade).always();
    desk.service.reset_sockets();
    let down = desk.bench.status(|status| status.transport == Some(Transport::Poll)).await;
    assert!(down.detail.contains("the stream is down ("), "{}", down.detail);
    let before = snapshots(&desk.service);
    let polled = async || (snapshots(&desk.service) > before + 1).then_some(());
    eventually(SOON, polled).await.expect("polls while the stream is down");
    desk.service.clear_faults();
    let up = desk.bench.status(|status| status.transport == Some(Transport::Stream)).await;
    assert!(!up.detail.contains("down"), "{}", up.detail);
    desk.running.stop().await;
}

#[tokio::test]
async fn a_plan_without_a_stream_is_told_so_and_has_its_closes() {
    let desk = desk(Plan::Basic, Wish::Stream, |_service| {}).await;
    let status = desk.bench.state(FeedState::Live).await;
    assert_eq!(status.entitlement, Some(Entitlement::Free));
    assert!(status.detail.contains("the key's plan is free: no stream"), "{}", status.detail);
    let tick = desk.bench.ticks_from(1).await.remove(0).1;
    assert_eq!((tick.field, tick.price, tick.time_ns), (PriceField::PrevDay, 250.0, CLOSED_NS));
    assert_eq!(desk.service.sockets_ever(), 0);
    let calls = desk.service.requests();
    assert!(calls.iter().all(|seen| seen.status != Some(429)), "{calls:?}");
    desk.running.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_refused_is_polled_for_good() {
    // A delayed plan at the address of real time.
    let bench = bench(&["AAPL"]).await;
    let config = Config { clock: bench.clock.clone(), ..Config::default() };
    let service = Service::start(config).await.unwrap();
    service.trade("AAPL", 250.5, 100.0, NOW_NS - 1_000 * SECOND);
    let mut settings = settings(&service.rest_url());
    settings.key = Plan::Developer.key().to_owned().into();
    settings.ws_url = Some(service.realtime_ws_url().parse().unwrap());
    settings.transport = Wish::Stream;
    let feed = Polygon::new(settings, &bench.symbols, &calendar(), &bench.clock).unwrap();
    let running = bench.start(feed).await;
    let status = bench.status(|status| status.detail.contains("; polled: ")).await;
    assert_eq!(status.transport, Some(Transport::Poll));
    let before = snapshots(&service);
    let polled = async || (snapshots(&service) > before + 1).then_some(());
    eventually(SOON, polled).await.expect("polls go on");
    running.stop().await;
}

#[tokio::test]
async fn minutes_of_the_stream_take_the_place_of_ours_with_their_number() {
    let desk = desk(Plan::Advanced, Wish::Auto, |service| {
        service.trade("AAPL", 250.5, 100.0, NOW_NS - SECOND);
    })
    .await;
    desk.bench.status(|status| status.transport == Some(Transport::Stream)).await;
    desk.bench.clock.set(NOW_NS + SECOND);
    desk.service.trade("AAPL", 250.9, 50.0, NOW_NS + SECOND);
    desk.bench.ticks_from(2).await;
    // Past the minute's end and the service's lag: it sends the minute, of both trades.
    desk.bench.clock.set((NOW_MINUTE_MS + 60_000) * 1_000_000 + 2_500_000_000);
    let theirs = eventually(SOON, async || {
        let bars = desk.bench.bars(&desk.bench.symbols[0]).await;
        bars.get(&NOW_MINUTE_MS).filter(|bar| bar.volume == 150.0 && bar.seq == 2).cloned()
    });
    let bar = theirs.await.expect("the minute of the stream");
    assert_eq!((bar.open, bar.close, bar.high), (250.5, 250.9, 250.9));
    desk.running.stop().await;
}
