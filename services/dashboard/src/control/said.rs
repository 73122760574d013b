//! What a person at a page says to the desk, and whether that is sound. Pure.

use proto::TradingState;
use serde::Deserialize;

/// The longest name and the longest reason, characters.
const BY_LENGTH: usize = 60;
const WHY_LENGTH: usize = 300;

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    /// What the desk may do.
    pub(crate) state: TradingState,
    /// The confirmation, as typed.
    word: String,
    /// Who says so.
    pub(crate) by: String,
    /// Why.
    pub(crate) why: String,
    /// When the state that the person saw was set, milliseconds since 1970 UTC.
    #[serde(default)]
    pub(crate) seen_ms: Option<i64>,
}

impl Said {
    /// Reads a body.
    ///
    /// # Errors
    /// What is wrong with it, for the person.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let said: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let word = confirmation(said.state);
        if said.word != word {
            return Err(format!("type the word {word} to confirm"));
        }
        Ok(Self {
            by: words("who you are", &said.by, BY_LENGTH)?,
            why: words("why", &said.why, WHY_LENGTH)?,
            ..said
        })
    }
}

/// What has to be typed for this state.
fn confirmation(state: TradingState) -> &'static str {
    match state {
        TradingState::Active => "resume",
        TradingState::Reducing => "reduce",
        TradingState::Halted => "halt",
    }
}

/// A line of words that others will read: something, not too long, and nothing that is not seen.
fn words(name: &str, text: &str, length: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("say {name}"));
    }
    if text.chars().count() > length {
        return Err(format!("say {name} in at most {length} characters"));
    }
    if text.chars().any(unseen) {
        return Err(format!("say {name} in one line, without control characters"));
    }
    Ok(text.to_owned())
}

/// Controls, and marks that turn the direction of what follows.
fn unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn body(changes: &Value) -> Vec<u8> {
        let mut body =
            json!({"state": "halted", "word": "halt", "by": " anna ", "why": "news", "seen_ms": 7});
        let (Value::Object(all), Value::Object(extra)) = (&mut body, changes) else {
            return Vec::new();
        };
        all.extend(extra.clone());
        body.to_string().into_bytes()
    }

    #[test]
    fn a_sound_word_is_taken_as_it_is() {
        let said = Said::parse(&body(&json!({}))).unwrap();
        assert_eq!((said.by.as_str(), said.why.as_str(), said.seen_ms), ("anna", "news", Some(7)));
        let markup = "<img src=x onerror=alert(1)>";
        assert_eq!(Said::parse(&body(&json!({"why": markup}))).unwrap().why, markup);
    }

    #[test]
    fn each_state_has_a_word_of_its_own() {
        for (state, word) in [("active", "resume"), ("reducing", "reduce"), ("halted", "halt")] {
            assert!(Said::parse(&body(&json!({"state": state, "word": word}))).is_ok());
            let other = Said::parse(&body(&json!({"state": state, "word": "yes"})));
            assert_eq!(other.unwrap_err(), format!("type the word {word} to confirm"));
        }
    }

    #[test]
    fn what_is_missing_too_long_or_unseen_is_named() {
        for (change, fault) in [
            (json!({"by": "  "}), "say who you are"),
            (json!({"why": ""}), "say why"),
            (json!({"why": "x".repeat(301)}), "say why in at most 300 characters"),
            (json!({"by": "anna\nbob"}), "say who you are in one line, without control characters"),
            (json!({"why": "\u{202e}swen"}), "say why in one line, without control characters"),
        ] {
            assert_eq!(Said::parse(&body(&change)).unwrap_err(), fault);
        }
        assert!(Said::parse(&body(&json!({"state": "sideways"}))).is_err());
        assert!(Said::parse(&body(&json!({"token": "x"}))).is_err(), "a token has no place here");
        assert!(Said::parse(b"halt").is_err());
    }
}
