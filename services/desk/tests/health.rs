//! `desk health` against a real `/healthz`, as a container's check runs it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use runtime::{
    health::Health,
    testing::{SOON, eventually, free_port},
};
use std::{
    net::SocketAddr,
    process::{Command, Output},
};
use tokio_util::sync::CancellationToken;

/// Asks as the check of a container does: nothing in the environment but where the service listens.
fn ask(listen: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
    command.arg("health").env_clear();
    if let Some(listen) = listen {
        command.env("HEALTH_LISTEN", listen);
    }
    command.output().unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_is_well_when_all_its_checks_are_and_is_asked_on_loopback() {
    let port = free_port().unwrap();
    let health = Health::new("test");
    health.set("bus", true, "connected");
    let stopping = CancellationToken::new();
    let listen = SocketAddr::from(([127, 0, 0, 1], port));
    let serving = tokio::spawn(health.clone().serve(listen, stopping.clone()));

    // The service listens everywhere, the check beside it asks on loopback.
    let everywhere = format!("0.0.0.0:{port}");
    let well = async || (ask(Some(&everywhere)).status.code() == Some(0)).then_some(());
    eventually(SOON, well).await.expect("a healthy service is well");

    health.set("bus", false, "lost");
    let ill = ask(Some(&everywhere));
    assert_eq!(ill.status.code(), Some(1));
    let report = String::from_utf8(ill.stdout).unwrap();
    assert!(report.contains("\"words\":\"lost\""), "{report}");

    stopping.cancel();
    serving.await.unwrap().unwrap();
    let gone = ask(Some(&everywhere));
    assert_eq!(gone.status.code(), Some(1));
    assert!(error(&gone).contains(&format!("ask 127.0.0.1:{port}")), "{}", error(&gone));
}

#[test]
fn without_an_address_or_with_a_wrong_one_the_check_is_refused() {
    let unset = ask(None);
    assert_eq!(unset.status.code(), Some(64));
    assert!(error(&unset).contains("HEALTH_LISTEN: is not set"), "{}", error(&unset));
    let wrong = ask(Some("everywhere"));
    assert_eq!(wrong.status.code(), Some(64));
    assert!(error(&wrong).contains("\"everywhere\" is not ADDRESS:PORT"), "{}", error(&wrong));
}
