//! One request by HTTP/1.0: the answer comes whole, in one piece, and the connection ends with it.

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The bytes of an answer with its head, as they crossed the network.
///
/// # Errors
/// When there is nobody, or it hangs up.
pub(crate) async fn raw(base: &str, target: &str, headers: &str) -> anyhow::Result<Vec<u8>> {
    let address = base.strip_prefix("http://").context("an address begins with http://")?;
    let mut stream = TcpStream::connect(address).await.context("connect")?;
    let request = format!("GET {target} HTTP/1.0\r\nHost: {address}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.context("ask")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.context("read the answer")?;
    Ok(answer)
}

/// The text of an answer.
///
/// # Errors
/// As [`raw`], or when it is no text.
pub(crate) async fn text(base: &str, target: &str, headers: &str) -> anyhow::Result<String> {
    let answer = String::from_utf8(raw(base, target, headers).await?).context("read text")?;
    let (_head, body) = answer.split_once("\r\n\r\n").context("find the body")?;
    Ok(body.to_owned())
}
