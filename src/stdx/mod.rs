//! What std lacks. Knows nothing of agents, models or terminals.

pub mod blob;
pub mod clock;
pub mod fs;
pub mod ids;
pub mod redact;
pub mod text;
