//! What can be done to all sockets at once.

use super::Control;
use crate::polygon::socket::{Item, status};

impl Control {
    /// Ends every connection by a TCP reset, once what waits for it is sent.
    pub fn reset_sockets(&self) {
        self.everybody(&Item::Reset);
    }

    /// Ends every connection without a close frame.
    pub fn drop_sockets(&self) {
        self.everybody(&Item::Cut);
    }

    /// Ends every connection by a close frame.
    pub fn close_sockets(&self, code: u16, reason: &str) {
        self.everybody(&Item::Close(code, reason.to_owned()));
    }

    /// Sends a text frame to everybody, whatever it says.
    pub fn send_text(&self, text: &str) {
        self.everybody(&Item::Control(text.to_owned()));
    }

    /// Sends a binary frame to everybody.
    pub fn send_binary(&self, bytes: &[u8]) {
        self.everybody(&Item::Binary(bytes.to_vec()));
    }

    /// Tells everybody that it is too slow, and cuts it.
    pub fn slow_consumer(&self) {
        self.send_text(&status("slow_consumer", "slow consumer"));
        self.drop_sockets();
    }

    /// Tells everybody to go, and cuts it.
    pub fn disconnect(&self) {
        self.send_text(&status("force_disconnect", "force disconnect"));
        self.drop_sockets();
    }
}
