//! The wire as bytes: what must not change, what may, and what hostile bytes do.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod wire {
    mod evolution;
    mod golden;
    mod hostile;
    mod kinds;
    mod round_trip;
    mod samples;
    mod words;
}
