//! Every user of the bus against everything there is to do on it: what its work takes is allowed,
//! all else is refused by the server. The table says which; the configuration has to agree with it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod table;

use runtime::testing::NatsServer;
use std::collections::BTreeSet;
use table::{DIRECT, GRANTS, INBOXES, KEPT, about, everything, of, of_operator, streams};

/// The subjects that the server says it refused this user. Its words name both.
fn refused(log: &str, user: &str, kind: &str) -> BTreeSet<String> {
    let user = format!(":{user}\"");
    let of_user = |line: &&str| line.contains(kind) && line.contains(&user);
    let subject =
        |line: &str| line.split("Subject \"").nth(1)?.split('"').next().map(str::to_owned);
    log.lines().filter(of_user).filter_map(subject).collect()
}

/// What of `subjects` the server lets `user` publish.
async fn publishable(
    server: &NatsServer,
    user: &str,
    subjects: &BTreeSet<String>,
) -> BTreeSet<String> {
    let bus = server.bus(user).await.unwrap();
    for subject in subjects {
        bus.client().publish(subject.clone(), "x".into()).await.unwrap();
    }
    bus.barrier().await.unwrap();
    subjects - &refused(&server.log(), user, "Publish Violation")
}

fn differences(found: &BTreeSet<String>, table: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    let beyond = found.difference(table).cloned().collect();
    (beyond, table.difference(found).cloned().collect())
}

#[tokio::test]
async fn a_user_can_publish_exactly_what_the_table_says() {
    let server = NatsServer::provisioned().await.unwrap();
    let everything = everything();
    let tables = GRANTS.iter().map(|grant| (grant.user, of(grant)));
    let mut faults = Vec::new();
    for (user, table) in tables.chain([("operator", of_operator())]) {
        assert!(table.is_subset(&everything), "{user}: {:?}", table.difference(&everything));
        let found = publishable(&server, user, &everything).await;
        let (beyond, missing) = differences(&found, &table);
        if !beyond.is_empty() || !missing.is_empty() {
            faults.push(format!(
                "{user} may but should not {beyond:?}, should but may not {missing:?}"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn provision_writes_the_first_trading_state_and_no_other_message() {
    let server = NatsServer::provisioned().await.unwrap();
    let writes: BTreeSet<String> = KEPT.iter().chain(&INBOXES).map(|s| (*s).to_owned()).collect();
    let found = publishable(&server, "provision", &writes).await;
    let own = ["$KV.control.trading", "_INBOX_provision.x"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(own));
    let direct = streams().iter().flat_map(|stream| about(stream, &DIRECT)).collect();
    assert_eq!(publishable(&server, "provision", &direct).await, BTreeSet::new());
}

#[tokio::test]
async fn a_user_can_hear_exactly_what_the_table_says() {
    let server = NatsServer::provisioned().await.unwrap();
    let probes = [
        ">",
        "ticks.*",
        "$JS.API.>",
        "$JS.EVENT.>",
        "$SYS.>",
        "desk.ingest.health",
        "desk.ingest.replay",
        "_INBOX.>",
    ];
    let probes = [&KEPT[..], &INBOXES, &probes].concat();
    for grant in &GRANTS {
        let bus = server.bus(grant.user).await.unwrap();
        let mut listening = Vec::new();
        for subject in &probes {
            listening.push(bus.subscribe((*subject).to_owned()).await.unwrap());
        }
        bus.barrier().await.unwrap();
        let refused = refused(&server.log(), grant.user, "Subscription Violation");
        let all: BTreeSet<String> = probes.iter().map(|s| (*s).to_owned()).collect();
        let mut own: BTreeSet<String> = grant.hears.iter().map(|s| (*s).to_owned()).collect();
        own.insert(format!("_INBOX_{}.x", grant.user));
        if grant.user == "ingest" {
            own.insert("desk.ingest.health".to_owned());
        }
        let (beyond, missing) = differences(&(&all - &refused), &own);
        assert!(beyond.is_empty() && missing.is_empty(), "{}: {beyond:?} {missing:?}", grant.user);
    }
}
