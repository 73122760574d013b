//! The encrypted bus: a real nats-server from `deploy/nats/tls.conf`, with certificates from the
//! script that people use.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use runtime::{
    bus::{self, Bus, BusConfig},
    testing::{NatsServer, SOON, bus_config, repository},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// How long a connection that must not come about is tried.
const BRIEFLY: Duration = Duration::from_secs(2);

/// An authority and a certificate for these names, in a folder.
fn certificates(folder: &Path, names: &[&str]) -> PathBuf {
    let script = repository().join("deploy/nats/certificates");
    let made = Command::new(script).arg(folder).args(names).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder.join("ca.pem")
}

async fn refusal(config: BusConfig) -> String {
    let refused = Bus::connect(&config.deadline(BRIEFLY)).await;
    format!("{:#}", refused.err().unwrap())
}

#[tokio::test]
async fn a_service_works_on_an_encrypted_bus_whose_authority_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let authority = certificates(folder.path(), &["127.0.0.1", "nats"]);
    let server = NatsServer::start_encrypted(folder.path()).await.unwrap();
    let config = server.bus_config("provision").unwrap().trusting(authority);
    let bus = Bus::connect(&config).await.unwrap();
    bus::provision(&bus, 1).await.unwrap();
    assert!(config.knows_default_password("ingest").await.unwrap());
    assert!(!config.knows_default_password("nobody").await.unwrap());
}

#[tokio::test]
async fn a_server_of_another_authority_or_for_another_host_is_refused() {
    let (folder, strange) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = certificates(folder.path(), &["elsewhere.example"]);
    let strange = certificates(strange.path(), &["127.0.0.1"]);
    let server = NatsServer::start_encrypted(folder.path()).await.unwrap();
    let config = server.bus_config("executor").unwrap();
    for (trusted, why) in [(Some(strange), "another authority"), (Some(authority), "another host")]
    {
        let config = trusted.map_or_else(|| config.clone(), |file| config.clone().trusting(file));
        let refusal = refusal(config).await;
        assert!(refusal.contains("NATS_CA_FILE"), "{why}: {refusal}");
    }
    let refusal = refusal(config).await;
    assert!(refusal.contains("NATS_CA_FILE missing"), "nobody this machine trusts: {refusal}");
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_by_either_side() {
    let folder = tempfile::tempdir().unwrap();
    let authority = certificates(folder.path(), &["127.0.0.1"]);
    let server = NatsServer::start_encrypted(folder.path()).await.unwrap();
    // A client that never encrypts: the server hangs up before it hears a password.
    let address = server.url().replace("tls://", "");
    let said = plain_dialogue(&address).await;
    assert!(said.contains("\"tls_required\":true") && !said.contains("PONG"), "{said}");
    // A service that was told tls:// and finds a server that does not encrypt sends it nothing.
    let plain = NatsServer::start().await.unwrap();
    let url = plain.url().replace("nats://", "tls://");
    let refusal = refusal(bus_config("executor", &url).unwrap().trusting(authority)).await;
    assert!(refusal.contains("no connection"), "{refusal}");
    let heard = connections(&plain).await;
    assert!(!heard.contains("\"authorized_user\""), "{heard}");
}

/// Says hello without encryption; gives all that comes back.
async fn plain_dialogue(address: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let hello = "CONNECT {\"user\":\"executor\",\"pass\":\"executor-default\"}\r\nPING\r\n";
    socket.write_all(hello.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let read = tokio::time::timeout(SOON, socket.read_to_end(&mut said)).await;
    assert!(read.is_ok(), "the server hangs up");
    String::from_utf8_lossy(&said).into_owned()
}

/// Who is or was connected, by the server's account.
async fn connections(server: &NatsServer) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = server.monitoring().replace("http://", "");
    let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
    let request = format!("GET /connz?auth=1&state=all HTTP/1.0\r\nHost: {address}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    socket.read_to_string(&mut said).await.unwrap();
    said
}
