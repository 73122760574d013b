//! Stand-ins for the outside world, for tests and for trying the desk without an account.
//!
//! Never part of the desk: no service depends on this crate outside its tests.

#[cfg(feature = "desk")]
pub mod desk;
pub mod polygon;
mod severable;
pub mod trading212;
