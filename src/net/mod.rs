//! HTTP. The only room that uses reqwest.
//!
//! [`client`] sends requests and reads bodies with idle limits, [`sse`] frames
//! event streams, [`retry`] is the pure policy of when to try again. What can go
//! wrong on the way is a [`NetError`], worded for the person at the keyboard.

pub mod addresses;
pub mod buffered;
pub mod client;
mod error;
pub mod fetch;
pub mod lines;
pub mod retry;
pub mod sse;

pub use error::{NetError, host_of, is_loopback, origin_of};
