//! How much a page may be sent: at most two frames that it has not acknowledged. Pure.
//!
//! Kernel buffers hold megabytes, so a stalled page cannot be seen from how its socket takes data.
//! Only what it says it has painted tells. While it owes two acknowledgements nothing is queued for
//! it; when it pays, it gets one delta from what it was last sent to now.

use std::collections::VecDeque;

/// Frames on their way to a page.
const IN_FLIGHT: usize = 2;

/// The account of one socket.
#[derive(Debug, Default)]
pub(crate) struct Credit {
    /// The last frame sent; `None` until a page has anything.
    sent: Option<u64>,
    in_flight: VecDeque<u64>,
}

impl Credit {
    /// A page that has frame `since` already, or nothing.
    pub(crate) fn new(since: Option<u64>) -> Self {
        Self { sent: since, in_flight: VecDeque::new() }
    }

    /// Another frame may be sent.
    pub(crate) fn has_room(&self) -> bool {
        self.in_flight.len() < IN_FLIGHT
    }

    /// What the page has once everything on its way has arrived.
    pub(crate) fn sent(&self) -> Option<u64> {
        self.sent
    }

    /// Notes that a frame up to `seq` is on its way.
    pub(crate) fn note_sent(&mut self, seq: u64) {
        self.sent = Some(seq);
        self.in_flight.push_back(seq);
    }

    /// The page has painted everything up to `seq`.
    pub(crate) fn acknowledge(&mut self, seq: u64) {
        self.in_flight.retain(|sent| *sent > seq);
    }

    /// The page has lost its place: it gets everything.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_acknowledges_nothing_gets_two_frames() {
        let mut credit = Credit::new(Some(7));
        for seq in [8, 9] {
            assert!(credit.has_room());
            credit.note_sent(seq);
        }
        assert!(!credit.has_room());
        credit.acknowledge(8);
        assert!(credit.has_room());
        assert_eq!(credit.sent(), Some(9), "the next delta goes on from what is on its way");
    }

    #[test]
    fn one_acknowledgement_covers_all_before_it() {
        let mut credit = Credit::new(None);
        credit.note_sent(1);
        credit.note_sent(5);
        credit.acknowledge(5);
        credit.note_sent(6);
        assert!(credit.has_room());
    }

    #[test]
    fn an_acknowledgement_of_the_future_does_no_harm() {
        let mut credit = Credit::new(Some(1));
        credit.acknowledge(u64::MAX);
        credit.note_sent(2);
        credit.note_sent(3);
        assert!(!credit.has_room());
    }
}
