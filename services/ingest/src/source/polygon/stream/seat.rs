//! One connection of a key to a host at a time, from this process.
//!
//! A second stream of the same key waits until the first is closed: the service would cut one of the
//! two. Keys are told apart by a hash; none is kept here.

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};
use tokio::sync::{Mutex as Seat, OwnedMutexGuard};

type Seats = BTreeMap<(String, u64), Arc<Seat<()>>>;

static SEATS: LazyLock<Mutex<Seats>> = LazyLock::new(Mutex::default);
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Waits until the key has no connection to the host of `url`; held, nobody else makes one.
pub(super) async fn take(url: &Url, key: &SecretString) -> OwnedMutexGuard<()> {
    let host = format!("{}:{:?}", url.host_str().unwrap_or_default(), url.port_or_known_default());
    let place = (host, HASHER.hash_one(key.expose_secret()));
    let seat = {
        let mut seats = SEATS.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody sits there and nobody waits: the map holds no more than what is in use.
        seats.retain(|_, seat| Arc::strong_count(seat) > 1);
        Arc::clone(seats.entry(place).or_default())
    };
    seat.lock_owned().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn a_key_has_one_seat_at_a_host() {
        let url = |text: &str| Url::parse(text).unwrap();
        let key = |text: &str| SecretString::from(text);
        let first = take(&url("ws://one.test/stocks"), &key("a")).await;
        assert!(take(&url("ws://one.test/other"), &key("a")).now_or_never().is_none());
        assert!(take(&url("ws://one.test/stocks"), &key("b")).now_or_never().is_some());
        assert!(take(&url("ws://two.test/stocks"), &key("a")).now_or_never().is_some());
        drop(first);
        assert!(take(&url("ws://one.test/stocks"), &key("a")).now_or_never().is_some());
    }
}
