//! How things look on the wire: exact JSON, times, order bodies in, refusals and replies out.

pub(super) mod body;
pub(super) mod json;
pub(super) mod refusal;
pub(super) mod reply;
pub(super) mod show;
pub(super) mod time;
