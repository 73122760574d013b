//! The trading state from a page, in a real browser: who may say it, what everybody then reads, and
//! that nobody else comes near it, whatever their page tries and whatever they write.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

#[expect(dead_code, reason = "each test uses its part of it")]
mod browser;

use browser::Browser;
use e2e::{Desk, SOON, Setup};
use proto::{Control, TradingState, VERSION, stream::CONTROL, subject::key};
use runtime::{clock, testing::eventually};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

const TOKEN: &str = "typed-by-a-person-1";
const ESCAPE: char = '\u{e00c}';
const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';
/// What does harm wherever it is taken for markup.
const HOSTILE: &str = "<img src=x onerror=window.__pwned=1>";
const UNHARMED: &str = "document.images.length === 0 && window.__pwned === undefined";
const STATE: &str = "document.querySelector('[data-part=trading-state]').textContent";
const WHO: &str = "document.querySelector('[data-part=trading-why]').textContent";
const TOLD: &str = "document.querySelector('[data-part=control-told]').textContent";
const OPEN: &str = "document.querySelector('dialog.control').open";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_with_the_token_sets_the_trading_state_and_nobody_else_does() {
    let axe = browser::axe().unwrap();
    let browser = Browser::start().await.unwrap();
    let setup = Setup::new().control(TOKEN).title(1, HOSTILE);
    let desk = Desk::start(setup).await.unwrap();
    let page = format!("http://127.0.0.1:{}/", desk.page_port(1));

    other_origins_are_refused(&browser, &desk).await;
    another_name_for_this_machine_is_refused(&browser, &desk).await;
    assert_eq!(trading(&desk).await.state, TradingState::Active, "nobody has come near it");

    browser.open(&page).await;
    browser.until("__desk.level() === 'LIVE'").await;
    the_dialog_wants_everything(&browser, &axe).await;
    the_token_decides(&browser).await;
    everybody_reads_who_and_why(&browser, &desk).await;
    what_changed_meanwhile_is_seen(&browser, &desk).await;
    the_token_is_nowhere(&browser, &desk).await;
}

async fn trading(desk: &Desk) -> Control {
    let bus = desk.bus("operator").await.unwrap();
    bus.kv(&CONTROL).get(key::CONTROL_TRADING).await.unwrap().unwrap()
}

/// Serves one page, on a port of its own, for as long as the test runs.
async fn serve(page: String) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            drop(socket.read(&mut request).await);
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\
                 Content-Length: {}\r\n\r\n{page}",
                page.len()
            );
            drop(socket.write_all(answer.as_bytes()).await);
        }
    });
    port
}

/// A page that tries everything a page can try, and even knows the token.
fn attack(target: u16) -> String {
    let said = json!({"state": "halted", "word": "halt", "by": "mallory", "why": "because"});
    format!(
        "<!doctype html><title>attack</title><script>{{
        window.__tried = {{}};
        const note = (name) => (value) => {{ __tried[name] = String(value?.type ?? value); }};
        const target = '127.0.0.1:{target}';
        const socket = new WebSocket(`ws://${{target}}/ws`);
        socket.onmessage = () => note('socket')('a frame');
        socket.onclose = () => __tried.socket ?? note('socket')('refused');
        const body = JSON.stringify({said});
        const post = (name, options) => fetch(`http://${{target}}/api/control`, {{ method: 'POST', body, ...options }})
            .then((answer) => note(name)(answer.type), () => note(name)('refused'));
        post('json', {{ headers: {{ authorization: 'Bearer {TOKEN}', 'content-type': 'application/json' }} }});
        post('simple', {{}});
        post('blind', {{ mode: 'no-cors' }});
        fetch(`http://${{target}}/api/snapshot`).then(() => note('read')('read'), () => note('read')('refused'));
        }}</script><iframe src=\"http://127.0.0.1:{target}/\"></iframe>"
    )
}

/// Another site, and another port of this one.
async fn other_origins_are_refused(browser: &Browser, desk: &Desk) {
    let target = desk.page_port(1);
    let port = serve(attack(target)).await;
    for host in ["localhost", "127.0.0.1"] {
        browser.open(&format!("http://{host}:{port}/")).await;
        browser.until("Object.keys(__tried).length === 5").await;
        let tried = browser.run("return __tried;").await;
        for what in ["socket", "json", "simple", "read"] {
            assert_eq!(tried[what], "refused", "{what} from {host}: {tried}");
        }
        assert_eq!(tried["blind"], "opaque", "sent without seeing the answer");
        let shown = async |frame: &Browser| {
            let shown =
                frame.run("return document.querySelectorAll('[data-symbol]').length;").await;
            assert_eq!(shown, 0, "framed by {host}");
        };
        browser.in_each_frame(shown).await;
    }
    let metrics = reqwest::get(format!("http://127.0.0.1:{target}/metrics")).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for counted in [
        "dashboard_foreign_origins_total 2",
        // The blind one and the simple one of each; the other was not let past its preflight.
        "dashboard_control_total{outcome=\"foreign\"} 4",
    ] {
        assert!(metrics.contains(counted), "{counted} in {metrics}");
    }
    browser.complaints().await;
}

/// A name of somebody else's, made to lead here: to the browser it is all one origin.
async fn another_name_for_this_machine_is_refused(browser: &Browser, desk: &Desk) {
    let target = desk.page_port(1);
    browser.open(&format!("http://rebound.test:{target}/")).await;
    let words = browser.run("return document.body.textContent;").await;
    assert!(words.as_str().unwrap().contains("does not go by that name"), "{words}");
    let attempt = format!(
        "const answer = await fetch('/api/control', {{ method: 'POST', body: '{{}}',
            headers: {{ authorization: 'Bearer {TOKEN}', 'content-type': 'application/json' }} }});
        const socket = new WebSocket(`ws://${{location.host}}/ws`);
        const opened = await new Promise((done) => {{
            socket.onopen = () => done('open'); socket.onerror = () => done('refused'); }});
        return [answer.status, opened];"
    );
    let tried = browser.run(&format!("return (async () => {{ {attempt} }})();")).await;
    assert_eq!(tried, json!([403, "refused"]));
    browser.complaints().await;
}

/// Fills a field as a person does.
async fn fill(browser: &Browser, name: &str, text: &str) {
    let field = format!("document.querySelector('dialog.control [name={name}]')");
    browser.run(&format!("{field}.focus(); {field}.select();")).await;
    browser.type_in(text).await;
    browser.until(&format!("{field}.value === {}", json!(text))).await;
}

async fn the_dialog_wants_everything(browser: &Browser, axe: &str) {
    browser.press('h').await;
    browser.until(OPEN).await;
    browser.until("document.activeElement.name === 'by'").await;
    for theme in ["dark", "light"] {
        let choose = format!(
            "const choice = document.querySelector('[data-part=theme-choice]');
            choice.value = '{theme}'; choice.dispatchEvent(new Event('change'));"
        );
        browser.run(&choose).await;
        assert_eq!(browser.accessibility_faults(axe).await, [""; 0], "the dialog, {theme}");
    }
    let within = "document.querySelector('dialog.control').contains(document.activeElement)
        || document.activeElement === document.body";
    for _ in 0..10 {
        browser.press(TAB).await;
        browser.until(within).await;
    }
    fill(browser, "by", "anna").await;
    browser.press(ENTER).await;
    browser.until(&format!("{TOLD} === 'Say why.'")).await;
    fill(browser, "why", HOSTILE).await;
    browser.press(ENTER).await;
    browser.until(&format!("{TOLD} === 'The token of this desk is needed.'")).await;
    fill(browser, "token", "not the token of this desk").await;
    fill(browser, "word", "yes").await;
    browser.press(ENTER).await;
    browser.until(&format!("{TOLD} === 'Type the word halt to confirm.'")).await;
}

async fn the_token_decides(browser: &Browser) {
    fill(browser, "word", "halt").await;
    browser.press(ENTER).await;
    browser.until(&format!("{TOLD} === \"That is not this desk's control token.\"")).await;
    browser.until("document.activeElement.name === 'token'").await;
    assert_eq!(browser.run(&format!("return {STATE};")).await, "ACTIVE");
    browser.picture("control.png").await;
    fill(browser, "token", TOKEN).await;
    browser.press(ENTER).await;
    browser.until(&format!("!{OPEN} && {STATE} === 'HALTED'")).await;
    let refused = |told: &String| !told.contains("401");
    let complaints = browser.complaints().await.into_iter().filter(refused);
    assert_eq!(complaints.collect::<Vec<_>>(), [""; 0]);
}

/// On every page, as words: what looks like markup is none.
async fn everybody_reads_who_and_why(browser: &Browser, desk: &Desk) {
    let halted = trading(desk).await;
    assert_eq!(halted.state, TradingState::Halted);
    assert_eq!((halted.by.as_str(), halted.why.as_str()), ("anna", HOSTILE));
    let titled = format!("document.querySelector('h1').textContent.includes('{HOSTILE}')");
    browser.until(&format!("{titled} && document.title.includes('{HOSTILE}')")).await;
    browser.press('d').await;
    browser.run("document.querySelector('[data-tab=log]').click();").await;
    let logged = "document.querySelector('[data-part=rows]').textContent";
    browser.until(&format!("{logged}.includes('trading halted by anna: {HOSTILE}')")).await;
    browser.press(ESCAPE).await;
    browser.until(UNHARMED).await;
    for index in [0, 4] {
        browser.open(&format!("http://127.0.0.1:{}/", desk.page_port(index))).await;
        browser.until(&format!("{STATE} === 'HALTED' && {WHO} === 'anna: {HOSTILE}'")).await;
        browser.until(UNHARMED).await;
    }
    browser.open(&format!("http://127.0.0.1:{}/wall", desk.page_port(0))).await;
    browser.until("document.querySelectorAll('[data-state=alive]').length === 5").await;
    let named = format!("document.querySelectorAll('.tile')[1].ariaLabel === '{HOSTILE}'");
    browser.until(&format!("{named} && {UNHARMED}")).await;
    let halted =
        async |frame: &Browser| frame.until(&format!("{STATE} === 'HALTED' && {UNHARMED}")).await;
    assert_eq!(browser.in_each_frame(halted).await, 5);
}

/// Somebody else says something while a person is about to resume.
async fn what_changed_meanwhile_is_seen(browser: &Browser, desk: &Desk) {
    browser.open(&format!("http://127.0.0.1:{}/", desk.page_port(1))).await;
    browser.until(&format!("{STATE} === 'HALTED' && __desk.level() === 'LIVE'")).await;
    browser.press('h').await;
    browser
        .until("document.querySelector('[data-part=control-word]').textContent === 'resume'")
        .await;
    let bus = desk.bus("operator").await.unwrap();
    let other = Control {
        v: VERSION,
        state: TradingState::Reducing,
        by: "bob".to_owned(),
        why: "exits only".to_owned(),
        at_ms: clock::now_ms(),
    };
    bus.kv(&CONTROL).put(key::CONTROL_TRADING, &other).await.unwrap();
    browser.until(&format!("{TOLD}.startsWith('The state has just been changed')")).await;
    let now = "document.querySelector('[data-part=control-who]').textContent";
    browser.until(&format!("{now}.includes('bob') && {now}.includes('exits only')")).await;
    fill(browser, "by", "anna").await;
    fill(browser, "why", "all is well").await;
    fill(browser, "token", TOKEN).await;
    fill(browser, "word", "resume").await;
    browser.press(ENTER).await;
    browser
        .until(&format!("!{OPEN} && {STATE} === 'ACTIVE' && {WHO} === 'anna: all is well'"))
        .await;
    // Once per page is enough.
    browser.press('h').await;
    browser.until("!document.querySelector('[data-part=control-token]').checkVisibility()").await;
    browser.press(ESCAPE).await;
    browser.until(&format!("!{OPEN}")).await;
}

async fn the_token_is_nowhere(browser: &Browser, desk: &Desk) {
    let places = format!(
        "return [document.documentElement.outerHTML, location.href, document.cookie,
            JSON.stringify({{ ...localStorage }}), JSON.stringify({{ ...sessionStorage }}),
            ...[...document.querySelectorAll('input')].map((field) => field.value),
            ...performance.getEntriesByType('resource').map((entry) => entry.name),
        ].filter((place) => place.includes('{TOKEN}'));"
    );
    assert_eq!(browser.run(&places).await, json!([]));
    let logged = async || desk.logs().contains("set from the page").then_some(());
    eventually(SOON, logged).await.unwrap();
    assert!(!desk.logs().contains(TOKEN), "a log has the token");
}
