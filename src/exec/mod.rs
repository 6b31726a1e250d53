//! Processes. The only room that starts any.
