//! The key has no place in words: a server that says back what it was sent would have it published.
//! Pure.

use secrecy::{ExposeSecret as _, SecretString};

/// What stands for the key.
const HIDDEN: &str = "***";

/// `text` with `***` wherever `key` stood. Before a text is cut: half a key is no longer found.
pub(super) fn redacted(text: &str, key: &SecretString) -> String {
    let key = key.expose_secret();
    if key.is_empty() { text.to_owned() } else { text.replace(key, HIDDEN) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_hidden_wherever_it_stands_and_no_key_hides_nothing() {
        let hidden = |text, key: &str| redacted(text, &key.into());
        assert_eq!(hidden("Bearer k1, k1k1", "k1"), "Bearer ***, ******");
        assert_eq!(hidden("abc", ""), "abc");
    }
}
