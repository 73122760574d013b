//! The sockets: who is connected, who hears what, and how it is put into frames.

mod attend;
mod frame;
mod hub;
mod press;
mod session;

pub(super) use attend::{Door, upgrade};
pub(super) use frame::Outgoing;
pub use hub::Received;
pub(super) use hub::{Hub, Item};
pub(super) use press::{Press, Printed, topic};
pub(super) use session::status;
