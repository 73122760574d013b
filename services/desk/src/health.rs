//! `desk health`: how the service beside us is, for a container that has neither a shell nor curl.
//!
//! Never asks the bus: a probe must not depend on what it is not asked about.

use crate::{Answer, Config};
use anyhow::Context as _;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A service that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks `/healthz`; the answer is its report, complete when the service is well.
pub(crate) async fn ask(config: &Config) -> anyhow::Result<Answer> {
    let address = config.health.context("find HEALTH_LISTEN in the configuration")?;
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET /healthz HTTP/1.0\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await.map(|_length| response)
    };
    let response = tokio::time::timeout(PATIENCE, asked).await;
    let response = response
        .with_context(|| format!("no answer from {address} within {} s", PATIENCE.as_secs()))?
        .with_context(|| format!("ask {address}"))?;
    Ok(read(&response))
}

/// The report in an HTTP response, and whether its status is 200.
fn read(response: &str) -> Answer {
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((response, ""));
    let status = head.split_ascii_whitespace().nth(1);
    Answer { text: format!("{}\n", body.trim()), complete: status == Some("200") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_200_is_well_and_the_report_is_shown_either_way() {
        let well = read("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{\"a\":1}");
        assert_eq!((well.text.as_str(), well.complete), ("{\"a\":1}\n", true));
        let ill = read("HTTP/1.1 503 Service Unavailable\r\n\r\n{}");
        assert_eq!((ill.text.as_str(), ill.complete), ("{}\n", false));
        for nonsense in ["", "200", "HTTP/1.1 2000 No\r\n\r\n"] {
            assert!(!read(nonsense).complete, "{nonsense:?}");
        }
    }
}
