//! Whatever the service sends, it is an answer or an error: nothing panics, nothing is unsound.
//!
//! The corpus holds recorded answers and the odd ones that earlier runs were most interested in.

use super::{
    aggregates::Page,
    choice::{self, Context},
    error::{Failed, PollError},
    models::Envelope,
    plan,
};
use proptest::prelude::*;
use proto::{Message as _, Symbol};
use std::{fs, path::PathBuf};

fn corpus() -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/rest");
    let files = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Puts `bytes` through every decoder; gives the number of prices and minutes that came out.
fn decode(bytes: &[u8]) -> usize {
    let symbols = ["A", "PHYS", "BCAT", "AAPL"].map(|name| Symbol::parse(name).unwrap());
    let context = Context {
        now_ns: 1_719_483_067_000_000_000,
        regular: true,
        opened_ns: 1,
        closed_ns: 1,
        previous_ns: 1,
    };
    let mut found = 0;
    if let Ok(envelope) = serde_json::from_slice::<Envelope>(bytes) {
        let _plan = plan::of(&envelope);
        let reading = choice::read(&symbols, &envelope, context);
        assert!(reading.quotes.len() + reading.missing.len() <= symbols.len());
        assert!(reading.quotes.iter().all(|quote| quote.price > 0.0 && quote.price.is_finite()));
        found += reading.quotes.len();
    }
    if let Ok(page) = serde_json::from_slice::<Page>(bytes) {
        let (rows, _malformed) = page.rows();
        let minutes = rows.iter().filter_map(|row| row.minute(&symbols[0]));
        found += minutes.inspect(|bar| assert_eq!(bar.check(), Ok(()))).count();
    }
    for status in [200, 401, 403, 404, 429, 500] {
        let answer = Failed { host: "api.test", status, retry_after: None, body: bytes };
        let words = PollError::from_answer(&answer, &"a-key".into()).to_string();
        assert!(words.len() < 1_200 && !words.contains('\n'), "{words}");
    }
    found
}

#[test]
fn the_corpus_is_read_to_the_end() {
    let found: Vec<usize> = corpus().iter().map(|bytes| decode(bytes)).collect();
    assert!(found.len() >= 8 && found.iter().sum::<usize>() >= 4, "{found:?}");
}

/// A recorded answer with some of its bytes changed, left out, doubled or cut off.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0_u8..5);
    let changes = prop::collection::vec(change, 0..12);
    (any::<prop::sample::Index>(), changes).prop_map(|(file, changes)| {
        let corpus = corpus();
        let mut bytes = corpus[file.index(corpus.len())].clone();
        for (place, byte, kind) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                3 => bytes.truncate(at),
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        decode(&bytes);
    }

    #[test]
    fn a_mutated_answer_is_an_answer_or_an_error(bytes in mutated()) {
        decode(&bytes);
    }
}
