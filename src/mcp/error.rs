//! What can go wrong with a server.

/// A server that cannot be used, or a call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum McpError {
    /// No server of that name.
    #[error("there is no MCP server {0:?}; `sofos mcp list` shows those there are")]
    Unknown(String),
    /// Switched off.
    #[error("MCP server {server} is switched off; /mcp switches it on")]
    Off {
        /// Its name.
        server: String,
    },
    /// A variable it needs is not there.
    #[error("MCP server {server} needs {name}, which is not set; export it, or store it with /mcp")]
    Secret {
        /// Its name.
        server: String,
        /// The variable.
        name: String,
    },
    /// It wants a login.
    #[error("MCP server {server} wants a login; run `sofos mcp login {server}`")]
    Login {
        /// Its name.
        server: String,
    },
    /// The login came to nothing.
    #[error("no login at MCP server {server}: {cause}")]
    Auth {
        /// Its name.
        server: String,
        /// Why.
        cause: String,
    },
    /// It cannot be started or reached.
    #[error("MCP server {server} is not reachable: {cause}")]
    Connect {
        /// Its name.
        server: String,
        /// Why, with its last words.
        cause: String,
    },
    /// It did not answer in time.
    #[error("MCP server {server} did not answer within {seconds} s ({what})")]
    Timeout {
        /// Its name.
        server: String,
        /// What was asked.
        what: String,
        /// The limit.
        seconds: u64,
    },
    /// It ended.
    #[error("MCP server {server} ended: {cause}; the next call starts it again")]
    Ended {
        /// Its name.
        server: String,
        /// How.
        cause: String,
    },
    /// It answered with an error.
    #[error("MCP server {server} says: {message} (error {code})")]
    Refused {
        /// Its name.
        server: String,
        /// The JSON-RPC code.
        code: i32,
        /// Its words, cleaned.
        message: String,
    },
    /// Its answer is not understood.
    #[error("MCP server {server} gave an answer that is not understood: {cause}")]
    Odd {
        /// Its name.
        server: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The user stopped the call.
    #[error("the user stopped this call")]
    Stopped,
}
