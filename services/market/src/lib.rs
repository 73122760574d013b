//! Pure market knowledge: when the exchanges are open, how ticks become bars, which prices jump.
//!
//! Never reads a clock, a file or the bus: time and text are arguments, so the same input gives the
//! same answer in a service, in a test and on a tape.

pub mod bar;
pub mod calendar;
pub mod jump;
pub mod session;

pub use bar::{BarFold, MINUTE_MS, minute_start};
pub use calendar::{Calendar, CalendarError, OutsideCalendar, TradingDay};
pub use session::SessionClock;
