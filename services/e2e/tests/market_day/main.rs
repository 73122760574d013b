//! The market's days on a clock that is set: from the reset of the night over the open to the close,
//! in real time and delayed, on a half day, a holiday, a weekend, and across changes of the clocks.
//!
//! Feed and strategy are the real ones, the bus is a real nats-server, Polygon is the fake one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is a test: whatever is not as expected fails it"
)]

mod desk;

use desk::{Desk, KEY, SOON, crossing, new_york};
use ingest::source::polygon::Wish;
use market::MINUTE_MS;
use proto::{Entitlement, FeedState, PriceField, Reason, Session, Transport};
use runtime::testing::eventually;
use testkit::polygon::{Page, Plan};

/// Polls that go out from now on until one has been answered for certain.
async fn polled_again(desk: &Desk) {
    let before = desk.fake.requests_for(Page::Snapshots);
    let twice = async || (desk.fake.requests_for(Page::Snapshots) >= before + 3).then_some(());
    eventually(SOON, twice).await.expect("polls go on");
}

#[tokio::test]
async fn through_the_reset_of_the_night_no_price_is_zero_and_none_is_told_twice() {
    let desk = Desk::start("2026-11-23 15:58:00", Wish::Poll).await;
    let close = desk.trade(new_york("2026-11-23 15:59:30"), 250.8).await;
    assert_eq!(close.session, Session::Regular);
    let evening = desk.trade(new_york("2026-11-23 19:59:30"), 251.0).await;
    assert_eq!((evening.session, evening.delayed), (Session::Post, false));
    let before = desk.ticks().await;
    let live = desk.status_when(|status| status.state == FeedState::Live).await;
    for moment in ["2026-11-23 20:30:00", "2026-11-24 03:29:59", "2026-11-24 03:30:01"] {
        desk.set(new_york(moment));
        polled_again(&desk).await;
        assert_eq!(desk.ticks().await, before, "{moment}");
        let status = desk.status_when(|status| status.state == FeedState::Live).await;
        assert_eq!((status.delay_ms, &status.detail), (0, &live.detail), "{moment}");
    }
    let early = desk.trade(new_york("2026-11-24 04:00:01"), 252.0).await;
    assert_eq!((early.session, early.field), (Session::Pre, PriceField::Trade));
    // The one before was Monday's close as of 16:00, not that of its evening.
    assert_eq!((early.seq, early.prev_close), (evening.seq + 1, Some(250.8)));
    assert!(desk.ticks().await.iter().all(|tick| tick.price > 200.0 && tick.suspect.is_none()));
    assert_eq!(desk.intents().await, []);
    desk.stop().await;
}

#[tokio::test]
async fn the_strategy_enters_with_the_first_regular_tick_and_never_on_delayed_prices() {
    let desk = Desk::start("2026-11-24 09:00:00", Wish::Auto).await;
    let up = desk.status_when(|status| status.transport == Some(Transport::Stream)).await;
    assert_eq!((up.entitlement, up.delay_ms), (Some(Entitlement::Advanced), 0));
    assert!(up.detail.contains("in real time by the key's Advanced plan"), "{}", up.detail);
    let open_ms = new_york("2026-11-24 09:30:00");
    let early = desk.crossing(open_ms - 2 * MINUTE_MS).await;
    assert!(early.iter().all(|tick| tick.session == Session::Pre && !tick.delayed), "{early:?}");
    let last = desk.trade(open_ms - 1, 250.1).await;
    assert_eq!(last.session, Session::Pre);
    assert_eq!(desk.intents().await, [], "only the session keeps it from entering");
    let first = desk.trade(open_ms, 250.2).await;
    assert_eq!((first.session, first.delayed), (Session::Regular, false));
    let intents = desk.intents().await;
    assert_eq!(intents.len(), 1, "{intents:?}");
    assert_eq!((intents[0].reason, intents[0].tick_seq), (Reason::CrossUp, first.seq));
    desk.refuse(&intents[0]).await;

    // The plan is a delayed one from here on, and the stream of real time is not for it.
    desk.fake.set_key(KEY, Plan::Developer);
    desk.fake.drop_sockets();
    let behind =
        desk.status_when(|status| status.entitlement == Some(Entitlement::Developer)).await;
    assert_eq!((behind.delay_ms, behind.transport), (900_000, Some(Transport::Poll)));
    let words = "15 minutes behind by the key's Developer plan; an Advanced plan is in real time";
    assert!(behind.detail.contains(words), "{}", behind.detail);
    // The same prices again. They are seen a quarter of an hour later.
    let from_ms = open_ms + 20 * MINUTE_MS;
    for (at_ms, price) in crossing(from_ms) {
        desk.trade_unseen(at_ms, price);
    }
    for (at_ms, _) in crossing(from_ms) {
        desk.set(at_ms + 15 * MINUTE_MS);
        let tick = desk.tick_at(at_ms).await;
        assert_eq!((tick.delayed, tick.session), (true, Session::Regular), "{tick:?}");
    }
    assert_eq!(desk.intents().await.len(), 1, "nothing is entered on delayed prices");

    // And back: the plan that has grown is seen, and streamed.
    let now_ms = from_ms + 30 * MINUTE_MS;
    desk.trade_unseen(now_ms, 250.0);
    desk.fake.set_key(KEY, Plan::Advanced);
    let up = desk.status_when(|status| status.transport == Some(Transport::Stream)).await;
    assert_eq!((up.entitlement, up.delay_ms), (Some(Entitlement::Advanced), 0), "{}", up.detail);
    let again = desk.crossing(now_ms + 10 * MINUTE_MS).await;
    assert!(again.iter().all(|tick| !tick.delayed), "{again:?}");
    let intents = desk.intents().await;
    assert_eq!(intents.len(), 2, "{intents:?}");
    assert_eq!(intents[1].tick_seq, again.last().unwrap().seq);
    desk.stop().await;
}

#[tokio::test]
async fn a_delayed_stream_opens_a_quarter_of_an_hour_late_and_nothing_is_entered_on_it() {
    let desk = Desk::start_on(Plan::Developer, "2026-11-24 09:00:00", Wish::Auto).await;
    let up = desk.status_when(|status| status.transport == Some(Transport::Stream)).await;
    assert_eq!((up.entitlement, up.delay_ms), (Some(Entitlement::Developer), 900_000));
    let open_ms = new_york("2026-11-24 09:30:00");
    for (at_ms, price) in crossing(open_ms) {
        desk.trade_unseen(at_ms, price);
    }
    assert_eq!(desk.last_time().await, None, "it is half past nine, and nothing is seen of it");
    for (at_ms, _) in crossing(open_ms) {
        desk.set(at_ms + 15 * MINUTE_MS);
        let tick = desk.tick_at(at_ms).await;
        let session = if at_ms < open_ms { Session::Pre } else { Session::Regular };
        assert_eq!((tick.delayed, tick.session), (true, session), "{tick:?}");
    }
    assert_eq!(desk.intents().await, []);
    desk.stop().await;
}

/// Ten shares are held from an hour before the close on; they go five minutes before it and the tick
/// at the close itself is of the evening.
async fn is_flat_before(desk: &Desk, close: &str) {
    let (close_ms, known) = (new_york(close), desk.intents().await.len());
    let tick = desk.trade(close_ms - 60 * MINUTE_MS, 250.0).await;
    assert_eq!(tick.session, Session::Regular, "{close}");
    desk.hold_since(&tick).await;
    for before_ms in [30 * MINUTE_MS, 10 * MINUTE_MS, 5 * MINUTE_MS + 1] {
        desk.trade(close_ms - before_ms, 250.0).await;
    }
    assert_eq!(desk.intents().await.len(), known, "{close}: it is held until then");
    let tick = desk.trade(close_ms - 5 * MINUTE_MS, 250.0).await;
    let intents = desk.intents().await;
    assert_eq!(intents.len(), known + 1, "{close}: {intents:?}");
    let intent = &intents[known];
    assert_eq!((intent.reason, intent.tick_seq), (Reason::FlatBeforeClose, tick.seq), "{close}");
    desk.refuse(intent).await;
    assert_eq!(desk.trade(close_ms - 1, 250.0).await.session, Session::Regular, "{close}");
    assert_eq!(desk.trade(close_ms, 250.0).await.session, Session::Post, "{close}");
}

/// Prices at these moments of a day without a session are nobody's business, and their absence is no
/// alarm.
async fn is_closed(desk: &Desk, moments: [&str; 3]) {
    let (ticks, intents) = (desk.ticks().await.len(), desk.intents().await.len());
    let sockets = desk.fake.sockets_ever();
    for moment in moments {
        desk.set(new_york(moment));
        let status = desk.status_when(|status| status.state == FeedState::Live).await;
        assert_eq!((status.transport, status.delay_ms), (Some(Transport::Stream), 0), "{moment}");
        let (well, report) = desk.health.report();
        assert!(well, "{moment}: {report}");
    }
    assert_eq!(desk.ticks().await.len(), ticks, "nothing is made up");
    // A stray print there, of a price that would otherwise be bought.
    let stray = desk.crossing(new_york(moments[2])).await;
    assert!(stray.iter().all(|tick| tick.session == Session::Closed), "{stray:?}");
    assert_eq!(desk.intents().await.len(), intents, "{}", moments[2]);
    assert_eq!(desk.fake.sockets_ever(), sockets, "silence is no reason to connect again");
}

#[tokio::test]
async fn a_half_day_ends_at_one_and_a_holiday_and_a_weekend_are_silent_without_an_alarm() {
    let desk = Desk::start("2026-11-25 09:00:00", Wish::Auto).await;
    desk.status_when(|status| status.transport == Some(Transport::Stream)).await;
    is_flat_before(&desk, "2026-11-25 16:00:00").await;
    let holiday = ["2026-11-26 03:31:00", "2026-11-26 09:30:00", "2026-11-26 11:00:00"];
    is_closed(&desk, holiday).await;
    is_flat_before(&desk, "2026-11-27 13:00:00").await;
    // Post-market ends with the half day at five.
    let tick = desk.trade(new_york("2026-11-27 16:59:59"), 250.0).await;
    assert_eq!(tick.session, Session::Post);
    let tick = desk.trade(new_york("2026-11-27 17:00:00"), 250.0).await;
    assert_eq!(tick.session, Session::Closed);
    let weekend = ["2026-11-28 03:31:00", "2026-11-28 12:00:00", "2026-11-29 10:00:00"];
    is_closed(&desk, weekend).await;
    is_flat_before(&desk, "2026-11-30 16:00:00").await;
    desk.stop().await;
}

/// Crosses before an open and enters with its first tick.
async fn opens_at(desk: &Desk, open: &str, utc: &str) {
    let (open_ms, known) = (new_york(open), desk.intents().await.len());
    let expected: jiff::Timestamp = utc.parse().unwrap();
    assert_eq!(open_ms, expected.as_millisecond(), "{open}");
    desk.crossing(open_ms - 2 * MINUTE_MS).await;
    let last = desk.trade(open_ms - 1, 250.1).await;
    assert_eq!(last.session, Session::Pre, "{open}");
    assert_eq!(desk.intents().await.len(), known, "{open}");
    let first = desk.trade(open_ms, 250.2).await;
    assert_eq!(first.session, Session::Regular, "{open}");
    let intents = desk.intents().await;
    assert_eq!(intents.len(), known + 1, "{open}: {intents:?}");
    assert_eq!(intents[known].tick_seq, first.seq, "{open}");
    desk.refuse(&intents[known]).await;
}

#[tokio::test]
async fn the_market_opens_by_new_yorks_time_before_and_after_its_clocks_go_forward() {
    let desk = Desk::start("2026-03-06 09:00:00", Wish::Auto).await;
    desk.status_when(|status| status.transport == Some(Transport::Stream)).await;
    opens_at(&desk, "2026-03-06 09:30:00", "2026-03-06T14:30:00Z").await;
    opens_at(&desk, "2026-03-09 09:30:00", "2026-03-09T13:30:00Z").await;
    is_flat_before(&desk, "2026-03-09 16:00:00").await;
    desk.stop().await;
}

#[tokio::test]
async fn the_market_opens_by_new_yorks_time_before_and_after_its_clocks_go_back() {
    let desk = Desk::start("2026-10-30 09:00:00", Wish::Auto).await;
    desk.status_when(|status| status.transport == Some(Transport::Stream)).await;
    opens_at(&desk, "2026-10-30 09:30:00", "2026-10-30T13:30:00Z").await;
    opens_at(&desk, "2026-11-02 09:30:00", "2026-11-02T14:30:00Z").await;
    is_flat_before(&desk, "2026-11-02 16:00:00").await;
    desk.stop().await;
}
