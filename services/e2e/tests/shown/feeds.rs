//! The line above the panes: whose money, which feed, how far the tape, what time, who is silent.

use crate::{Show, TEN_MS, top};
use e2e::stage::{account, feed};
use proto::{
    Account, BrokerMode, Entitlement, FeedState, FeedStatus, Source, TapeProgress, Transport,
};
use runtime::clock;
use rust_decimal::Decimal;

pub(crate) async fn all(show: &Show) {
    whose_money_it_is(show).await;
    how_the_account_stands(show).await;
    which_feed_it_is(show).await;
    how_far_the_tape_has_come(show).await;
    what_time_it_is_and_what_comes_next(show).await;
    an_executor_that_is_silent_is_told(show).await;
}

async fn whose_money_it_is(show: &Show) {
    for (mode, words, data) in [
        (BrokerMode::Live, "LIVE MONEY", "live"),
        (BrokerMode::Demo, "DEMO", "demo"),
        (BrokerMode::Paper, "SIM", "sim"),
    ] {
        show.stage.tell_account(&Account { mode, ..account() }).await.unwrap();
        let told = format!(
            "{} === '{words}' && document.documentElement.dataset.mode === '{data}'",
            top("mode")
        );
        show.browser.until(&told).await;
    }
}

async fn how_the_account_stands(show: &Show) {
    let told = Account {
        equity: Decimal::new(12_345_678, 2),
        day_profit: Decimal::new(-4_205, 2),
        open_orders: 3,
        warnings: vec!["60 % of the daily loss is used".to_owned()],
        currency: "EUR".to_owned(),
        ..account()
    };
    show.stage.tell_account(&told).await.unwrap();
    let stands = format!(
        "{} === '123,456.78 EUR' && {} === '−42.05' && {} === '3' &&
        {} === '60 % of the daily loss is used'",
        top("equity"),
        top("day-profit"),
        top("open-orders"),
        top("warning")
    );
    show.browser.until(&stands).await;
    show.stage.tell_account(&account()).await.unwrap();
    show.browser.until(&format!("{} === '0'", top("open-orders"))).await;
}

async fn tell(show: &Show, change: impl FnOnce(FeedStatus) -> FeedStatus) {
    show.stage.tell_feed(&change(feed(show.stage.symbols()))).await.unwrap();
}

async fn which_feed_it_is(show: &Show) {
    let words = top("feed");
    let narrow = "replaceAll('\\u202f', ' ')";
    show.browser.until(&format!("{words} === 'sim'")).await;
    tell(show, |feed| FeedStatus {
        source: Source::Polygon,
        entitlement: Some(Entitlement::Starter),
        transport: Some(Transport::Poll),
        delay_ms: 900_000,
        ..feed
    })
    .await;
    let told = "polygon · starter plan · polled · 15 min delayed";
    show.browser.until(&format!("{words}.{narrow} === '{told}'")).await;
    tell(show, |feed| FeedStatus {
        source: Source::Polygon,
        entitlement: Some(Entitlement::Advanced),
        transport: Some(Transport::Stream),
        state: FeedState::Failing,
        detail: "the source does not answer".to_owned(),
        ..feed
    })
    .await;
    show.browser
        .until(&format!("{words} === 'polygon · advanced plan · streamed · failing'"))
        .await;
    let title = "document.querySelector('.topbar [data-part=feed]').title";
    show.browser.until(&format!("{title}.includes('the source does not answer')")).await;
    show.browser
        .until("__desk.log().includes('feed polygon failing: the source does not answer')")
        .await;
}

async fn how_far_the_tape_has_come(show: &Show) {
    show.browser.until("document.querySelector('[data-part=tape]').hidden").await;
    let tape = TapeProgress { rows: 250, of: 1_000, time_ns: TEN_MS * 1_000_000, paused: false };
    for (paused, speed, told) in [(false, 60.0, "replay · 60×"), (true, 0.0, "replay · full speed")]
    {
        let tape = Some(TapeProgress { paused, ..tape.clone() });
        tell(show, |feed| FeedStatus { source: Source::Replay, speed, tape, ..feed }).await;
        show.browser.until(&format!("{} === '{told}'", top("feed"))).await;
        let far = format!(
            "!document.querySelector('[data-part=tape]').hidden &&
            document.querySelector('[data-part=tape-bar]').value === 25 &&
            {}.replaceAll('\\u202f', ' ').startsWith('25.0 %') &&
            document.querySelector('[data-part=tape]').title.includes('paused') === {paused}",
            top("tape-word")
        );
        show.browser.until(&far).await;
    }
    show.browser.until(&format!("{} === 'PAUSED'", top("link-word"))).await;
    tell(show, |feed| FeedStatus { source: Source::Replay, state: FeedState::Done, ..feed }).await;
    show.browser.until(&format!("{}.endsWith(' · done')", top("feed"))).await;
    show.browser.until(&format!("{} === 'STALE'", top("link-word"))).await;
}

/// A tape has the time of its prices; a simulated market never closes.
async fn what_time_it_is_and_what_comes_next(show: &Show) {
    tell(show, |feed| FeedStatus { source: Source::Replay, ..feed }).await;
    for (minute, clock, next) in [
        (0, "10:00:02 ET", "open · closes in 5 h 59 min"),
        (301, "15:01:02 ET", "open · closes in 58:58"),
        (361, "16:01:02 ET", "after hours · ends in 3 h 58 min"),
    ] {
        show.trade(minute, 100.0, |tick| tick).await;
        let told = format!(
            "{} === '{clock}' && {}.replaceAll('\\u202f', ' ') === '{next}'",
            top("clock"),
            top("session")
        );
        show.browser.until(&told).await;
    }
    tell(show, |feed| feed).await;
    let now = "new Date().toLocaleTimeString('en-US', { timeZone: 'America/New_York', hourCycle: 'h23' }).slice(0, 2)";
    let told =
        format!("{} === 'always open' && {}.slice(0, 2) === {now}", top("session"), top("clock"));
    show.browser.until(&told).await;
}

/// Prices go on and the account does not.
async fn an_executor_that_is_silent_is_told(show: &Show) {
    let chip = "!document.querySelector('[data-part=silent]').hidden";
    show.trade(361, 100.0, |tick| tick).await;
    show.browser.until(&format!("!({chip})")).await;
    let old = Account { at_ms: clock::now_ms() - 3_600_000, ..account() };
    show.stage.tell_account(&old).await.unwrap();
    show.trade(361, 100.2, |tick| tick).await;
    show.browser
        .until(&format!("{chip} && {}.startsWith('EXECUTOR SILENT since ')", top("silent")))
        .await;
    show.browser
        .until("__desk.log().some((line) => line.startsWith('the executor is silent since'))")
        .await;
    show.stage.tell_account(&account()).await.unwrap();
    show.browser.until(&format!("!({chip})")).await;
    show.browser.until("__desk.log().includes('the executor writes again')").await;
}
