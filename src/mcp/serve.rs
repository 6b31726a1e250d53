//! The other side: sofos as a server that other programs call, over stdin and stdout.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ServerHandler, ServiceExt};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::error::McpError;

/// A tool that is served.
#[derive(Debug, Clone)]
pub struct Served {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub schema: Map<String, Value>,
    /// It changes nothing.
    pub read_only: bool,
}

/// What came of a call: its text, and whether it failed.
pub type Outcome = Pin<Box<dyn Future<Output = (String, bool)> + Send>>;

/// Who does the work.
pub trait Serves: Send + Sync + 'static {
    /// The tools, in the order they are shown.
    fn tools(&self) -> Vec<Served>;
    /// Calls one of them; the token fires when the client gives the call up.
    fn call(&self, tool: &str, arguments: Map<String, Value>, stop: CancellationToken) -> Outcome;
}

struct Server {
    what: Arc<dyn Serves>,
    instructions: String,
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("sofos", env!("CARGO_PKG_VERSION")))
            .with_instructions(self.instructions.clone())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.what.tools().into_iter().map(|tool| {
            Tool::new(tool.name, tool.description, Arc::new(tool.schema))
                .with_annotations(ToolAnnotations::new().read_only(tool.read_only))
        });
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.to_string();
        if !self.what.tools().iter().any(|tool| tool.name == name) {
            let words = format!("there is no tool {name:?}");
            return Err(ErrorData::invalid_params(words, None));
        }
        let arguments = request.arguments.unwrap_or_default();
        let (text, failed) = self.what.call(&name, arguments, context.ct.clone()).await;
        let content = vec![ContentBlock::text(text)];
        let result = match failed {
            true => CallToolResult::error(content),
            false => CallToolResult::success(content),
        };
        Ok(result.into())
    }
}

/// Serves until the client closes the streams. Nothing else may write to stdout.
///
/// # Errors
/// When the client does not speak the protocol.
pub async fn serve(what: Arc<dyn Serves>, instructions: &str) -> Result<(), McpError> {
    let server = Server {
        what,
        instructions: instructions.to_string(),
    };
    let odd = |cause: String| McpError::Odd {
        server: "the client".to_string(),
        cause,
    };
    let running = server.serve(rmcp::transport::stdio()).await;
    let running = running.map_err(|error| odd(error.to_string()))?;
    running
        .waiting()
        .await
        .map(drop)
        .map_err(|error| odd(error.to_string()))
}
