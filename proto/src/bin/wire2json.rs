//! Turns one `MessagePack` payload on standard input into one JSON line on standard output.
//!
//! Made for `nats sub 'ticks.>' --translate wire2json`. Anything that is not `MessagePack` is
//! passed on as a JSON object that says so, so that a stray message never stops the view.

use serde::Deserialize as _;
use std::{
    io::{self, Read as _, Write as _},
    process::ExitCode,
};

fn main() -> ExitCode {
    let mut payload = Vec::new();
    if let Err(error) = io::stdin().read_to_end(&mut payload) {
        return complain(&error);
    }
    match io::stdout().write_all(translate(&payload).as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

/// One JSON line for `payload`.
fn translate(payload: &[u8]) -> String {
    let mut reader = rmp_serde::Deserializer::from_read_ref(payload);
    reader.set_max_depth(32);
    match serde_json::Value::deserialize(&mut reader) {
        Ok(value) => format!("{value}\n"),
        Err(fault) => {
            let note = serde_json::json!({
                "not_msgpack": fault.to_string(),
                "bytes": payload.len(),
            });
            format!("{note}\n")
        }
    }
}

fn complain(error: &io::Error) -> ExitCode {
    // A closed standard error leaves nobody to tell; the exit code still says it.
    writeln!(io::stderr(), "wire2json: {error}").map_or(ExitCode::FAILURE, |()| ExitCode::FAILURE)
}
