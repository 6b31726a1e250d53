//! MCP servers: processes and remote endpoints whose tools the model can call.
//!
//! The only room that names `rmcp`. The [`Hub`] holds every configured server, connects
//! in the background and answers calls; what the user sees of it is [`ServerView`].
//! A [`Client`] is one connection, over [`stdio`] or [`http`]. What servers have is kept
//! on disk ([`cache`]), so that a server need not run before its first call.

mod cache;
pub mod catalog;
mod client;
mod connect;
mod elicit;
mod error;
mod expand;
mod handler;
mod http;
mod hub;
mod names;
pub mod oauth;
mod result;
pub mod serve;
mod sse;
mod state;
mod stderr;
mod stdio;
mod tool;

pub use client::{CallCx, Client, Progress, Wiring, connect_once};
pub use elicit::{Asking, Question, Reply};
pub use error::McpError;
pub use expand::{Secrets, expand, variables};
pub use hub::{Hub, HubParts, Offer};
pub use names::{exposed, sanitised};
pub use result::CallOutput;
pub use state::{ServerState, ServerView, ToolLine};
pub use tool::{McpPrompt, McpResource, McpTool};
