//! MCP servers: processes and remote endpoints whose tools the model can call.
//!
//! The only room that names `rmcp`. The hub holds every configured server, connects in
//! the background and answers calls; what the user sees of it is [`ServerView`].

mod state;

pub use state::{ServerState, ServerView, ToolLine};
