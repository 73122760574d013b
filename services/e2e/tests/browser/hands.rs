//! What a person does with hands: clicks where the pointer really lands, turns the wheel, drags with a
//! finger.

use super::Browser;
use anyhow::Context as _;
use e2e::SOON;
use fantoccini::Locator;
use runtime::testing::eventually;
use serde_json::{Value, json};

impl Browser {
    /// Clicks what the selector names, as a mouse does: it must be in sight with nothing over it.
    pub(crate) async fn click(&self, css: &str) {
        let mut failure = None;
        let click = async || {
            let clicked = match self.client.find(Locator::Css(css)).await {
                Ok(element) => element.click().await,
                Err(error) => Err(error),
            };
            clicked.map_err(|error| failure = Some(error)).ok()
        };
        let clicked = eventually(SOON, click).await;
        assert!(clicked.is_some(), "{css} cannot be clicked: {failure:?}");
    }

    /// The middle of what the selector names, pixels from the window's top left corner.
    pub(crate) async fn middle(&self, css: &str) -> (i64, i64) {
        let script = format!(
            "const box = document.querySelector('{css}').getBoundingClientRect();
            return [Math.round(box.left + box.width / 2), Math.round(box.top + box.height / 2)];"
        );
        let place = self.run(&script).await;
        let at = |index: usize| place.get(index).and_then(Value::as_i64).unwrap();
        (at(0), at(1))
    }

    /// Turns the mouse's wheel by so many pixels over a place: below zero is away from oneself.
    pub(crate) async fn wheel(&self, (x, y): (i64, i64), by: i64) {
        let turned = json!({"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": by});
        self.devtools("Input.dispatchMouseEvent", turned).await.unwrap();
    }

    /// Drags a finger from a place sideways by so many pixels.
    pub(crate) async fn drag(&self, (x, y): (i64, i64), by: i64) {
        self.touch("touchStart", Some((x, y))).await;
        for step in 1..=8 {
            self.touch("touchMove", Some((x + by * step / 8, y))).await;
        }
        self.touch("touchEnd", None).await;
    }

    /// Puts a finger to a place and takes it away.
    pub(crate) async fn tap(&self, place: (i64, i64)) {
        self.touch("touchStart", Some(place)).await;
        self.touch("touchEnd", None).await;
    }

    async fn touch(&self, kind: &str, place: Option<(i64, i64)>) {
        let points: Vec<Value> = place.iter().map(|(x, y)| json!({"x": x, "y": y})).collect();
        let touched = json!({"type": kind, "touchPoints": points});
        self.devtools("Input.dispatchTouchEvent", touched).await.unwrap();
    }

    /// Runs a script in every page from now on, before its own.
    pub(crate) async fn before_every_page(&self, script: &str) {
        let source = json!({ "source": script });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", source).await.unwrap();
    }

    /// The address of the page that is open.
    pub(crate) async fn address(&self) -> String {
        self.client.current_url().await.context("ask for the address").unwrap().to_string()
    }
}
