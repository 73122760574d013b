//! Writes what is published as flat files that a replay takes back: one file per New York day.
//!
//! 1. Every tick of stream `TICKS` is one row, in the stream's order; none is left out, none twice.
//! 2. What has been written out survives a kill; the rest is read again from the stream, which keeps
//!    an hour. A file that was cut is mended to its last whole part first.
//! 3. A file has its final name only when it is whole: the tape is over, another day begins, or its
//!    day has passed by the clock. Files that are there are never overwritten.
//! 4. A disk that takes nothing is told every time it is tried again, and nothing is read meanwhile.
//!
//! A process of its own, with a user of its own that can write nothing to the bus.

mod book;
mod part;
mod row;
mod service;

pub use book::RecordError;
pub use service::record;

use std::{path::PathBuf, time::Duration};

/// Where ticks are written, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder of the files; made when it is not there.
    pub folder: PathBuf,
    /// How long a tick may wait before it is written out.
    pub flush: Duration,
}
