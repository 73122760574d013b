//! Halt, reduce and resume by hand: each choice of the dialog, the way back, and the same over HTTP.

use crate::{ENTER, TOKEN, browser::Browser};
use e2e::Stage;
use serde_json::{Value, json};

const OPEN: &str = "document.querySelector('dialog.control').open";
const STATE: &str = "document.querySelector('[data-part=trading-state]').textContent";
const WHO: &str = "document.querySelector('[data-part=trading-why]').textContent";

pub(crate) async fn all(browser: &Browser, stage: &Stage) {
    every_choice_has_its_words(browser).await;
    back_changes_nothing(browser).await;
    each_is_said_by_hand(browser).await;
    exits_only_is_said_over_http(browser, stage).await;
}

async fn open(browser: &Browser) {
    browser.click("[data-part=control-open]").await;
    browser.until(OPEN).await;
}

async fn every_choice_has_its_words(browser: &Browser) {
    open(browser).await;
    for (state, word, deed) in [
        ("reducing", "reduce", "reduce to exits only"),
        ("active", "resume", "resume trading"),
        ("halted", "halt", "halt trading"),
    ] {
        browser.click(&format!("[name=state][value={state}]")).await;
        let told = format!(
            "document.querySelector('[name=state]:checked').value === '{state}' &&
            document.querySelector('[data-part=control-word]').textContent === '{word}' &&
            document.querySelector('[data-part=control-do]').textContent === '{deed}'"
        );
        browser.until(&told).await;
    }
}

async fn back_changes_nothing(browser: &Browser) {
    let before = browser.run(&format!("return {STATE};")).await;
    browser.click("dialog.control [name=why]").await;
    browser.type_in("never said").await;
    browser.click("[data-part=control-close]").await;
    browser.until(&format!("!{OPEN}")).await;
    let forgotten = "['why', 'word', 'token'].every((name) =>
        document.querySelector(`dialog.control [name=${name}]`).value === '')";
    browser.until(forgotten).await;
    assert_eq!(browser.run(&format!("return {STATE};")).await, before, "nothing was said");
}

/// One after another, by the button and by Enter.
async fn each_is_said_by_hand(browser: &Browser) {
    let words = [("halted", "halt", "HALTED"), ("reducing", "reduce", "REDUCING")];
    for (turn, (state, word, shown)) in
        words.into_iter().chain([("active", "resume", "ACTIVE")]).enumerate()
    {
        open(browser).await;
        browser.click(&format!("[name=state][value={state}]")).await;
        let mut fields = vec![("why", format!("because of {word}")), ("word", word.to_owned())];
        if turn == 0 {
            fields.extend([("by", "anna".to_owned()), ("token", TOKEN.to_owned())]);
        }
        for (name, text) in fields {
            browser.click(&format!("dialog.control [name={name}]")).await;
            browser.type_in(&text).await;
        }
        if turn == 1 {
            browser.press(ENTER).await;
        } else {
            browser.click("[data-part=control-do]").await;
        }
        let done =
            format!("!{OPEN} && {STATE} === '{shown}' && {WHO} === 'anna: because of {word}'");
        browser.until(&done).await;
    }
}

async fn exits_only_is_said_over_http(browser: &Browser, stage: &Stage) {
    let page = stage.page();
    let seen = async || -> Value {
        let answer = reqwest::get(format!("{page}api/snapshot")).await.unwrap();
        let snapshot: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        snapshot.pointer("/control").unwrap().clone()
    };
    let before = seen().await;
    let said = json!({
        "state": "reducing", "word": "reduce", "by": "bob", "why": "over HTTP",
        "seen_ms": before.pointer("/at_ms").unwrap(),
    });
    let post = async |said: &Value| {
        let request = reqwest::Client::new().post(format!("{page}api/control"));
        let request = request
            .header("origin", page.trim_end_matches('/'))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {TOKEN}"));
        let answer = request.body(said.to_string()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let mut wrong = said.clone();
    wrong.as_object_mut().unwrap().insert("word".to_owned(), json!("halt"));
    assert_eq!(post(&wrong).await, (422, "type the word reduce to confirm".to_owned()));
    let (status, answer) = post(&said).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status, answer.pointer("/state")), (200, Some(&json!("reducing"))), "{answer}");
    browser.until(&format!("{STATE} === 'REDUCING' && {WHO} === 'bob: over HTTP'")).await;
    // The same once more: it is not the state any more that was seen.
    assert_eq!(post(&said).await.0, 409);
}
