//! Whatever comes, a frame is read or counted.

use super::*;
use crate::source::polygon::stream::{
    session::{Patience, Session},
    shape::Shaper,
};
use market::Calendar;
use proptest::prelude::*;
use proto::{Entitlement, Symbol};
use std::{fs, path::Path, time::Duration};

/// Real frames, one a file.
fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/stream");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Feeds a frame to decoder, session and shaper as the reader does.
fn feed(bytes: &[u8]) {
    let frame = decode(bytes);
    let items = frame.events.len() as u64 + frame.malformed + frame.unknown;
    assert!(items <= bytes.len() as u64 + 1, "no more items than bytes");
    let symbols = [Symbol::parse("AAPL").unwrap(), Symbol::parse("BRK.B").unwrap()];
    let second = Duration::from_secs(1);
    let patience = Patience { handshake: second, acknowledge: second };
    for entitlement in [Entitlement::Advanced, Entitlement::Starter] {
        let mut session = Session::new(&symbols, entitlement, patience).unwrap();
        session.opened(Duration::ZERO);
        for event in &frame.events {
            if let Event::Status(status) = event {
                let steps = session.status(&status.status, &status.message, second);
                assert!(steps.len() <= 2, "{steps:?}");
            }
        }
        assert!(session.overdue(second * 100).len() <= 2);
    }
    let mut shaper = Shaper::new(&symbols, Calendar::default(), false);
    let events = frame.events.len();
    let taken = shaper.take(frame.events, i64::MAX);
    assert!(taken.quotes.len() + taken.bars.len() <= events);
}

#[test]
fn every_frame_of_the_corpus_is_taken() {
    let corpus = corpus();
    assert!(corpus.len() >= 8, "{}", corpus.len());
    for bytes in &corpus {
        feed(bytes);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_counted(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        feed(&bytes);
    }

    #[test]
    fn arbitrary_text_of_the_grammar_is_read_or_counted(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "[", "]", "{", "}", ",", ":", "\"", "\\", "\"ev\":", "\"T\"", "\"AM\"", "\"sym\":",
                "\"AAPL\"", "\"p\":", "\"t\":", "1536036818784", "-", "1e999", "null", "0.1e-7",
                "\"status\"", "\"status\":", "\"message\":", "\u{0}", "é",
            ]), 0..80),
    ) {
        feed(parts.concat().as_bytes());
    }

    #[test]
    fn mutated_real_frames_are_read_or_counted(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..12),
    ) {
        let corpus = corpus();
        let mut bytes = which.get(&corpus).clone();
        for (place, byte, edit) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => bytes.truncate(at),
            }
        }
        feed(&bytes);
    }

    #[test]
    fn deep_nesting_is_no_deep_recursion(depth in 1_usize..20_000) {
        feed("[".repeat(depth).as_bytes());
        feed(format!("[{{\"ev\":\"T\",\"x\":{}", "[".repeat(depth)).as_bytes());
    }
}
