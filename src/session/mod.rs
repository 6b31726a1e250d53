//! The log of a conversation: append, replay, list, repair.
