//! What waits for a client becomes frames, and faults of frames do their work.

use super::hub::Item;
use crate::polygon::{
    fault::{Fault, Stage},
    world::World,
};

/// More than the messages that clients take unless they are told to take more.
const HUGE_BYTES: usize = 1_100_000;
const STATUS: &str = r#"{"ev":"status","status":"success","message":"still here"}"#;
const HALT: &str =
    r#"{"ev":"LULD","T":"ZVZZT","h":11.1,"l":9.9,"i":[3],"z":3,"t":1601898600000000000,"q":1}"#;
const UNKNOWN: &str = r#"{"ev":"ZZ","sym":"ZVZZT","new":{"field":[1,null]}}"#;

/// What a writer does next.
#[derive(Debug, Clone)]
pub(in crate::polygon) enum Outgoing {
    Text(String),
    Binary(Vec<u8>),
    Close(u16, String),
    Cut,
    Reset,
}

impl World {
    /// What is to be done for a client next; none: wait.
    pub(in crate::polygon) fn next_for(&mut self, id: u64) -> Option<Vec<Outgoing>> {
        let holding = self.hub.holding;
        let connection = self.hub.connections.get_mut(&id)?;
        if holding && matches!(connection.queue.front(), Some(Item::Event(..) | Item::Frame(..))) {
            return None;
        }
        let item = connection.queue.pop_front()?;
        connection.queued_bytes = connection.queued_bytes.saturating_sub(item.bytes());
        match item {
            Item::Control(_) | Item::Binary(_) if self.faults.is_set(&Fault::Stall) => {
                Some(Vec::new())
            }
            Item::Control(text) => Some(vec![Outgoing::Text(text)]),
            Item::Binary(bytes) => Some(vec![Outgoing::Binary(bytes)]),
            Item::Close(code, reason) => Some(vec![Outgoing::Close(code, reason)]),
            Item::Cut => Some(vec![Outgoing::Cut]),
            Item::Reset => Some(vec![Outgoing::Reset]),
            Item::Event(topic, text) => {
                let faults = self.faults.fire(Stage::Frame, None);
                let (kinds, frame) = self.gather(id, (topic, &text), &faults);
                Some(self.dress(&kinds, frame, &faults))
            }
            Item::Frame(topic, events, text) => {
                let faults = self.faults.fire(Stage::Frame, None);
                Some(self.dress(&[(topic, events)], text, &faults))
            }
        }
    }

    /// An event and those behind it, as one array.
    fn gather(
        &mut self,
        id: u64,
        (topic, text): (&'static str, &str),
        faults: &[Fault],
    ) -> (Vec<(&'static str, u64)>, String) {
        let alone = faults.contains(&Fault::OneEventPerFrame);
        let most = if alone { 1 } else { self.config.frame_events };
        let mut kinds = vec![(topic, 1)];
        let mut frame = format!("[{text}");
        let Some(connection) = self.hub.connections.get_mut(&id) else { return (kinds, frame) };
        while kinds.len() < most
            && let Some(Item::Event(topic, text)) =
                connection.queue.pop_front_if(|item| matches!(item, Item::Event(..)))
        {
            connection.queued_bytes = connection.queued_bytes.saturating_sub(text.len());
            kinds.push((topic, 1));
            frame.push(',');
            frame.push_str(&text);
        }
        frame.push(']');
        (kinds, frame)
    }

    fn dress(
        &mut self,
        kinds: &[(&'static str, u64)],
        frame: String,
        faults: &[Fault],
    ) -> Vec<Outgoing> {
        if faults.contains(&Fault::Stall) {
            return Vec::new();
        }
        if faults.contains(&Fault::Reset) {
            return vec![Outgoing::Reset];
        }
        if faults.contains(&Fault::DropSocket) {
            return vec![Outgoing::Cut];
        }
        for (topic, events) in kinds {
            *self.hub.sent.entry(topic).or_default() += events;
        }
        let mut out = Vec::new();
        if faults.contains(&Fault::Garbage) {
            out.push(Outgoing::Text("<html>this is no [ JSON".to_owned()));
        }
        if faults.contains(&Fault::BinaryFrame) {
            out.push(Outgoing::Binary(vec![0x00, 0x93, 0xff, 0x5b, 0x7b]));
        }
        let mut others = Vec::new();
        if faults.contains(&Fault::MixedKinds) {
            others.extend([STATUS.to_owned(), UNKNOWN.to_owned(), HALT.to_owned()]);
        }
        if faults.contains(&Fault::UnknownEvent) {
            others.push(UNKNOWN.to_owned());
        }
        if faults.contains(&Fault::HugeFrame) {
            others.push(format!(r#"{{"ev":"ZZ","pad":"{}"}}"#, "x".repeat(HUGE_BYTES)));
        }
        let text = match (others.is_empty(), frame.strip_prefix('[')) {
            (false, Some(rest)) => format!("[{},{rest}", others.join(",")),
            _ => frame,
        };
        out.push(Outgoing::Text(text));
        out
    }
}
