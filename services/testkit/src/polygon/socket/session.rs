//! The conversation with a client: greeting, key, subscriptions.

use super::hub::{Item, Received};
use crate::polygon::{
    config::{Acks, Surplus},
    event::Cluster,
    fault::Stage,
    json::Json,
    numbers::Numbers,
    plan::Plan,
    world::World,
};
use serde::Deserialize;

/// Policy violation.
const POLICY: u16 = 1008;
const NO_REAL_TIME: &str = "You don't have access real-time data. If your plan only includes delayed data, you can connect to the delayed websocket at wss://delayed.polygon.io/stocks.";

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    action: String,
    #[serde(default)]
    params: String,
}

impl World {
    /// A client is there.
    pub(super) fn greet(&mut self, id: u64) {
        if self.faults.fire(Stage::Greeting, None).is_empty() {
            self.say(id, "connected", "Connected Successfully");
        }
    }

    /// A client said something. What nobody understands is passed over.
    pub(super) fn hear(&mut self, id: u64, text: &str, now_ns: i64) {
        let Some(connection) = self.hub.connections.get(&id) else { return };
        let cluster = connection.cluster;
        self.hub.hear(Received { connection: id, cluster, time_ns: now_ns, text: text.to_owned() });
        let Ok(said) = serde_json::from_str::<Said>(text) else { return };
        match said.action.as_str() {
            "auth" => self.authenticate(id, &said.params),
            "subscribe" | "unsubscribe" if !self.is_authenticated(id) => {
                self.say(id, "auth_required", "authentication required");
            }
            "subscribe" => self.subscribe(id, &said.params),
            "unsubscribe" => self.unsubscribe(id, &said.params),
            _ => {}
        }
    }

    /// A client had its time to authenticate.
    pub(super) fn time_is_up(&mut self, id: u64) {
        if !self.is_authenticated(id) {
            self.say(id, "auth_timeout", "No authentication request received.");
            self.hub.push(id, Item::Cut);
        }
    }

    fn is_authenticated(&self, id: u64) -> bool {
        self.hub.connections.get(&id).is_some_and(|connection| connection.plan.is_some())
    }

    fn authenticate(&mut self, id: u64, key: &str) {
        if !self.faults.fire(Stage::Auth, None).is_empty() {
            return;
        }
        let refusal = match self.keys.get(key) {
            None => Some("authentication failed"),
            Some(plan) if plan.sockets() == 0 => {
                Some("Your plan doesn't include websocket access.")
            }
            Some(_) => None,
        };
        if let Some(words) = refusal {
            self.say(id, "auth_failed", words);
            return self.hub.push(id, Item::Cut);
        }
        let Some(plan) = self.keys.get(key).copied() else { return };
        let Some(connection) = self.hub.connections.get_mut(&id) else { return };
        let cluster = connection.cluster;
        connection.plan = Some((key.to_owned(), plan));
        self.say(id, "auth_success", "authenticated");
        self.make_room(id, cluster, (key, plan));
        if cluster == Cluster::RealTime && plan.recency() == Cluster::Delayed {
            self.say(id, "error", NO_REAL_TIME);
        }
    }

    /// A key has so many sockets at a cluster, and no more.
    fn make_room(&mut self, id: u64, cluster: Cluster, (key, plan): (&str, Plan)) {
        let same = |connection: &super::hub::Connection| {
            connection.cluster == cluster
                && !connection.ended
                && connection.plan.as_ref().is_some_and(|(whose, _)| whose == key)
        };
        let mine = self.hub.connections.iter().filter(|(_, connection)| same(connection));
        let mine: Vec<u64> = mine.map(|(id, _)| *id).collect();
        let Some(surplus) = mine.len().checked_sub(plan.sockets()).filter(|surplus| *surplus > 0)
        else {
            return;
        };
        match self.config.surplus {
            Surplus::OlderGoes => mine.into_iter().take(surplus).for_each(|id| self.evict(id)),
            Surplus::NewerGoes => {
                if let Some(connection) = self.hub.connections.get_mut(&id) {
                    connection.surplus = true;
                }
            }
        }
    }

    fn evict(&mut self, id: u64) {
        self.say(id, "max_connections", "Maximum number of websocket connections exceeded.");
        self.hub.push(id, Item::Close(POLICY, "max_connections".to_owned()));
    }

    fn subscribe(&mut self, id: u64, params: &str) {
        let Some(connection) = self.hub.connections.get_mut(&id) else { return };
        let Some(plan) = connection.plan.as_ref().map(|(_, plan)| *plan) else { return };
        if connection.cluster == Cluster::RealTime && plan.recency() == Cluster::Delayed {
            return self.say(id, "error", NO_REAL_TIME);
        }
        let (mut refused, mut taken) = (false, Vec::new());
        for pair in pairs(params) {
            let Some(data) = pair.split_once('.').and_then(|(topic, _)| Plan::topic(topic)) else {
                continue;
            };
            if !plan.has(data) {
                refused = true;
            } else if connection.pairs.insert(pair.to_owned()) {
                taken.push(format!("subscribed to: {pair}"));
            }
        }
        let surplus = connection.surplus;
        if refused {
            self.say(id, "error", "not authorized");
        }
        self.acknowledge(id, &taken);
        if surplus {
            self.evict(id);
        }
    }

    fn unsubscribe(&mut self, id: u64, params: &str) {
        let Some(connection) = self.hub.connections.get_mut(&id) else { return };
        let given = pairs(params).filter(|pair| connection.pairs.remove(*pair));
        let given: Vec<String> = given.map(|pair| format!("unsubscribed to: {pair}")).collect();
        self.acknowledge(id, &given);
    }

    fn acknowledge(&mut self, id: u64, messages: &[String]) {
        if messages.is_empty() || !self.faults.fire(Stage::Ack, None).is_empty() {
            return;
        }
        self.hub.acks += messages.len() as u64;
        let rows = messages.iter().map(|message| row("success", message));
        match self.config.acks {
            Acks::OneByOne => {
                let frames: Vec<Json> = rows.map(|row| Json::List(vec![row])).collect();
                for frame in frames {
                    self.hub.push(id, Item::Control(frame.write(Numbers::Go)));
                }
            }
            Acks::Batched => {
                let frame = Json::List(rows.collect()).write(Numbers::Go);
                self.hub.push(id, Item::Control(frame));
            }
        }
    }

    fn say(&mut self, id: u64, status_word: &str, message: &str) {
        self.hub.push(id, Item::Control(status(status_word, message)));
    }
}

/// The frame of a status.
pub(in crate::polygon) fn status(status: &str, message: &str) -> String {
    Json::List(vec![row(status, message)]).write(Numbers::Go)
}

fn row(status: &str, message: &str) -> Json {
    Json::Object(vec![
        ("ev", Json::text("status")),
        ("status", Json::text(status)),
        ("message", Json::text(message)),
    ])
}

fn pairs(params: &str) -> impl Iterator<Item = &str> {
    params.split(',').map(str::trim).filter(|pair| !pair.is_empty())
}
