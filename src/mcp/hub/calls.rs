//! Calls to the servers of the hub.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::client::{CallCx, Client};
use super::super::error::McpError;
use super::super::result::CallOutput;
use super::super::tool::McpTool;
use super::Hub;
use crate::stdx::text;

impl Hub {
    /// The connection for a call; the user may stop the wait for it.
    async fn reach(&self, server: &str, cx: &CallCx) -> Result<Arc<Client>, McpError> {
        let entry = self.find_entry(server)?;
        let ready = entry
            .live()
            .client
            .as_ref()
            .is_some_and(|client| !client.is_closed());
        if let Some(progress) = cx.progress.as_ref().filter(|_| !ready) {
            progress(&format!("starting the MCP server {server}\n"));
        }
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => Err(McpError::Stopped),
            client = self.ensure(&entry) => client,
        }
    }

    /// Calls a tool of a server, by the server's own name for it.
    ///
    /// # Errors
    /// When the server is not to be had or the call came to nothing; that a tool
    /// failed is in the output.
    pub async fn call(
        &self,
        server: &str,
        tool: &McpTool,
        arguments: Map<String, Value>,
        cx: &CallCx,
    ) -> Result<CallOutput, McpError> {
        let client = self.reach(server, cx).await?;
        if !tool.own {
            return client.call(&tool.name, arguments, cx).await;
        }
        if let Some(uri) = arguments.get("uri").and_then(Value::as_str) {
            return client.read_resource(uri, cx).await;
        }
        let resources = tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return Err(McpError::Stopped),
            resources = client.resources() => resources?,
        };
        let lines = resources.iter().map(|resource| {
            let about = [&resource.name, &resource.media, &resource.description];
            let about: Vec<&str> = about
                .into_iter()
                .map(String::as_str)
                .filter(|part| !part.is_empty())
                .collect();
            format!(
                "{}  {}",
                resource.uri,
                text::one_line(&about.join(", "), 200)
            )
        });
        let lines: Vec<String> = lines.collect();
        Ok(CallOutput {
            texts: vec![match lines.is_empty() {
                true => "no resources".to_string(),
                false => lines.join("\n"),
            }],
            ..CallOutput::default()
        })
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// When the server or the resource is not to be had.
    pub async fn read_resource(
        &self,
        server: &str,
        uri: &str,
        cx: &CallCx,
    ) -> Result<CallOutput, McpError> {
        self.reach(server, cx).await?.read_resource(uri, cx).await
    }

    /// Fills in a prompt of a server.
    ///
    /// # Errors
    /// When the server or the prompt is not to be had, or an argument is missing.
    pub async fn get_prompt(
        &self,
        server: &str,
        name: &str,
        arguments: Map<String, Value>,
        cx: &CallCx,
    ) -> Result<CallOutput, McpError> {
        self.reach(server, cx)
            .await?
            .get_prompt(name, arguments, cx)
            .await
    }
}
