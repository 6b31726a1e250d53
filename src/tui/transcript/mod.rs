//! The whole conversation on the alternate screen, everything unfolded.
//!
//! [`record`] keeps what happened, [`layout`] turns one item of it into rows,
//! [`viewer`] shows a window of them. Rows are laid out when they come into the
//! window, so that a long conversation opens as fast as a short one.

mod layout;
pub mod record;
pub mod viewer;
