//! The loop: one conversation, one model, tools behind one gate.
