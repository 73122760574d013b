//! Makes the WebSocket: an HTTP upgrade by the client that also polls, so that there is one TLS stack
//! and one store of roots in the program, then frames. Never sends the key: it is a message.

use reqwest::{Client, StatusCode, Upgraded, Url, header};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

/// A connection that speaks in frames.
pub(super) type Socket = WebSocketStream<Upgraded>;

/// The largest frame or message that is read, bytes: what a wildcard sends stays far below.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The network, the certificate or the server's HTTP.
    #[error("{0}")]
    Http(String),
    /// The server does not speak this protocol.
    #[error("HTTP {0} instead of a WebSocket")]
    NoUpgrade(StatusCode),
    /// The server's answer to the key of the upgrade is not its answer.
    #[error("the answer to the WebSocket upgrade is not that of a WebSocket server")]
    NotOurs,
    /// It took too long.
    #[error("no connection within {} s", .0.as_secs())]
    Late(Duration),
}

/// A client for upgrades.
///
/// # Errors
/// When the machine has no certificates to check the service's with.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    runtime::tls::install();
    Client::builder()
        .user_agent(concat!("tickwall/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        // Every socket is a connection of its own: one that served a page is not taken up again.
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Connects to `url`, `ws` or `wss`.
pub(super) async fn connect(
    client: &Client,
    url: &Url,
    within: Duration,
) -> Result<Socket, ConnectError> {
    timeout(within, upgrade(client, url)).await.unwrap_or(Err(ConnectError::Late(within)))
}

async fn upgrade(client: &Client, url: &Url) -> Result<Socket, ConnectError> {
    let nonce = generate_key();
    let request = client
        .get(as_http(url)?)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, &nonce);
    let response = request.send().await.map_err(http)?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(ConnectError::NoUpgrade(response.status()));
    }
    let accepted = response.headers().get(header::SEC_WEBSOCKET_ACCEPT);
    if accepted
        .is_none_or(|value| value.as_bytes() != derive_accept_key(nonce.as_bytes()).as_bytes())
    {
        return Err(ConnectError::NotOurs);
    }
    let upgraded = response.upgrade().await.map_err(http)?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_BYTES))
        .max_frame_size(Some(MAX_BYTES));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

/// `wss` is an upgrade of `https`, `ws` one of `http`.
fn as_http(url: &Url) -> Result<Url, ConnectError> {
    let text = url.as_str();
    let text = match url.scheme() {
        "wss" => text.replacen("wss", "https", 1),
        "ws" => text.replacen("ws", "http", 1),
        _ => text.to_owned(),
    };
    Url::parse(&text).map_err(|error| ConnectError::Http(error.to_string()))
}

/// In the words of the innermost cause and without the address.
fn http(error: reqwest::Error) -> ConnectError {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    ConnectError::Http(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_socket_is_one_of_a_page() {
        for (socket, page) in [
            ("wss://socket.massive.com/stocks", "https://socket.massive.com/stocks"),
            ("ws://127.0.0.1:9/ws", "http://127.0.0.1:9/ws"),
            ("https://socket.polygon.io/stocks", "https://socket.polygon.io/stocks"),
        ] {
            assert_eq!(as_http(&Url::parse(socket).unwrap()).unwrap().as_str(), page);
        }
    }
}
