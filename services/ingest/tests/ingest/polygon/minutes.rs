//! Minutes of the service's own: before the first price, after an outage, in place of ours.

use super::*;
use ingest::source::{Earlier, Event, Source as _};
use proto::{Bar, FeedState, Symbol, stream::BARS, subject};
use runtime::bus::Start;

const MINUTE_MS: i64 = 60_000;

/// The starts of `count` minutes that end with the one before the running one.
fn before(count: i64) -> Vec<i64> {
    (1..=count).rev().map(|back| NOW_MINUTE_MS - back * MINUTE_MS).collect()
}

/// Every stored bar, those that were replaced too.
async fn stored(bench: &Bench) -> Vec<Bar> {
    let all = bench.admin.history(BARS.name, subject::BARS.to_owned(), Start::Beginning).await;
    all.unwrap().iter().map(|stored| proto::decode(&stored.payload).unwrap()).collect()
}

#[tokio::test]
async fn history_is_stored_before_the_first_price_and_the_forming_minute_is_no_part_of_it() {
    let bench = bench(&["AAPL", "MSFT"]).await;
    let rows = [trade("AAPL", 10.0, NOW_NS - 9), trade("MSFT", 10.0, NOW_NS - 9)];
    let fake = Fake::answering(&[ok(page(&rows))]);
    let mut starts = before(30);
    starts.push(NOW_MINUTE_MS);
    fake.say(MINUTES, &[ok(minutes(&starts, 9.5))]);
    let running = fake.feed_with(&bench, |settings| settings.interval = SOON).await;
    bench.ticks_from(1).await;
    for symbol in &bench.symbols {
        let bars = bench.bars(symbol).await;
        assert_eq!(bars.keys().copied().collect::<Vec<_>>(), before(30), "{symbol}");
        let bar = &bars[&before(1)[0]];
        assert_eq!((bar.seq, bar.count, bar.volume, bar.vwap), (0, 12, 6.3e6, 9.5));
    }
    let asked = fake.asked(MINUTES);
    assert_eq!(asked.len(), 2, "one question for each symbol");
    // Thursday's pre-market begins at 04:00.
    let from_ms = (CLOSED_NS / 1_000_000) - 12 * 3_600_000;
    let expected = format!(
        "/v2/aggs/ticker/AAPL/range/1/minute/{from_ms}/{}?adjusted=true&sort=asc&limit=50000",
        NOW_NS / 1_000_000
    );
    assert!(asked.iter().any(|asked| asked.uri == expected), "{asked:?}");
    running.stop().await;
}

#[tokio::test]
async fn what_is_stored_already_is_not_stored_again_and_keeps_its_number() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[good()]);
    fake.say(MINUTES, &[ok(minutes(&before(3), 9.5))]);
    let first = fake.feed_with(&bench, |settings| settings.interval = SOON).await;
    bench.ticks_from(1).await;
    first.stop().await;
    assert_eq!(stored(&bench).await.len(), 3);
    // The same, but for one minute that the service has corrected.
    let mut corrected: Vec<String> =
        before(2).iter().map(|start| minutes(&[*start], 9.5)).collect();
    corrected.push(minutes(&[before(3)[0]], 9.7));
    let row = |text: &String| text.split_once('[').unwrap().1.trim_end_matches("]}").to_owned();
    let rows: Vec<String> = corrected.iter().map(row).collect();
    fake.say(MINUTES, &[ok(format!(r#"{{"results":[{}]}}"#, rows.join(",")))]);
    fake.say(SNAPSHOTS, &[ok(page(&[trade("AAPL", 10.1, NOW_NS)]))]);
    let second = fake.feed_with(&bench, |settings| settings.interval = SOON).await;
    bench.ticks_from(2).await;
    let bars = stored(&bench).await;
    assert_eq!(bars.len(), 4, "{bars:?}");
    assert_eq!((bars[3].start_ms, bars[3].close), (before(3)[0], 9.7));
    second.stop().await;
}

#[tokio::test]
async fn a_minute_that_was_seen_in_part_is_replaced_and_keeps_its_number_also_after_a_restart() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[good()]);
    let first = fake.feed(&bench).await;
    bench.ticks_from(1).await;
    // Killed in the middle of the minute; the next process comes minutes later.
    first.kill().await;
    let later_ns = NOW_NS + 5 * 60_000_000_000;
    bench.clock.set(later_ns);
    fake.say(SNAPSHOTS, &[ok(page(&[trade("AAPL", 10.2, later_ns - 9)]))]);
    let starts: Vec<i64> = (0..5).map(|n| NOW_MINUTE_MS + n * MINUTE_MS).collect();
    fake.say(MINUTES, &[ok(minutes(&starts, 9.9))]);
    let second = fake.feed(&bench).await;
    bench.ticks_from(2).await;
    let whole = eventually(SOON, async || {
        let bars = bench.bars(&bench.symbols[0]).await;
        (bars.len() == 5).then_some(bars)
    });
    let bars = whole.await.expect("five minutes");
    assert_eq!((bars[&NOW_MINUTE_MS].close, bars[&NOW_MINUTE_MS].seq), (9.9, 1));
    assert_eq!(bars[&starts[1]].seq, 0);
    // And once more: the number is read back from what is stored.
    second.stop().await;
    fake.say(MINUTES, &[ok(minutes(&starts[..2], 9.8))]);
    fake.say(SNAPSHOTS, &[ok(page(&[trade("AAPL", 10.3, later_ns)]))]);
    let third = fake.feed(&bench).await;
    bench.ticks_from(3).await;
    let bars = bench.bars(&bench.symbols[0]).await;
    assert_eq!((bars[&NOW_MINUTE_MS].close, bars[&NOW_MINUTE_MS].seq), (9.8, 1));
    assert!(bars.values().all(|bar| bar.count == 12), "theirs is the last word: {bars:?}");
    third.stop().await;
}

#[tokio::test]
async fn after_an_outage_the_missing_minutes_are_fetched_and_the_next_price_says_so() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[good()]);
    let outage = Duration::from_millis(500);
    let running = fake.feed_with(&bench, |settings| settings.pace.outage = outage).await;
    bench.ticks_from(1).await;
    fake.say(SNAPSHOTS, &[refused(503, "")]);
    bench.state(FeedState::Failing).await;
    let failed = fake.asked(SNAPSHOTS).len();
    fake.asked_times(SNAPSHOTS, failed + 2).await;
    let later_ns = NOW_NS + 10 * 60_000_000_000;
    bench.clock.set(later_ns);
    let starts: Vec<i64> = (0..10).map(|n| NOW_MINUTE_MS + n * MINUTE_MS).collect();
    fake.say(MINUTES, &[ok(minutes(&starts, 9.9))]);
    fake.say(SNAPSHOTS, &[ok(page(&[trade("AAPL", 10.2, later_ns - 9)]))]);
    let ticks = bench.ticks_from(2).await;
    assert_eq!((ticks[0].1.gap, ticks[1].1.gap), (false, true));
    let whole = eventually(SOON, async || {
        let bars = bench.bars(&bench.symbols[0]).await;
        (bars.len() == 10).then_some(bars)
    });
    let bars = whole.await.expect("the minutes of the outage");
    assert_eq!((bars[&NOW_MINUTE_MS].seq, bars[&NOW_MINUTE_MS].close), (1, 9.9));
    let asked = fake.asked(MINUTES);
    let from = format!("/minute/{NOW_MINUTE_MS}/");
    assert!(asked[1].uri.contains(&from), "{}", asked[1].uri);
    running.stop().await;
}

#[tokio::test]
async fn prices_do_not_wait_for_a_history_that_is_slow() {
    let bench = bench(&["AAPL"]).await;
    let gate = Arc::new(Semaphore::new(0));
    let fake = Fake::answering(&[good()]);
    fake.say(MINUTES, &[ok(minutes(&before(3), 9.5)).held(&gate)]);
    let opening = Duration::from_millis(300);
    let running = fake.feed_with(&bench, |settings| settings.pace.opening = opening).await;
    bench.ticks_from(1).await;
    assert!(bench.bars(&bench.symbols[0]).await.is_empty());
    gate.add_permits(1_000);
    let late = async || (bench.bars(&bench.symbols[0]).await.len() == 3).then_some(());
    eventually(SOON, late).await.expect("history follows by itself");
    running.stop().await;
}

#[tokio::test]
async fn prices_come_in_between_while_the_history_of_many_symbols_is_at_hand() {
    let symbols: Vec<Symbol> = (0..500).map(|n| Symbol::parse(&format!("S{n}")).unwrap()).collect();
    let fake = Fake::answering(&[good()]);
    fake.say(MINUTES, &[ok(minutes(&before(2), 9.5))]);
    let mut settings = settings(&fake.serve().await);
    settings.interval = Duration::from_millis(200);
    settings.pace.opening = Duration::ZERO;
    let clock = Clock::standing_at(NOW_NS);
    let mut polygon = Polygon::new(settings, &symbols, &calendar(), &clock).unwrap();
    polygon.prepare(Earlier { last_ns: None, published: 0 }).await.unwrap();
    let (mut lists, mut polls) = (0, 0);
    while polls < 4 {
        match polygon.next().await {
            Event::Quotes(_) => polls += 1,
            Event::Bars(_) => {
                lists += 1;
                // Eight are asked about at once: the first of a dozen are there.
                fake.asked_times(MINUTES, (lists + 12).min(symbols.len())).await;
            }
            Event::Condition(_) => {}
        }
    }
    assert!(lists < symbols.len(), "the first prices come after all of the history");
}

#[tokio::test]
async fn pages_are_followed_exactly_as_they_are_named_with_the_key_in_the_header() {
    let bench = bench(&["AAPL"]).await;
    let fake = Fake::answering(&[good()]);
    let base = fake.serve().await;
    let cursor =
        format!("{base}/v2/aggs/ticker/AAPL/range/1/minute/1754/x?cursor=bGltaXQ9Mg%3D%3D&a=b");
    let first =
        minutes(&before(3)[..1], 9.5).replace("]}", &format!(r#"],"next_url":"{cursor}"}}"#));
    let last = minutes(&before(3)[1..], 9.5).replace("]}", r#"],"next_url":""}"#);
    fake.say(MINUTES, &[ok(first), ok(last)]);
    let running =
        fake.feed_with(&bench, |settings| settings.base_url = base.parse().unwrap()).await;
    bench.ticks_from(1).await;
    assert_eq!(bench.bars(&bench.symbols[0]).await.len(), 3);
    let followed = &fake.asked(MINUTES)[1];
    assert!(cursor.ends_with(&followed.uri), "{}", followed.uri);
    assert_eq!(followed.headers["authorization"].to_str().unwrap(), format!("Bearer {KEY}"));
    running.stop().await;
}

#[tokio::test]
async fn a_page_on_another_server_is_never_asked_for() {
    let bench = bench(&["AAPL"]).await;
    let stranger = Fake::answering(&[good()]);
    let elsewhere = stranger.serve().await;
    let fake = Fake::answering(&[good()]);
    let next = format!(r#"],"next_url":"{elsewhere}/v2/aggs/ticker/AAPL/range/1/minute/1/2"}}"#);
    fake.say(MINUTES, &[ok(minutes(&before(3), 9.5).replace("]}", &next))]);
    let running = fake.feed(&bench).await;
    bench.ticks_from(1).await;
    assert_eq!(bench.bars(&bench.symbols[0]).await.len(), 3, "the first page counts");
    assert!(stranger.asked("").is_empty(), "{:?}", stranger.asked(""));
    running.stop().await;
}

#[tokio::test]
async fn minutes_that_are_refused_or_missing_cost_one_symbol_and_not_the_feed() {
    let bench = bench(&["AAPL", "ODD"]).await;
    let rows = [trade("AAPL", 10.0, NOW_NS - 9), trade("ODD", 10.0, NOW_NS - 9)];
    let fake = Fake::answering(&[ok(page(&rows))]);
    fake.say(MINUTES, &[ok(minutes(&before(3), 9.5))]);
    fake.say("/ticker/ODD/", &[refused(404, r#"{"status":"NotFound"}"#)]);
    let running = fake.feed(&bench).await;
    bench.ticks_from(2).await;
    assert_eq!(bench.bars(&bench.symbols[0]).await.len(), 3);
    assert!(bench.bars(&bench.symbols[1]).await.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_feed_that_was_away_says_so_with_its_first_new_price_and_one_that_was_not_does_not() {
    let mut bench = bench(&["AAPL", "MSFT"]).await;
    // Both begin with a price of a second ago; after each pause AAPL has a new one.
    let rows = |aapl_ns: i64| {
        let msft = trade("MSFT", 20.0, NOW_NS - 1_000_000_000);
        page(&[trade("AAPL", 10.0, aapl_ns), msft])
    };
    let fake = Fake::answering(&[ok(rows(NOW_NS - 1_000_000_000))]);
    let mut now_ns = NOW_NS;
    let mut expected = vec![("AAPL".to_owned(), false), ("MSFT".to_owned(), false)];
    // Half a minute, five, to Saturday morning, and to Sunday: on a weekend there is nothing to miss.
    let pauses = [(0, false), (30, false), (300, true), (20 * 3_600, true), (86_400, false)];
    for (away_s, gap) in pauses {
        now_ns += away_s * 1_000_000_000;
        bench.clock = Clock::standing_at(now_ns);
        if away_s > 0 {
            fake.say(SNAPSHOTS, &[ok(rows(now_ns - 1_000_000_000))]);
            expected.push(("AAPL".to_owned(), gap));
        }
        let running = fake.feed(&bench).await;
        bench.ticks_from(expected.len() as u64).await;
        running.stop().await;
    }
    let ticks = bench.all_ticks().await;
    let said: Vec<_> = ticks.iter().map(|(_, tick)| (tick.symbol.to_string(), tick.gap)).collect();
    assert_eq!(said, expected);
}

#[tokio::test]
async fn the_minute_in_which_a_back_fill_ended_is_asked_for_again_when_it_is_over() {
    let mut bench = bench(&["AAPL"]).await;
    // As late in the minute as can be: the question waits for its end by the wall's time.
    bench.clock = Clock::standing_at((NOW_MINUTE_MS + 59_900) * 1_000_000);
    let fake = Fake::answering(&[good()]);
    let mut starts = before(2);
    starts.push(NOW_MINUTE_MS);
    fake.say(MINUTES, &[ok(minutes(&starts, 9.5)), ok(minutes(&starts[2..], 9.7))]);
    let running = fake.feed_with(&bench, |settings| settings.interval = SOON).await;
    bench.ticks_from(1).await;
    let bars = bench.bars(&bench.symbols[0]).await;
    assert!(!bars.contains_key(&NOW_MINUTE_MS), "it is not over yet: {bars:?}");
    bench.clock.set((NOW_MINUTE_MS + 72_000) * 1_000_000);
    let whole = eventually(SOON, async || {
        let bars = bench.bars(&bench.symbols[0]).await;
        bars.get(&NOW_MINUTE_MS).filter(|bar| bar.close == 9.7).cloned()
    });
    assert_eq!(whole.await.expect("the last minute").seq, 1, "our tick is in it");
    let asked = fake.asked(MINUTES);
    assert_eq!(asked.len(), 2, "and it is not asked for a third time: {asked:?}");
    assert!(asked[1].uri.contains(&format!("/minute/{NOW_MINUTE_MS}/")), "{}", asked[1].uri);
    running.stop().await;
}
