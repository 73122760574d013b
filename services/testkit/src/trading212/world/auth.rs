//! Whose key a request carries.

use crate::trading212::{
    account::Account,
    config::{ApiKey, Environment},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The account's place in the list, and the key. A key of the other environment is no key.
pub(super) fn find<'a>(
    accounts: &'a [Account],
    environment: Environment,
    authorization: Option<&str>,
) -> Option<(usize, &'a ApiKey)> {
    let authorization = authorization?;
    let pair = authorization.strip_prefix("Basic ").and_then(decode);
    let here = accounts.iter().enumerate().filter(|(_, a)| a.config.environment == environment);
    let mut keys = here.flat_map(|(index, a)| a.config.keys.iter().map(move |key| (index, key)));
    keys.find(|(_, key)| match &pair {
        Some((name, secret)) => key.key == *name && key.secret.as_deref() == Some(secret),
        None => key.raw && key.key == authorization,
    })
}

fn decode(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    text.split_once(':').map(|(key, secret)| (key.to_owned(), secret.to_owned()))
}
