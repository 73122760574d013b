//! One more dashboard with symbols that nobody has heard of is an edit of one file.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

use e2e::{DEFAULT_WALL, Desk, SOON, Setup};
use futures_util::{SinkExt as _, StreamExt as _};
use runtime::testing::eventually;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use tokio_tungstenite::tungstenite::Message;

const NEW: [&str; 4] = ["KO", "PEP", "MCD", "DIS"];
/// Minutes of one regular session, which the simulated feed fills in before it starts.
const SESSION_MINUTES: usize = 390;

#[tokio::test]
async fn a_sixth_dashboard_of_four_new_symbols_takes_one_file() {
    let mut walls = DEFAULT_WALL.to_vec();
    walls.push(&NEW);
    let desk = Desk::start(Setup::new().wall(&walls)).await.unwrap();
    no_other_file_knows_them(&desk.config_dir());
    let port = desk.page_port(5);

    let page = reqwest::get(format!("http://127.0.0.1:{port}/")).await.unwrap();
    let page = page.text().await.unwrap();
    for symbol in NEW {
        assert!(page.contains(&format!("data-symbol=\"{symbol}\"")), "{symbol} has a pane");
    }
    let full = async || {
        let snapshot = snapshot(port).await?;
        let bars =
            |symbol: &&str| snapshot["symbols"][symbol]["bars"].as_array().map_or(0, Vec::len);
        NEW.iter().all(|symbol| bars(symbol) >= SESSION_MINUTES - 1).then_some(())
    };
    eventually(SOON, full).await.expect("a session of bars for each of the four");
    let ticked = tokio::time::timeout(SOON, symbols_until_all_tick(port)).await;
    assert_eq!(ticked.expect("live ticks of all four"), BTreeSet::from(NEW.map(str::to_owned)));
}

/// The wall alone names the new symbols: no table elsewhere had to be told.
fn no_other_file_knows_them(folder: &Path) {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        let known = NEW.iter().filter(|symbol| words.contains(**symbol)).count();
        let wall = path.ends_with("dashboard_config.json");
        assert_eq!(known, if wall { NEW.len() } else { 0 }, "{}", path.display());
        files += 1;
    }
    assert!(files >= 5, "the folder is not a desk's");
}

async fn snapshot(port: u16) -> Option<Value> {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/api/snapshot")).await.ok()?;
    serde_json::from_str(&answer.text().await.ok()?).ok()
}

/// Reads the page's socket, as the page does, until every symbol has had three ticks; gives the
/// symbols.
async fn symbols_until_all_tick(port: u16) -> BTreeSet<String> {
    let url = format!("ws://127.0.0.1:{port}/ws");
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let mut ticks: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    while ticks.len() < NEW.len() || ticks.values().any(|seen| seen.len() < 3) {
        let Message::Text(text) = socket.next().await.expect("an open socket").unwrap() else {
            continue;
        };
        let frame: Value = serde_json::from_str(&text).unwrap();
        for (symbol, change) in frame["symbols"].as_object().into_iter().flatten() {
            if let Some(seq) = change["quote"]["seq"].as_u64() {
                ticks.entry(symbol.clone()).or_default().insert(seq);
            }
        }
        let painted = if frame["type"] == "snapshot" { &frame["seq"] } else { &frame["to_seq"] };
        if painted.is_u64() {
            let ack = json!({"type": "ack", "seq": painted}).to_string();
            socket.send(Message::Text(ack.into())).await.unwrap();
        }
    }
    ticks.into_keys().collect()
}
